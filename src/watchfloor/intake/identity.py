"""Process identity that survives pid reuse and needs no order of input.

Pass one shows every batch to `ProcessTable.observe`, which keeps launches, exits and one sighting a
process; `freeze` decides which of them are the same process (`intake.lineage`); pass two gives every
event the identity of its actor, target and parent, and the image and command line the event leaves out.
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from watchfloor.base.events import NAMES, SCHEMA
from watchfloor.intake import sightings
from watchfloor.intake.census import END, LAUNCH, Census, take_census
from watchfloor.intake.lineage import NO_TIME, Bools, Ints
from watchfloor.intake.sightings import ACTOR, PARENT, TARGET, Role, known_uids, numbers, present, take

#: Sightings kept before they are merged to one a process: bounds memory by processes, not by events.
_MERGE_AFTER = 400_000
#: Events looked at together.
_AT_ONCE = 8192
#: The columns that say something about processes.
_NEEDED = [
    name
    for name in NAMES
    if name.startswith(("actor.", "process."))
    or name in ("source", "time", "device.hostname", "device.os", "action", "status", "status_detail", "user.name")
    or name == "actor.session.uid"
]


class ProcessTable:
    """Every process of the input; resolves (host, pid, time) to a stable uid."""

    def __init__(self) -> None:
        self._hosts: dict[str, int] = {}
        self._names: list[str | None] = []
        self._launches: list[pa.RecordBatch] = []
        self._ends: list[pa.RecordBatch] = []
        self._sightings: list[pa.RecordBatch] = []
        self._sighted = 0
        self._waiting: list[pa.RecordBatch] = []
        self._waiting_rows = 0
        self._census: Census | None = None

    # pass one

    def observe(self, batch: pa.RecordBatch) -> None:
        """Note what a batch says about processes. Batches may come in any order."""
        if not len(batch):
            return
        self._waiting.append(batch.select(_NEEDED))
        self._waiting_rows += len(batch)
        if self._waiting_rows >= _AT_ONCE:
            self._observe_waiting()

    def _observe_waiting(self) -> None:
        """A batch costs a millisecond whatever its size, and many sources hold a handful of events."""
        waiting, self._waiting, self._waiting_rows = self._waiting, [], 0
        for batch in pa.Table.from_batches(waiting).combine_chunks().to_batches():
            self._observe(batch)

    def _observe(self, batch: pa.RecordBatch) -> None:
        host = self._host_codes(batch)
        time = np.minimum(numbers(batch.column("time"), NO_TIME), NO_TIME)
        action = batch.column("action")
        launch = _equal(action, "process.launch")
        failed = launch & _equal(batch.column("status"), "failure")
        dated = launch & ~failed & (time < NO_TIME)
        self._launches.append(_launches(batch, host, time, dated))
        self._launches.append(_glimpses(batch, host, time, launch, failed))
        ended = _equal(action, "process.terminate")
        if ended.any():
            self._ends.append(_ends(batch, host, time, ended))
        order = np.argsort(time, kind="stable")
        if failed.any():
            batch = _without_target(batch, failed)
        anyone = np.ones(len(batch), np.bool_)
        for role, about in ((ACTOR, anyone), (TARGET, ~dated), (PARENT, anyone)):
            found = sightings.condense(role, batch, host, time, order, about)
            self._sightings.append(found)
            self._sighted += len(found)
        if self._sighted > _MERGE_AFTER:
            self._sightings = [sightings.merge(self._sightings)]
            self._sighted = 0

    def _host_codes(self, batch: pa.RecordBatch) -> Ints:
        names, dictionary = sightings.coded(batch.column("device.hostname"))
        codes = np.array([self._host_code("=" + n, n) for n in dictionary.to_pylist()] or [0], np.int64)[names]
        if (names < 0).any():
            # without a host name, a source is a host of its own
            sources, dictionary = sightings.coded(batch.column("source"))
            own = [self._host_code("?" + n, None) for n in dictionary.to_pylist()]
            own.append(self._host_code("?", None))
            codes = np.where(names < 0, np.array(own, np.int64)[sources], codes)
        return codes

    def _host_code(self, key: str, name: str | None) -> int:
        code = self._hosts.setdefault(key, len(self._names))
        if code == len(self._names):
            self._names.append(name)
        return code

    # between the passes

    def freeze(self) -> None:
        """Decide which launches, GUIDs and pids are one process. Call once, after the last `observe`."""
        if self._waiting:
            self._observe_waiting()
        names = [name if name is not None else key[1:] for key, name in zip(self._hosts, self._names, strict=True)]
        seen = sightings.merge(self._sightings)
        self._census = take_census(names, self._names, self._launches, self._ends, seen)
        self._launches, self._ends, self._sightings = [], [], []

    def processes(self) -> pa.Table:
        """One row a process, launched or only mentioned: uid, host, pid, image, …, start, end."""
        return self._taken().table

    def _taken(self) -> Census:
        if self._census is None:
            raise RuntimeError("freeze() the process table before asking it")
        return self._census

    # pass two

    def resolve(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The same rows with identities, images and command lines filled in where they were null."""
        census = self._taken()
        if not len(batch):
            return batch
        host = self._host_codes(batch)
        time = np.minimum(numbers(batch.column("time"), NO_TIME), NO_TIME)
        columns = {name: batch.column(name) for name in NAMES}
        actor = self._fill(census, ACTOR, columns, host, time)
        self._fill(census, TARGET, columns, host, time)
        self._fill(census, PARENT, columns, host, time, _parents(census, columns, actor))
        return pa.RecordBatch.from_arrays([columns[name] for name in NAMES], schema=SCHEMA)

    def _fill(
        self,
        census: Census,
        role: Role,
        columns: dict[str, pa.Array],
        host: Ints,
        time: Ints,
        known: Ints | None = None,
    ) -> Ints:
        """Fill one role's columns; ``known`` names processes found otherwise. Returns each row's process."""
        uid, pid = known_uids(columns[role.uid]), columns[role.pid]
        code, dictionary = sightings.coded(uid)
        numbered = [census.number.get(name, -1) for name in dictionary.to_pylist()]
        process = np.array([*numbered, -1], np.int64)[code]
        text = process.copy()
        rows = np.flatnonzero((code < 0) & present(pid))
        if known is not None:
            process = np.where((code < 0) & (known >= 0), known, process)
            text = process.copy()
            rows = rows[known[rows] < 0]
        if len(rows):
            process, text = process.copy(), text.copy()
            found, version = census.lookup(host[rows], numbers(pid, -1)[rows], time[rows])
            process[rows] = found
            text[rows] = np.where(version >= 0, version + len(census.uid), -1)
        if uid.null_count:
            uid = pc.coalesce(uid, take(census.uid, process))
            stray = rows[process[rows] < 0] if len(rows) else rows
            uid = self._name_strays(uid, host, numbers(pid, -1), stray)
        columns[role.uid] = uid
        if known is not None and pid.null_count:
            own = np.where(census.has_pid[process], process, -1) if len(census.uid) else process
            columns[role.pid] = pc.coalesce(pid, take(pa.array(census.pid), np.where(process >= 0, own, -1)))
        for column, source in ((role.image, census.image), (role.cmd_line, census.cmd_line)):
            if column is not None and columns[column].null_count:
                columns[column] = pc.coalesce(columns[column], take(source, text))
        return process

    def _name_strays(self, uid: pa.Array, host: Ints, pid: Ints, rows: Ints) -> pa.Array:
        """Pids that `observe` was never shown still get a name."""
        if not len(rows):
            return uid
        names = list(self._hosts)
        stray: list[str | None] = [None] * len(uid)
        for row in rows.tolist():
            stray[row] = f"{names[host[row]][1:]}/{pid[row]}@?"
        return pc.coalesce(uid, pa.array(stray, pa.string()))


def _parents(census: Census, columns: dict[str, pa.Array], actor: Ints) -> Ints:
    """The actor's parent by the table, where the event does not name another one."""
    if not len(census.uid):
        return actor
    parent = np.where(actor >= 0, census.parent[actor], -1)
    pid = columns[PARENT.pid]
    agrees = ~present(pid) | (numbers(pid, -1) == census.pid[parent])
    return np.where((parent >= 0) & agrees, parent, -1)


def _equal(column: pa.Array, value: str) -> Bools:
    return np.asarray(pc.fill_null(pc.equal(column, value), False).to_numpy(zero_copy_only=False), np.bool_)


def _without_target(batch: pa.RecordBatch, rows: Bools) -> pa.RecordBatch:
    """A launch that failed names an image its process never became."""
    for name in (TARGET.image, "process.cmd_line"):
        kept = pc.if_else(pa.array(rows), pa.scalar(None, pa.string()), batch.column(name))
        batch = batch.set_column(batch.schema.get_field_index(name), SCHEMA.field(name), kept)
    return batch


def _launches(batch: pa.RecordBatch, host: Ints, time: Ints, rows: Bools) -> pa.RecordBatch:
    os = batch.column("device.os")
    forked = pc.fill_null(pc.starts_with(batch.column("status_detail"), "fork"), False)
    uid = known_uids(batch.column(TARGET.uid))
    named = present(uid) | present(batch.column(TARGET.pid))
    columns = [
        uid,
        pa.array(host),
        batch.column(TARGET.pid),
        pa.array(time),
        batch.column(TARGET.image),
        batch.column("process.cmd_line"),
        pc.coalesce(batch.column("user.name"), batch.column("actor.user.name")),
        known_uids(batch.column(ACTOR.uid)),
        batch.column(ACTOR.pid),
        pc.fill_null(pc.not_equal(os, "windows"), False),
        forked,
        pa.array(_sessions(batch)),
        pa.array(np.zeros(len(batch), np.bool_)),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=LAUNCH).filter(pa.array(rows & named))


def _sessions(batch: pa.RecordBatch) -> Ints:
    """Audit session of each row, -1 for none and for what is no number: a Windows logon session says less."""
    column = batch.column("actor.session.uid")
    plain = pc.and_(pc.match_substring_regex(column, r"^\d{1,10}$"), pc.not_equal(batch.column("device.os"), "windows"))
    return numbers(pc.if_else(pc.fill_null(plain, False), column, pa.scalar(None, pa.string())).cast(pa.int64()), -1)


def _glimpses(batch: pa.RecordBatch, host: Ints, time: Ints, launch: Bools, failed: Bools) -> pa.RecordBatch:
    """Acts of bare Linux pids as far as they say something new of their pid's parent, image or session.

    A launch that failed is an act of the process that tried, which the record names as the new one.
    """
    pid = np.where(failed, numbers(batch.column(TARGET.pid), -1), numbers(batch.column(ACTOR.pid), -1))
    uid = np.where(failed, present(known_uids(batch.column(TARGET.uid))), present(known_uids(batch.column(ACTOR.uid))))
    above = np.where(failed, numbers(batch.column(ACTOR.pid), -1), numbers(batch.column(PARENT.pid), -1))
    image = np.where(failed, -1, sightings.coded(batch.column(ACTOR.image))[0])
    about = _equal(batch.column("device.os"), "linux") & (~launch | failed) & ~uid & (pid >= 0) & (time < NO_TIME)
    rows = np.flatnonzero(about)
    said = np.stack([host, pid, above, image, _sessions(batch)])[:, rows]
    order = np.lexsort((time[rows], said[1], said[0]))
    said = said[:, order]
    new = np.concatenate([[True], (said[:, 1:] != said[:, :-1]).any(axis=0)])[: len(rows)]
    rows = rows[order[new]]
    nothing, picked = pa.nulls(len(rows), pa.string()), batch.take(pa.array(rows))
    tried = pa.array(failed[rows])
    columns = [
        nothing,
        pa.array(host[rows]),
        pa.array(pid[rows]),
        pa.array(time[rows]),
        pc.if_else(tried, nothing, picked.column(ACTOR.image)),
        pc.if_else(tried, nothing, picked.column("actor.process.cmd_line")),
        picked.column("actor.user.name"),
        nothing,
        pa.array(above[rows], mask=above[rows] < 0),
        pa.array(np.ones(len(rows), np.bool_)),
        pa.array(np.ones(len(rows), np.bool_)),
        pa.array(_sessions(picked)),
        pa.array(np.ones(len(rows), np.bool_)),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=LAUNCH)


def _ends(batch: pa.RecordBatch, host: Ints, time: Ints, rows: Bools) -> pa.RecordBatch:
    """Exits: of the process the event is about, else of the actor itself."""
    columns = [
        pc.coalesce(known_uids(batch.column(TARGET.uid)), known_uids(batch.column(ACTOR.uid))),
        pa.array(host),
        pc.coalesce(batch.column(TARGET.pid), batch.column(ACTOR.pid)),
        pa.array(time),
    ]
    return pa.RecordBatch.from_arrays(columns, schema=END).filter(pa.array(rows))
