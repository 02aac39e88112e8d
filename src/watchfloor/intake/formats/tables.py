"""Tables (CSV and its cousins): Defender for Endpoint, Sentinel's SecurityEvent and AuditLog; alerts are named."""

import ast
import csv
import re
import warnings
from collections.abc import Callable, Iterator
from typing import BinaryIO

import orjson

from watchfloor.base.account import Account
from watchfloor.base.events import Row
from watchfloor.intake import defender
from watchfloor.intake.format import Format
from watchfloor.intake.linux import clock, mapping, records
from watchfloor.intake.linux.assembly import AuditEvent
from watchfloor.intake.windows import mapping as windows

#: A cell holds a script block at most; an unclosed quote must not swallow a file.
MAX_CELL = 1024 * 1024
MAX_LINE = 4 * 1024 * 1024
_MAX_COLUMNS = 2000
_SEPARATORS = (",", ";", "\t", "❖", "|")

#: The limit is one for the whole process; the default of 128 KiB is less than one script block.
csv.field_size_limit(MAX_CELL)

#: A list of maps, and no run of openers or signs that would dig the parser's stack.
_LITERAL = re.compile(r"\s*\[\{.*\}\]\s*", re.DOTALL)
_DEEP = re.compile(r"(?:[-+~(\[{]\s*){50}")

Cells = dict[str, str]
#: A row of the table as an Event, or the reason why it is none.
Convert = Callable[[Cells], Row | str]


def _header(head: bytes) -> tuple[tuple[str, ...], str] | None:
    """Column names of the first line and the separator that splits it best; None for no table."""
    first = head.removeprefix(b"\xef\xbb\xbf").split(b"\n", 1)[0].rstrip(b"\r")
    if not first or len(first) > 65_000 or b"\x00" in first or first.lstrip()[:1] in (b"{", b"[", b"<"):
        return None
    text = first.decode("utf-8", "replace")
    best: tuple[tuple[str, ...], str] = ((), "")
    for separator in _SEPARATORS:
        if separator not in text:
            continue
        try:
            names = tuple(name.strip() for name in next(csv.reader([text], delimiter=separator)))
        except (csv.Error, StopIteration):
            continue
        if len(best[0]) < len(names) <= _MAX_COLUMNS:
            best = (names, separator)
    return best if len(best[0]) > 1 else None


def _lines(stream: BinaryIO, source: str, account: Account, number: list[int]) -> Iterator[str]:
    """Text lines of bounded length; ``number[0]`` counts the lines of the file, those skipped too."""
    while True:
        line = stream.readline(MAX_LINE + 1)
        if not line:
            return
        number[0] += 1
        if len(line) > MAX_LINE:
            account.reject_record(source, str(number[0]), f"line longer than {MAX_LINE} bytes")
            while line and not line.endswith(b"\n"):
                line = stream.readline(MAX_LINE)
            continue
        if number[0] == 1:
            line = line.removeprefix(b"\xef\xbb\xbf")
        yield line.decode("utf-8", "backslashreplace").replace("\x00", "\\x00")


def _rows(stream: BinaryIO, source: str, account: Account, convert: Convert) -> Iterator[Row]:
    number = [0]
    lines = _lines(stream, source, account, number)
    head = next(lines, "")
    split = _header(head.encode("utf-8", "replace"))
    if split is None:
        account.reject_source(source, "1", "no header line")
        return
    names, separator = split
    reader = csv.reader(lines, delimiter=separator)
    while True:
        start = number[0] + 1
        try:
            values = next(reader, None)
        except csv.Error as error:
            account.reject_record(source, _span(start, number[0]), f"not a table row: {error}")
            continue
        if values is None:
            return
        if not any(values):
            continue
        if len(values) != len(names):
            why = f"{len(values)} fields where the header has {len(names)}"
            account.reject_record(source, _span(start, number[0]), why)
            continue
        cells = {name: value for name, value in zip(names, values, strict=True) if value}
        row = convert(cells)
        if isinstance(row, str):
            account.reject_record(source, _span(start, number[0]), row)
            continue
        row.setdefault("record", str(start))
        row.setdefault("raw_data", orjson.dumps(cells).decode())
        yield row


def _span(first: int, last: int) -> str:
    return str(first) if last <= first else f"{first}-{last}"


def _format(name: str, describes: str, needs: tuple[frozenset[str], ...], convert: Convert) -> Format:
    """A table told by its column names: each set of ``needs`` is one way to tell."""

    def sniff(head: bytes) -> bool:
        split = _header(head)
        return split is not None and any(need <= set(split[0]) for need in needs)

    def stream(stream: BinaryIO, source: str, account: Account) -> Iterator[Row]:
        return _rows(stream, source, account, convert)

    return Format(name=name, describes=describes, kind="stream", sniff=sniff, stream=stream)


def _security(cells: Cells) -> Row | str:
    """Sentinel's SecurityEvent: one column a field of the Windows event."""
    code = defender.whole(cells.get("EventID"))
    if code is None:
        return "no event id"
    time = defender.time_of(cells)
    raw = orjson.dumps(cells).decode()
    channel = cells.get("Channel") or "Security"
    provider = cells.get("EventSourceName")
    host = cells.get("Computer")
    return windows.to_row(channel, provider, code, time, host, None, None, cells, raw)


def _audit(cells: Cells) -> Row | str:
    """Sentinel's AuditLog: an audit event as the Python text of a list of ``{type: [field, …]}``."""
    stamp, written = cells.get("mssg_id", ""), cells.get("AuditdMessage", "")
    host = cells.get("Computer", "").lower() or None
    if not _LITERAL.fullmatch(written) or _DEEP.search(written):
        return "AuditdMessage is no list of audit records"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # odd escapes in hostile text are not our caller's concern
            groups = ast.literal_eval(written)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return "AuditdMessage is no list of audit records"
    event = AuditEvent(stamp, host, False, clock.micros(stamp))
    for group in groups if isinstance(groups, list) else []:
        for type_, pairs in group.items() if isinstance(group, dict) else []:
            if isinstance(pairs, list) and _is_type(type_):
                words = " ".join(str(pair) for pair in pairs)
                clean = words.encode("utf-8", "backslashreplace").decode()
                event.records.append(records.from_pairs(type_, stamp, host, clean))
    row = mapping.to_row(event) if event.records else None
    if row is None:
        return "no audit record that says what was done"
    if row["time"] is None:
        row["time"] = defender.time_of(cells)
    return row


def _is_type(value: object) -> bool:
    return isinstance(value, str) and value.isascii() and value.isupper() and len(value) <= 40


def _no_events(stream: BinaryIO, source: str, account: Account) -> Iterator[Row]:
    account.reject_source(source, "1", "alerts, not events: use `watchfloor reduce`")
    yield from ()


_ALERTS = (
    frozenset(("AlertName", "SystemAlertId")),
    frozenset(("AlertId", "Severity", "Category")),
    frozenset(("AlertName", "AlertSeverity")),
    frozenset(("time", "name", "host", "short", "time_label")),
)


def _is_alerts(head: bytes) -> bool:
    split = _header(head)
    return split is not None and any(need <= set(split[0]) for need in _ALERTS)


FORMATS: tuple[Format, ...] = (
    Format(
        name="alert-table",
        describes="a table of alerts (Sentinel, Defender, AMiner): turned away, they are no events",
        kind="stream",
        sniff=_is_alerts,
        stream=_no_events,
    ),
    _format(
        "defender-process",
        "Defender for Endpoint process creations (CreatedProcess… columns)",
        (frozenset(("CreatedProcessId", "CreatedProcessCommandLine", "InitiatingProcessId")),),
        lambda cells: defender.raw_process(cells),
    ),
    _format(
        "defender-hunting",
        "Defender for Endpoint Advanced Hunting tables (Device…Events)",
        (frozenset(("ActionType", "InitiatingProcessId")), frozenset(("ActionType", "DeviceName", "DeviceId"))),
        lambda cells: defender.hunting(cells),
    ),
    _format(
        "security-table",
        "Windows security events, one column a field (Sentinel SecurityEvent)",
        (frozenset(("EventID", "Computer", "NewProcessName")), frozenset(("EventID", "Computer", "SubjectUserName"))),
        _security,
    ),
    _format(
        "audit-table",
        "Linux audit events in a table (Sentinel AuditLog with AuditdMessage)",
        (frozenset(("AuditdMessage", "mssg_id")),),
        _audit,
    ),
)
