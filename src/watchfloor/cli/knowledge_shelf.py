"""What the commands of ``watchfloor knowledge`` share: folder, encoder, progress bar, how a build is told."""

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from watchfloor.base.errors import InputError, UsageError
from watchfloor.cli import outputs

if TYPE_CHECKING:
    from watchfloor.base.embeddings import TextEncoder
    from watchfloor.base.settings import Settings
    from watchfloor.knowledge.building import Built, OnProgress

_SHOWN_REASONS = 10


def add_folder(parser: argparse.ArgumentParser) -> None:
    """The option that names the knowledge base, and the one that asks for JSON."""
    parser.add_argument("--knowledge", metavar="DIR", help="folder of the knowledge base (WATCHFLOOR_KNOWLEDGE_DIR)")
    parser.add_argument(
        "--json", metavar="FILE", nargs="?", const="-", help="write JSON lines; - (or nothing) is standard output"
    )


def folder_of(options: argparse.Namespace, settings: "Settings") -> Path:
    """The folder meant: the option's, the setting's, or the user's own."""
    named = options.knowledge or settings.knowledge_dir
    return Path(named) if named else Path.home() / ".local" / "share" / "watchfloor" / "knowledge"


def open_encoder(settings: "Settings") -> "TextEncoder":
    """The experts' backbone, for vectors of texts."""
    from watchfloor.experts import bundled
    from watchfloor.experts.backbone import Backbone

    return Backbone(bundled.BACKBONE, threads=settings.workers, remembered_bytes=0)


def count(text: str) -> int:
    """A whole number from 1."""
    if not text.isdecimal() or int(text) == 0:
        raise UsageError(f"expected a whole number from 1, not {text!r}.")
    return int(text)


def check_json(options: argparse.Namespace, *others: str | None) -> None:
    """Find out now whether the outputs can be written."""
    files = [options.json] if options.json not in (None, "-") else []
    outputs.check(files + [each for each in others if each is not None], [])


def write_json(options: argparse.Namespace, records: list[dict[str, Any]]) -> None:
    """JSON lines to where ``--json`` says."""
    lines = [outputs.json_line(each) for each in records]
    if options.json == "-":
        sys.stdout.buffer.writelines(lines)
        sys.stdout.buffer.flush()
    elif options.json is not None:
        outputs.write(options.json, lines)


@contextmanager
def progress(*, quiet: bool) -> Iterator["OnProgress | None"]:
    """A bar on stderr where a person looks at it."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    console = Console(file=sys.stderr, markup=False, highlight=False, emoji=False)
    with Progress(*columns, console=console, auto_refresh=False, transient=True) as bar:
        task = bar.add_task("", total=None)

        def show(what: str, done: int, total: int) -> None:
            bar.update(task, description=what[:40], completed=done, total=total or None, refresh=True)

        yield show


def built_and_told(options: argparse.Namespace, work: Callable[["OnProgress | None"], "Built"]) -> int:
    """Run a build and say what came of it; exit code 3 where something could not be read."""
    began = time.monotonic()
    with progress(quiet=options.quiet) as bar:
        built = work(bar)
    seconds = time.monotonic() - began
    write_json(options, [summary_record(built, seconds)] if options.json is not None else [])
    if options.json != "-" and not options.quiet:
        _tell(built, seconds)
    return InputError.exit_code if built.account.rejections else 0


def summary_record(built: "Built", seconds: float) -> dict[str, Any]:
    """The one JSON line of a build."""
    account, changes = built.account, built.changes
    return {
        "type": "summary",
        "edition": built.edition,
        "inputs": account.inputs,
        "records_read": account.records_read,
        "records_kept": account.kept,
        "records_rejected": account.rejected_records,
        "documents": built.by_kind,
        "added": changes.added,
        "replaced": changes.replaced,
        "withdrawn": changes.withdrawn,
        "unchanged": changes.unchanged,
        "repeated": changes.repeated,
        "edges_added": changes.edges_added,
        "edges_withdrawn": changes.edges_withdrawn,
        "passages": built.passages,
        "passages_encoded": built.encoded,
        "passages_without_vector": built.passages_left,
        "seconds": round(seconds, 3),
        "passed_over": built.passed_over,
        "rejected": [rejection.to_json() for rejection in account.rejections],
        "rejected_reasons": [{"source": s, "why": why, "count": n} for (s, why), n in account.reasons.items()],
    }


def _tell(built: "Built", seconds: float) -> None:
    from watchfloor.cli.terminal import Terminal

    terminal, changes = Terminal(sys.stdout), built.changes
    if built.edition:
        terminal.line(
            f"Edition {built.edition} in {seconds:.1f} s: {changes.added:,} documents new, "
            f"{changes.replaced:,} replaced (the older ones are kept), "
            f"{changes.withdrawn:,} withdrawn, {changes.unchanged:,} as before.",
            style="bold",
        )
    else:
        terminal.line(f"Nothing new in {seconds:.1f} s: {changes.unchanged:,} documents as before.", style="bold")
    terminal.table(("documents", "kind"), [(f"{count:,}", kind) for kind, count in built.by_kind.items()], indent=2)
    terminal.line(
        f"Passages: {built.passages:,}, {built.encoded:,} of them encoded now; "
        f"{built.passages_left:,} are found by words and ids alone."
    )
    if built.passed_over:
        shown = ", ".join(Path(name).name for name in built.passed_over[:5])
        terminal.line(f"Passed over, no knowledge of a known kind: {len(built.passed_over):,} files ({shown} …).")
    if built.account.reasons:
        terminal.line("Not read:", style="yellow")
        reasons = sorted(built.account.reasons.items(), key=lambda item: -item[1])
        for (source, why), many in reasons[:_SHOWN_REASONS]:
            terminal.line(f"{many:,} × {source}: {why}", indent=2)
        if reasons[_SHOWN_REASONS:]:
            terminal.line(f"and {len(reasons) - _SHOWN_REASONS:,} more reasons: see --json.", indent=2)
