"""Windows events as JSON: a line each, or as arrays and pretty-printed documents."""

import json
import re
from collections.abc import Iterator
from typing import Any, BinaryIO

import orjson

from watchfloor.base.account import Account
from watchfloor.base.events import Row
from watchfloor.base.settings import MIB
from watchfloor.intake.format import Format
from watchfloor.intake.windows.clocks import Clock
from watchfloor.intake.windows.flat import row_from_object

#: Field names one of which every Windows event in JSON has.
_WINDOWS = re.compile(
    rb'\\?"(?:EventID|EventId|event_id|EventCode|winlog|EventRecordID|log_name|event_data)\\?"\s*:'
    rb"|<Event[ >]"
)
_SNIFFED_LINES = 20

#: A JSON document or array element longer than this is hostile or no event.
_LONGEST_VALUE = 16 * MIB
_BLOCK = 1 * MIB
_SPACE = re.compile(r"[\s,]*")


def _sniff_lines(head: bytes) -> bool:
    """One of the first lines is a whole object that looks like an event."""
    lines = head.split(b"\n", _SNIFFED_LINES)
    if len(lines) > 1:
        lines.pop()
    for line in lines:
        line = line.strip()
        if line[:1] != b"{" or not _WINDOWS.search(line):
            continue
        if line[-1:] != b"}" and len(head) > 60_000 and len(lines) == 1:
            return line[:2] == b'{"'  # a first line longer than the head
        try:
            orjson.loads(line)
        except ValueError:
            continue
        return True
    return False


def _sniff_values(head: bytes) -> bool:
    """An array or a document over several lines."""
    return head.lstrip()[:1] in (b"[", b"{") and bool(_WINDOWS.search(head))


def parse_lines(lines: list[bytes], first: int, source: str, account: Account) -> list[Row]:
    """A row per line that is a Windows event."""
    rows: list[Row] = []
    clock = Clock()
    loads = orjson.loads
    number = first - 1
    for line in lines:
        number += 1
        try:
            row = row_from_object(loads(line), line.decode(), clock)
        except (ValueError, RecursionError) as error:
            if not line.strip():
                continue
            account.reject_record(source, str(number), _reason(line, error))
            continue
        if type(row) is str:
            account.reject_record(source, str(number), row)
        else:
            row["record"] = str(number)  # type: ignore[index]
            rows.append(row)  # type: ignore[arg-type]
    return rows


def _reason(line: bytes, error: Exception) -> str:
    try:
        line.decode()
    except UnicodeDecodeError as bad:
        return f"invalid UTF-8 at byte {bad.start}"
    return f"invalid JSON: {error}"[:200]


def parse_values(stream: BinaryIO, source: str, account: Account) -> Iterator[Row]:
    """A row per object, in arrays or one after the other; ``record`` counts them from 1."""
    clock = Clock()
    number = 0
    for value, raw in _values(stream, source, account):
        number += 1
        row = row_from_object(value, raw, clock)
        if isinstance(row, str):
            account.reject_record(source, str(number), row)
            continue
        row["record"] = str(number)
        yield row


def _values(stream: BinaryIO, source: str, account: Account) -> Iterator[tuple[Any, str]]:
    """Values with their text; arrays are opened, not read whole."""
    from codecs import getincrementaldecoder

    decode = getincrementaldecoder("utf-8")("replace").decode
    scan = json.JSONDecoder().raw_decode
    buffer, position, wanted, ended = "", 0, _BLOCK, False
    while True:
        if not ended and len(buffer) - position < wanted:
            block = stream.read(wanted)
            ended = not block
            buffer = buffer[position:] + decode(block, final=ended)
            position = 0
        position = _skip(buffer, position)
        if position >= len(buffer):
            if ended:
                return
            continue
        try:
            value, end = scan(buffer, position)
        except (ValueError, RecursionError) as error:
            if not ended and len(buffer) - position < _LONGEST_VALUE and not isinstance(error, RecursionError):
                wanted = (len(buffer) - position) * 2  # a value cut off by the block, most likely
                continue
            why = "truncated or corrupt JSON" if ended else "a JSON value too long or deep"
            account.reject_source(source, f"after {buffer[position : position + 40]!r}", f"{why}: {error}"[:200])
            return
        wanted = _BLOCK
        raw, position = buffer[position:end], end
        yield value, raw


def _skip(buffer: str, position: int) -> int:
    """Past white space, commas and the brackets of arrays."""
    while True:
        found = _SPACE.match(buffer, position)
        position = found.end() if found else position
        if buffer[position : position + 1] not in ("[", "]") or not buffer:
            return position
        if position >= len(buffer):
            return position
        position += 1


FORMATS = (
    Format(
        name="windows-json-lines",
        describes="Windows events, a JSON object a line",
        kind="lines",
        sniff=_sniff_lines,
        lines=parse_lines,
    ),
    Format(
        name="windows-json",
        describes="Windows events in JSON arrays and documents",
        kind="stream",
        sniff=_sniff_values,
        stream=parse_values,
    ),
)
