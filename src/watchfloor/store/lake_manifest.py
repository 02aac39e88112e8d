"""The manifest of a lake: which files belong to it, replaced as a whole by every commit.

A file that the manifest does not name does not exist for readers: a write that dies half way shows nothing.
Two locks: one writer at a time; and files no longer named are deleted only while nobody reads.
"""

import fcntl
import json
import os
import re
import secrets
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from watchfloor.base.errors import InputError, RefusedError, UsageError, WatchfloorError

MANIFEST = "lake.json"
FORMAT = "watchfloor lake"
VERSION = 1
EVENTS = "events"

_WRITERS, _READERS = "writers.lock", "readers.lock"
_NAME = re.compile(r"(early|late|undated|\d{4}-\d\d-\d\d)/[0-9a-f]{24}\.parquet")
_EPOCH = date(1970, 1, 1).toordinal()
#: Days outside these share one part each, or a hostile clock could ask for millions of parts.
_FIRST_DAY = date(1990, 1, 1).toordinal() - _EPOCH
_LAST_DAY = date(2100, 1, 1).toordinal() - _EPOCH
EARLY, LATE = _FIRST_DAY - 1, _LAST_DAY + 1
_LOCK_POLL = 0.05


def part_name(day: int | None) -> str:
    """The folder of a day (days since 1970); never made of anything a log says but its clock."""
    if day is None:
        return "undated"
    if day in (EARLY, LATE):
        return "early" if day == EARLY else "late"
    return date.fromordinal(day + _EPOCH).isoformat()


def day_of(when: date) -> int:
    """The day number of a date."""
    return when.toordinal() - _EPOCH


@dataclass(frozen=True, slots=True)
class DayFile:
    """One Parquet file: events of one UTC day in time order. ``cuts`` are the first times of its row groups."""

    name: str
    day: int | None
    rows: int
    bytes: int
    first: int | None
    last: int | None
    cuts: tuple[int, ...] = ()

    @property
    def place(self) -> tuple[bool, int]:
        """Days in order, the undated last."""
        return (self.day is None, self.day or 0)


@dataclass(frozen=True, slots=True)
class Manifest:
    """All of a lake. ``key`` makes event ids of this lake unpredictable to whoever writes logs."""

    key: str = field(default_factory=lambda: secrets.token_hex(16))
    files: tuple[DayFile, ...] = ()

    def days(self) -> list[tuple[int | None, list[DayFile]]]:
        """Files by day, days in order, the undated last."""
        parts: dict[int | None, list[DayFile]] = {}
        for file in sorted(self.files, key=lambda file: (file.place, file.name)):
            parts.setdefault(file.day, []).append(file)
        return list(parts.items())

    def changed(self, *, added: Iterable[DayFile] = (), removed: Iterable[DayFile] = ()) -> "Manifest":
        """The manifest with other files."""
        gone = {file.name for file in removed}
        kept = [file for file in self.files if file.name not in gone]
        return replace(self, files=(*kept, *added))


def new_path(folder: Path, day: int | None) -> Path:
    """A path for a new file that no reader and no earlier, failed write can know."""
    parent = folder / EVENTS / part_name(day)
    parent.mkdir(parents=True, exist_ok=True)
    return parent / f"{time.time_ns() & (1 << 64) - 1:016x}{secrets.token_hex(4)}.parquet"


def load(folder: Path) -> Manifest:
    """Read the manifest.

    Raises:
        UsageError: the folder is no lake, or one of another version.
        InputError: the manifest is damaged.
    """
    path = folder / MANIFEST
    hint = "`watchfloor lake add INPUT --lake DIR` makes one."
    try:
        body: dict[str, Any] = json.loads(path.read_bytes())
        if body["format"] != FORMAT:
            raise UsageError(f"{folder} is not a lake.", hint=hint)
        if body["version"] != VERSION:
            hint = "Read it with the watchfloor that wrote it."
            raise UsageError(f"the lake {folder} has version {body['version']}, not {VERSION}.", hint=hint)
        files = tuple(DayFile(**{**entry, "cuts": tuple(entry["cuts"])}) for entry in body["files"])
        if not all(_NAME.fullmatch(file.name) for file in files):
            raise ValueError("it names a file outside the lake")
        return Manifest(bytes.fromhex(body["key"]).hex(), files)
    except (FileNotFoundError, NotADirectoryError):
        raise UsageError(f"{folder} is not a lake.", hint=hint) from None
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"the manifest {path} is damaged: {error}.", hint="Restore it from a backup.") from None


def commit(folder: Path, manifest: Manifest) -> None:
    """Make the manifest the lake's, at once or not at all."""
    body = {"format": FORMAT, "version": VERSION, **asdict(manifest)}
    temporary = folder / f"{MANIFEST}.tmp"
    with temporary.open("wb") as stream:
        stream.write(json.dumps(body, separators=(",", ":")).encode() + b"\n")
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(folder / MANIFEST)
    sync_folder(folder)


def sync_folder(folder: Path) -> None:
    """Make names in a folder last through a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def found(folder: Path) -> None:
    """Turn an empty or missing folder into an empty lake."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in (_WRITERS, _READERS):
        (folder / name).touch()
    (folder / EVENTS).mkdir(exist_ok=True)
    commit(folder, Manifest())


#: What an interrupted `found` may have left: still a folder that is nobody else's.
FOUNDATION = {_WRITERS, _READERS, EVENTS, f"{MANIFEST}.tmp"}


@contextmanager
def writing(folder: Path, patience: float) -> Iterator[Manifest]:
    """Be the only writer, waiting at most ``patience`` seconds to become it.

    Raises:
        RefusedError: another process is still writing.
    """
    deadline = time.monotonic() + patience
    with (folder / _WRITERS).open("rb") as handle:
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    message = f"another process is writing to the lake {folder}."
                    raise RefusedError(message, hint="Try again when it is done.") from None
                time.sleep(_LOCK_POLL)
        try:
            manifest = load(folder)
            sweep(folder, manifest)
            yield manifest
        except OSError as error:
            if isinstance(error, PermissionError):
                raise
            hint = "Is the disk full? Nothing of this write is in the lake."
            raise WatchfloorError(f"{folder} could not be written: {error.strerror or error}.", hint=hint) from error


@contextmanager
def reading(folder: Path) -> Iterator[Manifest]:
    """The lake as it is now; its files stay until the reader is done, whatever is committed meanwhile."""
    with (folder / _READERS).open("rb") as handle:
        fcntl.flock(handle, fcntl.LOCK_SH)
        yield load(folder)


def sweep(folder: Path, manifest: Manifest) -> int:
    """Delete files that the manifest does not name; returns how many had to stay because somebody reads."""
    named = {file.name for file in manifest.files}
    events = folder / EVENTS
    stray = [path for path in events.glob("*/*") if path.relative_to(events).as_posix() not in named]
    if not stray:
        return 0
    with (folder / _READERS).open("rb") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return len(stray)
        for path in stray:
            path.unlink(missing_ok=True)
        for part in {path.parent for path in stray}:
            if not any(part.iterdir()):
                part.rmdir()
    return 0
