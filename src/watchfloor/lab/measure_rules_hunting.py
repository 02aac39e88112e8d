"""Rules over recordings: which rules matched where, and scene by scene in recordings without an attack.

What is found of a recording is one JSON line of a state file, so that a run cut short goes on where it stopped.
"""

import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa

from watchfloor.base.findings import Finding, rank
from watchfloor.base.settings import Settings
from watchfloor.film.filming import Reel, film
from watchfloor.film.screen import Screen, blank
from watchfloor.film.viewing import opinion, view
from watchfloor.intake.reader import Reader
from watchfloor.lab.catalogue import Recording, materialise, ordinary_part
from watchfloor.lab.truth import intrusion_events
from watchfloor.rules.hunting import Hunt
from watchfloor.rules.ruleset import RuleSet
from watchfloor.store.spool import Spool

#: Sources that exist because a rule fires on them: no rule is ever measured there.
RULE_MADE: Final = frozenset(("sigma_regression", "amides", "open_xp_rules"))

_MEMORY: Final = 2 << 30


@dataclass(slots=True)
class State:
    """Results by kind and name, kept as JSON lines; a last line cut short is done again."""

    path: Path | None
    kept: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def open(cls, path: Path | None) -> "State":
        """What a state file holds; none there is an empty one."""
        state = cls(path)
        if path is None or not path.is_file():
            return state
        whole = [line for line in path.read_bytes().splitlines(keepends=True) if line.endswith(b"\n")]
        for line in whole:
            found = orjson.loads(line)
            state.kept[found["kind"], found["name"]] = found
        path.write_bytes(b"".join(whole))
        return state

    def add(self, found: dict[str, Any]) -> dict[str, Any]:
        """Keep one result."""
        self.kept[found["kind"], found["name"]] = found
        if self.path is not None:
            with self.path.open("ab") as file:
                file.write(orjson.dumps(found) + b"\n")
        return found


class Hunters:
    """Sets of rules by name; one without correlations carries nothing from one recording to the next."""

    def __init__(self, sets: dict[str, RuleSet]) -> None:
        self._sets = sets
        self._kept = {name: Hunt(rules) for name, rules in sets.items() if not rules.correlations}

    def __iter__(self) -> Iterator[tuple[str, Hunt]]:
        for name, rules in self._sets.items():
            yield name, self._kept.get(name) or Hunt(rules)


def launches(batch: pa.RecordBatch) -> npt.NDArray[np.bool_]:
    """Which Events create a process and are no forks, ``(rows,)``."""
    actions, details = (batch.column(name).to_pylist() for name in ("action", "status_detail"))
    return np.asarray([a == "process.launch" and d != "fork" for a, d in zip(actions, details, strict=True)], np.bool_)


def hunt_attack(recording: Recording, hunters: Hunters) -> dict[str, Any]:
    """Rules that match an attack recording, as ``[rule id, title, level, matches, techniques]``."""
    settings = Settings(workers=1)
    with tempfile.TemporaryDirectory() as folder:
        path = materialise(recording, Path(folder))
        batches = list(Reader([str(path)], settings).batches())
    found: dict[str, Any] = {
        "kind": "attack",
        "name": recording.name,
        "events": sum(map(len, batches)),
        "launches": int(sum(launches(batch).sum() for batch in batches)),
    }
    for name, hunt in hunters:
        found[name] = rules_of(hunt.over(batches, settings))
    return found


def rules_of(findings: Iterable[Finding]) -> list[list[Any]]:
    """Findings by rule, as they go into the state."""
    rules: dict[tuple[str, str], list[Any]] = {}
    for finding in findings:
        key = (finding.rule_id, finding.title)
        row = rules.setdefault(key, [*key, finding.level, 0, list(finding.techniques)])
        row[3] += 1
    return list(rules.values())


def hunt_benign(recording: Recording, hunters: Hunters) -> dict[str, Any]:
    """Matches in a recording in which nobody attacked, scene by scene."""
    with tempfile.TemporaryDirectory() as folder, Spool(_MEMORY) as spool:
        path = materialise(recording, Path(folder))
        batches = (ordinary_part(recording, b) for b in Reader([str(path)], Settings(workers=1)).batches())
        reel = film(batches, blank(), spool)
        return {"kind": "benign", "name": recording.name, **_by_scene(reel, set(), hunters)}


def hunt_folder(folder: Path, hunters: Hunters, screen: Screen) -> dict[str, Any]:
    """Matches and verdicts in our own logs, scene by scene; truth beside the logs names the intrusions."""
    bad = intrusion_events(folder) if (folder / "truth.csv.zst").is_file() else set()
    logs = [str(path) for path in sorted(folder.glob("*.log*"))]
    with Spool(_MEMORY) as spool:
        reel = film(Reader(logs, Settings(workers=1)).batches(), screen, spool)
        found = {"kind": "folder", "name": folder.name, **_by_scene(reel, bad, hunters)}
        for scene, verdict in zip(found["scenes"], verdicts(reel, found["scenes"]), strict=True):
            scene["screen"] = verdict
    return found


def verdicts(reel: Reel, scenes: list[dict[str, Any]]) -> list[list[float | bool]]:
    """Probability, malicious or not, suspicious or not, for each of these scenes."""
    judged = opinion(reel, view(reel))
    words = [judged.verdict(reel.screen, scene["number"]) for scene in scenes]
    p = judged.scene[[scene["number"] for scene in scenes]].astype(float).tolist()
    return [[v, word == "malicious", word != "benign"] for v, word in zip(p, words, strict=True)]


def _by_scene(reel: Reel, foul: set[str], hunters: Hunters) -> dict[str, Any]:
    """Each scene's Events, launches and rules; a scene with one Event of an attack is ``bad``."""
    size = len(reel.casting.roots)
    events, started, bad = (np.zeros(size, np.int64) for _ in range(3))
    places: list[npt.NDArray[np.int64]] = []
    for batch in reel.spool:
        resolved = reel.table.resolve(batch)
        scene = reel.casting.scene[reel.cast.assign(resolved)]
        np.add.at(events, scene, 1)
        np.add.at(started, scene, launches(resolved))
        np.add.at(bad, scene, [record in foul for record in resolved.column("record").to_pylist()])
        places.append(scene)
    scenes: dict[int, dict[str, Any]] = {
        s: {"number": s, "events": int(events[s]), "launches": int(started[s]), "bad": bool(bad[s])}
        for s in np.flatnonzero(events).tolist()
    }
    for name, hunt in hunters:
        rules: dict[int, list[Finding]] = {}
        for finding in hunt.over_spooled(reel.spool, reel.table):
            met = [int(places[number][row]) for number, row in finding.rows]
            # A correlation is a false alarm only if no record of it belongs to an attack.
            at = next((s for s in met if bad[s]), met[0])
            rules.setdefault(at, []).append(finding)
        for number, facts in scenes.items():
            facts[name] = rules_of(rules.get(number, ()))
    return {"scenes": list(scenes.values())}


def gravest(rules: Iterable[list[Any]]) -> int:
    """Rank of the gravest level among rules as the state holds them; -1 for none."""
    return max((rank(row[2]) for row in rules), default=-1)
