"""Measure the screen's techniques and tactics on sources it never saw.

    python -m watchfloor.lab.measure_attribution CORPUS.npz [--json OUT.json]

For each source with labelled techniques, frame weights and attribution are trained without it; a recording is
answered by the best label over its 24 strongest frames. An answer is right when it is one of the recording's
techniques or the parent of one. The interval is a 95% bootstrap over recordings, seed 7.
"""

import argparse
import json
from collections import Counter
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from watchfloor.lab import mil
from watchfloor.lab.bags import TEXT, Bags, load
from watchfloor.lab.measure_film import groups_of, interval
from watchfloor.lab.train_screen import attribute, attribution_rows, cross_logits, label_sets

SHOWN: Final = 24
Floats = npt.NDArray[np.float64]


def answers(
    bags: Bags, logit: Floats, group: npt.NDArray[np.int64], names: list[str]
) -> dict[int, tuple[list[str], set[str]]]:
    """Labels of each held-out recording, best first, and the labels its model knew."""
    believed = attribution_rows(bags, logit)
    sets = label_sets(bags)
    filmed = set(np.unique(bags.recording).tolist())
    found: dict[int, tuple[list[str], set[str]]] = {}
    for number, name in enumerate(names):
        held = [
            r
            for r in np.flatnonzero(group == number).tolist()
            if r in filmed
            and bags.facts[r]["techniques"]
            and bags.facts[r]["label"] in ("malicious", "mixed")
            and sets[r]
        ]
        if not held or all(bags.facts[r]["lab"] == TEXT for r in held):
            continue
        labels, table, biases = attribute(bags, believed, group != number)
        for r in held:
            found[r] = (_ranked(bags, logit, r, labels, table, biases), set(labels))
        print(f"{name}: {len(held)} recordings, {len(labels)} labels", flush=True)
    return found


def _ranked(bags: Bags, logit: Floats, r: int, labels: tuple[str, ...], table: Any, biases: Floats) -> list[str]:
    mine = np.flatnonzero(bags.recording == r)
    mine = mine[np.argsort(-logit[mine])[:SHOWN]]
    z = np.asarray((bags.x[mine] @ table).todense()) + biases
    relevance = 1 / (1 + np.exp(-np.clip(logit[mine], -30, 30)))
    score = (1 / (1 + np.exp(-z)) * np.sqrt(relevance)[:, None]).max(axis=0)
    return [labels[i] for i in np.argsort(-score)]


def measure(bags: Bags, settings: mil.Settings) -> dict[str, Any]:
    """Top-1 and top-3 over recordings whose labels the model could know, with the majority baselines."""
    group, names = groups_of(bags, "source")
    logit = cross_logits(bags, settings, group)
    sets = label_sets(bags)
    first, third, tactic, order, majority, common_tactic = [], [], [], [], [], []
    for r, (ranked, known) in answers(bags, logit, group, names).items():
        truth = sets[r] & known
        if not any(t.startswith("T1") for t in truth):
            continue
        rest = Counter(
            t for i, s in enumerate(sets) if group[i] != group[r] and bags.facts[i]["lab"] != TEXT for t in s
        )
        techniques = [t for t in ranked if t.startswith("T1")]
        tactics = [t for t in ranked if t.startswith("TA")]
        order.append(r)
        first.append(techniques[0] in truth)
        third.append(bool(set(techniques[:3]) & truth))
        tactic.append(tactics[0] in truth)
        majority.append(max((t for t in rest if t.startswith("T1")), key=lambda t: rest[t]) in truth)
        common_tactic.append(max((t for t in rest if t.startswith("TA")), key=lambda t: rest[t]) in truth)
    return {
        "recordings": len(order),
        "top 1": float(np.mean(first)),
        "top 1 interval": interval(np.asarray(first), np.asarray(order)),
        "top 3": float(np.mean(third)),
        "most frequent technique": float(np.mean(majority)),
        "tactic top 1": float(np.mean(tactic)),
        "most frequent tactic": float(np.mean(common_tactic)),
    }


def main() -> None:
    """Command line of this module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    text = json.dumps(measure(load(options.corpus), mil.Settings()), indent=1)
    print(text)
    if options.json:
        options.json.write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
