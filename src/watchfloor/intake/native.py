"""The records behind Events as their source names the fields, read again from ``raw_data``.

The columns of an Event keep what judging needs; rules written for Sysmon, the Security log or auditd
name the source's own fields, and those stand in the raw record only.
"""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import orjson
import pyarrow as pa

from watchfloor.intake.linux.records import parse
from watchfloor.intake.linux.syscalls import name_of
from watchfloor.intake.windows.flat import record_from_object
from watchfloor.intake.windows.mapping import WindowsRecord, full_data
from watchfloor.intake.windows.text import record_from_text
from watchfloor.intake.windows.tree import record_from_tree
from watchfloor.intake.windows.xml import record_from_xml

Fields = dict[str, Any]

#: Hashes of Sysmon's lists, under the names of old Sysmon versions that rules still use.
_HASHES = {"MD5": "md5", "SHA1": "sha1", "SHA256": "sha256", "IMPHASH": "Imphash"}
#: Elements inside elements of event data; no provider nests deeper.
_DEEPEST = 4


class NativeRecord(NamedTuple):
    """One source record. ``event`` is the row of its Event; ``text`` what to search where not the values."""

    event: int
    fields: Fields
    text: str | None


def native_records(batch: pa.RecordBatch) -> Iterator[NativeRecord]:
    """The records of a batch: one of a Windows event, one of each line of an audit event, none of others."""
    names = ("device.os", "metadata.log_name", "metadata.event_code", "raw_data")
    systems, logs, codes, raws = (batch.column(name).to_pylist() for name in names)
    for event, raw in enumerate(raws):
        system = systems[event]
        if not raw or system not in ("windows", "linux"):
            continue
        log = logs[event]
        if system == "linux" and log == "auditd":
            yield from _audit(event, raw)
            continue
        code = codes[event]
        if code is None or not code.isdecimal():  # no number: a table or document of another kind
            continue
        try:
            fields = _windows(raw, code, log)
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
            continue  # it was read once, so this is no raw of ours
        if fields is not None:
            yield NativeRecord(event, fields, None)


def _audit(event: int, raw: str) -> Iterator[NativeRecord]:
    for line in raw.split("\n"):
        record = parse(line)
        if record is None:
            continue
        fields: Fields = {**record.all_fields(), "type": record.type}
        title = fields.get("proctitle")
        if title is not None and "\x00" in title:
            fields["proctitle"] = title.rstrip("\x00").replace("\x00", " ")
        call = fields.get("syscall")
        if call is not None and record.type == "SYSCALL" and "SYSCALL" not in fields:
            name = name_of(fields.get("arch", ""), call)
            if name.isidentifier():
                fields["SYSCALL"] = name
        yield NativeRecord(event, fields, line)


def _windows(raw: str, code: str, log: str | None) -> Fields | None:
    """The fields of a Windows event; None where the raw record is none or not the one of this Event."""
    first = raw[0]
    record: WindowsRecord | str | None
    if first == "{":
        try:
            loaded = orjson.loads(raw)
        except orjson.JSONDecodeError:
            loaded = json.loads(raw)  # reads NaN and lone surrogates, as the reader of documents does
        record = record_from_tree(loaded["Event"]) if len(loaded) == 1 and "Event" in loaded else None
        if record is None:
            record = _from_object(loaded)
    elif first == "<":
        record = record_from_xml(raw)
    elif first.isspace():
        return _windows(raw.lstrip(), code, log) if not raw.isspace() else None
    else:
        record = record_from_text(raw)
    if isinstance(record, str) or str(record.code) != code:
        return None
    return _fields(record, log)


def _from_object(loaded: dict[str, Any]) -> WindowsRecord | str:
    code = loaded.get("EventID")
    if type(code) is str and code.endswith(".0"):  # a table that went through pandas
        loaded["EventID"] = code[:-2]
    return record_from_object(loaded, timed=False)


def _fields(record: WindowsRecord, log: str | None) -> Fields:
    data = full_data(record)
    if record.certain:
        if "xmlns" in data or dict in map(type, data.values()):
            data = _leaves(data)
        fields = record.head()
        fields.update(data)
    else:
        fields = data if type(data) is dict else dict(data)  # parsed for this alone, so it may be added to
    fields["EventID"] = record.code
    channel = record.channel
    if channel is None and log != record.provider:
        channel = log  # the reader knew better: a table of the Security log, Sysmon by its provider
    if fields.get("Channel") is None:
        fields["Channel"] = channel
    if fields.get("Provider_Name") is None:
        fields["Provider_Name"] = record.provider
    if fields.get("Computer") is None:
        fields["Computer"] = record.host
    written = fields.get("Hashes") or fields.get("Hash")
    if type(written) is str:
        for part in written.split(","):
            kind, _, digest = part.partition("=")
            if kind in _HASHES and digest:
                fields.setdefault(_HASHES[kind], digest)
    return fields


def _leaves(data: Any, depth: int = 0) -> Fields:
    """Event data without attributes and nested elements: their text, or their own leaves, the first of a name."""
    flat: Fields = {}
    deeper: Fields = {}
    for name, value in data.items():
        if name == "#attributes" or name.startswith("xmlns"):
            continue
        if type(value) is not dict:
            flat[name] = value
        elif "#text" in value:
            flat[name] = value["#text"]
        elif depth < _DEEPEST:
            for inner, leaf in _leaves(value, depth + 1).items():
                deeper.setdefault(inner, leaf)
    for name, value in deeper.items():
        flat.setdefault(name, value)
    return flat
