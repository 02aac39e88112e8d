"""Whose request a service was serving: the connection it accepted last before it started something."""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Final

from watchfloor.film.traces import masked

#: Servers of log-ins, whose sessions tell where they come from themselves.
SERVERS: Final = frozenset(("sshd", "sshd-session", "sshd-auth"))
#: Seconds from the accepted connection to what was started for it, at most.
WITHIN: Final = 2.0
#: Characters of a command line by which requests of one service are known.
SHAPE: Final = 24
#: An accepted connection: when, by which service, from where ("": nobody knows).
Accept = tuple[float, int, str]


@dataclass(slots=True)
class Switchboard:
    """Told of connections and of what services start, in the order of the log, it says who asked for what.

    An accept is written when the connection comes but stamped when the service began to wait: callers give the latest
    time that their host's log has shown, in seconds. Where several services of one account accept, requests that look
    alike are one service's. A connection from the host itself is a proxy's: its visitor is the one whom the proxy
    accepted.
    """

    _accepts: dict[tuple[str, str], list[Accept]] = field(default_factory=lambda: defaultdict(list))
    _served: dict[int, str] = field(default_factory=dict)
    _connected: dict[str, tuple[float, str]] = field(default_factory=dict)
    _near: dict[int, list[Accept]] = field(default_factory=dict)

    def connects(self, host: str, process: int, now: float) -> None:
        """A process connected to its own host."""
        self._connected[host] = (now, self._served.get(process, ""))

    def accepts(self, host: str, user: str, process: int, now: float, address: str) -> str:
        """A service of an account accepted a connection; returns who stands behind it."""
        if address.startswith("127."):
            when, behind = self._connected.get(host, (0.0, ""))
            address = behind if now - when <= WITHIN else ""
        self._served[process] = address
        self._accepts[host, user].append((now, process, address))
        return address

    def starts(self, host: str, user: str, process: int, parent: int, now: float) -> None:
        """A process that may be the top of a request began; ``parent`` is -1 where nobody knows it."""
        last: dict[int, Accept] = {}
        for one in reversed(self._accepts.get((host, user), ())):
            if now - one[0] > WITHIN:
                break
            last.setdefault(one[1], one)
        last = {parent: last[parent]} if parent in last else last
        if last and process not in last:
            self._near[process] = list(last.values())

    def visitors(self, shape: Callable[[int], Hashable]) -> dict[int, str]:
        """Who stands behind each process that a service started for a request, "" where nobody knows.

        ``shape`` says which processes are one service's.
        """
        votes: dict[Hashable, Counter[int]] = defaultdict(Counter)
        for process, accepted in self._near.items():
            for rank, (_, server, _) in enumerate(accepted, start=1):
                votes[shape(process)][server] += 6 // rank
        found: dict[int, str] = {}
        for process, accepted in self._near.items():
            vote = votes[shape(process)]
            found[process] = max(accepted, key=lambda one: vote[one[1]])[2]
        return found


def shape_of(host: str, command: str) -> tuple[str, str]:
    """By what requests of one service are known: their host and how their command lines begin."""
    return host, masked(command)[:SHAPE]
