// The stage: the frame under the playhead, drawn as actor → action → object, with why and the raw record.
class Stage {
  constructor(film, { copy }) {
    Object.assign(this, { film, copy });
    this.box = byId("stage");
    this.rawOpen = false;
  }

  show(row, reel, index, playing) {
    const frame = this.film.frame(row);
    const { key } = frame;
    this.box.className = `stage ${key ? "key" : "quiet"} ${playing ? "moving" : ""}`;
    this.box.replaceChildren(this.head(frame, reel, index), this.sentence(frame), this.reasons(frame), this.record(frame));
  }

  head(frame, reel, index) {
    const { key, scene } = frame;
    const place = key
      ? word("keyFrame", { n: scene.order.indexOf(key.n) + 1, m: scene.keys.length })
      : word("quietFrame", { n: number(index + 1), m: number(reel.length) });
    const time = iso(frame.time);
    const clock = time
      ? el("time", { datetime: time }, el("span", { class: "dim" }, `${time.slice(0, 10)} `), el("b", {}, time.slice(11, 23)), el("span", { class: "dim" }, " UTC"))
      : el("span", { class: "dim" }, word("noTime"));
    return el("div", { class: "stage-head" },
      el("span", { class: key ? "badge key-badge" : "badge" }, place), clock,
      el("span", { class: "dim log host", dir: "ltr" }, brief(scene.host, 40)),
      frame.repeats > 1 ? el("span", { class: "badge repeats", title: word("timesLong", { n: number(frame.repeats) }) }, word("times", { n: number(frame.repeats) })) : null,
      el("span", { class: "gauge", vars: { share: clamp(frame.score, 0, 1) }, title: word("score", { n: frame.score.toFixed(2) }) },
        el("i", { "data-hot": hotness(frame.score) }), el("b", {}, frame.score.toFixed(2))));
  }

  sentence(frame) {
    const under = (p) => [p && p.pid !== null && p.pid !== undefined ? word("pid", { n: p.pid }) : "", p?.user].filter(Boolean).join(" · ");
    return el("div", { class: "sentence" },
      this.party("process", frame.actor || word("unknown"), baseName(frame.actor), under(frame.doer), "actor"),
      el("div", { class: "deed" }, el("span", { class: "verb" }, this.film.verb(frame.action)), el("span", { class: "arrow", "aria-hidden": "true" })),
      this.party(objectIcon(frame.action), frame.object || word("unknownObject"), nameOf(frame), under(frame.launched), "object"));
  }

  party(shape, text, name, under, kind) {
    const whole = String(text);
    const short = whole.length < 4000 && name ? name : whole;
    return el("div", { class: `party ${kind}` }, el("span", { class: "disc" }, icon(shape)),
      el("div", { class: "party-text" },
        log(short, { clip: 90, tag: "div", kind: "name" }),
        short !== whole ? log(whole, { clip: 220, tag: "div", kind: "path" }) : null,
        under ? el("div", { class: "under log", dir: "ltr" }, brief(under, 70)) : null));
  }

  /** Detail comes as lines "column: value"; the column's name steps back. */
  detail(frame) {
    const text = String(frame.key?.detail || "");
    if (!text) return null;
    const box = el("div", { class: "detail" });
    for (const line of text.slice(0, 200000).split(/\n(?=[a-z_]+(?:\.[a-z_]+)*: )/)) {
      const label = /^([a-z_]+(?:\.[a-z_]+)*): /.exec(line);
      box.append(el("div", {}, label ? el("span", { class: "dim" }, `${label[1].replace(/[._]/g, " ")}  `) : null, log(label ? line.slice(label[0].length) : line, { clip: 260, lines: true, tag: "code" })));
    }
    return box;
  }

  reasons(frame) {
    const { key } = frame;
    const rules = ruleChips(this.film, frame.row);
    if (!key) return el("div", { class: "reasons" }, ...rules);
    const chips = list(key.techniques).map((id) => this.technique(id));
    const why = reasonsOf(key);
    return el("div", { class: "reasons" },
      el("span", { class: "weight", title: word("weightLong", { n: percent(key.weight) }) }, word("weightLong", { n: percent(key.weight) })),
      ...rules, ...chips,
      why.length ? el("span", { class: "why" }, el("b", {}, `${word("why")} `), ...why.flatMap((w, i) => [i ? el("i", {}, " · ") : null, log(w, { clip: 140 })])) : null);
  }

  technique(id) {
    const tactics = list(this.film.attack.techniques?.[id]?.tactics).map((t) => this.film.tacticName(t));
    return el("span", { class: "chip technique", title: visible(tactics.join(", ")) },
      el("code", {}, visible(id)), el("span", {}, brief(this.film.techniqueName(id), 50)));
  }

  record(frame) {
    const id = frame.event;
    const button = el("button", { class: "tool small", type: "button", title: word("copy"), "aria-label": word("copy") }, icon("copy"));
    button.addEventListener("click", () => this.copy(visible(id), button));
    const summary = el("summary", {}, word("raw"));
    const details = el("details", { class: "raw", open: this.rawOpen }, summary);
    const fill = () => {
      if (details.childElementCount > 1) return;
      const detail = this.detail(frame);
      if (detail) details.append(detail);
      if (!frame.key) details.append(el("p", { class: "dim" }, word("rawGone")));
      else if (!frame.key.raw) details.append(el("p", { class: "dim" }, word("rawNone")));
      else details.append(log(pretty(frame.key.raw), { clip: 6000, lines: true, tag: "pre" }));
    };
    if (this.rawOpen) fill();
    details.addEventListener("toggle", () => { this.rawOpen = details.open; if (details.open) fill(); });
    return el("div", { class: "record" }, details, el("span", { class: "event", title: visible(id) }, log(shortId(id), { clip: 70, tag: "code" }), button));
  }

  toggleRaw() {
    const details = this.box.querySelector("details");
    if (!details) return;
    details.open = !details.open;
    if (details.open) details.scrollIntoView({ block: "nearest" });
  }
}

/** Why a key frame weighs what it weighs, in the reader's language where the report has it. */
function reasonsOf(key) {
  const own = list(key.why_zh);
  return language() && own.length ? own : list(key.why);
}

const hotness = (score) => (score >= 0.8 ? "3" : score >= 0.5 ? "2" : score >= 0.2 ? "1" : "0");
