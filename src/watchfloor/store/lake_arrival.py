"""Events on their way into a lake: known ones left out, the rest written day by day.

Memory is one buffer of events plus a bounded number of ids, however much is added.
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from watchfloor.base.events import SCHEMA
from watchfloor.base.settings import MIB
from watchfloor.store.lake_identity import Identifier, Ids, IdSet
from watchfloor.store.lake_manifest import EARLY, LATE, DayFile, Manifest
from watchfloor.store.lake_parquet import ID, STORED, ids_of, in_lake_order, write_day

#: Events held before they are written.
BUFFER_BYTES = 256 * MIB
#: Ids of days held to compare with; 256 MiB.
_MOST_IDS = 32 * 1024 * 1024

_DAY = 86_400_000_000
_UNDATED = LATE + 1


class Arrival:
    """One add. Nothing it writes belongs to the lake until ``files`` are committed."""

    def __init__(self, folder: Path, manifest: Manifest, buffer_bytes: int) -> None:
        self._folder = folder
        self._limit = buffer_bytes
        self._identifier = Identifier(manifest.key)
        self._there: dict[int | None, list[DayFile]] = dict(manifest.days())
        self._ids: dict[int | None, IdSet] = {}
        self._held: list[pa.RecordBatch] = []
        self._held_bytes = 0
        self.files: list[DayFile] = []
        self.known = 0

    def take(self, batch: pa.RecordBatch) -> None:
        """Take a batch of Events."""
        if not len(batch):
            return
        if not batch.schema.equals(SCHEMA):
            batch = batch.select(SCHEMA.names).cast(SCHEMA)
        ids, places = self._identifier.identify(batch)
        self._held.append(pa.RecordBatch.from_arrays([*batch.columns, pa.array(ids), pa.array(places)], schema=STORED))
        self._held_bytes += batch.nbytes
        if self._held_bytes >= self._limit:
            self.flush()

    def flush(self) -> None:
        """Write what is held."""
        if not self._held:
            return
        table = pa.Table.from_batches(self._held).combine_chunks()
        self._held, self._held_bytes = [], 0
        order = in_lake_order(table)
        days = day_numbers(table.column("time"))[order]
        ids = table.column(ID).to_numpy()[order]
        starts = np.flatnonzero(np.diff(days, prepend=days[0] - 1))
        for start, end in zip(starts.tolist(), [*starts[1:].tolist(), len(days)], strict=True):
            day = int(days[start])
            self._write(None if day == _UNDATED else day, table, order[start:end], ids[start:end])

    def _write(self, day: int | None, table: pa.Table, rows: npt.NDArray[np.int64], ids: Ids) -> None:
        """Write those rows that are new; they are of one day and in order."""
        known = self._known(day)
        new = ~known.has(ids)
        # One source read twice in the same add may stand twice in the buffer.
        first = np.zeros(len(ids), np.bool_)
        first[np.unique(ids, return_index=True)[1]] = True
        new &= first
        self.known += int(len(new) - new.sum())
        if not new.any():
            return
        known.add(ids[new])
        file = write_day(self._folder, day, table.take(pa.array(rows[new])).to_batches())
        self.files.append(file)
        self._there.setdefault(day, []).append(file)

    def _known(self, day: int | None) -> IdSet:
        """Ids of the day, in the lake or written by this add."""
        if day not in self._ids:
            if sum(map(len, self._ids.values())) > _MOST_IDS:
                self._ids.clear()
            self._ids[day] = IdSet()
            for file in self._there.get(day, ()):
                self._ids[day].add(ids_of(self._folder, file))
        return self._ids[day]


def day_numbers(times: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    """The part each event belongs to."""
    absent = pc.is_null(times).to_numpy()
    micros = times.cast(pa.int64()).fill_null(0).to_numpy()
    return np.where(absent, _UNDATED, np.clip(micros // _DAY, EARLY, LATE)).astype(np.int64)
