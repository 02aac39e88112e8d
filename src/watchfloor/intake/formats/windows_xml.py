"""Windows events as XML: exports, one ``<Event>`` after another, and syslog lines with an event in them."""

import re
from collections.abc import Iterator
from typing import BinaryIO

from watchfloor.base.account import Account
from watchfloor.base.events import Row
from watchfloor.base.settings import MIB
from watchfloor.intake.formats import windows_text
from watchfloor.intake.runs import RUN_BYTES, Divisible, Run
from watchfloor.intake.windows.xml import row_from_xml

_SNIFF = re.compile(rb"<Event[\s>][^<]{0,300}<System[\s>]")
_END = b"</Event>"
_START = re.compile(rb"<Event(?=[\s>])")

#: What may stand between events without being lost: prolog, comments, the root element, byte order mark.
_WRAPPING = re.compile(rb"<\?[^>]*\?>|<!--.*?-->|</?Events\b[^>]*>|\xef\xbb\xbf", re.DOTALL)
_LONGEST_EVENT = 16 * MIB


def sniff(head: bytes) -> bool:
    """An ``<Event>`` with a ``<System>``, not inside JSON text."""
    found = _SNIFF.search(head)
    return found is not None and head.lstrip()[:1] not in (b"{", b"[")


def divide(stream: BinaryIO, source: str, account: Account, longest: int) -> Iterator[Run]:
    """Runs that end after an event; they are numbered by their first line."""
    first = 1
    waiting = b""
    longest = longest or _LONGEST_EVENT
    while block := stream.read(RUN_BYTES):
        waiting += block
        cut = waiting.rfind(_END)
        if cut >= 0:
            cut += len(_END)
            yield Run(waiting[:cut], first)
            first += waiting.count(b"\n", 0, cut)
            waiting = waiting[cut:]
        elif len(waiting) > longest:
            account.reject_record(source, str(first), f"event longer than {longest} bytes")
            first += waiting.count(b"\n")
            waiting = b""
    if waiting.strip():
        yield Run(waiting, first)


def parse(payload: bytes, first: int, source: str, account: Account) -> list[Row]:
    """A row per event; ``record`` is the line it starts on, with a counter where a line holds several."""
    rows: list[Row] = []
    position = 0
    line = first
    starts: dict[int, int] = {}
    for start, end in _events(payload):
        _between(payload[position:start], line, source, account, rows)
        line += payload.count(b"\n", position, start)
        starts[line] = starts.get(line, 0) + 1
        record = str(line) if starts[line] == 1 else f"{line}.{starts[line]}"
        _keep(payload[start:end], record, source, account, rows)
        line += payload.count(b"\n", start, end)
        position = end
    _between(payload[position:], line, source, account, rows)
    return rows


def _events(payload: bytes) -> Iterator[tuple[int, int]]:
    """Where events start and end."""
    end = 0
    while found := _START.search(payload, end):
        end = payload.find(_END, found.end()) + len(_END)
        if end < len(_END):
            return
        yield found.start(), end


def _keep(event: bytes, record: str, source: str, account: Account, rows: list[Row]) -> None:
    try:
        content = event.decode()
    except UnicodeDecodeError as error:
        account.reject_record(source, record, f"invalid UTF-8 at byte {error.start}")
        return
    row = row_from_xml(content, content)
    if isinstance(row, str):
        account.reject_record(source, record, row)
        return
    row["record"] = record
    rows.append(row)


def _between(text: bytes, line: int, source: str, account: Account, rows: list[Row]) -> None:
    """Account for what is not an event: other lines of a syslog, a cut-off event."""
    if not text.strip():
        return
    if windows_text.has_event(text):  # Splunk exports mix both forms in one file
        rows.extend(windows_text.parse(text, line, source, account))
        return
    text = _WRAPPING.sub(b" ", text)
    lines = text.split(b"\n")
    for offset, words in enumerate(lines):
        # The last piece on the event's own line is its syslog header.
        if offset == len(lines) - 1 and b"<Event" not in words and len(words) < 512:
            continue
        if words.strip():
            why = "a cut-off <Event>" if b"<Event" in words else "a line without an <Event>"
            account.reject_record(source, str(line + offset), why)
            if b"<Event" in words:
                return


def read(stream: BinaryIO, source: str, account: Account) -> Iterator[Row]:
    """All rows of a stream, for callers without workers."""
    for run in divide(stream, source, account, 0):
        yield from parse(run.payload, run.first, source, account)


FORMATS = (
    Divisible(
        name="windows-xml",
        describes="Windows or Sysmon for Linux events as XML",
        kind="stream",
        sniff=sniff,
        stream=read,
        divide=divide,
        parse=parse,
    ),
)
