"""The most frequent records in the shape the kernel writes them today, each taken apart by one pattern.

A shape is narrow on purpose: a record that departs from it anywhere gives None and is left to the general
rules in `records`, which define what a field is. Where a shape fits, its fields are those the general rules
would find, of them only the ones that are read for this type of record. To keep that true a quoted value
holds no ``=`` (never a lost separator, see ``_GLUED`` there), no ``?`` (never "nothing") and no NUL.
"""

import re
from collections.abc import Callable

Fields = dict[str, str]

_TEXT = r'("[^"=?\x00]*"|[0-9A-F]+)'

_CALL = re.compile(
    r"arch=([0-9a-f]+) syscall=([0-9]+)(?: per=[0-9a-f]+)? success=(yes|no) exit=(-?[0-9]+)"
    r" a0=([0-9a-f]+) a1=([0-9a-f]+) a2=([0-9a-f]+) a3=([0-9a-f]+) items=[0-9]+"
    r" ppid=([0-9]+) pid=([0-9]+) auid=([0-9]+) uid=([0-9]+) gid=[0-9]+ euid=([0-9]+) suid=[0-9]+"
    r" fsuid=[0-9]+ egid=[0-9]+ sgid=[0-9]+ fsgid=[0-9]+ tty=[\w()/]+ ses=([0-9]+)"
    rf" comm={_TEXT} exe={_TEXT} (?:subj=[\w:.\-]+ )?key=(?:\(null\)|{_TEXT})"
    r'(?:\x1dARCH=\w+ SYSCALL=(\w+) AUID="([^"=?\x00]+)" UID="([^"=?\x00]+)"(?: [A-Z]+="[^"=\x00]*")*)?\Z'
)
_CALL_NAMES = (
    *("arch", "syscall", "success", "exit", "a0", "a1", "a2", "a3", "ppid", "pid", "auid", "uid", "euid", "ses"),
    *("comm", "exe", "key", "SYSCALL", "AUID", "UID"),
)
_PATH = re.compile(
    rf"item=[0-9]+ name={_TEXT} (?:inode=[0-9]+ dev=[0-9a-f:]+ mode=[0-7]+ ouid=[0-9]+ ogid=[0-9]+"
    r" rdev=[0-9a-f:]+ (?:obj=[\w:.\-]+ )?)?nametype=([A-Z]+)(?=[ \x1d]|\Z)"
)
_CWD = re.compile(rf"cwd={_TEXT}\Z")
_TITLE = re.compile(rf"proctitle={_TEXT}\Z")


def unhex(value: str) -> str:
    """Text of a hexadecimal value; bytes that are no UTF-8 are kept as ``\\xff``."""
    return bytes.fromhex(value).decode("utf-8", "backslashreplace")


def _plain(value: str) -> str:
    if value[0] == '"':
        return value[1:-1]
    return value if len(value) & 1 else unhex(value)


def _call(line: str, start: int) -> Fields | None:
    found = _CALL.match(line, start)
    if found is None:
        return None
    fields: Fields = dict(zip(_CALL_NAMES, found.groups(), strict=True))
    fields["comm"] = _plain(fields["comm"])
    fields["exe"] = _plain(fields["exe"])
    if found[17] is None:
        del fields["key"]
    else:
        fields["key"] = _plain(found[17])
    if found[18] is None:
        del fields["SYSCALL"], fields["AUID"], fields["UID"]
    return fields


def _path(line: str, start: int) -> Fields | None:
    found = _PATH.match(line, start)
    return {"name": _plain(found[1]), "nametype": found[2]} if found is not None else None


def _cwd(line: str, start: int) -> Fields | None:
    found = _CWD.match(line, start)
    return {"cwd": _plain(found[1])} if found is not None else None


def _title(line: str, start: int) -> Fields | None:
    found = _TITLE.match(line, start)
    return {"proctitle": _plain(found[1])} if found is not None else None


#: By record type: the fields of the line from an offset on, None when it has another shape.
SHAPES: dict[str, Callable[[str, int], Fields | None]] = {
    "SYSCALL": _call,
    "PATH": _path,
    "CWD": _cwd,
    "PROCTITLE": _title,
}
