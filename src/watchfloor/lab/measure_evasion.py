"""Measure what attacks lose by disguise: renamed, moved, encoded, slowed, under other accounts, among ordinary work.

    python -m watchfloor.lab.measure_evasion [--pack FOLDER] [--range FOLDER ...] [--data FOLDER] [--most N]
        [--seed N] [--only KIND ...] [--cases] [--json FILE]

The disguises are ``lab.evade``'s, a script the network never saw and training knows nothing of. Linux: hosts with
truth per event that are not trained on; a unit is a scene that holds an intrusion's Events, and afterwards the
strongest scene that holds any of them. Ordinary scenes are those of the undisguised hosts. With ``--cases`` the word
on a scene is what ``watch`` says in the end: each flagged scene opens a case, before the disguise and after. Windows:
recordings cropped to an attack, by their strongest scene; they trained the pack, so their shares flatter and only the
difference counts. Intervals are a paired bootstrap at 95%, over intrusions on Linux and over recordings on Windows.
"""

import argparse
import json
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from sklearn.metrics import roc_auc_score

from watchfloor.base.events import SCHEMA
from watchfloor.base.settings import Settings
from watchfloor.film import screen as screens
from watchfloor.film.filming import Reel, film
from watchfloor.film.judging import judge as judged_scenes
from watchfloor.film.screen import FAMILIES, Family, Screen
from watchfloor.film.viewing import opinion, view
from watchfloor.intake.reader import Reader
from watchfloor.lab.catalogue import Recording, materialise, recordings
from watchfloor.lab.evade import DISGUISES, HARDER, Mask, disguised, everything
from watchfloor.lab.measure_recording import ALLOWED
from watchfloor.lab.truth import truth_of
from watchfloor.operations.gathering import gather
from watchfloor.store.spool import Spool

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

ALL: Final = "all together"
#: What is measured: each disguise, all of them, then what goes beyond.
SETS: Final[dict[str, tuple[str, ...]]] = (
    {kind: (kind,) for kind in DISGUISES}
    | {ALL: DISGUISES}
    | {kind: (kind,) for kind in HARDER}
    | {f"{ALL}, copy and shelltext": (*DISGUISES, *HARDER)}
)
RANGE: Final = tuple(Path("range/recordings") / name for name in ("atlas-11", "quay-12", "mill-13"))
_TRAINED: Final = "These recordings trained the pack: the shares flatter, only the difference counts."
_UNTRAINED: Final = "These hosts did not train the pack."
#: Events of a recording at most: a few long ones would take all the time.
_MOST_EVENTS: Final = 5_000
_LEAST: Final = 1e-7
_DRAWS: Final = 4_000


@dataclass(frozen=True, slots=True)
class Units:
    """Attacks' probabilities before and after each disguise, ``(attacks,)``, and those of ordinary scenes."""

    before: Floats
    after: dict[str, Floats]
    cluster: npt.NDArray[np.object_]  # what is resampled as one
    ordinary: Floats


@dataclass(frozen=True, slots=True)
class Judged:
    """Scenes with Events: probability of each, and the scene of each record asked for."""

    probability: Floats
    scene_of: dict[str, int]


def judge(batches: Iterable[pa.RecordBatch], screen: Screen, records: frozenset[str] = frozenset(), *,
          cases: bool = False) -> Judged:  # fmt: skip
    """Film and judge batches, with ``cases`` also by what flagged scenes bring to light."""
    with Spool(1 << 30) as spool:
        reel = film(batches, screen, spool)
        probability = _with_cases(reel) if cases else opinion(reel, view(reel)).scene.astype(np.float64)
        shown = np.zeros(len(probability), np.bool_)
        shown[reel.runs_scene] = True
        place = np.cumsum(shown) - 1
        found = {record: int(place[scene]) for record, scene in _scenes(reel, records)}
    return Judged(probability[shown], found)


def _with_cases(reel: Reel) -> Floats:
    """The scores of all scenes after their cases ``(scenes,)``; no rules are heard, which do not judge on Linux."""
    said = {one.scene_id: one.score for one in gather(reel, judged_scenes(reel)).scenes}
    return np.asarray([said.get(name, 0.0) for name in reel.scene_ids()])


def _scenes(reel: Reel, records: frozenset[str]) -> Iterable[tuple[str, int]]:
    if not records:
        return
    for batch in reel.spool:
        owners = reel.cast.assign(reel.table.resolve(batch))
        scenes = reel.casting.scene[owners].tolist()
        yield from ((r, s) for r, s in zip(batch.column("record").to_pylist(), scenes, strict=True) if r in records)


def host(folder: Path, screen: Screen, seed: int, sets: Sequence[str], *, cases: bool = False) -> Units:
    """One Linux host, before and after each disguise."""
    truth = {event: known.intrusion for event, known in truth_of(folder).items() if known.intrusion}
    records = frozenset(truth)

    def mask(batch: pa.RecordBatch) -> Flags:
        return np.asarray([r in records for r in batch.column("record").to_pylist()], np.bool_)

    batches = read(sorted(folder.glob("*.log*")))
    before = judge(batches, screen, records, cases=cases)
    scenes, members = np.unique(np.asarray(list(before.scene_of.values()), np.int64), return_inverse=True)
    place = dict(zip(before.scene_of, members.tolist(), strict=True))
    after = {}
    for name in sets:
        seen = judge(disguised(batches, SETS[name], seed, mask), screen, records, cases=cases)
        strongest = np.zeros(len(scenes))
        for record, scene in seen.scene_of.items():
            strongest[place[record]] = max(strongest[place[record]], seen.probability[scene])
        after[name] = strongest
    clusters = np.empty(len(scenes), np.object_)
    for record, number in place.items():
        clusters[number] = truth[record]
    return Units(before.probability[scenes], after, clusters, np.delete(before.probability, scenes))


def read(paths: Sequence[Path]) -> list[pa.RecordBatch]:
    """All Events of some files; many small batches cost more than a few large ones."""
    batches = list(Reader([str(p) for p in paths], Settings(workers=1)).batches())
    return pa.Table.from_batches(batches, SCHEMA).combine_chunks().to_batches(8192) if batches else []


def catalogue(data: Path, screen: Screen, most: int, seed: int, sets: Sequence[str]) -> Units:
    """Windows recordings cropped to an attack, before and after; scenes of ordinary Windows recordings beside them."""
    known = [r for r in recordings(data) if r.events <= _MOST_EVENTS]
    before, clusters, ordinary = [], [], [np.zeros(0)]
    after: dict[str, list[float]] = {name: [] for name in sets}
    mask: Mask = everything
    with tempfile.TemporaryDirectory() as folder:
        for recording in _spread([r for r in known if r.label == "malicious"], most):
            batches = _windows(recording, Path(folder))
            if not batches:
                continue
            before.append(float(judge(batches, screen).probability.max()))
            clusters.append(recording.name)
            for name in sets:
                after[name].append(float(judge(disguised(batches, SETS[name], seed, mask), screen).probability.max()))
        for recording in (r for r in known if r.label in ("benign", "background")):
            batches = _windows(recording, Path(folder))
            if batches:
                ordinary.append(judge(batches, screen).probability)
    return Units(
        np.asarray(before),
        {name: np.asarray(values) for name, values in after.items()},
        np.asarray(clusters, np.object_),
        np.concatenate(ordinary),
    )


def _spread(found: Sequence[Recording], most: int) -> list[Recording]:
    """At most so many recordings of each lab, evenly spread over its list."""
    labs: dict[str, list[Recording]] = {}
    for recording in found:
        labs.setdefault(recording.lab, []).append(recording)
    picked = []
    for _, mine in sorted(labs.items()):
        places = np.unique(np.linspace(0, len(mine) - 1, min(most, len(mine))).round().astype(np.int64))
        picked += [mine[int(i)] for i in places]
    return picked


def _windows(recording: Recording, folder: Path) -> list[pa.RecordBatch]:
    """The Events of a recording, none where they are not all of Windows."""
    path = materialise(recording, folder)
    batches = [b for b in read([path]) if len(b)]
    if recording.member:
        path.unlink()
    systems = {name for b in batches for name in b.column("device.os").unique().to_pylist()}
    return batches if systems == {"windows"} else []


def figures(units: Units, family: Family, *, allowed: bool, sets: Sequence[str], note: str) -> dict[str, Any]:
    """All figures of some units, JSON-ready."""
    limits = {"malicious": family.malicious, "suspicious or worse": family.suspicious}
    if allowed and len(units.ordinary):
        # the next number above the quantile: what equals it is not flagged
        limits[f"at {ALLOWED:.2%} false alarms"] = float(
            np.nextafter(np.quantile(units.ordinary, 1 - ALLOWED, method="higher"), 2)
        )
    picks = _resampled(units.cluster)
    found: dict[str, Any] = {
        "note": note,
        "attacks": len(units.before),
        "resampled": len(np.unique(units.cluster.astype(str))),
        "ordinary scenes": len(units.ordinary),
        "thresholds": limits,
        "before": {word: float((units.before >= limit).mean()) for word, limit in limits.items()}
        | {"roc auc": _auc(units.before, units.ordinary)},
    }
    for name in sets:
        after = units.after[name]
        shift = logit(after) - logit(units.before)
        found[name] = {
            word: compared(units.before >= limit, after >= limit, picks) for word, limit in limits.items()
        } | {
            "mean logit shift": float(shift.mean()),
            "roc auc": _auc(after, units.ordinary),
            "unchanged": float((shift == 0).mean()),
        }
    return found


def compared(before: Flags, after: Flags, picks: npt.NDArray[np.float64]) -> dict[str, float]:
    """Share found after a disguise, the difference in points and its interval; ``picks`` are weights of each draw."""
    change = after.astype(np.float64) - before
    draws = 100 * (picks @ change) / picks.sum(axis=1)
    low, high = np.quantile(draws, (0.025, 0.975))
    return {
        "found": float(after.mean()),
        "points": float(100 * change.mean()),
        "low": float(low),
        "high": float(high),
        "lost": int((change < 0).sum()),
        "won": int((change > 0).sum()),
    }


def _resampled(cluster: npt.NDArray[np.object_]) -> Floats:
    """How often each unit is drawn, clusters drawn whole, ``(draws, units)``."""
    names, place = np.unique(cluster.astype(str), return_inverse=True)
    rng = np.random.default_rng(7)
    drawn = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), _DRAWS).astype(np.float64)
    return np.asarray(drawn[:, place])


def logit(probability: Floats) -> Floats:
    """Log odds, kept finite."""
    p = np.clip(probability, _LEAST, 1 - _LEAST)
    return np.asarray(np.log(p / (1 - p)))


def _auc(attack: Floats, ordinary: Floats) -> float | None:
    if not len(attack) or not len(ordinary):
        return None
    truth = np.r_[np.ones(len(attack)), np.zeros(len(ordinary))]
    return float(roc_auc_score(truth, np.r_[attack, ordinary]))


def together(hosts: Sequence[Units], sets: Sequence[str]) -> Units:
    """Units of several hosts as one."""
    return Units(
        np.concatenate([h.before for h in hosts]),
        {name: np.concatenate([h.after[name] for h in hosts]) for name in sets},
        np.concatenate([h.cluster for h in hosts]),
        np.concatenate([h.ordinary for h in hosts]),
    )


def main() -> None:
    """Command line of this module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pack", type=Path, default=screens.BUNDLED)
    parser.add_argument("--range", type=Path, nargs="*", default=list(RANGE), help="Linux hosts with truth per event")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="open data; left out where absent")
    parser.add_argument("--most", type=int, default=25, help="Windows recordings of each lab")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--only", nargs="+", choices=tuple(SETS), default=list(SETS), help="disguises to measure")
    parser.add_argument("--cases", action="store_true", help="Linux: open the cases that `watch` opens")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    screen = screens.load(options.pack)
    sets: list[str] = options.only
    families = dict(zip(FAMILIES, screen.families, strict=True))
    found: dict[str, Any] = {"pack": str(options.pack), "seed": options.seed}
    if options.range:
        units = together(
            [host(folder, screen, options.seed, sets, cases=options.cases) for folder in options.range], sets
        )
        found["linux"] = figures(units, families["unix"], allowed=True, sets=sets, note=_UNTRAINED)
    if (options.data / "edr" / "index.csv").is_file() and options.most:
        sets = [name for name in sets if SETS[name] != ("shelltext",)]  # of Unix alone
        units = catalogue(options.data, screen, options.most, options.seed, sets)
        found["windows"] = figures(units, families["windows"], allowed=False, sets=sets, note=_TRAINED)
    text = json.dumps(found, indent=1)
    print(text)
    if options.json:
        options.json.write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
