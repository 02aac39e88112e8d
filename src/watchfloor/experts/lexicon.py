"""What a text's n-grams say alone: hashed n-grams with a weight for every label, or for the few labels they speak for.

A linear model over n-grams, as strong as any on texts this short (fastText, arXiv 1607.01759; Wang & Manning, ACL
2012). Inverse document frequency is in the weights already. Knows nothing of files.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from watchfloor.experts.pieces import grams

Floats = npt.NDArray[np.float32]
Hashes = npt.NDArray[np.uint32]
Places = npt.NDArray[np.int64]


def known(vocabulary: Hashes, found: Hashes) -> Places:
    """Places of a text's distinct n-grams in a sorted vocabulary, those that are in it."""
    place = np.searchsorted(vocabulary, found)
    place[place == len(vocabulary)] = 0
    return place[vocabulary[place] == found] if len(vocabulary) else place[:0]


@dataclass(frozen=True, slots=True)
class Lexicon:
    """A vector an n-gram. ``grams`` ``(G,)`` sorted hashes, ``vectors`` ``(G, axes)`` bytes, ``scale`` ``(axes,)``.

    ``out`` ``(axes, labels)`` maps the summed vectors to logits.
    """

    grams: Hashes
    vectors: npt.NDArray[np.int8]
    scale: Floats
    out: Floats

    def logits(self, pieces: npt.NDArray[np.int32]) -> Floats:
        """Logits ``(labels,)`` of one text."""
        return self.of(grams(pieces))

    def of(self, found: Hashes) -> Floats:
        """Logits ``(labels,)`` of a text's distinct n-grams."""
        rows = known(self.grams, found)
        if not len(rows):
            return np.zeros(self.out.shape[1], dtype=np.float32)
        summed = self.vectors[rows].sum(0, dtype=np.int32) * self.scale / np.float32(len(rows) ** 0.5)
        return np.asarray(summed @ self.out, dtype=np.float32)

    def each(self, places: Places) -> Floats:
        """What single n-grams add ``(places, labels)``, before the text's length is divided out."""
        return np.asarray((self.vectors[places].astype(np.float32) * self.scale) @ self.out, dtype=np.float32)

    @property
    def bytes(self) -> int:
        """Bytes of memory it holds."""
        return self.grams.nbytes + self.vectors.nbytes + self.scale.nbytes + self.out.nbytes


@dataclass(frozen=True, slots=True)
class SparseLexicon:
    """Weights of the labels an n-gram speaks for. ``grams`` ``(G,)`` sorted; n-gram g has the entries from

    ``starts[g]`` to ``starts[g + 1]`` of ``which`` (labels) and ``weights`` (bytes, times ``scale`` ``(labels,)``).
    """

    grams: Hashes
    starts: npt.NDArray[np.int32]
    which: npt.NDArray[np.uint16]
    weights: npt.NDArray[np.int8]
    scale: Floats

    def logits(self, pieces: npt.NDArray[np.int32]) -> Floats:
        """Logits ``(labels,)`` of one text."""
        return self.of(grams(pieces))

    def of(self, found: Hashes) -> Floats:
        """Logits ``(labels,)`` of a text's distinct n-grams."""
        rows = known(self.grams, found)
        entries, _ = self._entries(rows)
        summed = np.bincount(self.which[entries], self.weights[entries], len(self.scale))
        return np.asarray(summed * self.scale / max(len(rows), 1) ** 0.5, dtype=np.float32)

    def each(self, places: Places) -> Floats:
        """What single n-grams add ``(places, labels)``, before the text's length is divided out."""
        found = np.zeros((len(places), len(self.scale)), dtype=np.float32)
        entries, owner = self._entries(places)
        found[owner, self.which[entries]] = self.weights[entries] * self.scale[self.which[entries]]
        return found

    @property
    def bytes(self) -> int:
        """Bytes of memory it holds."""
        arrays = (self.grams, self.starts, self.which, self.weights, self.scale)
        return sum(each.nbytes for each in arrays)

    def _entries(self, rows: Places) -> tuple[Places, Places]:
        """Entries of some n-grams, and which of ``rows`` each belongs to."""
        first, count = self.starts[rows], self.starts[rows + 1] - self.starts[rows]
        owner = np.repeat(np.arange(len(rows)), count)
        before = np.cumsum(count) - count
        return np.arange(len(owner)) + np.repeat(first - before, count), owner
