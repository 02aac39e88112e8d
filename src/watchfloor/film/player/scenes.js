// The list of scenes, worst first, and its filters: verdict, host, tactic and words.
const VERDICTS = ["malicious", "suspicious", "unsure", "benign"];

class Scenes {
  constructor(film, { pick, change }) {
    Object.assign(this, { film, pick, change });
    this.filter = { verdicts: new Set(), host: "", tactic: "", seen: "", text: "" };
    const ruled = (scene) => (scene.seenBy === "rules" ? 0 : 1); // of scenes called benign those that a rule names come first
    this.order = film.scenes.slice().sort((a, b) => VERDICTS.indexOf(a.verdict) - VERDICTS.indexOf(b.verdict) || ruled(a) - ruled(b) || b.score - a.score || a.index - b.index);
    this.found = this.order;
    this.list = new VirtualList(byId("scene-list"), { height: 92, label: "scenes", draw: (i) => this.row(i), pick: (i) => pick(this.found[i]) });
    this.listen();
  }

  listen() {
    byId("search").addEventListener("input", (event) => this.set({ text: event.target.value.trim().toLowerCase() }));
    byId("host").addEventListener("change", (event) => this.set({ host: event.target.value }));
    byId("tactic").addEventListener("change", (event) => this.set({ tactic: event.target.value }));
    byId("seen").addEventListener("change", (event) => this.set({ seen: event.target.value }));
    byId("clear").addEventListener("click", () => {
      byId("search").value = "";
      this.filter.verdicts.clear();
      this.set({ text: "", host: "", tactic: "", seen: "" });
      this.words();
    });
  }

  set(change) {
    Object.assign(this.filter, change);
    this.apply();
    this.change();
  }

  passes(scene) {
    const { verdicts, host, tactic, seen, text } = this.filter;
    return (!verdicts.size || verdicts.has(scene.verdict)) && (!host || scene.host === host)
      && (!tactic || scene.tacticIds.has(tactic)) && (!seen || scene.seenBy === seen) && (!text || this.film.textOf(scene).includes(text) || this.inFilm.has(scene.index));
  }

  apply() {
    const { text } = this.filter;
    this.inFilm = text ? this.search(text) : new Set();
    this.found = this.order.filter((scene) => this.passes(scene));
    this.list.active = this.found.indexOf(this.current);
    this.list.setCount(this.found.length, true);
    byId("found").textContent = this.found.length ? word("found", { n: number(this.found.length), m: number(this.order.length) }) : word("noneFound");
    byId("clear").hidden = !(this.filter.verdicts.size || this.filter.host || this.filter.tactic || this.filter.seen || text);
  }

  /** Scenes whose film names the text in an object. */
  search(text) {
    const { film } = this;
    const hit = film.objects.map((o) => String(o).toLowerCase().includes(text));
    const scenes = new Set();
    for (let i = 0; i < film.count; i += 1) if (hit[film.object[i]]) scenes.add(film.scene[i]);
    return scenes;
  }

  select(scene) {
    this.current = scene;
    const at = this.found.indexOf(scene);
    if (at >= 0) { this.list.active = at; this.list.reveal(at); }
    this.list.refresh();
  }

  row(i) {
    const scene = this.found[i];
    const on = scene === this.current;
    const tactics = scene.tactics.slice().sort((a, b) => b.score - a.score).slice(0, 2).sort((a, b) => this.film.tacticOrder(a.id) - this.film.tacticOrder(b.id));
    const length = scene.to - scene.from;
    return el("div", { class: `scene ${scene.verdict} ${on ? "on" : ""}`, "aria-selected": String(on) },
      el("div", { class: "scene-top" }, icon(scene.verdict), el("b", { class: "log", dir: "ltr" }, brief(baseName(scene.root.image) || word("unknown"), 32)),
        scene.matched ? ruleBadge(scene) : null,
        el("span", { class: "scene-score" }, scene.score.toFixed(2))),
      el("div", { class: "scene-mid dim" }, el("span", { class: "log", dir: "ltr" }, brief(scene.host, 26)), ` · ${iso(scene.from).slice(5, 16).replace("T", " ") || word("noTime")}`, length > 0 ? ` · ${span(length)}` : ""),
      el("div", { class: "scene-low" }, ...tactics.map((t) => el("span", { class: "tactic" }, brief(this.film.tacticName(t.id), 30))),
        scene.tactics.length > 2 ? el("span", { class: "dim" }, `+${scene.tactics.length - 2}`) : null,
        tactics.length ? null : el("span", { class: "dim" }, counted("events", scene.events))));
  }

  words() {
    this.fillVerdicts();
    const hosts = new Map();
    const tactics = new Map();
    for (const scene of this.order) {
      hosts.set(scene.host, (hosts.get(scene.host) || 0) + 1);
      for (const t of scene.tacticIds) tactics.set(t, (tactics.get(t) || 0) + 1);
    }
    const option = (value, text, n) => el("option", { value }, n ? `${text} (${n})` : text);
    byId("host").replaceChildren(option("", word("allHosts")), ...[...hosts].sort().map(([h, n]) => option(h, brief(h, 40), n)));
    byId("tactic").replaceChildren(option("", word("allTactics")), ...[...tactics].sort((a, b) => this.film.tacticOrder(a[0]) - this.film.tacticOrder(b[0])).map(([t, n]) => option(t, brief(this.film.tacticName(t), 40), n)));
    this.fillSeen(option);
    byId("host").value = this.filter.host;
    byId("tactic").value = this.filter.tactic;
    this.apply();
  }

  fillSeen(option) {
    const box = byId("seen");
    box.hidden = !this.film.hasRules;
    const count = (name) => this.order.filter((scene) => scene.seenBy === name).length;
    box.replaceChildren(option("", word("allSeen")), ...SEEN_BY.map((name) => option(name, word(`seen_${name}`), count(name) || "0")));
    box.value = this.filter.seen;
  }

  fillVerdicts() {
    const counts = this.film.summary.verdicts || {};
    byId("verdicts").replaceChildren(...VERDICTS.filter((name) => name !== "unsure" || counts.unsure).map((name) => {
      const button = el("button", { class: `verdict ${name}`, type: "button", "aria-pressed": String(this.filter.verdicts.has(name)) }, icon(name), el("b", {}, number(counts[name])), el("span", {}, word(name)));
      button.disabled = !this.order.some((s) => s.verdict === name);
      button.addEventListener("click", () => {
        const { verdicts } = this.filter;
        if (!verdicts.delete(name)) verdicts.add(name);
        button.setAttribute("aria-pressed", String(verdicts.has(name)));
        this.set({});
      });
      return button;
    }));
  }
}
