"""Who asked, and about whom: what most events of the Security log share."""

from watchfloor.base.events import Row
from watchfloor.intake.windows.fields import Data, account, put, text
from watchfloor.intake.windows.meaning import Finish, Meaning

_PROCESS = {"ProcessName": "actor.process.file.path"}
_PROCESS_ID = {"ProcessId": "actor.process.pid"}


def subject(data: Data, row: Row) -> None:
    """The account that asked, and its logon session."""
    put(row, "actor.user.name", account(data.get("SubjectDomainName"), data.get("SubjectUserName")))
    put(row, "actor.session.uid", text(data.get("SubjectLogonId")))


def target(data: Data, row: Row) -> None:
    """The account the event is about."""
    put(row, "user.name", account(data.get("TargetDomainName"), data.get("TargetUserName")))


def both(data: Data, row: Row) -> None:
    """Who asked and about whom; an IPv4 address is written as one."""
    subject(data, row)
    target(data, row)
    address = row.get("src_endpoint.ip")
    if address is not None and address.startswith("::ffff:"):
        row["src_endpoint.ip"] = address[7:]


def by_subject(
    action: str,
    texts: dict[str, str] | None = None,
    *,
    detail: tuple[str, ...] = (),
    finish: Finish = subject,
    numbers: dict[str, str] | None = None,
    sign: str = "SubjectUserName",
) -> Meaning:
    """An event with a subject account and, mostly, its process."""
    return Meaning(
        action,
        {**_PROCESS, **(texts or {})},
        {**_PROCESS_ID, **(numbers or {})},
        finish=finish,
        detail=detail,
        sign=sign,
    )
