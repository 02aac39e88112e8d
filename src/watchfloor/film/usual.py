"""What is usual: how strange each watched frame is among its host's other scenes, how much of a scene is unknown.

People and services repeat themselves, intruders do what a host has not seen. A frame is as strange as its pixels are
rare, counted by scenes (inverse document frequency, Sparck Jones 1972), its own scene left out. It needs no label and
no history beside the recording itself. Hosts with few scenes say nothing: there everything is rare.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from watchfloor.film.frames import CHANNELS, ROWS
from watchfloor.film.pixels import Pixels

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

#: Numbers a frame gets: mean strangeness of its pixels, and of its three strangest.
NUMBERS: Final = 2
#: Scenes a host must have shown before it is known what is usual there.
LEAST_SCENES: Final = 50
_STRANGEST: Final = 3
#: Pixels added to a scene's count before its share of unknown ones is taken: about one frame's.
_SHRUNK: Final = 16


def strangeness(frames: Pixels, scene: Ints, host: Ints) -> Floats:
    """Strangeness of frames ``(N, ROWS, CHANNELS)`` of scenes and hosts ``(N,)``: ``(N, NUMBERS)`` in [0, 1].

    Frames of hosts below zero, or with fewer than ``LEAST_SCENES`` scenes, get 0.
    """
    found = np.zeros((len(frames), NUMBERS), np.float32)
    flat = frames.reshape(len(frames), ROWS * CHANNELS)
    for number in np.unique(host[host >= 0]).tolist():
        mine = np.flatnonzero(host == number)
        _, place = np.unique(scene[mine], return_inverse=True)
        scenes = int(place.max()) + 1
        if scenes >= LEAST_SCENES:
            found[mine] = _of_host(flat[mine], place.astype(np.int64), scenes)
    return found


def unfamiliar(frames: Pixels, known: npt.NDArray[np.bool_], scene: Ints, scenes: int) -> Floats:
    """Share of pixels in each scene's frames that a screen has no word for, ``(scenes,)``; few pixels say little.

    ``known`` is ``(PIXELS,)``. What a screen cannot read it cannot call harmless.
    """
    flat = frames.reshape(len(frames), ROWS * CHANNELS)
    shown = (flat != 0).sum(axis=1)
    strange = ((flat != 0) & ~known[flat]).sum(axis=1)
    total = np.bincount(scene, shown, scenes)
    return np.asarray(np.bincount(scene, strange, scenes) / (total + _SHRUNK), np.float32)


def _of_host(flat: Pixels, scene: Ints, scenes: int) -> Floats:
    row, column = np.nonzero(flat)
    pixel = flat[row, column].astype(np.int64)
    pairs = np.unique(pixel * scenes + scene[row])
    known, shown = np.unique(pairs // scenes, return_counts=True)
    elsewhere = shown[np.searchsorted(known, pixel)] - 1
    rare = (1.0 - np.log1p(elsewhere) / np.log1p(scenes - 1)).astype(np.float32)
    grid = np.zeros(flat.shape, np.float32)
    grid[row, column] = rare
    mean = grid.sum(axis=1) / np.maximum((flat != 0).sum(axis=1), 1)
    top = np.partition(grid, -_STRANGEST, axis=1)[:, -_STRANGEST:].mean(axis=1)
    return np.stack([mean, top], axis=1)
