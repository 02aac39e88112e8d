// The film strip: one card a key frame, in time order; the weight bar says how much it carries.
class Strip {
  constructor(film, { pick }) {
    Object.assign(this, { film, pick });
    this.box = byId("strip");
    this.cards = new Map();
  }

  show(scene, dimmed) {
    this.cards.clear();
    this.alike = countAlike(this.film, scene);
    this.box.replaceChildren(...scene.order.slice(0, 300).map((n, place) => {
      const card = this.card(scene, scene.keys[n], place);
      if (dimmed(scene.keys[n])) card.classList.add("dimmed");
      this.cards.set(n, card);
      return card;
    }));
    byId("strip-note").textContent = scene.keys.length ? `${scene.keys.length}` : "";
  }

  card(scene, key, place) {
    const frame = this.film.frame(key.row);
    const rest = argumentsOf({ command_line: frame.object });
    const card = el("button", { class: "card", type: "button" },
      el("span", { class: "card-head" }, el("b", {}, String(place + 1)), el("span", {}, clockOf(frame.time) || word("noTime")),
        this.alike.has(key.n) ? el("span", { class: "alike" }, word("alike", this.alike.get(key.n))) : null,
        frame.repeats > 1 ? el("em", { title: word("timesLong", { n: number(frame.repeats) }) }, word("times", { n: number(frame.repeats) })) : null),
      el("span", { class: "card-line actor" }, icon("process"), el("span", { class: "log", dir: "ltr" }, brief(baseName(frame.actor) || word("unknown"), 34))),
      el("span", { class: "card-verb" }, this.film.verb(frame.action)),
      el("span", { class: "card-line object" }, icon(objectIcon(frame.action)), el("span", { class: "log", dir: "ltr" }, brief(shortObject(frame), 60))),
      frame.launched && rest ? el("span", { class: "card-rest log", dir: "ltr" }, brief(rest, 80)) : null,
      el("span", { class: "card-foot" }, el("code", {}, visible(list(key.techniques)[0] || "")), el("span", { class: "dim" }, percent(key.weight))),
      el("span", { class: "weight-bar", vars: { share: clamp(key.weight / (scene.heaviest || 1), 0.02, 1) } }));
    card.addEventListener("click", () => this.pick(key));
    return card;
  }

  light(key) {
    for (const [n, card] of this.cards) {
      const on = key !== null && n === key.n;
      if (on !== card.classList.contains("on")) card.classList.toggle("on", on);
      if (on) {
        card.setAttribute("aria-current", "true");
        const left = card.offsetLeft - this.box.offsetLeft;
        if (left < this.box.scrollLeft || left + card.offsetWidth > this.box.scrollLeft + this.box.clientWidth) {
          this.box.scrollTo({ left: left - this.box.clientWidth / 3, behavior: calm() ? "auto" : "smooth" });
        }
      } else card.removeAttribute("aria-current");
    }
  }
}

/** Key frames that say the same (who, did, to what): which of how many each is. */
function countAlike(film, scene) {
  const groups = new Map();
  for (const n of scene.order) {
    const frame = film.frame(scene.keys[n].row);
    const says = [frame.actor, frame.action, frame.object].join("\n");
    groups.set(says, [...(groups.get(says) || []), n]);
  }
  const places = new Map();
  for (const group of groups.values()) if (group.length > 1) group.forEach((n, i) => places.set(n, { n: i + 1, m: group.length }));
  return places;
}

/** The short name of what a frame was done to: a launch names the program, a file its name. */
function nameOf(frame) {
  const text = String(frame.object || "");
  if (frame.action === "process.launch") return baseName(programOf(text));
  if (frame.action.startsWith("registry.")) return text.split(" = ")[0].split("\\").slice(-2).join("\\");
  return /^(process|module|driver|file)\./.test(frame.action) ? baseName(text) : text;
}

const shortObject = (frame) => nameOf(frame) || word("unknownObject");

const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
