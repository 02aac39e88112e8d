"""CSV alerts: which column means what, by a mapping of the site or by the names columns usually have.

Only mapped columns are looked at: whatever else stands in a row, a label among it, is never read.
"""

import csv
import json
from dataclasses import dataclass
from pathlib import Path

from watchfloor.base.errors import InputError, UsageError
from watchfloor.operations.alert_records import NO_HOST, made, seconds
from watchfloor.operations.alerts import LONGEST_HOST, LONGEST_NAME, Alert, clean

#: What an alert takes from a row; the first two are needed.
FIELDS = ("time", "name", "host", "entity", "severity")
_USUAL = {
    "time": ("time", "timestamp", "@timestamp", "date", "datetime", "event_time", "start_time", "start"),
    "name": ("name", "alert", "alert_name", "signature", "rule", "rule_name", "title", "description", "message"),
    "host": ("host", "hostname", "host_name", "agent", "agent_name", "device", "computer", "asset"),
    "entity": ("ip", "src_ip", "srcip", "source_ip", "source", "user", "username"),
    "severity": ("severity", "level", "priority"),
}
_DELIMITERS = (",", "\t", ";", "|")
_LEVELS = {"informational": 0, "info": 0, "low": 1, "medium": 2, "moderate": 2, "high": 3, "critical": 4}


def mapping_from(path: str) -> dict[str, str]:
    """A mapping file: a JSON object from our fields to the file's column names.

    Raises:
        InputError: the file cannot be read.
        UsageError: it is no such object, names an unknown field, or lacks time or name.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read: {error}.") from error
    hint = f'Write {{"time": COLUMN, "name": COLUMN}}, and as wanted {", ".join(FIELDS[2:])}.'
    try:
        raw = json.loads(text)
    except ValueError as error:
        raise UsageError(f"{path} is no JSON: {error}.", hint=hint) from error
    if not isinstance(raw, dict) or not all(isinstance(value, str) for value in raw.values()):
        raise UsageError(f"{path} is no mapping from fields to column names.", hint=hint)
    unknown = sorted(set(raw) - set(FIELDS))
    if unknown or not {"time", "name"} <= set(raw):
        what = f"names the unknown field {unknown[0]}" if unknown else "lacks time or name"
        raise UsageError(f"{path} {what}.", hint=hint)
    return raw


@dataclass(frozen=True, slots=True)
class Columns:
    """Where the fields stand in a row; -1 for what the file does not have."""

    delimiter: str
    width: int
    time: int
    name: int
    host: int
    entity: int
    severity: int

    def split(self, line: str) -> list[str] | None:
        """The cells of one line; None where its quotes do not close."""
        if '"' not in line:
            return line.split(self.delimiter)
        try:
            rows = list(csv.reader([line], delimiter=self.delimiter, strict=True))
        except csv.Error:
            return None
        return rows[0] if len(rows) == 1 else None

    def alert(self, cells: list[str], line: int) -> Alert | str:
        """The alert of one row, or why there is none."""
        if len(cells) != self.width:
            return f"{len(cells)} columns where the header has {self.width}"
        name = cells[self.name]
        when = cells[self.time]
        host = cells[self.host] if self.host >= 0 else ""
        entity = cells[self.entity] if self.entity >= 0 else ""
        if self.severity < 0 and name and len(name) < LONGEST_NAME and len(host) < LONGEST_HOST and name.isprintable():
            moment = seconds(when)
            if moment is not None and name[0] != " " and "  " not in name:
                return Alert(moment, name, clean(host, LONGEST_HOST) or NO_HOST, line, entity[:LONGEST_HOST])
        severity = _severity(cells[self.severity]) if self.severity >= 0 else 0
        return made(when, name, host, line, entity, severity)


def _severity(text: str) -> int:
    """A level's word, or a number from 0 to 4."""
    word = text.strip().lower()
    if word.isdecimal():
        return min(4, int(word)) if len(word) < 4 else 0
    return _LEVELS.get(word, 0)


def columns_of(header: str, mapping: dict[str, str] | None) -> Columns | str:
    """The columns a header line names, or why it is no header of alerts."""
    delimiter = max(_DELIMITERS, key=header.count)
    if not header.count(delimiter):
        return "neither JSON nor CSV with a header"
    try:
        names = [name.strip() for name in next(csv.reader([header], delimiter=delimiter), [])]
    except csv.Error:
        return "a header that cannot be read"
    lower = [name.lower() for name in names]
    places: dict[str, int] = {}
    for field in FIELDS:
        if mapping is not None:
            wanted = mapping.get(field)
            if wanted is not None and wanted not in names:
                return f"no column {wanted!r}, which the mapping names for {field}"
            places[field] = names.index(wanted) if wanted is not None else -1
            continue
        places[field] = next((lower.index(usual) for usual in _USUAL[field] if usual in lower), -1)
    missing = [field for field in ("time", "name") if places[field] < 0]
    if missing:
        return f"no column for {' and '.join(missing)}: name them with --mapping"
    return Columns(delimiter, len(names), **places)
