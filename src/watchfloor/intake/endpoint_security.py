"""Apple Endpoint Security messages, as ``eslogger`` and agents on the same interface print them, to Event rows."""

import shlex
from collections.abc import Callable
from typing import Any

from watchfloor.base.events import Row
from watchfloor.intake.windows.fields import micros, number, put, text

Message = dict[str, Any]

#: Programs that only stand between parent and image: after them the old image is not the parent's.
_STEPPING_STONES = frozenset(("xpcproxy", "env", "nohup", "nice", "arch", "time", "login", "setsid"))
_FWRITE = 0x2


def is_message(value: Any) -> bool:
    """True for an Endpoint Security message."""
    if not isinstance(value, dict):
        return False
    process, event = value.get("process"), value.get("event")
    return isinstance(event, dict) and isinstance(process, dict) and "audit_token" in process


def _path(node: Any) -> str | None:
    """Path of a file object, or the text itself."""
    if isinstance(node, dict):
        return text(node.get("path"))
    return text(node) if isinstance(node, str) else None


def _pid(process: Any) -> int | None:
    token = process.get("audit_token") if isinstance(process, dict) else None
    return number(token.get("pid")) if isinstance(token, dict) else None


def _image(process: Any) -> str | None:
    return _path(process.get("executable")) if isinstance(process, dict) else None


def to_row(message: Message) -> Row:
    """One message as a row; an event nobody gave a meaning is kept as ``other`` under its name."""
    event = message["event"]
    name = next(iter(event), "nothing")
    body = event.get(name)
    process = message["process"]
    row: Row = {"device.os": "macos", "metadata.log_name": "endpoint-security", "metadata.event_code": str(name)[:100]}
    put(row, "time", micros(message.get("time")))
    _acting(process, row)
    put(row, "status", _result(message.get("action")))
    kind = _KINDS.get(name, _other)
    kind(body if isinstance(body, dict) else {}, process, row)
    if row["action"] == "other":
        row.setdefault("status_detail", str(name)[:100])
    return row


def _acting(process: Message, row: Row) -> None:
    put(row, "actor.process.pid", _pid(process))
    put(row, "actor.process.file.path", _image(process))
    put(row, "actor.process.parent_process.pid", number(process.get("ppid")))
    token = process.get("audit_token")
    if isinstance(token, dict):
        uid = number(token.get("euid"))
        put(row, "actor.user.name", f"uid:{uid}" if uid is not None else None)
        put(row, "actor.session.uid", text(token.get("asid")))


def _result(action: Any) -> str | None:
    """Allowed or denied: ``action.result.result.auth`` is 0 for allowed."""
    for key in ("result", "result", "auth"):
        if not isinstance(action, dict):
            return None
        action = action.get(key)
    if not isinstance(action, int) or isinstance(action, bool):
        return None
    return "success" if action == 0 else "failure"


def _target(process: Any, row: Row) -> None:
    put(row, "process.pid", _pid(process))
    put(row, "process.file.path", _image(process))


def _exec(body: Message, process: Message, row: Row) -> None:
    """exec replaces the image of the process it is about; the actor is its parent.

    Right after a fork the old image is the parent's own, so it stands for the parent.
    """
    target = body.get("target")
    target = target if isinstance(target, dict) else {}
    before = _image(process)
    row["action"] = "process.launch"
    _target(target, row)
    args = body.get("args")
    if isinstance(args, list) and args:
        row["process.cmd_line"] = " ".join(shlex.quote(str(item)) for item in args[:65_536])
    put(row, "process.working_directory", _path(body.get("cwd")))
    put(row, "file.signature", _signature(target))
    script = _path(body.get("script"))
    put(row, "file.path", script)
    parent = number(target.get("ppid"))
    for column in ("actor.process.pid", "actor.process.file.path", "actor.process.parent_process.pid"):
        row.pop(column, None)
    put(row, "actor.process.pid", parent)
    if parent == 1:
        row["actor.process.file.path"] = "/sbin/launchd"
    elif before and before.rpartition("/")[2] not in _STEPPING_STONES:
        row["actor.process.file.path"] = before


def _signature(process: Message) -> str | None:
    signer = text(process.get("team_id")) or text(process.get("signing_id"))
    if process.get("is_platform_binary") is True:
        return f"valid: Apple {signer}" if signer else "valid: Apple"
    return f"signed: {signer}" if signer else None


def _fork(body: Message, process: Message, row: Row) -> None:
    row["action"] = "process.launch"
    row["status_detail"] = "fork"
    _target(body.get("child"), row)


def _exit(body: Message, process: Message, row: Row) -> None:
    row["action"] = "process.terminate"
    _target(process, row)
    put(row, "status_detail", f"status {body['stat']}" if isinstance(body.get("stat"), int) else None)


def _destination(body: Message) -> str | None:
    destination = body.get("destination")
    if not isinstance(destination, dict):
        return None
    existing = _path(destination.get("existing_file"))
    if existing:
        return existing
    new = destination.get("new_path")
    if not isinstance(new, dict):
        return None
    folder, name = _path(new.get("dir")), text(new.get("filename"))
    return f"{folder.rstrip('/')}/{name}" if folder and name else folder


def _create(body: Message, process: Message, row: Row) -> None:
    row["action"] = "file.create"
    put(row, "file.path", _destination(body))


def _open(body: Message, process: Message, row: Row) -> None:
    flags = number(body.get("fflag")) or 0
    row["action"] = "file.modify" if flags & _FWRITE else "file.read"
    row["actual_permissions"] = f"fflag 0x{flags:x}"
    put(row, "file.path", _path(body.get("file")))


def _close(body: Message, process: Message, row: Row) -> None:
    row["action"] = "file.modify" if body.get("modified") is True else "other"
    put(row, "file.path", _path(body.get("target")))


def _rename(body: Message, process: Message, row: Row) -> None:
    source = _path(body.get("source"))
    row["action"] = "file.rename"
    put(row, "file.path", _destination(body))
    put(row, "status_detail", f"from {source}" if source else None)


def _on(action: str, *names: str) -> Callable[[Message, Message, Row], None]:
    """An event that does one thing to one file, found under the first of the names."""

    def fill(body: Message, process: Message, row: Row) -> None:
        row["action"] = action
        for name in names:
            path = _path(body.get(name))
            if path:
                row["file.path"] = path
                break

    return fill


def _to_process(action: str) -> Callable[[Message, Message, Row], None]:
    def fill(body: Message, process: Message, row: Row) -> None:
        row["action"] = action
        _target(body.get("target"), row)

    return fill


def _identity(body: Message, process: Message, row: Row) -> None:
    row["action"] = "process.set_user"
    _target(process, row)
    wanted = number(body.get("uid"))
    put(row, "user.name", f"uid:{wanted}" if wanted is not None else None)


def _login(body: Message, process: Message, row: Row) -> None:
    succeeded = body.get("success")
    row["action"] = "logon.failure" if succeeded is False else "logon.success"
    put(row, "user.name", text(body.get("username")) or text(body.get("to_username")))
    put(row, "src_endpoint.ip", text(body.get("source_address")))


def _logout(body: Message, process: Message, row: Row) -> None:
    row["action"] = "logon.end"
    put(row, "user.name", text(body.get("username")))


def _sudo(body: Message, process: Message, row: Row) -> None:
    row["action"] = "script.run"
    put(row, "script.content", text(body.get("command")))
    put(row, "user.name", text(body.get("to_username")))


def _launch_item(body: Message, process: Message, row: Row) -> None:
    item = body.get("item")
    item = item if isinstance(item, dict) else {}
    row["action"] = "service.install"
    put(row, "service.name", text(item.get("item_url")))
    put(row, "file.path", text(body.get("executable_path")))


def _malware(body: Message, process: Message, row: Row) -> None:
    row["action"] = "defender.detect"
    put(row, "file.path", text(body.get("detected_path")))
    put(row, "status_detail", text(body.get("malware_identifier")))


def _kernel_extension(body: Message, process: Message, row: Row) -> None:
    row["action"] = "driver.load"
    put(row, "file.path", text(body.get("identifier")))


def _socket(action: str) -> Callable[[Message, Message, Row], None]:
    def fill(body: Message, process: Message, row: Row) -> None:
        row["action"] = action
        folder, name = _path(body.get("dir")), text(body.get("filename"))
        put(row, "file.path", _path(body.get("file")) or (f"{folder}/{name}" if folder and name else None))

    return fill


def _other(body: Message, process: Message, row: Row) -> None:
    row["action"] = "other"
    put(row, "file.path", _path(body.get("target")) or _path(body.get("file")) or _path(body.get("source")))


_KINDS: dict[str, Callable[[Message, Message, Row], None]] = {
    "exec": _exec,
    "fork": _fork,
    "exit": _exit,
    "create": _create,
    "open": _open,
    "close": _close,
    "rename": _rename,
    "write": _on("file.modify", "target"),
    "truncate": _on("file.modify", "target"),
    "clone": _on("file.create", "target_dir", "source"),
    "copyfile": _on("file.create", "target_file", "target_dir", "source"),
    "link": _on("file.create", "target_dir", "source"),
    "unlink": _on("file.delete", "target"),
    **dict.fromkeys(
        ("setmode", "setowner", "setflags", "setextattr", "deleteextattr", "setacl", "setattrlist"),
        _on("file.attributes", "target"),
    ),
    "utimes": _on("file.time", "target"),
    "mmap": _on("module.load", "source"),
    "uipc_connect": _socket("pipe.connect"),
    "uipc_bind": _socket("pipe.create"),
    "kextload": _kernel_extension,
    **dict.fromkeys(("get_task", "get_task_read", "get_task_name", "trace"), _to_process("process.open")),
    "remote_thread_create": _to_process("process.inject"),
    "signal": _to_process("syscall"),
    **dict.fromkeys(("setuid", "seteuid", "setreuid", "setgid", "setegid", "setregid"), _identity),
    **dict.fromkeys(("login_login", "lw_session_login", "openssh_login", "screensharing_attach", "su"), _login),
    **dict.fromkeys(("login_logout", "lw_session_logout", "openssh_logout", "screensharing_detach"), _logout),
    "sudo": _sudo,
    "btm_launch_item_add": _launch_item,
    "xp_malware_detected": _malware,
}
