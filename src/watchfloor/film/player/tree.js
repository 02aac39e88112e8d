// The process tree, lit along the story: what has run by now glows, the way to the current actor is drawn.
const DEEPEST = 12;

class Tree {
  constructor(film, { pick }) {
    this.film = film;
    this.box = byId("tree");
    this.button = byId("tree-all");
    this.whole = false;
    this.opened = new Set();
    this.list = new VirtualList(this.box, { height: 34, role: "tree", rowRole: "treeitem", label: "processes", draw: (i) => this.row(i), pick: (i) => this.onPick(i, pick) });
    this.button.addEventListener("click", () => { this.whole = !this.whole; this.lay(); });
  }

  show(scene) {
    if (this.scene !== scene) { this.opened.clear(); this.whole = false; }
    this.scene = scene;
    this.read(scene);
    this.lay();
  }

  /** Children by parent; a process whose parents form a circle stands at the root. */
  read(scene) {
    const n = scene.processes.length;
    this.parent = new Int32Array(n).fill(-1);
    this.children = Array.from({ length: n }, () => []);
    this.roots = [];
    const state = new Uint8Array(n);
    scene.processes.forEach((p, i) => { const up = scene.byGuid.get(p.parent_guid); if (up !== undefined && up !== i) this.parent[i] = up; });
    for (let i = 0; i < n; i += 1) {
      const path = [];
      let at = i;
      while (at >= 0 && state[at] === 0) { state[at] = 1; path.push(at); at = this.parent[at]; }
      if (at >= 0 && state[at] === 1) this.parent[at] = -1;
      for (const done of path) state[done] = 2;
    }
    scene.processes.forEach((_, i) => (this.parent[i] < 0 ? this.roots : this.children[this.parent[i]]).push(i));
    this.findHot(scene);
    this.findFirst(scene);
  }

  findHot(scene) {
    this.hot = new Uint8Array(scene.processes.length);
    const mark = (i) => { for (let at = i; at >= 0 && !this.hot[at]; at = this.parent[at]) this.hot[at] = 1; };
    scene.processes.forEach((p, i) => { if (p.score >= 0.5) mark(i); });
    for (const k of scene.keys) { const i = scene.byGuid.get(k.process_guid); if (i !== undefined) mark(i); }
    const root = scene.byGuid.get(scene.root.guid);
    if (root !== undefined) mark(root);
    else if (this.roots.length) mark(this.roots[0]);
  }

  /** When each process was first seen: its start, else its first frame. */
  findFirst(scene) {
    this.since = Float64Array.from(scene.processes, (p) => timeOf(p.start));
    this.firstRow = new Int32Array(scene.processes.length).fill(-1);
    const { process, time } = this.film;
    for (const row of this.film.rowsOf[scene.index]) {
      const p = process[row];
      if (p < 0 || p >= this.since.length) continue;
      if (this.firstRow[p] < 0) this.firstRow[p] = row;
      if (Number.isNaN(this.since[p]) || time[row] < this.since[p]) this.since[p] = time[row];
    }
  }

  /** Rows in view order: {process, depth} or {group: parent, hidden}. */
  lay() {
    const rows = [];
    const few = this.scene.processes.length <= 12;
    const stack = this.roots.slice().reverse().map((p) => ({ p, depth: 0 }));
    while (stack.length) {
      const { p, depth, group } = stack.pop();
      if (group !== undefined) { rows.push({ group, hidden: p, depth }); continue; }
      rows.push({ process: p, depth });
      const all = this.children[p];
      const open = this.whole || few || this.opened.has(p);
      const shown = open ? all : all.filter((c) => this.hot[c]);
      if (shown.length < all.length) stack.push({ p: all.length - shown.length, depth: depth + 1, group: p });
      for (let i = shown.length - 1; i >= 0; i -= 1) stack.push({ p: shown[i], depth: depth + 1 });
    }
    this.rows = rows;
    this.button.hidden = few;
    this.button.textContent = this.whole ? word("treeStory") : word("treeAll", { n: number(this.scene.processes.length) });
    this.button.setAttribute("aria-pressed", String(this.whole));
    this.list.setCount(rows.length, true);
  }

  onPick(i, pick) {
    const row = this.rows[i];
    if (row.group !== undefined) { this.opened.add(row.group); this.lay(); return; }
    if (this.firstRow[row.process] >= 0) pick(this.firstRow[row.process]);
  }

  rails(depth, last) {
    const most = Math.min(depth, DEEPEST);
    return Array.from({ length: most }, (_, i) => el("i", { class: i === most - 1 ? `rail elbow ${last ? "last" : ""}` : "rail" }));
  }

  row(i) {
    const { process: n, depth, group, hidden } = this.rows[i];
    const last = (this.rows[i + 1]?.depth ?? 0) < depth;
    if (group !== undefined) {
      return el("div", { class: "node group", "aria-level": depth + 1, "aria-expanded": "false" }, ...this.rails(depth, last), el("span", { class: "quiet" }, `+ ${counted("quiet", hidden)}`));
    }
    const p = this.scene.processes[n];
    const kind = ["node", this.isLit(n) ? "lit" : "", this.path?.has(n) ? "path" : "", n === this.actor ? "acting" : "", n === this.target ? "target" : ""].join(" ");
    const rest = argumentsOf(p);
    return el("div", { class: kind, "aria-level": depth + 1, "aria-label": `${brief(p.image, 120)} ${word("score", { n: (p.score || 0).toFixed(2) })}`, title: brief(p.command_line || p.image, 500) },
      ...this.rails(depth, last), el("span", { class: "bulb", "data-hot": hotness(p.score) }),
      el("span", { class: "node-text" }, el("b", { class: "log", dir: "ltr" }, brief(baseName(p.image) || word("unknown"), 40)),
        p.pid !== null && p.pid !== undefined ? el("span", { class: "dim" }, ` ${p.pid}`) : null,
        rest ? el("span", { class: "dim log rest", dir: "ltr" }, ` ${brief(rest, 90)}`) : null),
      el("span", { class: "node-score", "data-hot": hotness(p.score) }, (p.score || 0).toFixed(2)));
  }

  isLit(n) { return this.now === undefined || Number.isNaN(this.now) || Number.isNaN(this.since[n]) || this.since[n] <= this.now; }

  light(frame) {
    this.now = frame.time;
    const place = (p) => (p ? frame.scene.byGuid.get(p.guid) ?? -1 : -1);
    this.actor = place(frame.doer);
    this.target = place(frame.launched);
    this.path = new Set();
    for (let at = this.target >= 0 ? this.target : this.actor; at >= 0; at = this.parent[at]) this.path.add(at);
    if (!this.list.waiting) this.list.refresh();
    for (const p of [this.actor, this.target]) {
      const at = p < 0 ? -1 : this.rows.findIndex((r) => r.process === p && r.group === undefined);
      if (at >= 0) this.list.reveal(at);
    }
  }
}

/** The command line without the program it begins with. */
function argumentsOf(p) {
  const text = String(p.command_line ?? "").slice(0, 2000);
  return text.replace(/^\s*("[^"]*"|\S+)\s*/, "");
}
