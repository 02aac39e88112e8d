"""Learn the ranking of `watchfloor reduce`: a logistic model over groups of alerts, one scenario left out at a time.

    python -m watchfloor.lab.reduce_ranking --data ../shared/data/edr
        --out src/watchfloor/bundled/operations/ranking.json

A group counts as part of an attack when one of its alerts has an ``event_label``. Weights are fitted by Newton's
method with an L2 penalty on standardised features. Evidence may add and never take away (``EVIDENCE``): a negative
weight there says how these scenarios differ, and would let an attacker hide behind more noise. The threshold comes
of
running the floor over the training scenarios (floods capped): the lowest at which at least ``PRECISION`` of the
incidents are true, for a missed attack costs more than a look in vain.
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
from watchfloor.operations.kinds import SEVERITIES
from watchfloor.operations.ranking import Ranking

#: Share of training incidents that has to be true; the L2 penalty; Newton steps.
PRECISION, PENALTY, STEPS = 0.6, 10.0, 40
#: Thresholds tried, in logits.
GRID = (-2.5, -2.25, -2.0, -1.75, -1.5, -1.25, -1.0, -0.75, -0.5, 0.0, 0.5, 1.0)
_MASK = (1 << LINE_BITS) - 1
#: Weights of kinds fewer than ``FEW`` training groups show: a grave one (severity 3 and up) speaks for an attack.
FEW = 10
UNSEEN: NDArray[np.float64] = np.array(
    [SEVERITIES.get(name.removeprefix("kind "), 0) * 0.2 if name.startswith("kind ") else 0.0 for name in FEATURES]
)
#: Features that are evidence: all but those of what is usual, and of what went on around.
EVIDENCE: NDArray[np.bool_] = np.array(
    [
        name
        not in (
            "kind echo",
            "kind routine",
            "kind policy",
            "hours of past",
            "new lately on the host",
            "new lately at the site",
            "busy host",
        )
        for name in FEATURES
    ]
)


@dataclass(frozen=True, slots=True)
class Sample:
    """One group of a scenario: its features and the attack steps in it.

    ``doubtful`` groups hold alerts of an attack's time that no step is known to have caused: they do not teach.
    """

    scenario: str
    values: list[float]
    steps: frozenset[str]
    doubtful: bool = False


def samples(data: Scenario) -> list[Sample]:
    """The groups a floor makes of a scenario when nothing is ever opened."""
    nothing = Ranking((0.0,) * len(FEATURES), 0.0, float("inf"))
    seen: dict[int, Group] = {}

    def judged(group: Group) -> None:
        seen.setdefault(id(group), group)

    floor = Floor(nothing, on_judged=judged)
    for alert in data.alerts:
        floor.feed(alert, 0)
    floor.finish()
    return [_sample(data, group) for group in seen.values()]


def _sample(data: Scenario, group: Group) -> Sample:
    lines = [line & _MASK for member in group.members.values() if member.excess > 0 for line in member.ids]
    steps = frozenset(data.event[line] for line in lines if line in data.event)
    return Sample(data.name, features(group), steps, not steps and any(line in data.time for line in lines))


def fit(found: Sequence[Sample], *, penalty: float = PENALTY) -> Ranking:
    """Weights and bias from samples; the threshold is even odds until one is chosen."""
    table = np.array([one.values for one in found])
    truth = np.array([1.0 if one.steps else 0.0 for one in found])
    shares = _shares(found)
    free = np.ones(table.shape[1], dtype=bool)
    weights, bias = _newton(table, truth, shares, free, penalty)
    while (wrong := EVIDENCE & (weights < 0)).any():
        free[int(np.argmin(np.where(wrong, weights * table.std(0), 0.0)))] = False
        weights, bias = _newton(table, truth, shares, free, penalty)
    weights = np.where(((table > 0).sum(0) < FEW) & (UNSEEN > 0), UNSEEN, weights)
    return Ranking(tuple(float(one) for one in weights), bias, 0.0)


def _shares(found: Sequence[Sample]) -> NDArray[np.float64]:
    """How much each sample teaches: each step the same, however many groups it left; doubtful ones nothing.

    A scan leaves a group on every host, and would else teach that an attack is what scans.
    """
    groups: dict[tuple[str, str], int] = {}
    for one in found:
        for step in one.steps:
            groups[one.scenario, step] = groups.get((one.scenario, step), 0) + 1
    return np.array(
        [
            max(1.0 / groups[one.scenario, step] for step in one.steps) if one.steps else 0.0 if one.doubtful else 1.0
            for one in found
        ]
    )


def with_threshold(ranking: Ranking, scenarios: Sequence[Scenario], *, precision: float = PRECISION) -> Ranking:
    """The ranking with the lowest threshold at which enough incidents of some scenarios are true."""
    for threshold in GRID:
        moved = replace(ranking, threshold=threshold)
        items = true = 0
        for data in scenarios:
            floor = Floor(moved)
            for alert in data.alerts:
                floor.feed(alert, 0)
            at = judged(data, floor.finish(), len(data.alerts))
            items, true = items + at["items"], true + at["true"]
        if items and true / items >= precision:
            return moved
    return replace(ranking, threshold=GRID[-1])


def _newton(
    table: NDArray[np.float64],
    truth: NDArray[np.float64],
    shares: NDArray[np.float64],
    free: NDArray[np.bool_],
    penalty: float,
) -> tuple[NDArray[np.float64], float]:
    middle, scale = table.mean(0), table.std(0) + 1e-6
    design = np.c_[(table - middle) / scale * free, np.ones(len(table))]
    ridge = np.eye(design.shape[1]) * penalty
    ridge[-1, -1] = 1e-9
    found = np.zeros(design.shape[1])
    for _ in range(STEPS):
        chance = 1.0 / (1.0 + np.exp(-np.clip(design @ found, -30, 30)))
        slope = design.T @ (shares * (chance - truth)) + ridge @ found
        curve = (design.T * (shares * chance * (1 - chance))) @ design + ridge
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
