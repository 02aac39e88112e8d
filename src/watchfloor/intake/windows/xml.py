"""One ``<Event>`` element to one row, and the fields of a lone ``<EventData>``."""

from functools import partial
from typing import Any, cast
from xml.etree.ElementTree import Element, ParseError, fromstring

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring as defused_fromstring

from watchfloor.base.events import Row
from watchfloor.intake.windows.fields import number, text
from watchfloor.intake.windows.mapping import WindowsRecord, row_of

#: Elements of a System section that are a plain value.
_HEAD = ("Level", "Task", "Opcode", "Keywords", "Version", "EventRecordID")

#: Characters XML 1.0 forbids but exports contain; the parser would refuse the whole event.
_FORBIDDEN = dict.fromkeys((*range(9), 11, 12, *range(14, 32), 0xFFFE, 0xFFFF), "\ufffd")


def _element(content: str) -> Element | str:
    """The parsed element, or why it cannot be."""
    why = ""
    for attempt in (content, None):
        if attempt is None:
            attempt = content.translate(_FORBIDDEN)
            if attempt == content:
                break
        try:
            return _parsed(attempt)
        except DefusedXmlException:
            return "XML with a document type or entities, which no event has"
        except (ParseError, ValueError, RecursionError, LookupError) as error:
            why = f"not well-formed XML: {error}"
    return why


def _parsed(content: str) -> Element:
    # Entities can be declared only in a document type, and that begins "<!". Without one there is nothing
    # to defuse, and the parser in C is more than twice as fast.
    if "<!" in content:
        return cast(Element, defused_fromstring(content))
    return fromstring(content)


def _local(tag: Any) -> str:
    """An element's name without its namespace."""
    name = str(tag)
    return name.rpartition("}")[2] if "}" in name else name


def _fields(section: Element) -> dict[str, Any]:
    """``<Data Name=…>`` by name; unnamed Data as a list, as the EVTX reader has them; other elements by tag."""
    data: dict[str, Any] = {}
    unnamed: list[str] = []
    for child in section:
        name = child.get("Name")
        value = child.text or ""
        if name is not None:
            data[name] = value
        elif _local(child.tag) == "Data":
            unnamed.append(value)
        else:
            data[_local(child.tag)] = value
    if unnamed:
        data["Data"] = unnamed
    return data


def fields_of(content: str) -> dict[str, Any]:
    """The fields of a lone EventData or UserData element; none where it cannot be read."""
    section = _element(content)
    if isinstance(section, str):
        return {}
    if _local(section.tag) == "UserData" and len(section):
        section = section[0]
    return _fields(section)


def row_from_xml(content: str, raw: str) -> Row | str:
    """A row, or the reason why the text is no event."""
    record = record_from_xml(content)
    return record if isinstance(record, str) else row_of(record, raw)


def record_from_xml(content: str) -> WindowsRecord | str:
    """The record in an ``<Event>`` element, or the reason why the text is none."""
    event = _element(content)
    if isinstance(event, str):
        return event
    sections = {_local(child.tag): child for child in event}
    system = sections.get("System")
    if system is None:
        return "an <Event> without a System section"
    parts = {_local(child.tag): child for child in system}
    code = number((_text(parts.get("EventID")) or "").strip())
    if code is None:
        return "an <Event> without an event id"
    data: dict[str, Any] = {}
    if "EventData" in sections:
        data = _fields(sections["EventData"])
    elif "UserData" in sections and len(sections["UserData"]):
        data = _fields(sections["UserData"][0])
    rendering = sections.get("RenderingInfo")
    if rendering is not None:
        message = next((part.text for part in rendering if _local(part.tag) == "Message"), None)
        if message:
            data["Message"] = message
    return WindowsRecord(
        text(_text(parts.get("Channel"))),
        _attribute(parts.get("Provider"), "Name"),
        code,
        _attribute(parts.get("TimeCreated"), "SystemTime"),
        _text(parts.get("Computer")),
        _attribute(parts.get("Execution"), "ProcessID"),
        text(_attribute(parts.get("Security"), "UserID")),
        data,
        True,
        partial(_head, parts, sections.get("UserData")),
    )


def _head(parts: dict[str, Element], user: Element | None) -> dict[str, Any]:
    """The head, and what stands deeper in UserData than the data of the record reaches."""
    fields: dict[str, Any] = {}
    if user is not None:
        for leaf in user.iterfind("*/*//*"):
            if not len(leaf):
                fields.setdefault(_local(leaf.tag), leaf.text or "")
    fields.update((name, _text(parts.get(name))) for name in _HEAD)
    fields["Provider_Guid"] = _attribute(parts.get("Provider"), "Guid")
    fields["EventSourceName"] = _attribute(parts.get("Provider"), "EventSourceName")
    fields["ExecutionProcessID"] = _attribute(parts.get("Execution"), "ProcessID")
    fields["ExecutionThreadID"] = _attribute(parts.get("Execution"), "ThreadID")
    fields["UserID"] = _attribute(parts.get("Security"), "UserID")
    fields["SystemTime"] = _attribute(parts.get("TimeCreated"), "SystemTime")
    return fields


def _text(element: Element | None) -> str | None:
    return None if element is None else element.text


def _attribute(element: Element | None, name: str) -> str | None:
    return None if element is None else element.get(name)
