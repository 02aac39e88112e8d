"""Compiled rules kept by content: the same files, placeholders and compiler give the same RuleSet at once."""

import contextlib
import os
import tempfile
import zlib
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import orjson

from watchfloor.base.errors import InputError
from watchfloor.base.settings import Settings
from watchfloor.rules.ruleset import RuleSet
from watchfloor.rules.values import Placeholders

#: Raised whenever what is compiled from the same rules changes.
FORMAT = 1

#: Rule sets kept; the oldest make room.
_KEPT = 16


def ruleset(paths: Sequence[str], settings: Settings, placeholders: Placeholders | None = None) -> RuleSet:
    """The compiled rules of files, folders and archives, from the cache where they have been compiled before.

    Raises:
        InputError: nothing at these paths could be read at all.
    """
    from watchfloor.rules.loading import digest, read_files

    files, faults = read_files(paths, settings)
    if not files:
        why = f": {faults[0].path}: {faults[0].why}" if faults else ""
        raise InputError(
            f"no Sigma rules at {', '.join(paths)}{why}.", hint="Name a .yml file, or a folder or archive of them."
        )
    given = orjson.dumps({name: list(values) for name, values in sorted((placeholders or {}).items())})
    key = digest(files, str(FORMAT).encode(), version("pysigma").encode(), given)
    kept = _read(settings, key)
    if kept is None:
        from watchfloor.rules.compiling import compile_rules
        from watchfloor.rules.loading import load

        kept = compile_rules(load(files), placeholders)
        _write(settings, key, kept)
    if not faults:
        return kept
    return RuleSet(kept.predicates, kept.rules, kept.correlations, (*faults, *kept.faults))


def folder(settings: Settings) -> Path:
    """Where compiled rules are kept."""
    base = settings.cache_dir or os.path.join(os.path.expanduser("~"), ".cache", "watchfloor")  # noqa: PTH111, PTH118
    return Path(base) / "rules"


def _read(settings: Settings, key: str) -> RuleSet | None:
    """A kept RuleSet; one that cannot be read is as good as none, since it can be made again."""
    path = folder(settings) / f"{key}.json.z"
    try:
        packed = path.read_bytes()
        data = orjson.loads(zlib.decompress(packed))
        found = RuleSet.from_json(data)
    except (OSError, ValueError, KeyError, TypeError, zlib.error):
        return None
    with contextlib.suppress(OSError):
        path.touch()
    return found


def _write(settings: Settings, key: str, rules: RuleSet) -> None:
    """Keep a RuleSet; a cache that cannot be written costs seconds the next time, nothing else."""
    place = folder(settings)
    with contextlib.suppress(OSError):
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(dir=place, suffix=".tmp")
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(zlib.compress(orjson.dumps(rules.to_json()), 1))
            Path(name).replace(place / f"{key}.json.z")
        finally:
            Path(name).unlink(missing_ok=True)
        _trim(place)


def _trim(place: Path) -> None:
    kept = sorted(place.glob("*.json.z"), key=lambda path: path.stat().st_mtime, reverse=True)
    for old in kept[_KEPT:]:
        old.unlink(missing_ok=True)
