// The player: opens the film, holds what is selected, and keeps every part in step with the playhead.
class Player {
  constructor(film) {
    this.film = film;
    this.scope = "scene";
    this.index = 0;
    for (const scene of film.scenes) {
      scene.heaviest = scene.keys.reduce((most, k) => Math.max(most, k.weight || 0), 0.0001);
      scene.order = scene.keys.map((k) => k.n).sort((a, b) => film.frame(scene.keys[a].row).time - film.frame(scene.keys[b].row).time || a - b);
    }
    const pickKey = (key) => this.seekRow(key.row);
    this.timeline = new Timeline(film, { seek: (i) => this.seek(i), tip: (i) => this.tip(i) });
    this.stage = new Stage(film, { copy: (text, button) => this.copy(text, button) });
    this.strip = new Strip(film, { pick: pickKey });
    this.story = new Story(film, { pick: pickKey });
    this.matches = new MatchList(film, { pick: (row) => this.seekRow(row) });
    this.tree = new Tree(film, { pick: (row) => this.seekRow(row) });
    this.table = new FrameTable(film, { pick: (i) => this.seek(i) });
    this.rejected = new Rejected(film);
    this.transport = new Transport(this);
    this.scenes = new Scenes(film, { pick: (scene) => { this.openScenes(false); this.select(scene); }, change: () => this.filtered() });
    byId("lang").addEventListener("click", () => this.turnLanguage());
    byId("theme").addEventListener("click", () => this.turnTheme());
    byId("open-help").addEventListener("click", showHelp);
    byId("open-scenes").addEventListener("click", () => this.openScenes(!byId("scenes").classList.contains("open")));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.repaint());
    listenToKeys(this);
  }

  start() {
    this.words();
    const scene = this.fromAddress() || this.scenes.order[0];
    if (scene) this.select(scene, this.wanted);
    else this.empty();
    if (!this.film.scenes.some((s) => s.verdict === "malicious" || s.verdict === "suspicious" || s.seenBy)) this.empty();
  }

  empty() {
    const { summary } = this.film;
    const box = byId("nothing");
    box.hidden = false;
    const text = summary.events_kept ? word("nothingWhy", { events: number(summary.events_kept), scenes: number(summary.scenes) }) : word("nothingRead");
    box.replaceChildren(icon("benign"), el("div", {}, el("h1", {}, word("nothing")), el("p", {}, text)));
    document.body.classList.toggle("no-scenes", !this.film.scenes.length);
    if (!this.film.scenes.length) this.rejected.open(1);
  }

  select(scene, row) {
    this.transport.stop();
    this.setScene(scene);
    if (this.scope === "scene" || !this.reel) this.cut();
    const own = scene.seenBy === "rules" ? scene.matches.find((m) => m.row >= 0)?.row : undefined; // nobody else saw anything
    const first = row ?? own ?? (scene.order.length ? scene.keys[scene.order[0]].row : this.film.rowsOf[scene.index][0]);
    if (first !== undefined && this.reel.length) this.seekRow(first);
  }

  /** Make a scene the one whose headline, story, strip and tree are shown. */
  setScene(scene) {
    if (this.scene === scene) return;
    this.scene = scene;
    this.timeline.scene = scene;
    this.scenes.select(scene);
    this.headline();
    this.strip.show(scene, (key) => this.dimmed(key));
    this.story.show(scene);
    this.matches.show(scene);
    this.tree.show(scene);
  }

  /** Cut a new reel: this scene's rows, or those of all scenes that pass the filters. */
  cut() {
    const { film } = this;
    if (this.scope === "scene") {
      this.reel = new Reel(film, film.rowsOf[this.scene.index]);
      this.lanes = processLanes(film, this.reel, this.scene, most());
    } else {
      const shown = this.scenes.found.length ? this.scenes.found : [this.scene];
      const rows = shown.length === film.scenes.length ? Int32Array.from({ length: film.count }, (_, i) => i) : concat(shown.map((s) => film.rowsOf[s.index]));
      this.reel = new Reel(film, rows);
      this.lanes = sceneLanes(film, this.reel, shown, 12);
    }
    this.index = 0;
    this.timeline.index = 0;
    this.timeline.show(this.reel, this.lanes, (key) => this.dimmed(key));
    this.table.show(this.reel);
    this.transport.words();
  }

  setScope(name) {
    if (!this.scene || this.scope === name) return;
    const row = this.reel.rows[this.index];
    this.transport.stop();
    this.scope = name;
    this.cut();
    this.seekRow(row);
  }

  filtered() {
    if (!this.scene) return;
    const { found } = this.scenes;
    if (found.length && !found.includes(this.scene)) { this.select(found[0]); if (this.scope === "scene") return; }
    if (this.scope === "all") { const row = this.reel.rows[this.index]; this.cut(); this.seekRow(row); }
    this.strip.show(this.scene, (key) => this.dimmed(key));
    this.timeline.repaint();
    this.light();
  }

  /** A key frame that does not bear the tactic asked for steps back. */
  dimmed(key) { const { tactic } = this.scenes.filter; return Boolean(tactic) && !this.film.keyTactics(key).includes(tactic); }

  onKey() { return this.reel.length > 0 && this.film.key[this.reel.rows[this.index]] >= 0; }

  go(index) { this.move(index, undefined, true); }

  /** A seek by hand: stops playback. */
  seek(index) {
    this.transport.stop();
    if (this.reel.length) this.move(clamp(index, 0, this.reel.length - 1), undefined, true);
    this.settle();
  }

  seekRow(row) {
    if (this.scope === "all" && this.film.scenes[this.film.scene[row]] !== this.scene) this.setScene(this.film.scenes[this.film.scene[row]]);
    const at = this.reel.indexOfRow(row);
    if (at >= 0) this.seek(at);
    else if (this.reel.length) this.seek(0);
  }

  step(by) { this.seek(this.index + by); }

  stepKey(by) {
    const to = by > 0 ? this.reel.keyAfter(this.index) : this.reel.keyBefore(this.index);
    this.seek(to >= 0 ? to : by > 0 ? this.reel.length - 1 : 0);
  }

  stepScene(by) {
    const { found } = this.scenes;
    const to = found[clamp(found.indexOf(this.scene) + by, 0, found.length - 1)];
    if (to) this.select(to);
  }

  /** Put the playhead on a frame; `draw` says whether the parts are drawn anew. */
  move(index, head, draw) {
    this.index = index;
    this.timeline.place(index, head);
    if (draw) this.light();
  }

  light() {
    if (!this.reel?.length) return;
    const row = this.reel.rows[this.index];
    const frame = this.film.frame(row);
    if (this.scope === "all" && (frame.key || !this.transport.playing)) this.setScene(frame.scene);
    this.stage.show(row, this.reel, this.index, this.transport.playing);
    if (frame.scene === this.scene) this.tree.light(frame);
    const last = this.reel.lastKey(this.index);
    const key = last >= 0 ? this.film.frame(this.reel.rows[last]) : null;
    const lit = key && key.scene === this.scene ? key.key : null;
    this.strip.light(lit);
    this.story.light(lit);
    this.matches.light(row);
    this.table.light(this.index, true);
    this.transport.place.textContent = word("place", { n: number(this.index + 1), m: number(this.reel.length) });
  }

  /** Once the playhead has come to rest: say it to a screen reader and keep it in the address. */
  settle() {
    clearTimeout(this.settling);
    this.settling = setTimeout(() => this.record(), 200);
  }

  record() {
    if (!this.reel.length) return;
    byId("say").textContent = this.tip(this.index);
    const { event } = this.film.frame(this.reel.rows[this.index]);
    try { history.replaceState(null, "", `#${new URLSearchParams({ scene: this.scene.scene_id, event })}`); } catch { /* a sandboxed page has no history */ }
  }

  fromAddress() {
    const wanted = new URLSearchParams(location.hash.slice(1));
    const scene = this.film.scenes.find((s) => s.scene_id === wanted.get("scene"));
    if (scene) this.wanted = Array.from(this.film.rowsOf[scene.index]).find((row) => this.film.events[this.film.event[row]] === wanted.get("event"));
    return scene;
  }

  tip(index) {
    const f = this.film.frame(this.reel.rows[index]);
    return `${clockOf(f.time, 3) || word("noTime")}  ${brief(baseName(f.actor), 40)} ${this.film.verb(f.action)} ${brief(shortObject(f), 60)}  ${f.score.toFixed(2)}${list(this.film.matchesAt.get(f.row)).slice(0, 1).map((m) => `  · ${brief(m.rule.title, 50)}`).join("")}`;
  }

  headline() {
    const { scene, film } = this;
    const tactics = scene.tactics.slice().sort((a, b) => film.tacticOrder(a.id) - film.tacticOrder(b.id));
    const text = this.story.sentences(scene)[0] || brief(scene.root.image, 90);
    const when = iso(scene.from);
    byId("headline").replaceChildren(
      el("div", { class: "eyebrow" }, el("span", { class: `flag ${scene.verdict}` }, icon(scene.verdict), word(scene.verdict), el("b", {}, scene.score.toFixed(2))),
        el("span", { class: "log", dir: "ltr" }, brief(scene.host, 50)),
        el("span", {}, when ? `${when.slice(0, 10)} ${when.slice(11, 19)} UTC` : word("noTime"), scene.to > scene.from ? ` · ${span(scene.to - scene.from)}` : ""),
        el("span", {}, counted("events", scene.events)),
        scene.matched ? ruleBadge(scene) : null,
        scene.seenBy ? el("span", { class: "seen-by" }, word(`seen_${scene.seenBy}`)) : null),
      log(text, { clip: 420, tag: "h1" }),
      tactics.length ? el("div", { class: "chain" }, ...tactics.map((t) => el("span", { class: "tactic", title: `${visible(t.id)} ${percent(t.score)}`, vars: { share: clamp(t.score, 0, 1) } }, brief(film.tacticName(t.id), 40)))) : "");
  }

  words() {
    const { summary } = this.film;
    const made = String(this.film.document.generated || "");
    applyWords(document);
    document.title = visible(this.film.document.title || "Watchfloor");
    byId("title").textContent = brief(String(this.film.document.title ?? "").replace(/^Watchfloor: /, ""), 80);
    byId("title").title = visible(this.film.document.title ?? "");
    const inputs = Array.isArray(summary.inputs) ? summary.inputs.length : Number(summary.inputs) || 0;
    byId("facts").replaceChildren(word("facts", { events: number(summary.events_read), inputs: counted("inputs", inputs), hosts: counted("hosts", list(summary.hosts).length), seconds: word("seconds", { n: Number(summary.seconds || 0).toFixed(1) }) }),
      summary.events_rejected ? el("button", { class: "link warn", type: "button", on: { click: () => { this.rejected.open(1); byId("ledger").scrollIntoView(); } } }, ` · ${word("rejectedFact", { n: number(summary.events_rejected) })}`) : "");
    byId("lang").textContent = language() ? "EN" : "中文";
    byId("made").textContent = word("made", { time: visible(made.slice(0, 19).replace("T", " ")) });
    this.scenes.words();
    this.rejected.words(word("framesTab"));
    this.transport.words();
    this.themeIcon();
    if (this.scene) { const { scene } = this; this.scene = null; this.setScene(scene); this.reword(); }
    if (!byId("nothing").hidden) this.empty();
  }

  /** Lanes and rows carry words too. */
  reword() {
    this.lanes = this.scope === "scene" ? processLanes(this.film, this.reel, this.scene, most()) : sceneLanes(this.film, this.reel, this.scenes.found, 12);
    this.timeline.lanes = this.lanes;
    this.table.filter();
    this.repaint();
    this.light();
  }

  repaint() { this.themeIcon(); this.timeline.repaint(); }

  isDark() { const own = document.documentElement.dataset.theme; return own ? own === "dark" : matchMedia("(prefers-color-scheme: dark)").matches; }

  themeIcon() { byId("theme").replaceChildren(icon(this.isDark() ? "sun" : "moon")); }

  turnTheme() {
    const next = this.isDark() ? "light" : "dark";
    document.documentElement.dataset.theme = next;
    keep("theme", next);
    this.repaint();
  }

  turnLanguage() {
    const next = language() ? "en" : "zh";
    document.documentElement.lang = next;
    keep("lang", next);
    this.words();
  }

  openScenes(open) {
    byId("scenes").classList.toggle("open", open);
    byId("open-scenes").setAttribute("aria-expanded", String(open));
    if (open) this.scenes.list.refresh();
  }

  async copy(text, button) {
    try { await navigator.clipboard.writeText(text); } catch {
      const box = el("textarea", { class: "unseen" });
      box.value = text;
      document.body.append(box);
      box.select();
      document.execCommand("copy");
      box.remove();
    }
    button.replaceChildren(word("copied"));
    setTimeout(() => button.replaceChildren(icon("copy")), 1200);
  }
}

const most = () => (window.innerWidth < 700 ? 5 : 7);

function concat(arrays) {
  const whole = new Int32Array(arrays.reduce((sum, a) => sum + a.length, 0));
  let at = 0;
  for (const a of arrays) { whole.set(a, at); at += a.length; }
  return whole;
}

function keep(name, value) { try { localStorage.setItem(`watchfloor.${name}`, value); } catch { /* storage may be refused */ } }

function fail(key) {
  document.documentElement.classList.remove("js");
  byId("app").hidden = true;
  const note = byId("boot-note");
  note.className = "failed";
  note.textContent = word(key);
}

async function open() {
  if (typeof DecompressionStream === "undefined") { fail("tooOld"); return; }
  try {
    const film = new Film(await unpack());
    byId("app").hidden = false;
    byId("boot").hidden = true;
    new Player(film).start();
    document.documentElement.dataset.ready = String(Math.round(performance.now()));
  } catch (error) {
    console.error(error);
    fail("broken");
  }
}

open();
