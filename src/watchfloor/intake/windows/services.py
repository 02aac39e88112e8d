"""The System log's service control manager and event log service."""

import re

from watchfloor.base.events import Row
from watchfloor.intake.windows.fields import Data, account, put, text
from watchfloor.intake.windows.meaning import Meaning

_ENTERED = re.compile(r"\AThe (.{1,256}) service entered the (.{1,64}) state", re.DOTALL)
_START_TYPE = re.compile(r"\AThe start type of the (.{1,256}) service was changed from (.{1,80}) to (.{1,80})\.")


def _state(data: Data, row: Row) -> None:
    if "service.name" not in row:
        found = _ENTERED.match(text(data.get("Message")) or "")
        if found:
            row["service.name"], row["status_detail"] = found.groups()


def _start_type(data: Data, row: Row) -> None:
    old, new = text(data.get("param2")), text(data.get("param3"))
    if old and new:
        row["status_detail"] = f"start type {old} to {new}"
        return
    found = _START_TYPE.match(text(data.get("Message")) or "")
    if found:
        row["service.name"] = found[1]
        row["status_detail"] = f"start type {found[2]} to {found[3]}"


def _cleared(data: Data, row: Row) -> None:
    put(row, "actor.user.name", account(data.get("SubjectDomainName"), data.get("SubjectUserName")))
    put(row, "actor.session.uid", text(data.get("SubjectLogonId")))
    cleared = text(data.get("Channel"))
    if cleared and cleared != row.get("metadata.log_name"):
        row["status_detail"] = f"cleared {cleared}"


def _trouble(data: Data, row: Row) -> None:
    row["status"] = "failure"


CONTROL_MANAGER: dict[int, Meaning] = {
    7045: Meaning(
        "service.install",
        {"ServiceName": "service.name", "ImagePath": "script.content"},
        detail=("ServiceType", "StartType", "AccountName"),
        sign="ServiceName",
    ),
    7035: Meaning("service.change", {"param1": "service.name", "param2": "status_detail"}, finish=_state),
    7036: Meaning("service.change", {"param1": "service.name", "param2": "status_detail"}, finish=_state),
    7040: Meaning("service.change", {"param1": "service.name"}, finish=_start_type),
    **{
        code: Meaning("service.change", {"param1": "service.name", "param2": "status_detail"}, finish=_trouble)
        for code in (7000, 7001, 7009, 7011, 7022, 7023, 7024, 7031, 7032, 7034)
    },
}

EVENT_LOG: dict[int, Meaning] = {
    104: Meaning("log.clear", finish=_cleared, sign="SubjectUserName"),
    1102: Meaning("log.clear", finish=_cleared, sign="SubjectUserName"),
}
