"""The smaller channels that carry behaviour: WMI, Defender, BITS, remote desktop, firewall and their kin."""

from urllib.parse import urlsplit

from watchfloor.base.events import Row
from watchfloor.intake.windows.fields import Data, account, number, put, text
from watchfloor.intake.windows.meaning import Meaning

# ---- WMI-Activity


def _operation(data: Data, row: Row) -> None:
    put(row, "script.content", text(data.get("Operation")) or text(data.get("Query")))
    result = number(data.get("ResultCode"))
    if result:
        row["status"] = "failure"


def _subscription(data: Data, row: Row) -> None:
    parts = [text(data.get(name)) for name in ("ESS", "CONSUMER", "PossibleCause")]
    put(row, "script.content", "\n".join(part for part in parts if part) or None)


_CLIENT = {"ClientProcessId": "actor.process.pid"}

WMI: dict[int, Meaning] = {
    5857: Meaning(
        "wmi.activity",
        {
            "HostProcess": "actor.process.file.path",
            "ProviderPath": "file.path",
            "ProviderName": "script.content",
        },
        {"ProcessID": "actor.process.pid"},
        detail=("Code",),
    ),
    5858: Meaning(
        "wmi.activity",
        {"User": "actor.user.name"},
        _CLIENT,
        finish=_operation,
        detail=("ClientMachine", "Component", "ResultCode", "PossibleCause"),
    ),
    5859: Meaning(
        "wmi.persist",
        {"User": "actor.user.name", "Query": "script.content"},
        {"processid": "actor.process.pid"},
    ),
    5860: Meaning(
        "wmi.persist",
        {"User": "actor.user.name", "Query": "script.content"},
        {"processid": "actor.process.pid", "Processid": "actor.process.pid"},
        detail=("NamespaceName", "PossibleCause"),
    ),
    5861: Meaning("wmi.persist", finish=_subscription, detail=("Namespace",)),
}

# ---- Windows Defender

_DEFENDER_WHERE = {
    "Path": "file.path",
    "Process Name": "actor.process.file.path",
    "Detection User": "actor.user.name",
}


def _rule(data: Data, row: Row) -> None:
    if "actor.user.name" not in row:
        put(row, "actor.user.name", text(data.get("User")))


_DETECTION = Meaning(
    "defender.detect",
    _DEFENDER_WHERE,
    detail=("Threat Name", "Severity Name", "Category Name", "Action Name", "Error Description"),
)
_SURFACE_RULE = Meaning("defender.detect", _DEFENDER_WHERE, finish=_rule, detail=("ID", "Target Commandline"))
_DEFENDER_CHANGE = Meaning(
    "defender.change",
    {"New Value": "reg_value.data"},
    detail=("Old Value", "New Value", "Feature Name", "Reason"),
)

DEFENDER: dict[int, Meaning] = {
    **dict.fromkeys((1006, 1007, 1008, 1015, 1116, 1117, 1118, 1119), _DETECTION),
    **dict.fromkeys((1121, 1122, 1123, 1124, 1125, 1126), _SURFACE_RULE),
    **dict.fromkeys((1013, 3002, 3007, 5001, 5004, 5007, 5008, 5010, 5012, 5013, 5101), _DEFENDER_CHANGE),
}

# ---- BITS


def _transfer(data: Data, row: Row) -> None:
    url = text(data.get("url")) or text(data.get("RemoteName"))
    if url is None:
        return
    row["status_detail"] = url
    try:
        put(row, "dst_endpoint.hostname", urlsplit(url).hostname)
    except ValueError:
        return


_JOB = {"jobTitle": "job.name", "jobOwner": "actor.user.name", "processPath": "actor.process.file.path"}

BITS: dict[int, Meaning] = {
    3: Meaning("other", _JOB, {"processId": "actor.process.pid"}, detail=("jobId",)),
    4: Meaning("other", _JOB, detail=("jobId", "fileCount", "bytesTransferred")),
    59: Meaning("network.connect", {"name": "job.name"}, finish=_transfer),
    60: Meaning("network.connect", {"name": "job.name"}, finish=_transfer),
    61: Meaning("network.connect", {"name": "job.name"}, finish=_transfer),
    16403: Meaning("network.connect", {**_JOB, "LocalName": "file.path"}, finish=_transfer),
}

# ---- Remote desktop and logon sessions

_SESSION = {
    "User": "user.name",
    "IpAddress": "src_endpoint.ip",  # as read from the rendered message
    "Address": "src_endpoint.ip",
    "SessionID": "actor.session.uid",
}


def _gateway(data: Data, row: Row) -> None:
    put(row, "user.name", account(data.get("Param2"), data.get("Param1", data.get("User"))))


def _client_address(data: Data, row: Row) -> None:
    address, _, port = (text(data.get("ClientIP")) or "").rpartition(":")
    put(row, "src_endpoint.ip", address.strip("[]") or None)
    put(row, "src_endpoint.port", number(port))
    row["status_detail"] = "inbound"


SESSIONS: dict[int, Meaning] = {
    21: Meaning("logon.success", _SESSION, sign="User"),
    22: Meaning("logon.success", _SESSION, sign="User"),
    23: Meaning("logon.end", _SESSION, sign="User"),
    24: Meaning("logon.end", _SESSION, sign="User"),
    25: Meaning("logon.success", _SESSION, sign="User"),
}
CONNECTIONS: dict[int, Meaning] = {
    1149: Meaning(
        "logon.success",
        {"IpAddress": "src_endpoint.ip", "Param3": "src_endpoint.ip"},
        finish=_gateway,
        sign="Param1",
    ),
}
DESKTOP_CORE: dict[int, Meaning] = {131: Meaning("network.connect", finish=_client_address)}

# ---- Firewall, application control, code integrity, names

_FIREWALL_RULE = Meaning(
    "policy.change",
    {"ModifyingApplication": "actor.process.file.path", "ModifyingUser": "actor.user.name"},
    detail=("RuleName", "ApplicationPath", "Direction", "Action", "SettingType", "SettingValueString", "Profiles"),
)
FIREWALL: dict[int, Meaning] = dict.fromkeys(
    (2002, 2003, 2004, 2005, 2006, 2009, 2010, 2032, 2033, 2052, 2059, 2060, 2071, 2082, 2097), _FIREWALL_RULE
)


def _controlled(data: Data, row: Row) -> None:
    put(row, "process.file.path", text(data.get("FullFilePath")) or text(data.get("FilePath")))
    put(row, "process.pid", number(data.get("TargetProcessId")))
    put(row, "actor.user.name", text(data.get("TargetUser")))


def _refused(data: Data, row: Row) -> None:
    _controlled(data, row)
    row["status"] = "failure"


_CONTROL_DETAIL = ("RuleName", "PolicyName", "Fqbn")
_ALLOWED = Meaning("process.launch", finish=_controlled, detail=_CONTROL_DETAIL)
_DENIED = Meaning("process.launch", finish=_refused, detail=_CONTROL_DETAIL)
APP_LOCKER: dict[int, Meaning] = {
    **dict.fromkeys((8002, 8003, 8005, 8006, 8020, 8021), _ALLOWED),
    **dict.fromkeys((8004, 8007, 8022, 8025), _DENIED),
}


def _integrity(data: Data, row: Row) -> None:
    for name in ("FileNameBuffer", "File Name"):
        put(row, "file.path", text(data.get(name)))
    for name in ("ProcessNameBuffer", "Process Name"):
        put(row, "actor.process.file.path", text(data.get(name)))
    row["status"] = "failure"


_UNSIGNED = Meaning("module.load", finish=_integrity, detail=("Requested Policy", "Validated Policy", "Status"))
CODE_INTEGRITY: dict[int, Meaning] = dict.fromkeys(
    (3001, 3002, 3003, 3004, 3010, 3023, 3033, 3063, 3065, 3066, 3076, 3077, 3089, 3104), _UNSIGNED
)

_LOOKUP = Meaning("dns.query", {"QueryName": "dst_endpoint.hostname"}, detail=("QueryResults",))
DNS_CLIENT: dict[int, Meaning] = dict.fromkeys((3006, 3008, 3020), _LOOKUP)
