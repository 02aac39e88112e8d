"""Remote visitors of a recording's services: who asked for what, and who is new (``film.visitors``)."""

from collections import defaultdict
from typing import TYPE_CHECKING

from watchfloor.agent.sessions import LATE
from watchfloor.film.traces import IP, elsewhere
from watchfloor.film.visitors import SERVERS, Switchboard, shape_of
from watchfloor.film.words import base_name

if TYPE_CHECKING:
    from watchfloor.agent.index import Index


class Visitors:
    """Remote addresses by the top process of what a service started for a request."""

    def __init__(self, index: "Index") -> None:
        self._index = index
        self.address: dict[int, str] = {}
        self.served: dict[str, list[int]] = defaultdict(list)
        #: Where each service's connections came from.
        self.callers: dict[int, set[str]] = defaultdict(set)
        self._first: dict[str, float] = {}
        #: Services that name their visitors in the titles of the processes that serve them.
        told = {actor.parent for number, actor in enumerate(index.actors) if _told(index, number)} - {-1}
        actors = index.actors
        found = self._heard().visitors(lambda number: shape_of(actors[number].played.host, actors[number].said))
        for owner, address in found.items():
            if actors[owner].parent in told and not actors[owner].commands:
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

    def _heard(self) -> Switchboard:
        """All connections and starts of the recording, told in the order of the log."""
        index, board = self._index, Switchboard()
        tops = _tops(index)
        clock: dict[str, float] = defaultdict(float)
        users = index.column("actor.user.name")
        sources, targets = index.column("src_endpoint.ip"), index.column("dst_endpoint.ip")
        for row, (action, owner) in enumerate(zip(index.actions, index.owners, strict=True)):
            played = index.actors[owner].played
            now = clock[played.host] = max(clock[played.host], index.times[row])
            if action != "network.listen":
                board.moves(played.host, now)
            if action == "network.connect" and (targets[row] or "").startswith("127."):
                board.connects(played.host, owner, now)
            elif action == "network.listen" and sources[row] and base_name(played.image) not in SERVERS:
                address = board.accepts(played.host, users[row] or played.user, owner, now, sources[row])
                self.callers[owner].add(address)
                self._first[address] = min(self._first.get(address, now), now)
            if tops.get(owner) == row:
                board.starts(played.host, played.user, owner, index.ancestors(owner), now)
        return board


def _told(index: "Index", number: int) -> str:
    """The visitor's address in the title of a process that was forked for them and started no program."""
    actor = index.actors[number]
    found = IP.search(actor.played.command_line) if not actor.commands else None
    return found[0] if found and elsewhere(found[0]) else ""


def _tops(index: "Index") -> dict[int, int]:
    """First row of each process that may be the top of a request: a service's, in no session, no job."""
    return {
        members[0]: index.actors[members[0]].rows[0]
        for members in index.trees.values()
        if index.actors[members[0]].rows
        and not index.actors[members[0]].played.session
        and not index.cron_tree(members[0])
    }
