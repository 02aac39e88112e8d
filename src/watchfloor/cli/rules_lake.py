"""Event lakes among the inputs of a hunt: stored history read like files."""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class History:
    """Stored history within bounds of time and hosts."""

    lakes: tuple[Path, ...]
    since: datetime | None
    until: datetime | None
    hosts: tuple[str, ...]

    @classmethod
    def of(cls, lakes: Sequence[Path], options: argparse.Namespace) -> "History":
        """The bounds the options give.

        Raises:
            UsageError: a bound makes no sense, or there is no lake it could hold for.
        """
        bounded = options.since or options.until or options.host
        if bounded and not lakes:
            raise UsageError(
                "--since, --until and --host choose from an event lake, and no input is one.",
                hint="Put the logs into a lake first: watchfloor lake add INPUT --lake FOLDER.",
            )
        since, until = _moment(options.since, "--since"), _moment(options.until, "--until")
        return cls(tuple(lakes), since, until, tuple(name.lower() for name in options.host))

    def batches(self) -> "Iterator[pa.RecordBatch]":
        """Events within the bounds."""
        from watchfloor.store.lake import Lake

        for folder in self.lakes:
            yield from Lake(folder).batches(since=self.since, until=self.until, hosts=self.hosts)

    def before(self) -> "Iterator[pa.RecordBatch]":
        """Starts and ends of processes before the bounds, which tell who the processes within them are."""
        from watchfloor.store.lake import Lake

        for folder in self.lakes if self.since is not None else ():
            actions = ("process.launch", "process.terminate")
            yield from Lake(folder).batches(until=self.since, hosts=self.hosts, actions=actions)


def _moment(text: str | None, option: str) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{option} takes a date or time such as 2026-11-01T08:00, not {text!r}.") from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
