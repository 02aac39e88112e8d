// The ledger under the player: every frame of the reel in rows, and the input that could not be read.
class FrameTable {
  constructor(film, { pick }) {
    this.film = film;
    this.shown = null; // indices of the reel that pass the filter; null when all do
    this.list = new VirtualList(byId("frames"), { height: 30, label: "framesTab", draw: (i) => this.row(i), pick: (i) => pick(this.indexOf(i)) });
    byId("frames-search").addEventListener("input", () => this.filter());
    byId("frames-hot").addEventListener("change", () => this.filter());
  }

  show(reel) {
    this.reel = reel;
    this.filter();
  }

  /** Indices of the reel that pass the search and the score box. */
  filter() {
    const { film, reel } = this;
    const text = byId("frames-search").value.trim().toLowerCase();
    const hot = byId("frames-hot").checked;
    if (!text && !hot) this.shown = null;
    else {
      const has = (values) => values.map((v) => String(v).toLowerCase().includes(text));
      const [object, action, event] = [film.objects, film.actions, film.events].map((values) => (text ? has(values) : []));
      const actor = new Map();
      this.shown = [];
      for (let i = 0; i < reel.length; i += 1) {
        const row = reel.rows[i];
        if (hot && film.score[row] < 0.5 && film.key[row] < 0 && !film.matchesAt.has(row)) continue;
        if (!text || object[film.object[row]] || action[film.action[row]] || event[film.event[row]] || this.actorHas(actor, row, text)) this.shown.push(i);
      }
    }
    const count = this.shown ? this.shown.length : reel.length;
    this.list.active = -1;
    this.list.setCount(count);
    this.words(count);
  }

  actorHas(known, row, text) {
    const f = this.film.frame(row);
    const id = f.actor;
    if (!known.has(id)) known.set(id, id.toLowerCase().includes(text));
    return known.get(id);
  }

  indexOf(i) { return this.shown ? this.shown[i] : i; }

  words(count) {
    const left = Number(this.film.summary.frames_left_out) || 0;
    byId("frames-note").textContent = `${word("framesNote", { n: number(count), m: number(this.reel.length) })}${left ? ` · ${word("leftOut", { n: number(left) })}` : ""}`;
    byId("frames-head").replaceChildren(...["colTime", "colActor", "colAction", "colObject", "colScore", "colEvent"].map((k) => el("span", {}, word(k))));
  }

  row(i) {
    const index = this.indexOf(i);
    const f = this.film.frame(this.reel.rows[index]);
    const kind = `frame-row ${f.key ? "key" : ""} ${this.film.matchesAt.has(f.row) ? "matched" : ""} ${index === this.index ? "on" : ""}`;
    return el("div", { class: kind, "aria-selected": String(index === this.index) },
      el("span", {}, iso(f.time).slice(5, 23).replace("T", " ") || word("noTime")),
      el("span", { class: "log", dir: "ltr" }, brief(baseName(f.actor) || word("unknown"), 40)),
      el("span", { class: "verb" }, this.film.verb(f.action), f.repeats > 1 ? el("em", {}, ` ${word("times", { n: number(f.repeats) })}`) : null),
      el("span", { class: "log", dir: "ltr", title: brief(f.object, 500) }, this.deed(f)),
      el("span", { class: "bar", "data-hot": hotness(f.score), vars: { share: clamp(f.score, 0.01, 1) } }, f.score.toFixed(2)),
      el("code", { class: "log", dir: "ltr", title: visible(f.event) }, brief(shortId(f.event), 60)));
  }

  /** The object; on a small screen, where actor and action have no columns, all three. */
  deed(f) {
    if (innerWidth > 860) return brief(f.object, 200);
    return `${brief(baseName(f.actor) || word("unknown"), 30)} ${this.film.verb(f.action)} ${brief(shortObject(f), 60)}`;
  }

  light(index, follow) {
    this.index = index;
    if (follow && !this.shown) this.list.reveal(index);
    if (!this.list.waiting) this.list.refresh();
  }
}

class Rejected {
  constructor(film) {
    this.film = film;
    this.items = list(film.summary.rejected);
    this.total = Number(film.summary.events_rejected) || 0;
    this.list = new VirtualList(byId("rejected"), { height: 34, label: "rejectedTab", draw: (i) => this.row(this.items[i]) });
    this.tabs = [byId("tab-frames"), byId("tab-rejected")];
    this.tabs.forEach((tab, n) => {
      tab.addEventListener("click", () => this.open(n));
      tab.addEventListener("keydown", (event) => {
        if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
        event.stopPropagation();
        this.open(1 - n);
        this.tabs[1 - n].focus();
      });
    });
  }

  open(n) {
    this.tabs.forEach((tab, i) => {
      tab.setAttribute("aria-selected", String(i === n));
      tab.tabIndex = i === n ? 0 : -1;
      byId(tab.getAttribute("aria-controls")).hidden = i !== n;
    });
  }

  row(item) {
    return el("div", { class: "rejected-row", title: brief(item.why, 600) }, 
      el("span", { class: "log", dir: "ltr", title: brief(item.source, 600) }, brief(shortSource(item.source), 240)),
      ...["where", "why"].map((k) => el("span", { class: "log", dir: "ltr" }, brief(item[k], 240))));
  }

  words(framesLabel) {
    this.tabs[0].textContent = framesLabel;
    this.tabs[1].textContent = `${word("rejectedTab")} ${this.total || this.items.length ? number(this.total || this.items.length) : ""}`.trim();
    const reasons = Math.max(this.items.length, Number(this.film.summary.rejections) || 0);
    const cut = reasons > this.items.length;
    byId("rejected-note").textContent = this.items.length || this.total
      ? word(cut ? "cutRejected" : "someRejected", { n: number(this.total), m: number(this.items.length), all: number(reasons) })
      : word("noRejected");
    byId("rejected").hidden = !this.items.length;
    this.list.setCount(this.items.length, true);
  }
}
