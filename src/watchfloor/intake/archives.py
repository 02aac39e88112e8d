"""Members of zip and tar archives, one after the other, without trusting what their headers claim."""

import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from watchfloor.base.settings import MIB
from watchfloor.intake.limits import Budget, DamagedError
from watchfloor.intake.streams import Readable, Section, Unpacked, buffered

#: A zip's table of contents larger than this is not read into memory.
_LARGEST_DIRECTORY = 64 * MIB

#: A tar header that carries a long name; longer ones are hostile.
_LARGEST_NAME = 64 * 1024

_BLOCK = 512
_LOCAL_HEADER = b"PK\x03\x04"


@dataclass(frozen=True, slots=True)
class Member:
    """One member: its name and either its bytes or why they cannot be had."""

    name: str
    stream: Readable | None = None
    why: str = ""


class _Spending(io.RawIOBase):
    """Counts a zip member's bytes against the budget; zipfile has unpacked them already."""

    def __init__(self, stream: Readable, budget: Budget) -> None:
        super().__init__()
        self._stream = stream
        self._budget = budget

    def read(self, size: int = -1, /) -> bytes:
        data = self._stream.read(size)
        self._budget.spend(len(data))
        return data


def zip_members(stream: BinaryIO, budget: Budget) -> Iterator[Member]:
    """The members of a zip in a seekable file; where its table of contents is gone, those still found.

    Raises:
        DamagedError: it holds too much, or nothing of it can be read.
    """
    try:
        _check_directory(stream)
        archive = zipfile.ZipFile(stream)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError, IndexError) as error:
        stream.seek(0)
        yield from _salvaged_members(stream, budget)
        raise DamagedError(f"truncated or corrupt zip: {error}") from error
    with archive:
        for info in archive.infolist():
            if info.is_dir():
                continue
            budget.enter()
            if info.flag_bits & 1:
                yield Member(info.filename, why="encrypted member: unpack it with its password first")
                continue
            try:
                with archive.open(info) as member:
                    yield Member(info.filename, _Spending(member, budget))
            except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError, RuntimeError) as error:
                yield Member(info.filename, why=f"corrupt zip member: {error}")


def _check_directory(stream: BinaryIO) -> None:
    """Look at the end record before zipfile reads the whole table of contents into memory."""
    size = stream.seek(0, io.SEEK_END)
    stream.seek(max(0, size - 66_000))
    tail = stream.read(66_000)
    stream.seek(0)
    end = tail.rfind(b"PK\x05\x06")
    if end < 0 or len(tail) < end + 22:
        raise zipfile.BadZipFile("no table of contents at its end")
    length = int.from_bytes(tail[end + 12 : end + 16], "little")
    if length == 0xFFFFFFFF:  # zip64: the true size cannot exceed what lies before the end record
        locator = tail.rfind(b"PK\x06\x06", 0, end)
        length = int.from_bytes(tail[locator + 40 : locator + 48], "little") if locator >= 0 else size
    if min(length, size) > _LARGEST_DIRECTORY:
        raise DamagedError(f"its table of contents is larger than {_LARGEST_DIRECTORY} bytes")


def _salvaged_members(stream: BinaryIO, budget: Budget) -> Iterator[Member]:
    """Walk local headers from the start, as far as they hold; only deflated and stored members."""
    packed = buffered(_Rewindable(stream))
    while True:
        header = packed.read(30)
        if len(header) < 30 or header[:4] != _LOCAL_HEADER:
            return
        flags = int.from_bytes(header[6:8], "little")
        method = int.from_bytes(header[8:10], "little")
        size = int.from_bytes(header[18:22], "little")
        name = packed.read(int.from_bytes(header[26:28], "little")).decode("utf-8", "replace")
        packed.read(int.from_bytes(header[28:30], "little"))
        budget.enter()
        if flags & 1 or method not in (0, 8) or (method == 0 and flags & 8) or size == 0xFFFFFFFF:
            yield Member(name, why="cannot be found again in a zip without its table of contents")
            return
        if method == 0:
            section = Section(packed, size)
            yield Member(name, section)
            section.skip()
            continue
        unpacked = Unpacked(packed, "deflate", budget, single=True)
        yield Member(name, unpacked)
        while unpacked.read(1 << 20):
            pass
        packed = _after(unpacked.rest, packed, flags)


def _after(rest: bytes, packed: io.BufferedReader, flags: int) -> io.BufferedReader:
    """The stream from the next header on: what was read too far, then the rest."""
    joined = buffered(_Joined(rest, packed))
    if flags & 8:  # sizes follow the data, with or without their mark
        joined.read(16 if joined.peek(4)[:4] == b"PK\x07\x08" else 12)
    return joined


class _Joined(io.RawIOBase):
    """Bytes, then a stream."""

    def __init__(self, first: bytes, then: Readable) -> None:
        super().__init__()
        self._first = first
        self._then = then

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview | bytearray", /) -> int:  # type: ignore[override]
        view = memoryview(buffer).cast("B")
        data = self._first[: len(view)] or self._then.read(len(view))
        self._first = self._first[len(view) :]
        view[: len(data)] = data
        return len(data)


class _Rewindable(_Joined):
    """A stream as a raw stream."""

    def __init__(self, stream: Readable) -> None:
        super().__init__(b"", stream)


def is_tar(head: bytes) -> bool:
    """A tar's first block: its checksum is right (older tars have no mark)."""
    if len(head) < _BLOCK or head[0] == 0:
        return False
    return _checksum_holds(head[:_BLOCK])


def _checksum_holds(block: bytes) -> bool:
    try:
        written = int(block[148:156].strip(b" \0") or b"-1", 8)
    except ValueError:
        return False
    return written == sum(block) - sum(block[148:156]) + 8 * 32


def tar_members(stream: Readable, budget: Budget) -> Iterator[Member]:
    """The files of a tar, streaming; links, devices and folders are no members.

    Raises:
        DamagedError: it is cut off, corrupt or holds too much.
    """
    long_name = ""
    while True:
        block = _full(stream, _BLOCK)
        if not block or not block.strip(b"\0"):
            return
        if len(block) < _BLOCK:
            raise DamagedError("truncated tar: it ends in the middle of a header")
        if not _checksum_holds(block):
            raise DamagedError("corrupt tar: a header's checksum is wrong")
        size = _tar_number(block[124:136])
        kind = block[156:157]
        section = Section(stream, size)
        if kind in (b"L", b"x", b"X"):
            if size > _LARGEST_NAME:
                raise DamagedError("corrupt tar: a name is longer than any file system allows")
            body = _full(section, size)
            long_name = (_pax_path(body) or long_name) if kind != b"L" else _tar_text(body)
        else:
            name, long_name = long_name or _tar_name(block), ""
            if kind in (b"0", b"\0", b"7"):
                budget.enter()
                yield Member(name, buffered(section) if size else io.BytesIO())
            elif kind == b"S":
                budget.enter()
                yield Member(name, why="sparse tar member: pack it without --sparse")
        section.skip()
        _full(stream, -size % _BLOCK)


def _full(stream: Readable, size: int) -> bytes:
    parts: list[bytes] = []
    while size > 0 and (part := stream.read(size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def _tar_number(field: bytes) -> int:
    if field[0] & 0x80:
        return int.from_bytes(bytes([field[0] & 0x7F]) + field[1:], "big")
    try:
        size = int(field.strip(b" \0") or b"0", 8)
    except ValueError:
        size = -1
    if size < 0:
        raise DamagedError("corrupt tar: a size is no number")
    return size


def _tar_text(field: bytes) -> str:
    return field.split(b"\0", 1)[0].decode("utf-8", "replace")


def _tar_name(block: bytes) -> str:
    name = _tar_text(block[:100])
    prefix = _tar_text(block[345:500]) if block[257:263] == b"ustar\0" else ""
    return f"{prefix}/{name}" if prefix else name


def _pax_path(body: bytes) -> str:
    for line in body.split(b"\n"):
        _, _, pair = line.partition(b" ")
        if pair.startswith(b"path="):
            return pair[5:].decode("utf-8", "replace")
    return ""
