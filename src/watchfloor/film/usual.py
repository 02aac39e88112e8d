"""What is usual on a host: how strange each watched frame is among the host's other scenes.

People and services repeat themselves, intruders do what a host has not seen. A frame is as strange as its pixels are
rare, counted by scenes (inverse document frequency, Sparck Jones 1972), its own scene left out. It needs no label and
no history beside the recording itself. Hosts with few scenes say nothing: there everything is rare.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from watchfloor.film.pixels import Pixels

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

#: Numbers a frame gets: mean strangeness of its pixels, and of its three strangest.
NUMBERS: Final = 2
#: Scenes a host must have shown before it is known what is usual there.
LEAST_SCENES: Final = 50
_STRANGEST: Final = 3


def strangeness(frames: Pixels, scene: Ints, host: Ints) -> Floats:
    """Strangeness of frames ``(N, ROWS, CHANNELS)`` of scenes and hosts ``(N,)``: ``(N, NUMBERS)`` in [0, 1].

    Frames of hosts below zero, or with fewer than ``LEAST_SCENES`` scenes, get 0.
    """
    found = np.zeros((len(frames), NUMBERS), np.float32)
    flat = frames.reshape(len(frames), -1)
    for number in np.unique(host[host >= 0]).tolist():
        mine = np.flatnonzero(host == number)
        _, place = np.unique(scene[mine], return_inverse=True)
        scenes = int(place.max()) + 1
        if scenes >= LEAST_SCENES:
            found[mine] = _of_host(flat[mine], place.astype(np.int64), scenes)
    return found


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
    top = np.partition(grid, grid.shape[1] - _STRANGEST, axis=1)[:, -_STRANGEST:].mean(axis=1)
    return np.stack([mean, top], axis=1)
