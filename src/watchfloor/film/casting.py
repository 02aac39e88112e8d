"""Scenes from the cast: a process-tree session per host, cut at launchers, joined by links.

A session starts at a process whose parent is an operating-system launcher or unknown, and holds every
descendant; links (``film.links``) join what one story started through a service.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from watchfloor.film.cast import Cast, Owner
from watchfloor.film.lexicon import LAUNCHERS
from watchfloor.film.links import Link
from watchfloor.film.words import base_name

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Casting:
    """Who plays in which scene. ``scene[i]`` is the scene of owner ``i``; ``roots[s]`` the root owner of ``s``."""

    scene: Ints
    roots: Ints
    links: dict[int, list[Link]]


def cast_scenes(cast: Cast, links: Iterable[Link]) -> Casting:
    """Group owners into scenes by parenthood and links."""
    owners = cast.owners
    group = _Groups(len(owners))
    launcher = [base_name(o.image) in LAUNCHERS for o in owners]
    parents = [cast.number_of(o.parent_uid) if o.parent_uid else None for o in owners]
    for child, parent in enumerate(parents):
        if (
            parent is not None
            and parent != child
            and not launcher[parent]
            and owners[child].host == owners[parent].host
        ):
            group.join(parent, child)
    kept = [link for link in links if not launcher[link.cause]]
    for link in kept:
        group.join(link.cause, link.effect)
    tops, scene = np.unique(np.asarray([group.top(i) for i in range(len(owners))], np.int64), return_inverse=True)
    roots = _roots(owners, parents, scene, len(tops), {link.effect for link in kept})
    by_scene: dict[int, list[Link]] = {}
    for link in kept:
        by_scene.setdefault(int(scene[link.cause]), []).append(link)
    return Casting(scene.astype(np.int64), roots, by_scene)


def _roots(owners: Sequence[Owner], parents: Sequence[int | None], scene: Ints, scenes: int, effects: set[int]) -> Ints:
    """The root of a scene: the earliest owner whose parent plays elsewhere and that nobody's link explains."""
    best: list[tuple[int, float, int] | None] = [None] * scenes
    for number, owner in enumerate(owners):
        s = int(scene[number])
        parent = parents[number]
        inside = parent is not None and parent != number and int(scene[parent]) == s
        rank = 2 if inside else (1 if number in effects else 0)
        if owner.kind == "process" and not owner.image:
            rank = 3  # only mentioned as somebody's parent: nothing to show a person
        key = (rank, owner.start.timestamp() if owner.start else float("-inf"), number)
        current = best[s]
        if current is None or key < current:
            best[s] = key
    return np.asarray([b[2] for b in best if b is not None], np.int64)


class _Groups:
    """Disjoint sets with path halving."""

    def __init__(self, size: int) -> None:
        self._parent = list(range(size))

    def top(self, item: int) -> int:
        parent = self._parent
        while parent[item] != item:
            parent[item] = parent[parent[item]]
            item = parent[item]
        return item

    def join(self, first: int, second: int) -> None:
        a, b = self.top(first), self.top(second)
        if a != b:
            self._parent[b] = a
