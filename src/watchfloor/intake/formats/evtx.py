"""EVTX, the Windows event log's own file: 64 KiB chunks, each parsed on its own so that damage stays local."""

import io
from collections.abc import Iterator
from typing import Any, BinaryIO

import orjson

from watchfloor.base.account import Account
from watchfloor.base.events import Row
from watchfloor.intake.runs import Divisible, Run
from watchfloor.intake.windows.tree import row_from_tree

_FILE_MAGIC = b"ElfFile\0"
_CHUNK_MAGIC = b"ElfChnk\0"
_HEADER = 4096
_CHUNK = 64 * 1024
_CHUNKS_PER_RUN = 16
_EMPTY_CHUNK = bytes(_CHUNK)
_RECORD_MAGIC = b"\x2a\x2a\0\0"

#: More records than a chunk can hold: the parser is going round in circles.
_MOST_RECORDS = 4096

#: A file header that says one chunk, dirty: all the parser wants to know.
_ONE_CHUNK = (
    _FILE_MAGIC
    + (0).to_bytes(8, "little")
    + (0).to_bytes(8, "little")
    + (1).to_bytes(8, "little")
    + (128).to_bytes(4, "little")
    + (1).to_bytes(2, "little")
    + (3).to_bytes(2, "little")
    + (_HEADER).to_bytes(2, "little")
    + (1).to_bytes(2, "little")
).ljust(_HEADER, b"\0")


def sniff(head: bytes) -> bool:
    """The file magic, or chunks without their header as carving leaves them."""
    return head.startswith((_FILE_MAGIC, _CHUNK_MAGIC))


def divide(stream: BinaryIO, source: str, account: Account, longest: int) -> Iterator[Run]:
    """Runs of chunks; the numbers of chunks start at 1."""
    start = stream.read(len(_FILE_MAGIC))
    held = start
    if start == _FILE_MAGIC:
        header = stream.read(_HEADER - len(start))
        if len(header) < _HEADER - len(start):
            account.reject_source(source, "header", "truncated EVTX: it ends in its header")
            return
        held = b""
    number = 1
    chunks: list[bytes] = []
    empty: list[int] = []
    while chunk := held + stream.read(_CHUNK - len(held)):
        held = b""
        if _is_empty(chunk):
            empty.append(number + len(chunks))
        else:
            for lost in empty:  # unused space comes last in a log; in the middle somebody wiped it
                account.reject_source(source, f"chunk {lost}", "an empty chunk between used ones: its records are gone")
            empty = []
        chunks.append(chunk)
        if len(chunks) == _CHUNKS_PER_RUN:
            yield Run(b"".join(chunks), number)
            number += len(chunks)
            chunks = []
    if chunks:
        yield Run(b"".join(chunks), number)


def _is_empty(chunk: bytes) -> bool:
    return chunk == (_EMPTY_CHUNK if len(chunk) == _CHUNK else bytes(len(chunk)))


def parse(payload: bytes, first: int, source: str, account: Account) -> list[Row]:
    """The records of a run of chunks."""
    rows: list[Row] = []
    for offset in range(0, len(payload), _CHUNK):
        chunk = payload[offset : offset + _CHUNK]
        number = first + offset // _CHUNK
        if _is_empty(chunk):
            continue
        if not chunk.startswith(_CHUNK_MAGIC):
            account.reject_source(source, f"chunk {number}", "corrupt chunk: no chunk header")
            continue
        if len(chunk) < _CHUNK:
            account.reject_source(source, f"chunk {number}", "truncated EVTX: its last chunk is cut off")
            chunk = chunk.ljust(_CHUNK, b"\0")  # the records before the cut are whole
        _parse_chunk(chunk, number, source, account, rows)
    return rows


def _parse_chunk(chunk: bytes, number: int, source: str, account: Account, rows: list[Row]) -> None:
    from evtx import PyEvtxParser

    expected = _records_in(chunk)
    met = 0
    try:
        records = PyEvtxParser(io.BytesIO(_ONE_CHUNK + chunk), number_of_threads=1).records_json()
    except (RuntimeError, OSError, ValueError) as error:
        account.reject_source(source, f"chunk {number}", f"corrupt chunk: {_short(error)}")
        return
    broken = ""
    for _ in range(_MOST_RECORDS):
        try:
            record = next(records)
        except StopIteration:
            break
        except (RuntimeError, OSError, ValueError) as error:
            identity = _record_of(error)
            if identity:
                met += 1
                account.reject_record(source, identity, _short(error))
            else:
                broken = _short(error)
            continue
        met += 1
        _keep(record, source, account, rows)
    if broken or met < expected:
        lost = f"; {expected - met} records lost" if met < expected else ""
        account.reject_source(source, f"chunk {number}", f"corrupt chunk: {broken or 'its records end early'}{lost}")


def _keep(record: Any, source: str, account: Account, rows: list[Row]) -> None:
    raw = record["data"]
    identity = str(record["event_record_id"])
    try:
        tree = orjson.loads(raw)
    except ValueError as error:
        account.reject_record(source, identity, f"unreadable record: {error}")
        return
    row = row_from_tree(tree.get("Event"), raw) if type(tree) is dict else None
    if row is None:
        account.reject_record(source, identity, "a record without an event id")
        return
    row["record"] = identity
    rows.append(row)


def _records_in(chunk: bytes) -> int:
    """How many records the chunk header claims; 0 where the claim makes no sense."""
    first = int.from_bytes(chunk[8:16], "little")
    last = int.from_bytes(chunk[16:24], "little")
    return last - first + 1 if 0 < first <= last < first + _MOST_RECORDS else 0


def _record_of(error: BaseException) -> str:
    words = str(error).split("Failed to parse record number ", 1)
    return words[1].split(":", 1)[0].strip() if len(words) == 2 else ""


def _short(error: BaseException) -> str:
    return str(error).replace("An error occurred while trying to deserialize evtx stream.: ", "")[:200]


def read(stream: BinaryIO, source: str, account: Account) -> Iterator[Row]:
    """All rows of a stream, for callers without workers."""
    for run in divide(stream, source, account, 0):
        yield from parse(run.payload, run.first, source, account)


FORMATS = (
    Divisible(
        name="evtx",
        describes="Windows event log file (EVTX)",
        kind="stream",
        sniff=sniff,
        stream=read,
        divide=divide,
        parse=parse,
    ),
)
