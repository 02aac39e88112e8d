// The document unpacked: scenes with their key frames, and the columnar film as typed arrays.
async function unpack() {
  const holder = byId("film");
  const packed = atob(holder.textContent.trim());
  const bytes = new Uint8Array(packed.length);
  for (let i = 0; i < packed.length; i += 1) bytes[i] = packed.charCodeAt(i);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const text = await new Response(stream).text();
  holder.remove();
  return JSON.parse(text);
}

const timeOf = (text) => { const ms = text ? Date.parse(text) : NaN; return Number.isNaN(ms) ? NaN : ms; };
const list = (value) => (Array.isArray(value) ? value : []);

class Film {
  constructor(document_) {
    this.document = document_;
    this.summary = document_.summary || {};
    this.attack = document_.attack || {};
    this.verbs = document_.verbs || {};
    this.scenes = list(document_.scenes).map((scene, index) => this.readScene(scene, index));
    this.readFrames(document_.frames || {});
    this.groupRows();
    readRules(this, document_);
  }

  readScene(scene, index) {
    const keys = list(scene.key_frames).map((k, n) => ({ ...k, n, at: timeOf(k.time), row: -1 }));
    const processes = list(scene.processes);
    const byGuid = new Map(processes.map((p, n) => [p.guid, n]));
    return {
      ...scene, index, keys, processes, byGuid, score: Number(scene.score) || 0, host: scene.host || "",
      from: timeOf(scene.start), to: timeOf(scene.end), tactics: list(scene.tactics), techniques: list(scene.techniques),
      tacticIds: new Set(list(scene.tactics).map((t) => t.id)), root: scene.root_process || {}, text: null,
    };
  }

  /** Columns to typed arrays; key frames that the columns lack get rows of their own at the end. */
  readFrames(frames) {
    const n = list(frames.scene).length;
    this.actions = list(frames.actions).slice();
    this.objects = list(frames.objects).slice();
    this.events = list(frames.events).slice();
    this.actors = list(frames.actors).slice();
    const missing = this.placeKeys(list(frames.scene), list(frames.event), n);
    const total = n + missing.length;
    this.count = total;
    for (const name of ["scene", "process", "action", "actor", "object", "repeats", "event"]) {
      this[name] = new Int32Array(total);
      this[name].set(list(frames[name]).slice(0, n));
    }
    this.score = new Float32Array(total);
    this.score.set(list(frames.score).slice(0, n));
    this.time = new Float64Array(total);
    const time = list(frames.time);
    for (let i = 0; i < n; i += 1) this.time[i] = typeof time[i] === "number" ? time[i] : NaN;
    this.key = new Int32Array(total).fill(-1);
    missing.forEach(([scene, key], i) => this.addRow(n + i, scene, key));
    for (const scene of this.scenes) for (const key of scene.keys) this.key[key.row] = key.n;
  }

  placeKeys(sceneColumn, eventColumn, n) {
    const wanted = new Map();
    for (const scene of this.scenes) for (const key of scene.keys) {
      const entry = wanted.get(key.event_id) || [];
      entry.push([scene, key]);
      wanted.set(key.event_id, entry);
    }
    const wantedEvent = this.events.map((id) => wanted.get(id));
    for (let i = 0; i < n; i += 1) {
      const entry = wantedEvent[eventColumn[i]];
      if (!entry) continue;
      for (const [scene, key] of entry) if (scene.index === sceneColumn[i] && key.row < 0) { key.row = i; break; }
    }
    return this.scenes.flatMap((scene) => scene.keys.filter((key) => key.row < 0).map((key) => [scene, key]));
  }

  addRow(row, scene, key) {
    key.row = row;
    this.scene[row] = scene.index;
    this.process[row] = scene.byGuid.get(key.process_guid) ?? -1;
    this.time[row] = key.at;
    this.action[row] = this.actions.push(key.action) - 1;
    this.actor[row] = this.actors.push(key.actor) - 1;
    this.object[row] = this.objects.push(key.object) - 1;
    this.event[row] = this.events.push(key.event_id) - 1;
    this.score[row] = Number(key.score) || 0;
    this.repeats[row] = key.repeats || 1;
  }

  /** rowsOf[scene]: that scene's rows, by a counting sort. */
  groupRows() {
    const sizes = new Int32Array(this.scenes.length + 1);
    for (let i = 0; i < this.count; i += 1) if (this.scenes[this.scene[i]]) sizes[this.scene[i]] += 1;
    this.rowsOf = this.scenes.map((scene) => new Int32Array(sizes[scene.index]));
    sizes.fill(0);
    for (let i = 0; i < this.count; i += 1) {
      const scene = this.scene[i];
      if (this.rowsOf[scene]) this.rowsOf[scene][sizes[scene]++] = i;
    }
  }

  /** Everything one row says, ready to be shown. */
  frame(row) {
    const scene = this.scenes[this.scene[row]];
    const key = this.key[row] >= 0 ? scene.keys[this.key[row]] : null;
    const process = scene.processes[this.process[row]] || scene.processes[scene.byGuid.get(key?.process_guid)] || null;
    const action = this.actions[this.action[row]] ?? "other";
    // A launch belongs to the new process: who did it is the parent, as the record names it.
    const launch = action === "process.launch";
    const doer = launch ? scene.processes[scene.byGuid.get(process?.parent_guid)] || null : process;
    const named = key?.actor || this.actors[this.actor[row]] || "";
    return {
      row, scene, key, process, doer, launched: launch ? process : null, action,
      actor: (launch ? named || doer?.image : doer?.image || named) || "", object: key?.object ?? this.objects[this.object[row]] ?? "",
      time: Number.isNaN(this.time[row]) && key ? key.at : this.time[row], score: this.score[row],
      repeats: Math.max(this.repeats[row], key?.repeats || 1), event: this.events[this.event[row]] ?? key?.event_id ?? "",
    };
  }

  verb(action) {
    const pair = this.verbs[action] || this.verbs.other;
    return pair ? pair[language()] : action;
  }

  techniqueName(id) { return this.attack.techniques?.[id]?.name || ""; }

  tacticName(id) {
    const tactic = this.attack.tactics?.[id];
    return tactic ? (language() && tactic.name_zh) || tactic.name || id : id;
  }

  tacticOrder(id) { return this.attack.tactics?.[id]?.order ?? 99; }

  /** Tactics a key frame carries: its own, else those of its techniques. */
  keyTactics(key) {
    const own = list(key.tactics);
    return own.length ? own : list(key.techniques).flatMap((t) => list(this.attack.techniques?.[t]?.tactics));
  }

  /** What a search of scenes looks through, in lower case. */
  textOf(scene) {
    if (scene.text === null) {
      const parts = [scene.scene_id, scene.host, scene.source, scene.root.image, scene.root.command_line];
      for (const p of scene.processes) parts.push(p.image, p.command_line, p.user);
      for (const k of scene.keys) parts.push(k.event_id, k.object, k.detail, ...list(k.techniques));
      for (const t of scene.techniques) parts.push(t.id, this.techniqueName(t.id));
      for (const { rule } of scene.rules) parts.push(rule.title, rule.rule_id, ...list(rule.techniques));
      scene.text = parts.map((p) => String(p ?? "").slice(0, 4000)).join("\n").toLowerCase();
    }
    return scene.text;
  }
}
