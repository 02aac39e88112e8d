"""``watchfloor lake compact``: many small files become few large ones."""

import argparse
import sys
from pathlib import Path

NAME = "compact"
SUMMARY = "turn many small files into few large ones"
DESCRIPTION = """Rewrite days that many adds left in many small files. No event is changed, and questions are
answered meanwhile.

example:
  watchfloor lake compact --lake history"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The lake."""
    parser.add_argument("--lake", metavar="DIR", required=True, help="folder of the lake")


def run(options: argparse.Namespace) -> int:
    """Compact and say what changed."""
    from watchfloor.base.settings import from_environment
    from watchfloor.cli.terminal import Terminal
    from watchfloor.store.lake import Lake

    done = Lake(Path(options.lake), temp_dir=from_environment().temp_dir).compact()
    if not done.parts:
        Terminal(sys.stdout).line("Nothing to compact.")
        return 0
    Terminal(sys.stdout).line(
        f"Compacted {len(done.parts):,} days: {done.files_before:,} files ({done.bytes_before / 1e6:,.1f} MB) are now "
        f"{done.files_after:,} ({done.bytes_after / 1e6:,.1f} MB)."
    )
    return 0
