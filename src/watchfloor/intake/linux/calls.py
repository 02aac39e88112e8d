"""System calls to actions: one small function a kind of call, chosen by name from one table."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from watchfloor.base.events import Row
from watchfloor.intake.linux import addresses, arguments, who
from watchfloor.intake.linux.assembly import AuditEvent
from watchfloor.intake.linux.shapes import Fields


@dataclass(slots=True)
class Call:
    """One system call event: its name and the fields of its SYSCALL record."""

    name: str
    fields: Fields
    event: AuditEvent

    def argument(self, index: int) -> int | None:
        """Argument ``a0`` to ``a3``: hexadecimal, or 0x… and names where interpreted."""
        text = self.fields.get(_ARGUMENTS[index])
        return who.integer(text.removeprefix("0x"), 16) if text else None

    def flags(self, index: int) -> str:
        """The argument as written, for interpreted flag names."""
        return self.fields.get(_ARGUMENTS[index], "")

    @property
    def path(self) -> str | None:
        """The first name the call was given."""
        found = arguments.paths(self.event)
        return found[0] if found else None


_ARGUMENTS = ("a0", "a1", "a2", "a3")
_WRITE_FLAGS = 0x1 | 0x2 | 0x40 | 0x200  # O_WRONLY, O_RDWR, O_CREAT, O_TRUNC
_WRITE_NAMES = re.compile("O_WRONLY|O_RDWR|O_CREAT|O_TRUNC")
_CLONE_THREAD = 0x10000
_PTRACE_READ = frozenset((1, 2, 3, 12, 14, 16, 0x4204, 0x4206))  # PEEK*, GETREGS, ATTACH, SEIZE
_PTRACE_WRITE = frozenset((4, 5, 6, 13, 15, 18, 0x4205))  # POKE*, SETREGS, SETREGSET
_PTRACE_READ_NAMES = ("PTRACE_PEEK", "PTRACE_GET", "PTRACE_ATTACH", "PTRACE_SEIZE")
_PTRACE_WRITE_NAMES = ("PTRACE_POKE", "PTRACE_SET")


def _execute(call: Call) -> Row:
    """execve: the record's process *becomes* the image; who launched it is its parent."""
    event, fields = call.event, call.fields
    failed = who.outcome(fields) == "failure"
    argv0 = arguments.command_line(event)
    named = call.path or (argv0.split(" ", 1)[0] if argv0 else None)
    return {
        "action": "process.launch",
        "process.pid": who.process_id(fields.get("pid")),
        "process.file.path": (named if failed else None) or fields.get("exe") or named or fields.get("comm"),
        "process.cmd_line": argv0,
        "process.working_directory": arguments.working_directory(event),
        "actor.process.pid": who.process_id(fields.get("ppid")),
        "actor.process.file.path": None,
        "actor.process.cmd_line": None,
        "actor.process.parent_process.pid": None,
    }


def _fork(call: Call) -> Row:
    """fork: a second process with the same image. Threads are none; clone3 hides which it makes."""
    child = who.process_id(call.fields.get("exit"))
    flags = call.argument(0) or 0
    is_thread = bool(flags & _CLONE_THREAD) or "CLONE_THREAD" in call.flags(0)
    if (call.name == "clone" and is_thread) or not child or who.outcome(call.fields) == "failure":
        return _other(call)
    return {
        "action": "process.launch",
        "process.pid": child,
        "process.file.path": call.fields.get("exe"),
        "process.cmd_line": arguments.proctitle(call.event),
        "status_detail": "fork",
    }


def _exit(call: Call) -> Row:
    fields = call.fields
    return {
        "action": "process.terminate",
        "process.pid": who.process_id(fields.get("pid")),
        "process.file.path": fields.get("exe"),
        "status_detail": who.detail(f"exit code {fields.get('a0', '?')}"),
    }


def _open(call: Call) -> Row:
    created = arguments.paths(call.event, "CREATE")
    if created or call.name == "creat":
        return {"action": "file.create", "file.path": created[0] if created else call.path}
    at = {"open": 1, "openat": 2}.get(call.name)
    flags = call.argument(at) if at is not None else None
    text = call.flags(at) if at is not None else ""
    writes = bool(flags and flags & _WRITE_FLAGS) or _WRITE_NAMES.search(text) is not None
    return {
        "action": "file.modify" if writes else "file.read",
        "file.path": call.path,
        "actual_permissions": text or None,
    }


def _create(call: Call) -> Row:
    created = arguments.paths(call.event, "CREATE")
    other = [path for path in arguments.paths(call.event) if path not in created]
    target = f"from {other[0]}" if created and other else None
    return {
        "action": "file.create",
        "file.path": created[0] if created else call.path,
        "status_detail": who.detail(call.name, target),
    }


def _delete(call: Call) -> Row:
    gone = arguments.paths(call.event, "DELETE")
    return {"action": "file.delete", "file.path": gone[0] if gone else call.path}


def _rename(call: Call) -> Row:
    """The file has its new name; the old one is in the detail, as Defender reports it."""
    old, new = arguments.paths(call.event, "DELETE"), arguments.paths(call.event, "CREATE")
    everything = arguments.paths(call.event)
    return {
        "action": "file.rename",
        "file.path": new[0] if new else (everything[-1] if everything else None),
        "status_detail": f"from {old[0]}" if old else None,
    }


def _modify(call: Call) -> Row:
    return {"action": "file.modify", "file.path": call.path, "status_detail": call.name}


_MODE_AT = {"chmod": 1, "fchmod": 1, "fchmodat": 2, "fchmodat2": 2}
_OWNER_AT = {"chown": 1, "lchown": 1, "fchown": 1, "chown32": 1, "lchown32": 1, "fchown32": 1, "fchownat": 2}


def _attributes(call: Call) -> Row:
    permissions = None
    if call.name in _MODE_AT:
        at = _MODE_AT[call.name]
        mode = call.argument(at)
        named = call.event.interpreted and not call.flags(at).startswith("0x")
        permissions = call.flags(at) if named or mode is None else f"{mode & 0o7777:04o}"
    elif call.name in _OWNER_AT:
        at = _OWNER_AT[call.name]
        permissions = f"{_owner(call, at)}:{_owner(call, at + 1)}"
    return {
        "action": "file.attributes",
        "file.path": call.path,
        "actual_permissions": permissions,
        "status_detail": call.name,
    }


def _owner(call: Call, at: int) -> str:
    if call.event.interpreted:
        return call.flags(at)
    value = call.argument(at)
    return "-" if value is None or value & 0xFFFFFFFF == 0xFFFFFFFF else str(value)


def _times(call: Call) -> Row:
    return {"action": "file.time", "file.path": call.path}


def _socket(call: Call) -> Row:
    """connect, bind, accept and datagrams: by what kind of address the kernel saw."""
    record = call.event.of("SOCKADDR")
    address = addresses.of_record(record) if record else None
    connects = call.name not in ("bind", "accept", "accept4", "listen")
    if address is None:
        return _other(call) if call.name.startswith("send") else {"action": _network_action(connects)}
    if address.path is not None:
        action = "pipe.create" if call.name == "bind" else "pipe.connect"
        return {"action": action, "file.path": address.path or None, "status_detail": "unix socket"}
    if address.ip is None:
        return {"action": "syscall", "status_detail": who.detail(call.name, address.family)}
    side = "dst_endpoint" if connects else "src_endpoint"  # of accept: the peer
    return {
        "action": _network_action(connects),
        f"{side}.ip": addresses.ip_of(address.ip),
        f"{side}.port": address.port,
        "status_detail": call.name if call.name != "connect" else None,
    }


def _network_action(connects: bool) -> str:
    return "network.connect" if connects else "network.listen"


def _target(call: Call, pid: int | None) -> Row:
    """The other process: OBJ_PID names it where the kernel wrote one."""
    about = call.event.of("OBJ_PID") or {}
    return {
        "process.pid": who.process_id(about.get("opid")) or (pid if pid and 0 < pid < 1 << 31 else None),
        "process.file.path": about.get("ocomm"),
        "user.name": who.account(about, "ouid", call.event.interpreted),
    }


def _ptrace(call: Call) -> Row:
    request, text = call.argument(0), call.flags(0)
    if request in _PTRACE_WRITE or text.startswith(_PTRACE_WRITE_NAMES):
        action = "process.inject"
    elif request in _PTRACE_READ or text.startswith(_PTRACE_READ_NAMES):
        action = "process.open"
    else:
        action = "syscall"
    permissions = text if not text[:1].isdecimal() else f"request 0x{request or 0:x}"
    return {"action": action, "actual_permissions": permissions, **_target(call, call.argument(1))}


def _process_memory(call: Call) -> Row:
    action = "process.inject" if call.name == "process_vm_writev" else "process.open"
    return {"action": action, "status_detail": call.name, **_target(call, call.argument(0))}


def _signal(call: Call) -> Row:
    at = 2 if call.name == "tgkill" else 1
    number = call.argument(at)
    signal = call.flags(at) if call.event.interpreted or number is None else str(number)
    pid = who.process_id(call.flags(0)) if call.event.interpreted else call.argument(0)
    return {"action": "syscall", "status_detail": f"{call.name} signal {signal}", **_target(call, pid)}


def _module(call: Call) -> Row:
    named = call.event.of("KERN_MODULE") or {}
    return {"action": "driver.load", "file.path": call.path or named.get("name"), "status_detail": call.name}


def _identity(call: Call) -> Row:
    values = [call.argument(index) for index in range(3 if "res" in call.name else 2 if "re" in call.name else 1)]
    given = [str(v) for v in values if v is not None and v & 0xFFFFFFFF != 0xFFFFFFFF]
    written = [call.flags(0)] if call.event.interpreted else given
    is_user = "uid" in call.name
    wanted = written[0] if written else None
    named = call.event.interpreted and wanted is not None and not wanted.isdecimal()
    return {
        "action": "process.set_user",
        "process.pid": who.process_id(call.fields.get("pid")),
        "process.file.path": call.fields.get("exe"),
        "user.name": (wanted if named else f"uid:{wanted}") if is_user and wanted else None,
        "status_detail": who.detail(call.name, ",".join(written)),
    }


def _other(call: Call) -> Row:
    values = ", ".join([f"{name}={call.fields[name]}" for name in _ARGUMENTS if name in call.fields])
    module = call.event.of("KERN_MODULE") or {}
    return {
        "action": "syscall",
        "file.path": call.path or module.get("name"),
        "status_detail": f"{call.name}({values})",
    }


_KINDS: tuple[tuple[Callable[[Call], Row], str], ...] = (
    (_execute, "execve execveat"),
    (_fork, "clone fork vfork"),
    (_exit, "exit exit_group"),
    (_open, "open openat openat2 creat open_by_handle_at"),
    (_create, "mkdir mkdirat mknod mknodat link linkat symlink symlinkat"),
    (_delete, "unlink unlinkat rmdir"),
    (_rename, "rename renameat renameat2"),
    (_modify, "truncate ftruncate truncate64 ftruncate64 fallocate"),
    (_attributes, " ".join((*_MODE_AT, *_OWNER_AT))),
    (_attributes, "setxattr lsetxattr fsetxattr removexattr lremovexattr fremovexattr"),
    (_times, "utime utimes utimensat futimesat utimensat_time64"),
    (_socket, "connect bind listen accept accept4 sendto sendmsg sendmmsg socketcall"),
    (_ptrace, "ptrace"),
    (_process_memory, "process_vm_readv process_vm_writev"),
    (_signal, "kill tkill tgkill"),
    (_module, "init_module finit_module create_module"),
    (_identity, "setuid setgid setreuid setregid setresuid setresgid setfsuid setfsgid"),
    (_identity, "setuid32 setgid32 setreuid32 setregid32 setresuid32 setresgid32 setfsuid32 setfsgid32"),
)
_BY_NAME = {name: kind for kind, names in _KINDS for name in names.split()}


def of_call(call: Call) -> Row:
    """Action, object and context of a system call; an unmapped one is action ``syscall``."""
    return _BY_NAME.get(call.name, _other)(call)
