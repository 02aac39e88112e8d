"""Labelled texts as an expert learns from them: what the trunk left of each or its n-grams, and the answer."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

#: N-grams kept at most, and the texts one must be in.
GRAMS, LEAST_TEXTS = 40_960, 2

Floats = npt.NDArray[np.float32]


@dataclass(slots=True)
class Texts:
    """Texts as the trunk left them: ``x[i]`` windows of text i in half precision, ``(T, width)`` each; or, where the

    trunk is changed too, their words' numbers ``(T,)``.

    ``shapes`` are ``(texts, SHAPE)``, ``targets`` ``(texts, facets)`` label numbers in their facet, ``weight``
    ``(texts,)`` what each counts, ``source`` ``(texts,)`` whose labels they are (below ``spoken``: a source's that is
    spoken for), ``speaks`` the window that speaks for each.
    """

    x: list[list[npt.NDArray[Any]]]
    shapes: Floats
    targets: npt.NDArray[np.int64]
    weight: Floats
    source: npt.NDArray[np.int64]
    spoken: int = 1
    speaks: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))

    def __post_init__(self) -> None:
        self.speaks = np.zeros(len(self.x), dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Wide:
    """Texts by their n-grams alone: ``grams`` of each, the rest as of ``Texts``."""

    grams: list[npt.NDArray[np.uint32]]
    targets: npt.NDArray[np.int64]
    weight: Floats
    source: npt.NDArray[np.int64]
    spoken: int = 1


def vocabulary_of(grams: list[npt.NDArray[np.uint32]], most: int = GRAMS) -> npt.NDArray[np.uint32]:
    """The n-grams of most texts, at most so many, sorted."""
    if not grams:
        return np.zeros(0, dtype=np.uint32)
    found, counts = np.unique(np.concatenate(grams), return_counts=True)
    order = np.argsort(-counts, kind="stable")[:most]
    return np.sort(found[order[counts[order] >= LEAST_TEXTS]])
