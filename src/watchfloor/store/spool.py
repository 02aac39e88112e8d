"""A spool of record batches: in memory while small, in a temporary folder when not.

Batches keep their order and number, so that ``(batch, row)`` addresses an Event for as long as the spool
lives.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import pyarrow as pa


class Spool:
    """Append batches, read them back any number of times. A context manager: leaving it deletes its files.

    Memory held is at most ``memory_bytes`` plus one batch, whatever is appended.
    """

    def __init__(self, memory_bytes: int, temp_dir: str = "") -> None:
        self._limit = memory_bytes
        self._temp_dir = temp_dir or None
        self._held: list[pa.RecordBatch] = []
        self._held_bytes = 0
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._count = 0
        self.rows = 0

    def __enter__(self) -> "Spool":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __len__(self) -> int:
        return self._count

    @property
    def on_disk(self) -> bool:
        """Whether the spool has outgrown its memory."""
        return self._folder is not None

    def append(self, batch: pa.RecordBatch) -> int:
        """Keep a batch; returns its number."""
        number = self._count
        self._count += 1
        self.rows += len(batch)
        if self._folder is None:
            self._held.append(batch)
            self._held_bytes += batch.nbytes
            if self._held_bytes > self._limit:
                self._spill()
        else:
            self._write(number, batch)
        return number

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        for number in range(self._count):
            yield self.batch(number)

    def batch(self, number: int) -> pa.RecordBatch:
        """The batch appended as ``number``."""
        if self._folder is None:
            return self._held[number]
        with pa.ipc.open_file(str(self._path(number))) as reader:
            return reader.get_batch(0)

    def close(self) -> None:
        """Forget everything, in memory and on disk."""
        self._held.clear()
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None
        self._count = 0

    def _path(self, number: int) -> Path:
        assert self._folder is not None
        return Path(self._folder.name) / f"{number:08d}.arrow"

    def _spill(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="watchfloor-", dir=self._temp_dir)
        for number, batch in enumerate(self._held):
            self._write(number, batch)
        self._held.clear()
        self._held_bytes = 0

    def _write(self, number: int, batch: pa.RecordBatch) -> None:
        options = pa.ipc.IpcWriteOptions(compression="zstd")
        with (
            pa.OSFile(str(self._path(number)), "wb") as sink,
            pa.ipc.new_file(sink, batch.schema, options=options) as out,
        ):
            out.write_batch(batch)
