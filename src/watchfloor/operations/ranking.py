"""The learned ranking: a logistic model over a group's features, and the threshold from which it is opened.

Made by ``python -m watchfloor.lab.reduce_ranking`` and kept in ``bundled/operations/ranking.json``.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from math import exp
from typing import Any

from watchfloor.base.errors import PackError
from watchfloor.operations.groups import FEATURES

#: What a severity the product itself gave adds, in logits: high and critical. No training data names a severity,
#: so this is set by hand.
GIVEN_SEVERITY = (0.0, 0.0, 0.0, 2.0, 4.0)
#: The gravest severity: what a product calls critical and is not usual on its host is opened by itself.
CRITICAL = 4


@dataclass(frozen=True, slots=True)
class Ranking:
    """Weights in the order of ``FEATURES``, the bias, and the logit from which a group is opened."""

    weights: tuple[float, ...]
    bias: float
    threshold: float

    def score(self, values: Sequence[float], given: int = 0) -> float:
        """The logit of a group; ``given`` is the highest severity a product gave, 0 none."""
        total = self.bias + GIVEN_SEVERITY[given]
        for weight, value in zip(self.weights, values, strict=True):
            total += weight * value
        return total

    def to_json(self) -> dict[str, Any]:
        """The bundled file's shape."""
        return {
            "features": {name: round(weight, 5) for name, weight in zip(FEATURES, self.weights, strict=True)},
            "bias": round(self.bias, 5),
            "threshold": round(self.threshold, 5),
        }


def probability(score: float) -> float:
    """The chance that a group is part of an attack, as far as the training data speaks for the site."""
    return 1.0 / (1.0 + exp(-max(-60.0, min(60.0, score))))


@cache
def bundled() -> Ranking:
    """The ranking shipped with the package.

    Raises:
        PackError: the file is missing or of another version.
    """
    place = files("watchfloor") / "bundled" / "operations" / "ranking.json"
    try:
        raw = json.loads(place.read_text(encoding="utf-8"))
        weights = raw["features"]
        if tuple(weights) != FEATURES:
            raise PackError("the bundled ranking is of another version.", hint="Install the package again.")
        return Ranking(tuple(weights.values()), raw["bias"], raw["threshold"])
    except (OSError, ValueError, KeyError) as error:
        raise PackError(f"the bundled ranking cannot be read: {error}.", hint="Install the package again.") from error
