"""Traces: the names by which what one process did meets what another did.

An address it spoke to, a path it wrote, ran or named, an account it changed or logged on to, a word of its command
line. Names are compared as text and never opened, resolved or run.
"""

import posixpath
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from watchfloor.film.lexicon import SHELLS, WRAPPERS
from watchfloor.film.words import base_name

#: Characters of a command line that are read for names, names taken from it, and the shortest word that is a name.
MOST_TEXT: Final = 2_048
MOST_NAMES: Final = 48
#: Words in which a command says what it runs.
MOST_RUN: Final = 8
_SHORTEST: Final = 4

IP = re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])")
_SPLIT = re.compile(r"[\s'\"`;|&<>(){}\[\],=$\\]+")
_NUMBERS = re.compile(r"\d+")
_HEX = re.compile(r"\b[0-9a-f]{7,}\b|(?<=tmp)[A-Za-z0-9_]{6,10}\b|(?<=\.)[A-Za-z0-9]{6,10}$", re.IGNORECASE)
#: What stands in patterns of sed, awk and grep and hardly in a name.
_NO_PATH = re.compile(r"[\^*?!]|//")
#: An option whose value is a setting: ``-d name=value``.
_OPTION = re.compile(r"\s-[A-Za-z]\s+[\w.]+=\S*")
#: What looks like the name of a file.
_FILE = re.compile(r"\.?[\w-]+(?:\.[\w-]+)*\.[A-Za-z][A-Za-z0-9]{0,5}")
#: Addresses everybody has.
_NOWHERE: Final = ("127.", "0.", "::1", "::", "255.", "169.254.", "fe80:", "224.")
#: Folders of the system's own programs and devices: to run or name one of these says nothing of who one is.
COMMON: Final = (
    "/bin/",
    "/usr/bin/",
    "/usr/sbin/",
    "/sbin/",
    "/dev/null",
    "/dev/tcp/",
    "/dev/udp/",
    "/dev/std",
    "/dev/fd/",
    "/dev/tty",
    "/proc/self",
)

#: Programs that hand a command over, and words before it, at most.
HANDS_OVER: Final = frozenset(("sudo", "setsid", "nohup", "env", "timeout", "nice", "su", "runuser", "stdbuf", "xargs"))
MOST_OPTIONS: Final = 6
#: Programs that run what they are handed.
_RUNNERS: Final = SHELLS | WRAPPERS | {"ruby", "node", "php", "run-parts", "tclsh", "awk", "su", "runuser", "."}


def elsewhere(address: str | None) -> bool:
    """Whether an address is of another machine."""
    return bool(address) and not str(address).startswith(_NOWHERE)


@lru_cache(maxsize=262_144)
def masked(command: str) -> str:
    """A command line without what changes from run to run: numbers, hashes, random names."""
    return _NUMBERS.sub("0", _HEX.sub("~", command[:512]))


@lru_cache(maxsize=262_144)
def named(command: str) -> tuple[str, ...]:
    """Names in a command line, as traces: ``address:…``, ``path:…``, ``word:…``; at most MOST_NAMES."""
    text = command[:MOST_TEXT]
    found: dict[str, None] = {f"address:{ip}": None for ip in IP.findall(text) if elsewhere(ip)}
    for word in _SPLIT.split(text):
        for part in _parts(word):
            found[part] = None
        if len(found) >= MOST_NAMES:
            break
    return tuple(found)[:MOST_NAMES]


@lru_cache(maxsize=262_144)
def ran(command: str, folder: str = "") -> tuple[str, ...]:
    """Paths outside the system's own folders that a command runs: program, or what an interpreter is handed.

    ``folder`` is where it runs: a name without one is a file there.
    """
    runs = False
    for word in _SPLIT.split(_OPTION.sub(" ", command[:MOST_TEXT]))[:MOST_RUN]:
        if not word or (word.startswith("-") and len(word) < 24):
            continue
        path = "" if word.startswith(COMMON) else _absolute(word, folder, bare=runs)
        if path:
            return (path,)
        if base_name(word) not in _RUNNERS:
            break
        runs = True
    return ()


@lru_cache(maxsize=262_144)
def beside(command: str, folder: str) -> tuple[str, ...]:
    """Names in a command line that mean files of the folder it runs in, and what a download leaves there, as traces."""
    found: dict[str, None] = {}
    for word in _SPLIT.split(command[:MOST_TEXT]):
        if "://" in word:
            word = word.rsplit("/", 1)[-1].partition("?")[0]
        path = "" if word.startswith("/") else _absolute(word.strip(":,"), folder, bare=True)
        if path:
            found[f"path:{path}"] = None
    return tuple(found)[:MOST_NAMES]


@lru_cache(maxsize=262_144)
def rests(command: str) -> tuple[str, ...]:
    """What a command that hands another over (``sudo -n find …``) may have handed over: its ends, longest first."""
    words = command[:MOST_TEXT].split()
    if not words or base_name(words[0]) not in HANDS_OVER:
        return ()
    return tuple(" ".join(words[cut:]) for cut in range(1, min(len(words), MOST_OPTIONS)))


def _absolute(word: str, folder: str, *, bare: bool) -> str:
    """The path a word means, "" where it means none; ``bare``: also a name without a slash, if it looks like a file."""
    if len(word) < _SHORTEST or _NO_PATH.search(word) or word.startswith(("-", "~")):
        return ""
    if word.startswith("/"):
        return word.rstrip("/")
    named_so = "/" in word or (bare and _FILE.fullmatch(word))
    return posixpath.normpath(posixpath.join(folder, word)) if folder.startswith("/") and named_so else ""


def _parts(word: str) -> Iterator[str]:
    word = word.strip(":.-!@")
    if len(word) < _SHORTEST or word.startswith("-"):
        return
    if "://" in word:
        yield f"word:{word}"
        word = "/" + word.split("://", 1)[1].split("/", 1)[-1]
        if len(word) < _SHORTEST:
            return
        yield f"word:{word.rsplit('/', 1)[-1]}"
        return
    if "/" in word and not word.startswith(COMMON) and not _NO_PATH.search(word):
        at = word.find("/")
        path = word[at:] if at and word[at - 1] in ":@~" else word
        yield f"path:{path.rstrip('/')}"
        name = path.rstrip("/").rsplit("/", 1)[-1]
        if len(name) >= _SHORTEST:
            yield f"word:{name}"
    elif "/" not in word and not word.isdecimal():
        yield f"word:{word}"


#: Columns that leave traces, besides command lines and images.
TRACED: Final = (
    "dst_endpoint.ip", "src_endpoint.ip", "file.path", "user.name", "dst_endpoint.hostname", "service.name", "job.name",
    "reg_key.path", "file.hashes",
)  # fmt: skip
_ACCOUNTS: Final = frozenset(("account.change", "group.change", "logon.success"))


def of_field(column: str, action: str, value: str) -> Iterator[str]:
    """Traces of one column of TRACED of one Event."""
    if column.endswith(".ip"):
        if elsewhere(value):
            yield f"address:{value}"
    elif column == "file.path":
        if value.startswith("/") and not value.startswith(COMMON):
            yield f"path:{value.rstrip('/')}"
    elif column == "user.name":
        if action in _ACCOUNTS and not value.startswith("uid:"):
            yield f"user:{value}"
    elif column == "file.hashes":
        for part in value.split(","):
            if "=" in part:
                yield f"hash:{part.split('=', 1)[1].lower()}"
    else:
        yield f"word:{value}"
