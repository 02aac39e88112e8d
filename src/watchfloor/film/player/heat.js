// Lanes of the timeline and the heat in them: per lane and bin the highest score and how many frames.

/** Lanes of one scene: its hottest processes in order of start, the rest in one lane. */
function processLanes(film, reel, scene, most) {
  const best = new Map();
  for (const row of reel.rows) {
    const p = film.process[row];
    best.set(p, Math.max(best.get(p) ?? 0, film.score[row] + (film.key[row] >= 0 ? 1 : 0) + (isGrave(film, row) ? 1 : 0)));
  }
  const chosen = [...best.keys()].filter((p) => p >= 0).sort((a, b) => best.get(b) - best.get(a) || a - b);
  const room = best.size > most ? most - 1 : most;
  const top = chosen.slice(0, room).sort((a, b) => a - b);
  const lanes = top.map((p) => ({ label: baseName(scene.processes[p]?.image) || word("unknown") }));
  const at = new Map(top.map((p, n) => [p, n]));
  return finishLanes(reel, lanes, best.size - top.length, "otherProcesses", (row) => at.get(film.process[row]));
}

/** Lanes of many scenes: the worst ones by name, the rest in one lane. */
function sceneLanes(film, reel, scenes, most) {
  const room = scenes.length > most ? most - 1 : most;
  const top = scenes.slice(0, room);
  const hosts = new Set(scenes.map((s) => s.host));
  const place = (s) => (hosts.size > 1 ? s.host : clockOf(s.from)); // scenes of one host are told apart by their time
  const name = (s, at) => [baseName(s.root.image) || word("unknown"), at].filter(Boolean).join(" · ");
  const seen = new Map();
  for (const s of top) seen.set(name(s, place(s)), (seen.get(name(s, place(s))) || 0) + 1);
  const when = (s) => iso(s.from).slice(5, 16).replace("T", " ") || s.host;
  const lanes = top.map((s) => ({ label: seen.get(name(s, place(s))) > 1 ? name(s, when(s)) : name(s, place(s)), scene: s }));
  const at = new Map(top.map((s, n) => [s.index, n]));
  return finishLanes(reel, lanes, scenes.length - top.length, "otherScenes", (row) => at.get(film.scene[row]));
}

function finishLanes(reel, lanes, others, otherWord, laneOfRow) {
  if (others > 0) lanes.push({ label: word(otherWord, { n: number(others) }), quiet: true });
  const last = Math.max(0, lanes.length - 1);
  const of = new Uint8Array(reel.length);
  for (let i = 0; i < reel.length; i += 1) of[i] = laneOfRow(reel.rows[i]) ?? last;
  return { lanes, of };
}

/** Bin the rows of a reel that lie in [from, to] of its axis. */
function binHeat(film, reel, { lanes, of }, from, to, bins) {
  const size = lanes.length * bins;
  const heat = { bins, score: new Float32Array(size), count: new Float32Array(size), most: 1 };
  const scale = bins / (to - from);
  const end = reel.length;
  for (let i = from > 0 ? reel.indexAt(from) : 0; i < end; i += 1) {
    const position = reel.position[i];
    if (position > to) break;
    if (position < from) continue;
    const row = reel.rows[i];
    const bin = of[i] * bins + Math.min(bins - 1, Math.floor((position - from) * scale));
    heat.count[bin] += film.repeats[row] || 1;
    if (heat.count[bin] > heat.most) heat.most = heat.count[bin];
    if (film.score[row] > heat.score[bin]) heat.score[bin] = film.score[row];
  }
  return heat;
}

/** Colours of the heat: from the quiet colour over amber to red, in 33 steps. */
function heatScale(style) {
  const stops = ["--heat-0", "--heat-1", "--heat-2", "--heat-3"].map((name) => rgb(style.getPropertyValue(name)));
  return Array.from({ length: 33 }, (_, i) => {
    const place = Math.max(0, (i / 32 - 0.3) / 0.7) * (stops.length - 1); // what scores low stays quiet
    const n = Math.min(stops.length - 2, Math.floor(place));
    const mix = stops[n].map((c, k) => Math.round(c + (stops[n + 1][k] - c) * (place - n)));
    return `rgb(${mix.join(",")})`;
  });
}

const rgb = (hex) => { const n = parseInt(hex.trim().slice(1), 16); return [n >> 16, (n >> 8) & 255, n & 255]; };
