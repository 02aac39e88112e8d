"""Byte streams for hostile input: unpacking, counting and transcoding, all in bounded memory."""

import bz2
import codecs
import io
import lzma
import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, cast

from watchfloor.intake.limits import Budget, DamagedError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

#: Packed bytes read at a time, and the buffer in front of every stream (the sniffed head fits in it).
PIECE = 64 * 1024
BUFFER = 256 * 1024

#: A zstd block of 4 bytes can unpack to 128 KiB, so packed input is fed in small pieces.
_ZSTD_PIECE = 1024

_LZMA_MEMORY = 256 * 1024 * 1024
_ZSTD_WINDOW = 128 * 1024 * 1024


class Readable(Protocol):
    """Anything with ``read``."""

    def read(self, size: int = -1, /) -> bytes:
        """Up to ``size`` bytes; none at the end."""
        ...


class _Unpacker(Protocol):
    eof: bool
    needs_input: bool
    unused_data: bytes

    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...


class _Zlib:
    """zlib's decompressor with its unconsumed input kept inside, as bz2 and lzma do."""

    def __init__(self, window: int) -> None:
        self._inner = zlib.decompressobj(window)
        self._tail = b""

    @property
    def eof(self) -> bool:
        return self._inner.eof

    @property
    def needs_input(self) -> bool:
        return not self._tail

    @property
    def unused_data(self) -> bytes:
        return self._inner.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        result = self._inner.decompress(self._tail + data, max_length)
        self._tail = self._inner.unconsumed_tail
        return result


class _Zstd:
    """zstandard's decompressor, fed in pieces so that its unbounded output stays small."""

    def __init__(self) -> None:
        import zstandard

        self._inner: Any = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW).decompressobj()
        self._waiting = b""

    @property
    def eof(self) -> bool:
        return bool(self._inner.eof)

    @property
    def needs_input(self) -> bool:
        return not self._waiting

    @property
    def unused_data(self) -> bytes:
        return bytes(self._inner.unused_data) + self._waiting

    def decompress(self, data: bytes, max_length: int) -> bytes:
        self._waiting += data
        parts: list[bytes] = []
        size = 0
        position = 0
        while position < len(self._waiting) and size < max_length and not self._inner.eof:
            part = self._inner.decompress(self._waiting[position : position + _ZSTD_PIECE])
            position += _ZSTD_PIECE
            parts.append(part)
            size += len(part)
        self._waiting = self._waiting[position:]
        return b"".join(parts)


_UNPACKERS: dict[str, Callable[[], Any]] = {
    "gzip": lambda: _Zlib(31),
    "deflate": lambda: _Zlib(-15),
    "bzip2": bz2.BZ2Decompressor,
    "xz": lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_LZMA_MEMORY),
    "zstd": _Zstd,
}


class Unpacked(io.RawIOBase):
    """The unpacked bytes of one compressed stream; members that follow one another are joined.

    ``rest`` holds what was read beyond the end when ``single`` asks to stop after one member.
    """

    def __init__(self, packed: Readable, kind: str, budget: Budget, *, single: bool = False) -> None:
        super().__init__()
        self._packed = packed
        self._kind = kind
        self._budget = budget
        self._single = single
        self._unpacker: _Unpacker = _UNPACKERS[kind]()
        self._pending = b""
        self._spare = b""
        self._ended = False
        self.rest = b""

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        """Fill the buffer as far as one step of unpacking allows; 0 at the end.

        Raises:
            DamagedError: the stream is cut off, corrupt or a bomb.
        """
        view = memoryview(buffer).cast("B")
        while not self._spare:
            if self._ended or not self._step():
                return 0
        count = min(len(view), len(self._spare))
        view[:count] = self._spare[:count]
        self._spare = self._spare[count:]
        return count

    def _step(self) -> bool:
        """Unpack a little more into ``_spare``; False at the end. Small steps lose little at a corrupt byte."""
        if self._unpacker.eof and not self._next_member():
            return False
        data = b""
        hungry = self._pending or self._unpacker.needs_input
        if hungry:
            data = self._pending or self._packed.read(PIECE)
            self._pending = b""
        try:
            self._spare = self._unpacker.decompress(data, PIECE)
        except (zlib.error, lzma.LZMAError, OSError, ValueError, EOFError) as error:
            raise DamagedError(f"corrupt {self._kind} data: {error}") from error
        except Exception as error:
            # zstandard.ZstdError is its own tree and is imported only when it is needed.
            raise DamagedError(f"corrupt {self._kind} data: {error}") from error
        self._budget.spend(len(self._spare))
        if hungry and not data and not self._spare and not self._unpacker.eof:
            self._ended = True
            raise DamagedError(f"truncated {self._kind} data: it ends in the middle")
        return True

    def _next_member(self) -> bool:
        rest = self._unpacker.unused_data
        if self._single:
            self.rest, self._ended = rest, True
            return False
        while True:
            rest = rest.lstrip(b"\0")  # tapes and some tools pad with zeros
            if rest:
                break
            rest = self._packed.read(PIECE)
            if not rest:
                self._ended = True
                return False
        self._unpacker = _UNPACKERS[self._kind]()
        self._pending = rest
        return True


class Section(io.RawIOBase):
    """The next ``size`` bytes of a stream."""

    def __init__(self, stream: Readable, size: int) -> None:
        super().__init__()
        self._stream = stream
        self.left = size

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        """Read on; 0 at the end of the section.

        Raises:
            DamagedError: the stream ends before the section does.
        """
        view = memoryview(buffer).cast("B")
        if not self.left:
            return 0
        data = self._stream.read(min(len(view), self.left))
        if not data:
            self.left = 0
            raise DamagedError("truncated archive: it ends in the middle of a member")
        view[: len(data)] = data
        self.left -= len(data)
        return len(data)

    def skip(self) -> None:
        """Read to the end of the section."""
        while self.left and self.read(min(self.left, 1 << 20)):
            pass


class Guarded(io.RawIOBase):
    """The stream a format reads: full reads, counted, and damage is an end with a reason, not an error."""

    def __init__(self, stream: Readable) -> None:
        super().__init__()
        self._stream = stream
        self.position = 0
        self.damage = ""

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        """Fill the whole buffer unless the stream ends."""
        view = memoryview(buffer).cast("B")
        filled = 0
        while filled < len(view) and not self.damage:
            try:
                data = self._stream.read(len(view) - filled)
            except DamagedError as error:
                self.damage = error.why
                break
            except (OSError, EOFError, ValueError, RuntimeError, zlib.error, lzma.LZMAError) as error:
                self.damage = f"cannot be read further: {error}"
                break
            except Exception as error:
                # zipfile and third-party decompressors raise whatever they like on hostile bytes.
                self.damage = f"cannot be read further: {type(error).__name__}: {error}"
                break
            if not data:
                break
            view[filled : filled + len(data)] = data
            filled += len(data)
        self.position += filled
        return filled


class Transcoded(io.RawIOBase):
    """UTF-16 text as UTF-8; what is no text becomes U+FFFD."""

    def __init__(self, stream: Readable, encoding: str) -> None:
        super().__init__()
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder(encoding)("replace")
        self._spare = b""
        self._ended = False

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        """Read on; 0 at the end."""
        view = memoryview(buffer).cast("B")
        filled = 0
        while filled < len(view):
            if not self._spare:
                if self._ended:
                    break
                data = self._stream.read(PIECE)
                self._ended = not data
                self._spare = self._decoder.decode(data, final=not data).encode("utf-8", "replace")
                continue
            count = min(len(view) - filled, len(self._spare))
            view[filled : filled + count] = self._spare[:count]
            self._spare = self._spare[count:]
            filled += count
        return filled


def buffered(raw: io.RawIOBase) -> io.BufferedReader:
    """The stream with a buffer in front that the sniffed head fits in."""
    return cast(io.BufferedReader, io.BufferedReader(raw, BUFFER))


def encoding_of(head: bytes) -> tuple[str, int]:
    """The Unicode encoding a text starts in, and the length of its byte order mark."""
    if head.startswith(codecs.BOM_UTF8):
        return "utf-8", 3
    if head.startswith(codecs.BOM_UTF16_LE):
        return "utf-16-le", 2
    if head.startswith(codecs.BOM_UTF16_BE):
        return "utf-16-be", 2
    if len(head) >= 4 and head[0] in b"<{[" and head[1] == 0 and head[2] != 0 and head[3] == 0:
        return "utf-16-le", 0
    return "utf-8", 0
