"""Which frames a report holds: the runs of the scenes shown, and every matched record as a frame of its own."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from watchfloor.base.findings import rank
from watchfloor.film.filming import Reel
from watchfloor.film.matches import Told
from watchfloor.film.strip import Runs

Ints = npt.NDArray[np.int64]


class Footage(NamedTuple):
    """Frames in time order, the shown scene of each, how many were left out, and where each match is (-1: nowhere)."""

    runs: Runs
    scene: Ints
    left_out: int
    match_frame: list[int]


def footage(reel: Reel, shown_ids: Sequence[str], told: Sequence[Told], most: int) -> Footage:
    """At most ``most`` frames: matched records first, then what the screen weighs most."""
    place = {name: number for number, name in enumerate(shown_ids)}
    index = np.asarray([place.get(name, -1) for name in reel.scene_ids()], np.int64)
    wanted = np.flatnonzero(index[reel.runs_scene] >= 0)
    runs = reel.runs[wanted]
    address = np.asarray([batch << 32 | row for batch, row in (one.address for one in told)], np.int64)
    if len(told):
        runs = _cut_out(reel, runs, address)
    scene = index[reel.casting.scene[runs["owner"].astype(np.int64)]]
    left_out = 0
    if len(runs) > most:
        left_out = len(runs) - most
        first = np.lexsort((-runs["logit"], -_gravity(runs, address, told)))[:most]
        runs, scene = runs[first], scene[first]
    order = np.argsort(runs["time"], kind="stable")
    runs, scene = runs[order], scene[order]
    return Footage(runs, scene, left_out, _places(runs, address))


def _addresses(runs: Runs) -> Ints:
    return np.asarray(runs["batch"].astype(np.int64) << 32 | runs["row"].astype(np.int64))


def _cut_out(reel: Reel, runs: Runs, address: Ints) -> Runs:
    """Give matched records that stand inside a run a frame of their own; the run holds one fewer."""
    inside = np.setdiff1d(address, _addresses(runs))
    if not len(inside):
        return runs
    own = reel.frames_of((inside >> 32).astype(np.int32), (inside & 0xFFFFFFFF).astype(np.int32))
    whole = np.concatenate([runs, own])
    order = np.lexsort((np.arange(len(whole)), whole["time"], whole["pattern"], whole["owner"], whole["batch"]))
    is_run = order < len(runs)
    last_run = np.maximum.accumulate(np.where(is_run, np.arange(len(order)), -1))
    for at in np.flatnonzero(~is_run & (last_run >= 0)).tolist():
        run, frame = int(order[last_run[at]]), int(order[at])
        if all(whole[name][run] == whole[name][frame] for name in ("batch", "owner", "pattern")):
            whole["repeats"][run] = max(1, whole["repeats"][run] - 1)
    return whole


def _gravity(runs: Runs, address: Ints, told: Sequence[Told]) -> Ints:
    """0 for a frame no rule names, else 1 and more by the gravest level."""
    gravity = np.zeros(len(runs), np.int64)
    places = np.asarray(_places(runs, address), np.int64)
    found = places >= 0
    levels = np.asarray([1 + rank(one.finding.level) for one in told], np.int64)
    np.maximum.at(gravity, places[found], levels[found])
    return gravity


def _places(runs: Runs, address: Ints) -> list[int]:
    """The place of each address among the runs, -1 where it is none's first."""
    if not len(address) or not len(runs):
        return [-1] * len(address)
    known = _addresses(runs)
    order = np.argsort(known)
    at = np.minimum(np.searchsorted(known[order], address), len(known) - 1)
    return [int(n) for n in np.where(known[order[at]] == address, order[at], -1)]
