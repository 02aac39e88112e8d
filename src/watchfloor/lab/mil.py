"""Multiple-instance training of the frame weights by expectation-maximisation.

A recording's label says that some frame is malicious, not which (Dietterich et al. 1997; EM-DD, Zhang and
Goldman 2001). E-step: each frame of a labelled recording gets the probability of being part of the attack,
from its logit and the recording's prior. M-step: L2 logistic regression on those soft labels. Frames whose
pattern half of a lab's recordings show are that lab's background. Simplification: no time in the model.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.optimize import minimize

from watchfloor.lab.bags import Bags

Floats = npt.NDArray[np.float64]

#: A pattern in more than this share of a lab's mixed recordings (at least MIN_RECORDINGS) is background.
COMMON: Final = 0.3
MIN_RECORDINGS: Final = 5
#: Benign frames of an action are weighted up or down by at most this much.
MOST_SCALED: Final = 10.0


@dataclass(frozen=True, slots=True)
class Settings:
    """Training knobs; ``l2`` is per unit of total weight."""

    rounds: int = 4
    l2: float = 3e-4
    iterations: int = 60
    benign_share: float = 0.5
    balance_actions: bool = True


def fit(
    bags: Bags, rows: npt.NDArray[np.bool_], kept: npt.NDArray[np.bool_], settings: Settings
) -> tuple[Floats, float]:
    """Frame weights ``(PIXELS,)`` and bias from the frames ``rows``, using only the pixels ``kept``."""
    x = bags.x[rows][:, kept].tocsr()
    bag = np.unique(bags.bag()[rows], return_inverse=True)[1]
    prior = np.where(background(bags), 0.0, bags.prior())[rows]
    weight = frame_weights(bags, rows, prior, settings)
    q = prior.copy()
    w, b = np.zeros(x.shape[1]), 0.0
    for _ in range(settings.rounds):
        w, b = _logistic(x, q, weight, w, b, settings)
        q = expect(x @ w + b, prior, bag)
    full = np.zeros(bags.x.shape[1])
    full[kept] = w
    return full, b


def background(bags: Bags) -> npt.NDArray[np.bool_]:
    """Frames that speak for no attack although their recording holds one, ``(frames,)``.

    In mixed recordings: what a large share of the lab's recordings show. In an intrusion told apart by lineage:
    what ordinary recordings show too, such as the scheduler's log-in for the intruder's job.
    """
    label = bags.label()[bags.recording]
    ordinary = np.unique(bags.pattern[np.isin(label, ("benign", "background")) & (bags.truth != 1)])
    shared = (bags.truth == 1) & np.isin(bags.pattern, ordinary)
    mixed = np.asarray([f["label"] == "mixed" for f in bags.facts])[bags.recording]
    lab = bags.lab[bags.recording]
    common = np.zeros(len(lab), np.bool_)
    for number in np.unique(lab[mixed]):
        mine = np.flatnonzero(mixed & (lab == number))
        total = len(np.unique(bags.recording[mine]))
        pairs = np.unique(np.stack([bags.pattern[mine], bags.recording[mine].astype(np.uint64)], axis=1), axis=0)
        names, counts = np.unique(pairs[:, 0], return_counts=True)
        frequent = names[(counts >= MIN_RECORDINGS) & (counts >= COMMON * total)]
        common[mine] = np.isin(bags.pattern[mine], frequent)
    return np.asarray(common | shared)


def frame_weights(bags: Bags, rows: npt.NDArray[np.bool_], prior: Floats, settings: Settings) -> Floats:
    """Weight of each frame: an attack recording, and a benign scene, count as the root of their distinct frames.

    Possibly-malicious and benign frames share the total by ``settings.benign_share``, and benign frames of
    each action are scaled so that no action alone speaks for an attack: crops hold launches, background logs.
    """
    bag, action = bags.bag()[rows], bags.action[rows].astype(np.int64)
    positive = prior > 0
    _, scene = np.unique(bags.scene[rows], return_inverse=True)
    weight = 1.0 / np.sqrt(np.where(positive, np.bincount(bag)[bag], np.bincount(scene)[scene]))
    weight[positive] *= (1 - settings.benign_share) / max(weight[positive].sum(), 1e-9)
    weight[~positive] *= settings.benign_share / max(weight[~positive].sum(), 1e-9)
    if settings.balance_actions:
        bad = np.bincount(action, weight * prior)
        good = np.bincount(action, weight * (1 - prior))
        known = np.bincount(action, np.where(positive, 0, weight))
        wanted = bad * good.sum() / max(bad.sum(), 1e-9)
        scale = np.clip((wanted - good + known) / np.maximum(known, 1e-9), 1 / MOST_SCALED, MOST_SCALED)
        weight = np.where(positive, weight, weight * scale[action])
    return np.asarray(weight * len(bag) / weight.sum())


def expect(z: Floats, prior: Floats, bag: npt.NDArray[np.int64]) -> Floats:
    """Posterior of each frame, with at least one frame of every attack bag believed."""
    p = np.clip(prior, 1e-6, 1 - 1e-6)
    q = 1 / (1 + np.exp(-np.clip(z + np.log(p / (1 - p)), -30, 30)))
    top = np.zeros(int(bag.max()) + 1 if len(bag) else 0)
    np.maximum.at(top, bag, np.where(prior > 0, q, 0))
    scale = np.where(top > 0, np.maximum(1.0, 0.9 / np.maximum(top, 1e-3)), 1.0)[bag]
    return np.asarray(np.where(prior > 0, np.minimum(q * np.minimum(scale, 30), 0.98), 0.0))


def _logistic(
    x: sparse.csr_matrix, q: Floats, weight: Floats, w: Floats, b: float, settings: Settings
) -> tuple[Floats, float]:
    transposed = x.T.tocsr()
    total = weight.sum()

    def loss(theta: Floats) -> tuple[float, Floats]:
        z = x @ theta[:-1] + theta[-1]
        soft = np.logaddexp(0, z)
        p = 1 / (1 + np.exp(-np.clip(z, -30, 30)))
        g = weight * (p - q)
        value = float((weight * (soft - q * z)).sum() / total + settings.l2 * (theta[:-1] ** 2).sum() / 2)
        return value, np.r_[transposed @ g / total + settings.l2 * theta[:-1], g.sum() / total]

    start = np.r_[w, b].astype(np.float64)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": settings.iterations, "maxcor": 8})
    return np.asarray(found.x[:-1]), float(found.x[-1])
