"""``watchfloor lake show``: what a lake holds."""

import argparse
import sys
from pathlib import Path

from watchfloor.cli import outputs

NAME = "show"
SUMMARY = "say what a lake holds"
DESCRIPTION = """Say how many events a lake holds, from when, and of which hosts.

example:
  watchfloor lake show --lake history"""

_SHOWN_HOSTS = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The lake."""
    parser.add_argument("--lake", metavar="DIR", required=True, help="folder of the lake")
    parser.add_argument("--json", metavar="FILE", help="write it as one JSON line; - is standard output")


def run(options: argparse.Namespace) -> int:
    """Print the summary."""
    from dataclasses import asdict

    from watchfloor.base.settings import from_environment
    from watchfloor.cli.terminal import Terminal
    from watchfloor.store.lake import Lake

    temp_dir = from_environment().temp_dir
    outputs.check([options.json] if options.json not in (None, "-") else [], [])
    summary = Lake(Path(options.lake), temp_dir=temp_dir).summary()
    if options.json is not None:
        hosts = [{"host": host, "events": events} for host, events in summary.hosts]
        line = outputs.json_line({"type": "lake", **asdict(summary), "hosts": hosts})
        if options.json == "-":
            sys.stdout.buffer.write(line)
            sys.stdout.buffer.flush()
            return 0
        outputs.write(options.json, [line])
    terminal = Terminal(sys.stdout)
    terminal.line(
        f"{summary.events:,} events in {summary.days:,} days, {summary.bytes / 1e6:,.1f} MB in "
        f"{summary.files:,} files; {summary.source_count:,} sources, {summary.host_count:,} hosts.",
        style="bold",
    )
    if summary.first:
        terminal.line(f"From {summary.first} to {summary.last}.")
    if summary.undated:
        terminal.line(f"{summary.undated:,} events have no readable time.")
    if summary.hosts:
        rows = [(f"{events:,}", host) for host, events in summary.hosts[:_SHOWN_HOSTS]]
        terminal.table(("events", "host"), rows)
    if summary.host_count > _SHOWN_HOSTS:
        terminal.line(f"and {summary.host_count - _SHOWN_HOSTS:,} more hosts: see --json.")
    return 0
