"""Viewing a reel: its scenes cut into clips, watched by the screen's network.

The first look chose which frames are worth it; they are fetched again, so that a long recording's frames never stay
in memory. What was not watched keeps its first look alone.
"""

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from watchfloor.base.scenes import VerdictName
from watchfloor.film.clips import BUDGET, Ints, Stock, chosen_rows, distinct
from watchfloor.film.company import KINDS, evidence
from watchfloor.film.filming import Reel
from watchfloor.film.frames import CHANNELS, ROWS
from watchfloor.film.net import UNSEEN, Net
from watchfloor.film.odds import probability
from watchfloor.film.pixels import Pixels
from watchfloor.film.screen import FAMILIES, Floats, Screen, features
from watchfloor.film.usual import NUMBERS, strangeness, unfamiliar


@dataclass(frozen=True, slots=True)
class Viewing:
    """What was watched and seen.

    ``picked`` are the watched runs, scene by scene in time order; ``start`` ``(scenes + 1,)`` says where each scene's
    begin; ``frame`` ``(runs,)`` and ``whole`` ``(scenes,)`` are the network's logits, ``UNSEEN`` where it saw nothing;
    ``unfamiliar`` ``(scenes,)`` is the share of each clip that it has no word for.
    """

    picked: Ints
    start: Ints
    frame: Floats
    whole: Floats
    unfamiliar: Floats
    _stock: Stock = field(repr=False)
    _net: Net | None = field(repr=False)

    def clip(self, scene: int) -> Ints:
        """The runs of one scene's clip."""
        return self.picked[self.start[scene] : self.start[scene + 1]]

    def names(self, scene: int) -> Floats:
        """Probability of each label for each run of a scene's clip, ``(len(clip), labels)``."""
        rows: Ints = np.arange(self.start[scene], self.start[scene + 1], dtype=np.int64)
        return np.zeros((len(rows), 0), np.float32) if self._net is None else self._net.name(self._stock, rows)


def view(reel: Reel, budget: int = BUDGET) -> Viewing:
    """Watch every scene of a reel, at most ``budget`` frames of each."""
    runs, scenes = reel.runs, len(reel.casting.roots)
    first, repeats = distinct(runs)
    rows = chosen_rows(reel.runs_scene[first], runs["owner"][first].astype(np.int64), runs["logit"][first], budget)
    picked, repeats = first[rows], repeats[rows]
    order = np.lexsort((picked, runs["time"][picked], reel.runs_scene[picked]))
    picked, repeats = picked[order], repeats[order]
    start = np.searchsorted(reel.runs_scene[picked], np.arange(scenes + 1))
    frame, whole = np.full(len(runs), UNSEEN, np.float32), np.full(scenes, UNSEEN, np.float32)
    net = reel.screen.net
    stock, unfamiliar = _stock(reel, picked, repeats, net)
    if net is not None:
        seen = net.watch(stock, [np.arange(a, b) for a, b in pairwise(start.tolist())])
        frame[picked], whole[:] = seen.frame, seen.scene
    return Viewing(picked, start, frame, whole, unfamiliar, stock, net)


def _stock(reel: Reel, picked: Ints, repeats: npt.NDArray[np.int32], net: Net | None) -> tuple[Stock, Floats]:
    chosen = reel.runs[picked]
    owner = chosen["owner"].astype(np.int64)
    words = np.zeros((0, ROWS, CHANNELS), np.uint16)
    strange = np.zeros((len(picked), NUMBERS), np.float32)
    unknown = np.zeros(len(reel.casting.roots), np.float32)
    if net is not None:
        frames = encoded(reel, reel.event_rows(chosen["batch"], chosen["row"]))
        words = net.vocabulary.words(frames)
        scene = reel.runs_scene[picked]
        strange = strangeness(frames, scene, _unix_hosts(reel)[owner])
        unknown = unfamiliar(frames, net.vocabulary.number > 0, scene, len(unknown))
    above = np.full(len(reel.cast.owners), -1, np.int64)
    for number in np.unique(owner).tolist():
        uid = reel.cast.owners[number].parent_uid
        parent = reel.cast.number_of(uid) if uid else None
        above[number] = -1 if parent is None else parent
    time = chosen["time"].astype(np.int64)
    return Stock(words, owner, above[owner], time, repeats, chosen["logit"], strange), unknown


def _unix_hosts(reel: Reel) -> Ints:
    """Number of each owner's host, ``(owners,)``, -1 on Windows.

    What is public of Windows is mostly attacks cropped out of their surroundings: whether anything is usual there
    would tell a crop from a recording, not an attack from ordinary work.
    """
    names = [owner.host for owner in reel.cast.owners]
    place = {name: i for i, name in enumerate(sorted(set(names)))}
    hosts = np.asarray([place[name] for name in names], np.int64)
    return np.where(families(reel) == FAMILIES.index("unix"), hosts, -1)


def encoded(reel: Reel, events: pa.Table) -> Pixels:
    """The frames of Events fetched from the reel, ``(len(events), ROWS, CHANNELS)``."""
    parts = [reel.camera.encode(part) for part in events.to_batches()]
    return np.concatenate(parts) if parts else np.zeros((0, ROWS, CHANNELS), np.uint32)


def families(reel: Reel) -> npt.NDArray[np.int64]:
    """Number in ``FAMILIES`` of each owner's operating system, ``(owners,)``, told by the paths of its scene."""
    unix = np.asarray([owner.image.startswith("/") for owner in reel.cast.owners], np.int64)
    scene = np.zeros(len(reel.casting.roots), np.int64)
    np.maximum.at(scene, reel.casting.scene, unix)
    return scene[reel.casting.scene]


def on_macos(reel: Reel) -> npt.NDArray[np.bool_]:
    """Scenes with an owner whose Events name macOS, ``(scenes,)``."""
    named = np.asarray([owner.system == "macos" for owner in reel.cast.owners], np.bool_)
    scene = np.zeros(len(reel.casting.roots), np.bool_)
    np.logical_or.at(scene, reel.casting.scene, named)
    return scene


@dataclass(frozen=True, slots=True)
class Opinion:
    """What the screen thinks: probabilities of scenes ``(scenes,)`` and owners ``(owners,)``, each scene's family.

    ``macos`` ``(scenes,)`` are the scenes of macOS, which the screen judges as it does any Unix. ``unfamiliar`` is
    ``(scenes,)``, as in ``Viewing``; ``alone`` ``(scenes,)`` are the probabilities before other scenes had their say,
    ``company`` ``(scenes, len(KINDS))`` what each kind of meeting added, in log-odds.
    """

    scene: Floats
    owner: Floats
    family: npt.NDArray[np.int64]
    macos: npt.NDArray[np.bool_]
    unfamiliar: Floats
    alone: Floats
    company: Floats

    def verdict(self, screen: Screen, scene: int) -> VerdictName:
        """The word for a scene."""
        return screen.families[int(self.family[scene])].verdict(float(self.scene[scene]), float(self.unfamiliar[scene]))


def opinion(reel: Reel, seen: Viewing) -> Opinion:
    """Judge every scene and every owner of a reel."""
    runs, scenes, owners = reel.runs, len(reel.casting.roots), len(reel.cast.owners)
    owner = runs["owner"].astype(np.int64)
    whole = features(reel.runs_scene, scenes, runs["pattern"], runs["logit"], seen.frame, seen.whole)
    single = features(owner, owners, runs["pattern"], runs["logit"], seen.frame)
    of_owner = families(reel)
    of_scene = np.zeros(scenes, np.int64)
    of_scene[reel.casting.scene] = of_owner
    logit, owner_p = np.zeros(scenes, np.float32), np.zeros(owners, np.float32)
    company = np.zeros((scenes, len(KINDS)), np.float32)
    shown = np.bincount(reel.runs_scene, minlength=scenes) > 0
    for number, family in enumerate(reel.screen.families):
        mine = of_scene == number
        logit[mine] = family.scenes.logit(whole[mine])
        owner_p[of_owner == number] = family.processes.probability(single[of_owner == number])
        said = evidence(reel.meetings, logit, family.company, judged=mine & shown)
        company += said * np.asarray(family.company.each, np.float32)
    return Opinion(
        scene=probability(logit + company.sum(axis=1)),
        owner=owner_p,
        family=of_scene,
        macos=on_macos(reel),
        unfamiliar=seen.unfamiliar,
        alone=probability(logit),
        company=company,
    )
