// Matches of rules: read from the document, listed beside the story, counted on scenes, marked on frames.
const LEVELS = ["informational", "low", "medium", "high", "critical"];
const rankOf = (level) => { const n = LEVELS.indexOf(level); return n < 0 ? 2 : n; };
const SEEN_BY = ["both", "screen", "rules"];

/** Put rules and matches where the film's parts look for them; a report without rules has empty ones. */
function readRules(film, document_) {
  const rules = document_.rules || {};
  const columns = document_.matches || {};
  film.hasRules = Boolean(document_.rules);
  film.rules = list(rules.list).map((rule, n) => ({ ...rule, n, rank: rankOf(rule?.level) }));
  film.matchCount = Number(rules.matches) || 0;
  film.matchesAt = new Map(); // row -> its matches, the gravest first
  for (const scene of film.scenes) {
    scene.matches = [];
    scene.rules = list(list(rules.in_scenes)[scene.index]).map((pair) => ({ rule: film.rules[list(pair)[0]], count: Number(list(pair)[1]) || 0 })).filter((r) => r.rule);
    scene.matched = scene.rules.reduce((sum, r) => sum + r.count, 0);
    scene.gravest = scene.rules.reduce((most, r) => Math.max(most, r.rule.rank), -1);
    scene.seenBy = SEEN_BY.includes(scene.seen_by) ? scene.seen_by : "";
  }
  list(columns.scene).forEach((n, i) => {
    const [scene, rule] = [film.scenes[n], film.rules[columns.rule?.[i]]];
    if (!scene || !rule) return;
    const row = columns.frame?.[i];
    const match = {
      rule, scene, row: Number.isInteger(row) && row >= 0 && row < film.count && film.scene[row] === scene.index ? row : -1,
      time: timeOf(columns.time?.[i]), event: columns.event?.[i], records: Number(columns.records?.[i]) || 1, group: columns.group?.[i] || "",
    };
    if (match.row >= 0 && !Number.isNaN(film.time[match.row])) match.time = film.time[match.row];
    scene.matches.push(match);
    if (match.row < 0) return;
    const known = film.matchesAt.get(match.row);
    if (known) known.push(match); else film.matchesAt.set(match.row, [match]);
  });
  const inTime = (m) => (Number.isNaN(m.time) ? Infinity : m.time);
  for (const scene of film.scenes) scene.matches.sort((a, b) => b.rule.rank - a.rule.rank || a.rule.n - b.rule.n || inTime(a) - inTime(b) || 0);
  for (const found of film.matchesAt.values()) found.sort((a, b) => b.rule.rank - a.rule.rank);
}

/** Whether a rule that asks for a prompt review holds for a frame. */
const isGrave = (film, row) => film.matchesAt.size > 0 && list(film.matchesAt.get(row)).some((m) => m.rule.rank >= 3);

/** How often rules matched in a scene and how gravely, small enough for a list. */
function ruleBadge(scene) {
  const level = LEVELS[scene.gravest];
  const text = word("ruleBadge", { n: number(scene.matched), level: word(level) });
  return el("span", { class: "rule-badge", "data-level": level, title: word("ruleBadgeLong", { n: number(scene.matched), m: number(scene.rules.length), level: word(level) }) }, icon("rule"), text);
}

/** The list of a scene's matches; a click puts the playhead on the matched frame. */
class MatchList {
  constructor(film, { pick }) {
    Object.assign(this, { film, pick, scene: null });
    this.panel = byId("rules-panel");
    this.panel.hidden = !film.hasRules;
    if (!film.hasRules) return;
    this.list = new VirtualList(byId("matches"), { height: 50, label: "matches", draw: (i) => this.row(this.scene.matches[i]), pick: (i) => this.open(i) });
  }

  show(scene) {
    if (!this.list) return;
    this.scene = scene;
    this.now = -1;
    this.list.active = -1;
    this.panel.classList.toggle("empty", !scene.matches.length);
    const rest = scene.matched - scene.matches.length;
    byId("matches-note").textContent = scene.matched ? number(scene.matched) : "";
    byId("matches-more").textContent = scene.matched ? (rest > 0 ? word("matchesCut", { n: number(rest) }) : "") : word("noMatch");
    this.list.setCount(scene.matches.length);
  }

  open(i) {
    const match = this.scene.matches[i];
    if (match && match.row >= 0) this.pick(match.row);
  }

  row(match) {
    const { rule } = match;
    const techniques = list(rule.techniques).slice(0, 2).map((t) => el("code", { title: brief(this.film.techniqueName(t), 80) }, visible(t)));
    const when = iso(match.time);
    return el("div", { class: `match ${match.row === this.now ? "on" : ""} ${match.row < 0 ? "gone" : ""}`, "aria-selected": String(match.row === this.now), title: match.row < 0 ? word("matchGone") : brief(rule.title, 600) },
      el("div", { class: "match-top" }, el("span", { class: "level", "data-level": LEVELS[rule.rank] }, word(LEVELS[rule.rank])),
        el("span", { class: "log title", dir: "ltr" }, brief(rule.title, 160))),
      el("div", { class: "match-low dim" }, el("span", {}, when ? clockOf(match.time, 3) : word("noTime")), ...techniques,
        match.records > 1 ? el("span", {}, word("ofRecords", { n: number(match.records) })) : null,
        match.group ? el("span", { class: "log", dir: "ltr" }, brief(match.group, 60)) : null,
        match.row < 0 ? el("span", { class: "log", dir: "ltr" }, brief(shortId(match.event), 60)) : null));
  }

  light(row) {
    if (!this.list || !this.scene || this.now === row) return;
    const was = this.now;
    this.now = this.film.matchesAt.has(row) ? row : -1;
    if (this.now === was) return;
    const at = this.now < 0 ? -1 : this.scene.matches.findIndex((m) => m.row === this.now);
    if (at >= 0) this.list.reveal(at);
    this.list.refresh();
  }
}

/** Chips on the stage: the rules that hold for this frame. */
function ruleChips(film, row) {
  return list(film.matchesAt.get(row)).slice(0, 6).map(({ rule }) => el("span", { class: "chip rule-chip", "data-level": LEVELS[rule.rank], title: brief([rule.title, rule.author, rule.status].filter(Boolean).join(" · "), 600) },
    icon("rule"), el("b", {}, word(LEVELS[rule.rank])), log(rule.title, { clip: 90 }), ...list(rule.techniques).slice(0, 2).map((t) => el("code", {}, visible(t)))));
}

/** Marks of matched frames under the pins, at most one a pixel and always the gravest there. */
function paintMatches(line, paint) {
  const { reel, film } = line;
  const marks = new Map();
  for (const k of reel.matched) {
    const position = reel.position[k];
    if (position < line.from || position > line.to) continue;
    const x = Math.round(line.x(position));
    marks.set(x, Math.max(marks.get(x) ?? 0, film.matchesAt.get(reel.rows[k])[0].rule.rank));
  }
  for (const [x, rank] of [...marks].sort((a, b) => a[1] - b[1])) {
    paint.fillStyle = line.colour(`--level-${rank}`);
    paint.beginPath();
    paint.moveTo(x - 3.5, line.size[1] - AXIS + 3);
    paint.lineTo(x + 3.5, line.size[1] - AXIS + 3);
    paint.lineTo(x, line.size[1] - AXIS - 4);
    paint.fill();
  }
}
