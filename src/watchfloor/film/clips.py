"""Clips: a scene as a video tensor ``(T, rows, channels)``, repeats run-length coded, under a budget of frames.

What a network watches, and what a film costs: one token a frame instead of hundreds a log record.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from watchfloor.film import keyframes
from watchfloor.film.filming import Reel
from watchfloor.film.frames import CHANNELS, ROWS
from watchfloor.film.pixels import Pixels


@dataclass(frozen=True, slots=True)
class Clip:
    """One scene's film. ``frames`` is ``(T, ROWS, CHANNELS)`` uint32, the rest ``(T,)``, in time order."""

    frames: Pixels
    repeats: npt.NDArray[np.int32]
    time_us: npt.NDArray[np.int64]
    owner: npt.NDArray[np.int32]
    logit: npt.NDArray[np.float32]

    @property
    def tokens(self) -> int:
        """What a sequence model pays for it: one token a frame."""
        return len(self.frames)


def clip(reel: Reel, scene: int, budget: int) -> Clip:
    """The clip of scene number ``scene``: its key frames, at most ``budget`` of them."""
    mine = np.flatnonzero(reel.runs_scene == scene)
    runs = reel.runs[mine]
    picked = keyframes.choose(runs, keyframes.rarity(reel.runs["pattern"])[mine], budget)
    chosen = runs[picked]
    table = reel.event_rows(chosen["batch"], chosen["row"])
    batches = table.to_batches()
    frames = (
        np.concatenate([reel.camera.encode(b) for b in batches])
        if batches
        else np.zeros((0, ROWS, CHANNELS), np.uint32)
    )
    return Clip(frames, chosen["repeats"], chosen["time"], chosen["owner"], chosen["logit"])
