"""Report documents for the player: the told scenes, a hostile one, an empty one and a big one."""

import random
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from tests.film.told_scenes import START, at, doubtful, macro, ordinary, process, scene, web_shell
from watchfloor.base import attack
from watchfloor.base.scenes import KeyFrame, Process, Scene, Scored
from watchfloor.film.story import scene_story

Row = dict[str, Any]


def noise(index: int, told: Scene, count: int, chance: random.Random) -> Iterable[Row]:
    """Quiet frames round a scene's key frames, and the key frames themselves."""
    start = min(p.start for p in told.processes if p.start and p.start >= START - timedelta(hours=1)).timestamp()
    end = (told.end or START).timestamp() + 40
    places = {p.uid: i for i, p in enumerate(told.processes)}
    things = [
        "C:\\Windows\\System32\\ntdll.dll",
        "HKCU\\Software\\Classes\\CLSID",
        "C:\\Users\\lena\\AppData\\Local\\Temp\\~DF3.tmp",
        "/usr/lib/libc.so.6",
    ]
    for n in range(count):
        when = start + (end - start) * (n // 40 * 40 / count) + chance.random() * 4
        place = chance.randrange(len(told.processes))
        began = told.processes[place].start
        if began and began.timestamp() > when:
            place = 0
        yield {
            "scene": index,
            "process": place,
            "actor": told.processes[place].image,
            "time": when * 1000,
            "action": chance.choice(["module.load", "file.read", "registry.read"]),
            "object": chance.choice(things),
            "score": round(chance.random() ** 4 * 0.45, 3),
            "repeats": 1 + int(chance.random() ** 8 * 200),
            "event": f"{told.source}#{100000 * index + n + 2000}",
        }
    for k in told.key_frames:
        yield {
            "scene": index,
            "process": places.get(k.process_uid, -1),
            "actor": k.actor,
            "time": k.time.timestamp() * 1000 if k.time else None,
            "action": k.action,
            "object": k.object[:200],
            "score": k.score,
            "repeats": k.repeats,
            "event": k.event_id,
        }


def columns(rows: Iterable[Row]) -> dict[str, Any]:
    words: dict[str, dict[str, int]] = {"action": {}, "actor": {}, "object": {}, "event": {}}
    out: dict[str, Any] = {
        name: [] for name in ("scene", "process", "time", "action", "actor", "object", "score", "repeats", "event")
    }
    for row in sorted(rows, key=lambda r: r["time"] or 0):
        for name in out:
            out[name].append(words[name].setdefault(row[name], len(words[name])) if name in words else row[name])
    return out | {f"{name}s": list(known) for name, known in words.items()}


def document(told: list[Scene], frames: dict[str, Any], title: str, **summary: Any) -> dict[str, Any]:
    bodies = []
    for one in told:
        english, chinese = scene_story(one, attack.full_name)
        body = one.to_json() | {"story": {"en": english, "zh": chinese}}
        for entry, frame in zip(body["key_frames"], one.key_frames, strict=True):
            entry.update({"raw": frame.raw, "detail": frame.detail, "tactics": list(frame.tactics)})
            entry["why_zh"] = list(frame.features_zh)
        bodies.append(body)
    used = {t.id for s in told for t in s.techniques} | {t for s in told for k in s.key_frames for t in k.techniques}
    return {
        "version": "0.1.0",
        "generated": "2026-03-02T12:00:00Z",
        "title": title,
        "summary": {
            "inputs": 3,
            "events_read": 128442,
            "events_rejected": 0,
            "events_kept": 128442,
            "scenes": len(told),
            "seconds": 8.214,
            "rejected": [],
            "frames_left_out": 0,
            "hosts": sorted({s.host for s in told}),
            "verdicts": {v: sum(s.verdict == v for s in told) for v in ("malicious", "suspicious", "benign")},
        }
        | summary,
        "attack": {
            "tactics": {t.id: {"name": t.name, "name_zh": t.name_zh, "order": i} for i, t in enumerate(attack.TACTICS)},
            "techniques": {
                t: {"name": attack.full_name(t), "tactics": list(attack.tactics_of(t))} for t in sorted(used)
            },
        },
        "scenes": bodies,
        "frames": frames,
    }


def told() -> dict[str, Any]:
    """The document to show: two intrusions, one doubtful scene, some ordinary ones."""
    chance = random.Random(7)
    scenes = [macro(), web_shell(), doubtful(), *(ordinary(n) for n in range(9))]
    rows = [row for i, s in enumerate(scenes) for row in noise(i, s, (900, 400, 60)[i] if i < 3 else 20, chance)]
    rejected = [
        {"source": "ws-17-Security.evtx", "where": "chunk 12", "why": "checksum does not match; 41 records lost"},
        {"source": "fleet.jsonl", "where": "line 8812", "why": "not JSON: ends inside a string"},
    ]
    return document(
        scenes,
        columns(rows),
        "Incident 2026-031, accounts and web tier",
        events_rejected=42,
        rejected=rejected,
        frames_left_out=0,
    )


def big(frames: int = 100_000, scenes: int = 400, processes: int = 3000) -> dict[str, Any]:
    """Many scenes, one of them with thousands of processes, and ``frames`` frames in all."""
    chance = random.Random(11)
    main = macro()
    crowd = tuple(
        process(
            f"x{i}",
            20000 + i,
            f"worker.exe --job {i}",
            f"C:\\svc\\worker{i % 40}.exe",
            i / 2,
            0.01,
            "p" if i % 7 else f"x{i - 1}" if i else "w",
        )
        for i in range(processes)
    )
    first = scene(
        main.scene_id,
        main.source,
        main.host,
        main.processes + crowd,
        main.root,
        main.key_frames,
        "malicious",
        0.973,
        {t.id: t.score for t in main.tactics},
        {t.id: t.score for t in main.techniques},
    )
    every = [first, web_shell(), doubtful(), *(ordinary(n) for n in range(scenes - 3))]
    rest = (frames // 2) // (len(every) - 1)
    rows = [
        row
        for i, s in enumerate(every)
        for row in noise(i, s, frames - rest * (len(every) - 1) if i == 0 else rest, chance)
    ]
    return document(every, columns(rows), "One hundred thousand frames")


def empty() -> dict[str, Any]:
    return document(
        [],
        columns([]),
        "A quiet day",
        events_kept=5120,
        scenes=31,
        verdicts={"malicious": 0, "suspicious": 0, "benign": 31},
    )


#: Log content that tries to be more than text.
HOSTILE = (
    "<script>window.owned=1;alert(1)</script>",
    "</script><script>window.owned=2</script>",
    "]]>--><img src=x onerror=window.owned=3>",
    '"><svg onload=window.owned=4>{{data}}{{script}}',
    "javascript:window.owned=5//http://evil.example/",
    "a\u2028b\u2029c\x00d\x1b[31me\ud800f",
    "invoice\u202egnp.exe\u2066\u200b",
    "</style><style>*{display:none}</style>;background:url(http://evil.example/x)",
    "__proto__",
    "&lt;b&gt; &#x3c;i&#x3e; \u0301\u0301\u0301\u0301",
)


def hostile() -> dict[str, Any]:
    """Every string field that a log can fill holds an attack, one of a megabyte; parents run in a circle."""
    long = "A<script>window.owned=6</script>" * 32768
    every = tuple(
        Process(
            bad + str(i),
            i,
            f"C:\\x\\{bad}",
            bad * 3,
            at(i),
            0.9,
            HOSTILE[(i + 1) % len(HOSTILE)] + str((i + 1) % len(HOSTILE)),
            bad,
            3,
        )
        for i, bad in enumerate(HOSTILE)
    )
    frames = tuple(
        KeyFrame(
            f"{bad}#{i}",
            at(i),
            f"C:\\x\\{bad}",
            ("process.launch", "file.create", bad)[i % 3],
            long if i == 4 else bad,
            0.1,
            every[i].uid,
            1,
            0.9,
            (bad,),
            (bad,),
            (bad,),
            f"script.content: {bad}\nuser: {bad}",
            long if i == 4 else bad,
            (bad,),
        )
        for i, bad in enumerate(HOSTILE)
    )
    bad = "".join(HOSTILE)
    told = Scene(
        bad,
        bad,
        bad,
        every[0],
        at(0),
        at(60),
        30,
        30,
        "malicious",
        0.9,
        (Scored(bad, 0.9),),
        (Scored(bad, 0.9),),
        every,
        frames,
        (bad,),
    )
    rejected = [{"source": bad, "where": bad, "why": bad}]
    return document(
        [told], columns(noise(0, told, 200, random.Random(3))), bad, events_rejected=1, rejected=rejected, hosts=[bad]
    )
