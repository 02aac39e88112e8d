"""From what the user names to byte streams: files, folders, standard input, archives inside archives."""

import io
import os
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from watchfloor.base.account import Account
from watchfloor.base.settings import MIB, Settings
from watchfloor.intake.archives import Member, is_tar, tar_members, zip_members
from watchfloor.intake.limits import Budget, DamagedError
from watchfloor.intake.streams import BUFFER, Guarded, Readable, Transcoded, Unpacked, buffered, encoding_of

STANDARD_INPUT = "-"

#: A zip that is not a file of its own waits here, in memory up to this size, to be sought in.
_SPOOL_IN_MEMORY = 64 * MIB

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x1f\x8b\x08", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
)


@dataclass(frozen=True, slots=True)
class Source:
    """One stream of records: a file or an archive member, unpacked and in UTF-8 where it was UTF-16.

    ``guard`` knows how far it was read and, after its end, what was wrong with it.
    """

    name: str
    stream: io.BufferedReader
    guard: Guarded


@dataclass(frozen=True, slots=True)
class Input:
    """One file to read, found on the command line or in a folder there."""

    path: str
    size: int


class _Counter:
    """Tells how many packed bytes of the current input were read."""

    def __init__(self, raw: BinaryIO, on_read: Callable[[int], None]) -> None:
        self._raw = raw
        self._on_read = on_read

    def read(self, size: int = -1, /) -> bytes:
        data = self._raw.read(size)
        self._on_read(len(data))
        return data

    def seek(self, offset: int, whence: int = 0, /) -> int:
        return self._raw.seek(offset, whence)

    def tell(self) -> int:
        return self._raw.tell()

    def seekable(self) -> bool:
        return True


def printable(name: str) -> str:
    """A name that can be shown and stored: control characters and stray bytes become U+FFFD."""
    return "".join(c if c.isprintable() and not "\ud800" <= c <= "\udfff" else "\ufffd" for c in name)


def find_inputs(paths: Sequence[str], account: Account) -> list[Input]:
    """The files behind the given paths, folders walked in sorted order; what cannot be read is noted."""
    found: list[Input] = []
    for path in paths:
        if path == STANDARD_INPUT:
            found.append(Input(path, 0))
            continue
        try:
            status = Path(path).stat()
        except OSError as error:
            account.reject_source(printable(path), "file", _reason(error))
            continue
        if stat.S_ISDIR(status.st_mode):
            _walk(path, account, found)
        else:
            _add(path, status, account, found)
    return found


def _walk(folder: str, account: Account, found: list[Input]) -> None:
    def unreadable(error: OSError) -> None:
        account.reject_source(printable(str(error.filename)), "folder", _reason(error))

    for parent, folders, names in os.walk(folder, onerror=unreadable):
        folders.sort()
        for name in sorted(names):
            path = str(Path(parent, name))
            try:
                _add(path, Path(path).stat(), account, found)
            except OSError as error:
                account.reject_source(printable(path), "file", _reason(error))


def _add(path: str, status: os.stat_result, account: Account, found: list[Input]) -> None:
    # A named pipe given by the shell (<(…)) is read like standard input; devices never are.
    if not stat.S_ISREG(status.st_mode) and not stat.S_ISFIFO(status.st_mode):
        account.reject_source(printable(path), "file", "not a regular file")
        return
    found.append(Input(path, status.st_size))


def _reason(error: OSError) -> str:
    if isinstance(error, PermissionError):
        return "permission denied"
    if isinstance(error, FileNotFoundError):
        return "no such file or folder"
    return (error.strerror or str(error)).lower()


def open_sources(item: Input, settings: Settings, account: Account, on_read: Callable[[int], None]) -> Iterator[Source]:
    """The sources inside one input, one at a time: each is to be read before the next is asked for."""
    name = "-" if item.path == STANDARD_INPUT else printable(item.path)
    account.inputs += 1
    unpacking = _Unpacking(settings, account, Budget(settings, packed=item.size))
    if item.path == STANDARD_INPUT:
        yield from unpacking.open(name, _Counter(sys.stdin.buffer, unpacking.counted(on_read)), None)
        return
    try:
        raw = Path(item.path).open("rb", buffering=0)  # noqa: SIM115  (closed below, once it did open)
    except OSError as error:
        account.reject_source(name, "file", _reason(error))
        return
    with raw:
        file = _Counter(cast(BinaryIO, raw), on_read)
        seekable = cast(BinaryIO, file) if raw.seekable() else None
        yield from unpacking.open(name, file, seekable)


@dataclass(slots=True)
class _Unpacking:
    """Opens one input's layers: compression, archives, members, and archives in those."""

    settings: Settings
    account: Account
    budget: Budget

    def counted(self, on_read: Callable[[int], None]) -> Callable[[int], None]:
        """For input of unknown size: what was read so far is its packed size so far."""

        def note(count: int) -> None:
            self.budget.packed += count
            on_read(count)

        return note

    def open(
        self, name: str, stream: Readable, seekable: BinaryIO | None, depth: int = 0, layers: int = 0
    ) -> Iterator[Source]:
        """Look at the first bytes and go a layer deeper, or hand out a source."""
        guard = Guarded(stream)
        front = buffered(guard)
        head = front.peek(BUFFER)
        kind = kind_of(head)
        if kind in ("zip", "tar") and depth >= self.settings.max_depth:
            self.account.reject_source(name, "file", f"archives nested more than {depth} deep")
        elif kind in ("zip", "tar"):
            yield from self._archive(name, kind, front, guard, seekable, depth, layers)
        elif kind:
            if layers >= self.settings.max_depth:
                self.account.reject_source(name, "file", f"compressed more than {layers} times over")
                return
            unpacked = Unpacked(_Reporting(front, guard), kind, self.budget)
            yield from self.open(name, unpacked, None, depth, layers + 1)
        else:
            yield _in_utf8(name, front, guard, head)

    def _archive(
        self,
        name: str,
        kind: str,
        stream: io.BufferedReader,
        guard: Guarded,
        seekable: BinaryIO | None,
        depth: int,
        layers: int,
    ) -> Iterator[Source]:
        try:
            if kind == "tar":
                yield from self._members(name, tar_members(_Reporting(stream, guard), self.budget), depth, layers)
            elif seekable is not None:
                seekable.seek(0)
                yield from self._members(name, zip_members(seekable, self.budget), depth, layers)
            else:
                with self._spooled(stream, guard) as spool:
                    yield from self._members(name, zip_members(spool, self.budget), depth, layers)
        except DamagedError as error:
            self.account.reject_source(name, "archive", error.why)

    def _members(self, name: str, members: Iterator[Member], depth: int, layers: int) -> Iterator[Source]:
        for member in members:
            inner = f"{name}::{printable(member.name)}"
            if member.stream is None:
                self.account.reject_source(inner, "member", member.why)
            else:
                yield from self.open(inner, member.stream, None, depth + 1, layers)

    def _spooled(self, stream: io.BufferedReader, guard: Guarded) -> BinaryIO:
        folder = self.settings.temp_dir or None
        spool = tempfile.SpooledTemporaryFile(_SPOOL_IN_MEMORY, dir=folder)  # noqa: SIM115  (closed by the caller)
        while data := stream.read(MIB):
            spool.write(data)
        spool.seek(0)
        return cast(BinaryIO, spool)


class _Reporting:
    """Hands a guarded stream's damage on to the layer above as what it is."""

    def __init__(self, stream: io.BufferedReader, guard: Guarded) -> None:
        self._stream = stream
        self._guard = guard

    def read(self, size: int = -1, /) -> bytes:
        data = self._stream.read(size)
        if not data and self._guard.damage:
            raise DamagedError(self._guard.damage)
        return data


def kind_of(head: bytes) -> str:
    """The compression or archive a stream starts as; nothing for a source."""
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    return "tar" if is_tar(head) else ""


def _in_utf8(name: str, stream: io.BufferedReader, guard: Guarded, head: bytes) -> Source:
    encoding, mark = encoding_of(head)
    stream.read(mark)
    if encoding == "utf-8":
        return Source(name, stream, guard)
    return Source(name, buffered(Transcoded(stream, encoding)), guard)
