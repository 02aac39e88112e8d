"""What a batch of events says about processes, condensed to one row a process and role.

`intake.identity` keeps these instead of the events: their number grows with processes, not with events.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from watchfloor.intake.lineage import Bools, Ints

ZERO_GUIDS = pa.array(
    ["{00000000-0000-0000-0000-000000000000}", "00000000-0000-0000-0000-000000000000", ""], pa.string()
)

SIGHTING = pa.schema(
    [
        ("uid", pa.string()),
        ("host", pa.int64()),
        ("pid", pa.int64()),
        ("first", pa.int64()),
        ("image", pa.string()),
        ("cmd_line", pa.string()),
        ("user", pa.string()),
        ("parent_uid", pa.string()),
        ("parent_pid", pa.int64()),
        ("image_at", pa.int64()),  # when the image was seen: a bare pid may be reused later
        ("parent_at", pa.int64()),  # when the parent's pid was
    ]
)


@dataclass(frozen=True, slots=True)
class Role:
    """The columns that describe a process in one of its roles; None where an event does not say."""

    uid: str
    pid: str
    image: str
    cmd_line: str | None = None
    user: str | None = None
    parent_uid: str | None = None
    parent_pid: str | None = None


PARENT = Role(
    "actor.process.parent_process.uid",
    "actor.process.parent_process.pid",
    "actor.process.parent_process.file.path",
)
ACTOR = Role(
    "actor.process.uid",
    "actor.process.pid",
    "actor.process.file.path",
    "actor.process.cmd_line",
    "actor.user.name",
    PARENT.uid,
    PARENT.pid,
)
TARGET = Role("process.uid", "process.pid", "process.file.path", "process.cmd_line")


def numbers(column: pa.Array, null: int) -> Ints:
    """An integer or timestamp column as int64, nulls as ``null``."""
    if not pa.types.is_int64(column.type):
        column = column.cast(pa.int64())
    filled = column.fill_null(null) if column.null_count else column
    return np.asarray(filled.to_numpy(zero_copy_only=False), dtype=np.int64)


def present(column: pa.Array) -> Bools:
    """Where the column is not null."""
    if not column.null_count:
        return np.ones(len(column), np.bool_)
    return np.asarray(column.is_valid().to_numpy(zero_copy_only=False), dtype=np.bool_)


def coded(column: pa.Array) -> tuple[Ints, pa.Array]:
    """Dictionary codes of a text column (-1 for null) and the dictionary."""
    encoded = column.dictionary_encode()
    return numbers(encoded.indices, -1), encoded.dictionary


def known_uids(column: pa.Array) -> pa.Array:
    """The column with all-zero GUIDs, which Sysmon writes for a process it does not know, as nulls."""
    if column.null_count == len(column):
        return column
    encoded = column.dictionary_encode()
    if not pc.any(pc.is_in(encoded.dictionary, ZERO_GUIDS)).as_py():
        return column
    return pc.if_else(pc.is_in(column, ZERO_GUIDS), pa.scalar(None, pa.string()), column)


def take(column: pa.Array, rows: Ints) -> pa.Array:
    """``column[rows]`` with null for a negative row."""
    return column.take(pa.array(rows, mask=rows < 0))


def earliest(code: Ints, count: int, order: Ints, usable: Bools) -> Ints:
    """For each code the first usable row in ``order``, -1 for none."""
    rows = order[usable[order]]
    first = np.full(count, -1, np.int64)
    first[code[rows][::-1]] = rows[::-1]
    return first


def process_codes(uid: pa.Array, host: Ints, pid: Ints, has_pid: Bools) -> tuple[Ints, int]:
    """One code a process: by uid where there is one, else by (host, pid); -1 for neither."""
    code, dictionary = coded(uid)
    count = len(dictionary)
    bare = np.flatnonzero((code < 0) & has_pid)
    if len(bare):
        values, at = np.unique(pid[bare], return_inverse=True)
        pairs, at = np.unique(host[bare] * len(values) + at, return_inverse=True)
        code = code.copy()
        code[bare] = count + at
        count += len(pairs)
    return code, count


def condense(role: Role, batch: pa.RecordBatch, host: Ints, time: Ints, order: Ints, about: Bools) -> pa.RecordBatch:
    """The sightings in one role: per process, each fact as the earliest row that has it says.

    ``order`` sorts the rows by time; only rows where ``about`` holds are looked at.
    """
    uid = known_uids(batch.column(role.uid))
    pids = batch.column(role.pid)
    code, count = process_codes(uid, host, numbers(pids, 0), present(pids))
    about = about & (code >= 0)

    def fact(name: str | None, type_: pa.DataType) -> pa.Array:
        if name is None:
            return pa.nulls(count, type_)
        column = known_uids(batch.column(name)) if name.endswith(".uid") else batch.column(name)
        if column.null_count == len(column):
            return pa.nulls(count, type_)
        return take(column, earliest(code, count, order, about & present(column)))

    first = earliest(code, count, order, about)
    imaged = earliest(code, count, order, about & present(batch.column(role.image)))
    born = np.full(count, -1, np.int64)
    if role.parent_pid is not None:
        born = earliest(code, count, order, about & present(batch.column(role.parent_pid)))
    columns = [
        take(uid, first),
        pa.array(host[first]),
        fact(role.pid, pa.int64()),
        pa.array(time[first]),
        take(batch.column(role.image), imaged),
        fact(role.cmd_line, pa.string()),
        fact(role.user, pa.string()),
        fact(role.parent_uid, pa.string()),
        fact(role.parent_pid, pa.int64()),
        pa.array(time[imaged], mask=imaged < 0),
        pa.array(time[born], mask=born < 0),
    ]
    found = pa.RecordBatch.from_arrays(columns, schema=SIGHTING)
    return found.filter(pa.array(first >= 0)) if (first < 0).any() else found


def merge(sightings: list[pa.RecordBatch]) -> pa.RecordBatch:
    """Sightings of many batches as one row a process again."""
    if not sightings:
        return pa.RecordBatch.from_arrays([pa.nulls(0, f.type) for f in SIGHTING], schema=SIGHTING)
    whole = pa.Table.from_batches(sightings, SIGHTING).combine_chunks().to_batches()
    if not whole:
        return sightings[0]
    batch = whole[0]
    # equal times: let the text decide, so that the order of input never does
    keys = ["first", "image", "cmd_line", "user", "parent_uid", "parent_pid", "host", "pid"]
    order = pc.sort_indices(batch, sort_keys=[(key, "ascending") for key in keys])
    batch = batch.take(order)
    host = numbers(batch.column("host"), -1)
    code, count = process_codes(
        batch.column("uid"), host, numbers(batch.column("pid"), 0), present(batch.column("pid"))
    )
    row = np.arange(len(batch), dtype=np.int64)
    columns = []
    for name in SIGHTING.names:
        column = batch.column(name)
        columns.append(take(column, earliest(code, count, row, (code >= 0) & present(column))))
    return pa.RecordBatch.from_arrays(columns, schema=SIGHTING)
