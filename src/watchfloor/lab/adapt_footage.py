"""Labelled footage that a screen is adapted on: filmed once, judged again and again with other first-look weights."""

import hashlib
import re
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc
from scipy import sparse

from watchfloor.film.filming import Reel
from watchfloor.film.frames import CHANNELS, ROWS, TEXTS
from watchfloor.film.pixels import PIXELS, hash_word, mix, to_pixel
from watchfloor.film.screen import features
from watchfloor.film.strip import NO_TIME
from watchfloor.film.viewing import encoded, families, view
from watchfloor.film.words import user_class
from watchfloor.lab.adapt_labels import Marked

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

#: Parts that labelled scenes are dealt to.
FOLDS: Final = 5
#: Groups that must hold attack scenes before scenes are held out by host or file.
LEAST_GROUPS: Final = 3
#: Blocks of time a fold gets where one host and one file is all there is.
_BLOCKS: Final = 4
_MINUTE: Final = 60_000_000
_CHUNK: Final = 16_384


@dataclass(slots=True)
class Footage:
    """A labelled reel.

    ``label`` ``(scenes,)`` and ``owner_label`` ``(owners,)`` are 1 malicious, 0 benign, -1 unknown; ``family``
    ``(scenes,)`` and ``owner_family`` are numbers in ``film.screen.FAMILIES``. ``x`` ``(patterns, PIXELS)`` CSR holds
    each distinct frame, ``run_pattern`` ``(runs,)`` its row. ``bag`` ``(pairs, 3)`` lists the distinct frames of
    labelled scenes: scene, row of ``x``, truth as in ``label``. ``fold`` ``(scenes,)`` is -1 for scenes without label,
    ``counted`` false for those that another fold also shows. ``names`` are the pixels that nothing is learned from, see
    ``names_of``.
    """

    reel: Reel
    label: Ints
    owner_label: Ints
    family: Ints
    owner_family: Ints
    x: sparse.csr_matrix
    run_pattern: Ints
    bag: Ints
    fold: Ints
    counted: Flags
    names: Ints
    held_out_by: str

    @property
    def scenes(self) -> int:
        """Scenes of the reel, labelled or not, those that only hold somebody's parent among them."""
        return len(self.label)

    @property
    def shown(self) -> int:
        """Scenes that hold a frame."""
        return len(np.unique(self.reel.runs_scene))

    def judged(self, weights: Floats) -> tuple[Floats, Floats]:
        """Features of scenes and owners, see ``film.screen.features``, under first-look weights ``(PIXELS,)``."""
        screen = replace(self.reel.screen, weights=weights.astype(np.float32))
        logit = np.asarray(self.x @ screen.weights, np.float32) + np.float32(screen.bias)
        runs = self.reel.runs.copy()
        runs["logit"] = logit[self.run_pattern]
        reel = replace(self.reel, screen=screen, runs=runs)
        seen = view(reel)
        owner = runs["owner"].astype(np.int64)
        whole = features(reel.runs_scene, self.scenes, runs["pattern"], runs["logit"], seen.frame, seen.whole)
        single = features(owner, len(self.owner_label), runs["pattern"], runs["logit"], seen.frame)
        return whole.astype(np.float64), single.astype(np.float64)


def footage(reel: Reel, marked: Marked, seed: int) -> Footage:
    """Lay out a labelled reel for adaptation."""
    patterns, first, place = np.unique(reel.runs["pattern"], return_index=True, return_inverse=True)
    scenes = len(reel.casting.roots)
    shown = np.bincount(reel.runs_scene, minlength=scenes) > 0
    label = np.where(shown, marked.scene, -1)
    owner_family = families(reel)
    family = np.zeros(scenes, np.int64)
    family[reel.casting.scene] = owner_family
    bag = _bag(reel, label, marked, patterns, place.astype(np.int64))
    group, by = _groups(reel, label)
    fold = dealt(group, label, seed)
    return Footage(
        reel=reel,
        label=label,
        owner_label=marked.owner,
        family=family,
        owner_family=owner_family,
        x=_frames(reel, first),
        run_pattern=place.astype(np.int64),
        bag=bag,
        fold=fold,
        counted=(fold >= 0) & ~leaking(bag, fold),
        names=names_of(reel),
        held_out_by=by,
    )


def names_of(reel: Reel) -> Ints:
    """Pixels of words that are names of the recording's people and hosts, sorted.

    Who was broken into is no behaviour: a screen that learned the name would find the victim's ordinary work.
    """
    names = {owner.host for owner in reel.cast.owners}
    for batch in reel.spool:
        for column in ("actor.user.name", "user.name"):
            names.update(name for name in pc.unique(batch.column(column)).to_pylist() if name)
    people = {
        part
        for name in names
        if user_class(name) == "user"
        for part in (name, *re.split(r"[\\/@.]", name))
        if len(part) > 1
    }
    spelled = {(c.namespace, *c.read(person)) for c in TEXTS for person in people}
    found = [
        to_pixel(mix(np.asarray([hash_word(said[1])], np.uint32), hash_word(said[0])))
        for said in spelled
        if len(said) == 2  # a text of several words is no name
    ]
    return np.unique(np.concatenate([np.zeros(0, np.int64), *found])).astype(np.int64)


def _frames(reel: Reel, rows: Ints) -> sparse.csr_matrix:
    """Frames of runs as a matrix. A pixel that stands twice in a frame is there twice, as the first look counts it."""
    indices, sizes = [np.zeros(0, np.int32)], [np.zeros(0, np.int64)]
    for start in range(0, len(rows), _CHUNK):
        runs = reel.runs[rows[start : start + _CHUNK]]
        flat = encoded(reel, reel.event_rows(runs["batch"], runs["row"])).reshape(len(runs), ROWS * CHANNELS)
        indices.append(flat[flat > 0].astype(np.int32))
        sizes.append((flat > 0).sum(axis=1))
    found = np.concatenate(indices)
    pointers = np.r_[0, np.cumsum(np.concatenate(sizes))]
    return sparse.csr_matrix((np.ones(len(found), np.float32), found, pointers), shape=(len(rows), PIXELS))


def _bag(reel: Reel, label: Ints, marked: Marked, patterns: npt.NDArray[np.uint64], place: Ints) -> Ints:
    """Distinct frames of labelled scenes with what is known of each; one malicious event makes a frame malicious."""
    mine = label[reel.runs_scene] >= 0
    pairs = np.unique(np.stack([reel.runs_scene[mine], place[mine]], axis=1).reshape(-1, 2), axis=0)
    truth = np.where(label[pairs[:, 0]] == 0, 0, -1)
    where = np.minimum(np.searchsorted(patterns, marked.pattern), max(len(patterns) - 1, 0))
    key = pairs[:, 0] * len(patterns) + pairs[:, 1]
    said = marked.events[:, 0] * len(patterns) + where
    at = np.minimum(np.searchsorted(key, said), max(len(key) - 1, 0))
    known = np.flatnonzero(key[at] == said) if len(key) else np.zeros(0, np.int64)
    np.maximum.at(truth, at[known], marked.events[known, 1])
    return np.asarray(np.c_[pairs, truth])


def _groups(reel: Reel, label: Ints) -> tuple[Ints, str]:
    """Which labelled scenes stay together, and the word for what they share."""
    root = reel.casting.roots
    hosts = [reel.cast.owners[int(r)].host for r in root]
    sources = [reel.cast.sources[int(r)] for r in root]
    for names, word in ((hosts, "host"), (sources, "file")):
        number = np.unique(names, return_inverse=True)[1].astype(np.int64)
        if len(np.unique(number[label == 1])) >= LEAST_GROUPS:
            return number, word
    return _blocks(_starts(reel), label), "block of time"


def _starts(reel: Reel) -> Ints:
    """First time of each scene; where it has none, that of the scene before."""
    start = np.full(len(reel.casting.roots), np.iinfo(np.int64).max)
    timed = reel.runs["time"] != NO_TIME
    np.minimum.at(start, reel.runs_scene[timed], reel.runs["time"][timed])
    unknown = start == np.iinfo(np.int64).max
    start[unknown] = 0
    before = np.maximum.accumulate(np.where(unknown, 0, np.arange(len(start))))
    return np.asarray(start[before])


def _blocks(start: Ints, label: Ints) -> Ints:
    """Contiguous blocks of like many labelled scenes; scenes that began in the same minute share one."""
    minute = start // _MINUTE
    known, count = np.unique(minute[label >= 0], return_counts=True)
    if not len(known):
        return np.zeros(len(start), np.int64)
    ahead = np.cumsum(count) - count
    block = ahead * FOLDS * _BLOCKS // count.sum()
    return np.asarray(block[np.clip(np.searchsorted(known, minute), 0, len(known) - 1)])


def dealt(group: Ints, label: Ints, seed: int) -> Ints:
    """Fold of each labelled scene, groups staying together; attack scenes are spread first. -1 without label."""
    known, place = np.unique(group, return_inverse=True)
    bad, all_ = (
        np.bincount(place[label == 1], minlength=len(known)),
        np.bincount(place[label >= 0], minlength=len(known)),
    )
    turn = np.lexsort((np.random.default_rng(seed).random(len(known)), -all_, -bad))
    held, hand = np.zeros((FOLDS, 2)), np.zeros(len(known), np.int64)
    for number in turn.tolist():
        first = 0 if bad[number] else 1
        fold = int(np.lexsort((held[:, 1], held[:, first]))[0])
        hand[number] = fold
        held[fold] += bad[number], all_[number]
    return np.where(label >= 0, hand[place], -1)


def leaking(bag: Ints, fold: Ints) -> Flags:
    """Scenes whose very same frames another fold shows too, ``(scenes,)``: judging them would be remembering."""
    found = np.zeros(len(fold), np.bool_)
    if not len(bag):
        return found
    scenes, start = np.unique(bag[:, 0], return_index=True)
    signs = [hashlib.blake2b(part.tobytes(), digest_size=16).digest() for part in np.split(bag[:, 1], start[1:])]
    folds: dict[bytes, set[int]] = {}
    for sign, scene in zip(signs, scenes.tolist(), strict=True):
        folds.setdefault(sign, set()).add(int(fold[scene]))
    found[scenes] = [len(folds[sign]) > 1 for sign in signs]
    return found
