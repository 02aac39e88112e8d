"""The ``Event`` tree every structured container holds: System and EventData or UserData, spelled many ways."""

from typing import Any

from watchfloor.base.events import Row
from watchfloor.intake.windows.fields import account, micros, number, text
from watchfloor.intake.windows.mapping import to_row


def attribute(node: Any, name: str) -> Any:
    """An attribute of an element, whether kept beside its children or under ``#attributes``."""
    if type(node) is not dict:
        return None
    inner = node.get("#attributes")
    return (inner if type(inner) is dict else node).get(name)


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
    if type(event) is not dict:
        return None
    system = event.get("System")
    if type(system) is not dict:
        return None
    code = number(_value(system.get("EventID")))
    if code is None:
        return None
    execution = system.get("Execution")
    time = attribute(system.get("TimeCreated"), "SystemTime")
    data = event_data(event)
    rendering = event.get("RenderingInfo")
    if type(rendering) is dict and not data:
        message = text(_value(rendering.get("Message")))
        if message:
            data = {"Message": message}
    return to_row(
        text(_value(system.get("Channel"))),
        text(attribute(system.get("Provider"), "Name")),
        code,
        micros(time),
        _value(system.get("Computer")),
        attribute(execution, "ProcessID"),
        account(None, attribute(system.get("Security"), "UserID")),
        data,
        raw,
    )
