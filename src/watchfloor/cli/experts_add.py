"""``watchfloor experts add``: an expert's pack, or a model behind an endpoint, becomes one that can be asked."""

import argparse
import re
import sys
from pathlib import Path

from watchfloor.base.errors import UsageError

NAME = "add"
SUMMARY = "add an expert's pack, or a model behind an endpoint"
DESCRIPTION = """Add an expert. A pack is checked file by file against its hashes, against this backbone and against the
public keys in the folder `trusted` of WATCHFLOOR_EXPERTS_DIR. A model behind an OpenAI-compatible endpoint needs its
address, its name there and the labels it may answer with.

examples:
  watchfloor experts add tickets.expert
  watchfloor experts add tickets.expert --unsigned
  watchfloor experts add --name triage --endpoint http://127.0.0.1:8000/v1 --model command@3f2a9c1b \\
      --labels malicious,benign --instruction 'Is this command line malicious?'"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """A pack, or an endpoint."""
    add = parser.add_argument
    add("pack", metavar="PACK", nargs="?", help="folder of an expert's pack")
    add("--unsigned", action="store_true", help="take a pack that nobody trusted here has signed")
    add("--name", metavar="NAME", help="name of the expert behind the endpoint")
    add("--endpoint", metavar="URL", help="address of an OpenAI-compatible server, up to /v1")
    add("--model", metavar="MODEL", help="name of the model there")
    add("--labels", metavar="A,B", help="labels it may answer with")
    add("--instruction", metavar="TEXT", help="what it is asked about each text")


def run(options: argparse.Namespace) -> int:
    """Check and add."""
    from watchfloor.base.settings import from_environment
    from watchfloor.cli.terminal import Terminal
    from watchfloor.experts import bundled
    from watchfloor.experts.shelf import Shelf
    from watchfloor.store.packs import MANIFEST, sha256_of

    shelf = Shelf.at(from_environment().experts_dir)
    if bool(options.pack) == bool(options.endpoint):
        raise UsageError("add takes a pack or --endpoint, and not both.", hint="See `watchfloor experts add --help`.")
    terminal = Terminal(sys.stdout)
    if options.endpoint:
        terminal.line(f"Added {_endpoint(options, shelf)}: it is asked at {options.endpoint}.")
        return 0
    expert = shelf.add(Path(options.pack), sha256_of(bundled.BACKBONE / MANIFEST), unsigned=options.unsigned)
    signed = f"signed by {expert.signed}" if expert.signed else "not signed"
    terminal.line(f"Added {expert.name} ({len(expert.card.labels)} labels, {signed}, version {expert.version[:16]}).")
    return 0


def _endpoint(options: argparse.Namespace, shelf: "object") -> str:
    from watchfloor.experts.endpoint import Endpoint

    missing = [f"--{each}" for each in ("name", "model", "labels", "instruction") if not getattr(options, each)]
    if missing:
        raise UsageError(f"an expert behind an endpoint also needs {', '.join(missing)}.")
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", options.name):
        raise UsageError("a name is letters, digits, - and _.")
    labels = [each.strip() for each in options.labels.split(",") if each.strip()]
    manifest = {"url": options.endpoint, "model": options.model, "labels": labels, "instruction": options.instruction}
    Endpoint.from_manifest(manifest | {"expert": options.name})
    shelf.add_endpoint(options.name, manifest)  # type: ignore[attr-defined]
    return str(options.name)
