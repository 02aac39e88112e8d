"""``watchfloor reduce``: alerts in; the incidents worth opening out, the rest put aside with a reason."""

import argparse
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from watchfloor import __version__
from watchfloor.base.errors import InputError, UsageError
from watchfloor.cli import outputs

if TYPE_CHECKING:
    from watchfloor.base.settings import Settings
    from watchfloor.cli.reduce_run import Run

NAME = "reduce"
SUMMARY = "reduce a flood of alerts to the incidents worth opening"
DESCRIPTION = """Read alerts, learn what is usual on each host from the stream itself, and name the few incidents an
analyst should open, each with its alerts. Everything else is put aside, counted by reason.

INPUT is any mix of files, archives and folders, or - for standard input: lines of `watchfloor watch` and `watchfloor
rules match`, Suricata EVE, Wazuh and AMiner alerts, OCSF findings, or CSV with a header. Times are UTC.

examples:
  watchfloor reduce alerts.json
  watchfloor reduce eve.json wazuh/ --json incidents.jsonl
  watchfloor reduce alerts.csv --mapping columns.json
  watchfloor reduce alerts.json --feedback verdicts.jsonl
  tail -F alerts.json | watchfloor reduce - --follow --json - --state floor/"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the contract's options."""
    add = parser.add_argument
    add("inputs", metavar="INPUT", nargs="+", help="file, archive or folder of alerts to read")
    add("--json", metavar="FILE", help="write a JSON line an incident and a summary; - is standard output")
    add("--mapping", metavar="FILE", help="JSON object: the CSV columns of time, name, host, entity, severity")
    add("--feedback", metavar="FILE", help="JSON lines with verdicts on incidents or alerts; see docs/reduce.md")
    add("--state", metavar="DIR", help="go on from the checkpoint in this folder, and leave one there")
    add("--follow", action="store_true", help="read standard input as it comes; incidents are written as they open")
    add("--quiet", action="store_true", help="no progress bar and no words, only the file asked for")


def run(options: argparse.Namespace) -> int:
    """Reduce and write what was asked for."""
    from watchfloor.base.settings import from_environment

    settings = from_environment()
    to_file = None if options.json == "-" else options.json
    outputs.check([to_file] if to_file is not None else [], options.inputs)
    if options.follow:
        return _follow(options, settings)
    from watchfloor.cli.reduce_run import Run

    done = Run.over(options, settings)
    if options.json == "-":
        sys.stdout.buffer.writelines(json_lines(done))
        sys.stdout.buffer.flush()
    elif options.json is not None:
        outputs.write(options.json, json_lines(done))
    # Only when the incidents are out: a run that dies before is done again from the last checkpoint.
    done.keep()
    if options.json != "-" and not options.quiet:
        from watchfloor.cli.reduce_summary import summarise
        from watchfloor.cli.terminal import Terminal

        summarise(done, Terminal(sys.stdout), json_file=options.json or "")
    return InputError.exit_code if done.reader.account.rejections else 0


def json_lines(done: "Run") -> Iterator[bytes]:
    """Incident lines, highest priority first, what feedback taught, then the summary."""
    for incident in done.outcome.incidents:
        yield outputs.json_line(incident.to_json(done.reader.sources))
    for line in done.feedback_lines():
        yield outputs.json_line(line)
    yield outputs.json_line(summary_record(done))


def summary_record(done: "Run") -> dict[str, Any]:
    """The contract's last JSON line: ``records == alerts_in + passed over + rejected``."""
    return {"type": "summary", "version": __version__, **done.outcome.summary(), **done.books()}


def _follow(options: argparse.Namespace, settings: "Settings") -> int:
    if options.inputs != ["-"]:
        raise UsageError("--follow reads standard input.", hint="tail -F FILE | watchfloor reduce - --follow --json -")
    if options.json != "-":
        raise UsageError("--follow writes to standard output.", hint="Add --json -.")
    from watchfloor.cli.reduce_follow import follow

    return follow(options, settings)
