"""``watchfloor formats``: what can be read."""

import argparse
import sys

NAME = "formats"
SUMMARY = "list the formats that can be read"
DESCRIPTION = "List the formats that can be read. A file's format is recognised by its content, not its name."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """This command takes none."""


def run(_options: argparse.Namespace) -> int:
    """Print the registry, one format a row."""
    from watchfloor.cli.terminal import Terminal
    from watchfloor.intake.registry import FORMATS

    rows = [(entry.name, entry.describes) for entry in FORMATS]
    Terminal(sys.stdout).table(("format", "what it is"), rows)
    return 0
