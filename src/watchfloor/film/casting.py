"""Scenes from the cast: a process-tree session per host, cut at launchers, joined by links.

A session starts at a process whose parent is an operating-system launcher or unknown, and holds every
descendant; links (``film.links``) join what one story started through a service. On Linux the kernel numbers
audit sessions: one log-in, cron or at job with all it started is a scene, also where a fork was not recorded.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from watchfloor.film.cast import Cast, Owner
from watchfloor.film.lexicon import LAUNCHERS, SHELLS, STARTS_NOTHING
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
    parents = [cast.number_of(o.parent_uid) if o.parent_uid else None for o in owners]
    launcher = _launchers(owners, parents)
    for child, parent in enumerate(parents):
        if parent is None or parent == child or launcher[parent] or owners[child].host != owners[parent].host:
            continue
        if not _serves(owners[parent], owners[child]) and _can_start(owners[parent], owners[child]):
            group.join(parent, child)
    for members in _audit_sessions(owners, launcher).values():
        for member in members[1:]:
            group.join(members[0], member)
    kept = [link for link in links if not launcher[link.cause]]
    for link in kept:
        group.join(link.cause, link.effect)
    tops, scene = np.unique(np.asarray([group.top(i) for i in range(len(owners))], np.int64), return_inverse=True)
    roots = _roots(owners, parents, scene, len(tops), {link.effect for link in kept})
    by_scene: dict[int, list[Link]] = {}
    for link in kept:
        by_scene.setdefault(int(scene[link.cause]), []).append(link)
    return Casting(scene.astype(np.int64), roots, by_scene)


def _launchers(owners: Sequence[Owner], parents: Sequence[int | None]) -> list[bool]:
    """Which owners are launchers: by image, but not a launcher's own fork, which serves one session.

    A parent seen only as a pid is a launcher when a child is one; when all its children are forks of one
    launcher (cron's, say), it is that launcher. One that started several kinds of launchers before the recording is
    a host's or container's init, whatever it is called.
    """
    names = [base_name(o.image) for o in owners]
    children: dict[int, list[str]] = {}
    for child, parent in enumerate(parents):
        if parent is not None and parent != child and owners[parent].uid.endswith("@?"):
            children.setdefault(parent, []).append(names[child])
    for parent, found in children.items():
        kinds = LAUNCHERS.intersection(found)
        if kinds and not names[parent]:
            names[parent] = found[0] if len(set(found)) == 1 and len(found) > 1 else "init"
        elif len(kinds) > 1:
            names[parent] = "init"
    launcher = []
    for number, parent in enumerate(parents):
        fork = parent is not None and parent != number and names[parent] == names[number]
        launcher.append(names[number] in LAUNCHERS and not fork)
    return launcher


def _audit_sessions(owners: Sequence[Owner], launcher: Sequence[bool]) -> dict[tuple[str, str], list[int]]:
    """Owners of each audit session of each host."""
    found: dict[tuple[str, str], list[int]] = {}
    for number, owner in enumerate(owners):
        if owner.session and not launcher[number]:
            found.setdefault((owner.host, owner.session), []).append(number)
    return found


def _can_start(parent: Owner, child: Owner) -> bool:
    """Whether a pid's last known process can be the parent: pids are reused, and forks are seldom recorded.

    A child is in its parent's audit session, unless a log-in or job begins with it.
    """
    if base_name(parent.image) in STARTS_NOTHING:
        return False
    if child.session:
        begins = parent.outside and base_name(parent.image) in LAUNCHERS
        return child.session == parent.session or (not parent.session and begins)
    # what a server forked before the log-in never enters the session, and belongs to it all the same
    return not (parent.session and child.outside) or parent.outside


def _serves(parent: Owner, child: Owner) -> bool:
    """A fork of a server that ran before the recording began: each connection is a session of its own."""
    forked = child.image == parent.image and child.command_line == parent.command_line
    interactive = base_name(parent.image) in SHELLS and len(parent.command_line.split()) < 2
    return forked and parent.uid.endswith("@?") and not interactive


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
