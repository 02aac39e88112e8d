"""Learns a linear-chain CRF (Lafferty et al., ICML 2001) over hashed features, with numpy and sparse matrices.

Weights are learned with Adam on the exact likelihood; forward and backward run over many stretches at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

from watchfloor.experts.sensitive.chain import allowed, first, laid

Floats = npt.NDArray[np.float32]
#: Numbers that Adam moves at once.
_PIECE: Final = 16_384


@dataclass(frozen=True, slots=True)
class Stretch:
    """Feature numbers of one stretch, shape (tokens, features), and its true labels, shape (tokens,)."""

    columns: npt.NDArray[np.int32]
    truth: npt.NDArray[np.intp]


@dataclass(slots=True)
class Learned:
    """Weights (buckets, labels), between labels (labels, labels), and at the beginning (labels,)."""

    weights: Floats
    between: Floats
    begin: Floats


class _Adam:
    """Adam for one array (Kingma and Ba, ICLR 2015)."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self._mean, self._square, self._step = np.zeros(shape, np.float32), np.zeros(shape, np.float32), 0

    def move(self, array: Floats, gradient: Floats, rate: float) -> None:
        """One step, in place, a piece at a time that stays in the processor's cache."""
        self._step += 1
        size = np.float32(rate * np.sqrt(1 - 0.998**self._step) / (1 - 0.9**self._step))
        flat = [each.reshape(-1) for each in (array, gradient, self._mean, self._square)]
        for at in range(0, array.size, _PIECE):
            value, slope, mean, square = (each[at : at + _PIECE] for each in flat)
            mean += np.float32(0.1) * (slope - mean)
            square += np.float32(0.002) * (slope * slope - square)
            value -= size * mean / (np.sqrt(square) + np.float32(1e-8))


def learn(
    stretches: Sequence[Stretch],
    labels: Sequence[str],
    buckets: int,
    *,
    epochs: int,
    seed: int,
    rate: float = 0.02,
    shrink: float = 3e-6,
    batch: int = 64,
    drop: float = 0.0,
) -> Learned:
    """Learn from stretches. ``shrink`` is the L2 of weights per step; the rate falls to nothing over the epochs.

    ``drop`` is the share of features that each step does not see (dropout), so that no sentence is known by heart.
    """
    draw = np.random.default_rng(seed)
    count = len(labels)
    found = Learned(
        np.zeros((buckets, count), np.float32), np.zeros((count, count), np.float32), np.zeros(count, np.float32)
    )
    rules, start = allowed(labels), first(labels)
    adams = [_Adam(each.shape) for each in (found.weights, found.between, found.begin)]
    sizes = np.array([len(each.truth) for each in stretches])
    steps, done = epochs * -(-len(stretches) // batch), 0
    for _ in range(epochs):
        order = np.argsort(
            sizes + draw.random(len(sizes)) * 12, kind="stable"
        )  # like lengths together, not always the same
        groups = [order[at : at + batch] for at in range(0, len(order), batch)]
        for place in draw.permutation(len(groups)):
            part = [stretches[at] for at in groups[place]]
            kept = draw.random((sum(len(each.truth) for each in part), part[0].columns.shape[1]), np.float32) >= drop
            gradients = _gradients(part, found, rules, start, kept, np.float32(1 / (1 - drop)))
            now = rate * (1 - done / steps)
            gradients[0] += shrink * found.weights
            for adam, array, gradient in zip(
                adams, (found.weights, found.between, found.begin), gradients, strict=True
            ):
                adam.move(array, gradient, now)
            done += 1
    return found


def _gradients(
    part: Sequence[Stretch],
    model: Learned,
    rules: Floats,
    start: Floats,
    kept: npt.NDArray[np.bool_],
    weight: np.float32,
) -> list[Floats]:
    """Gradients of a batch; ``kept``, shape (tokens, features), says which features are seen, each ``weight`` times."""
    sizes = [len(each.truth) for each in part]
    columns = np.concatenate([each.columns for each in part])
    truth = np.concatenate([each.truth for each in part])
    rows = np.concatenate(([0], np.cumsum(kept.sum(1))))
    seen = csr_matrix((np.full(rows[-1], weight), columns[kept], rows), (len(columns), len(model.weights)))
    scores = np.asarray(seen @ model.weights, np.float32)
    believed, between, begin = _expected(scores, sizes, model.between + rules, model.begin + start)
    firsts = np.cumsum([0, *sizes[:-1]])
    believed[np.arange(len(truth)), truth] -= 1
    follows = np.ones(len(truth), bool)
    follows[firsts] = False
    after = np.flatnonzero(follows)
    np.subtract.at(between, (truth[after - 1], truth[after]), 1)
    np.subtract.at(begin, truth[firsts], 1)
    scale = np.float32(1 / len(part))
    return [np.asarray(seen.T @ believed, np.float32) * scale, between * scale, begin * scale]


def _expected(scores: Floats, sizes: Sequence[int], between: Floats, begin: Floats) -> tuple[Floats, Floats, Floats]:
    """What the model believes: labels of tokens, pairs of labels, first labels."""
    emitted = laid(scores, sizes)
    longest, _, labels = emitted.shape
    ends = np.asarray(sizes)
    step = np.exp(between)
    ahead, behind = np.zeros_like(emitted), np.zeros_like(emitted)
    top = emitted.max(2, keepdims=True)
    raised = np.exp(emitted - top)
    ahead[0] = raised[0] * np.exp(begin)
    ahead[0] /= ahead[0].sum(1, keepdims=True)
    for at in range(1, longest):
        now = (ahead[at - 1] @ step) * raised[at]
        ahead[at] = now / np.maximum(now.sum(1, keepdims=True), 1e-30)
    behind[longest - 1] = 1.0
    pairs = np.zeros((labels, labels), np.float32)
    for at in range(longest - 1, 0, -1):
        inside = (at < ends)[:, None]
        onward = raised[at] * behind[at]
        back = onward @ step.T
        behind[at - 1] = np.where(inside, back / np.maximum(back.sum(1, keepdims=True), 1e-30), 1.0)
        # Joint beliefs of a pair are an outer product over the transitions; the sums over stretches are one product.
        total = np.maximum(((ahead[at - 1] @ step) * onward).sum(1, keepdims=True), 1e-30)
        pairs += step * ((ahead[at - 1] * inside / total).T @ onward)
    believed = ahead * behind
    believed /= np.maximum(believed.sum(2, keepdims=True), 1e-30)
    flat = np.concatenate([believed[:size, place] for place, size in enumerate(sizes)])
    return flat, pairs, believed[0].sum(0)
