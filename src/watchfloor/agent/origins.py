"""What brought a process about: who started it, handed its command over, logged it on. Causes only, and no effects.

Backtracking after King & Chen (BackTracker, SOSP 2003): a cause comes before what it caused. The root of a case is
sought among causes of its alert; what the case merely led to, or met on its way, can not be it.
"""

from collections.abc import Iterable, Iterator, Mapping, Set
from typing import Final

from watchfloor.agent.index import Index
from watchfloor.film.traces import rests
from watchfloor.film.visitors import SERVERS
from watchfloor.film.words import base_name

#: Seconds between a wrapper and what it handed over.
HAND_OVER: Final = 5.0


def started_by(index: Index, number: int) -> list[int]:
    """Parents upwards, nearest first, as far as they did it for this one purpose.

    Not the shell of a person's session, nor what serves many: a daemon, a listener.
    """
    found: list[int] = []
    below = number
    for parent in index.ancestors(number):
        if shared(index, parent, below):
            break
        found.append(parent)
        below = parent
    return found


def shared(index: Index, number: int, below: int) -> bool:
    """Whether a parent stands for more than the child at hand: a session's shell, a server, a daemon."""
    actor = index.actors[number]
    if not actor.rows or actor.said.startswith("-") or base_name(actor.played.image) in SERVERS:
        return True
    return bool(index.visitors.callers.get(number)) or index.daemon(number, below) or index.hub(number)


def handed_by(index: Index, number: int) -> int | None:
    """The wrapper (``sudo``, ``setsid``) that handed a process its command a moment before: the nearest."""
    actor = index.actors[number]
    if not actor.commands or not index.orphan(number):
        return None
    near = [
        other
        for other in index.handed.get(" ".join(actor.commands[0].split()), ())
        if index.actors[other].played.host == actor.played.host
        and -0.1 <= index.launched(number) - index.launched(other) <= HAND_OVER
    ]
    return max(near, key=index.launched, default=None)


def handed_to(index: Index, number: int) -> Iterator[int]:
    """What a wrapper's command became in a process of another tree a moment later."""
    actor = index.actors[number]
    for command in actor.commands:
        for rest in rests(command):
            for other in index.by_command.get(rest, ()):
                apart = index.orphan(other) and index.actors[other].played.host == actor.played.host
                if apart and -1.0 <= index.actors[other].first - actor.first <= HAND_OVER:
                    yield other


def back_of(causes: Mapping[int, Set[int]], numbers: Iterable[int]) -> set[int]:
    """Processes and all that brought them about; ``causes`` are the nearest of each."""
    found: set[int] = set()
    waiting = list(numbers)
    while waiting:
        at = waiting.pop()
        if at not in found:
            found.add(at)
            waiting.extend(causes.get(at, ()))
    return found
