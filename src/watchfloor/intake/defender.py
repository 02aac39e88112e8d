"""Rows of Defender for Endpoint tables: Advanced Hunting (``Device…Events``) and raw process exports."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from watchfloor.base.events import Row
from watchfloor.intake.windows.fields import account, host_name, micros, number, put, registry_path, text

Cells = Mapping[str, str]

_PORTAL = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4}),? (\d{1,2}):(\d\d):(\d\d)(?:\.(\d{1,7}))? ([AP])M")
_DEVICE = re.compile(r"\\Device\\HarddiskVolume\d+\\", re.IGNORECASE)


def when(value: str | None) -> int | None:
    """Microseconds of a cell: ISO 8601, or the portal's ``6/23/2021, 3:08:19.930 AM`` (UTC)."""
    if not value:
        return None
    match = _PORTAL.fullmatch(value.strip())
    if match is None:
        return micros(value.strip())
    hour = int(match[4]) % 12 + (12 if match[8] == "P" else 0)
    try:
        moment = datetime(int(match[3]), int(match[1]), int(match[2]), hour, int(match[5]), int(match[6]), tzinfo=UTC)
    except ValueError:
        return None
    return int(moment.timestamp()) * 1_000_000 + int(((match[7] or "") + "000000")[:6])


def time_of(cells: Cells) -> int | None:
    """The time of the row, under any of the names exports give it."""
    for name in ("Timestamp", "TimeGenerated", "Timestamp [UTC]", "TimeGenerated [UTC]", "TimeCreatedUtc"):
        if cells.get(name):
            return when(cells[name])
    return None


def whole(value: str | None) -> int | None:
    """A number; tables that went through pandas write ``1234.0``."""
    return number(value.removesuffix(".0")) if value else None


def _path(folder: str | None, name: str | None) -> str | None:
    """Advanced Hunting's FolderPath ends with the file name, older exports leave it out."""
    folder, name = text(folder), text(name)
    if folder is None or name is None:
        return folder or name
    if folder.lower().endswith(name.lower()):
        return folder
    return folder.rstrip("\\/") + ("/" if folder.startswith("/") else "\\") + name


def _drive(path: str | None) -> str | None:
    r"""``\Device\HarddiskVolume3\`` hides the drive; the system's is taken, it is right nearly always."""
    return _DEVICE.sub(lambda _: "C:\\", path, count=1) if path else None


def _uid(host: str | None, pid: int | None, created: int | None) -> str | None:
    """The identity `intake.identity` would give: the tables know when every process started."""
    if host is None or pid is None or created is None:
        return None
    moment = datetime.fromtimestamp(created // 1_000_000, UTC)
    return f"{host}/{pid}@{moment:%Y-%m-%dT%H:%M:%S}.{created % 1_000_000 // 1000:03d}Z"


def _identify(row: Row, prefix: str, pid: str | None, created: str | None) -> None:
    process_id = whole(pid)
    put(row, f"{prefix}.pid", process_id)
    put(row, f"{prefix}.uid", _uid(row.get("device.hostname"), process_id, when(created)))


def _initiator(cells: Cells, row: Row) -> None:
    get = cells.get
    _identify(row, "actor.process", get("InitiatingProcessId"), get("InitiatingProcessCreationTime"))
    folder = get("InitiatingProcessFolderPath") or get("InitiatingProcessImageFilePath")
    put(row, "actor.process.file.path", _path(folder, get("InitiatingProcessFileName") or get("InitiatingProcessName")))
    put(row, "actor.process.cmd_line", text(get("InitiatingProcessCommandLine")) or text(get("Process_CommandLine")))
    parent = get("InitiatingProcessParentId") or get("InitiatingProcessParentProcessId")
    created = get("InitiatingProcessParentCreationTime")
    _identify(row, "actor.process.parent_process", parent, created)
    image = text(get("InitiatingProcessParentFileName")) or text(get("InitiatingProcessParentProcessName"))
    put(row, "actor.process.parent_process.file.path", _drive(image))
    domain = get("InitiatingProcessAccountDomain") or get("InitiatingProcessAccountDomainName")
    put(row, "actor.user.name", account(domain, get("InitiatingProcessAccountName")))
    put(row, "actor.session.uid", text(get("InitiatingProcessLogonId")))


def _hashes(cells: Cells, prefix: str = "") -> str | None:
    found = []
    for shown, names in (("SHA256", ("SHA256", "Sha256")), ("SHA1", ("SHA1", "Sha1")), ("MD5", ("MD5", "Md5"))):
        value = next((cells[prefix + name] for name in names if cells.get(prefix + name)), None)
        if value:
            found.append(f"{shown}={value}")
    return ",".join(found) or None


def raw_process(cells: Cells) -> Row:
    """A process creation of the sensor's own table (``CreatedProcess…``, ``InitiatingProcess…``)."""
    get = cells.get
    row: Row = {"device.os": "windows", "action": "process.launch", "metadata.event_code": "ProcessCreated"}
    row["metadata.log_name"] = "DeviceProcessEvents"
    put(row, "device.hostname", host_name(get("ComputerDnsName") or get("DeviceName") or get("MachineId")))
    put(row, "time", when(get("CreatedProcessCreationTime")) or when(get("ReportTime")))
    _initiator(cells, row)
    _identify(row, "process", get("CreatedProcessId"), get("CreatedProcessCreationTime"))
    put(row, "process.file.path", _path(get("CreatedProcessFilePath"), get("CreatedProcessName")))
    put(row, "process.cmd_line", text(get("CreatedProcessCommandLine")))
    put(row, "process.integrity", text(get("CreatedProcessIntegrityLevel")))
    put(row, "process.file.internal_name", text(get("CreatedProcessVersionInfoOriginalFileName")))
    put(row, "file.hashes", _hashes(cells, "CreatedProcessFile"))
    signed, signer = text(get("CreatedProcessSignatureStatus")), text(get("CreatedProcessSignerType"))
    put(row, "file.signature", f"{signed.lower()}: {signer}" if signed and signer else None)
    put(row, "user.name", account(get("CreatedProcessAccountDomainName"), get("CreatedProcessAccountName")))
    return row


_ACTIONS: dict[str, str] = {
    "ProcessCreated": "process.launch",
    "FileCreated": "file.create",
    "FileModified": "file.modify",
    "FileDeleted": "file.delete",
    "FileRenamed": "file.rename",
    "ImageLoaded": "module.load",
    "DriverLoad": "driver.load",
    "RegistryValueSet": "registry.value",
    "RegistryValueDeleted": "registry.value",
    "RegistryKeyCreated": "registry.key",
    "RegistryKeyDeleted": "registry.key",
    "RegistryKeyRenamed": "registry.rename",
    "ConnectionSuccess": "network.connect",
    "ConnectionFailed": "network.connect",
    "ConnectionAttempt": "network.connect",
    "ConnectionRequest": "network.connect",
    "ConnectionFound": "network.connect",
    "ConnectionAcknowledged": "network.connect",
    "HttpConnectionInspected": "network.connect",
    "SslConnectionInspected": "network.connect",
    "InboundConnectionAccepted": "network.listen",
    "InboundConnectionAttempt": "network.listen",
    "ListeningConnectionCreated": "network.listen",
    "DnsQueryResponse": "dns.query",
    "DnsConnectionInspected": "dns.query",
    "LogonSuccess": "logon.success",
    "LogonAttempted": "logon.success",
    "LogonFailed": "logon.failure",
    "OpenProcessApiCall": "process.open",
    "ReadProcessMemoryApiCall": "process.open",
    "CreateRemoteThreadApiCall": "process.inject",
    "QueueUserApcRemoteApiCall": "process.inject",
    "SetThreadContextRemoteApiCall": "process.inject",
    "NtAllocateVirtualMemoryRemoteApiCall": "process.inject",
    "NtMapViewOfSectionRemoteApiCall": "process.inject",
    "NtProtectVirtualMemoryApiCall": "process.tamper",
    "ProcessPrimaryTokenModified": "process.set_user",
    "PowerShellCommand": "script.run",
    "AmsiScriptDetection": "defender.detect",
    "AmsiScriptContent": "script.run",
    "ScriptContent": "script.run",
    "ScheduledTaskCreated": "task.create",
    "ScheduledTaskUpdated": "task.change",
    "ScheduledTaskEnabled": "task.change",
    "ScheduledTaskDisabled": "task.change",
    "ScheduledTaskDeleted": "task.delete",
    "ServiceInstalled": "service.install",
    "NamedPipeEvent": "pipe.connect",
    "AntivirusDetection": "defender.detect",
    "TamperingAttempt": "defender.change",
    "SecurityLogCleared": "log.clear",
    "UserAccountCreated": "account.change",
    "UserAccountDeleted": "account.change",
    "UserAccountModified": "account.change",
    "PasswordChangeAttempt": "account.change",
    "UserAccountAddedToLocalGroup": "group.change",
    "UserAccountRemovedFromLocalGroup": "group.change",
    "WmiBindEventFilterToConsumer": "wmi.persist",
    "RemoteWmiOperation": "wmi.activity",
    "ProcessCreatedUsingWmiQuery": "wmi.activity",
    "ClipboardDataRead": "clipboard.change",
    "GetClipboardData": "clipboard.change",
    "DirectoryServiceObjectModified": "directory.access",
    "LdapSearch": "directory.access",
    "NetworkShareObjectAdded": "network.share",
}


def hunting(cells: Cells) -> Row:
    """A row of an Advanced Hunting table, by its ``ActionType``; an unknown one is kept as ``other``."""
    get = cells.get
    kind = get("ActionType") or ""
    row: Row = {"device.os": _system(cells), "action": _ACTIONS.get(kind, "other"), "metadata.event_code": kind[:200]}
    put(row, "metadata.log_name", text(get("Type")) or text(get("$table")) or "DeviceEvents")
    put(row, "device.hostname", host_name(get("DeviceName")))
    put(row, "time", time_of(cells))
    _initiator(cells, row)
    put(row, "status_detail", text(get("AdditionalFields")) or text(get("FailureReason")))
    if kind.endswith(("Failed", "Failure")):
        row["status"] = "failure"
    elif kind.endswith("Success"):
        row["status"] = "success"
    fill = _BY_CLASS.get(row["action"].partition(".")[0])
    if fill is not None:
        fill(cells, row)
    return row


def _system(cells: Cells) -> str:
    platform = (cells.get("OSPlatform") or cells.get("DeviceOSPlatform") or "").lower()
    if platform.startswith("macos"):
        return "macos"
    folder = cells.get("InitiatingProcessFolderPath") or cells.get("FolderPath") or ""
    return "linux" if platform.startswith("linux") or folder.startswith("/") else "windows"


def _target_process(cells: Cells, row: Row) -> None:
    get = cells.get
    _identify(row, "process", get("ProcessId"), get("ProcessCreationTime"))
    put(row, "process.file.path", _path(get("FolderPath"), get("FileName")))
    put(row, "process.cmd_line", text(get("ProcessCommandLine")))
    put(row, "process.integrity", text(get("ProcessIntegrityLevel")))
    put(row, "process.file.internal_name", text(get("ProcessVersionInfoOriginalFileName")))
    put(row, "file.hashes", _hashes(cells))
    put(row, "user.name", account(get("AccountDomain"), get("AccountName")))


def _file(cells: Cells, row: Row) -> None:
    get = cells.get
    put(row, "file.path", _path(get("FolderPath"), get("FileName")))
    put(row, "file.hashes", _hashes(cells))
    before = _path(get("PreviousFolderPath"), get("PreviousFileName"))
    put(row, "status_detail", f"from {before}" if before else None)


def _registry(cells: Cells, row: Row) -> None:
    get = cells.get
    gone = (get("ActionType") or "").endswith("Deleted")
    key = text(get("RegistryKey")) or (text(get("PreviousRegistryKey")) if gone else None)
    value = text(get("RegistryValueName")) or (text(get("PreviousRegistryValueName")) if gone else None)
    key = registry_path(key)
    if key:
        short = key.replace("HKEY_LOCAL_MACHINE", "HKLM", 1).replace("HKEY_CURRENT_USER", "HKCU", 1)
        short = short.replace("HKEY_USERS", "HKU", 1)
        row["reg_key.path"] = f"{short}\\{value}" if value else short
    put(row, "reg_value.data", text(get("RegistryValueData")))


def _network(cells: Cells, row: Row) -> None:
    get = cells.get
    row_is_incoming = row["action"] == "network.listen" and bool(text(get("RemoteIP")))
    near, far = ("dst_endpoint", "src_endpoint") if row_is_incoming else ("src_endpoint", "dst_endpoint")
    put(row, f"{near}.ip", text(get("LocalIP")))
    put(row, f"{near}.port", whole(get("LocalPort")))
    put(row, f"{far}.ip", text(get("RemoteIP")))
    put(row, f"{far}.port", whole(get("RemotePort")))
    put(row, "dst_endpoint.hostname", text(get("RemoteUrl")))


def _account(cells: Cells, row: Row) -> None:
    get = cells.get
    put(row, "user.name", account(get("AccountDomain"), get("AccountName")))
    put(row, "src_endpoint.ip", text(get("RemoteIP")))
    put(row, "src_endpoint.port", whole(get("RemotePort")))
    put(row, "actual_permissions", text(get("LogonType")))


def _named(column: str) -> Callable[[Cells, Row], None]:
    """Tasks, services and scripts keep their name or text in ``AdditionalFields``."""

    def fill(cells: Cells, row: Row) -> None:
        put(row, column, text(cells.get("AdditionalFields")) or text(cells.get("FileName")))
        put(row, "file.path", _path(cells.get("FolderPath"), cells.get("FileName")))

    return fill


_BY_CLASS: dict[str, Callable[[Cells, Row], None]] = {
    "process": _target_process,
    "file": _file,
    "module": _file,
    "driver": _file,
    "pipe": _file,
    "defender": _file,
    "registry": _registry,
    "network": _network,
    "dns": _network,
    "logon": _account,
    "account": _account,
    "group": _account,
    "task": _named("job.name"),
    "service": _named("service.name"),
    "script": _named("script.content"),
    "wmi": _named("script.content"),
}
