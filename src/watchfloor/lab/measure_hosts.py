"""Measure scores of our own hosts that were left out, scene by scene: what each opinion and each part is worth.

    python -m watchfloor.lab.cross CORPUS.npz SCORES --by lab [--seed N] [--without PART]
    python -m watchfloor.lab.measure_hosts CORPUS.npz SCORES [SCORES ...] --by lab [--json OUT.json]

No calibration: opinions are compared by rank, at the threshold that flags at most 1.67% of all ordinary scenes. With
several SCORES, of several seeds say, each figure comes with its least and greatest value.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.metrics import average_precision_score, roc_auc_score

from watchfloor.lab.bags import Bags, load
from watchfloor.lab.cross import Scores, gather
from watchfloor.lab.labels import labels_of
from watchfloor.lab.measure_recording import at_allowed

Floats = npt.NDArray[np.float64]


def opinions(
    bags: Bags, scores: Scores
) -> tuple[npt.NDArray[np.bool_], dict[str, Floats], list[npt.NDArray[np.int64]]]:
    """Truth of the scenes of our hosts, opinions on them, and the scenes of each intrusion."""
    ours = np.asarray([f["source"] == "range" for f in bags.facts])[bags.recording]
    _, place = np.unique(bags.scene[ours], return_inverse=True)
    size = int(place.max()) + 1
    attack = np.zeros(size, np.bool_)
    attack[place[bags.truth[ours] == 1]] = True
    found: dict[str, Floats] = {}
    for name, values in (("first look", scores.look), ("strongest frame watched", scores.frame)):
        found[name] = np.full(size, -np.inf)
        np.maximum.at(found[name], place, values[ours])
    found["network"] = np.zeros(size)
    found["network"][place] = scores.scene[ours]
    found["number of frames"] = np.bincount(place, minlength=size).astype(np.float64)
    whose = bags.intrusion[ours]
    return attack, found, [np.unique(place[whose == name]) for name in np.unique(whose) if name]


def measure(bags: Bags, scores: Scores) -> dict[str, Any]:
    """Figures of each opinion."""
    attack, found, intrusions = opinions(bags, scores)
    result: dict[str, Any] = {"attack scenes": int(attack.sum()), "ordinary scenes": int((~attack).sum())}
    for name, opinion in found.items():
        flagged = at_allowed(opinion, attack)
        result[name] = {
            "found": float(flagged[attack].mean()),
            "intrusions found": sum(bool(flagged[scenes].any()) for scenes in intrusions) / max(len(intrusions), 1),
            "roc auc": float(roc_auc_score(attack, opinion)),
            "average precision": float(average_precision_score(attack, opinion)),
        }
    return result


def together(found: list[dict[str, Any]]) -> dict[str, Any]:
    """Mean, least and greatest of each figure over several runs."""
    result: dict[str, Any] = {"runs": len(found)}
    for name, figures in found[0].items():
        if not isinstance(figures, dict):
            result[name] = figures
            continue
        each = {key: [run[name][key] for run in found] for key in figures}
        result[name] = {k: {"mean": float(np.mean(v)), "least": min(v), "greatest": max(v)} for k, v in each.items()}
    return result


def main() -> None:
    """Command line of this module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("scores", type=Path, nargs="+", help="folders that lab.cross filled")
    parser.add_argument("--by", choices=("lab", "source", "fold"), default="lab")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    bags = load(options.corpus)
    size = len(labels_of(bags).names)
    text = json.dumps(
        together([measure(bags, gather(bags, options.by, one, size)) for one in options.scores]), indent=1
    )
    print(text)
    if options.json:
        options.json.write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
