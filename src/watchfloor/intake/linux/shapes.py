"""The most frequent records in the shape the kernel writes them today, each taken apart by one pattern.

A shape is narrow on purpose: a record that departs from it anywhere gives None and is left to the general
rules in `records`, which define what a field is. Where a shape fits, its fields are those the general rules
would find, of them only the ones that are read for this type of record. To keep that true a quoted value
holds no ``=`` (never a lost separator, see ``_GLUED`` there), no ``?`` (never "nothing") and no NUL.
"""

import re
from collections.abc import Callable
from functools import lru_cache

Fields = dict[str, str]

#: Two groups: text in quotes, or in hexadecimal.
_TEXT = r'(?:"([^"=?\x00]*)"|([0-9A-F]+))'

_CALL = re.compile(
    r"arch=([0-9a-f]+) syscall=([0-9]+)(?: per=[0-9a-f]+)? success=(yes|no) exit=(-?[0-9]+)"
    r" a0=([0-9a-f]+) a1=([0-9a-f]+) a2=([0-9a-f]+) a3=([0-9a-f]+) items=[0-9]+ ppid=([0-9]+) pid=([0-9]+) "
)
_CALLER = re.compile(
    r"auid=([0-9]+) uid=([0-9]+) gid=[0-9]+ euid=([0-9]+) suid=[0-9]+"
    r" fsuid=[0-9]+ egid=[0-9]+ sgid=[0-9]+ fsgid=[0-9]+ tty=[\w()/]+ ses=([0-9]+)"
    rf" comm={_TEXT} exe={_TEXT} (?:subj=[\w:.\-]+ )?key=(?:\(null\)|{_TEXT})"
    r'(?:\x1dARCH=\w+ SYSCALL=(\w+) AUID="([^"=?\x00]+)" UID="([^"=?\x00]+)"(?: [A-Z]+="[^"=\x00]*")*)?\Z'
)
#: The longest text about a caller that is remembered.
_CALLER_CHARS = 1024
_PATH = re.compile(
    rf"item=[0-9]+ name={_TEXT} (?:inode=[0-9]+ dev=[0-9a-f:]+ mode=[0-7]+ ouid=[0-9]+ ogid=[0-9]+"
    r" rdev=[0-9a-f:]+ (?:obj=[\w:.\-]+ )?)?nametype=([A-Z]+)(?=[ \x1d]|\Z)"
)
_CWD = re.compile(rf"cwd={_TEXT}\Z")
_TITLE = re.compile(rf"proctitle={_TEXT}\Z")
_ARGUMENTS = re.compile(r'argc=([0-9]+)((?: a[0-9]+=(?:"[^"\x00]*"|[0-9A-F]+))+)\Z')
_ARGUMENT = re.compile(r'(a[0-9]+)=("[^"]*"|[0-9A-F]+)')


def unhex(value: str) -> str:
    """Text of a hexadecimal value; bytes that are no UTF-8 are kept as ``\\xff``."""
    return bytes.fromhex(value).decode("utf-8", "backslashreplace")


def _bare(value: str) -> str:
    return value if len(value) & 1 else unhex(value)


def _call(line: str, start: int) -> Fields | None:
    found = _CALL.match(line, start)
    if found is None:
        return None
    rest = line[found.end() :]
    caller = _known_caller(rest) if len(rest) <= _CALLER_CHARS else _caller(rest)
    if caller is None:
        return None
    arch, number, success, result, a0, a1, a2, a3, ppid, pid = found.groups()
    return {
        **caller,
        "arch": arch,
        "syscall": number,
        "success": success,
        "exit": result,
        "a0": a0,
        "a1": a1,
        "a2": a2,
        "a3": a3,
        "ppid": ppid,
        "pid": pid,
    }


def _caller(rest: str) -> Fields | None:
    """The second half of a SYSCALL record: the same for all calls of a program under one rule."""
    found = _CALLER.match(rest)
    if found is None:
        return None
    auid, uid, euid, session, comm, coded_comm, exe, coded_exe, key, coded_key, name, login, user = found.groups()
    fields = {
        "auid": auid,
        "uid": uid,
        "euid": euid,
        "ses": session,
        "comm": _bare(coded_comm) if comm is None else comm,
        "exe": _bare(coded_exe) if exe is None else exe,
    }
    if key is not None:
        fields["key"] = key
    elif coded_key is not None:
        fields["key"] = _bare(coded_key)
    if name is not None:
        fields["SYSCALL"] = name
        fields["AUID"] = login
        fields["UID"] = user
    return fields


_known_caller = lru_cache(4096)(_caller)


def _path(line: str, start: int) -> Fields | None:
    found = _PATH.match(line, start)
    if found is None:
        return None
    name, coded, kind = found.groups()
    return {"name": _bare(coded) if name is None else name, "nametype": kind}


def _cwd(line: str, start: int) -> Fields | None:
    found = _CWD.match(line, start)
    if found is None:
        return None
    name, coded = found.groups()
    return {"cwd": _bare(coded) if name is None else name}


def _title(line: str, start: int) -> Fields | None:
    found = _TITLE.match(line, start)
    if found is None:
        return None
    title, coded = found.groups()
    return {"proctitle": _bare(coded) if title is None else title}


def _arguments(line: str, start: int) -> Fields | None:
    """Arguments in hexadecimal are left so behind a NUL: pieces are joined before they are decoded."""
    if 'UID="' in line or '"?"' in line:
        return None
    found = _ARGUMENTS.match(line, start)
    if found is None:
        return None
    pairs = _ARGUMENT.findall(line, found.start(2))
    fields = {"argc": found[1]}
    for name, value in pairs:
        if value[0] == '"':
            fields[name] = value[1:-1]
        else:
            fields[name] = value if len(value) & 1 else "\x00" + value
    return fields if len(fields) == len(pairs) + 1 else None


#: By record type: the fields of the line from an offset on, None when it has another shape.
SHAPES: dict[str, Callable[[str, int], Fields | None]] = {
    "SYSCALL": _call,
    "PATH": _path,
    "CWD": _cwd,
    "PROCTITLE": _title,
    "EXECVE": _arguments,
}
