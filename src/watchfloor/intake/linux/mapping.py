"""An audit event as one Row of the Event schema."""

from watchfloor.base.events import Row
from watchfloor.intake.linux import arguments, messages, who
from watchfloor.intake.linux.assembly import AuditEvent
from watchfloor.intake.linux.calls import Call, of_call
from watchfloor.intake.linux.records import Record
from watchfloor.intake.linux.shapes import Fields
from watchfloor.intake.linux.syscalls import name_of

#: Records that only explain another record of their event.
# fmt: off
_EXPLAIN = frozenset(
    (
        "SYSCALL", "PATH", "CWD", "EXECVE", "PROCTITLE", "SOCKADDR", "OBJ_PID", "FD_PAIR", "IPC", "MMAP",
        "SOCKETCALL", "CAPSET", "BPRM_FCAPS", "KERN_MODULE", "MQ_OPEN", "OPENAT2", "URINGOP", "TIME_INJOFFSET",
        "TIME_ADJNTPVAL", "USER_PROCTITLE",
    )
)
# fmt: on


def to_row(event: AuditEvent) -> Row | None:
    """The row of an event; None when no record of it says what was done."""
    call = event.of("SYSCALL")
    telling = [record for record in event.records if record.type not in _EXPLAIN]
    if call is not None:
        row = _call_row(event, call, telling)
    elif telling:
        row = _message_row(event, telling[0])
    elif event.of("EXECVE") is not None or event.of("PATH") is not None or event.of("SOCKADDR") is not None:
        row = _fragment_row(event)
    else:
        return None
    row["record"] = event.stamp
    row["time"] = event.time
    row["device.hostname"] = event.node
    row["device.os"] = "linux"
    row["metadata.log_name"] = "auditd"
    row["raw_data"] = event.raw
    return row


def _call_row(event: AuditEvent, fields: Fields, telling: list[Record]) -> Row:
    name = fields.get("SYSCALL") or name_of(fields.get("arch", ""), fields.get("syscall", ""))
    row = who.actor(fields, event.interpreted)
    row["actor.process.cmd_line"] = arguments.proctitle(event)
    row["status"] = who.outcome(fields)
    row.update(of_call(Call(name, fields, event)))
    types = "".join([f" {record.type}" for record in telling[:4]]) if telling else ""
    row["metadata.event_code"] = f"SYSCALL {name}{types}"
    if telling and row["action"] == "syscall":
        about = messages.of_message(telling[0])
        row["action"] = about["action"] if about["action"] != "other" else "syscall"
        row["file.path"] = row.get("file.path") or about.get("file.path")
        row["user.name"] = row.get("user.name") or about.get("user.name")
        row["status_detail"] = who.detail(row.get("status_detail"), about.get("status_detail"))
    failure = f"exit={fields.get('exit', '?')}" if row["status"] == "failure" else None
    row["status_detail"] = who.detail(row.get("status_detail"), _privilege(fields), failure, _key(fields))
    return row


def _message_row(event: AuditEvent, record: Record) -> Row:
    row = who.actor(record.fields, event.interpreted)
    row["actor.process.cmd_line"] = arguments.proctitle(event)
    row["status"] = who.outcome(record.fields)
    row["metadata.event_code"] = record.type
    row.update(messages.of_message(record))
    return row


def _fragment_row(event: AuditEvent) -> Row:
    """An event whose SYSCALL record was cut off: what is left says which file, not who or what."""
    found = arguments.paths(event)
    return {
        "action": "other",
        "metadata.event_code": event.records[0].type,
        "file.path": found[0] if found else None,
        "process.cmd_line": arguments.command_line(event),
        "process.working_directory": arguments.working_directory(event),
        "status_detail": "the SYSCALL record of this event is missing",
    }


def _privilege(fields: Fields) -> str | None:
    """The effective account where it is not the real one: set-uid programs and dropped privileges."""
    uid, effective = fields.get("uid"), fields.get("euid")
    return f"euid={effective}" if effective is not None and effective != uid else None


def _key(fields: Fields) -> str | None:
    key = fields.get("key")
    return "key=" + key.replace("\x01", ",") if key else None
