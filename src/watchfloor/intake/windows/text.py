"""One event of Splunk's classic text as a record: its date, ``Key=value`` lines and rendered message."""

import re
from functools import partial
from typing import Any

from watchfloor.intake.windows.fields import number, text
from watchfloor.intake.windows.mapping import WindowsRecord

_HEADER = re.compile(r"([A-Za-z]{2,32})=(.*)")


def record_from_text(event: str) -> WindowsRecord | str:
    """The record in the text of an event, or the reason why it is none."""
    lines = event.splitlines()
    header: dict[str, str] = {}
    message: list[str] = []
    for position, line in enumerate(lines[1:], start=1):
        found = _HEADER.fullmatch(line)
        if found is None:
            continue
        if found[1] == "Message":
            message = [found[2], *lines[position + 1 :]]
            break
        header.setdefault(found[1], found[2])
    code = number(header.get("EventCode"))
    if code is None:
        return "an event without an event code"
    return WindowsRecord(
        text(header.get("LogName")),
        text(header.get("SourceName")),
        code,
        lines[0].strip(),
        header.get("ComputerName"),
        None,
        text(header.get("User")),
        {"Message": "\n".join(message)} if message else {},
        True,
        partial(_head, header, lines[0].strip()),
    )


def _head(header: dict[str, str], time: str) -> dict[str, Any]:
    return {
        "Level": header.get("Type"),
        "Task": header.get("TaskCategory"),
        "Opcode": header.get("OpCode"),
        "Keywords": header.get("Keywords"),
        "EventRecordID": header.get("RecordNumber"),
        "UserID": header.get("Sid"),
        "SystemTime": time,
    }
