"""Command lines and paths of an audit event."""

import posixpath
import shlex
from functools import lru_cache

from watchfloor.intake.linux.assembly import AuditEvent
from watchfloor.intake.linux.shapes import Fields, unhex

#: Arguments looked at; the kernel allows more, no command line is read that far.
MAX_ARGUMENTS = 65_536
#: The kernel cuts titles at 128 bytes; ausearch and hand-made logs need not.
_TITLE_CHARS = 512
#: AT_FDCWD as the kernel prints it for 32 and 64 bit: the name is relative to the working directory.
_AT_FDCWD = frozenset(("ffffff9c", "ffffffffffffff9c", "AT_FDCWD"))


def command_line(event: AuditEvent) -> str | None:
    """argv of EXECVE quoted as a shell would read it; PROCTITLE (cut at 128 bytes by the kernel) without."""
    argv = _argv(event.all_of("EXECVE"))
    if argv:
        return " ".join(shlex.quote(argument) for argument in argv)
    return proctitle(event)


def proctitle(event: AuditEvent) -> str | None:
    """The title the process had before the call."""
    fields = event.of("PROCTITLE")
    title = fields.get("proctitle") if fields else None
    if not title:
        return None
    if "\x00" not in title:
        return title
    return _known_title(title) if len(title) <= _TITLE_CHARS else _title(title)


def _title(title: str) -> str:
    return " ".join([shlex.quote(argument) for argument in title.rstrip("\x00").split("\x00")])


#: One process makes many calls.
_known_title = lru_cache(4096)(_title)


def _argv(records: list[Fields]) -> list[str]:
    """Arguments by number; long ones come in pieces ``a1[0]``, ``a1[1]`` over several records."""
    if len(records) == 1 and _is_counted(records[0]):
        return [_plain(value) for name, value in records[0].items() if name != "argc"]
    whole: dict[int, str] = {}
    pieces: dict[int, dict[int, str]] = {}
    for fields in records:
        for name, value in fields.items():
            if not name.startswith("a") or name.endswith("_len"):
                continue
            number, bracket, piece = name[1:].rstrip("]").partition("[")
            if not number.isdecimal() or len(number) > 6 or int(number) >= MAX_ARGUMENTS:
                continue
            if not bracket:
                whole[int(number)] = value
            elif piece.isdecimal() and len(piece) <= 6:
                pieces.setdefault(int(number), {})[int(piece)] = value
    for index, parts in pieces.items():
        whole[index] = _joined([parts[at] for at in sorted(parts)])
    return [_plain(whole[index]) for index in sorted(whole)]


def _is_counted(fields: Fields) -> bool:
    """True for ``argc``, ``a0``, ``a1`` … in this order and nothing else."""
    return len(fields) < MAX_ARGUMENTS and list(fields) == ["argc", *_names(len(fields) - 1)]


@lru_cache(64)
def _names(count: int) -> tuple[str, ...]:
    return tuple(f"a{number}" for number in range(count))


def _joined(parts: list[str]) -> str:
    if all(part.startswith("\x00") for part in parts):
        return "\x00" + "".join(part[1:] for part in parts)
    return "".join(_plain(part) for part in parts)


def _plain(value: str) -> str:
    """A leading NUL marks hexadecimal that has still to be decoded (see `records`)."""
    return unhex(value[1:]) if value.startswith("\x00") else value


def working_directory(event: AuditEvent) -> str | None:
    """CWD of the event."""
    fields = event.of("CWD")
    return fields.get("cwd") if fields else None


def paths(event: AuditEvent, *kinds: str) -> list[str]:
    """Absolute names of the PATH records of the given ``nametype``; all but PARENT when none is given."""
    found = []
    cwd = working_directory(event)
    for fields in event.all_of("PATH"):
        kind = fields.get("nametype", "NORMAL")
        name = fields.get("name")
        if name and (kind in kinds if kinds else kind != "PARENT"):
            found.append(absolute(name, cwd, event))
    return found


def absolute(name: str, cwd: str | None, event: AuditEvent) -> str:
    """The name joined to the working directory, unless it is relative to another open directory."""
    if name.startswith("/"):
        return posixpath.normpath(name) if "/." in name or "//" in name else name
    call = event.of("SYSCALL")
    elsewhere = call is not None and _is_relative_to_fd(call)
    if cwd is None or elsewhere or len(name) > 8192:
        return name
    return posixpath.normpath(posixpath.join(cwd, name))


def _is_relative_to_fd(call: Fields) -> bool:
    """True for the ``…at`` calls with a directory handle; interpreted text names the directory itself."""
    number = call.get("syscall", "")
    at_call = number.endswith("at") or call.get("SYSCALL", "").endswith(("at", "at2"))
    return at_call and call.get("a0") not in _AT_FDCWD
