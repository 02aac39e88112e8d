"""Event data read back from a rendered message, for exports that kept nothing else."""

import re

from watchfloor.intake.windows.message_fields import FIELDS

#: A rendered message longer than this is not searched for fields.
_LONGEST = 1 << 20

_SYSMON_LINE = re.compile(r"([A-Za-z0-9]{2,40}): ?(.*)", re.DOTALL)
_HEADING = re.compile(r"([A-Z][A-Za-z ,'/()-]{1,60}):\s*")
_ENTRY = re.compile(r"([A-Z][A-Za-z0-9 ,'/().-]{1,60}):[ \t]*(.*)", re.DOTALL)


def sysmon_fields(message: str) -> dict[str, str]:
    """``Key: value`` lines below the title; a line that is no such pair continues the value above."""
    data: dict[str, str] = {}
    last = ""
    for line in message[:_LONGEST].splitlines()[1:]:
        found = _SYSMON_LINE.match(line)
        if found:
            last = found[1]
            data[last] = found[2]
        elif last:
            data[last] += "\n" + line
    return data


def audit_fields(message: str) -> dict[str, str]:
    """The sections of a Security or System message, under the names their event data has.

    Sections stand at the margin and end in a colon; entries are indented. ``Logon Type: 3`` at the
    margin is an entry of its own.
    """
    data: dict[str, str] = {}
    section = ""
    last = ""
    for line in message[:_LONGEST].splitlines()[1:]:
        stripped = line.strip()
        if not stripped:
            continue
        indented = line[0] in "\t "
        if not indented and _HEADING.fullmatch(stripped):
            section, last = stripped[:-1].lower(), ""
            continue
        found = _ENTRY.match(stripped)
        if found is None:
            if last:
                data[last] += "\n" + stripped
            continue
        last = _name(section if indented else "", found[1].lower())
        if last:
            data[last] = found[2].strip()
    if "IpAddress" in data and "SourcePort" in data:
        # Logon messages call the caller's port "Source Port"; their event data calls it IpPort.
        data["IpPort"] = data.pop("SourcePort")
    return data


def _name(section: str, key: str) -> str:
    """The event data field an entry is rendered from, or nothing if it is not one that is used."""
    return FIELDS.get((section, key)) or FIELDS.get(("*", key)) or ""
