"""Measure the shipped screen on a recording with truth per event, scene by scene and process by process.

    python -m watchfloor.lab.measure_recording src/watchfloor/bundled/recording [--pack FOLDER]

A scene is an attack scene when at least one of its Events belongs to the intrusion. Intervals are Wilson's
at 95%. The trivial baseline flags nothing; the metadata baseline ranks scenes by how many Events they have.
"""

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.metrics import average_precision_score, roc_auc_score

from watchfloor.base.settings import Settings
from watchfloor.film import screen as screens
from watchfloor.film.filming import Reel, film
from watchfloor.film.screen import pool
from watchfloor.intake.reader import Reader
from watchfloor.lab.corpus import intrusion_events
from watchfloor.store.spool import Spool

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Truth:
    """Events and intrusion events of each owner, ``(owners,)``, and event ids met."""

    events: npt.NDArray[np.int64]
    bad: npt.NDArray[np.int64]


def truth_of(reel: Reel, intrusion: set[str]) -> Truth:
    """Count each owner's Events and those of the intrusion."""
    size = len(reel.cast.owners)
    events, bad = np.zeros(size, np.int64), np.zeros(size, np.int64)
    for batch in reel.spool:
        resolved = reel.table.resolve(batch)
        owners = reel.cast.assign(resolved)
        hit = np.asarray([r in intrusion for r in resolved.column("record").to_pylist()])
        np.add.at(events, owners, 1)
        np.add.at(bad, owners[hit], 1)
    return Truth(events, bad)


def wilson(hits: int, total: int) -> tuple[float, float]:
    """Wilson's 95% interval of a share."""
    if not total:
        return (float("nan"), float("nan"))
    z, p = 1.96, hits / total
    middle = (p + z * z / (2 * total)) / (1 + z * z / total)
    half = z / (1 + z * z / total) * float(np.sqrt(p * (1 - p) / total + z * z / (4 * total * total)))
    return (middle - half, middle + half)


def share(flags: Flags) -> dict[str, Any]:
    """Share of true flags with its interval."""
    low, high = wilson(int(flags.sum()), len(flags))
    return {"share": float(flags.mean()) if len(flags) else None, "low": low, "high": high, "n": len(flags)}


def measure(reel: Reel, intrusion: set[str]) -> dict[str, Any]:
    """All figures of one recording."""
    screen, scene = reel.screen, reel.casting.scene
    truth = truth_of(reel, intrusion)
    runs, scenes = reel.runs, len(reel.casting.roots)
    probability = screen.probability(pool(reel.runs_scene, scenes, runs["pattern"], runs["logit"]))
    owner = runs["owner"].astype(np.int64)
    process_p = screen.probability(pool(owner, len(scene), runs["pattern"], runs["logit"]))
    events, bad = np.bincount(scene, truth.events, scenes), np.bincount(scene, truth.bad, scenes)
    shown = events > 0
    attack, p, size = bad[shown] > 0, probability[shown], events[shown]
    acting = truth.events > 0
    flagged = p >= screen.malicious
    covered = float(bad[shown][flagged].sum() / max(bad.sum(), 1))
    return {
        "events": int(truth.events.sum()),
        "intrusion events": int(truth.bad.sum()),
        "attack scenes": int(attack.sum()),
        "attack scenes found (malicious)": share(flagged[attack]),
        "attack scenes found (suspicious or worse)": share((p >= screen.suspicious)[attack]),
        "intrusion events in malicious scenes": covered,
        "largest attack scene found": bool(flagged[np.argmax(bad[shown])]),
        "benign scenes flagged malicious": share(flagged[~attack]),
        "benign scenes flagged suspicious or worse": share((p >= screen.suspicious)[~attack]),
        "verdict accuracy": share(flagged == attack),
        "accuracy of calling all benign": float((~attack).mean()),
        "scene roc auc": float(roc_auc_score(attack, p)),
        "scene average precision": float(average_precision_score(attack, p)),
        "scene roc auc of scene length alone": float(roc_auc_score(attack, size)),
        "process roc auc": float(roc_auc_score(truth.bad[acting] > 0, process_p[acting])),
        "process average precision": float(average_precision_score(truth.bad[acting] > 0, process_p[acting])),
    }


def main() -> None:
    """Command line of this module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recording", type=Path)
    parser.add_argument("--pack", type=Path, default=screens.BUNDLED)
    options = parser.parse_args()
    logs = [str(p) for p in sorted(options.recording.glob("*.log*"))]
    with Spool(1 << 30) as spool:
        reel = film(Reader(logs, Settings()).batches(), screens.load(options.pack), spool)
        print(json.dumps(measure(reel, intrusion_events(options.recording)), indent=1))


if __name__ == "__main__":
    main()
