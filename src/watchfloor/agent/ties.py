"""How surely a shared trace ties a process to a case: rules over rarity, birth and company, none over words.

A trace ties when few others have it and those are odd themselves, or when a path was put there before anybody ran it:
the thresholds are set on the training hosts of ``range/``. What everybody touches ties nobody (PrioTracker, NoDoze).
"""

from collections.abc import Mapping, Sequence
from typing import Final

from watchfloor.agent.index import Index

#: Paths of the system itself, which many touch for reasons of their own.
SYSTEM: Final = (
    "/etc/", "/usr/lib", "/usr/share", "/var/log", "/proc/", "/sys/", "/run/", "/lib", "/var/lib/dpkg", "/dev/",
)  # fmt: skip
#: Others' kinds of trees (of processes: "ran") that may share a trace; what more share is everybody's.
MOST_OUTSIDE: Final[Mapping[str, int]] = {
    "address": 8, "user": 12, "ran": 8, "path": 4, "system": 1, "word": -1,
}  # fmt: skip
#: The part of a tree that must be odd for a trace that others only touch to tie it.
ODD_TREE: Final[Mapping[str, float]] = {"address": 0.25, "path": 0.3, "system": 0.4}
#: Seconds within which even a tree with nothing odd in it belongs to whoever left it a file.
SOON: Final = 900.0
#: A program first run this part of the recording after its beginning was not there all along.
LATE: Final = 0.08


class Tie:
    """One trace between a case and others: what does not depend on which other it is."""

    def __init__(self, index: Index, trace: str, ours: Sequence[int], others: Sequence[int]) -> None:
        self._index = index
        self.trace = trace
        self._kind, _, self._name = trace.partition(":")
        actors = index.actors
        self._members = set(ours)
        self._ours = {actors[m].tree_kind for m in ours}
        self._outside = {actors[o].tree_kind for o in others} - self._ours
        self._first = min(actors[m].first for m in ours)
        self._runs = {n for n in (*ours, *others) if self._name in actors[n].ran} if self._kind == "path" else set()
        self._born = self._was_born(index.holders[trace])
        self._made = self._kind == "user" and any(self._name in actors[m].made for m in ours)

    def _was_born(self, holders: Sequence[int]) -> bool:
        """Whether a path was written or named before it was first run, or first run well after the beginning."""
        actors = self._index.actors
        if not self._runs:
            return False
        first = min(self._runs, key=lambda n: actors[n].first)
        run = actors[first].first
        apart = (actors[n].first for n in holders if n not in self._runs and actors[n].tree != actors[first].tree)
        begin, end = self._index.span
        system = self._name.startswith(("/etc/", "/lib", "/usr/sbin/", "/usr/share"))
        if system:
            return any(actors[w].first < run for w in self._index.writers.get(self._name, ()))
        return min(apart, default=float("inf")) < run or run > begin + LATE * (end - begin)

    def _written(self, other: int) -> bool:
        """Whether one side wrote the path: that both looked at what was there before ties nobody."""
        return any(w == other or w in self._members for w in self._index.writers.get(self._name, ()))

    def weight(self, other: int, tree_share: float, near_odd: bool) -> float:
        """How surely ``other`` belongs to the case, in [0, 1]: 0 where the trace does not tie it."""
        actor = self._index.actors[other]
        kind = kind_of(self._index, self._kind, self._name, other)
        if kind == "address" and self._index.hub(other):
            return 0.0
        if kind == "ran":
            kinds = len({self._index.actors[n].kind for n in self._runs})
            return 0.9 if kinds <= MOST_OUTSIDE["ran"] and self._born else 0.0
        if kind == "user":
            return 0.85 if self._made and actor.first >= self._first - 1 else 0.0
        if len(self._outside) > MOST_OUTSIDE[kind] or (kind in ("path", "system") and not self._written(other)):
            return 0.0
        if tree_share >= ODD_TREE.get(kind, 1.0) and (near_odd or kind == "address"):
            return 0.8
        few = len(self._outside) <= 1
        if kind == "address" and few:
            return 0.75
        soon = 0 <= actor.first - self._first <= SOON
        return 0.6 if kind == "path" and few and soon and near_odd else 0.0


def kind_of(index: Index, kind: str, name: str, other: int) -> str:
    """What a trace is to a process: a path it ran says more than one it touched."""
    if kind == "path":
        if name in index.actors[other].ran:
            return "ran"
        plain = name.startswith(SYSTEM) or name.count("/") < 2 or not name.startswith("/")
        return "system" if plain else "path"
    return "path" if kind == "hash" else kind
