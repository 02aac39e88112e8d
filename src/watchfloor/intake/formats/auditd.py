"""Linux audit logs: auditd's own file, audit lines in syslog, and what ausearch prints."""

import re
from collections.abc import Iterator
from typing import BinaryIO

from watchfloor.base.account import Account
from watchfloor.base.events import Row
from watchfloor.intake.format import Format
from watchfloor.intake.linux import clock, mapping, records
from watchfloor.intake.linux.assembly import Assembly, AuditEvent

#: auditd cuts records at 8970 bytes; user space may write longer ones, nobody writes one this long.
MAX_LINE = 1024 * 1024

_RECORD = re.compile(rb"type=(?:[A-Z_0-9]{2,40}|UNKNOWN\[\d+\]) (?:msg=)?audit\([^()\n]{3,60}:\d{1,20}\) ?:")
_QUOTING = re.compile(rb"""\s*(?:[\[{"]|<(?!\d))""")
#: What ausearch puts between events.
_SEPARATORS = ("----", "time->")


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
    number = 0
    while True:
        line = stream.readline(MAX_LINE + 1)
        if not line:
            break
        number += 1
        if len(line) > MAX_LINE:
            account.reject_record(source, str(number), f"line longer than {MAX_LINE} bytes")
            while line and not line.endswith(b"\n"):
                line = stream.readline(MAX_LINE)
            continue
        text = line.decode("utf-8", "backslashreplace").strip("\r\n\x00 \t\ufeff")
        if not text:
            continue
        if text.startswith(_SEPARATORS):
            yield from _rows(window.flush(), source, account)
            continue
        yield from _take(window, text, number, source, account)
    yield from _rows(window.flush(), source, account)


def _take(window: Assembly, text: str, number: int, source: str, account: Account) -> Iterator[Row]:
    record = records.parse(text)
    if record is None:
        account.reject_record(source, str(number), "not an audit record")
        return
    try:
        yield from _rows(window.add(record, clock.micros(record.stamp)), source, account)
    except OverflowError:
        account.reject_record(source, str(number), "audit event larger than 16 MiB")


def _rows(events: Iterator[AuditEvent], source: str, account: Account) -> Iterator[Row]:
    for event in events:
        row = mapping.to_row(event)
        if row is None:
            account.reject_record(source, event.stamp, "event without a record that says what was done")
        else:
            yield row


FORMATS: tuple[Format, ...] = (
    Format(
        name="auditd",
        describes="Linux audit log: auditd, syslog-prefixed, ausearch raw and interpreted",
        kind="stream",
        sniff=sniff,
        stream=stream,
    ),
)
