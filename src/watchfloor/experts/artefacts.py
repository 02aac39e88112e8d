"""What kind of thing a text is, by rules where a rule is enough, and which parts are another expert's question.

Knows nothing of which experts there are.
"""

import re
from dataclasses import dataclass
from typing import Final

#: Parts of one text that are asked about at most.
MOST_PARTS: Final = 16
_CVE = re.compile(r"\bCVE-\d{4}-\d{4,7}\b", re.IGNORECASE)
_CODE = re.compile(
    r"^\s*(?:def \w+\(|class \w+[(:]|import \w|from [\w.]+ import |#include\s*<|package [\w.]+;|"
    r"public (?:static |final )*(?:class|void|int|String)\b|function \w*\(|(?:int|void|char) \**\w+\([^)]*\)\s*\{)",
    re.MULTILINE,
)  # fmt: skip
#: How a line begins that somebody typed into a shell, or that starts a Windows program with arguments.
_COMMAND = re.compile(
    r"^\s*(?:[$#>]\s+|PS [A-Z]:[^>]*>\s*|[A-Z]:\\[^>]*>\s*)?(?P<line>(?:sudo\s+)?(?:"
    r"(?:[A-Za-z]:)?[\w .()%\\-]*\.exe\b|cmd|powershell|pwsh|rundll32|regsvr32|mshta|certutil|schtasks|wmic|net1?|reg|"
    r"sc|(?:/usr)?/s?bin/[\w.-]+|bash|sh|zsh|curl|wget|nc|ncat|python[23]?|perl|ruby|php|chmod|chown|crontab|systemctl|ssh|"
    r"scp|find|awk|sed|tar|dd|base64|openssl|git|docker|kubectl|iptables|useradd|echo|cat|cp|mv|rm|ls|mkdir|nmap|socat"
    r")(?:\s+\S.*)?)$", re.MULTILINE | re.IGNORECASE,
)  # fmt: skip
_PROSE = re.compile(r"[.!?]\s+[A-Z]|\b(?:the|and|that|with|which|please)\b")


@dataclass(frozen=True, slots=True)
class Artefact:
    """A text and what rules see in it: its ``kind``, or nothing, and parts by the kind of question they are."""

    text: str
    kind: str
    commands: tuple[str, ...]
    cves: tuple[str, ...]


def recognise(text: str) -> Artefact:
    """Look at a text. ``kind`` is ``cve``, ``code``, ``command`` or empty: then the router has to look itself."""
    head = text[:20_000]
    cves = tuple(dict.fromkeys(found.upper() for found in _CVE.findall(head)))[:MOST_PARTS]
    lines = [line for line in head.splitlines() if line.strip()]
    commands = tuple(dict.fromkeys(found["line"].strip() for found in _COMMAND.finditer(head)))[:MOST_PARTS]
    # A line of prose can begin like a command ("find out which ..."): one that reads as a sentence is none.
    commands = tuple(line for line in commands if not _PROSE.search(line))
    if _CODE.search(head) and len(lines) > 2:
        kind = "code"
    elif commands and len(commands) == len(lines):
        kind = "command"
    elif cves and len(lines) <= 40:
        kind = "cve"
    else:
        kind = ""
    return Artefact(text, kind, commands, cves)
