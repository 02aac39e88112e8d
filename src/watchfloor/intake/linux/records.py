"""One line of an audit log as a record: type, event stamp, node and fields.

Read are auditd's own log (with or without the enriched half after 0x1d), the same lines behind a syslog
or kernel prefix, and both outputs of ``ausearch``. Field values are decoded text; what the kernel
writes as hexadecimal because it holds spaces or quotes is text again.
"""

import re
from dataclasses import dataclass
from itertools import zip_longest

from watchfloor.intake.linux.shapes import SHAPES, Fields, unhex

#: type=NAME msg=audit(STAMP): or the kernel's own type=1300 audit(STAMP): ; the stamp stays as printed.
_HEAD = re.compile(r"type=([A-Z_0-9]{1,40}|UNKNOWN\[\d{1,9}\]) (?:msg=)?audit\(([^()\n]{3,60}):(\d{1,20})\) ?: ?")
_STAMP = r"[0-9]{1,12}\.[0-9]{1,9}:[0-9]{1,20}"
#: The head as auditd writes it, by far the most frequent: a case of the one above.
_PLAIN_HEAD = re.compile(rf"(?:node=(\S{{1,255}}) )?type=([A-Z][A-Z_0-9]{{0,39}}) msg=audit\(({_STAMP})\): ?")
#: An event as it mostly stands in a log: its lines in one piece, the call first and the title last.
_END = r"[^\n]*[^\s\x00\ufeff]\n"
_WHOLE = re.compile(
    rf"((?:node=(\S{{1,255}}) )?type=)SYSCALL( msg=audit\(({_STAMP})\): )({_END})"
    rf"((?:\1(?:PATH|CWD|EXECVE|BPRM_FCAPS|SOCKADDR|OBJ_PID|MMAP|FD_PAIR|CAPSET|KERN_MODULE)\3{_END})*)"
    rf"\1PROCTITLE\3({_END})"
)
_WITHIN = re.compile(r"type=([A-Z_]+) msg=audit\([0-9.:]+\): ([^\n]*)\n")
_NODE = re.compile(r"(?:^|\s)node=(\S{1,255})\s")
_SYSLOG_HOST = re.compile(
    r"(?:<\d{1,3}>\d? ?)?"
    r"(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[0-9.:+Z-]{0,20}) (\S{1,255}) "
)
_FIELD = re.compile(r"""(?<![\w\-])([A-Za-z][\w\-]*(?:\[\d+\])?)=("[^"]*"|'|[^\s"']*)""")
#: Where the separator before the enriched half was lost on the way: ``key="exec"ARCH=x86_64``.
_GLUED = re.compile(r"""(?<=[a-z0-9")])(?=(?:ARCH|AUID|OUID|SADDR|UID)=)""")
_WORD = re.compile(r"(?:^| )([A-Za-z][\w\-]*(?:\[\d+\])?)=")
_ARGUMENT = re.compile(r"(?:^| )a(\d+)=")
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2})+")
_ARGUMENT_NAME = re.compile(r"a\d+(?:\[\d+\])?")

#: Fields the kernel or PAM writes quoted when plain and as hexadecimal when not.
# fmt: off
_UNTRUSTED = frozenset(
    (
        "name", "comm", "ocomm", "exe", "cwd", "proctitle", "acct", "cmd", "path", "dir", "key", "data", "file", "vm",
        "watch", "grp", "new_group",
    )
)
# fmt: on
_NOTHING = frozenset(("(null)", "(none)", "?", '"?"', ""))

#: Kernel record numbers met behind a syslog prefix, where no name was put in.
_NUMBERED = {
    "1100": "USER_AUTH",
    "1101": "USER_ACCT",
    "1102": "USER_MGMT",
    "1103": "CRED_ACQ",
    "1104": "CRED_DISP",
    "1105": "USER_START",
    "1106": "USER_END",
    "1107": "USER_AVC",
    "1108": "USER_CHAUTHTOK",
    "1109": "USER_ERR",
    "1110": "CRED_REFR",
    "1112": "USER_LOGIN",
    "1113": "USER_LOGOUT",
    "1114": "ADD_USER",
    "1115": "DEL_USER",
    "1116": "ADD_GROUP",
    "1117": "DEL_GROUP",
    "1123": "USER_CMD",
    "1127": "SYSTEM_BOOT",
    "1128": "SYSTEM_SHUTDOWN",
    "1130": "SERVICE_START",
    "1131": "SERVICE_STOP",
    "1300": "SYSCALL",
    "1302": "PATH",
    "1305": "CONFIG_CHANGE",
    "1306": "SOCKADDR",
    "1307": "CWD",
    "1309": "EXECVE",
    "1318": "OBJ_PID",
    "1319": "TTY",
    "1320": "EOE",
    "1325": "NETFILTER_CFG",
    "1326": "SECCOMP",
    "1327": "PROCTITLE",
    "1330": "KERN_MODULE",
    "1334": "BPF",
    "1400": "AVC",
    "1701": "ANOM_ABEND",
    "1006": "LOGIN",
}


class Record:
    """One audit record. ``interpreted`` is the output of ``ausearch -i``: names instead of numbers.

    ``line`` is the whole line, or only the part behind the head where the event keeps its lines itself.
    """

    __slots__ = ("_fields", "_start", "interpreted", "line", "node", "stamp", "type")

    def __init__(self, type_: str, stamp: str, node: str | None, interpreted: bool, line: str, start: int) -> None:
        self.type = type_
        self.stamp = stamp
        self.node = node
        self.interpreted = interpreted
        self.line = line
        self._start = start
        self._fields: Fields | None = None

    @property
    def fields(self) -> Fields:
        """The fields behind the head of the line, taken apart when they are first asked for.

        Of a record in one of `shapes` only those that are read for its type.
        """
        fields = self._fields
        if fields is None:
            if self.interpreted:
                fields = _interpreted(self.type, self.line[self._start :])
            elif self.type in SHAPES:
                fields = SHAPES[self.type](self.line, self._start)
            if fields is None:
                fields = _raw(self.type, self.line[self._start :])
            self._fields = fields
        return fields

    def all_fields(self) -> Fields:
        """Every field of the line, read by an Event or not, as text; `fields` keeps arguments as they came."""
        body = self.line[self._start :]
        if self.interpreted:
            return _interpreted(self.type, body)
        fields = _raw(self.type, body)
        return _arguments_as_text(fields) if self.type == "EXECVE" else fields


def parse(line: str) -> Record | None:
    """The record of a line, None when the line is no audit record."""
    plain = _PLAIN_HEAD.match(line)
    if plain is None:
        return _prefixed(line)
    node, type_, stamp = plain.groups()
    return Record(type_, stamp, node.lower() if node is not None else None, False, line, plain.end())


@dataclass(slots=True)
class Whole:
    """All records of one event that stand in one piece, and where in the text they end."""

    text: str
    records: list[Record]
    end: int


def whole(text: str, start: int) -> Whole | None:
    """The event that begins at an offset, if it is of the common kind; None leaves it to `parse`, line by line."""
    found = _WHOLE.match(text, start)
    if found is None:
        return None
    _, node, _, stamp, call, others, title = found.groups()
    node = node.lower() if node is not None else None
    records = [Record("SYSCALL", stamp, node, False, call[:-1], 0)]
    records += [Record(type_, stamp, node, False, body, 0) for type_, body in _WITHIN.findall(others)]
    records.append(Record("PROCTITLE", stamp, node, False, title[:-1], 0))
    end = found.end()
    return Whole(text[start : end - 1], records, end)


def _prefixed(line: str) -> Record | None:
    """A record with a head of any kind, behind anything."""
    head = _HEAD.search(line, 0, 2048)
    if head is None:
        return None
    prefix = line[: head.start()]
    node = None
    if prefix:
        found = _NODE.search(prefix) or _SYSLOG_HOST.match(prefix)
        node = found[1].lower() if found else None
    clock = head[2]
    type_ = _NUMBERED.get(head[1], head[1])
    return Record(type_, f"{clock}:{head[3]}", node, not _is_epoch(clock), line, head.end())


def from_pairs(type_: str, stamp: str, node: str | None, pairs: str) -> Record:
    """A record whose fields a collector has split off already (Azure's ``AuditdMessage``)."""
    head = f"type={type_} msg=audit({stamp}): "
    return Record(type_, stamp, node, False, head + pairs, len(head))


def _is_epoch(clock: str) -> bool:
    return clock.replace(".", "", 1).isdecimal()


def _separated(body: str) -> str:
    if "\x00" in body:  # no log holds one, and in arguments it marks what is still hexadecimal
        body = body.replace("\x00", "\\x00")
    return _GLUED.sub(" ", body) if "\x1d" not in body and 'UID="' in body else body


def _raw(type_: str, body: str) -> Fields:
    fields: Fields = {}
    execve = type_ == "EXECVE"
    for name, value in _FIELD.findall(_separated(body)):
        if value in _NOTHING or name in fields:
            continue
        first = value[0]
        if first == '"':
            fields[name] = value[1:-1]
            continue
        if first == "'":
            continue  # msg='op=… res=success' is a wrapper: its fields follow
        if value[-1] in ",)" and "(" not in value:
            value = value.rstrip(",)")  # older daemons: (hostname=?, addr=?, terminal=cron res=success)
            if value in _NOTHING:
                continue
        if execve and _ARGUMENT_NAME.fullmatch(name):
            # argument pieces are joined before they are decoded: a cut may go through a character
            fields[name] = "\x00" + value if _HEX.fullmatch(value) else value
        elif name in _UNTRUSTED and _HEX.fullmatch(value):
            fields[name] = unhex(value)
        else:
            fields[name] = value
    return fields


def _arguments_as_text(fields: Fields) -> Fields:
    """Arguments decoded, those in pieces ``a1[0]``, ``a1[1]`` joined first."""
    pieces: dict[str, list[str]] = {}
    for name, value in fields.items():
        pieces.setdefault(name.partition("[")[0], []).append(value)
    whole: Fields = {}
    for name, parts in pieces.items():
        value = "".join(parts)
        coded = value.count("\x00")  # one at the start of each hexadecimal piece, none elsewhere
        if coded:
            value = value.replace("\x00", "")
        whole[name] = unhex(value) if coded == len(parts) else value
    return whole


def _interpreted(type_: str, body: str) -> Fields:
    """Fields of ``ausearch -i``: values are bare and may hold spaces, so each ends where a name begins."""
    if type_ == "PROCTITLE":
        return {"proctitle": body.partition("proctitle=")[2].strip()}
    if type_ == "EXECVE":
        return _interpreted_arguments(body)
    fields: Fields = {}
    body = body.replace("msg='", "").replace("saddr={ ", "").rstrip()
    marks = list(_WORD.finditer(body))
    for mark, following in zip_longest(marks, marks[1:]):
        value = body[mark.end() : following.start() if following else len(body)].strip()
        if following is None:
            value = value.removesuffix("'").removesuffix("}").strip()
        if value not in _NOTHING:
            fields.setdefault(mark[1], value)
    return fields


def _interpreted_arguments(body: str) -> Fields:
    """argc=3 a0=sh a1=-c a2=X=1 a1=2 …: only the next argument's name in turn ends an argument."""
    fields: Fields = {}
    name, start, wanted = "", 0, 0
    for mark in _ARGUMENT.finditer(body):
        if mark[1] != str(wanted):
            continue
        if name:
            fields[name] = body[start : mark.start()]
        name, start, wanted = f"a{wanted}", mark.end(), wanted + 1
    if name:
        fields[name] = body[start:].strip()
    return fields
