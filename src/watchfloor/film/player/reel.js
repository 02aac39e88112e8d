// A reel: some rows of the film in time order, laid out on a 0..1 axis on which idle time is compressed.
class Reel {
  constructor(film, rows) {
    this.film = film;
    this.rows = this.inOrder(rows);
    this.length = this.rows.length;
    this.layOut();
    const keys = [];
    const matched = [];
    for (let i = 0; i < this.length; i += 1) {
      if (film.key[this.rows[i]] >= 0) keys.push(i);
      if (film.matchesAt.size && film.matchesAt.has(this.rows[i])) matched.push(i);
    }
    this.keys = Int32Array.from(keys);
    this.matched = Int32Array.from(matched);
    this.seconds = clamp(this.length * 0.05, 6, 45);
  }

  /** Sorted by time; a row without one stays behind the row it follows. */
  inOrder(rows) {
    const { time } = this.film;
    const filled = new Float64Array(rows.length);
    let last = -Infinity;
    let sorted = true;
    for (let i = 0; i < rows.length; i += 1) {
      const t = time[rows[i]];
      const value = Number.isNaN(t) ? last : t;
      if (value < last) sorted = false;
      filled[i] = value;
      last = value;
    }
    if (sorted) { this.at = filled; return rows; }
    const order = Uint32Array.from(filled, (_, i) => i).sort((a, b) => filled[a] - filled[b] || a - b);
    this.at = Float64Array.from(order, (i) => filled[i]);
    return Int32Array.from(order, (i) => rows[i]);
  }

  layOut() {
    const n = this.length;
    this.position = new Float64Array(n);
    const gaps = new Float64Array(n);
    let sum = 0;
    let keys = 0;
    for (let i = 1; i < n; i += 1) {
      const gap = this.at[i] - this.at[i - 1];
      gaps[i] = 1 + (gap > 0 && gap < Infinity ? 6 * Math.log2(1 + gap / 1000) : 0);
      sum += gaps[i];
      if (this.film.key[this.rows[i]] >= 0) keys += 1;
    }
    // What the story rests on gets room: up to a third of the axis stands between key frames and what is before them.
    const room = keys ? Math.min(0.03, 0.5 / keys) * sum : 0;
    sum = 0;
    for (let i = 1; i < n; i += 1) {
      sum += gaps[i] + (this.film.key[this.rows[i]] >= 0 ? room : 0);
      this.position[i] = sum;
    }
    const margin = 0.012;
    for (let i = 0; i < n; i += 1) this.position[i] = sum ? margin + (this.position[i] / sum) * (1 - 2 * margin) : 0.5;
  }

  /** Index of the last row at or before a position; the first row before all of them. */
  indexAt(position) {
    let low = 0;
    let high = this.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.position[middle] <= position) low = middle; else high = middle - 1;
    }
    return low;
  }

  /** Index of the row nearest to a position. */
  nearest(position) {
    const i = this.indexAt(position);
    if (i + 1 < this.length && this.position[i + 1] - position < position - this.position[i]) return i + 1;
    return i;
  }

  /** The time at a position, between two rows by proportion. */
  timeAt(position) {
    if (!this.length) return NaN;
    const i = this.indexAt(position);
    if (i + 1 >= this.length || position < this.position[i]) return this.at[i];
    const width = this.position[i + 1] - this.position[i];
    return width ? this.at[i] + ((position - this.position[i]) / width) * (this.at[i + 1] - this.at[i]) : this.at[i];
  }

  /** Gaps long enough to be named on the axis: [from, to, milliseconds]. */
  breaks(least) {
    const found = [];
    for (let i = 1; i < this.length; i += 1) {
      if (this.position[i] - this.position[i - 1] < least) continue;
      const ms = this.at[i] - this.at[i - 1];
      if (ms >= 30000 && ms < Infinity) found.push([this.position[i - 1], this.position[i], ms]);
    }
    return found;
  }

  keyBefore(index) { return this.lastKey(index - 1); }

  keyAfter(index) {
    for (const k of this.keys) if (k > index) return k;
    return -1;
  }

  /** The last key frame at or before an index, or -1. */
  lastKey(index) {
    let found = -1;
    for (const k of this.keys) { if (k > index) break; found = k; }
    return found;
  }

  indexOfRow(row) {
    if (!this.places) {
      this.places = new Map();
      for (const i of [...this.keys, ...this.matched]) this.places.set(this.rows[i], i);
    }
    return this.places.get(row) ?? this.rows.indexOf(row);
  }
}
