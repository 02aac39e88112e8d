"""``watchfloor code scan``: files and folders in, weaknesses with lines and reasons out, SARIF in and out."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from watchfloor.base.errors import InputError, UsageError
from watchfloor.cli import outputs

if TYPE_CHECKING:
    from watchfloor.experts.code.expert import CodeExpert, Reading
    from watchfloor.experts.code.scanning import Scanned

NAME = "scan"
SUMMARY = "scan files and folders of code"
DESCRIPTION = """Scan code, most likely weaknesses first within each file. --sarif writes them as SARIF 2.1.0. --triage
reads another scanner's SARIF over the same files and writes it to --sarif with each finding confirmed, put aside
(suppressed, never deleted) or left alone. The exit code is 3 if a file could not be read; findings are no error.

examples:
  watchfloor code scan src/ app.py
  watchfloor code scan src/ --json -
  watchfloor code scan src/ --triage bandit.sarif --sarif judged.sarif"""

_LARGEST_LOG = 256 * 1024 * 1024


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Paths, and where results go."""
    add = parser.add_argument
    add("paths", metavar="PATH", nargs="+", help="file or folder of code")
    add("--sarif", metavar="FILE", help="write SARIF 2.1.0")
    add("--triage", metavar="FILE.sarif", help="findings of another scanner to judge; the result goes to --sarif")
    add("--json", metavar="FILE", help="write one JSON line a finding and a summary line; - is standard output")
    add("--least", metavar="P", type=float, default=0.5, help="show findings at least this likely; default 0.5")


def run(options: argparse.Namespace) -> int:
    """Scan, say it, write it."""
    from watchfloor.experts.code.expert import CodeExpert
    from watchfloor.experts.code.model import load
    from watchfloor.experts.code.scanning import scan

    paths = [Path(each) for each in options.paths]
    for path in paths:
        if not path.exists():
            raise UsageError(f"there is no file or folder {path}.")
    to_file = None if options.json == "-" else options.json
    files = [each for each in (options.sarif, to_file) if each is not None]
    outputs.check(files, [*options.paths, *([options.triage] if options.triage else [])])
    expert = CodeExpert(load())
    scanned = list(scan(expert, paths))
    if options.triage:
        log = _triaged(options.triage, scanned, paths, quiet=options.json == "-")
    else:
        log = _log(expert, scanned)
    if options.json is not None:
        _write_json(options.json, _records(expert, scanned, options.least))
    elif not options.triage:
        _say(_records(expert, scanned, options.least))
    if options.sarif:
        import orjson

        outputs.write(options.sarif, [orjson.dumps(log, option=orjson.OPT_INDENT_2), b"\n"])
    return InputError.exit_code if any(each.reading is None for each in scanned) else 0


def _records(expert: "CodeExpert", scanned: "list[Scanned]", least: float) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for each in scanned:
        for finding in each.reading.findings if each.reading else ():
            score = expert.chance(each.reading.language, finding) if each.reading else 0.0
            if score >= least:
                found.append({"type": "weakness", "file": each.name, "line": finding.line, "cwe": finding.cwe,
                              "score": round(score, 4), "lines": finding.lines, "why": finding.why})  # fmt: skip
    rejected = [{"source": each.name, "where": "", "why": each.trouble} for each in scanned if each.reading is None]
    found.append({"type": "summary", "files": len(scanned), "weaknesses": len(found), "rejected": rejected})
    return found


def _write_json(name: str, records: list[dict[str, Any]]) -> None:
    lines = [outputs.json_line(each) for each in records]
    if name == "-":
        sys.stdout.buffer.write(b"".join(lines))
        sys.stdout.buffer.flush()
    else:
        outputs.write(name, lines)


def _say(records: list[dict[str, Any]]) -> None:
    from watchfloor.cli.terminal import Terminal

    terminal = Terminal(sys.stdout)
    for each in records[:-1]:
        terminal.line(f"{each['file']}:{each['line']}  {each['cwe']}  {each['score']:.2f}  {each['why']}")
    summary = records[-1]
    for each in summary["rejected"]:
        terminal.line(f"{each['source']}: not read: {each['why']}")
    terminal.line(f"{summary['files']:,} files, {summary['weaknesses']:,} weaknesses.")


def _log(expert: "CodeExpert", scanned: "list[Scanned]") -> dict[str, Any]:
    from watchfloor.experts.code import sarif

    read = [(each.name, each.reading) for each in scanned if each.reading is not None]
    return sarif.written(read, version=expert.version, chance=expert.chance)


def _triaged(name: str, scanned: "list[Scanned]", paths: list[Path], *, quiet: bool) -> dict[str, Any]:
    """The other scanner's log, judged; its files are found by name, as given or below the paths."""
    from watchfloor.cli.terminal import Terminal
    from watchfloor.experts.code import sarif

    source = Path(name)
    if not source.is_file():
        raise UsageError(f"there is no file {name}.")
    if source.stat().st_size > _LARGEST_LOG:
        raise InputError(f"{name} is larger than {_LARGEST_LOG:,} bytes.")
    known: dict[str, Reading] = {}
    for each in scanned:
        if each.reading is not None:
            known[str(Path(each.name).resolve())] = each.reading
    roots = [Path(), *(path if path.is_dir() else path.parent for path in paths)]

    def reading(uri: str) -> "Reading | None":
        places = (str((root / uri).resolve()) for root in roots if "\0" not in uri)
        return next((known[place] for place in places if place in known), None)

    judged = sarif.triage(sarif.read(source.read_bytes(), name), reading)
    if not quiet:
        counts = judged.counts
        Terminal(sys.stdout).line(f"{sum(counts.values()):,} findings: {counts['confirmed']:,} confirmed, "
                                  f"{counts['aside']:,} put aside, {counts['unknown']:,} left alone.")  # fmt: skip
    return judged.log
