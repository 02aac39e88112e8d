"""Texts to word pieces, pieces to windows, and pieces to n-grams: all an expert ever sees of a text.

Whatever a text holds is data: it is split and hashed, never run, rendered or followed.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.int32]

#: Characters of a text that are read at most; what is beyond is reported, not dropped in silence.
MOST_CHARACTERS: Final = 400_000
_FIRST, _LAST, _UNKNOWN = "[CLS]", "[SEP]", "[UNK]"
#: Odd multipliers of a polynomial hash over piece numbers (the golden ratio and two of xxHash's primes).
_MIX: Final = (np.uint32(0x9E3779B1), np.uint32(0x85EBCA77), np.uint32(0xC2B2AE3D))
#: Longest n-gram of pieces.
LONGEST: Final = 3
_SHORT: Final = frozenset(
    ("a", "i", "am", "an", "as", "at", "be", "by", "do", "go", "he", "if", "in", "is", "it", "me", "my", "no", "of",
     "on", "or", "so", "to", "up", "us", "we")
)  # fmt: skip
#: What ``shape`` measures.
SHAPE: Final = 8


@dataclass(frozen=True, slots=True)
class Window:
    """Consecutive pieces of a text between a first and a last mark, and a key that equal windows share."""

    words: Numbers
    key: bytes


class Pieces:
    """The backbone's tokenizer, ``words`` as its library writes it."""

    def __init__(self, words: bytes, *, places: int) -> None:
        from tokenizers import Tokenizer

        self._tokenizer = Tokenizer.from_buffer(words)
        self.places = places
        known = self._tokenizer.get_vocab(with_added_tokens=True)
        self._first, self._last, self._unknown = (int(known[mark]) for mark in (_FIRST, _LAST, _UNKNOWN))

    def split(self, texts: Sequence[str]) -> list[Numbers]:
        """Piece numbers of each text, without marks."""
        cleaned = [text[:MOST_CHARACTERS].encode("utf-8", "replace").decode("utf-8") for text in texts]
        encoded = self._tokenizer.encode_batch(cleaned, add_special_tokens=False)
        return [np.asarray(each.ids, dtype=np.int32) for each in encoded]

    @cached_property
    def whole_words(self) -> frozenset[str]:
        """Words of Latin letters that are one piece each; short ones only where they are words of English."""
        known = self._tokenizer.get_vocab(with_added_tokens=False)
        return frozenset(word for word in known if word.isascii() and word.isalpha() and len(word) > 2) | _SHORT

    def windows(self, pieces: Numbers, size: int, overlap: int, most: int) -> list[Window]:
        """Windows of at most ``size`` pieces, marks included; at least one, at most ``most``, from the start."""
        inner = size - 2
        starts = [0] if len(pieces) <= inner else list(range(0, len(pieces) - overlap, inner - overlap))
        return [self.window(pieces[start : start + inner]) for start in starts[:most]]

    def window(self, pieces: Numbers) -> Window:
        """One window."""
        words = np.empty(len(pieces) + 2, dtype=np.int32)
        words[0], words[1:-1], words[-1] = self._first, pieces, self._last
        return Window(words, hashlib.blake2b(words.tobytes(), digest_size=16).digest())

    def unknown(self, pieces: Numbers) -> float:
        """Share of pieces the backbone has no word for."""
        return float((pieces == self._unknown).mean()) if len(pieces) else 0.0

    def said(self, pieces: Numbers) -> list[str]:
        """The pieces as text, continuations without their mark."""
        return [str(self._tokenizer.id_to_token(int(number))).removeprefix("##") for number in pieces]


def grams(pieces: Numbers) -> npt.NDArray[np.uint32]:
    """The distinct 1- to 3-grams of a text's pieces, as sorted 32-bit hashes."""
    numbers = pieces.astype(np.uint32) + np.uint32(1)
    found = []
    with np.errstate(over="ignore"):
        for n in range(1, LONGEST + 1):
            count = len(numbers) - n + 1
            if count <= 0:
                break
            mixed = np.full(count, n, dtype=np.uint32)
            for place in range(n):
                mixed = (mixed ^ numbers[place : place + count]) * _MIX[place]
                mixed ^= mixed >> np.uint32(15)
            found.append(mixed)
    return np.unique(np.concatenate(found)) if found else np.zeros(0, dtype=np.uint32)


_RUN = re.compile(r"[^\s]+")


def shape(text: str) -> npt.NDArray[np.float32]:
    """How a text looks, ``(SHAPE,)``: what lower-cased pieces cannot tell (case, digits, lengths, alphabets)."""
    text = text[:4_000]
    size = max(len(text), 1)
    upper = sum(c.isupper() for c in text)
    digit = sum(c.isdigit() for c in text)
    space = sum(c.isspace() for c in text)
    letters = sum(c.isalpha() for c in text)
    foreign = sum(ord(c) > 127 for c in text)
    longest = max((len(found[0]) for found in _RUN.finditer(text)), default=0)
    return np.asarray(
        [np.log1p(size) / 8, upper / size, digit / size, space / size, (size - letters - digit - space) / size,
         foreign / size, np.log1p(longest) / 6, len(set(text)) / min(size, 96)], dtype=np.float32,
    )  # fmt: skip
