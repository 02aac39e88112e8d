"""Labelled texts as an expert learns from them: what the trunk left of each, its n-grams, and what it is to answer."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from watchfloor.experts.pieces import grams

#: N-grams kept at most, and the texts one must be in.
GRAMS, LEAST_TEXTS = 24_576, 2

Floats = npt.NDArray[np.float32]


@dataclass(slots=True)
class Texts:
    """Texts as the trunk left them: ``x[i]`` windows of text i in half precision, ``(T, width)`` each.

    ``grams`` are each text's n-grams (of its loudest window), ``shapes`` ``(texts, SHAPE)``, ``targets``
    ``(texts, facets)`` label numbers in their facet, ``weight`` ``(texts,)`` what each counts.
    """

    x: list[list[npt.NDArray[np.float16]]]
    grams: list[list[npt.NDArray[np.uint32]]]
    shapes: Floats
    targets: npt.NDArray[np.int64]
    weight: Floats
    speaks: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))

    def __post_init__(self) -> None:
        self.speaks = np.zeros(len(self.x), dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Wide:
    """Every text to learn from by its n-grams alone: ``grams`` a text, ``targets`` and ``weight`` as of ``Texts``."""

    grams: list[npt.NDArray[np.uint32]]
    targets: npt.NDArray[np.int64]
    weight: Floats


def vocabulary_of(grams: list[npt.NDArray[np.uint32]]) -> npt.NDArray[np.uint32]:
    """The n-grams of most texts, sorted."""
    if not grams:
        return np.zeros(0, dtype=np.uint32)
    found, counts = np.unique(np.concatenate(grams), return_counts=True)
    order = np.argsort(-counts, kind="stable")[:GRAMS]
    return np.sort(found[order[counts[order] >= LEAST_TEXTS]])


def row_of(grams: npt.NDArray[np.uint32], vocabulary: npt.NDArray[np.uint32]) -> Tensor:
    """Places of a text's known n-grams in the vocabulary."""
    place = np.minimum(np.searchsorted(vocabulary, grams), max(len(vocabulary) - 1, 0))
    known = place[vocabulary[place] == grams] if len(vocabulary) else place[:0]
    return torch.from_numpy(known.astype(np.int64))


def rows_of(texts: Texts, vocabulary: npt.NDArray[np.uint32]) -> list[list[Tensor]]:
    """Places of each window's known n-grams in the vocabulary."""
    return [[row_of(each, vocabulary) for each in windows] for windows in texts.grams]


def windows_grams(words: npt.NDArray[np.int32]) -> npt.NDArray[np.uint32]:
    """The n-grams of a window, its marks left out."""
    return grams(words[1:-1])
