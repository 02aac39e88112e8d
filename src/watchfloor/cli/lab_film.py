"""``watchfloor lab film``: hands over to ``watchfloor.lab.adapt`` in a process of its own.

The running system imports nothing of the lab; what is learned comes back as a pack and an exit code.
"""

import argparse

from watchfloor.cli import lab_process, outputs

NAME = "film"
SUMMARY = "adapt the screen to labelled recordings, refuse what is no better"
DESCRIPTION = """Adapt the screen to recordings of your own, on this machine, in minutes. Labels are CSV or JSON lines
with `label` (malicious or benign) and one of `scene_id` (as `watch --json --all-scenes` writes it), `event_id` or
`source`. What it is worth is measured on scenes held out of learning; a pack that is no better than the one it came
from is not written, and the exit code is 4.

examples:
  watchfloor lab film --recordings logs/ --labels labels.csv --out my-screen
  watchfloor lab film --recordings logs/ --labels labels.jsonl --out my-screen --report adapted.html --json -
  WATCHFLOOR_MODEL_PACK=my-screen watchfloor watch logs/"""

#: What ``watchfloor.lab.adapt`` needs beside the running system.
_NEEDED = ("scipy", "sklearn")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the contract's options."""
    add = parser.add_argument
    add("--recordings", metavar="DIR", required=True, help="folder, file or archive of logs")
    add("--labels", metavar="FILE", required=True, help="labels of scenes, events or sources: CSV or JSON lines")
    add("--out", metavar="PACK", required=True, help="folder to write the adapted pack to; must not exist yet")
    add("--base", metavar="PACK", help="pack to adapt; default the one in use")
    add("--report", metavar="FILE.html", help="write what it is worth: one page that opens in any browser, offline")
    add("--json", metavar="FILE", help="write one JSON line; - is standard output")
    add(
        "--seed",
        metavar="N",
        type=lab_process.whole,
        default=0,
        help="how folds and bootstrap samples are drawn; default 0",
    )


def run(options: argparse.Namespace) -> int:
    """Check what can be checked at once, then let the lab work."""
    files = [name for name in (options.report, None if options.json == "-" else options.json) if name is not None]
    outputs.check(files, [options.recordings, options.labels])
    names = ("seed", "recordings", "labels", "out", "base", "report", "json")
    return lab_process.hand_over("adapt", lab_process.words(options, names), needed=_NEEDED)
