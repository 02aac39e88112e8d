"""The index an investigation walks: processes with their lineage, Events and traces, and who else left a trace.

Built once for a recording in a few seconds; every tool reads it and nothing changes it.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pyarrow as pa

from watchfloor.agent.logins import pair
from watchfloor.agent.recording import COLUMNS, Played, Recording
from watchfloor.agent.sessions import Sessions
from watchfloor.agent.visitors import Visitors
from watchfloor.base.actions import WRITES
from watchfloor.base.events import event_id
from watchfloor.film.lexicon import JOB_DAEMONS
from watchfloor.film.traces import COMMON, TRACED, beside, masked, named, of_field, ran, rests
from watchfloor.film.words import base_name

#: A trace that more kinds of processes than this left ties nobody to anybody, and is not looked up.
MOST_KINDS: Final = 400
#: Programs one process ran that say what kind of process it is.
_PROGRAMS: Final = 6
#: Seconds after a process's last record in which it may start one that the film put elsewhere.
STARTED_WITHIN: Final = 2.0
#: Seconds for which a command line that is still at work may show nothing.
SILENT: Final = 900.0
ROOT: Final = frozenset(("root", "uid:0", "0", "SYSTEM"))
#: Files one process writes, at most, for what it wrote to say something of who ran it.
MOST_WRITTEN: Final = 60
#: Remote addresses of one visitor's process, at most.
MOST_ADDRESSES: Final = 3


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
        self._hubs: dict[int, bool] = {}
        self._programs: dict[int, str] = {}
        self._ran_in: dict[str, int] = {}
        micros = self.table["time"].cast(pa.int64()).fill_null(0).to_numpy() if len(self.table) else np.zeros(0)
        self.times: list[float] = (micros / 1e6).tolist()
        self.owners: list[int] = self.table["owner"].to_pylist() if len(self.table) else []
        self.actions: list[str] = self.column("action")
        self.actors = [Actor(played) for played in recording.processes]
        self.by_uid = {actor.played.uid: number for number, actor in enumerate(self.actors)}
        #: Who left a trace, with the time of the first; who ran a path; who put content into it, in time order.
        self.holders: dict[str, dict[int, float]] = defaultdict(dict)
        self.runs: dict[str, dict[int, float]] = defaultdict(dict)
        self.writes: dict[str, list[tuple[float, int]]] = defaultdict(list)
        #: Who spoke to an address, not only named it.
        self.spoke: dict[str, set[int]] = defaultdict(set)
        self.wrote: dict[int, set[str]] = defaultdict(set)
        self._fill()
        self.kinds_of: dict[str, set[int]] = defaultdict(set)
        self.scenes: dict[int, list[int]] = defaultdict(list)
        self._kinds()
        self._by_id: dict[str, int] = {}
        self.by_command: dict[str, list[int]] = defaultdict(list)
        #: Who handed a command over to another process (``sudo``, ``setsid``), by what was handed over.
        self.handed: dict[str, list[int]] = defaultdict(list)
        self.trees: dict[int, list[int]] = defaultdict(list)
        self._trees()
        #: Trees that ran a command, numbers and random names aside.
        self.habits: dict[str, set[int]] = defaultdict(set)
        for number, actor in enumerate(self.actors):
            for command in actor.commands:
                self.by_command[command].append(number)
                for rest in rests(command):
                    self.handed[rest].append(number)
                self.habits[masked(command)].add(actor.tree)
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
        self.logins, self.dialled, self.own_addresses = pair(self)
        self.sessions = Sessions(self)
        self.visitors = Visitors(self)

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
        columns = (self.column(f"process.{name}") for name in ("cmd_line", "file.path", "working_directory"))
        for row, (command, image, folder) in enumerate(zip(*columns, strict=True)):
            if launched[row] and command:
                owner = self.owners[row]
                actor = self.actors[owner]
                if not actor.commands or actor.commands[-1] != command:
                    actor.commands.append(command)
                    self._leave(row, (*named(command), *beside(command, folder or "")))
                    for path in ran(command, folder or ""):
                        self._runs(row, path)
                if image and not image.startswith(COMMON):
                    self._leave(row, (f"path:{image}",))
                    self._runs(row, image)

    def _leave(self, row: int, traces: Iterable[str]) -> None:
        owner, time = self.owners[row], self.times[row]
        for trace in traces:
            self.actors[owner].traces.add(trace)
            left = self.holders[trace]
            left[owner] = min(left.get(owner, time), time)

    def _runs(self, row: int, path: str) -> None:
        owner, time = self.owners[row], self.times[row]
        self.actors[owner].ran.add(path)
        self.runs[path][owner] = min(self.runs[path].get(owner, time), time)

    def _fill_traces(self) -> None:
        for name in TRACED:
            for row, value in enumerate(self.column(name)):
                if value:
                    if name == "file.path" and self.actions[row] in WRITES:
                        self.writes[value.rstrip("/")].append((self.times[row], self.owners[row]))
                    if name == "user.name" and self.actions[row] in ("account.change", "group.change"):
                        self.actors[self.owners[row]].made.add(value)
                    self._leave(row, of_field(name, self.actions[row], value))
                    if name.endswith(".ip"):
                        self.spoke[value].add(self.owners[row])
        for path, written in self.writes.items():
            written.sort()
            for _, who in written:
                self.wrote[who].add(path)

    def _fill_lineage(self) -> None:
        for number, actor in enumerate(self.actors):
            parent = self.by_uid.get(actor.played.parent_uid, -1) if actor.played.parent_uid else -1
            # pids come round again: what the film put into another scene has another parent
            if parent not in (-1, number) and self._could_start(parent, number):
                actor.parent = parent
                self.actors[parent].children.append(number)
        for parent, actor in enumerate(self.actors):
            if len(actor.children) and " -c " in actor.said and actor.rows:
                self._cut_silent(parent)

    def _cut_silent(self, parent: int) -> None:
        """Take children from a command line that was long over when they began: its pid came round again."""
        actor = self.actors[parent]
        busy, kept = self.launched(parent), []
        for child in sorted(actor.children, key=lambda n: self.actors[n].first):
            other = self.actors[child]
            busy = max([busy, *(self.times[r] for r in actor.rows if self.times[r] <= other.first)])
            if other.first - busy > SILENT:
                other.parent = -1
            else:
                kept.append(child)
                busy = max(busy, other.last)
        actor.children = kept

    def _could_start(self, parent: int, child: int) -> bool:
        """Whether a process may have started another: nobody but root becomes somebody else.

        What the film put into another scene only if it began while the parent was there: pids come round again.
        """
        one, other = self.actors[parent], self.actors[child]
        there = one.first - 1.0 <= other.first <= one.last + STARTED_WITHIN
        if one.played.scene != other.played.scene and not there:
            return False
        above, below = one.users, other.users
        return not above or not below or bool(above & below) or bool((above | below) & ROOT)

    def _kinds(self) -> None:
        names: dict[tuple[str, ...], int] = {}
        for number, actor in enumerate(self.actors):
            said = actor.commands[:_PROGRAMS] or [actor.played.image]
            key = tuple(sorted({masked(text) for text in said}))
            actor.kind = names.setdefault(key, len(names))
            self.scenes[actor.played.scene].append(number)
            for trace in actor.traces:
                self.kinds_of[trace].add(actor.kind)

    def _trees(self) -> None:
        tops: dict[object, int] = {}
        kinds: dict[int, set[int]] = defaultdict(set)
        sources = self.column("src_endpoint.ip")
        serving = {o for o, a, s in zip(self.owners, self.actions, sources, strict=True) if s and a == "network.listen"}
        for number, actor in enumerate(self.actors):
            played = actor.played
            key: object = (played.scene, played.session)
            job = next((n for n in (number, *self.ancestors(number)) if self._job(n)), None)
            if job is not None:
                # a daemon restarted in somebody's session keeps its number for all its jobs
                key = job
            elif not played.session:
                key = number
                for parent in self.ancestors(number):
                    if not self.actors[parent].commands or parent in serving:
                        break  # what one visitor's request became, and not all that the service ever did
                    key = parent
            actor.tree = tops.setdefault(key, len(tops))
            kinds[actor.tree].add(actor.kind)
        for number, actor in enumerate(self.actors):
            self.trees[actor.tree].append(number)
        names: dict[frozenset[int], int] = {}
        for actor in self.actors:
            actor.tree_kind = names.setdefault(frozenset(kinds[actor.tree]), len(names))

    def row_of(self, address: str) -> int | None:
        """The row of an Event by its address ``source#record``."""
        if not self._by_id:
            parts = zip(self.column("source"), self.column("record"), strict=True)
            self._by_id = {event_id(source or "", record or ""): row for row, (source, record) in enumerate(parts)}
        return self._by_id.get(address)

    def ran_in(self, path: str) -> int:
        """In how many trees a path was run."""
        if path not in self._ran_in:
            self._ran_in[path] = len({self.actors[number].tree for number in self.runs.get(path, ())})
        return self._ran_in[path]

    def program(self, number: int) -> str:
        """The name of the program a process ran last."""
        if number not in self._programs:
            self._programs[number] = base_name(self.actors[number].said.split(" ", 1)[0])
        return self._programs[number]

    def orphan(self, number: int) -> bool:
        """Whether who started a process is on no record."""
        parent = self.actors[number].parent
        return parent == -1 or not self.actors[parent].rows

    def launched(self, number: int) -> float:
        """When a process's program was started, as far as it is recorded: else its first record."""
        actor = self.actors[number]
        return next((self.times[r] for r in actor.rows if self.actions[r] == "process.launch"), actor.first)

    def id_of(self, row: int) -> str:
        """The address of the Event in a row."""
        return event_id(self.column("source")[row] or "", self.column("record")[row] or "")

    def _job(self, number: int) -> bool:
        actor = self.actors[number]
        return base_name(actor.played.image) in JOB_DAEMONS or any("CRON" in c for c in actor.commands)

    def daemon(self, number: int, child: int) -> bool:
        """Whether a process is the daemon that started a job."""
        return self._job(number) and self._job(child)

    def cron_tree(self, number: int) -> bool:
        """Whether a process belongs to one job of cron or at."""
        return any(self._job(n) for n in self.trees[self.actors[number].tree][:8])

    def installer(self, number: int) -> bool:
        """Whether a process lays down files by the dozen, as packages and archives are unpacked."""
        return len(self.wrote.get(number, ())) > MOST_WRITTEN

    def hub(self, number: int) -> bool:
        """Whether many meet in a process: a listener, a daemon that runs everybody's jobs; not one visitor's server."""
        if number not in self._hubs:
            actor = self.actors[number]
            jobs = self._job(number) and sum(self._job(child) for child in actor.children) > 1
            addresses = sum(trace.startswith("address:") for trace in actor.traces)
            serves = len(self.visitors.callers.get(number, ())) > 1
            self._hubs[number] = jobs or serves or addresses > MOST_ADDRESSES
        return self._hubs[number]

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
