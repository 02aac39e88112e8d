"""The lexical path: a linear model over n-grams, fitted as the convex problem it is.

A text is its distinct n-grams over the square root of how many are known; each is weighed by its inverse document
frequency in learning, which makes rare n-grams cheap under an L2 penalty, and which is folded into the weights after
(TF-IDF under logistic regression, the baseline experts used to lose to). L-BFGS (Liu & Nocedal, 1989) goes to the
optimum; fitted twice, for the n-grams that move answers most of all those there are, not the commonest ones, are what
ships. Many labels take too long for that and are learned in passes (``lab.finetune_many``), twice where some sources
are spoken for: what the first of two models and the labels of the others say together is what those spoken for would
have said of the others' texts (``lab.finetune_translate``), and that is what the second learns.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.sparse import csr_matrix, diags, hstack

from watchfloor.experts.lexicon import Lexicon, SparseLexicon, known
from watchfloor.lab import finetune_many
from watchfloor.lab.finetune_many import Rows, State, learned, sparse
from watchfloor.lab.finetune_texts import GRAMS, Wide, vocabulary_of
from watchfloor.lab.finetune_translate import translated
from watchfloor.lab.temperature import log_loss, temperature

#: Inverse strengths of the penalty that development texts choose from, and steps of L-BFGS.
STRENGTHS: Final = (0.03, 0.1, 0.3, 1.0)
_STEPS: Final = 80
#: How much a source's name says, so that what it leans to costs little under the penalty.
_ALONE: Final = np.float32(3)
#: N-grams that those that ship are chosen from, and the strength they are chosen at.
_CANDIDATES, _CHOSEN_AT = 400_000, 0.3
#: More labels than this are learned in passes (``lab.finetune_many``).
MANY: Final = 64

Floats = npt.NDArray[np.float32]
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Said:
    """A lexical path, and what each source that is spoken for says without any word ``(sources, labels)``.

    ``meant`` ``(texts, labels)`` are shares of labels of the texts learned from, where others' were translated.
    """

    lexicon: Lexicon | SparseLexicon
    biases: Floats
    meant: Floats | None = None

    def of(self, grams: npt.NDArray[np.uint32], source: int = 0) -> Floats:
        """Logits ``(labels,)`` of a text's distinct n-grams, as a source says them."""
        return np.asarray(self.lexicon.of(grams) + self.biases[source], dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Counted:
    """Texts as rows of a sparse matrix ``(texts, n-grams)``, before inverse document frequencies."""

    rows: csr_matrix
    targets: npt.NDArray[np.int64]
    weight: Floats


def lexical(wide: Wide, dev: Wide, sizes: list[int], say: Say, seed: int = 0) -> Said:
    """Learn from ``wide``, choose by ``dev``. ``sizes``: labels of each facet."""
    many = len(sizes) == 1 and sizes[0] > MANY
    vocabulary = vocabulary_of(wide.grams) if many else _telling(wide, sizes, say)
    train, held = (Counted(counted(each.grams, vocabulary), each.targets, each.weight) for each in (wide, dev))
    rarity = _rarity(train.rows)
    if many:
        return _many(wide, train, held, vocabulary, rarity, say, seed, dev.source)
    voiced = _voiced(train.rows.multiply(rarity), wide), _voiced(held.rows.multiply(rarity), dev, like=wide)
    train, held = replace(train, rows=voiced[0]), replace(held, rows=voiced[1])
    columns = np.concatenate([_facet(train, held, place, size, say) for place, size in enumerate(sizes)], 1)
    grams = len(vocabulary)
    weights, biases = columns[:grams], np.zeros((wide.spoken, columns.shape[1]), np.float32)
    if len(columns) > grams:
        weights = weights + columns[grams : 2 * grams]
        biases = _ALONE * columns[2 * grams :][: wide.spoken]
    weights = weights * rarity[:, None]
    scale = np.maximum(np.abs(weights).max(0, initial=0.0), 1e-12) / 127
    vectors = np.round(weights / scale).astype(np.int8)
    spoken = np.flatnonzero(np.any(vectors != 0, 1))
    scale = scale.astype(np.float32)
    lexicon = Lexicon(vocabulary[spoken], vectors[spoken], scale, np.eye(len(scale), dtype=np.float32))
    return Said(lexicon, biases)


def _rarity(rows: csr_matrix) -> Floats:
    """Inverse document frequency of each n-gram ``(n-grams,)``."""
    return np.asarray(np.log((1 + rows.shape[0]) / (1 + rows.getnnz(0))) + 1, dtype=np.float32)


def _telling(wide: Wide, sizes: list[int], say: Say) -> npt.NDArray[np.uint32]:
    """The n-grams that move the answers to ``wide`` most when all are learned from, sorted."""
    vocabulary = vocabulary_of(wide.grams, _CANDIDATES)
    if len(vocabulary) <= GRAMS:
        return vocabulary
    rows = counted(wide.grams, vocabulary)
    x = rows.multiply(_rarity(rows)).tocsr()
    moved = np.zeros(x.shape[1])
    for place, labels in enumerate(sizes):
        blank = np.zeros((x.shape[1], labels), np.float32)
        weights = _fitted(x, wide.targets[:, place], wide.weight, blank, 1 / _CHOSEN_AT)
        moved += ((weights - weights.mean(1, keepdims=True)) ** 2).sum(1)
    moved *= np.asarray(x.multiply(x).multiply(wide.weight[:, None]).sum(0)).ravel()
    say(f"{GRAMS:,} of {len(vocabulary):,} n-grams are kept")
    return np.sort(vocabulary[np.argsort(-moved, kind="stable")[:GRAMS]])


def _many(wide: Wide, train: Counted, held: Counted, vocabulary: npt.NDArray[np.uint32], rarity: Floats, say: Say,
          seed: int, source: npt.NDArray[np.int64]) -> Said:  # fmt: skip
    """The best sparse state for the development texts, which are of these sources."""
    places = np.split(train.rows.indices.astype(np.int64), train.rows.indptr[1:-1])
    rows = Rows(places, wide.targets[:, 0], wide.weight, wide.source, wide.spoken)
    labels = int(wide.targets.max()) + 1
    meant, columns = None, np.arange(labels)
    if wide.source.max() >= wide.spoken:
        say("words: what the others' labels mean to those spoken for")
        *_, last = learned(rows, rarity, labels, seed)
        logits = train.rows @ last.weights + last.biases[0]
        meant = translated(logits, wide.targets[:, 0], wide.source, wide.spoken)
        columns = np.flatnonzero(meant.sum(0) > 0)
        rows = replace(rows, target=meant[:, columns])
    best: tuple[float, Said] | None = None
    for number, state in enumerate(learned(rows, rarity, len(columns), seed, finetune_many.ENTRIES_A_LABEL * labels)):
        state = _spread(state, columns, labels)
        loss, right = _judged((held.rows @ state.weights + state.biases[source]).astype(np.float64), held, 0)
        say(f"words, pass {number}: held-out loss {loss:.4f}, held-out accuracy {right:.4f}")
        if state.ships and (best is None or loss < best[0]):
            best = (loss, Said(sparse(vocabulary, state.weights), state.biases, meant))
    assert best is not None
    return best[1]


def _spread(state: State, columns: npt.NDArray[np.int64], labels: int) -> State:
    """A state of some labels as one of all: those that nobody spoken for says are as rare as the rarest."""
    if len(columns) == labels:
        return state
    weights = np.zeros((len(state.weights), labels), dtype=np.float32)
    biases = np.repeat(state.biases.min(1, keepdims=True), labels, 1)
    weights[:, columns], biases[:, columns] = state.weights, state.biases
    return State(weights, biases, state.ships)


def _judged(logits: npt.NDArray[np.float64], dev: Counted, place: int) -> tuple[float, float]:
    """Loss at the best temperature, and the share that is right."""
    target = dev.targets[:, place]
    weight = dev.weight.astype(np.float64)
    loss = log_loss(logits / temperature([(logits, target)], weight), target, weight)
    return loss, float((logits.argmax(1) == target).mean())


def counted(grams: list[npt.NDArray[np.uint32]], vocabulary: npt.NDArray[np.uint32]) -> csr_matrix:
    """Each text's known n-grams, each as one over the square root of how many there are ``(texts, n-grams)``."""
    places = [known(vocabulary, each) for each in grams]
    counts = np.asarray([len(each) for each in places], dtype=np.int64)
    starts = np.concatenate([[0], np.cumsum(counts)])
    values = np.repeat(1 / np.sqrt(np.maximum(counts, 1)), counts).astype(np.float32)
    flat = np.concatenate(places) if places else np.zeros(0, np.int64)
    return csr_matrix((values, flat, starts), shape=(len(grams), len(vocabulary)), dtype=np.float32)


def _voiced(rows: csr_matrix, wide: Wide, like: Wide | None = None) -> csr_matrix:
    """Rows in which texts of the sources spoken for show their n-grams twice, and all show their source, where there

    are several (Daume III, ACL 2007). ``like``: the texts that sources are counted in.
    """
    sources = int((like or wide).source.max(initial=0)) + 1
    if sources == 1:
        return rows.tocsr()
    count = len(wide.source)
    own = diags((wide.source < wide.spoken).astype(np.float32))
    who = csr_matrix((np.full(count, _ALONE), (np.arange(count), wide.source)), shape=(count, sources))
    return hstack([rows, own @ rows, who]).tocsr().astype(np.float32)


def _facet(train: Counted, dev: Counted, place: int, labels: int, say: Say) -> Floats:
    """Weights ``(columns, labels)`` of one facet, at the penalty that is best for the development texts."""
    x, xd = train.rows, dev.rows
    best: tuple[float, Floats] = (np.inf, np.zeros((x.shape[1], labels), np.float32))
    weights = best[1]
    for strength in STRENGTHS:  # each begins where the stronger penalty ended
        weights = _fitted(x, train.targets[:, place], train.weight, weights, 1 / strength)
        loss, right = _judged((xd @ weights).astype(np.float64), dev, place)
        say(f"words, facet {place}, strength {strength:g}: held-out loss {loss:.4f}, held-out accuracy {right:.4f}")
        if loss < best[0]:
            best = (loss, weights)
    return best[1]


def _fitted(x: csr_matrix, target: npt.NDArray[np.int64], weight: Floats, start: Floats, penalty: float) -> Floats:
    """Multinomial logistic regression: the least weighted cross entropy plus ``penalty / 2`` times squared weights."""
    columns, shape, rows = x.T.tocsr(), start.shape, np.arange(x.shape[0])

    def loss(flat: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        weights = flat.reshape(shape).astype(np.float32)
        gap = x @ weights
        gap -= gap.max(1, keepdims=True)
        np.exp(gap, out=gap)
        gap /= gap.sum(1, keepdims=True)
        missed = -(weight * np.log(np.maximum(gap[rows, target], 1e-12))).sum()
        gap[rows, target] -= 1
        slope = columns @ (gap * weight[:, None])
        return float(missed + penalty / 2 * (flat**2).sum()), slope.ravel().astype(np.float64) + penalty * flat

    found = minimize(loss, start.ravel().astype(np.float64), jac=True, method="L-BFGS-B", options={"maxiter": _STEPS})
    return np.asarray(found.x.reshape(shape), dtype=np.float32)
