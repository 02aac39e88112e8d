"""From runs to verdicts: pools each scene and process, attributes techniques, writes key frames down."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from watchfloor.base.actions import ACTIONS
from watchfloor.base.events import event_id
from watchfloor.base.scenes import KeyFrame, Process, Scene, Scored, worst_first
from watchfloor.film import accord, explain, keyframes, naming
from watchfloor.film.cast import Cast, Owner
from watchfloor.film.filming import Reel
from watchfloor.film.matches import Matches
from watchfloor.film.neighbours import neighbours
from watchfloor.film.net import UNSEEN
from watchfloor.film.screen import Floats, best_labels
from watchfloor.film.strip import NO_TIME
from watchfloor.film.viewing import Opinion, Viewing, encoded, opinion, view

#: Key frames written down for a flagged scene, and for a benign one.
KEY_FRAMES: Final = 12
BENIGN_KEY_FRAMES: Final = 2

#: A label of a scene, and of a key frame, is written down from this probability on; techniques share one.
LABEL_FLOOR: Final = 0.05
FRAME_LABEL_FLOOR: Final = 0.2
MOST_LABELS: Final = 8

_ACTION_NAMES: Final = tuple(ACTIONS)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def judge(reel: Reel, matches: Matches | None = None) -> tuple[Scene, ...]:
    """Every scene of the reel, judged, worst first; with what rules say of it where ``matches`` are given."""
    screen, casting = reel.screen, reel.casting
    seen = view(reel)
    alone = opinion(reel, seen)
    told = alone if matches is None else accord.heard(alone, matches)
    runs = reel.runs.copy()
    runs["logit"] = salience(runs["logit"], seen.frame)
    rare = keyframes.rarity(runs["pattern"])
    order = np.argsort(reel.runs_scene, kind="stable")
    bounds = np.searchsorted(reel.runs_scene[order], np.arange(len(casting.roots) + 1))
    picked: list[npt.NDArray[np.int64]] = []
    for s in range(len(casting.roots)):
        mine = order[bounds[s] : bounds[s + 1]]
        budget = KEY_FRAMES if told.verdict(screen, s) in ("malicious", "suspicious") else BENIGN_KEY_FRAMES
        picked.append(mine[keyframes.choose(runs[mine], rare[mine], budget)] if len(mine) else mine)
    shown = _Shown(reel, np.concatenate(picked) if picked else np.zeros(0, np.int64))
    writer = _Writer(reel, runs["logit"], told, alone, shown, seen, matches)
    scenes = [writer.scene(s, picked[s]) for s in range(len(casting.roots)) if len(picked[s])]
    return tuple(sorted(scenes, key=worst_first))


def salience(look: Floats, frame: Floats) -> Floats:
    """How much each run speaks for an attack, as a logit: both opinions where it was watched, else little."""
    return np.where(frame > UNSEEN, (look + frame) / 2, np.minimum(look, 0.0) - 1.0).astype(np.float32)


class _Shown:
    """The Events behind all chosen key frames, fetched at once, with their frames."""

    def __init__(self, reel: Reel, picked: npt.NDArray[np.int64]) -> None:
        runs = reel.runs[picked]
        table = reel.event_rows(runs["batch"], runs["row"])
        self.values: list[dict[str, Any]] = table.to_pylist()
        self.place = {int(run): i for i, run in enumerate(picked)}
        self.frames = encoded(reel, table)


class _Writer:
    def __init__(
        self, reel: Reel, salience: Floats, told: Opinion, alone: Opinion, shown: _Shown, seen: Viewing,
        matches: Matches | None,
    ) -> None:  # fmt: skip
        self._reel, self._told, self._alone, self._shown = reel, told, alone, shown
        self._salience, self._seen, self._matches = salience, seen, matches
        self._events, self._frames, self._first, self._last = reel.strip.totals(len(reel.cast.owners))
        members: dict[int, list[int]] = {}
        for number, scene in enumerate(reel.casting.scene.tolist()):
            members.setdefault(scene, []).append(number)
        self._members = members
        self._company = neighbours(reel, told)
        self._scene_ids = reel.scene_ids()

    def scene(self, s: int, picked: npt.NDArray[np.int64]) -> Scene:
        reel = self._reel
        members = self._members[s]
        root = reel.casting.roots[s]
        verdict = self._told.verdict(reel.screen, s)
        flagged = verdict in ("malicious", "suspicious")
        names = self._names(s) if flagged else {}
        tactics, techniques = self._attribution(s, names) if flagged else ((), ())
        shares = keyframes.weights(self._salience[picked])
        index = np.asarray(members)
        return Scene(
            scene_id=self._scene_ids[s],
            source=reel.cast.sources[members[0]],
            host=reel.cast.owners[root].host,
            root=self._process(int(root)),
            start=_time(_least(self._first[index])),
            end=_time(int(self._last[index].max())),
            events=int(self._events[index].sum()),
            frames=int(self._frames[index].sum()),
            verdict=verdict,
            score=float(self._told.scene[s]),
            tactics=tactics,
            techniques=techniques,
            processes=tuple(self._process(m) for m in members if reel.cast.owners[m].kind == "process"),
            key_frames=tuple(
                self._key_frame(int(r), float(w), flagged, names.get(int(r)))
                for r, w in zip(picked, shares, strict=True)
            ),
            links=tuple(self._link_words(s)),
            company=self._company.get(s, ()) if flagged else (),
            screen_verdict=self._alone.verdict(reel.screen, s),
            screen_score=float(self._alone.scene[s]),
        )

    def _names(self, s: int) -> dict[int, Floats]:
        """Probability of each label for each watched run of a scene."""
        return dict(zip(self._seen.clip(s).tolist(), self._seen.names(s), strict=True))

    def _attribution(self, s: int, names: dict[int, Floats]) -> tuple[tuple[Scored, ...], tuple[Scored, ...]]:
        """Labels of a scene: of its frames, each heard as loudly as it looks malicious, and of its rules."""
        labels, clip = self._reel.screen.labels, self._seen.clip(s)
        scores = np.zeros(len(labels), np.float32)
        if labels and len(clip):
            loud = keyframes.weights(np.clip(self._seen.frame[clip], -8, 8))
            scores = (np.asarray([names[int(r)] for r in clip]) * loud[:, None]).sum(axis=0)
        if self._matches is not None:
            claims = [claim for claim, _ in self._matches.in_scene(self._scene_ids[s])]
            labels, scores = naming.named(labels, scores, claims)
        tactics = best_labels(labels, scores, prefix="TA", floor=LABEL_FLOOR, most=MOST_LABELS)
        techniques = best_labels(labels, scores, prefix="T1", floor=LABEL_FLOOR, most=MOST_LABELS)
        return tactics, techniques

    def _process(self, number: int) -> Process:
        owner = self._reel.cast.owners[number]
        return Process(
            uid=owner.uid,
            pid=owner.pid,
            image=owner.image or (f"logon session of {owner.user}" if owner.kind == "session" else owner.image),
            command_line=owner.command_line,
            start=owner.start or _time(int(self._first[number])),
            score=float(self._told.owner[number]),
            parent_uid=owner.parent_uid,
            user=owner.user,
            events=int(self._events[number]),
        )

    def _key_frame(self, run: int, weight: float, flagged: bool, names: Floats | None) -> KeyFrame:
        reel, place = self._reel, self._shown.place[run]
        values, frame = self._shown.values[place], self._shown.frames[place]
        record = reel.runs[run]
        action = ACTIONS[_ACTION_NAMES[int(record["action"])]]
        screen = reel.screen
        told = names if names is not None else np.zeros(len(screen.labels), np.float32)
        techniques = best_labels(screen.labels, told, prefix="T1", floor=FRAME_LABEL_FLOOR, most=3)
        tactics = best_labels(screen.labels, told, prefix="TA", floor=FRAME_LABEL_FLOOR, most=3)
        owner: Owner = reel.cast.owners[int(record["owner"])]
        why = explain.reasons(screen, frame, values) if flagged else ()
        return KeyFrame(
            event_id=event_id(values["source"], values["record"]),
            time=_time(int(record["time"])),
            actor=actor_text(values, owner, parent_of(reel.cast, owner)),
            action=action.name,
            object=object_text(values),
            weight=weight,
            process_uid=owner.uid,
            repeats=int(record["repeats"]),
            score=float(1.0 / (1.0 + np.exp(-np.clip(self._salience[run], -30, 30)))),
            features=tuple(english for english, _ in why),
            features_zh=tuple(chinese for _, chinese in why),
            techniques=tuple(t.id for t in techniques),
            tactics=tuple(t.id for t in tactics),
            detail=detail_text(values),
            raw=values.get("raw_data") or "",
        )

    def _link_words(self, s: int) -> Iterator[str]:
        owners = self._reel.cast.owners
        for link in self._reel.casting.links.get(s, ()):
            cause, effect = owners[link.cause], owners[link.effect]
            yield f"{cause.image or cause.uid} → {effect.image or effect.uid}: {link.why}"


def parent_of(cast: Cast, owner: Owner) -> Owner | None:
    """The process that started an owner, where the recording knows it."""
    number = cast.number_of(owner.parent_uid) if owner.parent_uid else None
    return None if number is None else cast.owners[number]


def actor_text(values: dict[str, Any], owner: Owner, parent: Owner | None) -> str:
    """Who acted, as a person would write it. A launch belongs to the new process; its actor is the parent."""
    own = values.get("actor.process.file.path")
    user = values.get("actor.user.name")
    if values.get("action") == "process.launch":
        return own or (parent.image if parent else "") or user or "?"
    return own or user or owner.image or owner.user or "?"


def object_text(values: dict[str, Any]) -> str:
    """What it was done to: the object column of the action, with the detail that tells it from others."""
    action = ACTIONS.get(values.get("action") or "other", ACTIONS["other"])
    thing = values.get(action.object_column)
    if action.name == "process.launch":
        return values.get("process.cmd_line") or thing or "?"
    if action.name.startswith("network."):
        name = values.get("dst_endpoint.hostname") or thing or values.get("dst_endpoint.ip") or "?"
        port = values.get("dst_endpoint.port")
        return f"{name}:{port}" if port is not None else str(name)
    if action.name == "registry.value" and values.get("reg_value.data"):
        return f"{thing} = {values['reg_value.data']}"[:400]
    spare = (
        "script.content",
        "file.path",
        "service.name",
        "job.name",
        "user.name",
        "process.file.path",
        "status_detail",
    )
    return str(
        thing or next((values[c] for c in spare if values.get(c)), None) or values.get("metadata.event_code") or "?"
    )[:400]


def detail_text(values: dict[str, Any]) -> str:
    """What else an analyst reads first: script, access, hashes, signature, working directory."""
    columns = (
        "script.content", "actual_permissions", "status_detail", "file.hashes", "file.signature",
        "process.working_directory", "process.integrity", "actor.process.cmd_line", "actor.user.name", "status",
    )  # fmt: skip
    return "\n".join(f"{c}: {str(values[c])[:2000]}" for c in columns if values.get(c))


def _least(times: npt.NDArray[np.int64]) -> int:
    known = times[times != NO_TIME]
    return int(known.min()) if len(known) else NO_TIME


def _time(micros: int) -> datetime | None:
    """A datetime of microseconds since 1970, None when unknown or beyond what a datetime can hold."""
    if micros == NO_TIME:
        return None
    try:
        return _EPOCH + timedelta(microseconds=micros)
    except OverflowError:
        return None
