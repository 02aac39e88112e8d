"""``watchfloor watch``: logs in; scenes, verdicts and the film out."""

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from watchfloor import __version__
from watchfloor.base.errors import InputError, UsageError
from watchfloor.cli import outputs
from watchfloor.cli.lab_process import whole
from watchfloor.cli.rules_options import BESIDE, NONE, OWN, add_rule_options

if TYPE_CHECKING:
    from watchfloor.base.settings import Settings
    from watchfloor.cli.rules_options import Chosen
    from watchfloor.cli.watch_rules import Hunted
    from watchfloor.film.filming import Reel
    from watchfloor.film.matches import Matches
    from watchfloor.film.watching import Watched
    from watchfloor.operations.gathering import Gathered

NAME = "watch"
CASES_HELP = """on Linux, open a case for each scene that stands out, at most N, and call what belongs to its attack
malicious too; default 50, 0 for none"""
SUMMARY = "read endpoint logs, judge what happened, show the film"
DESCRIPTION = """Read endpoint logs, put their events into scenes (one process tree on one host), and say of
each scene whether it is malicious, suspicious, benign or too unlike the known to say, with ATT&CK techniques and
the records that show it. Sigma rules, those shipped with Watchfloor and those that --rules adds, judge together with
the screen on Windows and macOS and are named beside its verdict elsewhere, each match with the scene it belongs to.

INPUT is any mix of files, archives and folders, or - for standard input; formats are recognised by
content (see `watchfloor formats`).

examples:
  watchfloor watch Security.evtx
  watchfloor watch evidence.zip /var/log/audit --report film.html
  watchfloor watch logs/ --json scenes.jsonl --all-scenes
  watchfloor watch logs/ --rules sigma/ --exceptions site.yml --report film.html
  watchfloor watch logs/ --json - --quiet | jq 'select(.verdict == "malicious")'"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the contract's options."""
    add = parser.add_argument
    add("inputs", metavar="INPUT", nargs="+", help="file, archive or folder to read")
    add("--cases", metavar="N", type=whole, help=CASES_HELP)
    add("--no-experts", action="store_true", help="do not ask the command expert about the command lines it shows")
    add("--json", metavar="FILE", help="write a JSON line a scene, a match and a summary; - is standard output")
    add("--all-scenes", action="store_true", help="write benign and unsure scenes too, not only what stands out")
    add("--report", metavar="FILE.html", help="write the film: one page that opens in any browser, offline")
    add("--navigator", metavar="FILE.json", help="write an ATT&CK Navigator layer")
    add_rule_options(parser, required=False, rules_help=BESIDE)
    add("--workers", metavar="N", type=count, help="processes that parse input; default one a core")
    add("--lang", choices=("en", "zh"), default="en", help="language of the words printed")
    add("--quiet", action="store_true", help="no progress bar and no words, only the files asked for")


def run(options: argparse.Namespace) -> int:
    """Watch the inputs and write what was asked for."""
    from watchfloor.base.settings import from_environment

    settings = from_environment()
    if options.workers is not None:
        settings = replace(settings, workers=options.workers)
    to_file = None if options.json == "-" else options.json
    files = [name for name in (to_file, options.report, options.navigator) if name is not None]
    outputs.check(files, options.inputs)
    chosen = _chosen(options, settings)
    with ExitStack() as stack:
        hunted: list[Hunted] = []
        watched = stack.enter_context(closing(_watch(options, settings, chosen, hunted, stack)))
        gathered = _gathered(watched, options.cases)
        watched = replace(watched, scenes=gathered.scenes, seconds=watched.seconds + gathered.seconds)
        if not options.no_experts:
            from watchfloor.cli.watch_commands import asked

            watched = replace(watched, scenes=asked(watched.scenes, settings))
        told = (watched, hunted[0] if hunted else None, gathered)
        _write(options, *told, settings.report_frames)
    if options.json != "-" and not options.quiet:
        from watchfloor.cli.summary import summarise
        from watchfloor.cli.terminal import Terminal

        summarise(
            watched,
            Terminal(sys.stdout),
            lang=options.lang,
            report=options.report or "",
            hunted=hunted[0] if hunted else None,
            gathered=gathered,
        )
    return InputError.exit_code if watched.account.rejections else 0


def _gathered(watched: "Watched", most: int | None) -> "Gathered":
    from watchfloor.operations.gathering import gather

    return gather(watched.reel, watched.scenes, most)


def summary_record(
    watched: "Watched", written: int, hunted: "Hunted | None" = None, gathered: "Gathered | None" = None
) -> dict[str, Any]:
    """The contract's last JSON line; ``rejected`` may be capped, ``rejected_reasons`` counts them all."""
    account = watched.account
    return {
        "type": "summary",
        "version": __version__,
        "inputs": account.inputs,
        "hosts": list(watched.hosts),
        "events_read": account.records_read,
        "events_rejected": account.rejected_records,
        "events_kept": account.kept,
        "missing_times": account.missing_times,
        "out_of_order": account.out_of_order,
        "scenes": len(watched.scenes),
        "scenes_written": written,
        "verdicts": dict(Counter(scene.verdict for scene in watched.scenes)),
        **({"cases": gathered.record()} if gathered is not None else {}),
        **(hunted.record(watched.scenes) if hunted is not None else {}),
        "seconds": round(watched.seconds, 3),
        "rejected": [rejection.to_json() for rejection in account.rejections],
        "rejected_reasons": [
            {"source": source, "why": why, "count": count} for (source, why), count in account.reasons.items()
        ],
    }


def json_lines(
    watched: "Watched", *, all_scenes: bool, hunted: "Hunted | None" = None, gathered: "Gathered | None" = None
) -> Iterator[bytes]:
    """Scene lines, worst first, then matches, gravest first, then the summary."""
    from watchfloor.film.matches import standing_out

    matches = hunted.matches if hunted is not None else None
    shown = watched.scenes if all_scenes else standing_out(watched.scenes, matches)
    for scene in shown:
        yield outputs.json_line(scene.to_json() | (matches.scene_facts(scene) if matches is not None else {}))
    if hunted is not None:
        yield from hunted.lines()
    yield outputs.json_line(summary_record(watched, len(shown), hunted, gathered))


def _chosen(options: argparse.Namespace, settings: "Settings") -> "Chosen | None":
    """The rules asked for, read before the logs are: a wrong path is told at once."""
    from watchfloor.cli.rules_options import rules_and_tuning, with_own

    for path in options.rules or ():
        # beside the shipped rules a path with nothing behind it would only be one more fault in the summary
        if path not in (OWN, NONE) and not Path(path).exists():
            raise InputError(f"no Sigma rules at {path}.", hint="Name a .yml file, or a folder or archive of them.")
    options.rules = with_own(options.rules)
    if not options.rules:
        for name in ("exceptions", "placeholders"):
            if getattr(options, name) is not None:
                raise UsageError(f"--{name} is about rules, and none are used.", hint="Leave --rules none out.")
        return None
    return rules_and_tuning(options, settings, date.today())


def _watch(
    options: argparse.Namespace, settings: "Settings", chosen: "Chosen | None", hunted: "list[Hunted]", stack: ExitStack
) -> "Watched":
    """Watch; what the rules did comes into ``hunted``."""
    from watchfloor.film.watching import watch

    def hear(reel: "Reel") -> "Matches":
        from watchfloor.cli.watch_rules import Hunted

        assert chosen is not None
        keep = options.json is not None
        made = Hunted(reel, chosen, settings, exceptions=options.exceptions or "", keep_lines=keep)
        hunted.append(stack.enter_context(closing(made)))
        return made.matches

    heard = hear if chosen is not None else None
    if options.quiet or not sys.stderr.isatty():
        return watch(options.inputs, settings, hear=heard)
    from watchfloor.cli.terminal import ProgressBar

    with ProgressBar(sys.stderr) as bar:
        return watch(options.inputs, settings, on_progress=bar.show, hear=heard)


def _write(
    options: argparse.Namespace,
    watched: "Watched",
    hunted: "Hunted | None",
    gathered: "Gathered",
    report_frames: int,
) -> None:
    matches = hunted.matches if hunted is not None else None
    title = f"Watchfloor: {', '.join(watched.hosts[:3]) or 'no host'}"
    if options.report is not None:
        from watchfloor.film.player import render

        document = watched.document(title=title, all_scenes=options.all_scenes, most_frames=report_frames)
        page = render(document)
        # "replace": a file name that is no text has no bytes in UTF-8
        outputs.write(options.report, [page.encode("utf-8", "replace")])
    if options.navigator is not None:
        from watchfloor.film.navigator import layer

        claims = matches.gravest() if matches is not None else ()
        outputs.write(options.navigator, [outputs.json_line(layer(watched.scenes, name=title, claims=claims))])
    lines = json_lines(watched, all_scenes=options.all_scenes, hunted=hunted, gathered=gathered)
    # Last, so that whoever reads standard output finds the other files complete.
    if options.json == "-":
        sys.stdout.buffer.writelines(lines)
        sys.stdout.buffer.flush()
    elif options.json is not None:
        outputs.write(options.json, lines)


def count(text: str) -> int:
    """A whole number from 1, as --workers takes it."""
    if not text.isdecimal() or int(text) == 0:
        raise UsageError(f"--workers takes a whole number from 1, not {text!r}.")
    return int(text)
