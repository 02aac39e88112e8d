"""Texts that say nearly the same: found exactly, all of them, without comparing every text with every other.

Alike means a cosine of at least 0.9 between TF-IDF vectors of four-character shingles. A pair can only be that near if
both hold one of the other's rarest shingles: the rest of each vector is too short to reach 0.9 alone (prefix filtering,
Chaudhuri et al., ICDE 2006; Bayardo et al., WWW 2007). Only pairs that share a rare shingle are compared.
"""

import unicodedata
from collections.abc import Sequence
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
_ROWS_AT_ONCE: Final = 512

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


def normalised(text: str) -> str:
    """The text as it is compared: compatibility forms, case and white space do not make two texts differ."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def clusters(texts: Sequence[str]) -> Ints:
    """A cluster number a text ``(texts,)``: near-duplicates, and near-duplicates of those, share one."""
    place, left, right = _pairs(texts)
    count = int(place.max()) + 1 if len(place) else 0
    links = sparse.coo_matrix((np.ones(len(left), dtype=np.int8), (left, right)), shape=(count, count))
    _, member = connected_components(links, directed=False)
    return np.asarray(member, dtype=np.int64)[place]


def near(texts: Sequence[str], known: Sequence[str]) -> Ints:
    """For each text the place in ``known`` of one that it is a near-duplicate of ``(texts,)``, or -1."""
    place, left, right = _pairs([*texts, *known])
    first = np.full(int(place.max()) + 1 if len(place) else 0, -1, dtype=np.int64)
    ours, theirs = place[: len(texts)], place[len(texts) :]
    first[theirs[::-1]] = np.arange(len(known))[::-1]
    found = first[ours]
    neighbour = np.full(len(first), -1, dtype=np.int64)
    for mine, other in ((left, right), (right, left)):
        there = first[other] >= 0
        neighbour[mine[there]] = first[other[there]]
    return np.where(found >= 0, found, neighbour[ours])


def _pairs(texts: Sequence[str]) -> tuple[Ints, Ints, Ints]:
    """Each text's place among the distinct ones, and the pairs of distinct ones that are near."""
    distinct: dict[str, int] = {}
    place = np.asarray([distinct.setdefault(normalised(text)[:_READ], len(distinct)) for text in texts], dtype=np.int64)
    vectors = _vectors(list(distinct))
    if vectors is None:
        return place, np.zeros(0, np.int64), np.zeros(0, np.int64)
    rare = _rarest(vectors)
    across = rare.T.tocsc()
    found_left, found_right = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for start in range(0, vectors.shape[0], _ROWS_AT_ONCE):
        shared = (rare[start : start + _ROWS_AT_ONCE] @ across).tocoo()
        left, right = shared.row.astype(np.int64) + start, shared.col.astype(np.int64)
        left, right = left[left < right], right[left < right]
        for some in range(0, len(left), 65_536):
            a, b = left[some : some + 65_536], right[some : some + 65_536]
            cosine = np.asarray(vectors[a].multiply(vectors[b]).sum(1)).ravel()
            found_left.append(a[cosine >= NEAR - 1e-6])
            found_right.append(b[cosine >= NEAR - 1e-6])
    return place, np.concatenate(found_left), np.concatenate(found_right)


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
