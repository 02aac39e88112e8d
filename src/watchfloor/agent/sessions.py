"""Sessions of people: which sshd process serves one, the address it came from, and whether that is a stranger's."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from watchfloor.film.traces import elsewhere
from watchfloor.film.visitors import SERVERS
from watchfloor.film.words import base_name

if TYPE_CHECKING:
    from watchfloor.agent.index import Index

#: An address with at most so many sessions is nobody's usual one.
FEW_SESSIONS: Final = 4
#: An address first seen this part of the recording after its beginning was not in use all along.
LATE: Final = 0.05


class Sessions:
    """Log-ins of a recording."""

    def __init__(self, index: "Index") -> None:
        self._index = index
        self._servers: dict[int, int | None] = {}
        self._remotes: dict[int, str] = {}
        self._account: dict[int, str] = {}
        self._by_session: dict[tuple[str, str], int] = {}
        self._addresses: dict[int, str] = {}
        #: Sshd processes that logged somebody in, by the address they came from, in time order.
        self.from_address: dict[str, list[int]] = defaultdict(list)
        self._first: dict[str, float] = {}
        self._habits: dict[str, Counter[str]] = defaultdict(Counter)
        self._accounts: dict[str, set[str]] = defaultdict(set)
        self._read()

    def _read(self) -> None:
        index = self._index
        columns = zip(index.actions, index.column("src_endpoint.ip"), index.column("user.name"), strict=True)
        for row, (action, address, user) in enumerate(columns):
            if action != "logon.success" or not elsewhere(address):
                continue
            owner = index.owners[row]
            if owner not in self._remotes:
                self._remotes[owner] = address
                self._account[owner] = user or ""
                self.from_address[address].append(owner)
            self._first[address] = min(self._first.get(address, index.times[row]), index.times[row])
            played = index.actors[owner].played
            if user:
                self._habits[f"{user}@{played.host}"][address] += 1
                self._accounts[address].add(f"{user}@{played.host}")
            if played.session:
                self._by_session.setdefault((played.host, played.session), owner)

    def server(self, number: int) -> int | None:
        """The sshd process that serves the session a process runs in, if it runs in one."""
        if number not in self._servers:
            self._servers[number] = self._server(number)
        return self._servers[number]

    def _server(self, number: int) -> int | None:
        index = self._index
        if index.cron_tree(number):
            return None
        best = None
        for at in (number, *index.ancestors(number)):
            if base_name(index.actors[at].played.image) in SERVERS and not self._listener(at):
                best = at
        played = index.actors[number].played
        if best is None and played.session:
            best = self._by_session.get((played.host, played.session))
        return best if best is not None and self.address(best) else None

    def _listener(self, number: int) -> bool:
        actor = self._index.actors[number]
        return (actor.parent == -1 or bool(actor.commands)) and not any("-R" in c for c in actor.commands)

    def address(self, server: int) -> str:
        """Where the session of an sshd process came from, as it or what it started was told; "" where nobody says."""
        if server not in self._addresses:
            told = (self._remotes[n] for n in self._index.descendants(server) if n in self._remotes)
            self._addresses[server] = self._remotes.get(server) or next(told, "")
        return self._addresses[server]

    def alike(self, address: str, servers: Iterable[int]) -> list[int]:
        """Log-ins from an address that some of them speak for: all of few, of many those of their accounts.

        Where none is given everybody's are meant.
        """
        found, accounts = self.from_address.get(address, []), {self._account.get(server) for server in servers}
        if len(found) <= FEW_SESSIONS or not accounts:
            return found
        return [one for one in found if self._account[one] in accounts]

    def strange(self, server: int) -> bool:
        """Whether a session came from a stranger's address."""
        return self.strange_address(self.address(server))

    def usual(self, address: str) -> bool:
        """Whether an address is one that people usually log on from."""
        return address in self.from_address and not self.strange_address(address)

    def strange_address(self, address: str) -> bool:
        """Whether sessions come from an address, and it is nobody's usual one.

        Few do; or it is new here; or whoever logs on from it mostly does so from elsewhere.
        """
        count = len(self.from_address.get(address, ()))
        if count <= FEW_SESSIONS or address in self._index.own_addresses:
            return 0 < count <= FEW_SESSIONS
        begin, end = self._index.span
        new = self._first[address] > begin + LATE * (end - begin)
        return new or all(2 * self._habits[a][address] < self._habits[a].total() for a in self._accounts[address])
