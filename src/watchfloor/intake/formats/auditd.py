"""Linux audit logs: auditd's own file, audit lines in syslog, and what ausearch prints."""

import re
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from watchfloor.base.account import Account
from watchfloor.base.events import Row
from watchfloor.intake.format import Format
from watchfloor.intake.linux import mapping, records
from watchfloor.intake.linux.assembly import Assembly, AuditEvent

#: auditd cuts records at 8970 bytes; user space may write longer ones, nobody writes one this long.
MAX_LINE = 1024 * 1024
#: What is decoded and split at once; no more than `MAX_LINE`, so that only its last line can be too long.
_BLOCK = 256 * 1024

_RECORD = re.compile(rb"type=(?:[A-Z_0-9]{2,40}|UNKNOWN\[\d+\]) (?:msg=)?audit\([^()\n]{3,60}:\d{1,20}\) ?:")
_QUOTING = re.compile(rb"""\s*(?:[\[{"]|<(?!\d))""")
#: What ausearch puts between events.
_SEPARATORS = ("----", "time->")
_PADDING = "\r\n\x00 \t\ufeff"


def sniff(head: bytes) -> bool:
    """One of the first lines is an audit record, as a line of its own or behind a syslog prefix."""
    lines = head.split(b"\n", 20)[:20]
    return any(_is_record(line) for line in lines)


def _is_record(line: bytes) -> bool:
    found = _RECORD.search(line, 0, 1024)
    if found is None:
        return False
    # a JSON or CSV document may quote an audit line: that is for its own format to read
    return _QUOTING.match(line) is None


def stream(stream: BinaryIO, source: str, account: Account) -> Iterator[Row]:
    """Rows of an audit log in the order events complete."""
    window = Assembly()
    number = 1
    for block, overlong in _blocks(stream):
        text = block.decode("utf-8", "backslashreplace")
        for event in _events(window, text, number, source, account):
            row = _row(event, source, account)
            if row is not None:
                yield row
        number += text.count("\n")
        if overlong:
            account.reject_record(source, str(number), f"line longer than {MAX_LINE} bytes")
            number += 1
    for event in window.flush():
        row = _row(event, source, account)
        if row is not None:
            yield row


def _blocks(stream: BinaryIO) -> Iterator[tuple[bytes, bool]]:
    """Whole lines by the block, and whether a line too long to be held followed them: it has been read past."""
    while block := stream.read(_BLOCK):
        start = block.rfind(b"\n") + 1
        rest = stream.readline(MAX_LINE + 1 - (len(block) - start)) if start < len(block) else b""
        if len(block) - start + len(rest) <= MAX_LINE:
            yield block + rest, False
            continue
        while rest and not rest.endswith(b"\n"):
            rest = stream.readline(MAX_LINE)
        yield block[:start], True


def _events(window: Assembly, text: str, number: int, source: str, account: Account) -> Iterator[AuditEvent]:
    """Events that are complete with the lines of the text, the first of which has the number."""
    at, size = 0, len(text)
    while at < size:
        whole = records.whole(text, at)
        if whole is not None:
            done = window.add_whole(whole)
            if done is not None:
                yield from done
                number += len(whole.records)
                at = whole.end
                continue
        end = text.find("\n", at)
        end = end if end >= 0 else size
        line = text[at:end].strip(_PADDING)
        yield from _line(window, line, number, source, account)
        number += 1
        at = end + 1


def _line(window: Assembly, line: str, number: int, source: str, account: Account) -> Sequence[AuditEvent]:
    if line.startswith(_SEPARATORS):
        return window.flush()
    record = records.parse(line)
    if record is not None:
        try:
            return window.add(record)
        except OverflowError:
            account.reject_record(source, str(number), "audit event larger than 16 MiB")
    elif line:
        account.reject_record(source, str(number), "not an audit record")
    return ()


def _row(event: AuditEvent, source: str, account: Account) -> Row | None:
    row = mapping.to_row(event)
    if row is None:
        account.reject_record(source, event.stamp, "event without a record that says what was done")
    return row


FORMATS: tuple[Format, ...] = (
    Format(
        name="auditd",
        describes="Linux audit log: auditd, syslog-prefixed, ausearch raw and interpreted",
        kind="stream",
        sniff=sniff,
        stream=stream,
    ),
)
