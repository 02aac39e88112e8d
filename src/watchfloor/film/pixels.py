"""Strings to pixels: each distinct string is read once, its words hashed, and remembered.

A pixel is a hashed feature in [1, 2**18); 0 is an empty channel (feature hashing, Weinberger et al. 2009).
"""

import zlib
from collections.abc import Callable
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

PIXEL_BITS: Final = 18
PIXELS: Final = 1 << PIXEL_BITS

Pixels = npt.NDArray[np.uint32]

_REMEMBERED: Final = 200_000


def hash_word(word: str) -> int:
    """32-bit hash of a word, the same on every machine; 0 only for the empty word."""
    return (zlib.crc32(word.encode("utf-8", "surrogatepass")) | 1) if word else 0


def mix(first: Pixels, second: Pixels | int) -> Pixels:
    """Hash of a pair; 0 where either is 0, so that half a pair is no feature. Multiply-xorshift on 64 bits."""
    b = np.atleast_1d(np.asarray(second, np.uint64))
    x = (first.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)) ^ (b * np.uint64(0xC2B2AE3D27D4EB4F))
    x ^= x >> np.uint64(29)
    x *= np.uint64(0xBF58476D1CE4E5B9)
    x ^= x >> np.uint64(32)
    mixed = x.astype(np.uint32)
    mixed |= np.uint32(1)
    mixed[np.broadcast_to((first == 0) | (b == 0), mixed.shape)] = 0
    return mixed


def to_pixel(hashed: Pixels) -> Pixels:
    """Fold 32-bit hashes to pixels; 0 stays 0, nothing else becomes 0."""
    folded = (hashed ^ (hashed >> np.uint32(PIXEL_BITS))) & np.uint32(PIXELS - 1)
    folded[(folded == 0) & (hashed != 0)] = 1
    return folded


class Reader:
    """Turns the distinct strings of a column into rows of ``width`` hashed words, remembering them.

    Words of one ``namespace`` share their hashes wherever they stand; other namespaces never meet them.
    """

    def __init__(self, words: Callable[[str], list[str]], width: int, namespace: str = "") -> None:
        self._words = words
        self._width = width
        self._namespace = hash_word(namespace)
        self._rows: dict[str, int] = {}
        self._clear()

    def _clear(self) -> None:
        self._rows.clear()
        self._store: Pixels = np.zeros((1024, self._width), np.uint32)
        self._used = 1  # row 0 is the empty string's

    def read(self, column: pa.Array) -> Pixels:
        """Hashed words of each value: ``(len(column), width)`` uint32, 0 where there is none."""
        coded = column.dictionary_encode()
        distinct = coded.dictionary.to_pylist()
        if self._used + len(distinct) > _REMEMBERED:
            self._clear()
        places = np.zeros(len(distinct) + 1, np.int64)
        new = self._used
        for i, text in enumerate(distinct):
            place = self._rows.get(text)
            places[i] = self._learn(text) if place is None else place
        if self._namespace and self._used > new:
            self._store[new : self._used] = mix(self._store[new : self._used], self._namespace)
        codes = coded.indices.fill_null(len(distinct)).to_numpy(zero_copy_only=False)
        return np.asarray(self._store[places[codes]])

    def _learn(self, text: str) -> int:
        place = self._used
        if place == len(self._store):
            self._store = np.concatenate([self._store, np.zeros_like(self._store)])
        row = self._store[place]
        for i, word in enumerate(self._words(text)[: self._width]):
            row[i] = hash_word(word)
        self._rows[text] = place
        self._used += 1
        return place
