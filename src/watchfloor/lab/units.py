"""What a screen is calibrated and measured on: attack recordings and benign scenes.

An attack recording counts once, by its strongest scene. A benign unit is one scene of a recording in which
nothing malicious happened.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from watchfloor.film.screen import features, pool
from watchfloor.lab.bags import Bags, always_trains

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Units:
    """``features`` as in ``film.screen.features``; the truth and where each unit stands are ``(units,)``."""

    features: Floats
    attack: npt.NDArray[np.bool_]
    recording: npt.NDArray[np.int64]
    scene: npt.NDArray[np.int64]

    def of(self, recordings: npt.NDArray[np.bool_]) -> "Units":
        """The units of some recordings, ``(recordings,)`` bool."""
        mine = recordings[self.recording]
        return Units(self.features[mine], self.attack[mine], self.recording[mine], self.scene[mine])


@dataclass(frozen=True, slots=True)
class Opinion:
    """Logits of rows: of the first look, and of the network, its word on the row's scene among them."""

    look: Floats
    frame: Floats | None = None
    scene: Floats | None = None


@dataclass(frozen=True, slots=True)
class _Bagged:
    """Bags of rows: features, number, recording and truth (-1 unknown) of each."""

    features: Floats
    number: Ints
    recording: Ints
    truth: Ints


def _bagged(bags: Bags, said: Opinion, bag: Ints, whole: Floats | None) -> _Bagged:
    numbers, inverse = np.unique(bag, return_inverse=True)
    first = np.zeros(len(numbers), np.int64)
    first[inverse[::-1]] = np.arange(len(inverse) - 1, -1, -1)
    truth = np.full(len(numbers), -1)
    np.maximum.at(truth, inverse, bags.truth)
    look = said.look.astype(np.float32)
    if said.frame is None:
        found = pool(inverse, len(numbers), bags.pattern, look)
    else:
        clip = None if whole is None else whole[first].astype(np.float32)
        found = features(inverse, len(numbers), bags.pattern, look, said.frame.astype(np.float32), clip)
    return _Bagged(found.astype(np.float64), numbers, bags.recording[first].astype(np.int64), truth)


def units(bags: Bags, said: Opinion) -> Units:
    """Attack and benign units of a corpus. Of our own hosts every scene is a unit, and truth says of which kind."""
    return _units(bags, _bagged(bags, said, bags.scene, said.scene))


def process_units(bags: Bags, said: Opinion) -> Units:
    """The same for single processes; ``scene`` of the units is the owner's number."""
    return _units(bags, _bagged(bags, said, bags.owner, None))


def _units(bags: Bags, found: _Bagged) -> Units:
    measured = ~np.asarray([always_trains(f) for f in bags.facts])[found.recording]
    label = bags.label()[found.recording]
    benign = measured & np.isin(label, ("benign", "background")) & (found.truth < 1)
    strength = found.features[:, 0] + found.features[:, 3:].sum(axis=1)
    strongest: dict[int, int] = {}
    for s in np.flatnonzero(measured & np.isin(label, ("malicious", "mixed"))):
        r = int(found.recording[s])
        if r not in strongest or strength[s] > strength[strongest[r]]:
            strongest[r] = int(s)
    chosen = measured & (found.truth == 1)
    chosen[list(strongest.values())] = True
    keep = benign | chosen
    return Units(found.features[keep], chosen[keep], found.recording[keep], found.number[keep])


def mixed_scenes(bags: Bags, said: Opinion) -> Units:
    """Every scene of the recordings that hold an attack somewhere among ordinary work; ``attack`` is unknown."""
    found = _bagged(bags, said, bags.scene, said.scene)
    mine = bags.label()[found.recording] == "mixed"
    return Units(found.features[mine], np.zeros(mine.sum(), np.bool_), found.recording[mine], found.number[mine])


def attack_scenes(bags: Bags, said: Opinion) -> Units:
    """Every scene of the attack recordings that ``units`` counts once each."""
    found = _bagged(bags, said, bags.scene, said.scene)
    measured = ~np.asarray([always_trains(f) for f in bags.facts])[found.recording]
    mine = measured & np.isin(bags.label()[found.recording], ("malicious", "mixed"))
    return Units(found.features[mine], np.ones(mine.sum(), np.bool_), found.recording[mine], found.number[mine])


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
