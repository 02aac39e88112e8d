"""``watchfloor triage``: each scene's subtasks to a fast mind, a slow one where it is not sure, else to a person."""

import argparse
import sys
from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING, Any

from watchfloor import __version__
from watchfloor.base.errors import InputError
from watchfloor.cli import outputs
from watchfloor.cli.lab_process import whole
from watchfloor.cli.rules_options import OWN, add_rule_options

if TYPE_CHECKING:
    from watchfloor.base.findings import Finding
    from watchfloor.base.settings import Settings
    from watchfloor.film.watching import Watched
    from watchfloor.operations.dispatch import Settled
    from watchfloor.operations.minds import Minds, Question

NAME = "triage"
SUMMARY = "settle what is asked of each scene: fast by experts, slow by the investigator, the rest for a person"
DESCRIPTION = """Watch recordings, then work the table of subtasks (verdict, severity, techniques, commands, indicators,
root cause, scope, timeline, hypotheses, response) for each scene that is no sure benign one. An expert answers at once;
where it is not sure enough, the investigator takes several steps; what neither settles is left to a person. Why each
subtask went where it went is written down. See docs/triage.md for the table.

examples:
  watchfloor triage /var/log/audit
  watchfloor triage logs/ --assets hosts.json --json triage.jsonl
  watchfloor triage --table                 # the table itself"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    add("inputs", metavar="INPUT", nargs="*", help="file, archive or folder to watch")
    add("--table", action="store_true", help="print the table of subtasks and stop")
    add("--all-scenes", action="store_true", help="also scenes the screen is sure are benign")
    add(
        "--fast-only",
        action="store_true",
        help="do not ask the investigator: what is not settled at once is a person's",
    )
    most = "scenes the investigator works at most, worst first; the rest is a person's; default 20"
    add("--most-cases", metavar="N", type=whole, default=60, help=most)
    add("--assets", metavar="FILE.json", help='what is known of hosts: {"host": {"criticality": "high", …}}')
    add("--intel", metavar="PATH", help="STIX 2.1 bundle, MISP event or CSV of indicators, or a folder of them")
    add("--json", metavar="FILE", help="write a JSON line a scene and a summary; - is standard output")
    add_rule_options(parser, required=False)


def run(options: argparse.Namespace) -> int:
    """Watch, settle, write."""
    from watchfloor.base.errors import UsageError
    from watchfloor.base.settings import from_environment
    from watchfloor.film.watching import watch

    if options.table:
        _print_table()
        return 0
    if not options.inputs:
        raise UsageError("nothing to triage.", hint="Name an INPUT: a file, an archive or a folder.")
    files = [name for name in (None if options.json == "-" else options.json,) if name is not None]
    outputs.check(files, options.inputs)
    settings = from_environment()
    with closing(watch(options.inputs, settings)) as watched:
        questions = _questions(options, settings, watched)
        minds = _minds(options, settings, watched)
        dispatcher = minds.dispatcher()
        worked = [(question, dispatcher.work(question)) for question in questions]
        summary = summed([settled for _, settled in worked], len(watched.scenes)) | {
            "rejected": [each.to_json() for each in watched.account.rejections]
        }
        _write(options, worked, summary)
        return InputError.exit_code if watched.account.rejections else 0


def _questions(options: argparse.Namespace, settings: "Settings", watched: "Watched") -> "list[Question]":
    """Scenes somebody or something has to look at, worst first, with the findings of rules in them."""
    from watchfloor.operations.minds import Question

    found = _findings(options, settings, watched)
    return [Question(scene, found.get(scene.scene_id, [])) for scene in watched.scenes
            if options.all_scenes or scene.verdict != "benign" or scene.scene_id in found]  # fmt: skip


def _findings(options: argparse.Namespace, settings: "Settings", watched: "Watched") -> "dict[str, list[Finding]]":
    from datetime import UTC, datetime

    from watchfloor.cli.rules_options import rules_and_tuning
    from watchfloor.film.matches import Matches
    from watchfloor.rules.hunting import Hunt

    options.rules = options.rules or [OWN]
    chosen = rules_and_tuning(options, settings, datetime.now(UTC).date())
    findings = Hunt(chosen.rules, chosen.tuning).over_spooled(watched.reel.spool, watched.reel.table)
    return Matches(watched.reel).alerting(findings)


def _minds(options: argparse.Namespace, settings: "Settings", watched: "Watched") -> "Minds":
    from functools import partial
    from pathlib import Path

    from watchfloor.cli.expert_floor import open_floor
    from watchfloor.cli.investigate import asset_facts
    from watchfloor.operations.minds import Asking, Minds

    assets = asset_facts(options.assets)
    floor = open_floor(settings)
    experts: dict[str, Asking] = {
        name: partial(floor.ask, name) for name in ("command", "technique") if name in floor.names
    }
    if options.fast_only:
        return Minds(None, experts, assets)
    from watchfloor.agent.index import Index
    from watchfloor.agent.intel import load
    from watchfloor.agent.investigating import Investigator
    from watchfloor.agent.recording import from_reel
    from watchfloor.agent.tools import Budget
    from watchfloor.operations.subtasks import TABLE

    odd = {process.uid: process.score for scene in watched.scenes for process in scene.processes}
    intel = load(Path(options.intel)) if options.intel else None
    budget = Budget(seconds=TABLE["verdict"].budget_s)
    investigator = Investigator(Index(from_reel(watched.reel)), odd, intel=intel, assets=assets, budget=budget)
    return Minds(investigator, experts, assets, options.most_cases)


def summed(worked: "list[list[Settled]]", scenes: int) -> dict[str, Any]:
    """The summary: for each subtask who settled it how often, what the slow mind changed, and what each took."""
    found: dict[str, Any] = {"type": "summary", "version": __version__, "scenes": scenes, "triaged": len(worked),
                             "subtasks": {}}  # fmt: skip
    for name in dict.fromkeys(each.subtask for many in worked for each in many):
        mine = [each for many in worked for each in many if each.subtask == name]
        found["subtasks"][name] = dict(Counter(each.mind for each in mine)) | {
            "changed": sum(each.changed for each in mine),
            "seconds": {mind: round(sum(each.seconds.get(mind, 0.0) for each in mine), 3) for mind in ("fast", "slow")},
        }
    return found


def _write(
    options: argparse.Namespace, worked: "list[tuple[Question, list[Settled]]]", summary: dict[str, Any]
) -> None:
    lines = [outputs.json_line({
        "type": "triage", "scene_id": question.scene.scene_id, "host": question.scene.host,
        "source": question.scene.source, "score": round(question.scene.score, 4),
        "settled": [each.to_json() for each in settled],
    }) for question, settled in worked] + [outputs.json_line(summary)]  # fmt: skip
    if options.json == "-":
        sys.stdout.buffer.writelines(lines)
        sys.stdout.buffer.flush()
        return
    if options.json is not None:
        outputs.write(options.json, lines)
    _tell(worked, summary)


def _tell(worked: "list[tuple[Question, list[Settled]]]", summary: dict[str, Any]) -> None:
    from watchfloor.cli.terminal import Terminal

    terminal = Terminal(sys.stdout)
    for question, settled in worked[:12]:
        by = {each.subtask: each for each in settled}
        verdict, cause = by["verdict"], by["root cause"]
        said = verdict.answer.value if verdict.answer else "nobody knows"
        terminal.line(f"{said} ({verdict.mind}): {question.scene.root.command_line or question.scene.root.image}")
        terminal.line(f"  {verdict.why}")
        if cause.answer:
            terminal.line(f"  {cause.answer.value}")
    if len(worked) > 12:
        terminal.line(f"… and {len(worked) - 12} more scenes; --json has them all.")
    for name, counts in summary["subtasks"].items():
        shares = ", ".join(f"{counts[mind]} {mind}" for mind in ("fast", "slow", "person") if counts.get(mind))
        terminal.line(f"{name}: {shares}")


def _print_table() -> None:
    from watchfloor.operations.subtasks import TABLE

    for row in TABLE.values():
        floor = f"stands from {row.floor:.2f}" if row.floor <= 1 else "never stands alone"
        print(f"{row.name}: {row.question}?")
        print(f"  fast: {row.fast or '-'}; slow: {row.slow or '-'} ({row.budget_s:.0f} s); {floor}; then a person")
        print(f"  {row.reason}")
