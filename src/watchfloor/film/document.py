"""The report's document: shown scenes with their stories and the whole film strip of them, in columns."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np

from watchfloor import __version__
from watchfloor.base import attack
from watchfloor.base.account import Account
from watchfloor.base.actions import ACTIONS
from watchfloor.base.events import event_id
from watchfloor.base.scenes import KeyFrame, Scene, iso
from watchfloor.film.filming import Reel
from watchfloor.film.footage import Footage, footage
from watchfloor.film.judging import actor_text, object_text, parent_of
from watchfloor.film.matches import Claim, Matches, RuleKey, Told
from watchfloor.film.story import base_name, rules_alone, rules_told, scene_story
from watchfloor.film.strip import NO_TIME

#: Rejections written into a report; the summary counts them all.
_MOST_REJECTIONS = 500

#: Inputs that the title names.
_MOST_NAMES = 3


def document(
    reel: Reel,
    account: Account,
    scenes: Sequence[Scene],
    shown: Sequence[Scene],
    *,
    title: str,
    seconds: float,
    most_frames: int,
    matches: Matches | None = None,
) -> dict[str, Any]:
    """Everything the player needs, JSON-ready; see ``film.player`` for the shape.

    The report is named after its inputs, or ``title`` where no input has a name.
    """
    told = matches.told({scene.scene_id for scene in shown}) if matches is not None else []
    cut = footage(reel, [scene.scene_id for scene in shown], told, most_frames)
    verdicts = {v: sum(s.verdict == v for s in scenes) for v in ("malicious", "suspicious", "unsure", "benign")}
    return {
        "version": __version__,
        "generated": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "title": _title(reel.cast.sources) or title,
        "summary": {
            "inputs": account.inputs,
            "events_read": account.records_read,
            "events_rejected": account.rejected_records,
            "events_kept": account.kept,
            "scenes": len(scenes),
            "seconds": round(seconds, 3),
            "rejected": [r.to_json() for r in account.rejections[:_MOST_REJECTIONS]],
            "rejections": sum(account.reasons.values()),
            "frames_left_out": cut.left_out,
            "hosts": sorted({s.host for s in scenes if s.host}),
            "verdicts": verdicts,
        },
        "attack": _vocabulary(shown, told),
        "scenes": [_scene(s, matches) for s in shown],
        "frames": _columns(reel, cut, shown) | {"left_out": cut.left_out},
    } | (_rules(matches, scenes, shown, told, cut.match_frame) if matches is not None else {})


def _title(sources: Sequence[str]) -> str:
    """``Watchfloor: fleet.zip, dc-01.evtx``: the files given, without the archives' members."""
    names = dict.fromkeys(base_name(source.partition("::")[0]) for source in dict.fromkeys(sources) if source != "-")
    if not names:
        return ""
    more = f" +{len(names) - _MOST_NAMES:,}" if len(names) > _MOST_NAMES else ""
    return f"Watchfloor: {', '.join(list(names)[:_MOST_NAMES])}{more}"


def _rules(
    matches: Matches, scenes: Sequence[Scene], shown: Sequence[Scene], told: Sequence[Told], frames: Sequence[int]
) -> dict[str, Any]:
    """The rules that matched in shown scenes, and their matches as columns: scene, rule, frame, time, event."""
    claims: dict[RuleKey, Claim] = {}
    for scene in shown:
        claims |= {RuleKey(claim.rule_id, claim.title): claim for claim, _ in matches.in_scene(scene.scene_id)}
    number = {key: n for n, key in enumerate(claims)}
    place = {scene.scene_id: n for n, scene in enumerate(shown)}
    return {
        "rules": {
            "matches": matches.total,
            "matched": len(matches.claims),
            "seen": matches.seen(scenes),
            "list": [
                {"rule_id": c.rule_id, "title": c.title, "level": c.level, "status": c.status, "author": c.author}
                | {"techniques": list(c.techniques), "matches": c.matches}
                for c in claims.values()
            ],
            "in_scenes": [
                [[number[RuleKey(claim.rule_id, claim.title)], count] for claim, count in matches.in_scene(s.scene_id)]
                for s in shown
            ],
        },
        "matches": {
            "scene": [place[one.scene_id] for one in told],
            "rule": [number[RuleKey(one.finding.rule_id, one.finding.title)] for one in told],
            "frame": list(frames),
            "time": [iso(one.finding.time) for one in told],
            "event": [one.event_id for one in told],
            "records": [one.finding.count for one in told],
            "group": [", ".join(one.finding.group)[:200] for one in told],
        },
    }


def _scene(scene: Scene, matches: Matches | None) -> dict[str, Any]:
    english, chinese = scene_story(scene, attack.full_name)
    body = scene.to_json()
    if matches is not None:
        body |= matches.scene_facts(scene)
        named = [(claim.level, claim.title, count) for claim, count in matches.in_scene(scene.scene_id)]
        english[1:1], chinese[1:1] = rules_told(named)
        if matches.seen_by(scene) == "rules" and not any(one.kind == "case" for one in scene.company):
            alone, alone_zh = rules_alone(*named[0][:2])
            english[0] += alone
            chinese[0] += alone_zh
    body["story"] = {"en": english, "zh": chinese}
    for entry, frame in zip(body["key_frames"], scene.key_frames, strict=True):
        entry.update(_extra(frame))
    return body


def _extra(frame: KeyFrame) -> dict[str, Any]:
    labels = frame.judged.get("labels") or ()
    said = f"{frame.judged['expert']} expert: {labels[0]['label']} {labels[0]['score']:.2f}" if labels else ""
    return {
        "raw": frame.raw,
        "detail": "\n".join(each for each in (said, frame.detail) if each),
        "tactics": list(frame.tactics),
        "why_zh": list(frame.features_zh),
    }


def _vocabulary(shown: Sequence[Scene], told: Sequence[Told]) -> dict[str, Any]:
    used = {t.id for s in shown for t in s.techniques} | {t for s in shown for k in s.key_frames for t in k.techniques}
    used |= {t for one in told for t in one.finding.techniques}
    return {
        "tactics": {t.id: {"name": t.name, "name_zh": t.name_zh, "order": i} for i, t in enumerate(attack.TACTICS)},
        "techniques": {t: {"name": attack.full_name(t), "tactics": list(attack.tactics_of(t))} for t in sorted(used)},
    }


def _columns(reel: Reel, cut: Footage, shown: Sequence[Scene]) -> dict[str, Any]:
    runs, scene = cut.runs, cut.scene
    places: list[Mapping[str, int]] = [{p.uid: i for i, p in enumerate(s.processes)} for s in shown]
    rows = reel.event_rows(runs["batch"], runs["row"]).to_pylist() if len(runs) else []
    objects: dict[str, int] = {}
    actors: dict[str, int] = {}
    owners = [reel.cast.owners[int(o)] for o in runs["owner"].tolist()]
    process = [places[s].get(owner.uid, -1) for s, owner in zip(scene.tolist(), owners, strict=True)]
    logit = np.clip(runs["logit"], -30, 30)
    return {
        "scene": scene.tolist(),
        "process": process,
        "time": [None if t == NO_TIME else t / 1000 for t in runs["time"].tolist()],
        "action": runs["action"].tolist(),
        "actor": [
            actors.setdefault(actor_text(r, o, parent_of(reel.cast, o))[:200], len(actors))
            for r, o in zip(rows, owners, strict=True)
        ],
        "object": [objects.setdefault(object_text(r)[:200], len(objects)) for r in rows],
        "score": np.round(1.0 / (1.0 + np.exp(-logit)), 3).tolist(),
        "repeats": runs["repeats"].tolist(),
        "event": list(range(len(rows))),
        "actions": list(ACTIONS),
        "objects": list(objects),
        "actors": list(actors),
        "events": [event_id(r["source"], r["record"]) for r in rows],
    }
