"""Files and folders read for the expert ``code``: which are code, in which encoding, and what could not be read."""

import codecs
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from watchfloor.experts.code.expert import CodeExpert, Reading
from watchfloor.experts.code.parsing import MOST_CHARACTERS

#: Endings of files a folder is searched for.
ENDINGS: Final = frozenset({".py", ".pyw", ".java", ".c", ".h", ".cc", ".cpp", ".cxx", ".hpp"})
#: Folders nobody wrote in by hand.
SKIPPED: Final = frozenset(
    {".git", ".hg", ".svn", ".venv", "venv", "node_modules", "__pycache__", ".tox", ".mypy_cache"}
)
_COOKIE: Final = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")


@dataclass(frozen=True, slots=True)
class Scanned:
    """One file: its name as given or found, what was read of it, or why it could not be read."""

    name: str
    reading: Reading | None
    trouble: str = ""


def scan(expert: CodeExpert, paths: Sequence[Path]) -> Iterator[Scanned]:
    """All code in files and folders, in the order of names. A file that cannot be read says so and stops nothing."""
    for path in paths:
        for each in [path] if not path.is_dir() else sorted(_files(path)):
            try:
                with each.open("rb") as file:
                    data = file.read(MOST_CHARACTERS * 4 + 1)
            except OSError as error:
                yield Scanned(str(each), None, error.strerror or "cannot be read")
                continue
            if len(data) > MOST_CHARACTERS * 4:
                yield Scanned(str(each), None, "too large")
                continue
            reading = expert.read(decoded(data))
            trouble = reading.doubt if reading.doubt and not reading.findings and data.strip() else ""
            yield Scanned(str(each), None if trouble else reading, trouble)


def decoded(data: bytes) -> str:
    """The text of a source file: by its mark, its coding line, as UTF-8, else byte by byte; never fails."""
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if data.startswith(mark):
            return data.decode(name, "replace")
    for line in data.split(b"\n", 2)[:2]:
        if found := _COOKIE.match(line):
            try:
                return data.decode(found[1].decode("ascii"))
            except (LookupError, UnicodeError, ValueError):
                break  # a coding nobody knows, or one that makes no text
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _files(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(each for each in folders if each not in SKIPPED)
        for name in names:
            path = Path(place) / name
            if path.suffix.lower() in ENDINGS and not path.is_symlink():
                yield path
