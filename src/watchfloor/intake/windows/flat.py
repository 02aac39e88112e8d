"""One JSON object to one row: which of the many shapes it is, and where that shape keeps things."""

from functools import partial
from typing import Any

import orjson

from watchfloor.base.events import Row
from watchfloor.intake.windows.clocks import Clock, claimed_time
from watchfloor.intake.windows.fields import account, number, text
from watchfloor.intake.windows.mapping import WindowsRecord, row_of
from watchfloor.intake.windows.tree import event_data, record_from_tree

SYSMON = "Microsoft-Windows-Sysmon"
#: Only Sysmon writes it: who names neither channel nor provider is known by it.
SYSMON_TIME = "UtcTime"

#: Objects inside objects inside text: no collector nests deeper.
_DEEPEST = 4

BARE_CODE = "EventId"
_CODES = ("EventID", BARE_CODE, "event_id", "EventCode", "eventid", "Id")
_CHANNEL_NAMES = ("Channel", "LogName", "log_name", "channel")
PROVIDER_NAMES = ("SourceName", "ProviderName", "Provider", "EventSourceName", "source_name", "Source")
#: What a shipper wraps a record in.
_WRAPPERS = ("body", "_source", "result", "_raw", "original", "log")
HOST_NAMES = ("Hostname", "Computer", "ComputerName", "computer_name", "MachineName", "host", "hostname")

#: Names under which a flat record keeps event data inside.
INSIDE = frozenset(("Event", "EventData", "event_data"))
#: Names that a record does not have which says nothing of where it comes from; see ``plain_bare``.
NOT_BARE = INSIDE.union(
    ("EventID", "System", "winlog", "log_name", "event"), _WRAPPERS, _CHANNEL_NAMES, PROVIDER_NAMES, HOST_NAMES
)


def row_from_object(record: Any, raw: str, clock: Clock) -> Row | str:
    """A row, or the reason why the object is no Windows event."""
    found = record_from_object(record)
    if isinstance(found, str):
        return found
    row = row_of(found, raw)
    if not found.certain and isinstance(found.time, int):
        clock.settle(row, found.time)
    return row


def record_from_object(record: Any, depth: int = 0, *, timed: bool = True) -> WindowsRecord | str:
    """The record in an object, or the reason why it is no Windows event.

    ``timed`` false leaves out the time of a flat record, which takes longer than all the rest.
    """
    if type(record) is not dict:
        return "not a JSON object"
    code = record.get("EventID")
    if code is not None and "Event" not in record:
        return _flat(record, code, timed)
    beat = record.get("winlog")
    if type(beat) is dict:
        return _ecs(record, beat)
    if "event_data" in record or "log_name" in record:
        return _winlogbeat(record)
    return _from_wrapper(record, depth, timed)


def _from_wrapper(record: dict[str, Any], depth: int, timed: bool) -> WindowsRecord | str:
    """The rarer shapes: an event tree, a shipper's envelope, a flat record with its id named otherwise."""
    if "Event" in record or "System" in record:
        found = record_from_tree(record.get("Event", record))
        if found is not None:
            return found
    inner = _inner(record) if depth < _DEEPEST else None
    if inner is not None:
        return _unwrapped(inner, depth + 1, timed)
    for name in _CODES:
        if record.get(name) is not None:
            return _flat(record, record[name], timed)
    return "not a Windows event: no event id"


def _inner(record: dict[str, Any]) -> Any:
    """What a shipper wrapped: its body, hit, search result or original message."""
    for name in _WRAPPERS:
        value = record.get(name)
        if type(value) is dict or (type(value) is str and value[:1] in ("{", "<")):
            return value
    event = record.get("event")
    if type(event) is dict and type(event.get("original")) is str:
        return event["original"]
    return None


def _unwrapped(inner: Any, depth: int, timed: bool) -> WindowsRecord | str:
    if type(inner) is dict:
        return record_from_object(inner, depth, timed=timed)
    if inner[:1] == "<":
        from watchfloor.intake.windows.xml import record_from_xml

        return record_from_xml(inner)
    try:
        return record_from_object(orjson.loads(inner), depth, timed=timed)
    except (ValueError, RecursionError) as error:
        return f"unreadable JSON inside the record: {error}"


def _first(record: dict[str, Any], names: tuple[str, ...]) -> str | None:
    value = record.get(names[0])  # nearly always there, and this is the hottest of loops
    if type(value) is str and value:
        return value
    for name in names[1:]:
        value = record.get(name)
        if type(value) is str and value:
            return value
    return None


def _flat(record: dict[str, Any], code: Any, timed: bool) -> WindowsRecord | str:
    """NXLog, Sentinel, PowerShell exports: system fields and event data side by side."""
    event_id = number(code)
    if event_id is None:
        return "not a Windows event: its event id is no number"
    channel = _first(record, _CHANNEL_NAMES)
    provider = _first(record, PROVIDER_NAMES)
    if channel is None and provider is None:
        if SYSMON_TIME in record:
            provider = SYSMON
        elif "SubjectUserSid" in record or "SubjectUserName" in record:
            channel = "Security"
    data = record
    inside = record.get("EventData", record.get("event_data"))
    if inside is not None:
        data = _with_inside(record, inside)
    return WindowsRecord(
        channel,
        provider,
        event_id,
        claimed_time(record) if timed else None,
        _first(record, HOST_NAMES),
        record.get("ExecutionProcessID", record.get("ProcessID")),
        account(record.get("Domain"), record.get("AccountName")),
        data,
        False,
    )


def plain_flat(record: dict[str, Any]) -> bool:
    """Whether an object is a flat record with all its fields side by side, and named by its channel."""
    if record.get("EventID") is None or not INSIDE.isdisjoint(record):
        return False
    return type(record.get("Channel")) is str and bool(record["Channel"])


def plain_bare(record: dict[str, Any]) -> bool:
    """Whether an object is a flat record of Sysmon that names no channel, provider or host (EQLLib's are)."""
    return record.get(BARE_CODE) is not None and SYSMON_TIME in record and NOT_BARE.isdisjoint(record)


def _with_inside(record: dict[str, Any], inside: Any) -> dict[str, Any]:
    """Sentinel keeps event data as an object, as JSON in text or as XML in text, and often flat as well."""
    if type(inside) is str:
        if inside[:1] == "{":
            try:
                inside = orjson.loads(inside)
            except ValueError:
                return record
        elif inside[:1] == "<":
            from watchfloor.intake.windows.xml import fields_of

            inside = fields_of(inside)
    if type(inside) is not dict:
        return record
    return {**record, **event_data({"EventData": inside})}


def _with_message(data: dict[str, Any], message: Any) -> dict[str, Any]:
    if type(message) is str and "Message" not in data:
        data["Message"] = message
    return data


def _ecs(record: dict[str, Any], beat: dict[str, Any]) -> WindowsRecord | str:
    """Winlogbeat 7 and later, and what ingests like it."""
    event = record.get("event")
    event = event if type(event) is dict else {}
    code = number(beat.get("event_id", event.get("code")))
    if code is None:
        return "not a Windows event: no event id"
    data = beat.get("event_data") or beat.get("user_data")
    user = beat.get("user")
    user = user if type(user) is dict else {}
    process = beat.get("process")
    host = record.get("host")
    return WindowsRecord(
        text(beat.get("channel")),
        text(beat.get("provider_name") or event.get("provider")),
        code,
        _first(record, ("@timestamp",)),
        beat.get("computer_name") or (host.get("name") if type(host) is dict else host),
        process.get("pid") if type(process) is dict else None,
        account(user.get("domain"), user.get("name")),
        _with_message(data if type(data) is dict else {}, record.get("message")),
        True,
        partial(_head, record, beat),
    )


def _winlogbeat(record: dict[str, Any]) -> WindowsRecord | str:
    """Winlogbeat 6: the same without a namespace."""
    code = number(record.get("event_id"))
    if code is None:
        return "not a Windows event: no event id"
    data = record.get("event_data") or record.get("user_data")
    user = record.get("user")
    user = user if type(user) is dict else {}
    return WindowsRecord(
        text(record.get("log_name")),
        text(record.get("source_name")),
        code,
        _first(record, ("@timestamp",)),
        record.get("computer_name"),
        record.get("process_id"),
        account(user.get("domain"), user.get("name")),
        _with_message(data if type(data) is dict else {}, record.get("message")),
        True,
        partial(_head, record, record),
    )


def _head(record: dict[str, Any], beat: dict[str, Any]) -> dict[str, Any]:
    """The head of a Winlogbeat document; the older one is its own namespace."""
    process, user, log = beat.get("process"), beat.get("user"), record.get("log")
    if type(process) is not dict:
        process = {"pid": beat.get("process_id"), "thread": {"id": beat.get("thread_id")}}
    thread = process.get("thread")
    return {
        "Level": beat.get("level", log.get("level") if type(log) is dict else None),
        "Task": beat.get("task"),
        "Opcode": beat.get("opcode"),
        "Keywords": beat.get("keywords"),
        "Version": beat.get("version"),
        "EventRecordID": beat.get("record_id", beat.get("record_number")),
        "Provider_Guid": beat.get("provider_guid"),
        "ExecutionProcessID": process.get("pid"),
        "ExecutionThreadID": thread.get("id") if type(thread) is dict else None,
        "UserID": user.get("identifier") if type(user) is dict else None,
        "SystemTime": record.get("@timestamp"),
    }
