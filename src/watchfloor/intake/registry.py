"""Which formats there are, in the order they are tried, and what is recognised only to be turned away."""

import re
from collections.abc import Callable
from functools import cache

from watchfloor.intake.format import Format
from watchfloor.intake.formats import auditd, evtx, macos, tables, windows_json, windows_text, windows_xml

#: Binary and exact shapes first, shapes told by a few field names last.
FORMATS: tuple[Format, ...] = (
    *evtx.FORMATS,
    *windows_xml.FORMATS,
    *windows_text.FORMATS,
    *auditd.FORMATS,
    *macos.FORMATS,
    *windows_json.FORMATS,
    *tables.FORMATS,
)

_MAGIC_NAMES: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "a PDF"),
    (b"\xd4\xc3\xb2\xa1", "a packet capture"),
    (b"\xa1\xb2\xc3\xd4", "a packet capture"),
    (b"\x0a\x0d\x0d\x0a", "a packet capture"),
    (b"MZ", "a Windows program"),
    (b"\x7fELF", "a Linux program"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"regf", "a registry hive"),
    (b"Rar!", "a RAR archive: unpack it first"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive: unpack it first"),
    (b"\x30\x00\x00\x00LfLe", "an old Windows .evt log: convert it to EVTX first"),
    (b"SQLite format 3\0", "a SQLite database"),
    (b"PAR1", "a Parquet file"),
)

_ALERTS = re.compile(rb'"event_type"\s*:\s*"(?:alert|flow|dns|http|tls|stats|fileinfo)"')
_GRAPH = re.compile(rb"<graphml[\s>]")
_WEB_LOG = re.compile(rb'\S+ \S+ \S+ \[[^\]\n]{10,40}\] "[A-Z]{3,10} ')
_NUMBERS = re.compile(rb"[0-9 \t\r\n]+\Z")


#: What the head, and the head from its first character on, look like; the last fits all.
_LOOKS: tuple[tuple[str, Callable[[bytes, bytes], bool]], ...] = (
    ("a graph", lambda head, text: bool(_GRAPH.search(head[:2048]))),
    ("Suricata alerts and flows", lambda head, text: text[:1] in b"{[" and bool(_ALERTS.search(head))),
    ("JSON of no known event shape", lambda head, text: text[:1] in b"{["),
    ("XML or HTML of no known event shape", lambda head, text: text[:1] == b"<"),
    ("unknown binary data", lambda head, text: b"\0" in head[:4096]),
    ("a web server's access log", lambda head, text: bool(_WEB_LOG.match(text))),
    ("numbers, such as a system call trace", lambda head, text: bool(_NUMBERS.match(head))),
    ("plain text", lambda head, text: True),
)


def recognise(head: bytes) -> Format | None:
    """The format of a source that starts like this, or None."""
    for form in FORMATS:
        try:
            if form.sniff(head):
                return form
        except Exception:
            # A sniffer that stumbles over hostile bytes has not recognised them.
            continue
    return None


def why_not(head: bytes) -> str:
    """What a source is that no format wants, as a reason for its rejection."""
    for magic, name in _MAGIC_NAMES:
        if head.startswith(magic):
            return f"not an event log ({name})"
    text = head.lstrip()
    if not text:
        return "empty file (only white space)"
    return next(f"not an event log ({name})" for name, holds in _LOOKS if holds(head, text))


@cache
def by_name(name: str) -> Format:
    """The format of this name; names are unique."""
    return next(form for form in FORMATS if form.name == name)
