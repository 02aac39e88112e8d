"""From one Windows event, however it was stored, to one Event row: the table of all channels."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from watchfloor.base.events import Row
from watchfloor.intake.windows import channels, powershell, security, services, sysmon, tasks
from watchfloor.intake.windows.clocks import sysmon_time
from watchfloor.intake.windows.fields import Data, account, micros, number, put, text
from watchfloor.intake.windows.meaning import Meaning
from watchfloor.intake.windows.message import audit_fields, sysmon_fields

_SYSMON = "sysmon"
_SECURITY = "security"

#: Group of a channel, by its name in lower case.
_CHANNELS: dict[str, str] = {
    "microsoft-windows-sysmon/operational": _SYSMON,
    "linux-sysmon/operational": _SYSMON,
    "security": _SECURITY,
    "system": "system",
    "microsoft-windows-powershell/operational": "powershell",
    "powershellcore/operational": "powershell",
    "windows powershell": "classic",
    "microsoft-windows-taskscheduler/operational": "tasks",
    "microsoft-windows-wmi-activity/operational": "wmi",
    "microsoft-windows-windows defender/operational": "defender",
    "microsoft-windows-bits-client/operational": "bits",
    "microsoft-windows-terminalservices-localsessionmanager/operational": "sessions",
    "microsoft-windows-terminalservices-remoteconnectionmanager/operational": "connections",
    "microsoft-windows-remotedesktopservices-rdpcorets/operational": "desktop",
    "microsoft-windows-windows firewall with advanced security/firewall": "firewall",
    "microsoft-windows-applocker/exe and dll": "applocker",
    "microsoft-windows-applocker/msi and script": "applocker",
    "microsoft-windows-applocker/packaged app-execution": "applocker",
    "microsoft-windows-codeintegrity/operational": "integrity",
    "microsoft-windows-dns-client/operational": "dns",
}

#: Providers that decide by themselves, whatever channel they were forwarded to or exported from.
_PROVIDERS: dict[str, str] = {
    "microsoft-windows-sysmon": _SYSMON,
    "linux-sysmon": _SYSMON,
    "service control manager": "control",
    "microsoft-windows-service control manager": "control",
    "microsoft-windows-eventlog": "eventlog",
    "microsoft-windows-security-auditing": _SECURITY,
    "microsoft-windows-powershell": "powershell",
    "powershellcore": "powershell",
    "powershell": "classic",
    "microsoft-windows-taskscheduler": "tasks",
    "microsoft-windows-wmi-activity": "wmi",
    "microsoft-windows-windows defender": "defender",
    "microsoft-windows-bits-client": "bits",
    "microsoft-windows-applocker": "applocker",
    "microsoft-windows-codeintegrity": "integrity",
    "microsoft-windows-dns-client": "dns",
}

_TABLES: dict[str, dict[int, Meaning]] = {
    _SYSMON: sysmon.EVENTS,
    _SECURITY: security.EVENTS,
    "system": {**services.CONTROL_MANAGER, 104: services.EVENT_LOG[104]},
    "control": services.CONTROL_MANAGER,
    "eventlog": services.EVENT_LOG,
    "powershell": powershell.EVENTS,
    "classic": powershell.CLASSIC,
    "tasks": tasks.EVENTS,
    "wmi": channels.WMI,
    "defender": channels.DEFENDER,
    "bits": channels.BITS,
    "sessions": channels.SESSIONS,
    "connections": channels.CONNECTIONS,
    "desktop": channels.DESKTOP_CORE,
    "firewall": channels.FIREWALL,
    "applocker": channels.APP_LOCKER,
    "integrity": channels.CODE_INTEGRITY,
    "dns": channels.DNS_CLIENT,
}

#: Groups whose rows know the acting process only by who wrote the event.
_WRITER_IS_ACTOR = frozenset(("powershell", "classic", "dns"))

_DETAIL_LENGTH = 2_000

_SYSMON_LOG = "Microsoft-Windows-Sysmon/Operational"

#: Channels as Windows spells them, for exporters that write them in lower case.
_SPELLING = {
    name.lower(): name
    for name in ("Security", "System", "Application", "Windows PowerShell", _SYSMON_LOG, "Linux-Sysmon/Operational")
}


class WindowsRecord(NamedTuple):
    """One Windows event as its container told it, before it means anything.

    ``pid`` and ``user`` are the process and account that wrote the event (System/Execution and
    System/Security); ``data`` is the event data by field name and may hold the rendered ``Message``.
    ``time`` is as written or in microseconds; ``certain`` says that it is the record's own time in UTC,
    not an exporter's idea of it.
    ``head`` gives what else the container's System section says (Level, Task … ExecutionProcessID, UserID,
    SystemTime; None where it does not); it is called only where that is wanted.
    """

    channel: str | None
    provider: str | None
    code: int
    time: str | int | None
    host: Any
    pid: Any
    user: str | None
    data: Data
    certain: bool = True
    head: Callable[[], dict[str, Any]] = dict


@dataclass(frozen=True, slots=True)
class _Origin:
    """What channel and provider alone say about an event."""

    group: str | None
    log: str | None
    os: str
    meanings: dict[int, Meaning]


_origins: dict[tuple[str | None, str | None], _Origin] = {}
_MOST_ORIGINS = 4_096


def _origin(channel: str | None, provider: str | None) -> _Origin:
    group = _PROVIDERS.get(provider.lower()) if provider else None
    if group is None and channel:
        group = _CHANNELS.get(channel.lower())
        if group == "system" and provider:
            group = None  # other providers of that log reuse the numbers
    log = _SPELLING.get(channel.lower(), channel) if channel else provider
    if channel is None and group == _SYSMON and provider != "Linux-Sysmon":
        log = _SYSMON_LOG
    linux = "linux" in ((provider or "")[:5].lower(), (channel or "")[:5].lower())
    origin = _Origin(group, log, "linux" if linux else "windows", _TABLES[group] if group else {})
    if len(_origins) >= _MOST_ORIGINS:  # names are input; the cache must not grow with hostile ones
        _origins.clear()
    _origins[channel, provider] = origin
    return origin


def to_row(
    channel: str | None,
    provider: str | None,
    code: int,
    time: int | None,
    host: Any,
    pid: Any,
    user: str | None,
    data: Data,
    raw: str,
    *,
    certain: bool = True,
) -> Row:
    """`row_of` for what is no `WindowsRecord` yet, with the parts of one."""
    return row_of(WindowsRecord(channel, provider, code, time, host, pid, user, data, certain), raw)


def row_of(record: WindowsRecord, raw: str) -> Row:
    """One Windows event as a row; an event of no known meaning keeps its fields as ``status_detail``."""
    channel, provider, code, written, host, pid, user, data, certain, _ = record
    origin = _origins.get((channel, provider)) or _origin(channel, provider)
    group = origin.group
    row: Row = {"device.os": origin.os, "raw_data": raw, "metadata.event_code": str(code)}
    if origin.log:
        row["metadata.log_name"] = origin.log
    if type(host) is str and host:
        row["device.hostname"] = host.lower()
    time = micros(written) if isinstance(written, str) else written
    if group == _SYSMON:
        time = sysmon_time(micros(data.get("UtcTime")), time, certain)
    if time is not None:
        row["time"] = time
    meaning = origin.meanings.get(code)
    if meaning is None:
        _other(data, row)
    else:
        if meaning.sign and meaning.sign not in data:
            data = _with_message(group, data)
            if group == _SYSMON:
                put(row, "time", sysmon_time(micros(data.get("UtcTime")), time, certain))
        meaning.fill(data, row)
    if group in _WRITER_IS_ACTOR:
        _writer(pid, user, row)
    return row


def _writer(pid: Any, user: str | None, row: Row) -> None:
    writer = number(pid)
    if writer and "actor.process.pid" not in row:
        row["actor.process.pid"] = writer
    if user and "actor.user.name" not in row:
        row["actor.user.name"] = user


def full_data(record: WindowsRecord) -> Data:
    """The event data of a record, read from its rendered message where it has no other."""
    channel, provider, code, _, _, _, _, data, _, _ = record
    if "Message" not in data:
        return data
    origin = _origins.get((channel, provider)) or _origin(channel, provider)
    meaning = origin.meanings.get(code)
    if meaning is None:
        only_words = len(data) == 1 and origin.group in (_SYSMON, _SECURITY)
    else:
        only_words = bool(meaning.sign) and meaning.sign not in data
    return _with_message(origin.group, data) if only_words else data


def sign_of(channel: str | None, provider: str | None, code: int) -> str:
    """The field that shows that an event's data are there, not only its rendered message; "" where none does."""
    origin = _origins.get((channel, provider)) or _origin(channel, provider)
    meaning = origin.meanings.get(code)
    return meaning.sign if meaning is not None else ""


def _with_message(group: str | None, data: Data) -> Data:
    """The event data with what its rendered message says added; the message never overrides a field."""
    message = data.get("Message")
    if type(message) is not str or len(message) < 8:
        return data
    if group == _SYSMON:
        # An exporter's EventType (INFO, AUDIT_SUCCESS) hides Sysmon's.
        return {**data, **sysmon_fields(message)}
    return {**audit_fields(message), **data}


def _other(data: Data, row: Row) -> None:
    """An event nobody gave a meaning: kept, with its own words."""
    row["action"] = "other"
    put(row, "actor.user.name", account(data.get("SubjectDomainName"), data.get("SubjectUserName")))
    put(row, "actor.session.uid", text(data.get("SubjectLogonId")))
    put(row, "user.name", account(data.get("TargetDomainName"), data.get("TargetUserName")))
    if "SubjectUserName" in data:
        put(row, "actor.process.pid", number(data.get("ProcessId")))
        put(row, "actor.process.file.path", text(data.get("ProcessName")))
    message = text(data.get("Message"))
    if message is not None:
        row["status_detail"] = message[:_DETAIL_LENGTH].split("\r\n", 1)[0].split("\n", 1)[0] or None
        return
    parts = []
    for name, value in data.items():
        written = text(value)
        if written is not None and not name.startswith(("#", "xml")):
            parts.append(f"{name}={written}")
    if parts:
        row["status_detail"] = "; ".join(parts)[:_DETAIL_LENGTH]
