"""``watchfloor investigate``: from an alert back to the entry and forward to every effect, with records."""

import argparse
import sys
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from watchfloor import __version__
from watchfloor.base.errors import InputError, UsageError
from watchfloor.cli import outputs

if TYPE_CHECKING:
    from watchfloor.agent.case import Alert, Investigation
    from watchfloor.agent.investigating import Planner
    from watchfloor.agent.recording import Recording
    from watchfloor.base.settings import Settings

NAME = "investigate"
SUMMARY = "work an alert: root cause, timeline, effects, verdict, each sentence with its records"
DESCRIPTION = """Work cases. A case starts from an alert: an event id (--alert), lines of `watch --json`, `rules match`
or `reduce` (--alerts), or, with neither, from each scene the screen calls malicious or suspicious. The investigator
goes back to the entry and forward to every effect, tests hypotheses, and says what it could not find out.

INPUT is any mix of files, archives and folders; with --lake and no INPUT the lake's events are read.

examples:
  watchfloor investigate /var/log/audit --report case.html
  watchfloor investigate host.log.zst --alert 'host.log.zst#1795323545.775:846773' --json -
  watchfloor watch logs/ --json alerts.jsonl && watchfloor investigate logs/ --alerts alerts.jsonl --intel stix.json
  watchfloor investigate --lake history --alert 'web.log#1795322962.884:77' \\
      --planner llm --endpoint http://127.0.0.1:8000/v1 --model m"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    add("inputs", metavar="INPUT", nargs="*", help="file, archive or folder to read")
    add("--alert", metavar="EVENT_ID", action="append", default=[], help="begin a case at this record; may be repeated")
    add("--alerts", metavar="FILE.jsonl", help="lines of watch, rules match or reduce; a case a line")
    add("--lake", metavar="DIR", help="event lake: read when no INPUT is given, else asked about weeks of history")
    add("--intel", metavar="PATH", help="STIX 2.1 bundle, MISP event or CSV of indicators, or a folder of them")
    add("--assets", metavar="FILE.json", help='what is known of hosts: {"host": {"owner": …}}')
    add("--knowledge", metavar="DIR", help="knowledge base to look things up in (WATCHFLOOR_KNOWLEDGE_DIR)")
    add("--planner", choices=("procedural", "llm"), default="procedural", help="who plans; default procedural")
    add(
        "--endpoint", metavar="URL", help="OpenAI-compatible server for --planner llm, such as http://127.0.0.1:8000/v1"
    )
    add("--model", metavar="NAME", help="model at that server")
    add(
        "--most-cases",
        metavar="N",
        type=_whole,
        default=20,
        help="cases worked at most; the rest is counted; default 20",
    )
    add("--seconds", metavar="N", type=_whole, default=60, help="seconds one case may take; default 60")
    add("--json", metavar="FILE", help="write a JSON line a case and a summary; - is standard output")
    add("--report", metavar="FILE.html", help="write one page with attack graph, timeline and records")
    add("--workers", metavar="N", type=_whole, default=None, help="processes that parse input; default one a core")
    add("--quiet", action="store_true", help="no words, only the files asked for")


@dataclass(slots=True)
class Read:
    """What was read before the first case: events, what the skills said of processes, alerts, rejections."""

    recording: "Recording"
    odd: dict[str, float] = field(default_factory=dict)
    alerts: "list[Alert]" = field(default_factory=list)
    rejected: list[Any] = field(default_factory=list)


def run(options: argparse.Namespace) -> int:
    """Read, work each case, write what was asked for."""
    from dataclasses import replace

    from watchfloor.base.settings import from_environment

    settings = from_environment()
    if options.workers is not None:
        settings = replace(settings, workers=options.workers)
    files = [name for name in (None if options.json == "-" else options.json, options.report) if name is not None]
    outputs.check(files, options.inputs)
    if not options.inputs and not options.lake:
        raise UsageError("nothing to read.", hint="Name an INPUT, or a lake with --lake.")
    planner = _planner(options, settings)
    read = _read(options, settings)
    alerts = _chosen(options, read)
    cases, left = _worked(options, read, planner, alerts)
    _write(options, read, cases, len(alerts), left)
    return InputError.exit_code if read.rejected else 0


def _planner(options: argparse.Namespace, settings: "Settings") -> "Planner":
    if options.planner == "procedural":
        from watchfloor.agent.procedural import ProceduralPlanner

        if options.endpoint or options.model:
            raise UsageError("--endpoint and --model are for --planner llm.")
        return ProceduralPlanner()
    if not (options.endpoint and options.model):
        raise UsageError("--planner llm needs --endpoint and --model.")
    from watchfloor.agent.llm import LlmPlanner

    return LlmPlanner(options.endpoint, options.model, api_key=settings.endpoint_key)


def _read(options: argparse.Namespace, settings: "Settings") -> Read:
    from watchfloor.agent.investigating import alerts_of
    from watchfloor.agent.recording import from_batches, from_reel

    if not options.inputs:
        from watchfloor.store.lake import Lake
        from watchfloor.store.spool import Spool

        if not options.alert and not options.alerts:
            raise UsageError("a lake has no alerts of its own.", hint="Give --alert or --alerts, or an INPUT to watch.")
        with Spool(settings.spool_bytes, settings.temp_dir) as spool:
            return Read(from_batches(Lake(Path(options.lake)).batches(), spool))
    from watchfloor.cli.watch_rules import by_own_rules
    from watchfloor.film.watching import watch

    with closing(watch(options.inputs, settings, hear=by_own_rules(settings))) as watched:
        odd = {process.uid: process.score for scene in watched.scenes for process in scene.processes}
        flagged = [scene.to_json() for scene in watched.scenes if scene.flagged]
        return Read(from_reel(watched.reel), odd, alerts_of(flagged), list(watched.account.rejections))


def _chosen(options: argparse.Namespace, read: Read) -> "list[Alert]":
    from watchfloor.agent.case import Alert
    from watchfloor.agent.investigating import alerts_of

    chosen = [Alert(identity, (identity,)) for identity in options.alert]
    if options.alerts:
        chosen += alerts_of(_lines(options.alerts))
        if not chosen:
            raise InputError(
                f"{options.alerts} holds no alert.", hint="Give lines of watch, rules match or reduce --json."
            )
    return chosen or (read.alerts if not options.alert and not options.alerts else [])


def _lines(name: str) -> list[dict[str, Any]]:
    import json

    found = []
    try:
        text = Path(name).read_text("utf-8", "replace")
    except OSError as error:
        raise InputError(f"{name} cannot be read: {error.strerror}.") from error
    for line in text.splitlines():
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            found.append(value)
    return found


def _worked(
    options: argparse.Namespace, read: Read, planner: "Planner", alerts: "list[Alert]"
) -> "tuple[list[Investigation], int]":
    """The cases, worst first, and how many alerts are in none of them."""
    from watchfloor.agent.casebook import Casebook
    from watchfloor.agent.index import Index
    from watchfloor.agent.intel import load
    from watchfloor.agent.investigating import Investigator
    from watchfloor.agent.tools import Budget
    from watchfloor.cli.knowledge_lookup import knowledge_at
    from watchfloor.rules.shipped import texts
    from watchfloor.store.lake import Lake

    investigator: Investigator = Investigator(
        Index(read.recording), read.odd, planner,
        intel=load(Path(options.intel)) if options.intel else None,
        assets=asset_facts(options.assets),
        knowledge=knowledge_at(options.knowledge),
        lake=Lake(Path(options.lake)) if options.lake else None,
        rules=texts(),
        budget=Budget(seconds=float(options.seconds)),
    )  # fmt: skip
    for fault in investigator.intel.faults if investigator.intel is not None else ():
        print(f"watchfloor: threat intelligence left out: {fault}", file=sys.stderr)
    book = Casebook(investigator, options.most_cases)
    left = [alert for alert in alerts if book.work(alert) is None]
    return book.merged(), len(left)


def asset_facts(name: str | None) -> dict[str, dict[str, Any]]:
    """Facts by host in lower case; none where no file is named.

    Raises:
        InputError: it cannot be read or is no mapping of hosts.
    """
    import json

    if name is None:
        return {}
    try:
        value = json.loads(Path(name).read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{name} is no file of asset facts: {error}.") from error
    if not isinstance(value, dict):
        raise InputError(f"{name} is no mapping of hosts to facts.", hint='{"web-05": {"owner": "sales"}}')
    return {str(host).lower(): facts for host, facts in value.items() if isinstance(facts, dict)}


def _write(options: argparse.Namespace, read: Read, found: "list[Investigation]", alerts: int, left: int) -> None:
    from collections import Counter

    summary = {
        "type": "summary", "version": __version__, "events": len(read.recording.table), "alerts": alerts,
        "cases": len(found), "verdicts": dict(Counter(one.verdict for one in found)),
        "alerts_left": left,
        "claims": sum(len(one.claims()) for one in found), "claims_rejected": sum(len(one.rejected) for one in found),
        "seconds": round(sum(one.seconds for one in found), 3),
        "rejected": [rejection.to_json() for rejection in read.rejected],
    }  # fmt: skip
    if options.report is not None:
        from watchfloor.agent.report import page

        outputs.write(options.report, [page(found, read.recording).encode("utf-8", "replace")])
    lines = [outputs.json_line(one.to_json()) for one in found] + [outputs.json_line(summary)]
    if options.json == "-":
        sys.stdout.buffer.writelines(lines)
        sys.stdout.buffer.flush()
    elif options.json is not None:
        outputs.write(options.json, lines)
    if options.json != "-" and not options.quiet:
        _tell(found, summary, options.report)


def _tell(found: "list[Investigation]", summary: dict[str, Any], report: str | None) -> None:
    from watchfloor.cli.terminal import Terminal

    terminal = Terminal(sys.stdout)
    for one in found:
        terminal.line(
            f"{one.verdict.upper()} (confidence {one.confidence:.2f}): "
            f"{len(one.operations):,} events, {len(one.alerts)} alerts, {one.seconds:.1f} s"
        )
        for claim in (one.root_cause, one.entry_point, *one.summary[1:5]):
            if claim is not None:
                terminal.line(f"  {claim.text} [{claim.event_ids[0]}]")
        for question in one.open_questions[:2]:
            terminal.line(f"  Open: {question}")
    left = f"; {summary['alerts_left']} are in none of them, see --most-cases" if summary["alerts_left"] else ""
    terminal.line(f"{len(found)} cases from {summary['alerts']} alerts{left}.")
    if report:
        terminal.line(f"Report: {report}")


def _whole(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= 10**6:
        raise UsageError(f"a whole number from 1 is needed, not {text!r}.")
    return int(text)
