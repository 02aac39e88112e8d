"""The event lake: Events kept for weeks as Parquet, a part a UTC day, read back in time order or asked in SQL.

    lake.json                  the manifest: format version and every file that belongs to the lake
    events/2026-03-01/*.parquet  events of one day, each file in time order

What a log says never becomes part of a path. An add, a compaction or a forgetting is one commit of the manifest:
it happens as a whole or not at all. One process writes at a time; readers never wait for it.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from watchfloor.base.errors import UsageError
from watchfloor.base.events import SCHEMA
from watchfloor.store import lake_manifest
from watchfloor.store.lake_arrival import BUFFER_BYTES, Arrival
from watchfloor.store.lake_engine import Limits, Parameters, answer, quote_name, scan, spilling_engine
from watchfloor.store.lake_manifest import DayFile, day_of, part_name, reading, writing
from watchfloor.store.lake_order import Window, ordered
from watchfloor.store.lake_parquet import as_events, path_of, write_days

#: Seconds a writer waits for another one.
PATIENCE = 60.0
#: Rows of one file after compaction.
FULL_ROWS = 1_048_576
#: Hosts named in a summary; all are counted.
NAMED_HOSTS = 1_000

__all__ = ["Added", "Compacted", "Forgotten", "Lake", "Limits", "Summary"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Added:
    """What one add did: rows written, rows that were already there, parts touched."""

    rows: int
    known: int
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Compacted:
    """What a compaction did: files and bytes of the parts rewritten, before and after."""

    parts: tuple[str, ...]
    files_before: int
    files_after: int
    bytes_before: int
    bytes_after: int


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was, or would be, removed; ``waiting`` files are deleted by the next write, being read now."""

    parts: tuple[str, ...]
    events: int
    bytes: int
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class Summary:
    """What a lake holds. ``hosts`` are the ones with most events; ``days`` leaves out the undated part."""

    events: int
    bytes: int
    files: int
    days: int
    first: str | None
    last: str | None
    undated: int
    host_count: int
    hosts: tuple[tuple[str, int], ...]
    source_count: int


class Lake:
    """One lake. Opening it reads nothing but the manifest."""

    def __init__(self, folder: Path, *, temp_dir: str = "") -> None:
        """Open a lake.

        Raises:
            UsageError: the folder is no lake or one of another version.
            InputError: its manifest is damaged.
        """
        self.folder = folder.absolute()
        self._temp_dir = temp_dir
        _refuse_pattern(self.folder)
        lake_manifest.load(self.folder)

    @classmethod
    def create(cls, folder: Path, *, temp_dir: str = "") -> "Lake":
        """Make an empty lake in a folder that is missing or empty.

        Raises:
            UsageError: something else lies there, or a lake already.
        """
        _refuse_pattern(folder.absolute())
        if folder.exists() and not folder.is_dir():
            raise UsageError(f"{folder} is not a folder.", hint="Name a new or empty folder.")
        if Lake.is_lake(folder):
            raise UsageError(f"{folder} is already a lake.", hint="Add to it.")
        if folder.exists() and any(path.name not in lake_manifest.FOUNDATION for path in folder.iterdir()):
            raise UsageError(f"{folder} is not a lake and not empty.", hint="Name a new or empty folder.")
        lake_manifest.found(folder)
        return cls(folder, temp_dir=temp_dir)

    @staticmethod
    def is_lake(folder: Path) -> bool:
        """Whether the folder has the manifest of a lake, of whatever version."""
        return (folder / lake_manifest.MANIFEST).is_file()

    def add(
        self, batches: Iterable[pa.RecordBatch], *, patience: float = PATIENCE, buffer_bytes: int = BUFFER_BYTES
    ) -> Added:
        """Keep Events, all or none; those already there are left out.

        Raises:
            RefusedError: another process is writing and did not finish within ``patience`` seconds.
        """
        with writing(self.folder, patience) as manifest:
            arrival = Arrival(self.folder, manifest, buffer_bytes)
            try:
                for batch in batches:
                    arrival.take(batch)
                arrival.flush()
                if arrival.files:
                    lake_manifest.commit(self.folder, manifest.changed(added=arrival.files))
            except BaseException:
                self._clean()
                raise
        parts = sorted({file.place: part_name(file.day) for file in arrival.files}.items())
        return Added(sum(file.rows for file in arrival.files), arrival.known, tuple(name for _, name in parts))

    def batches(
        self,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        hosts: Sequence[str] = (),
        actions: Sequence[str] = (),
        log_names: Sequence[str] = (),
        sources: Sequence[str] = (),
    ) -> Iterator[pa.RecordBatch]:
        """Events of ``base.events.SCHEMA`` in time order, nulls last; ties by source, then as the source has them.

        ``since`` is the first moment wanted, ``until`` the first not wanted; with either, undated events stay out.
        """
        wanted = {
            "device.hostname": [host.lower() for host in hosts],
            "action": list(actions),
            "metadata.log_name": list(log_names),
            "source": list(sources),
        }
        window = Window(_micros(since), _micros(until))
        with reading(self.folder) as manifest, self._engine() as connection:
            for _, files in manifest.days():
                for batch in ordered(connection, self.folder, files, window, wanted):
                    yield as_events(batch)

    def query(self, sql: str, parameters: Parameters = (), *, limits: Limits = Limits()) -> pa.Table:  # noqa: B008
        """Answer one SELECT over the view ``events``; times are in UTC.

        Raises:
            UsageError: the SQL makes no sense.
            RefusedError: it is no single SELECT, wants files or settings, or costs more than the limits.
        """
        with reading(self.folder) as manifest:
            paths = [path_of(self.folder, file) for _, files in manifest.days() for file in files]
            return answer(paths, SCHEMA.empty_table(), sql, parameters, limits)

    def summary(self) -> Summary:
        """What the lake holds."""
        with reading(self.folder) as manifest, self._engine() as connection:
            files = manifest.files
            hosts: list[tuple[str, int]] = []
            host_count = source_count = 0
            if files:
                table = scan([path_of(self.folder, file) for file in files])
                name = quote_name("device.hostname")
                counts = f"SELECT count(DISTINCT {name}), count(DISTINCT source) FROM {table}"
                host_count, source_count = connection.execute(counts).fetchone() or (0, 0)
                most = f"WHERE {name} IS NOT NULL GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {NAMED_HOSTS}"
                hosts = connection.execute(f"SELECT {name}, count(*) FROM {table} {most}").fetchall()
        return Summary(
            events=sum(file.rows for file in files),
            bytes=sum(file.bytes for file in files),
            files=len(files),
            days=len({file.day for file in files if file.day is not None}),
            first=_written(min((file.first for file in files if file.first is not None), default=None)),
            last=_written(max((file.last for file in files if file.last is not None), default=None)),
            undated=sum(file.rows for file in files if file.day is None),
            host_count=host_count,
            hosts=tuple(hosts),
            source_count=source_count,
        )

    def compact(self, *, patience: float = PATIENCE) -> Compacted:
        """Rewrite parts of more files than their rows need, one commit a part."""
        parts: list[str] = []
        old: list[DayFile] = []
        new: list[DayFile] = []
        with writing(self.folder, patience) as manifest:
            for day, files in manifest.days():
                if len(files) <= -(-sum(file.rows for file in files) // FULL_ROWS):
                    continue
                try:
                    with self._engine() as connection:
                        rows = ordered(connection, self.folder, files)
                        written = write_days(self.folder, day, rows, FULL_ROWS)
                    manifest = manifest.changed(added=written, removed=files)
                    lake_manifest.commit(self.folder, manifest)
                except BaseException:
                    self._clean()
                    raise
                parts.append(part_name(day))
                old += files
                new += written
            lake_manifest.sweep(self.folder, manifest)
        sizes = [sum(file.bytes for file in files) for files in (old, new)]
        return Compacted(tuple(parts), len(old), len(new), *sizes)

    def forget(self, before: date, *, really: bool = True, patience: float = PATIENCE) -> Forgotten:
        """Remove whole days before a date; undated events stay. Without ``really`` only say what would go."""
        with writing(self.folder, patience) as manifest:
            gone = [file for file in manifest.files if file.day is not None and file.day < day_of(before)]
            waiting = 0
            if gone and really:
                manifest = manifest.changed(removed=gone)
                lake_manifest.commit(self.folder, manifest)
                waiting = lake_manifest.sweep(self.folder, manifest)
        parts = dict.fromkeys(part_name(file.day) for file in sorted(gone, key=lambda file: file.place))
        return Forgotten(tuple(parts), sum(f.rows for f in gone), sum(f.bytes for f in gone), waiting)

    def _engine(self) -> AbstractContextManager[duckdb.DuckDBPyConnection]:
        return spilling_engine(self._temp_dir)

    def _clean(self) -> None:
        lake_manifest.sweep(self.folder, lake_manifest.load(self.folder))


def _refuse_pattern(folder: Path) -> None:
    """DuckDB reads these characters in a path as a pattern."""
    if any(character in str(folder) for character in "*?["):
        raise UsageError(f"a lake cannot lie at {folder}.", hint="Use a path without * ? and [.")


def _micros(when: datetime | None) -> int | None:
    """Microseconds since 1970; a time without a zone is UTC."""
    if when is None:
        return None
    return ((when if when.tzinfo else when.replace(tzinfo=UTC)) - _EPOCH) // timedelta(microseconds=1)


def _written(micros: int | None) -> str | None:
    if micros is None:
        return None
    return str(np.datetime64(micros, "us")) + "Z"
