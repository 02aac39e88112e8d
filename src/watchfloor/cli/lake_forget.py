"""``watchfloor lake forget``: remove days that need no longer be kept."""

import argparse
import sys
from datetime import date
from pathlib import Path

from watchfloor.base.errors import RefusedError, UsageError

NAME = "forget"
SUMMARY = "remove whole days before a date"
DESCRIPTION = """Remove whole days (UTC) before a date. Without --yes it only says what would go. Events without a
readable time stay. What is removed is gone, but adding the same logs again brings it back.

examples:
  watchfloor lake forget --before 2026-01-01 --lake history
  watchfloor lake forget --before 2026-01-01 --lake history --yes"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The date, the lake and the word that makes it happen."""
    parser.add_argument("--before", metavar="DATE", type=_date, required=True, help="first day that stays, YYYY-MM-DD")
    parser.add_argument("--lake", metavar="DIR", required=True, help="folder of the lake")
    parser.add_argument("--yes", action="store_true", help="do it, not only say what would go")


def run(options: argparse.Namespace) -> int:
    """Say what goes, and with --yes remove it."""
    from watchfloor.cli.terminal import Terminal
    from watchfloor.store.lake import Lake

    terminal = Terminal(sys.stdout)
    gone = Lake(Path(options.lake)).forget(options.before, really=options.yes)
    if not gone.parts:
        terminal.line(f"No day before {options.before.isoformat()} is in the lake.")
        return 0
    what = (
        f"{gone.events:,} events ({gone.bytes / 1e6:,.1f} MB) of {len(gone.parts):,} days, "
        f"{gone.parts[0]} to {gone.parts[-1]}"
    )
    if not options.yes:
        terminal.line(f"Would remove {what}.")
        raise RefusedError("nothing was removed.", hint="Add --yes to remove it.")
    terminal.line(f"Removed {what}.")
    if gone.waiting:
        terminal.line(f"{gone.waiting:,} files are being read now; the next write to the lake deletes them.")
    return 0


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise UsageError(f"--before takes a date such as 2026-01-31, not {text!r}.") from None
