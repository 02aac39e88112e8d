"""``watchfloor settings``: every setting, its value now and what it means."""

import argparse
import sys
from dataclasses import fields

NAME = "settings"
SUMMARY = "list the settings and their values"
DESCRIPTION = """List every setting: the environment variable, its value now, its default and its meaning.

example:
  WATCHFLOOR_WORKERS=4 watchfloor settings"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """This command takes none."""


def run(_options: argparse.Namespace) -> int:
    """Print the settings as this environment has them."""
    from watchfloor.base.settings import Settings, from_environment
    from watchfloor.cli.terminal import Terminal

    current, default = from_environment(), Settings()
    rows = [
        (
            f"WATCHFLOOR_{spec.name.upper()}",
            _shown(getattr(current, spec.name)),
            _shown(getattr(default, spec.name)),
            spec.metadata["meaning"],
        )
        for spec in fields(Settings)
    ]
    Terminal(sys.stdout).table(("variable", "now", "default", "meaning"), rows)
    return 0


def _shown(value: object) -> str:
    return str(value) if value != "" else "(none)"
