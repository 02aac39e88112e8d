"""A few rules as SigmaHQ's repository holds them, and ways to pack them."""

import io
import tarfile
import zipfile
from pathlib import Path

from watchfloor.rules.fetching import MARKER

RULES = {
    "rules/windows/a.yml": b"title: a\n",
    "rules/b.yml": b"title: b\n",
    "rules-threat-hunting/c.yml": b"title: c\n",
    "LICENSE": b"Detection Rule License\n",
}
OTHERS = {
    "README.md": b"no rule",
    "tests/rules/x.yml": b"no rule",
    "rules/readme.txt": b"no rule",
    "deprecated/old.yml": b"no rule",
}


def zipped(path: Path, contents: dict[str, bytes], top: str = "") -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in contents.items():
            packed.writestr(top + name, content)
    return path


def tarred(path: Path, contents: dict[str, bytes], top: str = "") -> Path:
    with tarfile.open(path, "w:gz") as packed:
        for name, content in contents.items():
            info = tarfile.TarInfo(top + name)
            info.size = len(content)
            packed.addfile(info, io.BytesIO(content))
    return path


def files_in(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != MARKER
    }
