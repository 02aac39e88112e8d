"""Sysmon, for Windows and for Linux: the event ids of Sysmon 15 and their fields."""

from watchfloor.base.events import Row
from watchfloor.intake.windows.fields import Data, put, signature, text
from watchfloor.intake.windows.meaning import Finish, Meaning

_ACTOR = {"Image": "actor.process.file.path", "User": "actor.user.name"}
_ACTOR_PID = {"ProcessId": "actor.process.pid"}
_ACTOR_UID = {"ProcessGuid": "actor.process.uid"}


def _by_actor(
    action: str,
    texts: dict[str, str],
    *,
    numbers: dict[str, str] | None = None,
    detail: tuple[str, ...] = (),
    finish: Finish | None = None,
) -> Meaning:
    """An event whose Image, ProcessId and ProcessGuid are the acting process."""
    return Meaning(
        action,
        {**_ACTOR, **texts},
        {**_ACTOR_PID, **(numbers or {})},
        _ACTOR_UID,
        finish,
        detail,
        sign="ProcessId",
    )


def _signed(data: Data, row: Row) -> None:
    put(row, "file.signature", signature(data))


def _is_itself(_: Data, row: Row) -> None:
    """The process the event is about is the acting process."""
    for column in ("uid", "pid", "file.path"):
        if f"actor.process.{column}" in row:
            row[f"process.{column}"] = row[f"actor.process.{column}"]


def _service(_: Data, row: Row) -> None:
    row["service.name"] = "Sysmon"


def _connection(data: Data, row: Row) -> None:
    if str(data.get("Initiated")).lower() == "false":
        row["status_detail"] = "inbound"


def _query(data: Data, row: Row) -> None:
    status = text(data.get("QueryStatus"))
    if status is not None:
        row["status"] = "success" if status == "0" else "failure"


def _injection(data: Data, row: Row) -> None:
    place = text(data.get("StartModule")) or text(data.get("StartAddress"))
    function = text(data.get("StartFunction"))
    if place:
        row["status_detail"] = f"start {place}!{function}" if function else f"start {place}"


_LAUNCH = Meaning(
    "process.launch",
    {
        "Image": "process.file.path",
        "CommandLine": "process.cmd_line",
        "CurrentDirectory": "process.working_directory",
        "IntegrityLevel": "process.integrity",
        "OriginalFileName": "process.file.internal_name",
        "Hashes": "file.hashes",
        "ParentImage": "actor.process.file.path",
        "ParentCommandLine": "actor.process.cmd_line",
        "User": "actor.user.name",
        "LogonId": "actor.session.uid",
    },
    {"ProcessId": "process.pid", "ParentProcessId": "actor.process.pid"},
    {"ProcessGuid": "process.uid", "ParentProcessGuid": "actor.process.uid"},
    sign="ProcessId",
)

_INJECT = Meaning(
    "process.inject",
    {
        "SourceImage": "actor.process.file.path",
        "TargetImage": "process.file.path",
        "SourceUser": "actor.user.name",
        "TargetUser": "user.name",
    },
    {"SourceProcessId": "actor.process.pid", "TargetProcessId": "process.pid"},
    {"SourceProcessGuid": "actor.process.uid", "TargetProcessGuid": "process.uid"},
    _injection,
    sign="UtcTime",
)

_OPEN = Meaning(
    "process.open",
    {
        "SourceImage": "actor.process.file.path",
        "TargetImage": "process.file.path",
        "GrantedAccess": "actual_permissions",
        "CallTrace": "status_detail",
        "SourceUser": "actor.user.name",
        "TargetUser": "user.name",
    },
    {"SourceProcessId": "actor.process.pid", "TargetProcessId": "process.pid"},
    {"SourceProcessGUID": "actor.process.uid", "TargetProcessGUID": "process.uid"},
    sign="UtcTime",
)

_FILE = {"TargetFilename": "file.path", "Hashes": "file.hashes"}
_PORTS = {"SourcePort": "src_endpoint.port", "DestinationPort": "dst_endpoint.port"}

EVENTS: dict[int, Meaning] = {
    1: _LAUNCH,
    2: _by_actor("file.time", _FILE, detail=("CreationUtcTime", "PreviousCreationUtcTime")),
    3: _by_actor(
        "network.connect",
        {
            "SourceIp": "src_endpoint.ip",
            "DestinationIp": "dst_endpoint.ip",
            "DestinationHostname": "dst_endpoint.hostname",
        },
        numbers=_PORTS,
        finish=_connection,
    ),
    4: Meaning("service.change", finish=_service, detail=("State", "Version"), sign="UtcTime"),
    5: _by_actor("process.terminate", {}, finish=_is_itself),
    6: Meaning(
        "driver.load",
        {"ImageLoaded": "file.path", "Hashes": "file.hashes"},
        finish=_signed,
        sign="UtcTime",
    ),
    7: _by_actor("module.load", {"ImageLoaded": "file.path", "Hashes": "file.hashes"}, finish=_signed),
    8: _INJECT,
    9: _by_actor("disk.read", {"Device": "file.path"}),
    10: _OPEN,
    11: _by_actor("file.create", _FILE),
    12: _by_actor("registry.key", {"TargetObject": "reg_key.path"}, detail=("EventType",)),
    13: _by_actor("registry.value", {"TargetObject": "reg_key.path", "Details": "reg_value.data"}),
    14: _by_actor("registry.rename", {"TargetObject": "reg_key.path", "NewName": "reg_value.data"}),
    15: _by_actor(
        "file.stream",
        {"TargetFilename": "file.path", "Hash": "file.hashes", "Contents": "script.content"},
    ),
    16: Meaning("policy.change", detail=("Configuration", "ConfigurationFileHash"), sign="UtcTime"),
    17: _by_actor("pipe.create", {"PipeName": "file.path"}),
    18: _by_actor("pipe.connect", {"PipeName": "file.path"}),
    19: Meaning(
        "wmi.persist",
        {"User": "actor.user.name", "Query": "script.content"},
        detail=("Operation", "Name", "EventNamespace"),
        sign="UtcTime",
    ),
    20: Meaning(
        "wmi.persist",
        {"User": "actor.user.name", "Destination": "script.content"},
        detail=("Operation", "Name", "Type"),
        sign="UtcTime",
    ),
    21: Meaning(
        "wmi.persist",
        {"User": "actor.user.name", "Consumer": "script.content"},
        detail=("Operation", "Filter"),
        sign="UtcTime",
    ),
    22: _by_actor(
        "dns.query",
        {"QueryName": "dst_endpoint.hostname", "QueryResults": "status_detail"},
        finish=_query,
    ),
    23: _by_actor("file.delete", _FILE, detail=("Archived",)),
    24: _by_actor("clipboard.change", {"Hashes": "file.hashes"}, detail=("ClientInfo",)),
    25: _by_actor("process.tamper", {}, detail=("Type",), finish=_is_itself),
    26: _by_actor("file.delete", _FILE),
    27: _by_actor("file.block", _FILE),
    28: _by_actor("file.block", _FILE),
    29: _by_actor("file.create", _FILE),
}
