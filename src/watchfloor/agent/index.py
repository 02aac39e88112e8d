"""The index an investigation walks: processes with their lineage, Events and traces, and who else left a trace.

Built once for a recording in a few seconds; every tool reads it and nothing changes it.
"""

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pyarrow as pa

from watchfloor.agent.recording import COLUMNS, Played, Recording
from watchfloor.agent.traces import TRACED, elsewhere, masked, named, of_field, ran
from watchfloor.base.events import event_id
from watchfloor.film.words import base_name

#: A trace that more kinds of processes than this left ties nobody to anybody, and is not looked up.
MOST_KINDS: Final = 400
#: Programs one process ran that say what kind of process it is.
_PROGRAMS: Final = 6
_CLIENTS: Final = frozenset(
    ("ssh", "scp", "sftp", "rsync", "plink", "python0.0", "python3", "hydra", "sshpass", "dbclient")
)
_JOBS: Final = frozenset(("cron", "crond", "atd", "anacron"))
#: Remote addresses of one visitor's process, at most.
MOST_ADDRESSES: Final = 3
#: What puts content into a file.
WRITES: Final = frozenset(("file.create", "file.modify", "file.rename"))
#: Seconds between a client's connect and the log-in it made, at most.
_LOGIN_WITHIN: Final = 4.0


@dataclass(slots=True)
class Actor:
    """One process with what it did. ``rows`` are places in the table; times are seconds since 1970."""

    played: Played
    parent: int = -1
    children: list[int] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    traces: set[str] = field(default_factory=set)
    #: Paths it ran that are not the system's own programs.
    ran: set[str] = field(default_factory=set)
    #: Accounts it made or changed.
    made: set[str] = field(default_factory=set)
    #: The tree it is in (its session, or its oldest ancestor that was started here), and what kind of tree that is.
    tree: int = -1
    tree_kind: int = 0
    first: float = 0.0
    last: float = 0.0
    kind: int = 0
    users: set[str] = field(default_factory=set)

    @property
    def said(self) -> str:
        """What it ran, as a person reads it: its last command line, else its image."""
        return self.commands[-1] if self.commands else self.played.command_line or self.played.image


class Index:
    """Who did what, and who else left the same trace."""

    def __init__(self, recording: Recording) -> None:
        self.table = recording.table
        self._columns: dict[str, list[Any]] = {}
        self._events: dict[int, dict[str, Any]] = {}
        micros = self.table["time"].cast(pa.int64()).fill_null(0).to_numpy() if len(self.table) else np.zeros(0)
        self.times: list[float] = (micros / 1e6).tolist()
        self.owners: list[int] = self.table["owner"].to_pylist() if len(self.table) else []
        self.actions: list[str] = self.column("action")
        self.actors = [Actor(played) for played in recording.processes]
        self.by_uid = {actor.played.uid: number for number, actor in enumerate(self.actors)}
        self.writers: dict[str, list[int]] = defaultdict(list)
        self._fill()
        self.holders: dict[str, list[int]] = defaultdict(list)
        self.kinds_of: dict[str, set[int]] = defaultdict(set)
        self.seen: dict[int, int] = defaultdict(int)
        self.scenes: dict[int, list[int]] = defaultdict(list)
        self._kinds()
        self._by_id: dict[str, int] = {}
        self.by_command: dict[str, list[int]] = defaultdict(list)
        self.sessions: dict[tuple[int, str], list[int]] = defaultdict(list)
        self.session_server: dict[tuple[str, str], int] = {}
        self.remotes: dict[int, str] = {}
        self.sessions_from: dict[str, int] = defaultdict(int)
        self.trees: dict[int, list[int]] = defaultdict(list)
        self._kind_trees: dict[int, set[int]] = defaultdict(set)
        self._sessions()
        self._trees()
        known = [time for time in self.times if time]
        self.span = (min(known, default=0.0), max(known, default=0.0))
        self.hosts = {actor.played.host for actor in self.actors}
        self.daemon_trees: dict[tuple[str, str], list[int]] = defaultdict(list)
        for number, actor in enumerate(self.actors):
            if (
                actor.commands
                and not actor.played.session
                and actor.played.user
                and self.trees[actor.tree][0] == number
            ):
                self.daemon_trees[actor.played.host, actor.played.user].append(number)
        self.logins, self.dialled = _logins(self)

    def column(self, name: str) -> list[Any]:
        """All values of one column."""
        if name not in self._columns:
            self._columns[name] = self.table[name].to_pylist() if len(self.table) else []
        return self._columns[name]

    def event(self, row: int) -> dict[str, Any]:
        """All that is kept of one Event."""
        if row not in self._events:
            self._events[row] = {name: self.column(name)[row] for name in COLUMNS}
        return self._events[row]

    def _fill(self) -> None:
        launched = [
            a == "process.launch" and s != "failure" for a, s in zip(self.actions, self.column("status"), strict=True)
        ]
        for row, (owner, time, user) in enumerate(
            zip(self.owners, self.times, self.column("actor.user.name"), strict=True)
        ):
            actor = self.actors[owner]
            if not actor.rows:
                actor.first = time
            actor.first, actor.last = min(actor.first, time), max(actor.last, time)
            actor.rows.append(row)
            if user:
                actor.users.add(user)
        self._fill_commands(launched)
        self._fill_traces()
        self._fill_lineage()

    def _fill_commands(self, launched: list[bool]) -> None:
        texts = zip(self.column("process.cmd_line"), self.column("process.file.path"), strict=True)
        for row, (command, image) in enumerate(texts):
            if launched[row] and command:
                actor = self.actors[self.owners[row]]
                if not actor.commands or actor.commands[-1] != command:
                    actor.commands.append(command)
                    actor.traces.update(named(command))
                    actor.ran.update(ran(command))
                if image and "/bin/" not in image:
                    actor.traces.add(f"path:{image}")
                    actor.ran.add(image)

    def _fill_traces(self) -> None:
        for name in TRACED:
            for row, value in enumerate(self.column(name)):
                if value:
                    if name == "file.path" and self.actions[row] in WRITES:
                        self.writers[value.rstrip("/")].append(self.owners[row])
                    if name == "user.name" and self.actions[row] in ("account.change", "group.change"):
                        self.actors[self.owners[row]].made.add(value)
                    self.actors[self.owners[row]].traces.update(of_field(name, self.actions[row], value))

    def _fill_lineage(self) -> None:
        for number, actor in enumerate(self.actors):
            parent = self.by_uid.get(actor.played.parent_uid, -1) if actor.played.parent_uid else -1
            # pids come round again: what the film put into another scene has another parent
            if parent not in (-1, number) and self.actors[parent].played.scene == actor.played.scene:
                actor.parent = parent
                self.actors[parent].children.append(number)

    def _kinds(self) -> None:
        names: dict[tuple[str, ...], int] = {}
        for number, actor in enumerate(self.actors):
            said = actor.commands[:_PROGRAMS] or [actor.played.image]
            key = tuple(sorted({masked(text) for text in said}))
            actor.kind = names.setdefault(key, len(names))
            self.seen[actor.kind] += 1
            self.scenes[actor.played.scene].append(number)
            for trace in actor.traces:
                self.holders[trace].append(number)
                self.kinds_of[trace].add(actor.kind)

    def _sessions(self) -> None:
        for number, actor in enumerate(self.actors):
            for command in actor.commands:
                self.by_command[command].append(number)
            if actor.played.session:
                self.sessions[actor.played.scene, actor.played.session].append(number)
        for row, (action, address) in enumerate(zip(self.actions, self.column("src_endpoint.ip"), strict=True)):
            if address and action == "logon.success" and elsewhere(address):
                owner = self.owners[row]
                if owner not in self.remotes:
                    self.remotes[owner] = address
                    self.sessions_from[address] += 1
                played = self.actors[owner].played
                if played.session:
                    self.session_server.setdefault((played.host, played.session), owner)

    def _trees(self) -> None:
        tops: dict[object, int] = {}
        kinds: dict[int, set[int]] = defaultdict(set)
        for number, actor in enumerate(self.actors):
            played = actor.played
            key: object = (played.scene, played.session)
            if not played.session:
                key = number
                for parent in self.ancestors(number):
                    if not self.actors[parent].commands:
                        break
                    key = parent
            actor.tree = tops.setdefault(key, len(tops))
            kinds[actor.tree].add(actor.kind)
        for number, actor in enumerate(self.actors):
            self.trees[actor.tree].append(number)
        for actor in self.actors:
            self._kind_trees[actor.kind].add(actor.tree)
        self.trees_of_kind = {kind: len(trees) for kind, trees in self._kind_trees.items()}
        names: dict[frozenset[int], int] = {}
        for actor in self.actors:
            actor.tree_kind = names.setdefault(frozenset(kinds[actor.tree]), len(names))

    def row_of(self, address: str) -> int | None:
        """The row of an Event by its address ``source#record``."""
        if not self._by_id:
            parts = zip(self.column("source"), self.column("record"), strict=True)
            self._by_id = {event_id(source or "", record or ""): row for row, (source, record) in enumerate(parts)}
        return self._by_id.get(address)

    def id_of(self, row: int) -> str:
        """The address of the Event in a row."""
        return event_id(self.column("source")[row] or "", self.column("record")[row] or "")

    def cron_session(self, scene: int, session: str) -> bool:
        """Whether an audit session is one job of cron or at."""
        return any(base_name(self.actors[n].played.image) in _JOBS or any("CRON" in c for c in self.actors[n].commands)
                   for n in self.sessions.get((scene, session), ()))  # fmt: skip

    def hub(self, number: int) -> bool:
        """Whether many addresses meet in a process: a listener, not one visitor's server."""
        return sum(trace.startswith("address:") for trace in self.actors[number].traces) > MOST_ADDRESSES

    def ancestors(self, number: int) -> list[int]:
        """Parents upwards, nearest first; a circle in hostile lineage ends the walk."""
        found: list[int] = []
        at, met = self.actors[number].parent, {number}
        while at != -1 and at not in met:
            found.append(at)
            met.add(at)
            at = self.actors[at].parent
        return found

    def descendants(self, number: int) -> list[int]:
        """The process and all it started, itself first; safe against circles."""
        found, met, waiting = [], {number}, [number]
        while waiting:
            at = waiting.pop()
            found.append(at)
            fresh = [child for child in self.actors[at].children if child not in met]
            met.update(fresh)
            waiting.extend(fresh)
        return found


def _talk(index: Index) -> tuple[list[tuple[float, int, str]], list[tuple[float, int, str]]]:
    """Sessions of sshd and connects of its clients, each as time, process and the address named."""
    begins: list[tuple[float, int, str]] = []
    dials: list[tuple[float, int, str]] = []
    sources, targets, ports = (
        index.column(f"{c}") for c in ("src_endpoint.ip", "dst_endpoint.ip", "dst_endpoint.port")
    )
    for row, (action, owner) in enumerate(zip(index.actions, index.owners, strict=True)):
        if action == "logon.success" and sources[row] and "sshd" in index.actors[owner].played.image:
            begins.append((index.times[row], owner, sources[row]))
        elif action == "network.connect" and ports[row] == 22 and targets[row] and _client(index, owner):
            dials.append((index.times[row], owner, targets[row]))
    begins.sort()
    return begins, dials


def _client(index: Index, number: int) -> bool:
    return base_name(index.actors[number].played.image) in _CLIENTS


def _logins(index: Index) -> tuple[dict[int, list[int]], dict[int, int]]:
    """Which client process made which log-in, by the clock: connect to port 22 here, sshd's session there.

    On one host both must name the same address. Between hosts the address a client's sessions come from, and the host
    an address belongs to, are what most pairs in the recording agree on.
    """
    begins, dials = _talk(index)
    moments = [at for at, _, _ in begins]
    comes: dict[str, Counter[str]] = defaultdict(Counter)
    belongs: dict[str, Counter[str]] = defaultdict(Counter)
    pairs: list[tuple[float, int, int, str, str]] = []
    for when, client, target in dials:
        host = index.actors[client].played.host
        for place in range(bisect_left(moments, when - 0.5), bisect_right(moments, when + _LOGIN_WITHIN)):
            at, server, address = begins[place]
            other = index.actors[server].played.host
            if host == other:
                if target == address or target.startswith("127."):
                    pairs.append((abs(at - when), client, server, "", ""))
                continue
            comes[host][address] += 1
            belongs[target][other] += 1
            pairs.append((abs(at - when), client, server, address, target))
    nearest: dict[int, tuple[float, int]] = {}
    for gap, client, server, address, target in pairs:
        host, other = index.actors[client].played.host, index.actors[server].played.host
        known = not address or (
            comes[host].most_common(1)[0][0] == address and belongs[target].most_common(1)[0][0] == other
        )
        if known:
            nearest[server] = min(nearest.get(server, (float("inf"), -1)), (gap, client))
    found: dict[int, list[int]] = defaultdict(list)
    for server, (_, client) in nearest.items():
        found[client].append(server)
    return dict(found), {server: client for server, (_, client) in nearest.items()}
