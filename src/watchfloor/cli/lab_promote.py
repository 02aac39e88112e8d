"""``watchfloor lab promote``: hands over to ``watchfloor.lab.promote`` in a process of its own."""

import argparse

from watchfloor.base.errors import UsageError
from watchfloor.cli import lab_process, outputs

NAME = "promote"
SUMMARY = "put a new expert in an old one's place, only if it is better"
DESCRIPTION = """Compare two experts on held-out texts that neither was made from, and copy the new one's pack into a
folder of experts if it is better: by a paired, one-sided test at 5%, without the recall of any label or the right
answers it stands by falling by more than a margin. Otherwise nothing is written, and the exit code is 4.

examples:
  watchfloor lab promote phishing-2.expert --over phishing.expert --data held-out.csv --into experts/
  watchfloor lab promote mine.expert --over command --data held-out.csv --into experts/ --sign-with maker.key"""

_NEEDED = ("sklearn", "scipy")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    add("pack", metavar="NEW_PACK", help="folder of the new expert's pack")
    add("--over", metavar="OLD", required=True, help="folder of the old pack, or name of an expert that ships")
    add("--data", metavar="FILE", required=True, help="labelled texts neither was made from")
    add("--into", metavar="FOLDER", required=True, help="folder of experts; the pack goes to FOLDER/NAME")
    add("--sign-with", metavar="KEY", help="sign the promoted pack with this private key")
    add("--margin", metavar="SHARE", type=_share, help="how far a label's recall may fall; default 0.05")
    add("--json", metavar="FILE", help="write one JSON line; - is standard output")
    add("--text", metavar="COLUMN", help="column of the texts; default: by its common names")
    add("--label", metavar="COLUMN", help="column of the labels; default: by its common names")
    add("--split", metavar="COLUMN", help="column of train, dev or test; none to take every text")
    add("--backbone", metavar="PACK", help="another backbone than the one that ships")
    add("--seed", metavar="N", type=lab_process.whole, default=0, help="how bootstrap samples are drawn; default 0")


def run(options: argparse.Namespace) -> int:
    """Check what can be checked at once, then let the lab work."""
    outputs.check([options.json] if options.json not in (None, "-") else [], [options.data])
    names = ("over", "data", "into", "sign-with", "margin", "json", "text", "label", "split", "backbone", "seed")
    words = [*lab_process.words(options, names), "--", options.pack]
    return lab_process.hand_over("promote", words, needed=_NEEDED)


def _share(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < 1:
        raise UsageError(f"--margin takes a share from 0 to 1, not {text!r}.")
    return value
