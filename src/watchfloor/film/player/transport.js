// Playback: buttons, speed, scope, and the clock that moves the playhead and rests on key frames.
const SPEEDS = [0.5, 1, 2, 4, 8];
const REST = 1900; // milliseconds a key frame is held at normal speed, long enough to read it

class Transport {
  constructor(player) {
    this.player = player;
    this.speed = 1;
    this.playing = false;
    this.build();
  }

  build() {
    const { player } = this;
    const button = (name, shape, call, kind = "") => {
      const node = el("button", { class: `tool ${kind}`, type: "button", "data-label": name, id: `go-${name}` }, icon(shape));
      node.addEventListener("click", call);
      return node;
    };
    this.playButton = button("play", "play", () => this.toggle(), "main");
    this.speedBox = el("select", { id: "speed", "data-label": "speed" }, ...SPEEDS.map((s) => el("option", { value: s }, `${s}×`)));
    this.speedBox.value = "1";
    this.speedBox.addEventListener("change", () => { this.speed = Number(this.speedBox.value); });
    this.scopes = ["scene", "all"].map((name) => {
      const node = el("button", { class: "segment", type: "button", "data-word": name === "all" ? "scopeAll" : "scopeScene", id: `scope-${name}` });
      node.addEventListener("click", () => player.setScope(name));
      return node;
    });
    this.place = el("span", { class: "place dim" });
    byId("transport").append(
      el("span", { class: "group" }, button("prevKey", "prevKey", () => player.stepKey(-1)), button("prevFrame", "prevFrame", () => player.step(-1), "narrow-off"),
        this.playButton, button("nextFrame", "nextFrame", () => player.step(1), "narrow-off"), button("nextKey", "nextKey", () => player.stepKey(1))),
      this.speedBox, this.place, el("span", { class: "spring" }),
      el("span", { class: "segments", role: "group", "data-label": "scope" }, ...this.scopes),
      el("span", { class: "group" }, button("zoomOut", "zoomOut", () => player.timeline.zoom(1.6)), button("zoomIn", "zoomIn", () => player.timeline.zoom(0.625))));
  }

  words() {
    for (const node of this.scopes) node.setAttribute("aria-pressed", String(node.id === `scope-${this.player.scope}`));
    this.labelPlay();
  }

  labelPlay() {
    const text = word(this.playing ? "pause" : "play");
    this.playButton.replaceChildren(icon(this.playing ? "pause" : "play", "solid"));
    this.playButton.title = text;
    this.playButton.setAttribute("aria-label", text);
  }

  faster(by) {
    const at = clamp(SPEEDS.indexOf(this.speed) + by, 0, SPEEDS.length - 1);
    this.speed = SPEEDS[at];
    this.speedBox.value = String(this.speed);
  }

  toggle() { if (this.playing) this.stop(); else this.start(); }

  start() {
    const { reel, index } = this.player;
    if (!reel.length) return;
    if (index >= reel.length - 1) this.player.go(0);
    this.playing = true;
    this.labelPlay();
    this.head = this.player.reel.position[this.player.index];
    this.rest = this.player.onKey() ? performance.now() + REST / this.speed : 0;
    this.last = performance.now();
    this.shown = 0;
    this.next = requestAnimationFrame((now) => this.tick(now));
  }

  stop() {
    if (!this.playing) return;
    this.playing = false;
    cancelAnimationFrame(this.next);
    this.labelPlay();
    this.player.light();
    this.player.settle();
  }

  tick(now) {
    if (!this.playing) return;
    const { player } = this;
    const { reel } = player;
    const passed = Math.min(100, now - this.last);
    this.last = now;
    if (now >= this.rest) this.advance(player, reel, passed, now);
    if (player.index >= reel.length - 1) { this.stop(); return; }
    this.next = requestAnimationFrame((time) => this.tick(time));
  }

  advance(player, reel, passed, now) {
    this.head += ((passed / 1000) * this.speed) / reel.seconds;
    let to = calm() ? reel.keyAfter(player.index) : reel.indexAt(this.head);
    if (to < 0) to = reel.length - 1;
    const key = reel.keyAfter(player.index);
    if (key >= 0 && key <= to) {
      to = key;
      this.head = reel.position[key];
      this.rest = now + REST / this.speed;
    }
    // Frames that fly past are drawn a few times a second; key frames always.
    const draw = to !== player.index && (to === key || now - this.shown > 140);
    if (draw) this.shown = now;
    player.move(to, this.head, draw);
  }
}
