"""Event lakes among the inputs of a hunt: stored history read like files."""

import argparse
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from watchfloor.base.errors import UsageError

if TYPE_CHECKING:
    import pyarrow as pa


def lakes_among(inputs: Sequence[str]) -> tuple[list[Path], list[str]]:
    """Inputs that are event lakes, and the others."""
    from watchfloor.store.lake import Lake

    lakes = [path for path in inputs if path != "-" and Path(path).is_dir() and Lake.is_lake(Path(path))]
    return [Path(path) for path in lakes], [path for path in inputs if path not in lakes]


def lake_batches(lakes: Sequence[Path], options: argparse.Namespace) -> "Iterator[pa.RecordBatch]":
    """Batches of the lakes, within the options' bounds of time and hosts."""
    from watchfloor.store.lake import Lake

    since, until = _moment(options.since, "--since"), _moment(options.until, "--until")
    for folder in lakes:
        yield from Lake(folder).batches(since=since, until=until, hosts=[name.lower() for name in options.host])


def _moment(text: str | None, option: str) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{option} takes a date or time such as 2026-11-01T08:00, not {text!r}.") from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
