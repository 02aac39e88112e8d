"""``watchfloor rules match``: logs in, matches of Sigma rules out."""

import argparse
import sys
import time
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from datetime import date
from itertools import chain
from typing import TYPE_CHECKING, Any

from watchfloor import __version__
from watchfloor.base.errors import InputError
from watchfloor.base.findings import LEVELS, Finding
from watchfloor.cli import outputs
from watchfloor.cli.rules_options import add_rule_options, rules_and_tuning
from watchfloor.cli.watch import count

if TYPE_CHECKING:
    from watchfloor.base.settings import Settings
    from watchfloor.cli.rules_options import Chosen
    from watchfloor.intake.reader import Reader

NAME = "match"
SUMMARY = "find the records that known-threat rules hold for"
DESCRIPTION = """Match Sigma rules against logs and name every record a rule holds for. INPUT is what `watchfloor watch`
reads: files, archives and folders, - for standard input, or an event lake.

examples:
  watchfloor rules match Security.evtx --rules sigma/rules
  watchfloor rules match logs/ --rules sigma.zip --level medium --json matches.jsonl
  watchfloor rules match logs/ --rules sigma/ --exceptions site.yml
  watchfloor rules match history --rules sigma/ --since 2026-11-01"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the contract's options."""
    add = parser.add_argument
    add("inputs", metavar="INPUT", nargs="+", help="file, archive, folder or event lake to read")
    add_rule_options(parser)
    add("--json", metavar="FILE", help="write one JSON line a match and a summary line; - is standard output")
    add("--level", choices=LEVELS, default=LEVELS[0], help="leave out rules below this level; default: none")
    add("--since", metavar="TIME", help="of an event lake: events from this time on (ISO 8601, UTC)")
    add("--until", metavar="TIME", help="of an event lake: events before this time")
    add("--host", metavar="NAME", action="append", default=[], help="of an event lake: this host; may be repeated")
    add("--workers", metavar="N", type=count, help="processes that parse input; default one a core")
    add("--quiet", action="store_true", help="no progress bar and no words, only the file asked for")


def run(options: argparse.Namespace) -> int:
    """Match and write what was asked for."""
    from watchfloor.base.settings import from_environment

    settings = from_environment()
    if options.workers is not None:
        settings = replace(settings, workers=options.workers)
    to_file = None if options.json == "-" else options.json
    outputs.check([to_file] if to_file is not None else [], options.inputs)
    chosen = rules_and_tuning(options, settings, date.today())
    work = _Work(options, settings, chosen)
    if options.json == "-":
        for line in work.lines():
            sys.stdout.buffer.write(line)
        sys.stdout.buffer.flush()
    elif options.json is not None:
        outputs.write(options.json, work.lines())
    else:
        for _ in work.lines():
            pass
    if options.json != "-" and not options.quiet:
        from watchfloor.cli.rules_summary import summarise
        from watchfloor.cli.terminal import Terminal

        summarise(work.summary(), work.examples, Terminal(sys.stdout), json_file=options.json or "")
    return InputError.exit_code if work.unread else 0


class _Work:
    """One run: matches as JSON lines, and the books of it when they are all out."""

    def __init__(self, options: argparse.Namespace, settings: "Settings", chosen: "Chosen") -> None:
        from watchfloor.rules.hunting import Hunt

        self._options = options
        self._settings = settings
        self._chosen = chosen
        self._began = time.monotonic()
        self._hunt: Hunt = Hunt(chosen.rules.at_least(options.level), chosen.tuning)
        self._reader: Reader | None = None
        self._lakes = 0
        self.matches = 0
        self.examples: dict[str, Finding] = {}

    def lines(self) -> Iterator[bytes]:
        """A line a match, then the summary."""
        for finding in self._findings():
            self.matches += 1
            self.examples.setdefault(finding.rule_id, finding)
            yield outputs.json_line(finding.to_json())
        yield outputs.json_line(self.summary())

    def _findings(self) -> Iterator[Finding]:
        from watchfloor.cli.rules_lake import History, lakes_among
        from watchfloor.intake.reader import Reader

        options = self._options
        lakes, inputs = lakes_among(options.inputs)
        history = History.of(lakes, options)
        self._lakes = len(lakes)
        shown: Any = nullcontext()
        if inputs and not options.quiet and sys.stderr.isatty():
            from watchfloor.cli.terminal import ProgressBar

            shown = ProgressBar(sys.stderr)
        with shown as bar:
            read: Iterator[Any] = iter(())
            if inputs:
                self._reader = Reader(inputs, self._settings, on_progress=bar.show if bar is not None else None)
                read = self._reader.batches()
            # one hunt over all: a correlation may have one part in the lake and the other in a file
            yield from self._hunt.over(chain(history.batches(), read), self._settings, history.before())

    @property
    def unread(self) -> bool:
        """Whether some input could not be read."""
        return self._reader is not None and bool(self._reader.account.reasons)

    def summary(self) -> dict[str, Any]:
        """The contract's last JSON line."""
        from watchfloor.cli.rules_summary import record_of

        account = self._reader.account if self._reader is not None else None
        return {
            "type": "summary",
            "version": __version__,
            **record_of(self._hunt, self._chosen),
            "matches": self.matches,
            "inputs": self._lakes + (account.inputs if account is not None else 0),
            "events_read": self._hunt.events + (account.rejected_records if account is not None else 0),
            "events_rejected": account.rejected_records if account is not None else 0,
            "events_kept": self._hunt.events,
            "seconds": round(time.monotonic() - self._began, 3),
            "rejected": [one.to_json() for one in account.rejections] if account is not None else [],
        }
