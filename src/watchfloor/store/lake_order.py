"""Events of one part in time order, in slices small enough to sort in memory."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from watchfloor.store.lake_engine import quote_name, scan, stream
from watchfloor.store.lake_manifest import DayFile
from watchfloor.store.lake_parquet import GROUP_ROWS, ID, PLACE, STORED, path_of

#: Rows sorted at once, about; more only where that many events bear one time.
SLICE_ROWS = 65_536

_ORDER = f'time NULLS LAST, source NULLS LAST, "{PLACE}", "{ID}"'
_COLUMNS = ", ".join(quote_name(name) for name in STORED.names)


@dataclass(frozen=True, slots=True)
class Window:
    """Microseconds from ``start`` up to but not including ``end``; None is open."""

    start: int | None = None
    end: int | None = None

    @property
    def open(self) -> bool:
        """Whether it holds every event, those without a time too."""
        return self.start is None and self.end is None

    def meets(self, file: DayFile) -> bool:
        """Whether events of the file may lie in it."""
        if file.first is None or file.last is None:
            return self.open
        return (self.end is None or file.first < self.end) and (self.start is None or file.last >= self.start)

    def within(self, other: "Window") -> "Window":
        """What two windows share."""
        starts = [start for start in (self.start, other.start) if start is not None]
        ends = [end for end in (self.end, other.end) if end is not None]
        return Window(max(starts, default=None), min(ends, default=None))


def ordered(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    files: Sequence[DayFile],
    window: Window = Window(),
    wanted: Mapping[str, Sequence[str]] | None = None,
) -> Iterator[pa.RecordBatch]:
    """Events of one part, with the lake's own columns, in the order the lake promises."""
    for piece in slices([file for file in files if window.meets(file)]):
        part = piece.within(window)
        met = [file for file in files if part.meets(file)]
        if not met:
            continue
        tests, values = _tests(part, wanted or {})
        table = scan([path_of(folder, file) for file in met])
        for batch in stream(connection, f"SELECT {_COLUMNS} FROM {table} WHERE {tests} ORDER BY {_ORDER}", values):
            if len(batch):
                yield batch


def slices(files: Sequence[DayFile]) -> Iterator[Window]:
    """Windows, one after the other, that each hold about ``SLICE_ROWS`` of the files' events."""
    if not files:
        return
    cuts = sorted(
        (cut, min(GROUP_ROWS, file.rows - GROUP_ROWS * place)) for file in files for place, cut in enumerate(file.cuts)
    )
    start: int | None = None
    before = 0
    for cut, rows in cuts:
        if before >= SLICE_ROWS and cut != start:
            yield Window(start, cut)
            start, before = cut, 0
        before += rows
    yield Window(start, None)


def _tests(window: Window, wanted: Mapping[str, Sequence[str]]) -> tuple[str, list[object]]:
    """The WHERE clause and its values; no value ever becomes part of the SQL."""
    tests, values = ["true"], list[object]()
    for operator, bound in ((">=", window.start), ("<", window.end)):
        if bound is not None:
            tests.append(f"time {operator} make_timestamp({bound:d})::TIMESTAMPTZ")
    for column, names in wanted.items():
        if names:
            tests.append(f"{quote_name(column)} IN ({', '.join('?' for _ in names)})")
            values += names
    return " AND ".join(tests), values
