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
    "address": 8, "user": 12, "ran": 8, "path": 4, "system": 1,
}  # fmt: skip
#: An address with at most so many trees speaks to few.
FEW_TREES: Final = 24
#: Programs that look at a file and do not make it.
READERS: Final = frozenset(
    ("cat", "ls", "head", "tail", "less", "more", "stat", "file", "grep", "find", "wc", "diff", "test", "[", "md5sum",
     "sha256sum", "awk", "git", "du", "readlink")
)  # fmt: skip
#: Where jobs are left for a daemon to run.
JOBS: Final = ("/var/spool/cron/atjobs/", "/var/spool/cron/atspool/", "/var/spool/at/")
#: Trees that write one file: of more it is a state everybody leaves, not a thing handed on.
MOST_WRITERS: Final = 2
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
        kinds = {actors[m].tree_kind for m in ours}
        spoke = index.spoke.get(self._name, set()) if self._kind == "address" else set(others)
        self._outside = {actors[o].tree_kind for o in others if o in spoke} - kinds
        self._first = min(actors[m].first for m in ours)
        path = self._kind == "path"
        self._runs = index.runs.get(self._name, {}) if path else {}
        self._run_kinds = len({actors[n].kind for n in self._runs})
        self._writes = index.writes.get(self._name, []) if path else []
        self._wrote = {who for _, who in self._writes}
        self._writers = {actors[who].tree for who in self._wrote}
        self._given = not self._wrote.isdisjoint(self._members)
        self._theirs = bool(self._members & self._runs.keys())
        self._made = self._kind == "user" and any(self._name in actors[m].made for m in ours)
        left = index.holders[trace]
        brought = [n for n in left if not self._reads(n)] or list(left)
        self._came = min(brought, key=lambda n: (left[n], n))
        self._ran = min(self._runs.values(), default=float("inf"))

    def candidates(self, others: Sequence[int]) -> Sequence[int]:
        """Those of ``others`` that the trace can tie at all: the rest need not be weighed one by one."""
        if self._kind == "user":
            return others if self._made else ()
        if self._kind == "address":
            return self._strangers(others)
        if self._theirs:
            return others
        open_to_all = len(self._outside) <= max(MOST_OUTSIDE["path"], MOST_OUTSIDE["system"])
        if open_to_all and (self._writers and len(self._writers) <= MOST_WRITERS):
            return others
        return [other for other in others if other in self._runs]

    def gave(self, other: int) -> bool:
        """Whether ``other`` ran what a member had put there: in whose session ever, it is the member's doing."""
        return self._given and other in self._runs

    def _reads(self, number: int) -> bool:
        """Whether a process only looked at what was there: its program is one that reads."""
        return self._index.program(number) in READERS

    def weight(self, other: int, tree_share: float, near_odd: bool) -> float:
        """How surely ``other`` belongs to the case, in [0, 1]: 0 where the trace does not tie it."""
        actor = self._index.actors[other]
        kind = kind_of(self._index, self._kind, self._name, other)
        if self._index.hub(other):
            return 0.0
        if kind == "user":
            return 0.85 if self._made and actor.first >= self._first - 1 else 0.0
        if kind == "address":
            return self._address(other, tree_share)
        if kind == "ran":
            return self._handed_on(other, near_odd)
        if self._theirs:
            return self._put_there(other, tree_share)
        return self._touched(kind, other, tree_share, near_odd)

    def _address(self, other: int, tree_share: float) -> float:
        """An address of nobody here, that few speak to."""
        index = self._index
        if self._name in index.own_addresses or len(self._outside) > MOST_OUTSIDE["address"]:
            return 0.0
        if other not in index.spoke.get(self._name, ()):
            return 0.0  # to name an address is not to speak to it: who blocks it names it too
        if tree_share >= ODD_TREE["address"]:
            return 0.8
        trees = {index.actors[n].tree for n in index.holders[self.trace]}
        rare = index.sessions.strange_address(self._name) and len(trees) <= FEW_TREES
        return 0.75 if rare or len(self._outside) <= 1 else 0.0

    def _strangers(self, others: Sequence[int]) -> Sequence[int]:
        """Those who spoke to the address; of log-ins from it only such as may be those of the case's own actor."""
        spoke = self._index.spoke.get(self._name, ())
        found = [other for other in others if other in spoke]
        sessions = self._index.sessions
        logins = {n: s for n in (*found, *self._members) if (s := sessions.server(n)) is not None}
        logins = {n: s for n, s in logins.items() if sessions.address(s) == self._name}
        ours = {logins[m] for m in self._members if m in logins}
        if not ours:
            return found
        alike = set(sessions.alike(self._name, ours))
        return [other for other in found if other not in logins or logins[other] in alike]

    def _handed_on(self, other: int, near_odd: bool) -> float:
        """``other`` ran the path: it is the case's if the case put it there, or if nobody had it before the case.

        Of what nobody is seen to have put there only jobs and odd runs are: it may have been there all along.
        """
        if self._run_kinds > MOST_OUTSIDE["ran"]:
            return 0.0
        at = self._runs[other]
        before = [who for when, who in self._writes if when <= at]
        if before:
            return 0.9 if before[-1] in self._members else 0.0
        jobs = self._index.cron_tree(self._came) and self._index.cron_tree(other)
        fresh = self._came not in self._runs or near_odd or jobs
        return 0.9 if self._came in self._members and fresh and self._late() else 0.0

    def _late(self) -> bool:
        begin, end = self._index.span
        return self._ran > begin + LATE * (end - begin)

    def _put_there(self, other: int, tree_share: float) -> float:
        """A member ran the path and ``other`` wrote it before: the hand that planted what the case ran."""
        first = min(self._runs[m] for m in self._members if m in self._runs)
        before = [who for when, who in self._writes if when <= first]
        named = not self._writes and other == self._came and self._came not in self._runs
        if not named and (not before or before[-1] != other):
            return 0.0
        new = named or self._ran >= self._writes[0][0]
        new = new and not self._name.startswith("/etc/") and not self._index.installer(other)
        return 0.9 if new or tree_share >= ODD_TREE["path"] else 0.0

    def _touched(self, kind: str, other: int, tree_share: float, near_odd: bool) -> float:
        """One side put content there and the other took it up; a file that many write is everybody's state."""
        actors = self._index.actors
        if len(self._outside) > MOST_OUTSIDE[kind] or not self._flows(other):
            return 0.0
        if self._name.startswith(JOBS) and len({actors[n].tree for n in self._index.holders[self.trace]}) == 2:
            return 0.85  # one planted the job, the other ran it
        if tree_share >= ODD_TREE.get(kind, 1.0) and near_odd:
            return 0.8
        soon = 0 <= actors[other].first - self._first <= SOON
        return 0.6 if kind == "path" and len(self._outside) <= 1 and soon and near_odd else 0.0

    def _flows(self, other: int) -> bool:
        left = self._index.holders[self.trace]
        if not self._writers or len(self._writers) > MOST_WRITERS:
            return False
        when, who = self._writes[0]
        if who == other:
            return any(left[m] >= when and m not in self._wrote and not self._reads(m) for m in self._members)
        return who in self._members and left[other] >= when and other not in self._wrote and not self._reads(other)


def kind_of(index: Index, kind: str, name: str, other: int) -> str:
    """What a trace is to a process: a path it ran says more than one it touched."""
    if kind == "path":
        if name in index.actors[other].ran:
            return "ran"
        plain = name.startswith(SYSTEM) or name.count("/") < 2 or not name.startswith("/")
        return "system" if plain else "path"
    return "path" if kind == "hash" else kind
