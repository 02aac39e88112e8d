// The keyboard, and the card that explains it.
const KEYS = [
  [["Space", "k"], "keyPlay"], [["←", "→"], "keyKeys"], [["Shift ←", "Shift →"], "keyFrames1"], [["Home", "End"], "keyEnds"],
  [["[", "]"], "keyScenes"], [["<", ">"], "keySpeed"], [["−", "+"], "keyZoom"], [["a"], "keyScope"], [["r"], "keyRaw"],
  [["/"], "keySearch"], [["t", "l"], "keyLook"], [["?"], "help"],
];

function showHelp() {
  const box = byId("help");
  const close = el("button", { class: "tool", type: "button" }, word("close"));
  close.addEventListener("click", () => box.close());
  box.setAttribute("aria-label", word("helpTitle"));
  box.replaceChildren(el("h2", {}, word("helpTitle")),
    el("dl", {}, ...KEYS.flatMap(([keys, key]) => [el("dt", {}, ...keys.map((k) => el("kbd", {}, k))), el("dd", {}, word(key))])), close);
  if (!box.open) box.showModal();
}

function listenToKeys(player) {
  const acts = {
    " ": () => player.transport.toggle(), k: () => player.transport.toggle(),
    ArrowLeft: (e) => (e.shiftKey ? player.step(-1) : player.stepKey(-1)),
    ArrowRight: (e) => (e.shiftKey ? player.step(1) : player.stepKey(1)),
    Home: () => player.seek(0), End: () => player.seek(player.reel.length - 1),
    "[": () => player.stepScene(-1), "]": () => player.stepScene(1),
    "<": () => player.transport.faster(-1), ">": () => player.transport.faster(1),
    "+": () => player.timeline.zoom(0.625), "=": () => player.timeline.zoom(0.625), "-": () => player.timeline.zoom(1.6),
    a: () => player.setScope(player.scope === "all" ? "scene" : "all"), r: () => player.stage.toggleRaw(),
    "/": () => { player.openScenes(true); byId("search").focus(); }, t: () => player.turnTheme(), l: () => player.turnLanguage(), "?": showHelp,
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || byId("help").open) return;
    const { target } = event;
    if (event.key === "Escape") { target.blur?.(); player.openScenes(false); return; }
    if (/^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName) && target.type !== "checkbox") return;
    if (event.key === " " && /^(BUTTON|SUMMARY|INPUT)$/.test(target.tagName)) return;
    const act = acts[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!act || !player.reel) return;
    event.preventDefault();
    act(event);
  });
}
