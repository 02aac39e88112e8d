"""An Event found again by its address, ``source#record``, as it stood in a hunt: with its processes named."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from watchfloor.base.errors import InputError, UsageError
from watchfloor.base.settings import Settings
from watchfloor.intake.identity import ProcessTable
from watchfloor.intake.reader import Progress, Reader
from watchfloor.rules.hunting import only_windows

_PARTS = re.compile(r"::|[/\\]")
_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Address:
    """Where a record stands: the source as a hunt names it, and the record in it."""

    source: str
    record: str

    @classmethod
    def parse(cls, text: str) -> "Address":
        """Take ``source#record`` apart.

        Raises:
            UsageError: it is no address.
        """
        source, mark, record = text.rpartition("#")
        if not mark or not source or not record:
            raise UsageError(
                f"{text} is no address of a record.", hint="It is source#record, as `watchfloor rules match` prints it."
            )
        return cls(source, record)

    def __str__(self) -> str:
        return f"{self.source}#{self.record}"

    def file(self) -> str:
        """The file or archive on disk that the source is in.

        Raises:
            UsageError: the source was standard input.
            InputError: there is none any more.
        """
        if self.source == "-":
            raise UsageError("the record was read from standard input.", hint="Name the file it is in with --input.")
        pieces = self.source.split("::")
        for count in range(len(pieces), 0, -1):
            path = "::".join(pieces[:count])
            if Path(path).exists():
                return path
        raise InputError(f"{pieces[0]} is not there.", hint="If it has moved, say where to with --input.")


@dataclass(slots=True)
class _Found:
    """Rows that may be the Event, by source: the batch and the row in it."""

    rows: dict[str, list[tuple[pa.RecordBatch, int]]] = field(default_factory=dict)

    def add(self, batch: pa.RecordBatch, record: str, wanted: Callable[[str], bool]) -> bool:
        """Look for the record in a batch; whether it is there."""
        places = pc.indices_nonzero(pc.fill_null(pc.equal(batch.column("record"), record), False)).to_pylist()
        sources = batch.column("source")
        kept = [(sources[place].as_py() or "", place) for place in places]
        for source, place in kept:
            if wanted(source):
                self.rows.setdefault(source, []).append((batch, place))
        return any(wanted(source) for source, _ in kept)


def find_again(
    address: Address,
    settings: Settings,
    moved_to: str | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> list[pa.RecordBatch]:
    """The Event at an address as a batch of one row; several where the source has that record more than once.

    ``moved_to`` is where to look instead of the source: a file, folder, archive or event lake; the source there
    whose path ends most like the address is meant.

    Raises:
        InputError: it is not there.
        UsageError: the address means no one record.
    """
    place = moved_to if moved_to is not None else address.file()
    reader = Reader([place], settings, on_progress=on_progress)
    batches = _lake(place) or reader.batches()
    likeness = _likeness(address, place) if moved_to is not None else lambda source: int(source == address.source)
    found, table = _look(batches, address.record, lambda source: likeness(source) > 0, alone=moved_to is None)
    if not found.rows:
        raise _not_found(address, place, reader)
    best = max(map(likeness, found.rows))
    sources = [source for source in found.rows if likeness(source) == best]
    if len(sources) > 1:
        named = ", ".join(f"{source}#{address.record}" for source in sources[:_MOST_NAMED])
        raise UsageError(f"{len(sources):,} sources in {place} may be meant.", hint=f"Name one: {named}.")
    return list(_named(found.rows[sources[0]], table))


def _lake(place: str) -> Iterable[pa.RecordBatch] | None:
    """The events of a lake, if the place is one."""
    if place == "-" or not Path(place).is_dir():
        return None
    from watchfloor.store.lake import Lake  # not above: it brings DuckDB

    return Lake(Path(place)).batches() if Lake.is_lake(Path(place)) else None


def _look(
    batches: Iterable[pa.RecordBatch], record: str, wanted: Callable[[str], bool], *, alone: bool
) -> tuple[_Found, ProcessTable | None]:
    """Read until the record is found; to the end where processes are named elsewhere than in the record."""
    found = _Found()
    table: ProcessTable | None = None
    for batch in batches:
        if not len(batch):
            continue
        there = found.add(batch, record, wanted)
        if not only_windows(batch):
            table = table or ProcessTable()
            table.observe(batch)
        elif there and alone and table is None:
            break
    return found, table


def _named(rows: list[tuple[pa.RecordBatch, int]], table: ProcessTable | None) -> Iterator[pa.RecordBatch]:
    if table is not None:
        table.freeze()
    for batch, row in rows:
        whole = batch if table is None or only_windows(batch) else table.resolve(batch)
        yield whole.slice(row, 1)


def _likeness(address: Address, place: str) -> Callable[[str], int]:
    """How many last parts of its path a source has in common with the address; 0 is another source."""
    wanted = _PARTS.split(address.source)

    def likeness(source: str) -> int:
        parts = _PARTS.split(source)
        same = 0
        while same < min(len(parts), len(wanted)) and parts[-1 - same] == wanted[-1 - same]:
            same += 1
        # a file named outright may have another name now
        return same or int(source == place and "::" not in address.source)

    return likeness


def _not_found(address: Address, place: str, reader: Reader) -> InputError:
    rejected = reader.account.rejections[:_MOST_NAMED]
    why = "".join(f" {one.source} {one.where}: {one.why}." for one in rejected)
    return InputError(
        f"no record {address.record} of {address.source} in {place}.{why}",
        hint="Take the address from `watchfloor rules match`, as it is.",
    )
