"""``watchfloor rules check``: what is wrong with rules, before anyone relies on them."""

import argparse
import sys
import time
from typing import TYPE_CHECKING, Any

from watchfloor.base.errors import InputError
from watchfloor.cli import outputs
from watchfloor.cli.rules_options import OWN, read_placeholders

if TYPE_CHECKING:
    from watchfloor.cli.terminal import Terminal
    from watchfloor.rules.linting import Report

NAME = "check"
SUMMARY = "lint rules: what cannot be used, read or is in doubt"
DESCRIPTION = """Check Sigma rules: those that cannot be used and why, those for logs that Watchfloor does not read,
duplicates, pySigma's own checks, ATT&CK tags that are not in force, and what costs time. The exit code is 3 if a rule
cannot be used.

examples:
  watchfloor rules check sigma/
  watchfloor rules check my_rule.yml more_rules.zip
  watchfloor rules check sigma/ --placeholders site.yml --json issues.jsonl"""

_SHOWN_ERRORS = 30
_SHOWN_OTHERS = 3
_SHOWN_SOURCES = 15
_STYLES = {"error": "bold red", "high": "red", "medium": "yellow"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the contract's options."""
    add = parser.add_argument
    add("paths", metavar="PATH", nargs="+", help=f"file, folder or archive of rules; '{OWN}' are those shipped")
    add("--placeholders", metavar="FILE.yml", help="values for %%name%% in rules: name to value or list of values")
    add("--json", metavar="FILE", help="write one JSON line a finding and a summary line; - is standard output")


def run(options: argparse.Namespace) -> int:
    """Check and say it."""
    from watchfloor.base.settings import from_environment
    from watchfloor.rules.cache import no_collection
    from watchfloor.rules.linting import lint
    from watchfloor.rules.shipped import OWN_RULES

    began = time.monotonic()
    settings = from_environment()
    paths = [str(OWN_RULES) if path == OWN else path for path in options.paths]
    outputs.check([options.json] if options.json not in (None, "-") else [], paths)
    with no_collection():
        report = lint(paths, settings, read_placeholders(options.placeholders))
    if options.json is not None:
        lines = [outputs.json_line(issue.to_json()) for issue in report.issues]
        lines.append(outputs.json_line(_summary(report, time.monotonic() - began)))
        if options.json == "-":
            sys.stdout.buffer.write(b"".join(lines))
            sys.stdout.buffer.flush()
        else:
            outputs.write(options.json, lines)
    if options.json != "-":
        from watchfloor.cli.terminal import Terminal

        _tell(report, paths, Terminal(sys.stdout))
    return InputError.exit_code if report.count("error") else 0


def _summary(report: "Report", seconds: float) -> dict[str, Any]:
    """The contract's last JSON line."""
    from watchfloor.rules.linting import SEVERITIES

    return {
        "type": "summary",
        "files": report.files,
        "rules": report.rules,
        "correlations": report.correlations,
        "filters": report.filters,
        "usable": report.usable,
        "issues": {severity: report.count(severity) for severity in SEVERITIES},
        "without_input": [{"logsource": source, "rules": count} for source, count in report.unread.items()],
        "seconds": round(seconds, 3),
    }


def _tell(report: "Report", paths: list[str], terminal: "Terminal") -> None:
    from watchfloor.rules.linting import grouped, short_path

    failed = report.count("error")
    terminal.line(_headline(report, failed), style="bold red" if failed else "bold")
    groups = grouped(report.issues)
    if groups:
        terminal.line()
        rows = [(severity, f"{len(issues):,}", kind) for (severity, kind), issues in groups.items()]
        terminal.table(("severity", "count", "finding"), rows)
    for (severity, kind), issues in groups.items():
        terminal.line()
        terminal.line(f"{severity}: {kind}", style=_STYLES.get(severity, "bold"))
        shown = _SHOWN_ERRORS if severity == "error" else _SHOWN_OTHERS
        for issue in issues[:shown]:
            terminal.line(f"{issue.title or '(no title)'}  {short_path(issue.path, paths)}", indent=2)
            terminal.line(issue.detail, indent=4)
        if len(issues) > shown:
            terminal.line(f"and {len(issues) - shown:,} more: see --json", indent=2)
    if report.unread:
        _tell_unread(report.unread, terminal)


def _headline(report: "Report", failed: int) -> str:
    parts = [f"{report.rules:,} rules"]
    if report.correlations:
        parts.append(f"{report.correlations:,} correlations")
    if report.filters:
        parts.append(f"{report.filters:,} filters")
    said = f"{', '.join(parts)} in {report.files:,} files: {report.usable:,} can be used"
    said += f", {failed:,} faults." if failed else "."
    unread = sum(report.unread.values())
    return said + (f" {unread:,} are for logs that Watchfloor does not read." if unread else "")


def _tell_unread(unread: dict[str, int], terminal: "Terminal") -> None:
    terminal.line()
    terminal.line("Logs that Watchfloor does not read", style="bold")
    rows = [(f"{count:,}", source) for source, count in list(unread.items())[:_SHOWN_SOURCES]]
    terminal.table(("rules", "log source"), rows, indent=2)
    if len(unread) > _SHOWN_SOURCES:
        terminal.line(f"and {len(unread) - _SHOWN_SOURCES:,} more log sources: see --json", indent=2)
