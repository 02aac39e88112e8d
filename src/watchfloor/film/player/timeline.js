// The timeline: heat on a canvas, key frames as pins, the playhead, scrubbing and zoom.
const PINS = 25;
const AXIS = 20;
const CROWD = 48; // with more pins than this only the current scene's are drawn whole

class Timeline {
  constructor(film, { seek, tip }) {
    Object.assign(this, { film, seek, tip });
    this.canvas = byId("timeline");
    this.box = byId("tip");
    this.base = document.createElement("canvas");
    this.from = 0;
    this.to = 1;
    this.index = 0;
    this.listen();
    new ResizeObserver(() => this.repaint()).observe(this.canvas.parentElement);
  }

  show(reel, lanes, dimmed) {
    Object.assign(this, { reel, lanes, dimmed, from: 0, to: 1 });
    this.repaint();
  }

  listen() {
    const { canvas } = this;
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || !this.reel?.length) return;
      canvas.setPointerCapture(event.pointerId);
      this.dragging = true;
      this.scrub(event);
    });
    canvas.addEventListener("pointermove", (event) => (this.dragging ? this.scrub(event) : this.hover(event)));
    for (const type of ["pointerup", "pointercancel"]) canvas.addEventListener(type, () => { this.dragging = false; });
    canvas.addEventListener("pointerleave", () => { this.box.hidden = true; });
    canvas.addEventListener("wheel", (event) => this.onWheel(event), { passive: false });
  }

  onWheel(event) {
    if (event.ctrlKey || event.metaKey) this.zoom(event.deltaY < 0 ? 0.8 : 1.25, this.positionAt(event));
    else if (event.shiftKey && this.to - this.from < 1) this.pan((event.deltaY || event.deltaX) / this.wide);
    else return;
    event.preventDefault();
  }

  positionAt(event) {
    const x = event.clientX - this.canvas.getBoundingClientRect().left;
    return this.from + clamp((x - this.left) / this.wide, 0, 1) * (this.to - this.from);
  }

  scrub(event) {
    const position = this.positionAt(event);
    const reach = (7 / this.wide) * (this.to - this.from);
    let best = -1;
    for (const marks of [this.reel.keys, this.reel.matched]) {
      for (const k of best < 0 ? marks : []) {
        const distance = Math.abs(this.reel.position[k] - position);
        if (distance < reach && (best < 0 || distance < Math.abs(this.reel.position[best] - position))) best = k;
      }
    }
    this.box.hidden = true;
    this.seek(best >= 0 ? best : this.reel.nearest(position));
  }

  hover(event) {
    if (!this.reel?.length) return;
    const position = this.positionAt(event);
    this.box.textContent = this.tip(this.reel.nearest(position));
    this.box.hidden = false;
    const frame = this.canvas.getBoundingClientRect();
    const x = clamp(event.clientX - frame.left, 0, frame.width);
    this.box.style.left = `${clamp(x - this.box.offsetWidth / 2, 0, Math.max(0, frame.width - this.box.offsetWidth))}px`;
  }

  zoom(factor, around) {
    const middle = around ?? this.reel.position[this.index] ?? 0.5;
    const wide = clamp((this.to - this.from) * factor, 0.002, 1);
    const share = (middle - this.from) / (this.to - this.from);
    this.look(middle - wide * clamp(share, 0, 1), wide);
  }

  pan(share) { this.look(this.from + share * (this.to - this.from), this.to - this.from); }

  look(from, wide) {
    this.from = clamp(from, 0, 1 - wide);
    this.to = this.from + wide;
    this.repaint();
  }

  repaint() {
    if (!this.reel) return;
    const box = this.canvas.parentElement;
    const width = box.clientWidth;
    if (!width) return;
    this.lane = this.lanes.lanes.length > 8 ? 13 : 18;
    const height = PINS + this.lanes.lanes.length * this.lane + AXIS;
    const ratio = Math.min(3, window.devicePixelRatio || 1);
    this.left = width < 560 ? 6 : 148;
    this.wide = Math.max(40, width - this.left - 10);
    for (const canvas of [this.canvas, this.base]) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    this.canvas.style.height = `${height}px`;
    this.ratio = ratio;
    this.size = [width, height];
    this.style = getComputedStyle(document.documentElement);
    const paint = this.base.getContext("2d");
    paint.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.paintLanes(paint);
    this.paintAxis(paint, height);
    this.paintPins(paint);
    paintMatches(this, paint);
    this.paintHead();
  }

  colour(name) { return this.style.getPropertyValue(name).trim(); }

  x(position) { return this.left + ((position - this.from) / (this.to - this.from)) * this.wide; }

  paintLanes(paint) {
    const bin = 3;
    const heat = binHeat(this.film, this.reel, this.lanes, this.from, this.to, Math.max(1, Math.floor(this.wide / bin)));
    const colours = heatScale(this.style);
    const font = this.colour("--sans");
    paint.textBaseline = "middle";
    this.lanes.lanes.forEach((lane, n) => {
      const y = PINS + n * this.lane;
      paint.fillStyle = this.colour("--lane");
      paint.beginPath();
      paint.roundRect(this.left, y + 1, this.wide, this.lane - 2, 3);
      paint.fill();
      for (let b = 0; b < heat.bins; b += 1) {
        const cell = n * heat.bins + b;
        if (!heat.count[cell]) continue;
        const dense = Math.log1p(heat.count[cell]) / Math.log1p(heat.most);
        const score = heat.score[cell];
        paint.globalAlpha = Math.max(0.35 + 0.65 * dense, score);
        paint.fillStyle = colours[Math.round(clamp(score, 0, 1) * 32)];
        const tall = (this.lane - 4) * (0.4 + 0.6 * Math.max(dense, score));
        paint.fillRect(this.left + b * bin, y + this.lane / 2 - tall / 2, bin, tall);
      }
      paint.globalAlpha = 1;
      if (this.left < 20) return;
      paint.fillStyle = this.colour(lane.quiet ? "--dim" : "--ink");
      paint.font = `${this.lane < 18 ? 10.5 : 12}px ${font}`;
      paint.textAlign = "right";
      paint.fillText(fit(paint, visible(lane.label), this.left - 14), this.left - 8, y + this.lane / 2 + 0.5);
    });
  }

  paintAxis(paint, height) {
    const y = height - AXIS / 2 + 1;
    paint.font = `11px ${this.colour("--sans")}`;
    paint.fillStyle = this.colour("--dim");
    const least = (46 / this.wide) * (this.to - this.from);
    const taken = [];
    paint.textAlign = "center";
    for (const [from, to, ms] of this.reel.breaks(least)) {
      const middle = (this.x(from) + this.x(to)) / 2;
      const text = `+${span(ms)}`;
      const half = paint.measureText(text).width / 2 + 8;
      if (middle - half < this.left || middle + half > this.left + this.wide || ms < 60000) continue;
      if (taken.some(([a, b]) => middle + half > a && middle - half < b)) continue;
      paint.fillStyle = this.colour("--faint");
      paint.fillText(text, middle, y);
      taken.push([middle - half, middle + half]);
    }
    this.paintTimes(paint, y, taken);
  }

  paintTimes(paint, y, taken) {
    const many = Math.max(1, Math.floor(this.wide / 120));
    let day = "";
    let said = "";
    const years = dayOf(this.reel.timeAt(0)).slice(0, 4) !== dayOf(this.reel.timeAt(1)).slice(0, 4);
    const digits = this.reel.timeAt(this.to) - this.reel.timeAt(this.from) < 20000 ? 1 : 0;
    paint.fillStyle = this.colour("--dim");
    for (let i = 0; i <= many; i += 1) {
      const ms = this.reel.timeAt(this.from + (i / many) * (this.to - this.from));
      const clock = clockOf(ms, digits);
      if (!clock || clock === said) continue;
      const text = dayOf(ms) === day ? clock : `${dayOf(ms).slice(years ? 0 : 5)} ${clock.slice(0, years ? 5 : 12)}`;
      paint.textAlign = i === 0 ? "left" : i === many ? "right" : "center";
      const x = this.left + (i / many) * this.wide;
      const half = paint.measureText(text).width;
      const edge = i === 0 ? [x, x + half] : i === many ? [x - half, x] : [x - half / 2, x + half / 2];
      if (taken.some(([a, b]) => edge[1] + 8 > a && edge[0] - 8 < b)) continue;
      taken.push(edge);
      day = dayOf(ms);
      said = clock;
      paint.fillText(text, x, y);
    }
  }

  paintPins(paint) {
    const { reel, film } = this;
    const seen = Array.from(reel.keys).filter((k) => reel.position[k] >= this.from && reel.position[k] <= this.to);
    this.crowded = seen.length > CROWD;
    for (const k of seen) {
      if (!this.crowded) { this.paintPin(paint, k); continue; }
      const { key, scene } = film.frame(reel.rows[k]);
      paint.globalAlpha = this.dimmed(key) ? 0.1 : 0.4;
      paint.fillStyle = this.colour(`--${scene.verdict}`) || this.colour("--accent");
      paint.fillRect(this.x(reel.position[k]) - 1, 10, 2, 8);
    }
    paint.globalAlpha = 1;
  }

  paintPin(paint, k) {
    const { key, scene } = this.film.frame(this.reel.rows[k]);
    const x = this.x(this.reel.position[k]);
    const size = 4 + 4 * clamp(key.weight / (scene.heaviest || 1), 0, 1);
    paint.globalAlpha = this.dimmed(key) ? 0.22 : 1;
    paint.fillStyle = this.colour(`--${scene.verdict}`) || this.colour("--accent");
    paint.beginPath();
    paint.moveTo(x, 13 - size);
    paint.lineTo(x + size, 13);
    paint.lineTo(x, 13 + size);
    paint.lineTo(x - size, 13);
    paint.fill();
    paint.globalAlpha *= 0.35;
    const lane = PINS + this.lanes.of[k] * this.lane;
    paint.fillRect(x - 0.5, 13 + size, 1, lane - 13 - size + this.lane / 2);
    paint.globalAlpha = 1;
  }

  /** Among a crowd of pins those of the scene that is open stand out. */
  paintOwnPins(paint) {
    for (const key of this.scene?.keys || []) {
      const k = this.reel.indexOfRow(key.row);
      if (k >= 0 && this.reel.position[k] >= this.from && this.reel.position[k] <= this.to) this.paintPin(paint, k);
    }
  }

  /** The base picture, what is yet to come under a veil, and the playhead. */
  paintHead() {
    const paint = this.canvas.getContext("2d");
    const height = this.size[1];
    paint.setTransform(1, 0, 0, 1, 0, 0);
    paint.clearRect(0, 0, this.canvas.width, this.canvas.height);
    paint.drawImage(this.base, 0, 0);
    if (!this.reel.length) return;
    paint.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    if (this.crowded) this.paintOwnPins(paint);
    const x = clamp(this.x(this.head ?? this.reel.position[this.index]), this.left - 1, this.left + this.wide + 1);
    paint.fillStyle = this.colour("--veil");
    paint.fillRect(x, PINS, this.left + this.wide - x, height - PINS - AXIS);
    paint.fillStyle = this.colour("--accent");
    paint.fillRect(x - 1, 6, 2, height - AXIS - 4);
    paint.beginPath();
    paint.roundRect(x - 6, 0, 12, 9, 3);
    paint.fill();
  }

  /** Put the playhead on a frame; while playing `head` may lie between two. */
  place(index, head) {
    this.index = index;
    this.head = head;
    if (!this.reel?.length || !this.size) return;
    const position = head ?? this.reel.position[index];
    if (position < this.from || position > this.to) this.look(position - (this.to - this.from) / 2, this.to - this.from);
    else this.paintHead();
    this.canvas.setAttribute("aria-valuemin", "1");
    this.canvas.setAttribute("aria-valuemax", String(this.reel.length));
    this.canvas.setAttribute("aria-valuenow", String(index + 1));
    this.canvas.setAttribute("aria-valuetext", this.tip(index));
  }
}

function fit(paint, text, width) {
  let whole = text.length > 60 ? `${text.slice(0, 59)}…` : text;
  while (whole.length > 2 && paint.measureText(whole).width > width) whole = `${whole.slice(0, -2)}…`;
  return whole;
}
