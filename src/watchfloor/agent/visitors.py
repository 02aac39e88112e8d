"""Whose request a service was serving: the connection it accepted last before it started something."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from watchfloor.agent.sessions import LATE, SERVERS
from watchfloor.agent.traces import elsewhere, masked
from watchfloor.film.words import base_name

if TYPE_CHECKING:
    from watchfloor.agent.index import Index

#: Seconds from the accepted connection to what was started for it, at most.
WITHIN: Final = 2.0
#: Characters of a command line by which requests of one service are known.
SHAPE: Final = 24
_IP = re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])")
#: An accepted connection: when, by which service, from where.
_Accept = tuple[float, int, str]


class Visitors:
    """Remote addresses by the top process of what a service started for a request.

    An accept is written when the connection comes but stamped when the service began to wait, so records are taken in
    the order of the log. Where several services of one account accept, requests that look alike are one service's.
    """

    def __init__(self, index: "Index") -> None:
        self._index = index
        self.address: dict[int, str] = {}
        self.served: dict[str, list[int]] = defaultdict(list)
        #: Where each service's connections came from.
        self.callers: dict[int, set[str]] = defaultdict(set)
        self._first: dict[str, float] = {}
        near: dict[int, list[_Accept]] = {}
        #: Services that name their visitors in the titles of the processes that serve them.
        told = {actor.parent for number, actor in enumerate(index.actors) if _told(index, number)} - {-1}
        votes: dict[tuple[str, str], Counter[int]] = defaultdict(Counter)
        for owner, accepted in self._before():
            near[owner] = accepted
            for rank, (_, server, _) in enumerate(accepted, start=1):
                votes[_shape(index, owner)][server] += 6 // rank
        for owner, accepted in near.items():
            vote = votes[_shape(index, owner)]
            address = max(accepted, key=lambda one: vote[one[1]])[2]
            parent = index.actors[owner].parent
            if parent in told and not index.actors[owner].commands:
                address = _told(index, owner)
            if elsewhere(address):
                self.address[owner] = address
                self.served[address].append(owner)

    def new(self, address: str) -> bool:
        """Whether an address asked for nothing when the recording began, and is no recorded host's or person's own."""
        index = self._index
        begin, end = index.span
        known = address in index.own_addresses or index.sessions.usual(address)
        return not known and self._first.get(address, begin) > begin + LATE * (end - begin)

    def _before(self) -> Iterator[tuple[int, list[_Accept]]]:
        """Tops of requests, each with what every service of its account accepted last before, nearest first."""
        index = self._index
        tops = _tops(index)
        accepts: dict[tuple[str, str], list[_Accept]] = defaultdict(list)
        clock: dict[str, float] = defaultdict(float)
        latest: dict[int, list[_Accept]] = defaultdict(list)
        waiting: dict[str, list[tuple[list[_Accept], int]]] = defaultdict(list)
        proxies = _Proxies()
        users = index.column("actor.user.name")
        sources, targets = index.column("src_endpoint.ip"), index.column("dst_endpoint.ip")
        for row, (action, owner) in enumerate(zip(index.actions, index.owners, strict=True)):
            played = index.actors[owner].played
            now = clock[played.host] = max(clock[played.host], index.times[row])
            if action != "network.listen":
                while waiting[played.host]:  # the connection came right before what the log says next
                    where, place = waiting[played.host].pop()
                    where[place] = (now, *where[place][1:])
            if action == "network.connect" and (targets[row] or "").startswith("127."):
                proxies.connects(played.host, owner, now)
            elif action == "network.listen" and sources[row] and base_name(played.image) not in SERVERS:
                address = proxies.accepts(played.host, owner, now, sources[row])
                known = accepts[played.host, users[row] or played.user]
                waiting[played.host] += [(known, len(known)), (latest[owner], len(latest[owner]))]
                known.append((now, owner, address))
                latest[owner].append((now, owner, address))
                self.callers[owner].add(address)
                self._first[address] = min(self._first.get(address, now), now)
            if tops.get(owner) == row:
                last = _last(accepts[played.host, played.user], now)
                # whoever accepted may have forked, and the fork become somebody else
                above = (_last(latest.get(parent, [])[-1:], now) for parent in index.ancestors(owner))
                last = next((mine for mine in above if mine), last)
                if last and owner not in last:
                    yield owner, list(last.values())


def _told(index: "Index", number: int) -> str:
    """The visitor's address in the title of a process that was forked for them and started no program."""
    actor = index.actors[number]
    found = _IP.search(actor.played.command_line) if not actor.commands else None
    return found[0] if found and elsewhere(found[0]) else ""


def _last(accepted: list[_Accept], now: float) -> dict[int, _Accept]:
    """What each service accepted last, shortly before."""
    last: dict[int, _Accept] = {}
    for one in reversed(accepted):
        if now - one[0] > WITHIN:
            break
        last.setdefault(one[1], one)
    return last


def _shape(index: "Index", number: int) -> tuple[str, str]:
    return index.actors[number].played.host, masked(index.actors[number].said)[:SHAPE]


@dataclass(slots=True)
class _Proxies:
    """A connection from the host itself is a proxy's: its visitor is the one whom the proxy accepted."""

    _served: dict[int, str] = field(default_factory=dict)
    _connected: dict[str, tuple[float, str]] = field(default_factory=dict)

    def connects(self, host: str, number: int, now: float) -> None:
        self._connected[host] = (now, self._served.get(number, ""))

    def accepts(self, host: str, number: int, now: float, address: str) -> str:
        if address.startswith("127."):
            when, behind = self._connected.get(host, (0.0, ""))
            address = behind if now - when <= WITHIN else ""
        self._served[number] = address
        return address


def _tops(index: "Index") -> dict[int, int]:
    """First row of each process that may be the top of a request: a service's, in no session, no job."""
    return {
        members[0]: index.actors[members[0]].rows[0]
        for members in index.trees.values()
        if index.actors[members[0]].rows
        and not index.actors[members[0]].played.session
        and not index.cron_tree(members[0])
    }
