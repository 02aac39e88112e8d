"""Records that no system call stands behind: logins, sudo, accounts, services, policy, anomalies."""

from watchfloor.base.events import Row
from watchfloor.intake.linux import addresses, who
from watchfloor.intake.linux.records import Record

#: Record types to (action when it succeeded, action when it failed).
_ACTIONS: dict[str, tuple[str, str]] = {
    "USER_LOGIN": ("logon.success", "logon.failure"),
    "USER_AUTH": ("logon.success", "logon.failure"),
    "USER_START": ("logon.success", "logon.failure"),
    "LOGIN": ("logon.success", "logon.failure"),
    "USER_ERR": ("logon.failure", "logon.failure"),
    "USER_END": ("logon.end", "logon.end"),
    "USER_LOGOUT": ("logon.end", "logon.end"),
    "USER_ACCT": ("privilege.use", "logon.failure"),
    "CRED_ACQ": ("privilege.use", "logon.failure"),
    "CRED_REFR": ("privilege.use", "logon.failure"),
    "CRED_DISP": ("privilege.use", "privilege.use"),
    "USER_ROLE_CHANGE": ("privilege.use", "privilege.use"),
    "CHUSER_ID": ("privilege.use", "privilege.use"),
    "CHGRP_ID": ("privilege.use", "privilege.use"),
    "USER_CMD": ("script.run", "script.run"),
    "TTY": ("script.run", "script.run"),
    "USER_TTY": ("script.run", "script.run"),
    "SERVICE_START": ("service.change", "service.change"),
    "SERVICE_STOP": ("service.change", "service.change"),
    **dict.fromkeys(
        ("ADD_USER", "DEL_USER", "USER_CHAUTHTOK", "USER_MGMT", "ACCT_LOCK", "ACCT_UNLOCK"), ("account.change",) * 2
    ),
    **dict.fromkeys(("ADD_GROUP", "DEL_GROUP", "GRP_MGMT", "GRP_CHAUTHTOK", "GRP_AUTH"), ("group.change",) * 2),
    **dict.fromkeys(
        (
            "CONFIG_CHANGE",
            "USYS_CONFIG",
            "NETFILTER_CFG",
            "FEATURE_CHANGE",
            "MAC_POLICY_LOAD",
            "MAC_STATUS",
            "MAC_CONFIG_CHANGE",
            "USER_MAC_POLICY_LOAD",
            "USER_MAC_CONFIG_CHANGE",
        ),
        ("policy.change",) * 2,
    ),
}
#: Fields that have a column of their own; what is left over goes into the detail.
# fmt: off
_TAKEN = frozenset(
    (
        "pid", "uid", "auid", "ses", "exe", "comm", "acct", "addr", "hostname", "res", "result", "success", "unit",
        "cmd", "cwd", "data", "terminal", "tty", "UID", "AUID", "ppid", "subj", "SUBJ", "id", "ID", "msg",
    )
)
# fmt: on
_DETAIL_CHARS = 2000


def of_message(record: Record) -> Row:
    """Action, object and context of a record; an unknown type is action ``other``."""
    fields = record.fields
    status = who.outcome(fields)
    action = _action(record.type, status)
    named = fields.get("acct") or who.account(fields, "id", record.interpreted)
    if record.type == "LOGIN" and named is None:
        named = who.account(fields, "auid", record.interpreted)
    if record.type == "TTY":
        fields = {**fields, "cmd": fields.get("data", "")}
    row: Row = {
        "action": action,
        "user.name": named,
        "service.name": fields.get("unit"),
        "script.content": fields.get("cmd") or None,
        "src_endpoint.ip": addresses.ip_of(fields.get("addr")),
        "file.path": fields.get("name") or fields.get("path"),
        "status_detail": _rest(record),
    }
    if action == "group.change":
        row["user.name"] = named or fields.get("grp")
    return row


def _action(type_: str, status: str | None) -> str:
    known = _ACTIONS.get(type_)
    if known is not None:
        return known[1] if status == "failure" else known[0]
    return "policy.change" if type_.startswith("DAEMON_") else "other"


def _rest(record: Record) -> str | None:
    parts = [record.type]
    length = len(record.type)
    for name, value in record.fields.items():
        if name not in _TAKEN and length < _DETAIL_CHARS:
            parts.append(f"{name}={value[:500]}")
            length += len(parts[-1])
    terminal = record.fields.get("terminal") or record.fields.get("tty")
    if terminal:
        parts.append(f"terminal={terminal[:200]}")
    return "; ".join(parts)
