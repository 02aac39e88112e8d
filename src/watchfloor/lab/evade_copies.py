"""The system's own tools copied elsewhere and run under other names; a version resource goes with the copy."""

import re
from random import Random
from typing import Final

from watchfloor.base.events import Row
from watchfloor.lab.evade_names import Choice, Substitution, base, listed, split

_WINDOWS: Final = frozenset(
    f"{name}.exe"
    for name in listed(
        "powershell cmd net net1 sc reg schtasks whoami certutil wevtutil vssadmin bcdedit nltest ipconfig tasklist "
        "taskkill bitsadmin netsh systeminfo quser arp rundll32 regsvr32 mshta wmic cscript wscript msbuild curl "
        "installutil forfiles wbadmin hostname nslookup netstat procdump ping"
    )
)
#: What stays: launchers and what they start, what needs its set-uid bit, login shells.
STAYS: Final = re.compile(
    r"^(?:sshd.*|ssh-agent|sudo|su|unix_chkpwd|crond?|atd?|atq|crontab|passwd|chsh|mount|umount|newgrp|login|agetty|"
    r"run-parts|dircolors|lesspipe|clear_console|hostname|systemd.*|dash|sh|bash|env|newuidmap|newgidmap|fusermount\d?)$"
)
_BIN: Final = re.compile(r"^(?:/usr)?/s?bin/[^/]+$")
_IMAGES: Final = ("process.file.path", "actor.process.file.path", "actor.process.parent_process.file.path")
_NAMES: Final = listed("gather tidyup viewer keeper mover linker reader poster counter marker sorter joiner")


def copies(rows: list[Row], rng: Random) -> None:
    """Give every system tool that works as a copy another path, wherever the attack uses it."""
    found = sorted({row[c] for row in rows for c in _IMAGES if row.get(c) and _copied(row[c]) and not _missed(row, c)})
    choice = Choice(rng, _NAMES)
    names: dict[str, str] = {}
    pairs: dict[str, str] = {}
    for path in found:
        new = names.setdefault(base(path), choice.name())
        pairs[path] = f"/var/tmp/{new}" if path.startswith("/") else rf"C:\Users\Public\{new}.exe"
    Substitution(pairs).rows(rows)
    words = {old: new for old, new in names.items()} | {old.removesuffix(".exe"): new for old, new in names.items()}
    for row in rows:
        for column in ("process.cmd_line", "actor.process.cmd_line"):
            if row.get(column):
                row[column] = _called(row[column], words)


def _copied(path: str) -> bool:
    if path.startswith("/"):
        return bool(_BIN.match(path)) and not STAYS.match(base(path))
    return "\\windows\\" in split(path)[0].lower() + "\\" and base(path) in _WINDOWS


def _missed(row: Row, column: str) -> bool:
    """A launch that failed: the image is a guess of a search through PATH."""
    return column == "process.file.path" and row.get("action") == "process.launch" and row.get("status") == "failure"


def _called(command: str, words: dict[str, str]) -> str:
    """The command line with its program called by the new name."""
    program, space, rest = command.partition(" ")
    return words.get(program.strip('"').lower(), program) + space + rest
