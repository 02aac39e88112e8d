"""Parsing one run into record batches: what a worker does, and what happens in-process for small input."""

import io
import os
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from watchfloor.base.account import Account
from watchfloor.base.events import Row, to_batch
from watchfloor.intake.format import Format
from watchfloor.intake.registry import by_name
from watchfloor.intake.runs import Divisible, parse_lines

BATCH_ROWS = 8_192

#: What pyarrow and Python raise when a value does not fit its column.
_MISFIT = (pa.ArrowException, TypeError, ValueError, OverflowError)


@dataclass(frozen=True, slots=True)
class Task:
    """One run of one source, small enough to hand to a worker. ``whole`` is a stream format's full content."""

    form: str
    source: str
    payload: bytes
    first: int
    whole: bool = False

    @property
    def where(self) -> str:
        """The place of the run, for a rejection of all of it."""
        return "file" if self.whole else f"from record {self.first}"


#: A worker's answer: the file or the bytes that hold its batches as an Arrow IPC stream, and its books.
Answer = tuple[str | bytes, Account]


def begin() -> None:
    """A worker's first task: by the time it is done, all that parsing needs is imported."""


def work(task: Task, folder: str) -> Answer:
    """Parse a task in a worker process.

    The batches travel as a file in ``folder``, which the reader maps and removes: through a pipe they
    would be copied five times. Where no file can be written they go as bytes all the same.
    """
    account = Account()
    batches = list(parse(task, account))
    if not batches:
        return b"", account
    try:
        handle, path = tempfile.mkstemp(dir=folder)
        os.close(handle)
        with pa.OSFile(path, "wb") as file:
            _write(batches, file)
    except OSError:
        sink = pa.BufferOutputStream()
        _write(batches, sink)
        return sink.getvalue().to_pybytes(), account
    return path, account


def _write(batches: list[pa.RecordBatch], sink: object) -> None:
    with pa.ipc.new_stream(sink, batches[0].schema) as writer:
        for batch in batches:
            writer.write_batch(batch)


def unpack(result: str | bytes) -> list[pa.RecordBatch]:
    """The batches of a worker's answer."""
    if not result:
        return []
    if isinstance(result, bytes):
        with pa.ipc.open_stream(result) as reader:
            return list(reader)
    with pa.memory_map(result) as file, pa.ipc.open_stream(file) as reader:
        Path(result).unlink()  # the mapping keeps it
        return list(reader)


def parse(task: Task, account: Account) -> Iterator[pa.RecordBatch]:
    """Parse a task here."""
    form = by_name(task.form)
    if task.whole:
        yield from parse_stream(form, io.BytesIO(task.payload), task.source, account)
        return
    yield from _batches(_parse_run(form, task, account), task.source, account)


def parse_stream(form: Format, stream: BinaryIO, source: str, account: Account) -> Iterator[pa.RecordBatch]:
    """Parse a stream format as it comes."""
    assert form.stream is not None
    yield from _batches(_guarded(form.stream(stream, source, account), source, account), source, account)


def _guarded(rows: Iterator[Row], source: str, account: Account) -> Iterator[Row]:
    """The rows, and if the parser gives up on something unforeseen, a line that says so."""
    count = 0
    try:
        for row in rows:
            yield row
            count += 1
    except (KeyboardInterrupt, SystemExit, GeneratorExit):
        raise
    except BaseException as error:  # a panic of the Rust parser is a BaseException
        account.reject_source(source, f"after record {count}", _unforeseen(error))


def _parse_run(form: Format, task: Task, account: Account) -> list[Row]:
    """Parse a run; if the parser gives up on something unforeseen, line by line around it."""
    attempt = Account()
    try:
        rows = _run(form, task.payload, task.first, task.source, attempt)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        if form.kind != "lines":
            account.reject_source(task.source, task.where, _unforeseen(error))
            return []
        return _line_by_line(form, task, account)
    account.add(attempt)
    return rows


def _line_by_line(form: Format, task: Task, account: Account) -> list[Row]:
    rows: list[Row] = []
    for offset, line in enumerate(task.payload.split(b"\n")):
        attempt = Account()
        number = task.first + offset
        try:
            rows.extend(_run(form, line, number, task.source, attempt))
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:
            account.reject_record(task.source, str(number), _unforeseen(error))
            continue
        account.add(attempt)
    return rows


def _run(form: Format, payload: bytes, first: int, source: str, account: Account) -> list[Row]:
    if isinstance(form, Divisible):
        return form.parse(payload, first, source, account)
    return parse_lines(form, payload, first, source, account)


def _unforeseen(error: BaseException) -> str:
    return f"the parser gave up: {type(error).__name__}: {error}"[:300]


def _batches(rows: Iterable[Row], source: str, account: Account) -> Iterator[pa.RecordBatch]:
    waiting: list[Row] = []
    for row in rows:
        row["source"] = source
        waiting.append(row)
        if len(waiting) == BATCH_ROWS:
            yield from _batch(waiting, source, account)
            waiting = []
    if waiting:
        yield from _batch(waiting, source, account)


def _batch(rows: list[Row], source: str, account: Account) -> Iterator[pa.RecordBatch]:
    """One batch; a row whose values do not fit the schema is rejected on its own."""
    try:
        batch = to_batch(rows)
    except _MISFIT:
        fitting = [row for row in rows if _fits(row, source, account)]
        if not fitting:
            return
        batch = to_batch(fitting)
    account.kept += batch.num_rows
    account.missing_times += batch.column("time").null_count
    yield batch


def _fits(row: Row, source: str, account: Account) -> bool:
    try:
        to_batch([row])
    except _MISFIT as error:
        account.reject_record(source, str(row.get("record")), f"a value does not fit: {error}"[:300])
        return False
    return True
