"""The Reader: inputs of any kind in, record batches of Events out, the books kept."""

import io
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from watchfloor.base.account import Account
from watchfloor.base.settings import MIB, Settings
from watchfloor.intake.format import Format
from watchfloor.intake.parsing import Answer, Task, parse, parse_stream, unpack
from watchfloor.intake.registry import recognise, why_not
from watchfloor.intake.runs import RUN_BYTES, Divisible, Run, line_runs
from watchfloor.intake.sources import Input, Source, find_inputs, open_sources

if TYPE_CHECKING:
    from watchfloor.intake.crew import Crew

#: The head a format is recognised by.
_HEAD = 64 * 1024

#: Unpacked bytes parsed in-process before workers are worth their start-up time.
_SMALL = 8 * MIB


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the reading is; bytes are those of the inputs as stored (packed)."""

    source: str
    bytes_done: int
    bytes_total: int
    events: int


class Reader:
    """Reads inputs (files, folders, archives, ``-``) and keeps the books.

    Nothing in the input raises: what cannot be read stands in ``account``.
    """

    def __init__(
        self,
        inputs: Sequence[str],
        settings: Settings = Settings(),  # noqa: B008  (frozen)
        *,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> None:
        self.account = Account()
        self._paths = list(inputs)
        self._settings = settings
        self._on_progress = on_progress
        self._bytes_done = 0
        self._bytes_total = 0
        self._input_end = 0
        self._parsed = 0
        self._current = ""
        self._last_time: int | None = None

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Record batches of `base.events.SCHEMA`, sources in input order, records in file order."""
        inputs = find_inputs(self._paths, self.account)
        self._bytes_total = sum(item.size for item in inputs)
        crew = _Hands(self._settings)
        if self._bytes_total > _SMALL:
            crew.call()
        try:
            for item in inputs:
                yield from self._input(item, crew)
            for result, account in crew.take_all():
                yield from self._taken(result, account)
        finally:
            crew.close()

    def _input(self, item: Input, crew: "_Hands") -> Iterator[pa.RecordBatch]:
        self._input_end = self._bytes_done + item.size
        for source in open_sources(item, self._settings, self.account, self._on_read):
            self._report(source.name)
            yield from self._source(source, crew)
        self._bytes_done = max(self._input_end, self._bytes_done) if not item.size else self._input_end
        self._report(item.path)

    def _on_read(self, count: int) -> None:
        # A zip's table of contents is read twice; never report more than the input holds.
        self._bytes_done += count
        if self._input_end and self._bytes_done > self._input_end:
            self._bytes_done = self._input_end

    def _report(self, source: str) -> None:
        if self._on_progress is not None:
            self._on_progress(Progress(source, self._bytes_done, self._bytes_total, self.account.kept))

    def _source(self, source: Source, crew: "_Hands") -> Iterator[pa.RecordBatch]:
        head = source.stream.peek(_HEAD)[:_HEAD]
        if not head:
            self.account.reject_source(source.name, "file", source.guard.damage or "empty file")
            return
        form = recognise(head)
        if form is None:
            self.account.reject_source(source.name, "file", why_not(head))
            return
        for task in self._tasks(form, source):
            if task is None:
                yield from self._in_order(form, source, crew)
            else:
                yield from self._handled(task, crew)
        if source.guard.damage:
            where = f"after byte {source.guard.position}"
            self.account.reject_source(source.name, where, source.guard.damage)

    def _tasks(self, form: Format, source: Source) -> Iterator[Task | None]:
        """The source as tasks; None stands for a rest that has to be parsed here, in order."""
        longest = self._settings.max_line_bytes
        if form.kind == "lines" or isinstance(form, Divisible):
            runs: Iterator[Run]
            if isinstance(form, Divisible):
                runs = form.divide(source.stream, source.name, self.account, longest)
            else:
                runs = line_runs(source.stream, source.name, self.account, longest)
            for run in runs:
                yield Task(form.name, source.name, run.payload, run.first)
            return
        yield None

    def _in_order(self, form: Format, source: Source, crew: "_Hands") -> Iterator[pa.RecordBatch]:
        """A format that cannot be cut: whole to a worker if it is small, else parsed here."""
        start = source.stream.read(RUN_BYTES)
        if len(start) < RUN_BYTES:
            yield from self._handled(Task(form.name, source.name, start, 1, whole=True), crew)
            return
        for result, account in crew.take_all():
            yield from self._taken(result, account)
        stream = io.BufferedReader(_Again(start, source.stream), RUN_BYTES)
        for batch in parse_stream(form, stream, source.name, self.account):
            yield self._checked(batch)

    def _handled(self, task: Task, crew: "_Hands") -> Iterator[pa.RecordBatch]:
        self._parsed += len(task.payload)
        if self._parsed > _SMALL:
            crew.call()
        if not crew.ready:
            account = Account()
            found = list(parse(task, account))
            self.account.add(account)
            for batch in found:
                yield self._checked(batch)
            return
        while not crew.room:
            yield from self._taken(*crew.take())
        crew.submit(task)

    def _taken(self, result: str | bytes, account: Account) -> Iterator[pa.RecordBatch]:
        self.account.add(account)
        for batch in unpack(result):
            yield self._checked(batch)

    def _checked(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Count what is out of order: an event earlier than the one before it in the same source."""
        source = batch.column("source")[0].as_py()
        if source != self._current:
            self._current, self._last_time = source, None
        column = batch.column("time")
        times = column.drop_null().cast(pa.int64()).to_numpy()
        if len(times):
            if self._last_time is not None:
                times = np.concatenate(([self._last_time], times))
            self.account.out_of_order += int((np.diff(times) < 0).sum())
            self._last_time = int(times[-1])
        self._report(source)
        return batch


class _Again(io.RawIOBase):
    """Bytes already read, then the rest of their stream."""

    def __init__(self, start: bytes, stream: io.BufferedReader) -> None:
        super().__init__()
        self._start = start
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview | bytearray", /) -> int:  # type: ignore[override]
        view = memoryview(buffer).cast("B")
        data = self._start[: len(view)] or self._stream.read(len(view))
        self._start = self._start[len(view) :]
        view[: len(data)] = data
        return len(data)


class _Hands:
    """The crew, imported and called only when there is work for it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._workers = settings.workers or cores()
        self._crew: Crew | None = None
        self._ready = False

    def call(self) -> None:
        """Have the workers start, in the background; called again it does nothing."""
        if self._crew is None and self._workers > 1:
            from watchfloor.intake.crew import Crew

            self._crew = Crew(self._workers, self._settings.temp_dir)

    @property
    def ready(self) -> bool:
        """Whether tasks can be handed out. Once they can they always can, or answers would overtake others."""
        if not self._ready and self._crew is not None:
            self._ready = self._crew.ready
        return self._ready

    @property
    def room(self) -> bool:
        """Whether another task may be handed out before an answer is taken."""
        return self._crew is not None and self._crew.room

    def submit(self, task: Task) -> None:
        """Hand out a task."""
        assert self._crew is not None
        self._crew.submit(task)

    def take(self) -> Answer:
        """The answer to the oldest task."""
        assert self._crew is not None
        return self._crew.take()

    def take_all(self) -> Iterator[Answer]:
        """The answers to all tasks."""
        return self._crew.take_all() if self._crew is not None else iter(())

    def close(self) -> None:
        """End the workers."""
        if self._crew is not None:
            self._crew.close()


def cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
