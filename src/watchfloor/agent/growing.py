"""Growing a case: from one process back to where it began and forward to every effect.

Backtracking as King & Chen (BackTracker, SOSP 2003) with the pruning of PrioTracker (NDSS 2018) and NoDoze (NDSS
2019): a step is taken over lineage, over a trace few others share, over a log-in or a hand-over, and not over what
everybody touches. Every process in the case carries the reason it is there, so nothing is in it unexplained.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from watchfloor.agent.index import MOST_KINDS, Index
from watchfloor.film.lexicon import LAUNCHERS
from watchfloor.film.words import base_name

#: How much sharing a trace of this kind says, when nobody else has it.
WORTH: Final[Mapping[str, float]] = {"address": 0.95, "path": 0.9, "hash": 0.95, "user": 0.8, "word": 0.45}
#: A word as special as a file name of its own says more than a plain one.
SPECIAL_WORD: Final = 0.45
PLAIN_WORD: Final = 0.1
#: Paths of the system itself, which many touch for reasons of their own.
SYSTEM: Final = ("/etc/", "/usr/lib", "/usr/share", "/var/log", "/proc/", "/sys/", "/run/", "/lib", "/var/lib/dpkg", "/dev/")
SYSTEM_WORTH: Final = 0.35
#: Others' kinds of processes that halve what a trace says.
HALF: Final = 4.0
#: A trace others had before the case began says this part.
OLD: Final = 0.3
#: From this on a process belongs to the case.
ENOUGH: Final = 0.5
#: What it says to have run a path that the case wrote, named or ran.
RAN_WORTH: Final = 0.9
SURELY: Final = 0.75
#: A log-in address with at most so many sessions is nobody's usual one.
FEW_SESSIONS: Final = 4
#: Part of a tree's processes that must be odd or in the case for the tree to be the attacker's own.
OWN_SHARE: Final = 0.55
#: Seconds between a wrapper and what it handed over.
HAND_OVER: Final = 5.0
MOST_MEMBERS: Final = 20_000


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a process is in the case: over what, from whom (-1: the alert itself), by which trace, how surely."""

    step: str
    source: int
    trace: str = ""
    weight: float = 1.0


@dataclass(slots=True)
class Growth:
    """A growing case over an index. ``odd`` is what skills said of processes, by place, as probabilities."""

    index: Index
    odd: Mapping[int, float] = field(default_factory=dict)
    members: dict[int, Reason] = field(default_factory=dict)
    roots: list[int] = field(default_factory=list)
    began: float = float("inf")
    _kinds: dict[str, set[int]] = field(default_factory=dict)
    _waiting: deque[int] = field(default_factory=deque)
    _scores: dict[int, dict[str, float]] = field(default_factory=dict)
    _used: set[str] = field(default_factory=set)

    def seed(self, numbers: Iterable[int]) -> None:
        """Begin with the processes of an alert: each with the tree that is its own."""
        for number in numbers:
            self._admit_tree(number, Reason("alert", -1))

    def run(self) -> None:
        """Take every step there is, strongest traces first within what is known."""
        while self._waiting and len(self.members) < MOST_MEMBERS:
            number = self._waiting.popleft()
            self._hand_over(number)
            for server in self.index.logins.get(number, ()):
                self._admit_tree(server, Reason("log-in", number))
            for trace in self.index.actors[number].traces:
                if trace not in self._used:
                    self._used.add(trace)
                    self._follow(trace, number)

    # admitting

    def _admit(self, number: int, reason: Reason) -> None:
        if number in self.members or len(self.members) >= MOST_MEMBERS:
            return
        self.members[number] = reason
        actor = self.index.actors[number]
        if actor.rows:
            self.began = min(self.began, actor.first)
        self._waiting.append(number)

    def _admit_tree(self, number: int, reason: Reason) -> None:
        if number in self.members:
            return
        top, members = self.own_tree(number)
        self.roots.append(top)
        self._admit(number, reason)
        for member in members:
            self._admit(member, Reason("lineage", number if member != number else reason.source))

    def own_tree(self, number: int) -> tuple[int, list[int]]:
        """The part of the process tree that is one actor's own: its top, and all in it.

        Upwards while the parent was started in this recording for the same purpose: most of what it started is odd or
        in the case. A log-in from an address that nobody uses is taken whole.
        """
        index = self.index
        top = number
        for parent in index.ancestors(number):
            if self.generic(parent) or not self._mostly_own(parent, top):
                break
            top = parent
        login = self.session_login(number)
        if login is not None and self.rare_login(login):
            top = login
        found = index.descendants(top)
        if top == login:
            session = index.actors[number].played.session
            host = index.actors[number].played.host
            found += index.sessions.get((host, session), []) if session else []
        return top, list(dict.fromkeys(found))

    def generic(self, number: int) -> bool:
        """Whether a process starts whatever it is told to, or was there before the recording."""
        actor = self.index.actors[number]
        return not actor.commands or base_name(actor.played.image) in LAUNCHERS

    def _mostly_own(self, parent: int, below: int) -> bool:
        tree = [n for n in self.index.descendants(parent) if self.index.actors[n].commands]
        if len(tree) < 3:
            return True
        own = set(self.index.descendants(below))
        odd = sum(n in self.members or n in own or self.odd.get(n, 0.0) >= 0.5 for n in tree)
        return odd >= OWN_SHARE * len(tree)

    def session_login(self, number: int) -> int | None:
        """The sshd process that serves the session a process runs in, if it runs in one."""
        best = None
        for at in (number, *self.index.ancestors(number)):
            if base_name(self.index.actors[at].played.image) in ("sshd", "sshd-session") and self.index.remotes.get(at):
                best = at
        if best is None:
            actor = self.index.actors[number]
            best = self.index.session_server.get((actor.played.host, actor.played.session)) if actor.played.session else None
        return best

    def rare_login(self, server: int) -> bool:
        """Whether the address behind a log-in is one that hardly anybody comes from."""
        address = self.index.remotes.get(server)
        return address is not None and self.index.sessions_from[address] <= FEW_SESSIONS

    # following

    def _follow(self, trace: str, number: int) -> None:
        index = self.index
        kinds = index.kinds_of[trace]
        if len(kinds) > MOST_KINDS:
            return
        holders = index.holders[trace]
        others = [h for h in holders if h not in self.members]
        if not others:
            return
        kind, _, name = trace.partition(":")
        worth = self.worth(trace, others)
        running = self._running(name, others) if kind == "path" else {}
        for other in others:
            if other in self.members:
                continue
            kept = self._scores.setdefault(other, {})
            kept[kind] = max(kept.get(kind, 0.0), running.get(other, worth))
            missing = 1.0
            for value in kept.values():
                missing *= 1.0 - value
            need = ENOUGH if self._odd_around(other) else SURELY
            if 1.0 - missing >= need:
                self._admit_tree(other, Reason("trace", number, trace, 1.0 - missing))

    def _running(self, path: str, others: list[int]) -> dict[int, float]:
        """Those that ran the path, which says more than to touch it, and how much."""
        ran = {o for o in others if path in self.index.actors[o].ran}
        kinds = {self.index.actors[o].kind for o in ran}
        return dict.fromkeys(ran, RAN_WORTH / (1.0 + max(0, len(kinds) - 2) / HALF))

    def _odd_around(self, number: int) -> bool:
        near = (number, self.index.actors[number].parent, *self.index.actors[number].children[:20])
        return any(self.odd.get(n, 0.0) >= 0.5 for n in near)

    def worth(self, trace: str, others: list[int]) -> float:
        """How surely a trace ties those others to the case, in [0, 1]."""
        index = self.index
        kind, _, name = trace.partition(":")
        base = WORTH.get(kind, 0.0)
        if kind == "word":
            base = SPECIAL_WORD if len(name) >= 6 and not name.isalpha() else PLAIN_WORD
        if kind == "path" and (name.startswith(SYSTEM) or name.count("/") < 2 or not name.startswith("/")):
            base = SYSTEM_WORTH
        ours = {index.actors[m].tree_kind for m in index.holders[trace] if m in self.members}
        ran = {o for o in others if kind == "path" and name in index.actors[o].ran}
        outside = len({index.actors[o].tree_kind for o in others if o not in ran} - ours)
        return base / (1.0 + max(0, outside - 1) / HALF)

    def _hand_over(self, number: int) -> None:
        """What sudo, setsid and their like ran in a process of another tree: the same command a moment later."""
        index = self.index
        actor = index.actors[number]
        for command in actor.commands:
            words = command.split()
            if base_name(words[0]) not in HANDS_OVER if words else True:
                continue
            for cut in range(1, min(len(words), 6)):
                for other in index.by_command.get(" ".join(words[cut:]), ()):
                    started = index.actors[other].first
                    if other not in self.members and -1.0 <= started - actor.first <= HAND_OVER:
                        self._admit_tree(other, Reason("hand-over", number))


HANDS_OVER: Final = frozenset(("sudo", "setsid", "nohup", "env", "timeout", "nice", "su", "runuser", "stdbuf", "xargs"))
