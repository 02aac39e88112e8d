"""The Security log: who logged on, what started, what was touched, who changed the rules."""

from watchfloor.base.events import Row
from watchfloor.intake.windows.fields import Data, account, number, put, registry_path, summary, text
from watchfloor.intake.windows.meaning import Finish, Meaning
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

_PROCESS = {"ProcessName": "actor.process.file.path"}
_PROCESS_ID = {"ProcessId": "actor.process.pid"}
_FROM = {"IpAddress": "src_endpoint.ip"}
_FROM_PORT = {"IpPort": "src_endpoint.port"}


def subject(data: Data, row: Row) -> None:
    """The account that asked, and its logon session."""
    put(row, "actor.user.name", account(data.get("SubjectDomainName"), data.get("SubjectUserName")))
    put(row, "actor.session.uid", text(data.get("SubjectLogonId")))


def target(data: Data, row: Row) -> None:
    """The account the event is about."""
    put(row, "user.name", account(data.get("TargetDomainName"), data.get("TargetUserName")))


def _both(data: Data, row: Row) -> None:
    subject(data, row)
    target(data, row)
    address = row.get("src_endpoint.ip")
    if address is not None and address.startswith("::ffff:"):
        row["src_endpoint.ip"] = address[7:]


def _launch(data: Data, row: Row) -> None:
    _both(data, row)
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
    _both(data, row)
    status = text(data.get("Status"))
    if status is not None:
        row["status"] = "success" if number(status) == 0 else "failure"


def _validated(data: Data, row: Row) -> None:
    _by_status(data, row)
    if row.get("status") == "failure":
        row["action"] = "logon.failure"


def _failed(data: Data, row: Row) -> None:
    _both(data, row)
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
            "file.delete" if mask & _DELETE and mask.bit_count() == 1
            else "file.modify" if mask & _FILE_WRITES
            else "file.read"
        )
    elif kind == "Key":
        put(row, "reg_key.path", registry_path(name))
        row["action"] = (
            "registry.value" if mask & _KEY_WRITES
            else "registry.key" if mask & _KEY_SHAPES
            else "registry.read"
        )
    elif kind == "Process":
        put(row, "process.file.path", name)
        row["action"] = "process.open"
    elif kind.startswith(("SAM_", "LSA", "SecretObject", "PolicyObject")) or name and name.startswith("CN="):
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


def _member(data: Data, row: Row) -> None:
    subject(data, row)
    put(row, "user.name", text(data.get("MemberName")) or text(data.get("MemberSid")))
    group = account(data.get("TargetDomainName"), data.get("TargetUserName"))
    row["status_detail"] = f"group {group}" if group else None


def _directory_change(data: Data, row: Row) -> None:
    subject(data, row)
    attribute = text(data.get("AttributeLDAPDisplayName"))
    if attribute:
        value = text(data.get("AttributeValue")) or ""
        row["status_detail"] = f"{attribute}={value}"


def _share(data: Data, row: Row) -> None:
    _both(data, row)
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


def _by_subject(
    action: str,
    texts: dict[str, str] | None = None,
    *,
    detail: tuple[str, ...] = (),
    finish: Finish = subject,
    numbers: dict[str, str] | None = None,
    sign: str = "SubjectUserName",
) -> Meaning:
    return Meaning(
        action,
        {**_PROCESS, **(texts or {})},
        {**_PROCESS_ID, **(numbers or {})},
        finish=finish,
        detail=detail,
        sign=sign,
    )


def _logon(action: str, detail: tuple[str, ...], finish: Finish = _both) -> Meaning:
    return _by_subject(
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
    1102: _by_subject("log.clear"),
    4616: _by_subject("policy.change", detail=("PreviousTime", "NewTime")),
    4622: Meaning("module.load", {"SecurityPackageName": "file.path"}, sign="SecurityPackageName"),
    4624: _logon("logon.success", _LOGON_DETAIL),
    4625: _logon("logon.failure", _FAILED_DETAIL, _failed),
    4634: Meaning("logon.end", {"LogonType": "actual_permissions"}, finish=_logoff, sign="TargetUserName"),
    4647: Meaning("logon.end", finish=_logoff, sign="TargetUserName"),
    4648: _logon("logon.success", ("TargetServerName", "TargetInfo")),
    4656: _by_subject("file.read", _OBJECT, numbers={}, finish=_object_access, detail=("AccessList",)),
    4657: _by_subject("registry.value", {"NewValue": "reg_value.data"}, finish=_registry_write),
    4660: _by_subject("file.delete", detail=("ObjectServer", "HandleId")),
    4661: _by_subject(
        "directory.access", {**_OBJECT, "ObjectName": "file.path"}, detail=("ObjectType", "Properties")
    ),
    4662: _by_subject(
        "directory.access", {**_OBJECT, "ObjectName": "file.path"}, detail=("ObjectType", "Properties")
    ),
    4663: _by_subject("file.read", _OBJECT, finish=_object_access, detail=("AccessList",)),
    4670: _by_subject("file.attributes", detail=("OldSd", "NewSd"), finish=_permissions),
    4672: _by_subject("privilege.use", {"PrivilegeList": "actual_permissions"}, finish=subject),
    4673: _by_subject("privilege.use", {"PrivilegeList": "actual_permissions"}, detail=("Service",)),
    4674: _by_subject(
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
    4689: _by_subject("process.terminate", detail=("Status",), finish=_exit),
    4697: _by_subject(
        "service.install",
        {"ServiceName": "service.name", "ServiceFileName": "script.content"},
        detail=("ServiceType", "ServiceStartType", "ServiceAccount"),
    ),
    4698: _by_subject("task.create", {"TaskName": "job.name"}, finish=_task),
    4699: _by_subject("task.delete", {"TaskName": "job.name"}, finish=_task),
    4700: _by_subject("task.change", {"TaskName": "job.name"}, finish=_task),
    4701: _by_subject("task.change", {"TaskName": "job.name"}, finish=_task),
    4702: _by_subject("task.change", {"TaskName": "job.name"}, finish=_task),
    4703: _by_subject(
        "privilege.use",
        {"EnabledPrivilegeList": "actual_permissions"},
        detail=("DisabledPrivilegeList",),
        finish=_both,
    ),
    4704: _by_subject("policy.change", {"TargetSid": "user.name", "PrivilegeList": "actual_permissions"}),
    4705: _by_subject("policy.change", {"TargetSid": "user.name", "PrivilegeList": "actual_permissions"}),
    4719: _by_subject("policy.change", detail=("SubcategoryGuid", "AuditPolicyChanges")),
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
    4907: _by_subject("policy.change", {"ObjectName": "file.path"}, detail=("ObjectType", "OldSd", "NewSd")),
    5136: _by_subject("directory.access", {"ObjectDN": "file.path"}, finish=_directory_change),
    5137: _by_subject("directory.access", {"ObjectDN": "file.path"}, detail=("ObjectClass",)),
    5138: _by_subject("directory.access", {"NewObjectDN": "file.path"}, detail=("ObjectClass",)),
    5139: _by_subject("directory.access", {"NewObjectDN": "file.path"}, detail=("OldObjectDN",)),
    5140: _by_subject("network.share", {**_FROM, **_OBJECT}, numbers=_FROM_PORT, finish=_share),
    5141: _by_subject("directory.access", {"ObjectDN": "file.path"}, detail=("ObjectClass",)),
    5142: _by_subject("network.share", finish=_share, detail=("ShareLocalPath",)),
    5143: _by_subject("network.share", finish=_share, detail=("ShareLocalPath",)),
    5144: _by_subject("network.share", finish=_share, detail=("ShareLocalPath",)),
    5145: _by_subject("network.share", {**_FROM, **_OBJECT}, numbers=_FROM_PORT, finish=_share),
    5154: _wfp("network.listen"),
    5155: _wfp("network.listen", _blocked),
    5156: _wfp("network.connect"),
    5157: _wfp("network.connect", _blocked),
    5158: _wfp("network.listen"),
    5159: _wfp("network.listen", _blocked),
}

_ACCOUNTS = {
    4720: "created",
    4722: "enabled",
    4723: "password change attempted",
    4724: "password reset attempted",
    4725: "disabled",
    4726: "deleted",
    4738: "changed",
    4740: "locked out",
    4741: "computer account created",
    4742: "computer account changed",
    4743: "computer account deleted",
    4765: "SID history added",
    4766: "SID history failed to be added",
    4767: "unlocked",
    4780: "administrators' ACL set",
    4781: "renamed",
    4794: "DSRM password set",
}
_GROUP_MEMBERS = (4728, 4729, 4732, 4733, 4746, 4747, 4751, 4752, 4756, 4757, 4761, 4762)
_GROUPS = (4727, 4730, 4731, 4734, 4735, 4737, 4750, 4754, 4755, 4758, 4764)
_GROUP_READS = (4798, 4799)
_FIREWALL = (4944, 4946, 4947, 4948, 4949, 4950, 4951, 4953, 4954, 4956, 4957, 5025, 5034)
_AUDIT_POLICY = (4713, 4714, 4715, 4716, 4717, 4718, 4739, 4817, 4904, 4905, 4906, 4908, 4912)


def _account_change(what: str) -> Finish:
    def finish(data: Data, row: Row) -> None:
        _both(data, row)
        changes = summary(data, ("OldTargetUserName", "NewTargetUserName", "SidHistory", "UserAccountControl"))
        row["status_detail"] = f"{what}; {changes}" if changes else what

    return finish


EVENTS.update({code: _by_subject("account.change", finish=_account_change(w)) for code, w in _ACCOUNTS.items()})
EVENTS.update({code: _by_subject("group.change", finish=_member) for code in _GROUP_MEMBERS})
EVENTS.update({code: _by_subject("group.change", finish=_both) for code in _GROUPS})
EVENTS.update(
    {
        code: Meaning(
            "directory.access",
            {"CallerProcessName": "actor.process.file.path"},
            {"CallerProcessId": "actor.process.pid"},
            finish=_both,
            sign="CallerProcessName",
        )
        for code in _GROUP_READS
    }
)
EVENTS.update(
    {
        code: _by_subject(
            "policy.change",
            detail=("RuleName", "RuleAttr", "SettingType", "SettingValue", "ProfileChanged"),
            sign="",
        )
        for code in _FIREWALL
    }
)
EVENTS.update({code: _by_subject("policy.change") for code in _AUDIT_POLICY})
