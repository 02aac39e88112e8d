"""Clips: a scene as a video tensor ``(T, ROWS, CHANNELS)`` under a budget of frames, as the network watches it.

What a film costs: one token a frame instead of hundreds a log record. Equal frames of one process are shown once, with
how often they repeat; a first look at every frame chooses which are shown (adaptive key-frame sampling, Tang et al.,
CVPR 2025), the strongest of each process first. Words instead of pixels: a pixel the network learned has a number of
its own; any other is left empty, for what nobody has seen speaks neither for an attack nor against one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from watchfloor.film import usual
from watchfloor.film.pixels import PIXELS, Pixels
from watchfloor.film.strip import NO_TIME, Runs

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]

#: Numbers of a frame beside its words, see ``numbers``.
NUMBERS: Final = 3 + usual.NUMBERS
#: Frames of a scene that are watched at most.
BUDGET: Final = 96
#: A batch is at least this wide: the network looks at the three strongest frames.
LEAST: Final = 3
#: Padded frames of one batch.
TOKENS: Final = 4096
#: What a process's strongest frame is worth more than its logit when frames are chosen.
_LEAD: Final = 2.0


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """``number`` is ``(PIXELS,)`` uint16: the word of a pixel, 0 for none of its own. Words start at 1."""

    number: npt.NDArray[np.uint16]

    @property
    def size(self) -> int:
        """How many embeddings a network needs: the empty one and the words."""
        return 1 + int((self.number > 0).sum())

    def words(self, pixels: Pixels) -> npt.NDArray[np.uint16]:
        """Word numbers of frames ``(N, ROWS, CHANNELS)``."""
        return self.number[pixels]


def vocabulary(kept: npt.NDArray[np.bool_]) -> Vocabulary:
    """Words for the pixels ``kept``, ``(PIXELS,)``."""
    number = np.zeros(PIXELS, np.uint16)
    chosen = np.flatnonzero(kept)
    number[chosen] = np.arange(1, 1 + len(chosen), dtype=np.uint16)
    return Vocabulary(number)


def distinct(runs: Runs) -> tuple[Ints, npt.NDArray[np.int32]]:
    """First run of each distinct frame of each owner, and how many Events show it."""
    order = np.lexsort((runs["time"], runs["pattern"], runs["owner"]))
    owner, pattern = runs["owner"][order], runs["pattern"][order]
    starts = np.flatnonzero(np.r_[True, (owner[1:] != owner[:-1]) | (pattern[1:] != pattern[:-1])][: len(order)])
    if not len(starts):
        return np.zeros(0, np.int64), np.zeros(0, np.int32)
    repeats = np.add.reduceat(runs["repeats"][order], starts)
    return order[starts], repeats.astype(np.int32)


def chosen_rows(scene: Ints, owner: Ints, logit: npt.NDArray[np.floating[Any]], budget: int = BUDGET) -> Ints:
    """Rows of each scene that are watched, ascending: the strongest of every process first, then the strongest.

    ``scene``, ``owner``, ``logit`` are ``(rows,)``; at most ``budget`` rows a scene are returned.
    """
    if not len(scene):
        return np.zeros(0, np.int64)
    order = np.lexsort((-logit, owner, scene))
    first = np.r_[True, (scene[order][1:] != scene[order][:-1]) | (owner[order][1:] != owner[order][:-1])]
    leads = np.zeros(len(scene), np.bool_)
    leads[order[first]] = True
    order = np.lexsort((-(logit + np.where(leads, _LEAD, 0.0)), scene))
    starts = np.flatnonzero(np.r_[True, scene[order][1:] != scene[order][:-1]])
    rank = np.arange(len(order)) - np.repeat(starts, np.diff(np.r_[starts, len(order)]))
    return np.sort(order[rank < budget])


def numbers(time: Ints, repeats: npt.NDArray[np.int32], look: npt.NDArray[np.floating[Any]], strange: Floats) -> Floats:
    """What a clip's frames know beside their words, ``(T, NUMBERS)``.

    Log repeats, log seconds since the frame before, and what the first look said, all scaled to about one; then how
    strange they are on their host, see ``film.usual``.
    """
    before = np.r_[time[:1], time[:-1]]
    gap = np.clip((time - before).astype(np.float64) / 1e6, 0, 3600.0)
    gap[(time == NO_TIME) | (before == NO_TIME)] = 0.0
    known = np.stack([np.log1p(repeats) / 4, np.log1p(gap) / 4, np.clip(look, -8, 8) / 4], axis=1)
    return np.concatenate([known, strange], axis=1).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Stock:
    """Frames that clips are cut from, ``(rows,)`` each.

    ``words`` is ``(rows, ROWS, CHANNELS)`` uint16, ``strange`` ``(rows, usual.NUMBERS)``.
    """

    words: npt.NDArray[np.uint16]
    owner: Ints
    parent: Ints
    time: Ints
    repeats: npt.NDArray[np.int32]
    look: npt.NDArray[np.floating[Any]]
    strange: Floats


@dataclass(frozen=True, slots=True)
class Batch:
    """Padded clips. ``rows`` ``(B, T)`` says which row stands where, -1 for padding; the rest is the network's input.

    ``words`` ``(F, ROWS, CHANNELS)`` holds the frames that ``place`` ``(B, T)`` points to; ``shown``, ``owner`` and
    ``parent`` are ``(B, T)``, ``numbers`` is ``(B, T, NUMBERS)``.
    """

    rows: Ints
    words: npt.NDArray[np.uint16]
    place: Ints
    shown: npt.NDArray[np.bool_]
    owner: Ints
    parent: Ints
    numbers: Floats


def portions(lengths: Ints, tokens: int = TOKENS) -> Iterator[Ints]:
    """Clips by number in portions of like length, so that little is padded. Clips without frames are left out."""
    order = np.argsort(lengths, kind="stable")
    order = order[lengths[order] > 0]
    start = 0
    while start < len(order):
        stop = start + 1
        while stop < len(order) and (stop + 1 - start) * lengths[order[stop]] <= tokens:
            stop += 1
        yield order[start:stop]
        start = stop


def padded(stock: Stock, clips: list[Ints]) -> Batch:
    """One batch of clips given as rows of the stock, in order."""
    table = np.full((len(clips), max(LEAST, *map(len, clips))), -1, np.int64)
    known = np.zeros((*table.shape, NUMBERS), np.float32)
    for i, rows in enumerate(clips):
        table[i, : len(rows)] = rows
        known[i, : len(rows)] = numbers(stock.time[rows], stock.repeats[rows], stock.look[rows], stock.strange[rows])
    shown = table >= 0
    place = np.zeros(table.shape, np.int64)
    place[shown] = np.arange(shown.sum())
    return Batch(
        rows=table,
        words=stock.words[table[shown]],
        place=place,
        shown=shown,
        owner=np.where(shown, stock.owner[table], -2),
        parent=np.where(shown, stock.parent[table], -3),
        numbers=known,
    )
