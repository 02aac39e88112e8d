"""The ``Event`` tree every structured container holds: System and EventData or UserData, spelled many ways."""

from functools import partial
from typing import Any

from watchfloor.base.events import Row
from watchfloor.intake.windows.fields import account, number, text
from watchfloor.intake.windows.mapping import WindowsRecord, row_of


def _attributes(node: Any) -> dict[str, Any]:
    """The attributes of an element, whether kept beside its children or under ``#attributes``."""
    if type(node) is not dict:
        return {}
    inner = node.get("#attributes")
    return inner if type(inner) is dict else node


def _value(node: Any) -> Any:
    """The text of an element that may also have attributes."""
    return node.get("#text") if type(node) is dict else node


def event_data(event: dict[str, Any]) -> dict[str, Any]:
    """The named fields of an event, from EventData or from the single element inside UserData."""
    data = event.get("EventData")
    if type(data) is dict:
        named = data.get("Data")
        if type(named) is list and named and type(named[0]) is dict and "Name" in named[0]:
            return _from_pairs(named)
        if type(named) is dict and "Name" in named and len(data) <= 2:
            return _from_pairs([named])
        return data
    user = event.get("UserData")
    if type(user) is dict:
        for name, inner in user.items():
            if type(inner) is dict and name != "#attributes":
                return inner
        return user
    return {}


def _from_pairs(pairs: list[Any]) -> dict[str, Any]:
    """``[{"Name": …, "text": …}]``, as some collectors write EventData."""
    data: dict[str, Any] = {}
    for pair in pairs:
        if type(pair) is dict and type(pair.get("Name")) is str:
            data[pair["Name"]] = pair.get("text", pair.get("#text"))
    return data


def row_from_tree(event: Any, raw: str) -> Row | None:
    """A row from an event tree, or None if it is no event."""
    record = record_from_tree(event)
    return None if record is None else row_of(record, raw)


def record_from_tree(event: Any) -> WindowsRecord | None:
    """The record in an event tree, or None if it is no event."""
    if type(event) is not dict:
        return None
    system = event.get("System")
    if type(system) is not dict:
        return None
    code = number(_value(system.get("EventID")))
    if code is None:
        return None
    time = _attributes(system.get("TimeCreated")).get("SystemTime")
    provider = _attributes(system.get("Provider"))
    execution = _attributes(system.get("Execution"))
    user = _attributes(system.get("Security")).get("UserID")
    data = event_data(event)
    rendering = event.get("RenderingInfo")
    if type(rendering) is dict and not data:
        message = text(_value(rendering.get("Message")))
        if message:
            data = {"Message": message}
    return WindowsRecord(
        text(_value(system.get("Channel"))),
        text(provider.get("Name")),
        code,
        time if type(time) is str else None,
        _value(system.get("Computer")),
        execution.get("ProcessID"),
        account(None, user),
        data,
        True,
        partial(_head, system, provider, execution, user, time),
    )


def _head(
    system: dict[str, Any], provider: dict[str, Any], execution: dict[str, Any], user: Any, time: Any
) -> dict[str, Any]:
    get = system.get
    fields = {
        "Level": get("Level"),
        "Task": get("Task"),
        "Opcode": get("Opcode"),
        "Keywords": get("Keywords"),
        "Version": get("Version"),
        "EventRecordID": get("EventRecordID"),
        "Provider_Guid": provider.get("Guid"),
        "EventSourceName": provider.get("EventSourceName"),
        "ExecutionProcessID": execution.get("ProcessID"),
        "ExecutionThreadID": execution.get("ThreadID"),
        "UserID": user,
        "SystemTime": time,
    }
    if dict in map(type, fields.values()):
        return {name: _value(node) for name, node in fields.items()}
    return fields
