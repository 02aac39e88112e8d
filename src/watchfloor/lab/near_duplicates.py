"""Texts that say nearly the same: found exactly, all of them, without comparing every text with every other.

Alike means a cosine of at least 0.9 between TF-IDF vectors of four-character shingles. A pair can only be that near if
both hold one of the other's rarest shingles: the rest of each vector is too short to reach 0.9 alone (prefix filtering,
Chaudhuri et al., ICDE 2006; Bayardo et al., WWW 2007). Only pairs that share a rare shingle are compared.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse.csgraph import connected_components
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer

#: From this cosine on two texts are near-duplicates.
NEAR: Final = 0.9
#: Characters of a text that are compared.
_READ: Final = 20_000
_ROWS_AT_ONCE, _PAIRS_AT_ONCE = 512, 65_536

Ints = npt.NDArray[np.int64]


def normalised(text: str) -> str:
    """The text as it is compared: compatibility forms, case and white space do not make two texts differ."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


@dataclass(frozen=True, slots=True)
class Alike:
    """Which of some texts are alike.

    ``place`` ``(texts,)`` is each text's place among the distinct ones; ``left`` and ``right`` are the pairs of those
    that are near-duplicates.
    """

    place: Ints
    left: Ints
    right: Ints

    def clusters(self) -> Ints:
        """A cluster number a text ``(texts,)``: near-duplicates, and near-duplicates of those, share one."""
        count = int(self.place.max()) + 1 if len(self.place) else 0
        ones = np.ones(len(self.left), dtype=np.int8)
        links = sparse.coo_matrix((ones, (self.left, self.right)), shape=(count, count))
        _, member = connected_components(links, directed=False)
        return np.asarray(member, dtype=np.int64)[self.place]

    def near(self, mine: Ints, known: Ints) -> Ints:
        """For each of my texts, by number, a known one that it is a near-duplicate of ``(mine,)``, or -1."""
        first = np.full(int(self.place.max()) + 1 if len(self.place) else 0, -1, dtype=np.int64)
        first[self.place[known[::-1]]] = known[::-1]
        neighbour = np.full(len(first), -1, dtype=np.int64)
        for here, there in ((self.left, self.right), (self.right, self.left)):
            found = first[there] >= 0
            neighbour[here[found]] = first[there[found]]
        ours = self.place[mine]
        return np.where(first[ours] >= 0, first[ours], neighbour[ours])


def alike(texts: Sequence[str]) -> Alike:
    """Find all near-duplicates among texts."""
    distinct: dict[str, int] = {}
    place = np.asarray([distinct.setdefault(normalised(text)[:_READ], len(distinct)) for text in texts], dtype=np.int64)
    vectors = _vectors(list(distinct))
    left, right = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    if vectors is not None:
        rare = _rarest(vectors)
        across = rare.T.tocsc()
        for start in range(0, vectors.shape[0], _ROWS_AT_ONCE):
            shared = (rare[start : start + _ROWS_AT_ONCE] @ across).tocoo()
            mine, other = shared.row.astype(np.int64) + start, shared.col.astype(np.int64)
            mine, other = mine[mine < other], other[mine < other]
            for some in range(0, len(mine), _PAIRS_AT_ONCE):
                a, b = mine[some : some + _PAIRS_AT_ONCE], other[some : some + _PAIRS_AT_ONCE]
                cosine = np.asarray(vectors[a].multiply(vectors[b]).sum(1)).ravel()
                left.append(a[cosine >= NEAR - 1e-6])
                right.append(b[cosine >= NEAR - 1e-6])
    return Alike(place, np.concatenate(left), np.concatenate(right))


def _vectors(texts: list[str]) -> Any:
    """TF-IDF vectors of length one, columns from the rarest shingle to the commonest; none where there is none."""
    counter = CountVectorizer(analyzer="char_wb", ngram_range=(4, 4), lowercase=False, dtype=np.float32)
    try:
        counts = counter.fit_transform(texts)
    except ValueError:  # no text holds a shingle
        return None
    order = np.argsort(np.bincount(counts.indices, minlength=counts.shape[1]), kind="stable")
    return TfidfTransformer(sublinear_tf=True).fit_transform(counts).tocsc()[:, order].tocsr()


def _rarest(vectors: Any) -> Any:
    """Of each row the first columns, as many as leave a rest shorter than ``NEAR``; ones for weights."""
    vectors.sort_indices()
    kept = []
    for start, end in zip(vectors.indptr[:-1], vectors.indptr[1:], strict=True):
        squared = vectors.data[start:end].astype(np.float64) ** 2
        rest = squared.sum() - np.cumsum(squared)
        kept.append(start + min(int(np.searchsorted(-rest, -(NEAR**2) + 1e-6)) + 1, end - start))
    lengths = np.asarray(kept, dtype=np.int64) - vectors.indptr[:-1]
    flags = np.zeros(len(vectors.data), dtype=np.bool_)
    for start, end in zip(vectors.indptr[:-1], kept, strict=True):
        flags[start:end] = True
    ones = np.ones(int(flags.sum()), dtype=np.int32)
    return sparse.csr_matrix((ones, vectors.indices[flags], np.r_[0, np.cumsum(lengths)]), shape=vectors.shape)
