"""What speaks for an attack and what against: signs near the alert weigh, what everybody here does weighs nothing.

Near is the alert's process, what it started, what started it, and what these handed on: files, requests, log-ins,
commands. What merely shares a person's session with them is far, unless the session is a stranger's.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from watchfloor.agent.bringing import fetchers, session_starter
from watchfloor.agent.growing import Growth
from watchfloor.agent.signs import Sign
from watchfloor.base.actions import WRITES
from watchfloor.film.traces import masked

#: A sign below this weight is what anybody does.
TELLING: Final = 0.5
#: Trees outside the case that ran the same command, numbers aside: so many halve its weight, so many take it away.
SOME_OTHERS, MANY_OTHERS = 1, 3
#: The part of a far tree that must be odd for it to be more than ordinary work.
ODD_TREE: Final = 0.25
#: Others' trees that speak to an address, at most, for it to be nobody's usual one.
FEW_SPEAK: Final = 2
_LOCAL = re.compile(r"(?<![\w.])(?:127\.\d+\.\d+\.\d+|localhost|::1)(?![\w.])")
_REMOTE = re.compile(r"(?<![\d.])(?!127\.|0\.0\.0\.0)(?:\d{1,3}\.){3}\d{1,3}(?![\d.])")
#: Signs that say nothing of a machine that speaks to itself.
_NETWORK: Final = frozenset(("opens a shell over the network", "scans the network"))


#: What each speaks for an attack: signs near the alert, up to MOST_SIGNS; a machine nobody else speaks to; a stranger's
#: session; a file handed on and run; the part of processes near the alert, and elsewhere in the case, that is odd. And
#: what speaks against it: a session from its owner's usual address.
FOREIGN, STRANGE, HANDED, ODD, USUAL = 1.0, 1.0, 0.5, 1.0, 0.7
MOST_SIGNS: Final = 3.0
#: From here on it is so. Set on the training hosts, each time on four for the fifth.
MALICIOUS: Final = 1.5
SUSPICIOUS: Final = 0.8


@dataclass(slots=True)
class Weights:
    """What a case weighs: signs by name with their weight here, near the alert and farther off."""

    near: dict[str, float] = field(default_factory=dict)
    far: dict[str, float] = field(default_factory=dict)
    members: set[int] = field(default_factory=set)
    odd: float = 0.0
    odd_far: float = 0.0
    #: Near processes in a stranger's session; near ones in somebody's usual session, and nobody strange.
    strange: bool = False
    usual: bool = False
    #: Whether near processes spoke to an address that hardly anybody else does, and ran a file that was handed on.
    foreign: bool = False
    handed: bool = False

    def of(self, name: str) -> float:
        """What a sign weighs here, near the alert or farther off."""
        return max(self.near.get(name, 0.0), self.far.get(name, 0.0))

    def score(self) -> float:
        """How much speaks for an attack; the verdict's scale."""
        score = min(MOST_SIGNS, sum(self.near.values()))
        score += FOREIGN * self.foreign + STRANGE * self.strange + HANDED * self.handed
        return score + ODD * (self.odd + self.odd_far) - USUAL * self.usual


def near_of(growth: Growth, seeds: Iterable[int]) -> set[int]:
    """Members near the alert."""
    members = growth.members
    near: set[int] = set()
    waiting = [seed for seed in seeds if seed in members] or list(members)
    while waiting:
        fresh = _beside(growth, waiting.pop()) - near
        near |= fresh
        waiting.extend(_handed_on(growth, fresh) - near)
        if not waiting:
            ties = (n for n, r in members.items() if r.step not in ("alert", "lineage") and r.source in near)
            waiting.extend(n for n in ties if n not in near)
    return near


def _beside(growth: Growth, number: int) -> set[int]:
    """One process with its lineage and, where it is in no person's session, all of its tree; a stranger's is whole."""
    index = growth.index
    login = index.sessions.server(number)
    found: set[int] = set()
    if login is None and not index.actors[number].played.session and not index.hub(number):
        found.update(index.trees[index.actors[number].tree])
    starter = session_starter(index, [number, *index.ancestors(number)][-1])
    for one in (number, starter) if starter is not None else (number,):
        found.update(index.descendants(one))
        for at in (one, *index.ancestors(one)):
            if index.actors[at].said.startswith("-") or at == login:
                break
            found.update((at, *fetchers(index, at)))
    if login is not None and index.sessions.strange(login):
        found.update(index.descendants(login), index.trees[index.actors[number].tree])
    return {n for n in found if n in growth.members} | {number}


def _handed_on(growth: Growth, numbers: Iterable[int]) -> set[int]:
    """Members who put there what these ran, ran what these put there, or logged on to where these are."""
    index = growth.index
    found: set[int] = set()
    for number in numbers:
        for path in index.actors[number].ran:
            found.update(who for _, who in index.writes.get(path, ()))
        for path in index.wrote.get(number, ()):
            found.update(index.runs.get(path, ()))
        login = index.sessions.server(number)
        if login is not None:
            found.update(index.dialled[n] for n in index.descendants(login)[:8] if n in index.dialled)
    return {n for n in found if n in growth.members}


def weigh(growth: Growth, seeds: Iterable[int], signs: Mapping[str, list[tuple[Sign, int]]]) -> Weights:
    """Weigh a grown case."""
    index = growth.index
    near = near_of(growth, seeds)
    found = Weights(members=near)
    trees = {index.actors[m].tree for m in growth.members}
    for name, shown in signs.items():
        for sign, row in shown:
            if sign.weight < TELLING:
                continue
            side = found.near if index.owners[row] in near else found.far
            if side.get(name, 0.0) < sign.weight:
                side[name] = max(side.get(name, 0.0), _here(growth, sign, row, trees))
    found.odd, found.odd_far = _odd(growth, near), _odd(growth, growth.members.keys() - near)
    logins = {login for m in near if (login := index.sessions.server(m)) is not None}
    found.strange = any(index.sessions.strange(login) for login in logins)
    found.usual = bool(logins) and not found.strange
    found.foreign = any(_foreign(growth, number, trees) for number in near)
    found.handed = any(
        r.step == "trace" and r.trace.startswith("path:") and r.trace[5:] in index.runs and m in near
        for m, r in growth.members.items()
    )
    return found


def _odd(growth: Growth, numbers: Iterable[int]) -> float:
    told = [growth.odd.get(n, 0.0) >= 0.5 for n in numbers if growth.index.actors[n].commands]
    return sum(told) / (len(told) + 2)


def _here(growth: Growth, sign: Sign, row: int, trees: set[int]) -> float:
    """A sign's weight on these hosts: what others here do as well, numbers aside, is less of one."""
    index = growth.index
    if index.actions[row] in WRITES:
        path = (index.column("file.path")[row] or "").rstrip("/")
        others = {index.actors[who].tree for _, who in index.writes.get(path, ())} - trees
    else:
        command = index.column("process.cmd_line")[row] or ""
        if sign.name in _NETWORK and _LOCAL.search(command) and not _REMOTE.search(command):
            return 0.0
        others = index.habits.get(masked(command), set()) - trees
    return sign.weight * (1.0 if len(others) < SOME_OTHERS else 0.5 if len(others) < MANY_OTHERS else 0.0)


def _foreign(growth: Growth, number: int, trees: set[int]) -> bool:
    """Whether a process spoke to an address that hardly anybody outside the case does."""
    index = growth.index
    for trace in index.actors[number].traces:
        kind, _, address = trace.partition(":")
        if kind != "address" or address in index.own_addresses or number not in index.spoke.get(address, ()):
            continue
        if len({index.actors[n].tree for n in index.spoke[address]} - trees) <= FEW_SPEAK:
            return True
    return False


def ordinary(growth: Growth, weights: Weights, rows: Mapping[str, list[tuple[Sign, int]]]) -> set[int]:
    """Members far from the alert in trees that show nothing: nothing odd, no sign that weighs here, no stranger."""
    index = growth.index
    telling = {
        index.actors[index.owners[row]].tree
        for name, shown in rows.items()
        if weights.far.get(name, 0.0) >= TELLING
        for _, row in shown
    }
    telling |= {index.actors[m].tree for m in weights.members}
    found = set()
    for number in growth.members.keys() - weights.members:
        tree, login = index.actors[number].tree, index.sessions.server(number)
        strange = login is not None and index.sessions.strange(login)
        if not strange and tree not in telling and growth.odd_share(tree) < ODD_TREE:
            found.add(number)
    return found
