"""What a screen is calibrated and measured on: attack recordings and benign scenes.

An attack recording counts once, by its strongest scene. A benign unit is one scene of a recording in which
nothing malicious happened.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from watchfloor.film.screen import pool
from watchfloor.lab.bags import Bags, always_trains

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Units:
    """``features`` is ``(units, 3)`` pooled; the truth and where each unit stands are ``(units,)``."""

    features: Floats
    attack: npt.NDArray[np.bool_]
    recording: npt.NDArray[np.int64]
    scene: npt.NDArray[np.int64]


def units(bags: Bags, logit: Floats) -> Units:
    """Attack and benign units of a corpus whose frames scored ``logit`` (``(frames,)``)."""
    scenes, inverse = np.unique(bags.scene, return_inverse=True)
    features = pool(inverse, len(scenes), bags.pattern, logit.astype(np.float32)).astype(np.float64)
    first = np.zeros(len(scenes), np.int64)
    first[inverse[::-1]] = np.arange(len(inverse) - 1, -1, -1)
    recording = bags.recording[first].astype(np.int64)
    label = np.where(np.asarray([always_trains(f) for f in bags.facts])[recording], "", bags.label()[recording])
    benign = np.isin(label, ("benign", "background"))
    attack = np.isin(label, ("malicious", "mixed"))
    strongest: dict[int, int] = {}
    for s in np.flatnonzero(attack):
        r = int(recording[s])
        if r not in strongest or features[s, 0] > features[strongest[r], 0]:
            strongest[r] = int(s)
    chosen = np.zeros(len(scenes), np.bool_)
    chosen[list(strongest.values())] = True
    keep = benign | chosen
    return Units(features[keep], chosen[keep], recording[keep], scenes[keep])


def mixed_scenes(bags: Bags, logit: Floats) -> Units:
    """Every scene of the recordings that hold an attack somewhere among ordinary work; ``attack`` is unknown."""
    scenes, inverse = np.unique(bags.scene, return_inverse=True)
    features = pool(inverse, len(scenes), bags.pattern, logit.astype(np.float32)).astype(np.float64)
    recording = np.zeros(len(scenes), np.int64)
    recording[inverse] = bags.recording
    mine = bags.label()[recording] == "mixed"
    return Units(features[mine], np.zeros(mine.sum(), np.bool_), recording[mine], scenes[mine])


def balanced(bags: Bags, found: Units) -> Floats:
    """Weight of each unit: labs share a class's weight by the square root of their units, classes are equal."""
    weight = np.zeros(len(found.attack))
    lab = bags.lab[found.recording]
    for value in (False, True):
        for number in np.unique(lab[found.attack == value]):
            mine = (found.attack == value) & (lab == number)
            weight[mine] = 1 / np.sqrt(mine.sum())
        mine = found.attack == value
        weight[mine] *= 0.5 * len(weight) / max(weight[mine].sum(), 1e-9)
    return weight
