"""What is learned of a customer: a small change of the first look's weights, and how far to trust each opinion.

Both are pulled towards what shipped, and both see the replayed scenes beside the customer's: whoever learns only the
new forgets the old (experience replay, Rolnick et al. 2019). The network is frozen.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.optimize import minimize

from watchfloor.film.screen import POOLED, Calibration
from watchfloor.lab.adapt_footage import FOLDS, Footage
from watchfloor.lab.calibration import thresholds

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

#: Pulls of each pixel's change towards none, in scenes, from not at all on; held-out scenes say which one serves.
PULLS: Final = (math.inf, 30.0, 3.0)
#: Pull of the calibration towards the one shipped, in scenes.
HEAD_PULL: Final = 1.0
#: Rounds of asking which frames of an attack scene are the attack.
ROUNDS: Final = 2
#: A pixel changes only when this many labelled scenes show it; changes below ``_SMALL`` are left out.
_LEAST_SCENES: Final = 2
_SMALL: Final = 1e-3
#: As in ``lab.calibration``: more frames never raise a probability, and lower it only so far.
_COUNT: Final = POOLED.index("log distinct frames")
_LEAST_COUNT: Final = -0.25


def adapted_weights(parts: Sequence[Footage], held_in: Sequence[Flags], pull: float) -> Floats:
    """First-look weights ``(PIXELS,)`` after learning from some scenes of each footage."""
    base = parts[0].reel.screen.weights.astype(np.float64)
    scenes = sum(int(kept.sum()) for kept in held_in)
    if not scenes or math.isinf(pull):
        return base
    shown = sum(scenes_showing(part, kept) for part, kept in zip(parts, held_in, strict=True))
    columns = np.setdiff1d(np.flatnonzero(shown >= _LEAST_SCENES), np.concatenate([part.names for part in parts]))
    used = [np.unique(part.bag[kept[part.bag[:, 0]], 1]) for part, kept in zip(parts, held_in, strict=True)]
    rows = [part.x[one] for part, one in zip(parts, used, strict=True)]
    z = np.concatenate([part @ base for part in rows])
    x = sparse.vstack(rows, format="csr")[:, columns].astype(np.float64)
    change = np.zeros(len(columns) + 1)
    for _ in range(ROUNDS):
        weights = base.copy()
        weights[columns] += change[:-1]
        said = [np.asarray(part.x @ weights) for part in parts]
        targets = [_targets(*given) for given in zip(parts, held_in, said, strict=True)]
        sides = [sum(float(t[side].sum()) for t in targets) for side in (0, 1)]
        attack, benign = (
            np.concatenate([t[side][one] for t, one in zip(targets, used, strict=True)]) * scenes / 2 / max(total, 1e-9)
            for side, total in enumerate(sides)
        )
        change = _fit(x, z, attack, benign, pull, change)
    change[np.abs(change) < _SMALL] = 0
    weights = base.copy()
    weights[columns] += change[:-1]
    weights[0] = 0
    return np.asarray(weights.astype(np.float16), np.float64)


def scenes_showing(part: Footage, kept: Flags) -> Floats:
    """How many of some labelled scenes show each pixel, ``(PIXELS,)``."""
    pairs = part.bag[kept[part.bag[:, 0]]]
    scenes, place = np.unique(pairs[:, 0], return_inverse=True)
    hold = sparse.csr_matrix((np.ones(len(pairs)), (place, pairs[:, 1])), shape=(len(scenes), part.x.shape[0]))
    return np.asarray(((hold @ part.x) > 0).sum(axis=0), np.float64).ravel()


def _targets(part: Footage, kept: Flags, said: Floats) -> tuple[Floats, Floats]:
    """Weight of each distinct frame as part of an attack and as ordinary, ``(patterns,)`` each.

    Of an attack scene the frames known to be bad count, else those most like it: strong at first look, not seen in
    ordinary scenes. Of an ordinary scene all frames count, the strongest most: they are the false alarms.
    """
    scene, frame, truth = part.bag[kept[part.bag[:, 0]]].T
    label, size = part.label[scene], part.x.shape[0]
    ordinary = np.bincount(frame[label == 0], minlength=size)
    told = np.zeros(part.scenes, np.bool_)
    told[scene[truth == 1]] = True
    guess = _softmax(scene, np.where(truth == 0, -np.inf, said[frame] - np.log1p(ordinary[frame])), part.scenes)
    known = _softmax(scene, np.where(truth == 1, 0.0, -np.inf), part.scenes)
    even = _softmax(scene, np.where(truth == 0, 0.0, -np.inf), part.scenes)
    strong = _softmax(scene, np.where(truth == 0, said[frame], -np.inf), part.scenes)
    attack = np.where(label == 1, np.where(told[scene], known, guess), 0.0)
    benign = np.where(label == 0, (even + strong) / 2, even / 2)
    scenes = [max(int((kept & (part.label == value)).sum()), 1) for value in (0, 1)]
    return (
        np.bincount(frame, attack, size) / np.sqrt(scenes[1]),
        np.bincount(frame, benign, size) / np.sqrt(scenes[0]),
    )


def _softmax(scene: Ints, value: Floats, scenes: int) -> Floats:
    """Shares that sum to one in each scene; none where all its values are minus infinity."""
    top = np.full(scenes, -np.inf)
    np.maximum.at(top, scene, value)
    share = np.exp(value - np.where(np.isfinite(top), top, 0.0)[scene])
    total = np.bincount(scene, share, scenes)
    return share / np.maximum(total[scene], 1e-300)


def _fit(x: sparse.csr_matrix, z: Floats, attack: Floats, benign: Floats, pull: float, start: Floats) -> Floats:
    """Change of each column, then an offset that stands for how rare attacks are here; the caller forgets it."""
    total = attack + benign

    def loss(theta: Floats) -> tuple[float, Floats]:
        logit = z + x @ theta[:-1] + theta[-1]
        gap = total / (1 + np.exp(-np.clip(logit, -30, 30))) - attack
        value = total @ np.logaddexp(0, logit) - attack @ logit + pull / 2 * (theta[:-1] @ theta[:-1])
        return float(value), np.r_[x.T @ gap + pull * theta[:-1], gap.sum()]

    return np.asarray(minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 60}).x)


@dataclass(frozen=True, slots=True)
class Units:
    """What a head learns from: features ``(n, features)``, truth and origin ``(n,)``, 0 customer and 1 replay."""

    features: Floats
    attack: Flags
    origin: Ints

    def weight(self) -> Floats:
        """Classes weigh the same; within one, origins by the square root of their units (``lab.units.balanced``)."""
        weight = np.zeros(len(self.attack))
        for value in (False, True):
            for origin in (0, 1):
                mine = (self.attack == value) & (self.origin == origin)
                weight[mine] = 1 / np.sqrt(max(mine.sum(), 1))
            mine = self.attack == value
            weight[mine] *= 0.5 * len(weight) / max(weight[mine].sum(), 1e-9)
        return weight


@dataclass(frozen=True, slots=True)
class Head:
    """A calibration with its thresholds."""

    weights: Floats
    bias: float
    limits: dict[str, float]

    def probability(self, features: Floats) -> Floats:
        """``(n, features)`` to ``(n,)``."""
        return np.asarray(1 / (1 + np.exp(-np.clip(features @ self.weights + self.bias, -30, 30))))


def fit_head(units: Units, base: Calibration, pull: float = HEAD_PULL) -> Head:
    """Logistic calibration under the signs of ``lab.calibration``, pulled towards ``base``, with its thresholds."""
    weight, x, y = units.weight(), units.features, units.attack.astype(np.float64)
    low, high = np.r_[np.zeros(x.shape[1]), -np.inf], np.full(x.shape[1] + 1, np.inf)
    low[_COUNT], high[_COUNT] = _LEAST_COUNT, 0.0
    home = np.r_[base.weights.astype(np.float64), base.bias]
    stay = np.r_[np.full(x.shape[1], pull), 0.0]

    def loss(theta: Floats) -> tuple[float, Floats]:
        z = x @ theta[:-1] + theta[-1]
        gap = weight * (1 / (1 + np.exp(-np.clip(z, -30, 30))) - y)
        value = (weight * (np.logaddexp(0, z) - y * z)).sum() + (stay * (theta - home) ** 2).sum() / 2
        return float(value), np.r_[x.T @ gap, gap.sum()] + stay * (theta - home)

    bounds = list(zip(low.tolist(), high.tolist(), strict=True))
    fitted = minimize(loss, np.clip(home, low, high), jac=True, method="L-BFGS-B", bounds=bounds).x
    head = Head(np.asarray(fitted[:-1]), float(fitted[-1]), {})
    return Head(head.weights, head.bias, thresholds(head.probability(x), units.attack, weight))


@dataclass(slots=True)
class Crossed:
    """Features out of fold: ``scenes[part]`` maps the folds left out to ``(scenes, features)``, ``owners`` likewise."""

    scenes: list[dict[frozenset[int], Floats]]
    owners: list[dict[frozenset[int], Floats]]


def left_out() -> list[frozenset[int]]:
    """Every fold and every pair of folds.

    A fold is judged by weights that never saw it, with a calibration learned on the other folds, each judged by
    weights that saw neither it nor the judged one.
    """
    singles = [frozenset((a,)) for a in range(FOLDS)]
    return singles + [frozenset((a, b)) for a in range(FOLDS) for b in range(a + 1, FOLDS)]


def features_for(found: dict[frozenset[int], Floats], held_out: int | None, fold: Ints) -> Floats:
    """Features of units, each by weights that saw neither its fold nor ``held_out``. ``fold`` is ``(units,)``."""
    rows = np.zeros_like(next(iter(found.values())))
    for number in range(FOLDS):
        key = frozenset((number,) if held_out is None else (number, held_out))
        rows[fold == number] = found[key][fold == number]
    return rows
