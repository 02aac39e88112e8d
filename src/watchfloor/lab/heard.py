"""What the shipped rules say of each scene of a corpus, recording by recording.

    python -m watchfloor.lab.heard ../shared/data HEARD.jsonl [--range FOLDER ...]

Recordings that exist because a rule fires on them are left out. A run that was cut short goes on where it stopped.
"""

import argparse
import re
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa

from watchfloor.base.findings import rank
from watchfloor.base.settings import Settings
from watchfloor.film.filming import film
from watchfloor.film.matches import Matches
from watchfloor.film.screen import blank
from watchfloor.intake.reader import Reader
from watchfloor.lab.bags import Bags
from watchfloor.lab.catalogue import materialise, ordinary_part, recordings
from watchfloor.lab.measure_rules_hunting import RULE_MADE
from watchfloor.lab.tasks_command import WRITTEN
from watchfloor.rules.cache import ruleset
from watchfloor.rules.hunting import Hunt
from watchfloor.rules.ruleset import RuleSet
from watchfloor.rules.shipped import OWN_RULES
from watchfloor.store.spool import Spool

#: Rules from this date on were written without a look at any recording; those before were tuned on some.
UNTUNED_FROM: Final = "2026-11-28"

#: Recordings were missed once in two halves of the folds that ``lab.cross`` deals, and read by two writers of rules:
#: half a by one, half b by another. A half judges fairly by the rules of the other.
HALVES: Final[dict[str, frozenset[int]]] = {"a": frozenset({2}), "b": frozenset({0, 1, 3, 4})}

Ints = npt.NDArray[np.int64]


def heard(batches: Iterable[pa.RecordBatch], rules: RuleSet) -> dict[str, Any]:
    """``matched``: ``[scene, rule id, level]`` of rules in scenes, numbered from the first scene with Events."""
    with Spool(2 << 30) as spool:
        reel = film(batches, blank(), spool)
        matches = Matches(reel)
        matches.add(list(Hunt(rules).over_spooled(reel.spool, reel.table)))
        first = int(reel.runs_scene.min()) if len(reel.runs_scene) else 0
        ids = reel.scene_ids()
        found = [
            [scene - first, claim.rule_id, claim.level]
            for scene in np.unique(reel.runs_scene).tolist()
            for claim, _ in matches.in_scene(ids[scene])
        ]
        return {"scenes": len(np.unique(reel.runs_scene)), "matched": found}


def written_from(half: str) -> frozenset[str]:
    """Ids of the rules that were written while the recordings missed in one of ``HALVES`` were read."""
    lines = (WRITTEN / f"rules_half_{half}.txt").read_text("utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))


def apart(group: Ints) -> list[frozenset[str]]:
    """Of each recording, by its fold in ``group`` ``(recordings,)``, the rules whose writer had read its half."""
    ids = {half: written_from(half) for half in HALVES}
    none: frozenset[str] = frozenset()
    return [none.union(*(ids[half] for half, folds in HALVES.items() if fold in folds)) for fold in group.tolist()]


def untuned() -> frozenset[str]:
    """Ids of the rules that were written without a look at any recording."""
    found: set[str] = set()
    for path in OWN_RULES.rglob("*.yml"):
        for document in re.split(r"^---\s*$", path.read_text("utf-8"), flags=re.MULTILINE):
            dated, named = (re.search(rf"^{key}: (\S+)$", document, re.MULTILINE) for key in ("date", "id"))
            if dated and named and dated[1] >= UNTUNED_FROM:
                found.add(named[1])
    return frozenset(found).difference(*map(written_from, HALVES))


def levels(bags: Bags, path: Path, rules: frozenset[str] | None = None, *, without: bool = False,
           unheard: Sequence[frozenset[str]] | None = None) -> Ints:  # fmt: skip
    """The gravest level in each scene of a corpus ``(scenes,)``: 0 for none, 1 informational to 5 critical.

    Only what ``rules`` say counts, or with ``without`` what the others say; None stands for all. ``unheard`` are rules
    that do not count in a recording ``(recordings,)``.
    """
    found = np.zeros(int(bags.scene.max()) + 1, np.int64)
    first = dict(zip(*_firsts(bags), strict=True))
    place = {facts["name"]: n for n, facts in enumerate(bags.facts)}
    for line in path.read_bytes().splitlines():
        told = orjson.loads(line)
        number = place.get(told["name"], -1)
        start = first.get(number)
        if start is None:
            continue
        deaf = unheard[number] if unheard is not None else ()
        for scene, rule, level in told["matched"]:
            if rule not in deaf and (rules is None or (rule in rules) != without):
                found[start + scene] = max(found[start + scene], 1 + rank(level))
    return found


def _firsts(bags: Bags) -> tuple[list[int], list[int]]:
    """Recordings, and the first scene of each."""
    known, at = np.unique(bags.recording, return_inverse=True)
    lowest = np.full(len(known), np.iinfo(np.int64).max)
    np.minimum.at(lowest, at, bags.scene)
    return known.tolist(), lowest.tolist()


def main() -> None:
    """Command line of this module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--range", type=Path, action="append", default=[], help="audit logs of our own")
    options = parser.parse_args()
    done = (
        {orjson.loads(line)["name"] for line in options.out.read_bytes().splitlines()} if options.out.exists() else ()
    )
    rules = ruleset([str(OWN_RULES)], Settings())
    with options.out.open("ab") as out, tempfile.TemporaryDirectory() as folder:
        for own in options.range:
            if own.name not in done:
                logs = [str(path) for path in sorted(own.glob("*.log*"))]
                _write(out, own.name, Reader(logs, Settings(workers=1)).batches(), rules)
        for recording in recordings(options.data):
            if recording.source in RULE_MADE or recording.name in done:
                continue
            path = materialise(recording, Path(folder))
            batches = Reader([str(path)], Settings(workers=1)).batches()
            _write(out, recording.name, (ordinary_part(recording, batch) for batch in batches), rules)
            if recording.member:
                path.unlink()


def _write(out: Any, name: str, batches: Iterable[pa.RecordBatch], rules: RuleSet) -> None:
    out.write(orjson.dumps({"name": name, **heard(batches, rules)}) + b"\n")
    out.flush()


if __name__ == "__main__":
    main()
