"""SigmaHQ's rules fetched by pinned address and digest, complete or not at all.

GitHub may pack the same commit into other bytes tomorrow, so what is pinned is a digest over the rules
themselves (`rule_archives.content_digest`), whatever they come packed in.
"""

import hashlib
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from watchfloor.base.downloads import OnProgress, Opener, download, open_https
from watchfloor.base.errors import InputError, RefusedError, UsageError, WatchfloorError
from watchfloor.base.settings import Settings
from watchfloor.rules.rule_archives import LICENCE, content_digest, rules_in

COMMIT = "8eaafff1f2845a696050e05e72ba1140ee190698"
ADDRESS = f"https://github.com/SigmaHQ/sigma/archive/{COMMIT}.zip"
#: Of the 3,780 rules of that commit.
DIGEST = "022df8e8dd39076f12929b9e7fdbfd7fa19f663fe892e779915bbe81fb7998c7"
LICENCE_NAME = "Detection Rule License 1.1"

#: The file that says what a folder was filled with.
MARKER = ".watchfloor-rules.json"

_LARGEST = 200 * 1000 * 1000


@dataclass(frozen=True, slots=True)
class Fetched:
    """What was put where: the number of rules, their digest, whether they are the pinned ones and were there already.

    ``licence`` says whether the licence came with them.
    """

    folder: str
    origin: str
    rules: int
    digest: str
    licence: bool
    unchanged: bool = False

    @property
    def pinned(self) -> bool:
        """Whether these are exactly the rules that are pinned."""
        return self.digest == DIGEST

    def to_json(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "type": "fetched",
            "folder": self.folder,
            "from": self.origin,
            "rules": self.rules,
            "digest": self.digest,
            "pinned": self.pinned,
            "unchanged": self.unchanged,
        }


def fetch(
    folder: str,
    settings: Settings,
    *,
    origin: str | None = None,
    sha256: str | None = None,
    opener: Opener = open_https,
    on_progress: OnProgress | None = None,
) -> Fetched:
    """Fill a folder with rules: the pinned ones, or those of ``origin``, an archive, a folder or an https address.

    ``sha256`` is that of the archive. An address other than the pinned one needs it, or must hold the pinned rules.

    Raises:
        UsageError: the folder is not ours to fill, or the origin makes no sense.
        InputError: the origin cannot be reached or read.
        RefusedError: it is not what it should be.
        WatchfloorError: the rules could not be written.
    """
    source = origin if origin is not None else ADDRESS
    remote = _is_address(source)
    wanted = _hexadecimal(sha256)
    target = Path(folder).resolve()
    before = check_folder(target)
    if origin is None and before is not None and before["digest"] == DIGEST:
        return Fetched(folder, source, before["rules"], DIGEST, (target / LICENCE).is_file(), unchanged=True)
    if remote:
        contents = _remote(source, wanted, settings, opener, on_progress)
    else:
        _check_file(source, wanted)
        contents = rules_in(source, settings)
    digest = content_digest(contents)
    if remote and wanted is None and digest != DIGEST:
        raise RefusedError(
            f"what {source} holds are not the pinned rules (digest {digest}).",
            hint="If you mean to have these, give the sha256 of the file with --sha256.",
        )
    rules = len(contents) - (LICENCE in contents)
    unchanged = before is not None and before["digest"] == digest
    if not unchanged:
        place(target, contents, source)
    return Fetched(folder, source, rules, digest, LICENCE in contents, unchanged)


def _is_address(source: str) -> bool:
    if source.lower().startswith("https://"):
        return True
    if "://" in source:
        raise UsageError(f"{source} is not fetched: only https is.", hint="Or give a file or folder.")
    return False


def _hexadecimal(sha256: str | None) -> str | None:
    if sha256 is None:
        return None
    wanted = sha256.strip().lower()
    if len(wanted) != 64 or set(wanted) - set("0123456789abcdef"):
        raise UsageError(f"--sha256 takes 64 hexadecimal digits, not {sha256!r}.")
    return wanted


def _check_file(source: str, wanted: str | None) -> None:
    path = Path(source)
    if not path.exists():
        raise InputError(f"{source}: no such file or folder.")
    if wanted is None:
        return
    if path.is_dir():
        raise UsageError("--sha256 is that of one file, and a folder is none.")
    with path.open("rb") as stream:
        _compare(source, hashlib.file_digest(stream, "sha256").hexdigest(), wanted)


def _compare(source: str, found: str, wanted: str) -> None:
    if found != wanted:
        raise RefusedError(f"{source} is not the file it should be: its sha256 is {found}, not {wanted}.")


def _remote(
    source: str, wanted: str | None, settings: Settings, opener: Opener, on_progress: OnProgress | None
) -> dict[str, bytes]:
    with tempfile.NamedTemporaryFile(dir=settings.temp_dir or None, prefix="watchfloor-", suffix=".zip") as file:
        found = download(source, file, opener, on_progress, largest=_LARGEST)
        if wanted is not None:
            _compare(source, found, wanted)
        try:
            return rules_in(file.name, settings)
        except InputError as error:
            raise InputError(str(error.message).replace(file.name, source), hint=error.hint) from error


def check_folder(folder: Path) -> dict[str, Any] | None:
    """What a folder was filled with before, None where it is new or empty.

    Raises:
        UsageError: it holds something that was not fetched, or was changed since.
    """
    if not folder.exists():
        if not folder.parent.is_dir():
            raise UsageError(f"the folder of {folder} does not exist.", hint=f"mkdir -p {folder.parent}")
        return None
    if not folder.is_dir():
        raise UsageError(f"{folder} is a file.", hint="Name a new folder.")
    if not any(folder.iterdir()):
        return None
    marked = _marked(folder / MARKER)
    if marked is None:
        raise UsageError(f"{folder} is not empty, and nothing was fetched into it before.", hint="Name a new folder.")
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if name == MARKER or (path.is_dir() and not path.is_symlink()):
            continue
        ours = marked["files"].get(name)
        if ours is None or path.is_symlink():
            raise UsageError(f"{folder} holds {name}, which was not fetched.", hint="Keep your own rules elsewhere.")
        if hashlib.sha256(path.read_bytes()).hexdigest() != ours:
            raise UsageError(f"{path} was changed since it was fetched.", hint="Keep your own rules elsewhere.")
    missing = [name for name in marked["files"] if not (folder / name).is_file()]
    return marked | {"digest": ""} if missing else marked


def _marked(path: Path) -> dict[str, Any] | None:
    try:
        marked = orjson.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    known = isinstance(marked, dict) and isinstance(marked.get("files"), dict)
    return marked if known and isinstance(marked.get("digest"), str) and type(marked.get("rules")) is int else None


def place(folder: Path, contents: Mapping[str, bytes], origin: str) -> None:
    """Write everything beside the folder, then move it there.

    Raises:
        UsageError: the folder is not ours to fill.
        WatchfloorError: it cannot be written.
    """
    check_folder(folder)
    try:
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as beside:
            fresh, old = Path(beside, "new"), Path(beside, "old")
            _write(fresh, contents, origin)
            if folder.exists():
                folder.rename(old)
            try:
                fresh.rename(folder)
            except OSError:
                if old.exists():
                    old.rename(folder)
                raise
    except PermissionError:
        raise
    except OSError as error:
        raise WatchfloorError(f"{folder} could not be written: {error.strerror or error}.") from error


def _write(folder: Path, contents: Mapping[str, bytes], origin: str) -> None:
    folder.mkdir()
    for name, content in contents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    facts = {
        "from": origin,
        "digest": content_digest(contents),
        "rules": len(contents) - (LICENCE in contents),
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in sorted(contents.items())},
    }
    (folder / MARKER).write_bytes(orjson.dumps(facts, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
