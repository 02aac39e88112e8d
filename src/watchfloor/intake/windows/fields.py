"""Values of event data as columns want them: text without placeholders, numbers, identities, times."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from watchfloor.base.events import Row

#: Event data by field name. Values are whatever the container held: text, numbers, lists, nothing.
Data = Mapping[str, Any]

#: What sources write for "nothing here".
_NOTHING = frozenset(("", "-", "--", "N/A", "(null)", "?"))

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_US_FORMAT = "%m/%d/%Y %I:%M:%S %p"

#: Nothing an endpoint did is older; 1601 is an unset FILETIME, 1970 an unset Unix time.
_OLDEST = 315_532_800_000_000  # 1980-01-01
_NEWEST = 4_102_444_800_000_000  # 2100-01-01

#: A hostile number cannot be a process id or port.
_LARGEST = 2**63 - 1


def text(value: Any) -> str | None:
    """The value as text, or None for the placeholders sources write when there is none."""
    if type(value) is str:
        return None if value in _NOTHING else value
    if value is None or value is False:
        return None
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, list):
        parts = [part for part in map(text, value) if part]
        return "\n".join(parts) or None
    if isinstance(value, dict):
        return text(value.get("#text"))
    return None


def number(value: Any) -> int | None:
    """A process id, port or code, written in decimal or 0x hexadecimal."""
    if type(value) is int:
        return value if 0 <= value <= _LARGEST else None
    if type(value) is not str or len(value) > 20:
        return None
    try:
        result = int(value, 16) if value[:2] in ("0x", "0X") else int(value)
    except ValueError:
        return None
    return result if 0 <= result <= _LARGEST else None


def guid(value: Any) -> str | None:
    """A GUID in lower case without braces; the all-zero GUID names nothing."""
    if type(value) is not str:
        return None
    result = value.strip("{}").lower()
    if len(result) != 36 or result == "00000000-0000-0000-0000-000000000000":
        return None
    return result


def account(domain: Any, name: Any) -> str | None:
    r"""``DOMAIN\name``, or the name alone where no domain is given."""
    user = text(name)
    if user is None:
        return None
    realm = text(domain)
    return f"{realm}\\{user}" if realm and "\\" not in user else user


# Most times of a log share their day, and there are 86,400 times of day: looking up beats parsing.
_days: dict[str, int] = {}
_seconds: dict[str, int] = {}
_MOST_DAYS = 4_096


def micros(value: Any) -> int | None:
    """Microseconds since 1970 UTC of a written time; without a zone it is taken as UTC.

    Reads ISO 8601 with any number of decimals and the American form of Splunk's exports.
    """
    if type(value) is not str:
        return None
    day = _days.get(value[:10])
    if day is not None:
        second = _seconds.get(value[11:19])
        if second is not None:
            rest = value[19:]
            if rest[-1:] == "Z":
                rest = rest[:-1]
            if not rest:
                return day + second
            if rest[0] == "." and rest[1:].isdecimal() and rest.isascii():
                return day + second + int(rest[1:7].ljust(6, "0"))
    return _parsed(value)


def _parsed(value: str) -> int | None:
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        try:
            moment = datetime.strptime(value, _US_FORMAT)
        except ValueError:
            return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    result = (moment - _EPOCH) // _MICROSECOND
    if not _OLDEST <= result <= _NEWEST:
        return None
    if value[4:5] == value[7:8] == "-" and value[10:11] in ("T", " ") and value[13:14] == value[16:17] == ":":
        if len(_days) >= _MOST_DAYS:
            _days.clear()
        _days[value[:10]] = (datetime.fromisoformat(value[:10] + "T00:00:00Z") - _EPOCH) // _MICROSECOND
        _seconds[value[11:19]] = (int(value[11:13]) * 3600 + int(value[14:16]) * 60 + int(value[17:19])) * 1_000_000
    return result


def host_name(value: Any) -> str | None:
    """A host in lower case."""
    name = text(value)
    return name.lower() if name else None


def registry_path(value: Any) -> str | None:
    r"""A key as Sysmon writes it: the kernel's ``\REGISTRY\MACHINE`` becomes ``HKLM``."""
    path = text(value)
    if path is None or not path[:10].upper().startswith("\\REGISTRY\\"):
        return path
    for kernel, short in (("\\REGISTRY\\MACHINE", "HKLM"), ("\\REGISTRY\\USER", "HKU")):
        if path[: len(kernel)].upper() == kernel:
            return short + path[len(kernel) :]
    return path


def signature(data: Data) -> str | None:
    """Signer and validity in one: ``valid: Microsoft Windows``."""
    signed = text(data.get("Signed"))
    if signed is not None and signed.lower() == "false":
        return "unsigned"
    status = text(data.get("SignatureStatus"))
    signer = text(data.get("Signature"))
    if status is None and signer is None:
        return None
    return f"{(status or 'unknown').lower()}: {signer}" if signer else (status or "").lower()


def summary(data: Data, names: tuple[str, ...]) -> str | None:
    """The named fields that are there, as ``Name=value; Name=value``."""
    parts = []
    for name in names:
        value = text(data.get(name))
        if value is not None:
            parts.append(f"{name}={value}")
    return "; ".join(parts) or None


def put(row: Row, column: str, value: Any) -> None:
    """Set a column unless there is nothing to set."""
    if value is not None:
        row[column] = value
