"""The Security log: who logged on, what started, what was touched, who changed the rules."""

from watchfloor.base.events import Row
from watchfloor.intake.windows import directory
from watchfloor.intake.windows.fields import Data, number, put, registry_path, text
from watchfloor.intake.windows.meaning import Finish, Meaning
from watchfloor.intake.windows.subjects import both, by_subject, subject, target
from watchfloor.intake.windows.tasks import task_command

_LEVELS = {
    "S-1-16-0": "Untrusted",
    "S-1-16-4096": "Low",
    "S-1-16-8192": "Medium",
    "S-1-16-8448": "Medium Plus",
    "S-1-16-12288": "High",
    "S-1-16-16384": "System",
}
_ELEVATION = {"%%1936": "default", "%%1937": "elevated", "%%1938": "limited"}

_FROM = {"IpAddress": "src_endpoint.ip"}
_FROM_PORT = {"IpPort": "src_endpoint.port"}


def _launch(data: Data, row: Row) -> None:
    both(data, row)
    label = text(data.get("MandatoryLabel"))
    elevation = text(data.get("TokenElevationType"))
    if label is not None:
        row["process.integrity"] = _LEVELS.get(label, label)
    elif elevation is not None:
        row["process.integrity"] = _ELEVATION.get(elevation[:6], elevation)


def _exit(data: Data, row: Row) -> None:
    subject(data, row)
    for column in ("pid", "file.path"):
        if f"actor.process.{column}" in row:
            row[f"process.{column}"] = row[f"actor.process.{column}"]


def _logoff(data: Data, row: Row) -> None:
    target(data, row)
    put(row, "actor.user.name", row.get("user.name"))
    put(row, "actor.session.uid", text(data.get("TargetLogonId")))


def _by_status(data: Data, row: Row) -> None:
    both(data, row)
    status = text(data.get("Status"))
    if status is not None:
        row["status"] = "success" if number(status) == 0 else "failure"


def _validated(data: Data, row: Row) -> None:
    _by_status(data, row)
    if row.get("status") == "failure":
        row["action"] = "logon.failure"


def _failed(data: Data, row: Row) -> None:
    both(data, row)
    row["status"] = "failure"


#: Access rights that change a file or a key, by object type.
_FILE_WRITES = 0x2 | 0x4 | 0x10 | 0x100
_DELETE = 0x10000
_KEY_WRITES = 0x2
_KEY_SHAPES = 0x4 | 0x20 | 0x10000


def _object_access(data: Data, row: Row) -> None:
    """4656 and 4663: what was touched decides what it was."""
    subject(data, row)
    kind = text(data.get("ObjectType")) or ""
    name = text(data.get("ObjectName"))
    mask = number(data.get("AccessMask")) or 0
    if kind == "File":
        put(row, "file.path", name)
        row["action"] = (
            "file.delete"
            if mask & _DELETE and mask.bit_count() == 1
            else "file.modify"
            if mask & _FILE_WRITES
            else "file.read"
        )
    elif kind == "Key":
        put(row, "reg_key.path", registry_path(name))
        row["action"] = (
            "registry.value" if mask & _KEY_WRITES else "registry.key" if mask & _KEY_SHAPES else "registry.read"
        )
    elif kind == "Process":
        put(row, "process.file.path", name)
        row["action"] = "process.open"
    elif kind.startswith(("SAM_", "LSA", "SecretObject", "PolicyObject")) or (name and name.startswith("CN=")):
        put(row, "file.path", name)
        row["action"] = "directory.access"
    else:
        row["action"] = "other"
        put(row, "file.path", name)
        row["status_detail"] = f"{kind} {name or ''}".strip() or None


def _registry_write(data: Data, row: Row) -> None:
    subject(data, row)
    path = registry_path(data.get("ObjectName"))
    value = text(data.get("ObjectValueName"))
    if path:
        row["reg_key.path"] = f"{path}\\{value}" if value else path


def _permissions(data: Data, row: Row) -> None:
    subject(data, row)
    kind = text(data.get("ObjectType"))
    name = text(data.get("ObjectName"))
    if kind == "Key":
        row["action"] = "registry.key"
        put(row, "reg_key.path", registry_path(name))
    elif kind == "Token":
        row["action"] = "other"
    else:
        put(row, "file.path", name)


def _task(data: Data, row: Row) -> None:
    subject(data, row)
    content = text(data.get("TaskContent")) or text(data.get("TaskContentNew"))
    if content:
        put(row, "script.content", task_command(content))


def _directory_change(data: Data, row: Row) -> None:
    subject(data, row)
    attribute = text(data.get("AttributeLDAPDisplayName"))
    if attribute:
        value = text(data.get("AttributeValue")) or ""
        row["status_detail"] = f"{attribute}={value}"


def _share(data: Data, row: Row) -> None:
    both(data, row)
    share = text(data.get("ShareName"))
    relative = text(data.get("RelativeTargetName"))
    if share:
        row["file.path"] = f"{share}\\{relative}" if relative else share


def _filtered(data: Data, row: Row) -> None:
    """Windows Filtering Platform: NXLog writes ProcessId where Windows writes ProcessID."""
    put(row, "actor.process.pid", number(data.get("ProcessID") or data.get("ProcessId")))
    if str(data.get("Direction")).strip() in ("%%14592", "Inbound"):
        row["status_detail"] = "inbound"


def _blocked(data: Data, row: Row) -> None:
    _filtered(data, row)
    row["status"] = "failure"


def _logon(action: str, detail: tuple[str, ...], finish: Finish = both) -> Meaning:
    return by_subject(
        action,
        {**_FROM, "LogonType": "actual_permissions", "TargetServerName": "dst_endpoint.hostname"},
        numbers=_FROM_PORT,
        detail=detail,
        finish=finish,
        sign="TargetUserName",
    )


def _kerberos(action: str, finish: Finish) -> Meaning:
    return Meaning(
        action,
        {**_FROM, "ServiceName": "service.name", "TicketEncryptionType": "actual_permissions"},
        _FROM_PORT,
        finish=finish,
        detail=("TicketOptions", "Status", "PreAuthType", "FailureCode"),
        sign="TargetUserName",
    )


def _wfp(action: str, finish: Finish = _filtered) -> Meaning:
    return Meaning(
        action,
        {
            "Application": "actor.process.file.path",
            "SourceAddress": "src_endpoint.ip",
            "DestAddress": "dst_endpoint.ip",
        },
        {"SourcePort": "src_endpoint.port", "DestPort": "dst_endpoint.port"},
        finish=finish,
        sign="Application",
    )


_OBJECT = {"AccessMask": "actual_permissions"}
_LOGON_DETAIL = (
    "TargetLogonId",
    "LogonProcessName",
    "AuthenticationPackageName",
    "LmPackageName",
    "WorkstationName",
    "ElevatedToken",
    "TargetOutboundUserName",
)
_FAILED_DETAIL = ("Status", "SubStatus", "FailureReason", "AuthenticationPackageName", "WorkstationName")

EVENTS: dict[int, Meaning] = {
    1102: by_subject("log.clear"),
    4616: by_subject("policy.change", detail=("PreviousTime", "NewTime")),
    4622: Meaning("module.load", {"SecurityPackageName": "file.path"}, sign="SecurityPackageName"),
    4624: _logon("logon.success", _LOGON_DETAIL),
    4625: _logon("logon.failure", _FAILED_DETAIL, _failed),
    4634: Meaning("logon.end", {"LogonType": "actual_permissions"}, finish=_logoff, sign="TargetUserName"),
    4647: Meaning("logon.end", finish=_logoff, sign="TargetUserName"),
    4648: _logon("logon.success", ("TargetServerName", "TargetInfo")),
    4656: by_subject("file.read", _OBJECT, numbers={}, finish=_object_access, detail=("AccessList",)),
    4657: by_subject("registry.value", {"NewValue": "reg_value.data"}, finish=_registry_write),
    4660: by_subject("file.delete", detail=("ObjectServer", "HandleId")),
    4661: by_subject("directory.access", {**_OBJECT, "ObjectName": "file.path"}, detail=("ObjectType", "Properties")),
    4662: by_subject("directory.access", {**_OBJECT, "ObjectName": "file.path"}, detail=("ObjectType", "Properties")),
    4663: by_subject("file.read", _OBJECT, finish=_object_access, detail=("AccessList",)),
    4670: by_subject("file.attributes", detail=("OldSd", "NewSd"), finish=_permissions),
    4672: by_subject("privilege.use", {"PrivilegeList": "actual_permissions"}, finish=subject),
    4673: by_subject("privilege.use", {"PrivilegeList": "actual_permissions"}, detail=("Service",)),
    4674: by_subject(
        "privilege.use",
        {"PrivilegeList": "actual_permissions"},
        detail=("ObjectType", "ObjectName", "AccessMask"),
    ),
    4688: Meaning(
        "process.launch",
        {
            "NewProcessName": "process.file.path",
            "CommandLine": "process.cmd_line",
            "ParentProcessName": "actor.process.file.path",
        },
        {"NewProcessId": "process.pid", "ProcessId": "actor.process.pid"},
        finish=_launch,
        sign="NewProcessName",
    ),
    4689: by_subject("process.terminate", detail=("Status",), finish=_exit),
    4697: by_subject(
        "service.install",
        {"ServiceName": "service.name", "ServiceFileName": "script.content"},
        detail=("ServiceType", "ServiceStartType", "ServiceAccount"),
    ),
    4698: by_subject("task.create", {"TaskName": "job.name"}, finish=_task),
    4699: by_subject("task.delete", {"TaskName": "job.name"}, finish=_task),
    4700: by_subject("task.change", {"TaskName": "job.name"}, finish=_task),
    4701: by_subject("task.change", {"TaskName": "job.name"}, finish=_task),
    4702: by_subject("task.change", {"TaskName": "job.name"}, finish=_task),
    4703: by_subject(
        "privilege.use",
        {"EnabledPrivilegeList": "actual_permissions"},
        detail=("DisabledPrivilegeList",),
        finish=both,
    ),
    4704: by_subject("policy.change", {"TargetSid": "user.name", "PrivilegeList": "actual_permissions"}),
    4705: by_subject("policy.change", {"TargetSid": "user.name", "PrivilegeList": "actual_permissions"}),
    4719: by_subject("policy.change", detail=("SubcategoryGuid", "AuditPolicyChanges")),
    4768: _kerberos("logon.ticket", _by_status),
    4769: _kerberos("logon.ticket", _by_status),
    4770: _kerberos("logon.ticket", _by_status),
    4771: _kerberos("logon.failure", _failed),
    4776: Meaning(
        "logon.success", finish=_validated, detail=("PackageName", "Workstation", "Status"), sign="TargetUserName"
    ),
    4778: Meaning(
        "logon.success",
        {"ClientAddress": "src_endpoint.ip", "AccountName": "user.name", "LogonID": "actor.session.uid"},
        detail=("SessionName", "ClientName"),
    ),
    4779: Meaning(
        "logon.end",
        {"ClientAddress": "src_endpoint.ip", "AccountName": "user.name", "LogonID": "actor.session.uid"},
        detail=("SessionName", "ClientName"),
    ),
    4907: by_subject("policy.change", {"ObjectName": "file.path"}, detail=("ObjectType", "OldSd", "NewSd")),
    5136: by_subject("directory.access", {"ObjectDN": "file.path"}, finish=_directory_change),
    5137: by_subject("directory.access", {"ObjectDN": "file.path"}, detail=("ObjectClass",)),
    5138: by_subject("directory.access", {"NewObjectDN": "file.path"}, detail=("ObjectClass",)),
    5139: by_subject("directory.access", {"NewObjectDN": "file.path"}, detail=("OldObjectDN",)),
    5140: by_subject("network.share", {**_FROM, **_OBJECT}, numbers=_FROM_PORT, finish=_share),
    5141: by_subject("directory.access", {"ObjectDN": "file.path"}, detail=("ObjectClass",)),
    5142: by_subject("network.share", finish=_share, detail=("ShareLocalPath",)),
    5143: by_subject("network.share", finish=_share, detail=("ShareLocalPath",)),
    5144: by_subject("network.share", finish=_share, detail=("ShareLocalPath",)),
    5145: by_subject("network.share", {**_FROM, **_OBJECT}, numbers=_FROM_PORT, finish=_share),
    5154: _wfp("network.listen"),
    5155: _wfp("network.listen", _blocked),
    5156: _wfp("network.connect"),
    5157: _wfp("network.connect", _blocked),
    5158: _wfp("network.listen"),
    5159: _wfp("network.listen", _blocked),
}

EVENTS.update(directory.EVENTS)
