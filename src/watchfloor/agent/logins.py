"""Which client made which log-in: a connect to port 22 here, sshd's session there a moment later."""

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Final

from watchfloor.film.traces import elsewhere
from watchfloor.film.words import base_name

if TYPE_CHECKING:
    from watchfloor.agent.index import Index

#: Programs that log in, as they are usually named.
CLIENTS: Final = frozenset(("ssh", "scp", "sftp", "rsync", "plink", "python3", "hydra", "sshpass", "dbclient"))
PORT: Final = 22
#: Seconds between a client's connect and the log-in it made, at most.
WITHIN: Final = 4.0
#: A process that dials more machines than this is a scanner, and none of its connects is taken for a log-in.
MOST_DIALLED: Final = 6


def pair(index: "Index") -> tuple[dict[int, list[int]], dict[int, int], set[str]]:
    """Log-ins by client process, the client of each sshd process, and the addresses of the recording's own hosts.

    A dial makes one log-in at most, the nearest by the clock; a known client goes before a program that merely
    connected. On one host both must name the same address. Between hosts the address a client's sessions come from,
    and the host an address belongs to, are what most pairs in the recording agree on.
    """
    begins, dials = _talk(index)
    moments = [at for at, _, _ in begins]
    votes: Counter[tuple[str, str, str, str]] = Counter()
    pairs: list[tuple[bool, bool, float, int, int]] = []
    users = _users(index)
    for dial, (when, client, target) in enumerate(dials):
        host = index.actors[client].played.host
        near = range(bisect_left(moments, when - 0.5), bisect_right(moments, when + WITHIN))
        for place in near:
            at, server, address = begins[place]
            other = index.actors[server].played.host
            if host != other:
                if not (elsewhere(address) and elsewhere(target)):
                    continue
                votes[host, address, target, other] += 1
            elif target != address and (elsewhere(target) or elsewhere(address)):
                continue  # who dials the host itself is seen to come from it
            named = f"{users.get(server, '?')}@" in index.actors[client].said
            pairs.append((not _client(index, client), not named, abs(at - when), dial, place))
    usual_source, usual_host = _usual(votes)
    own = {*usual_source.values(), *usual_host}
    made: dict[int, int] = {}
    used: set[int] = set()
    for *_, dial, place in sorted(pairs):
        _, client, target = dials[dial]
        _, server, address = begins[place]
        host, other = index.actors[client].played.host, index.actors[server].played.host
        known = host == other or (usual_source.get(host) == address and usual_host.get(target) == other)
        if known and dial not in used and server not in made:
            made[server] = client
            used.add(dial)
            if host == other and elsewhere(address):  # who dials an address and comes from it has that address
                own.add(address)
    found: dict[int, list[int]] = defaultdict(list)
    for server, client in made.items():
        found[client].append(server)
    return dict(found), made, own


def _usual(votes: Counter[tuple[str, str, str, str]]) -> tuple[dict[str, str], dict[str, str]]:
    """The address each host's sessions come from and the host each address belongs to: what has most votes together.

    An address is given to one host only, the one with most votes first: chance pairs lose to those that come again.
    """
    source: dict[str, str] = {}
    belongs: dict[str, str] = {}
    for (host, address, target, other), _ in votes.most_common():
        there = source.get(host, address) == address and belongs.get(target, other) == other
        if there and belongs.get(address, host) == host and source.get(other, target) == target:
            source[host], belongs[target] = address, other
    return source, belongs


def _talk(index: "Index") -> tuple[list[tuple[float, int, str]], list[tuple[float, int, str]]]:
    """Sessions of sshd and connects to its port, each as time, process and the address named."""
    begins: list[tuple[float, int, str]] = []
    dials: list[tuple[float, int, str]] = []
    dialled: dict[int, set[str]] = defaultdict(set)
    sources, targets, ports = (
        index.column(f"{c}") for c in ("src_endpoint.ip", "dst_endpoint.ip", "dst_endpoint.port")
    )
    for row, (action, owner) in enumerate(zip(index.actions, index.owners, strict=True)):
        if action == "logon.success" and sources[row] and "sshd" in index.actors[owner].played.image:
            begins.append((index.times[row], owner, sources[row]))
        elif action == "network.connect" and ports[row] == PORT and targets[row]:
            dials.append((index.times[row], owner, targets[row]))
            dialled[owner].add(targets[row])
    begins.sort()
    return begins, [dial for dial in dials if len(dialled[dial[1]]) <= MOST_DIALLED]


def _users(index: "Index") -> dict[int, str]:
    """The account each process of sshd logged on."""
    names = index.column("user.name")
    return {o: n for o, n, a in zip(index.owners, names, index.actions, strict=True) if n and a == "logon.success"}


def _client(index: "Index", number: int) -> bool:
    return base_name(index.actors[number].played.image) in CLIENTS
