"""``watchfloor experts remove``: take an added expert away."""

import argparse
import sys

NAME = "remove"
SUMMARY = "take an added expert away"
DESCRIPTION = """Take away an expert that was added here. One that ships under the same name comes to the front again.

example:
  watchfloor experts remove tickets"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The expert."""
    parser.add_argument("expert", metavar="EXPERT", help="name of an added expert")


def run(options: argparse.Namespace) -> int:
    """Remove it."""
    from watchfloor.base.settings import from_environment
    from watchfloor.cli.terminal import Terminal
    from watchfloor.experts.shelf import Shelf

    Shelf.at(from_environment().experts_dir).remove(options.expert)
    Terminal(sys.stdout).line(f"Removed {options.expert}.")
    return 0
