"""Windows events as the classic text of Splunk's exports: a date, ``Key=value`` lines, a rendered message."""

import re
from collections.abc import Iterator
from typing import BinaryIO

from watchfloor.base.account import Account
from watchfloor.base.events import Row
from watchfloor.base.settings import MIB
from watchfloor.intake.runs import RUN_BYTES, Divisible, Run
from watchfloor.intake.windows.mapping import row_of
from watchfloor.intake.windows.text import record_from_text

_START = re.compile(
    rb"^\d\d/\d\d/\d{4} \d\d:\d\d:\d\d(?:\.\d+)? [AP]M\r?\n(?=(?:LogName|SourceName|EventCode)=)", re.MULTILINE
)
_LONGEST_EVENT = 16 * MIB


def sniff(head: bytes) -> bool:
    """A date alone on a line, and ``LogName=`` on the next."""
    return _START.search(head[:4096]) is not None


def has_event(text: bytes) -> bool:
    """Whether an event starts anywhere in the text."""
    return _START.search(text) is not None


def divide(stream: BinaryIO, source: str, account: Account, longest: int) -> Iterator[Run]:
    """Runs that end before an event; they are numbered by their first line."""
    first = 1
    waiting = b""
    longest = longest or _LONGEST_EVENT
    while block := stream.read(RUN_BYTES):
        waiting += block
        starts = [found.start() for found in _START.finditer(waiting)]
        cut = starts[-1] if starts else 0
        if cut:
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
    """A row per event; ``record`` is the line of its date."""
    starts = [found.start() for found in _START.finditer(payload)]
    rows: list[Row] = []
    line = first
    if not starts or starts[0] > 0:
        before = payload[: starts[0]] if starts else payload
        if before.strip():
            account.reject_record(source, str(line), "text before the first event")
        line += before.count(b"\n")
    for start, end in zip(starts, [*starts[1:], len(payload)], strict=True):
        event = payload[start:end]
        row = _row(event.decode("utf-8", "replace"))
        if isinstance(row, str):
            account.reject_record(source, str(line), row)
        else:
            row["record"] = str(line)
            rows.append(row)
        line += event.count(b"\n")
    return rows


def _row(event: str) -> Row | str:
    record = record_from_text(event)
    if isinstance(record, str):
        return record
    row = row_of(record, event.rstrip("\r\n"))
    keywords = record.head().get("Keywords") or ""
    if "status" not in row and keywords.startswith("Audit "):
        row["status"] = "success" if "Success" in keywords else "failure"
    return row


def read(stream: BinaryIO, source: str, account: Account) -> Iterator[Row]:
    """All rows of a stream, for callers without workers."""
    for run in divide(stream, source, account, 0):
        yield from parse(run.payload, run.first, source, account)


FORMATS = (
    Divisible(
        name="windows-text",
        describes="Windows events as classic text",
        kind="stream",
        sniff=sniff,
        stream=read,
        divide=divide,
        parse=parse,
    ),
)
