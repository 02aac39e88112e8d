"""``watchfloor lab evaluate``: hands over to ``watchfloor.lab.evaluate`` in a process of its own."""

import argparse

from watchfloor.cli import lab_process, outputs

NAME = "evaluate"
SUMMARY = "measure an expert on labelled texts it was not made from"
DESCRIPTION = """Ask an expert every labelled text of a file, and say how good its answers are, with intervals. Texts it
was made from are left out and counted; of a file with a split column the test part is taken.

examples:
  watchfloor lab evaluate command --data held-out.csv
  watchfloor lab evaluate phishing.expert --data new-mails.csv --report now.html --json -"""

_NEEDED = ("sklearn", "scipy")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    add("expert", metavar="EXPERT", help="name of an expert that ships, or folder of a pack")
    add("--data", metavar="FILE", required=True, help="labelled texts: CSV, JSON lines or a JSON list")
    add("--report", metavar="FILE.html", help="write one page that opens in any browser, offline")
    add("--json", metavar="FILE", help="write one JSON line; - is standard output")
    add("--text", metavar="COLUMN", help="column of the texts; default: by its common names")
    add("--label", metavar="COLUMN", help="column of the labels; default: by its common names")
    add("--split", metavar="COLUMN", help="column of train, dev or test; none to take every text")
    add("--backbone", metavar="PACK", help="another backbone than the one that ships")


def run(options: argparse.Namespace) -> int:
    """Check what can be checked at once, then let the lab work."""
    files = [name for name in (options.report, None if options.json == "-" else options.json) if name is not None]
    outputs.check(files, [options.data])
    names = ("data", "report", "json", "text", "label", "split", "backbone")
    words = [*lab_process.words(options, names), "--", options.expert]
    return lab_process.hand_over("evaluate", words, needed=_NEEDED)
