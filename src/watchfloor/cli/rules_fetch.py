"""``watchfloor rules fetch``: SigmaHQ's rules, which are not shipped, by pinned address and digest."""

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from watchfloor.cli import outputs

if TYPE_CHECKING:
    from watchfloor.base.downloads import OnProgress
    from watchfloor.cli.terminal import Terminal
    from watchfloor.rules.fetching import Fetched

NAME = "fetch"
SUMMARY = "fetch SigmaHQ's rules into a folder"
DESCRIPTION = """Fetch the rules of SigmaHQ, of one pinned commit, into a folder: what comes is checked against a digest
kept here, and the folder is complete or absent. This is the only command that uses the network, and only https.
Without a network, fetch the archive elsewhere and give it with --from.

examples:
  watchfloor rules fetch sigma
  watchfloor rules fetch sigma --from sigma.zip
  watchfloor rules fetch sigma --from ~/src/sigma
  watchfloor rules fetch newer --from https://example.org/sigma.zip --sha256 0f3c…"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the contract's options."""
    add = parser.add_argument
    add("folder", metavar="FOLDER", help="a new or empty folder, or one fetched into before")
    add("--from", dest="origin", metavar="PATH|URL", help="archive, unpacked folder or https address to take instead")
    add("--sha256", metavar="HEX", help="sha256 the archive must have")
    add("--json", metavar="FILE", help="write what was fetched as one JSON line; - is standard output")


def run(options: argparse.Namespace) -> int:
    """Fetch and say what came."""
    from watchfloor.base.settings import from_environment
    from watchfloor.rules.fetching import fetch

    outputs.check([options.json] if options.json not in (None, "-") else [], [])
    shown: Any = nullcontext()
    if sys.stderr.isatty():
        shown = _download_bar()
    with shown as bar:
        fetched = fetch(
            options.folder,
            from_environment(),
            origin=options.origin,
            sha256=options.sha256,
            on_progress=bar,
        )
    if options.json is not None:
        line = outputs.json_line(fetched.to_json())
        if options.json == "-":
            sys.stdout.buffer.write(line)
            sys.stdout.buffer.flush()
            return 0
        outputs.write(options.json, [line])
    from watchfloor.cli.terminal import Terminal

    _tell(fetched, Terminal(sys.stdout))
    return 0


@contextmanager
def _download_bar() -> Iterator["OnProgress"]:
    """A bar on stderr, drawn as bytes come."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("fetching"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(file=sys.stderr), auto_refresh=False, transient=True) as bar:
        task = bar.add_task("", total=None)

        def show(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total or None, refresh=True)

        yield show


def _tell(fetched: "Fetched", terminal: "Terminal") -> None:
    from watchfloor.rules.fetching import COMMIT, LICENCE_NAME

    done = "are there already, unchanged" if fetched.unchanged else "fetched"
    terminal.line(f"{fetched.rules:,} rules {done}: {fetched.folder}", style="bold")
    if fetched.pinned:
        terminal.line(f"They are SigmaHQ's of commit {COMMIT[:12]}, checked by content.")
    else:
        terminal.line(f"They are not the pinned rules; their digest is {fetched.digest}.", style="yellow")
    if fetched.licence:
        terminal.line(f"SigmaHQ's rules are under the {LICENCE_NAME}: keep their authors named (see LICENSE there).")
    terminal.line(f"Next: watchfloor rules match LOGS --rules {fetched.folder}")
