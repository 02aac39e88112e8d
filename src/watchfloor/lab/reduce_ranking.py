"""Learn the ranking of `watchfloor reduce`: a logistic model over groups of alerts, one scenario left out at a time.

    python -m watchfloor.lab.reduce_ranking --data ../shared/data/edr
        --out src/watchfloor/bundled/operations/ranking.json

A group counts as part of an attack when one of its alerts has an ``event_label``. Weights are fitted by Newton's
method with an L2 penalty on standardised features; the weight of bursts may not be negative. The threshold is chosen by
running the floor over the training scenarios (floods capped): the one that covers most steps while at least
``PRECISION`` of the incidents are true, and of several such the one with fewest incidents.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from watchfloor.lab.reduce_scenarios import CAP, Scenario, members, scenario
from watchfloor.lab.reduce_scores import judged
from watchfloor.operations.floor import Floor
from watchfloor.operations.groups import FEATURES, LINE_BITS, Group, features
from watchfloor.operations.ranking import Ranking

#: Share of training incidents that has to be true; the L2 penalty; Newton steps.
PRECISION, PENALTY, STEPS = 0.6, 10.0, 40
#: Thresholds tried, in logits.
GRID = (-3.5, -3.0, -2.5, -2.0, -1.5, -1.0, -0.5, 0.0, 0.5, 1.0)
_MASK = (1 << LINE_BITS) - 1
_BURST = FEATURES.index("burst")


@dataclass(frozen=True, slots=True)
class Sample:
    """One group of a scenario: its features, the attack steps in it, and whether any is."""

    scenario: str
    values: list[float]
    steps: frozenset[str]


def samples(data: Scenario) -> list[Sample]:
    """The groups a floor makes of a scenario when nothing is ever opened."""
    nothing = Ranking((0.0,) * len(FEATURES), 0.0, float("inf"))
    seen: dict[int, Group] = {}
    floor = Floor(nothing, on_judged=lambda group: seen.setdefault(id(group), group) and None)
    for alert in data.alerts:
        floor.feed(alert, 0)
    floor.finish()
    return [
        Sample(
            data.name,
            features(group),
            frozenset(
                data.event[line & _MASK]
                for member in group.members.values()
                for line in member.ids
                if line & _MASK in data.event
            ),
        )
        for group in seen.values()
    ]


def fit(found: Sequence[Sample], *, penalty: float = PENALTY) -> Ranking:
    """Weights and bias from samples; the threshold is even odds until one is chosen."""
    table = np.array([one.values for one in found])
    truth = np.array([1.0 if one.steps else 0.0 for one in found])
    free = np.ones(table.shape[1], dtype=bool)
    weights, bias = _newton(table, truth, free, penalty)
    if weights[_BURST] < 0:
        free[_BURST] = False
        weights, bias = _newton(table, truth, free, penalty)
    return Ranking(tuple(float(one) for one in weights), bias, 0.0)


def with_threshold(ranking: Ranking, scenarios: Sequence[Scenario], *, precision: float = PRECISION) -> Ranking:
    """The ranking with the threshold that does best on some scenarios."""
    best: tuple[float, float, float] | None = None
    for threshold in GRID:
        moved = replace(ranking, threshold=threshold)
        items = true = covered = 0
        for data in scenarios:
            floor = Floor(moved)
            for alert in data.alerts:
                floor.feed(alert, 0)
            at = judged(data, floor.finish(), len(data.alerts))
            items, true, covered = items + at["items"], true + at["true"], covered + at["covered"]
        if items and true / items >= precision:
            key = (float(covered), -float(items), threshold)
            best = max(best, key) if best is not None else key
    return replace(ranking, threshold=best[2] if best is not None else GRID[-1])


def _newton(
    table: NDArray[np.float64], truth: NDArray[np.float64], free: NDArray[np.bool_], penalty: float
) -> tuple[NDArray[np.float64], float]:
    middle, scale = table.mean(0), table.std(0) + 1e-6
    design = np.c_[(table - middle) / scale * free, np.ones(len(table))]
    ridge = np.eye(design.shape[1]) * penalty
    ridge[-1, -1] = 1e-9
    found = np.zeros(design.shape[1])
    for _ in range(STEPS):
        chance = 1.0 / (1.0 + np.exp(-np.clip(design @ found, -30, 30)))
        slope = design.T @ (chance - truth) + ridge @ found
        curve = (design.T * (chance * (1 - chance))) @ design + ridge
        found = found - np.linalg.solve(curve, slope)
    weights = found[:-1] / scale * free
    return weights, float(found[-1] - (weights * middle).sum())


def main(arguments: Sequence[str] | None = None) -> int:
    """Fit on all scenarios and write the file that ships."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--data", type=Path, required=True, help="the edr folder")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    found: list[Sample] = []
    capped: list[Scenario] = []
    for member in members(options.data):
        found += samples(scenario(options.data, member))
        capped.append(scenario(options.data, member, cap=CAP))
        print(member, len(found), file=sys.stderr, flush=True)
    made: dict[str, Any] = with_threshold(fit(found), capped).to_json()
    made["made"] = {
        "scenarios": sorted({one.scenario for one in found}),
        "groups": len(found),
        "true_groups": sum(bool(one.steps) for one in found),
        "precision": PRECISION,
        "penalty": PENALTY,
    }
    options.out.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
