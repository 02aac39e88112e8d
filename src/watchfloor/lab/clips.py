"""Clips of the corpus for training: shuffled, cut short, with words forgotten and ordinary frames put between."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from watchfloor.film.clips import Batch, Ints, Stock, padded, portions
from watchfloor.film.frames import CHANNELS, ROWS
from watchfloor.film.pixels import Pixels


def load_pixels(path: Path) -> Pixels:
    """Frames of a corpus made by ``lab.corpus``: ``(rows, ROWS, CHANNELS)`` uint32."""
    raw = np.load(path)
    counts = np.diff(raw["indptr"])
    out = np.zeros((len(counts), ROWS * CHANNELS), np.uint32)
    out[np.repeat(np.arange(len(counts)), counts), raw["places"].astype(np.int64)] = raw["indices"]
    return out.reshape(-1, ROWS, CHANNELS)


@dataclass(frozen=True, slots=True)
class Hardship:
    """Augmentation: shares of words forgotten, of frames renamed and left out; how often ordinary frames come between.

    A frame forgets up to twice ``forget`` of its words; a renamed one every word that names a program or file.
    """

    forget: float = 0.2
    rename: float = 0.1
    skip: float = 0.1
    paste: float = 0.2


#: Ordinary frames put between at most.
_PASTED: Final = 24
#: Places of a frame that name a program or file, see ``film.frames.Camera``.
_NAMES: Final = ((0, 0), (0, 2), (1, 2), (1, 4), (2, 0), (3, 1), (3, 2), (3, 3), (3, 4), (3, 6), (3, 8))


@dataclass(frozen=True, slots=True)
class Trainer:
    """Cuts batches for one epoch after another from ``clips``, rows of ``stock`` in time order."""

    stock: Stock
    clips: Sequence[Ints]
    ordinary: Ints  # clips to paste from
    hardship: Hardship
    rng: np.random.Generator
    tokens: int  # padded frames of a batch

    def epoch(self, chosen: Ints) -> Iterator[tuple[Ints, Batch]]:
        """Batches of the clips ``chosen`` in random order, each with the numbers of its clips."""
        chosen = self.rng.permutation(chosen)  # clips of one length meet others in each epoch
        cut = [self._harder(self.clips[int(i)]) for i in chosen]
        length = np.asarray([len(rows) for rows in cut])
        parts = list(portions(length, self.tokens))
        for number in self.rng.permutation(len(parts)):
            part = parts[number]
            batch = padded(self.stock, [cut[int(i)] for i in part])
            yield chosen[part], replace(batch, words=self._forgotten(batch.words))

    def _harder(self, rows: Ints) -> Ints:
        rng, hardship = self.rng, self.hardship
        if len(rows) > 3:
            kept = rows[rng.random(len(rows)) >= hardship.skip]
            rows = kept if len(kept) else rows
        if len(self.ordinary) and rng.random() < hardship.paste:
            other = self.clips[int(self.ordinary[rng.integers(len(self.ordinary))])][:_PASTED]
            rows = np.insert(rows, np.sort(rng.integers(0, len(rows) + 1, len(other))), other)
        return rows

    def _forgotten(self, words: npt.NDArray[np.uint16]) -> npt.NDArray[np.uint16]:
        rng, hardship = self.rng, self.hardship
        names = np.zeros((ROWS, CHANNELS), np.bool_)
        names[tuple(zip(*_NAMES, strict=True))] = True
        share = rng.random((len(words), 1, 1), np.float32) * 2 * hardship.forget
        gone = rng.random(words.shape, np.float32) < share
        gone |= (rng.random(len(words)) < hardship.rename)[:, None, None] & names
        return np.where(gone, 0, words).astype(np.uint16)
