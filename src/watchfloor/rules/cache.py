"""Compiled rules kept by content: the same files, placeholders and compiler give the same RuleSet at once.

What is needed to match stands first in a file, what only explaining needs behind it, packed by itself and
unpacked when it is asked for. Neither YAML nor pySigma is imported where the cache answers.
"""

import contextlib
import gc
import os
import tempfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from watchfloor.base.errors import InputError
from watchfloor.base.settings import Settings
from watchfloor.rules.files import RuleFile, digest, read_files
from watchfloor.rules.ruleset import Condition, RuleSet, Selections

if TYPE_CHECKING:
    from watchfloor.rules.values import Placeholders

#: Raised whenever what is compiled from the same rules changes.
FORMAT = 2

#: Rule sets kept; the oldest make room.
_KEPT = 16

_SUFFIX = ".rules"
_NUMBER = 8  # bytes of a checksum or length in front of a file


def ruleset(paths: Sequence[str], settings: Settings, placeholders: "Placeholders | None" = None) -> RuleSet:
    """The compiled rules of files, folders and archives, from the cache where they have been compiled before.

    Raises:
        InputError: nothing at these paths could be read at all.
    """
    files, faults = read_files(paths, settings)
    if not files:
        why = f": {faults[0].path}: {faults[0].why}" if faults else ""
        raise InputError(
            f"no Sigma rules at {', '.join(paths)}{why}.", hint="Name a .yml file, or a folder or archive of them."
        )
    given = repr(sorted((name, list(values)) for name, values in (placeholders or {}).items()))
    key = digest(files, str(FORMAT).encode(), _compiler().encode(), given.encode("utf-8", "surrogatepass"))
    with no_collection():
        kept = _read(settings, key)
        if kept is None:
            kept = _compiled(files, placeholders)
            _write(settings, key, kept)
    if not faults:
        return kept
    return RuleSet(kept.predicates, kept.rules, kept.correlations, (*faults, *kept.faults), kept.selections)


def _compiled(files: Sequence[RuleFile], placeholders: "Placeholders | None") -> RuleSet:
    from watchfloor.rules.compiling import compile_rules
    from watchfloor.rules.loading import load

    return compile_rules(load(files), placeholders)


def _compiler() -> str:
    """The version of pySigma, by the name of its folder: importlib.metadata takes longer than all else here."""
    spec = find_spec("sigma")
    places = list(spec.submodule_search_locations or ()) if spec is not None else []
    return " ".join(sorted(found.name for place in places for found in Path(place).parent.glob("pysigma-*.dist-info")))


@contextlib.contextmanager
def no_collection() -> Iterator[None]:
    """Thousands of rules are millions of objects and no garbage; looking for some is a quarter of the time."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()


def folder(settings: Settings) -> Path:
    """Where compiled rules are kept."""
    base = settings.cache_dir or os.path.join(os.path.expanduser("~"), ".cache", "watchfloor")  # noqa: PTH111, PTH118
    return Path(base) / "rules"


def _read(settings: Settings, key: str) -> RuleSet | None:
    """A kept RuleSet; one that cannot be read is as good as none, since it can be made again."""
    path = folder(settings) / f"{key}{_SUFFIX}"
    try:
        found = _unpacked(path.read_bytes())
    except (OSError, ValueError, LookupError, TypeError, AttributeError, zlib.error):
        return None
    with contextlib.suppress(OSError):
        path.touch()
    return found


def _packed(rules: RuleSet) -> bytes:
    """A checksum over the rest, the length of the first part, the two parts.

    Raises:
        TypeError: a text in it is none that can be written as UTF-8.
    """
    first, second = (zlib.compress(orjson.dumps(part), 1) for part in (rules.to_json(), dict(rules.selections.all())))
    content = len(first).to_bytes(_NUMBER, "little") + first + second
    return zlib.crc32(content).to_bytes(_NUMBER, "little") + content


def _unpacked(packed: bytes) -> RuleSet:
    """The inverse of `_packed`.

    Raises:
        ValueError, LookupError, TypeError, AttributeError, zlib.error: it is not what that wrote.
    """
    if zlib.crc32(packed[_NUMBER:]) != int.from_bytes(packed[:_NUMBER], "little"):
        raise ValueError("the checksum is wrong")
    end = 2 * _NUMBER + int.from_bytes(packed[_NUMBER : 2 * _NUMBER], "little")
    selections = Selections(partial(_selections, packed[end:]))
    return RuleSet.from_json(orjson.loads(zlib.decompress(packed[2 * _NUMBER : end])), selections)


def _selections(packed: bytes) -> Mapping[str, Mapping[str, Condition]]:
    found: dict[str, Any] = orjson.loads(zlib.decompress(packed))
    return found


def _write(settings: Settings, key: str, rules: RuleSet) -> None:
    """Keep a RuleSet; a cache that cannot be written costs seconds the next time, nothing else."""
    place = folder(settings)
    with contextlib.suppress(OSError, TypeError):
        packed = _packed(rules)
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(dir=place, suffix=".tmp")
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(packed)
            Path(name).replace(place / f"{key}{_SUFFIX}")
        finally:
            Path(name).unlink(missing_ok=True)
        _trim(place)


def _trim(place: Path) -> None:
    """Make room, of what older versions kept as well."""
    for stale in place.glob("*.json.z"):
        stale.unlink(missing_ok=True)
    kept = sorted(place.glob(f"*{_SUFFIX}"), key=lambda path: path.stat().st_mtime, reverse=True)
    for old in kept[_KEPT:]:
        old.unlink(missing_ok=True)
