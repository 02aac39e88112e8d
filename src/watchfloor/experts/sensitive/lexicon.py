"""Word lists as bits: whether a word is known as a name, a place or an ordinary word, without the words themselves.

A Bloom filter of two hash functions a list, ten bits a word: wrong about one strange word in thirty, and nobody can
read a list out of it.
"""

import zlib
from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

#: Lists in the order of their bits.
LISTS: Final = (
    "first",
    "last",
    "city",
    "country",
    "people",
    "job",
    "street",
    "company",
    "ordinary",
    "surname",
    "place",
)
Bits = npt.NDArray[np.uint8]


def _places(word: str, size: int) -> tuple[int, int]:
    data = word.encode("utf-8", "replace")
    return zlib.crc32(data) % size, zlib.adler32(data * 3 + b"#") * 2654435761 % 4294967296 % size


class Lexicon:
    """Which lists a word is on, as a number of bits."""

    def __init__(self, lists: Mapping[str, Bits]) -> None:
        self._lists = [(1 << place, lists[name].tobytes(), len(lists[name]) * 8) for place, name in enumerate(LISTS)]

    def of(self, word: str) -> int:
        """Bits of the lists that a lower-case word is on; one word in thirty that is on none seems to be."""
        found = 0
        for bit, data, size in self._lists:
            if all(data[place >> 3] >> (place & 7) & 1 for place in _places(word, size)):
                found |= bit
        return found


def bits_of(words: Iterable[str]) -> Bits:
    """A list's bits: ten a word.

    Shape of the result: (size / 8,).
    """
    listed = sorted(set(words))
    size = max(64, len(listed) * 10 // 8 * 8)
    bits = np.zeros(size, np.uint8)
    for word in listed:
        for place in _places(word, size):
            bits[place] = 1
    return np.packbits(bits, bitorder="little")
