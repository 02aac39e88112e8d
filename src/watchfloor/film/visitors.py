"""Whose request a service was serving: the connection it accepted last before it started something."""

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from typing import Final

from watchfloor.film.traces import masked

#: Servers of log-ins, whose sessions tell where they come from themselves.
SERVERS: Final = frozenset(("sshd", "sshd-session", "sshd-auth"))
#: Seconds from the accepted connection to what was started for it, at most.
WITHIN: Final = 2.0
#: Connections of one account's services that are looked through for who asked, at most: a log may stand still in time.
MOST_ACCEPTED: Final = 64
#: Characters of a command line by which requests of one service are known.
SHAPE: Final = 24


@dataclass(slots=True)
class Accepted:
    """A connection: when, by which service, from where ("": nobody knows)."""

    when: float
    process: int
    address: str


@dataclass(slots=True)
class Switchboard:
    """Told of connections and of what services start, in the order of the log, it says who asked for what.

    An accept is written when the connection comes but stamped when the service began to wait: times given are the
    latest that their host's log has shown, in seconds, and ``moves`` says what time came next. Where several services
    of one account accept, requests that look alike are one service's. A connection from the host itself is a proxy's:
    its visitor is the one whom the proxy accepted.
    """

    _accepts: dict[tuple[str, str], deque[Accepted]] = field(
        default_factory=lambda: defaultdict(lambda: deque(maxlen=MOST_ACCEPTED))
    )
    _latest: dict[int, Accepted] = field(default_factory=dict)
    _served: dict[int, str] = field(default_factory=dict)
    _connected: dict[str, tuple[float, str]] = field(default_factory=dict)
    _waiting: dict[str, list[Accepted]] = field(default_factory=lambda: defaultdict(list))
    _near: dict[int, list[Accepted]] = field(default_factory=dict)

    def moves(self, host: str, now: float) -> None:
        """Something else than an accept is on record: what was accepted before came right before it."""
        waiting = self._waiting[host]
        while waiting:
            waiting.pop().when = now

    def connects(self, host: str, process: int, now: float) -> None:
        """A process connected to its own host."""
        self._connected[host] = (now, self._served.get(process, ""))

    def accepts(self, host: str, user: str, process: int, now: float, address: str) -> str:
        """A service of an account accepted a connection; returns who stands behind it."""
        if address.startswith("127."):
            when, behind = self._connected.get(host, (0.0, ""))
            address = behind if now - when <= WITHIN else ""
        one = Accepted(now, process, address)
        self._served[process] = address
        self._latest[process] = one
        self._accepts[host, user].append(one)
        self._waiting[host].append(one)
        return address

    def starts(self, host: str, user: str, process: int, above: Iterable[int], now: float) -> None:
        """A process that may be the top of a request began; ``above`` are its parents, nearest first.

        Whoever accepted may have forked, and the fork become somebody else: a parent that accepted just now goes before
        services of the same account.
        """
        parents = (self._latest[parent] for parent in above if parent in self._latest)
        last = next(([one] for one in parents if now - one.when <= WITHIN), None)
        if last is None:
            found: dict[int, Accepted] = {}
            for one in reversed(self._accepts.get((host, user), ())):
                if now - one.when > WITHIN:
                    break
                found.setdefault(one.process, one)
            last = list(found.values())
        if last and all(one.process != process for one in last):
            self._near[process] = last

    def visitors(self, shape: Callable[[int], Hashable]) -> dict[int, str]:
        """Who stands behind each process that a service started for a request, "" where nobody knows.

        ``shape`` says which processes are one service's.
        """
        votes: dict[Hashable, Counter[int]] = defaultdict(Counter)
        for process, accepted in self._near.items():
            for rank, one in enumerate(accepted, start=1):
                votes[shape(process)][one.process] += 6 // rank
        found: dict[int, str] = {}
        for process, accepted in self._near.items():
            vote = votes[shape(process)]
            found[process] = max(accepted, key=lambda one: vote[one.process]).address
        return found


def shape_of(host: str, command: str) -> tuple[str, str]:
    """By what requests of one service are known: their host and how their command lines begin."""
    return host, masked(command)[:SHAPE]
