"""The Parquet files of a lake: how events are laid out in one, and how one comes to lie in its folder."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from watchfloor.base.errors import InputError
from watchfloor.base.events import NAMES, SCHEMA
from watchfloor.store.lake_manifest import EVENTS, DayFile, new_path, part_name, sync_folder

#: Columns of the lake's own: which event this is, and its place in the reading of its source.
ID, PLACE = "lake.id", "lake.place"
STORED: pa.Schema = SCHEMA.append(pa.field(ID, pa.uint64())).append(pa.field(PLACE, pa.int64()))

#: Rows in one row group: small enough to prune by, large enough to compress.
GROUP_ROWS = 16_384

#: What to tell who has a lake with a file that is lost or broken.
DAMAGED = "Was a file of it moved or damaged?"

_LEVEL = 3
#: Long and nearly always different: a dictionary of these only costs.
_NO_DICTIONARY = {"raw_data", "script.content", "time", ID, PLACE}
#: Columns a query prunes by; statistics on the rest would be megabytes of text.
_STATISTICS = ["time", "source", "device.hostname", "metadata.log_name", "metadata.event_code", "action", PLACE]


def write_day(folder: Path, day: int | None, batches: Iterable[pa.RecordBatch]) -> DayFile:
    """Write events of one day, already in time order, to a new file that no manifest names yet."""
    path = new_path(folder, day)
    temporary = path.with_suffix(".tmp")
    rows, cuts, last = 0, [], None
    with temporary.open("wb") as stream:
        with pq.ParquetWriter(
            stream,
            STORED,
            compression="zstd",
            compression_level=_LEVEL,
            use_dictionary=[name for name in STORED.names if name not in _NO_DICTIONARY],
            column_encoding={"time": "DELTA_BINARY_PACKED", PLACE: "DELTA_BINARY_PACKED"},
            write_statistics=_STATISTICS,
        ) as writer:
            for group in _groups(batches):
                writer.write_table(group, row_group_size=GROUP_ROWS)
                rows += len(group)
                if day is not None:
                    times = group.column("time").cast(pa.int64())
                    cuts.append(times[0].as_py())
                    last = times[-1].as_py()
        stream.flush()
        os.fsync(stream.fileno())
    temporary.rename(path)
    sync_folder(path.parent)
    name = f"{part_name(day)}/{path.name}"
    return DayFile(name, day, rows, path.stat().st_size, cuts[0] if cuts else None, last, tuple(cuts))


def write_days(folder: Path, day: int | None, batches: Iterator[pa.RecordBatch], most: int) -> list[DayFile]:
    """Write events of one day to as many files as they need at ``most`` rows each."""
    files: list[DayFile] = []
    held: list[pa.RecordBatch] = []

    def portion() -> Iterator[pa.RecordBatch]:
        room = most
        while room and (batch := held.pop() if held else next(batches, None)) is not None:
            yield batch.slice(0, room)
            if len(batch) > room:
                held.append(batch.slice(room))
            room -= min(room, len(batch))

    while held or (batch := next(batches, None)) is not None:
        if not held:
            held.append(batch)
        files.append(write_day(folder, day, portion()))
    return files


def _groups(batches: Iterable[pa.RecordBatch]) -> Iterable[pa.Table]:
    """The same rows in tables of ``GROUP_ROWS``."""
    held: list[pa.RecordBatch] = []
    count = 0
    for batch in batches:
        while count + len(batch) >= GROUP_ROWS:
            head = batch.slice(0, GROUP_ROWS - count)
            yield pa.Table.from_batches([*held, head]).combine_chunks()
            batch, held, count = batch.slice(len(head)), [], 0
        if len(batch):
            held.append(batch)
            count += len(batch)
    if held:
        yield pa.Table.from_batches(held).combine_chunks()


def path_of(folder: Path, file: DayFile) -> str:
    """Where a file of the manifest lies."""
    return str(folder / EVENTS / file.name)


def ids_of(folder: Path, file: DayFile) -> "np.ndarray[tuple[int], np.dtype[np.uint64]]":
    """The ids of all events in a file."""
    try:
        column = pq.read_table(path_of(folder, file), columns=[ID], partitioning=None).column(ID)
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"the lake cannot be read: {file.name}: {error}.", hint=DAMAGED) from error
    return np.asarray(column.to_numpy(), np.uint64)


def in_lake_order(table: pa.Table) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    """Rows in time order, nulls last; ties by source, then in the order of the source."""
    keys = [("time", "ascending"), ("source", "ascending"), (PLACE, "ascending"), (ID, "ascending")]
    return np.asarray(pc.sort_indices(table, sort_keys=keys).to_numpy(), np.int64)


def as_events(batch: pa.RecordBatch) -> pa.RecordBatch:
    """A batch of the lake without the lake's own columns."""
    return batch.select(list(NAMES)).cast(SCHEMA)
