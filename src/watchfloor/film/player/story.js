// The story in words; an event id in brackets becomes a button that puts the playhead on that record.
class Story {
  constructor(film, { pick }) {
    Object.assign(this, { film, pick });
    this.box = byId("story");
    this.lines = [];
  }

  sentences(scene) {
    const told = scene.story || {};
    const own = list(told[language() ? "zh" : "en"]);
    return own.length ? own : list(told.en);
  }

  show(scene) {
    const all = this.sentences(scene);
    const known = new Map(scene.keys.map((k) => [`[${visible(k.event_id)}]`, k]));
    known.set(`[${visible(scene.scene_id)}]`, null); // the scene itself, which is on the page already
    this.lines = all.slice(1).map((text) => this.line(scene, String(text), known));
    if (!this.lines.length) this.lines = [{ node: el("li", { class: "dim" }, word("noStory")), keys: [] }];
    this.box.replaceChildren(...this.lines.map((l) => l.node));
  }

  line(scene, text, known) {
    const node = el("li", {});
    const keys = [];
    let rest = text;
    while (rest) {
      const [at, mark] = firstOf(rest, known);
      if (at < 0) { node.append(log(rest, { clip: 1200 })); break; }
      if (at > 0) node.append(log(rest.slice(0, at), { clip: 1200 }));
      const key = known.get(mark);
      if (key) {
        keys.push(key);
        node.append(this.mark(scene, key));
      }
      rest = rest.slice(at + mark.length);
    }
    return { node, keys };
  }

  mark(scene, key) {
    const place = scene.order.indexOf(key.n) + 1;
    const button = el("button", { class: "cite", type: "button", title: visible(key.event_id), "aria-label": `${word("keyFrame", { n: place, m: scene.keys.length })}: ${visible(key.event_id)}` }, String(place));
    button.addEventListener("click", () => this.pick(key));
    return button;
  }

  light(key) {
    const told = this.lines.findLast(({ keys }) => key !== null && keys.length === 1 && keys[0] === key);
    for (const line of this.lines) line.node.classList.toggle("on", line === told);
    const on = this.box.querySelector(".on");
    if (on && (on.offsetTop < this.box.scrollTop || on.offsetTop + on.offsetHeight > this.box.scrollTop + this.box.clientHeight)) {
      this.box.scrollTo({ top: on.offsetTop - 30, behavior: calm() ? "auto" : "smooth" });
    }
  }
}

function firstOf(text, marks) {
  let best = -1;
  let found = "";
  for (const mark of marks.keys()) {
    const at = text.indexOf(mark);
    if (at >= 0 && (best < 0 || at < best)) { best = at; found = mark; }
  }
  return [best, found];
}
