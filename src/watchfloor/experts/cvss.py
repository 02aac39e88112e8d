"""The answer of a facet expert, and the CVSS 3.1 base score of a vector (FIRST, CVSS v3.1 specification, 7.1).

Where the facets are the eight base metrics, the answer is the vector that loses least on average: its score is the
median of the score under the metrics' probabilities, for the mean absolute deviation is what an analyst pays. Metrics
go together (what is lost in confidentiality is mostly lost in integrity too): the card says how much.
"""

from functools import cache
from itertools import product
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from watchfloor.base.judgements import Label
from watchfloor.experts.card import SHOWN, Card

Floats = npt.NDArray[np.float32]

#: Base metrics in the order of the vector, with their values' weights; PR has others where scope is changed.
_WEIGHTS: Final[dict[str, dict[str, float]]] = {
    "AV": {"N": 0.85, "A": 0.62, "L": 0.55, "P": 0.2}, "AC": {"L": 0.77, "H": 0.44},
    "PR": {"N": 0.85, "L": 0.62, "H": 0.27}, "UI": {"N": 0.85, "R": 0.62}, "S": {"U": 0.0, "C": 1.0},
    "C": {"H": 0.56, "L": 0.22, "N": 0.0}, "I": {"H": 0.56, "L": 0.22, "N": 0.0}, "A": {"H": 0.56, "L": 0.22, "N": 0.0},
}  # fmt: skip
_CHANGED: Final = {"N": 0.85, "L": 0.68, "H": 0.5}
_PREFIX: Final = "CVSS:3.1/"


def scored(card: Card) -> bool:
    """Whether its facets are the eight base metrics."""
    return set(card.facets()) == set(_WEIGHTS)


def base_score(metrics: dict[str, str]) -> float:
    """The base score, 0 to 10, of the eight metrics.

    Raises:
        KeyError: a metric is missing or has no such value.
    """
    changed = metrics["S"] == "C"
    impact = 1 - float(np.prod([1 - _WEIGHTS[name][metrics[name]] for name in "CIA"]))
    harm = 7.52 * (impact - 0.029) - 3.25 * (impact - 0.02) ** 15 if changed else 6.42 * impact
    if harm <= 0:
        return 0.0
    privileges = (_CHANGED if changed else _WEIGHTS["PR"])[metrics["PR"]]
    ease = 8.22 * _WEIGHTS["AV"][metrics["AV"]] * _WEIGHTS["AC"][metrics["AC"]] * privileges
    ease *= _WEIGHTS["UI"][metrics["UI"]]
    return _round_up(float(min((1.08 if changed else 1.0) * (harm + ease), 10)))


def _round_up(value: float) -> float:
    """Up to one decimal, as appendix A of the specification does without the faults of binary fractions."""
    whole = round(value * 100_000)
    return whole / 100_000 if whole % 10_000 == 0 else (whole // 10_000 + 1) / 10


@cache
def _table(labels: tuple[str, ...]) -> tuple[npt.NDArray[np.int64], Floats]:
    """All vectors as places of their labels ``(vectors, 8)``, and their scores ``(vectors,)``."""
    values = [[label for label in labels if label.startswith(f"{name}:")] for name in _WEIGHTS]
    rows = list(product(*values))
    places = np.asarray([[labels.index(label) for label in row] for row in rows])
    scores = [base_score(dict(label.split(":") for label in row)) for row in rows]
    return places, np.asarray(scores, dtype=np.float32)


@cache
def _together(labels: tuple[str, ...], together: tuple[tuple[str, float], ...]) -> Floats:
    """How much likelier each vector of the table is than its metrics by themselves say ``(vectors,)``, a factor."""
    known = dict(together)
    names = ["/".join(labels[place] for place in row) for row in _table(labels)[0]]
    return np.exp(np.asarray([known.get(name, known.get("", 0.0)) for name in names], dtype=np.float32))


def vector(card: Card, probability: Floats) -> tuple[tuple[Label, ...], dict[str, Any]]:
    """The likeliest combinations of facets, best first, and each facet's probabilities beside them."""
    facets = card.facets()
    facts: dict[str, Any] = {
        "facets": {
            name: {card.labels[place].partition(":")[2]: round(float(probability[place]), 4) for place in places}
            for name, places in facets.items()
        }
    }
    if not scored(card):
        best = [places[int(probability[places].argmax())] for places in facets.values()]
        score = float(np.prod(probability[best]))
        return (Label("/".join(card.labels[place] for place in best), score),), facts
    places, scores = _table(card.labels)
    chance = probability[places].prod(1) * _together(card.labels, card.calibration.together)
    chance /= max(float(chance.sum()), 1e-12)
    order = np.argsort(scores, kind="stable")
    median = scores[order][min(int(np.searchsorted(chance[order].cumsum(), chance.sum() / 2)), len(order) - 1)]
    # Of the vectors with the median score, the likeliest: the score is what is promised, the vector explains it.
    chosen = int(np.argmax(np.where(scores == median, chance, -1)))
    likeliest = [
        {"label": _said(card, places[place]), "score": round(float(chance[place]), 6)}
        for place in np.argsort(-chance, kind="stable")[:SHOWN].tolist()
    ]
    label = Label(_said(card, places[chosen]), float(chance[chosen]))
    return (label,), facts | {"value": round(float(median), 1), "likeliest": likeliest}


def _said(card: Card, places: npt.NDArray[np.int64]) -> str:
    return _PREFIX + "/".join(card.labels[place] for place in places)
