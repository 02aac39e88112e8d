"""``watchfloor lake add``: logs in, kept as events."""

import argparse
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from watchfloor import __version__
from watchfloor.base.errors import InputError, UsageError
from watchfloor.cli import outputs

if TYPE_CHECKING:
    from watchfloor.base.account import Account
    from watchfloor.base.settings import Settings
    from watchfloor.intake.reader import Reader
    from watchfloor.store.lake import Added, Lake

NAME = "add"
SUMMARY = "read logs and keep their events"
DESCRIPTION = """Read logs and keep their events in the lake, which is made if DIR is missing or empty. Events that are
already there are left out, so the same folder can be added every hour. All of an add is kept, or none.

examples:
  watchfloor lake add /var/log/audit --lake history
  watchfloor lake add evidence.zip --lake history --json -"""

#: Reasons of rejection shown; the rest is counted, and all are in the JSON.
_SHOWN_REASONS = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Inputs as for ``watch``, and the lake."""
    add = parser.add_argument
    add("inputs", metavar="INPUT", nargs="+", help="file, archive or folder to read; - is standard input")
    add("--lake", metavar="DIR", required=True, help="folder of the lake")
    add("--json", metavar="FILE", help="write a summary as one JSON line; - is standard output")
    add("--workers", metavar="N", type=_count, help="processes that parse input; default one a core")
    add("--quiet", action="store_true", help="no progress bar and no words")


def run(options: argparse.Namespace) -> int:
    """Add the inputs and say what came of it."""
    from watchfloor.base.settings import from_environment
    from watchfloor.store.lake import Lake

    settings = from_environment()
    if options.workers is not None:
        settings = replace(settings, workers=options.workers)
    outputs.check([options.json] if options.json not in (None, "-") else [], options.inputs)
    folder = Path(options.lake)
    lake = Lake(folder) if Lake.is_lake(folder) else Lake.create(folder)
    began = time.monotonic()
    reader, added = _read(options, settings, lake)
    seconds = time.monotonic() - began
    if options.json is not None:
        line = outputs.json_line(summary_record(reader.account, added, seconds))
        if options.json == "-":
            sys.stdout.buffer.write(line)
            sys.stdout.buffer.flush()
        else:
            outputs.write(options.json, [line])
    if options.json != "-" and not options.quiet:
        _tell(reader.account, added, seconds)
    return InputError.exit_code if reader.account.rejections else 0


def summary_record(account: "Account", added: "Added", seconds: float) -> dict[str, Any]:
    """The one JSON line; ``rejected`` may be capped, ``rejected_reasons`` counts them all."""
    return {
        "type": "summary",
        "version": __version__,
        "inputs": account.inputs,
        "events_read": account.records_read,
        "events_rejected": account.rejected_records,
        "events_kept": account.kept,
        "events_added": added.rows,
        "events_known": added.known,
        "parts": list(added.parts),
        "missing_times": account.missing_times,
        "seconds": round(seconds, 3),
        "rejected": [rejection.to_json() for rejection in account.rejections],
        "rejected_reasons": [
            {"source": source, "why": why, "count": count} for (source, why), count in account.reasons.items()
        ],
    }


def _read(options: argparse.Namespace, settings: "Settings", lake: "Lake") -> tuple["Reader", "Added"]:
    from watchfloor.intake.reader import Reader

    inputs = list(dict.fromkeys(options.inputs))
    if options.quiet or not sys.stderr.isatty():
        reader = Reader(inputs, settings)
        return reader, lake.add(reader.batches())
    from watchfloor.cli.terminal import ProgressBar

    with ProgressBar(sys.stderr) as bar:
        reader = Reader(inputs, settings, on_progress=bar.show)
        return reader, lake.add(reader.batches())


def _tell(account: "Account", added: "Added", seconds: float) -> None:
    from watchfloor.cli.terminal import Terminal

    terminal = Terminal(sys.stdout)
    terminal.line(
        f"Added {added.rows:,} events to {len(added.parts):,} days in {seconds:.1f} s; "
        f"{added.known:,} were already there.",
        style="bold",
    )
    terminal.line(
        f"Read {account.records_read:,} records (inputs: {account.inputs:,}): "
        f"{account.kept:,} events, {account.rejected_records:,} rejected."
    )
    if account.reasons:
        terminal.line("Not read:", style="yellow")
        reasons = sorted(account.reasons.items(), key=lambda item: -item[1])
        for (source, why), count in reasons[:_SHOWN_REASONS]:
            terminal.line(f"{count:,} × {source}: {why}", indent=2)
        if reasons[_SHOWN_REASONS:]:
            terminal.line(f"and {len(reasons) - _SHOWN_REASONS:,} more reasons: see --json.", indent=2)


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise UsageError(f"--workers takes a whole number from 1, not {text!r}.")
    return int(text)
