"""The rules inside an archive or folder of SigmaHQ's repository, by path, and one digest of them all.

Only rules and their licence are taken; a name that would lead out of the folder ends it.
"""

import hashlib
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, cast

from watchfloor.base.errors import InputError
from watchfloor.base.settings import MIB, Settings
from watchfloor.intake.archives import Member, tar_members, zip_members
from watchfloor.intake.limits import Budget, DamagedError
from watchfloor.intake.sources import kind_of, printable
from watchfloor.intake.streams import Readable, Unpacked, buffered

LICENCE = "LICENSE"

_SUFFIX = ".yml"
#: Folders of rules at the root of the repository: rules, rules-threat-hunting …
_RULES = re.compile(r"rules[A-Za-z0-9_-]*")

#: SigmaHQ's archive unpacks to a fraction of this, its rules to 6 MB.
_MOST_UNPACKED = 1024 * MIB
_MOST_OF_RULES = 256 * MIB
_LARGEST_RULE = 4 * MIB


def content_digest(contents: Mapping[str, bytes]) -> str:
    """A sha256 over the rules: of the lines ``sha256sum`` writes for them, in order of their paths.

    ``find rules* -name '*.yml' | LC_ALL=C sort | xargs sha256sum | sha256sum`` gives the same.
    """
    whole = hashlib.sha256()
    for path in sorted(contents, key=lambda name: name.encode("utf-8", "surrogateescape")):
        if path != LICENCE:
            line = f"{hashlib.sha256(contents[path]).hexdigest()}  {path}\n"
            whole.update(line.encode("utf-8", "surrogateescape"))
    return whole.hexdigest()


def rules_in(path: str, settings: Settings) -> dict[str, bytes]:
    """Rules and licence of an archive (zip, tar, tar.gz …) or an unpacked folder, by their path in the repository.

    Raises:
        InputError: it cannot be read, holds no rules, or something that must not be unpacked.
    """
    place = Path(path)
    try:
        contents = _of_folder(place) if place.is_dir() else _of_archive(place, settings)
    except DamagedError as error:
        raise InputError(f"{path}: {error.why}.") from error
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise InputError(f"{path} is damaged: {error}.") from error
    except PermissionError:
        raise
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error
    if contents.keys() <= {LICENCE}:
        raise InputError(
            f"{path} holds no rules.", hint="SigmaHQ's repository has them in folders called rules, rules-…"
        )
    return contents


def _of_archive(path: Path, settings: Settings) -> dict[str, bytes]:
    limits = replace(settings, max_expanded_bytes=min(settings.max_expanded_bytes, _MOST_UNPACKED))
    with path.open("rb") as stream:
        budget = Budget(limits, packed=path.stat().st_size)
        return _gathered(_members(cast(BinaryIO, stream), budget))


def _members(stream: BinaryIO, budget: Budget) -> Iterator[Member]:
    kind = kind_of(stream.read(512))
    stream.seek(0)
    if kind == "zip":
        yield from zip_members(stream, budget)
        return
    unpacked: Readable = stream
    if kind not in ("", "tar"):
        unpacked = buffered(Unpacked(stream, kind, budget))
    elif not kind:
        raise DamagedError("is neither a zip nor a tar")
    yield from tar_members(unpacked, budget)


def _gathered(members: Iterable[Member]) -> dict[str, bytes]:
    """What is wanted of an archive, below the one folder that all of it may stand in."""
    tops: set[str] = set()
    found: dict[str, bytes] = {}
    size = 0
    for member in members:
        parts = member.name.split("/")
        tops.add(parts[0] if len(parts) > 1 else "")
        if not _wanted(parts) and not _wanted(parts[1:]):
            continue
        _check_name(member.name, parts)
        if member.name in found:
            raise InputError(f"the archive holds {printable(member.name)} twice.")
        if member.stream is None:
            raise InputError(f"{printable(member.name)}: {member.why}.")
        found[member.name] = _whole(member.name, member.stream)
        size += len(found[member.name])
        if size > _MOST_OF_RULES:
            raise InputError(f"the archive holds more than {_MOST_OF_RULES:,} bytes of rules.")
    at_root = any(_wanted(name.split("/")) and name != LICENCE for name in found)
    if at_root or len(tops) != 1:
        kept = {name: content for name, content in found.items() if _wanted(name.split("/"))}
    else:
        kept = {name.partition("/")[2]: content for name, content in found.items() if "/" in name}
    _check_folders(kept)
    return kept


def _wanted(parts: list[str]) -> bool:
    """Whether a path below the root of the repository is a rule or the licence."""
    if len(parts) == 1:
        return parts[0] == LICENCE
    return len(parts) > 1 and _RULES.fullmatch(parts[0]) is not None and parts[-1].endswith(_SUFFIX)


def _check_name(name: str, parts: list[str]) -> None:
    if any(part in ("", ".", "..") for part in parts) or "\\" in name or ":" in name or printable(name) != name:
        raise InputError(f"the archive holds a name that leads elsewhere: {printable(name)}.", hint="Do not trust it.")


def _check_folders(contents: Mapping[str, bytes]) -> None:
    """No path may be a file and a folder at once."""
    for name in contents:
        parts = name.split("/")
        for count in range(1, len(parts)):
            if "/".join(parts[:count]) in contents:
                raise InputError(f"the archive holds {'/'.join(parts[:count])} as a file and as a folder.")


def _whole(name: str, stream: Readable) -> bytes:
    parts: list[bytes] = []
    size = 0
    while part := stream.read(MIB):
        parts.append(part)
        size += len(part)
        if size > _LARGEST_RULE:
            raise InputError(f"{printable(name)} is larger than any rule: {_LARGEST_RULE // MIB} MiB.")
    return b"".join(parts)


def _of_folder(folder: Path) -> dict[str, bytes]:
    root = _root(folder)
    found: dict[str, bytes] = {}
    for top in sorted(path for path in root.iterdir() if _RULES.fullmatch(path.name)):
        for path in sorted(top.rglob(f"*{_SUFFIX}")):
            name = path.relative_to(root).as_posix()
            if path.is_symlink() or top.is_symlink():
                raise InputError(f"{path} is a link.", hint="Only files are taken.")
            if path.is_file():
                with path.open("rb") as stream:
                    found[name] = _whole(name, stream)
    licence = root / LICENCE
    if licence.is_file() and not licence.is_symlink():
        with licence.open("rb") as stream:
            found[LICENCE] = _whole(LICENCE, stream)
    return found


def _root(folder: Path) -> Path:
    """The folder itself, or the only one in it: an archive unpacked by hand."""
    inside = list(folder.iterdir())
    if any(_RULES.fullmatch(path.name) for path in inside):
        return folder
    return inside[0] if len(inside) == 1 and inside[0].is_dir() and not inside[0].is_symlink() else folder
