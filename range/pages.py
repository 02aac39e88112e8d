"""A page of acts: the steps of an intrusion and the commands of each, as plain text that reads like a log.

    == look round | TA0007 | The intruder sees whose account this is.
    T1033 id; hostname
    ? T1057 ps -ef | head          done about two times in three
    T1496.001 & nohup ./worker     starts something that stays
    T1027.010 %b64 crontab -l      typed in a wrapped form, see WRAPS

{name} is filled in from the names that `follow` gets; other braces stay. A here-document stays one act, and a line
that begins with four blanks goes on with the line before.
"""

from __future__ import annotations

import base64
import gzip
import re
import shlex
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from intruder import Intruder, Shell

STEP = re.compile(r"== ([^|]+) \| (TA\d{4}) \| (.+)")
ACT = re.compile(r"(\? )?(T\d{4}(?:\.\d{3})?) (& )?(?:%(\w+) )?(.*)", re.DOTALL)
HERE = re.compile(r"<<'(\w+)'")
DONE = 0.66

Act = Callable[[str, str, bool], object]


def _b64(command: str) -> str:
    return base64.b64encode(command.encode()).decode()


def _octal(command: str) -> str:
    return "".join(f"\\{byte:03o}" for byte in command.encode())


def _gzipped(command: str) -> str:
    return base64.b64encode(gzip.compress(command.encode(), mtime=0)).decode()


WRAPS: dict[str, Callable[[str], str]] = {
    "b64": lambda command: f"echo {_b64(command)} | base64 -d | bash",
    "eval64": lambda command: f'eval "$(base64 -d <<< {_b64(command)})"',
    "hex": lambda command: f"echo {command.encode().hex()} | xxd -r -p | sh",
    "rev": lambda command: f"echo {shlex.quote(command[::-1])} | rev | bash",
    "gz": lambda command: f"printf %s {_gzipped(command)} | base64 -d | gunzip | sh",
    "oct": lambda command: f"eval \"$(printf '{_octal(command)}')\"",
    "py": lambda command: f"python3 -c \"import os,base64 as b;os.system(b.b64decode('{_b64(command)}').decode())\"",
    "perl": lambda command: f"perl -e 'system pack(q(H*),q({command.encode().hex()}))'",
    "php": lambda command: f"php -r 'passthru(base64_decode(\"{_b64(command)}\"));'",
    "ruby": lambda command: f"ruby -e 'system(%q({_b64(command)}).unpack1(%q(m)))'",
}


def entries(page: str) -> list[str]:
    """Lines of a page; a here-document and indented lines stay with the line that they belong to."""
    found: list[str] = []
    until = None
    for line in page.split("\n"):
        if until is not None:
            found[-1] += "\n" + line
            until = None if line == until else until
            continue
        if line.startswith("    "):
            found[-1] += " " + line.strip()
        elif line.strip():
            found.append(line)
        here = HERE.search(line)
        until = here.group(1) if here else None
    return found


def follow(own: Intruder, page: str, act: Act, names: dict[str, str], middle: float = 4.0) -> None:
    """Do what the page says: `act` gets technique, command and whether it stays in the background."""
    for entry in entries(page):
        filled = re.sub(r"\{(\w+)\}", lambda found: names.get(found.group(1), found.group(0)), entry)
        step = STEP.fullmatch(filled)
        if step:
            own.think(middle * 2)
            own.step(step.group(1), step.group(2), step.group(3))
            continue
        parts = ACT.fullmatch(filled)
        assert parts, filled
        maybe, technique, stays, wrap, command = parts.groups()
        if maybe and own.rng.random() > DONE:
            continue
        act(technique, WRAPS[wrap](command) if wrap else command, bool(stays))
        own.think(middle)


def typed(shell: Shell, password: str | None = None) -> Act:
    """Acts typed into a shell; the password answers sudo and the like."""

    def act(technique: str, command: str, stays: bool) -> object:
        if stays:
            return shell.background(command, technique)
        return shell.type(command, technique, password=password)

    return act


def key_pair(comment: str) -> tuple[str, str]:
    """A fresh ssh key of the intruder's own: private and public text."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "k"
        make = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(path)]
        subprocess.run(make, check=True, stdin=subprocess.DEVNULL)
        return path.read_text(), path.with_suffix(".pub").read_text().strip()
