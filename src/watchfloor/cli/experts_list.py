"""``watchfloor experts list``: the experts that can be asked."""

import argparse
import sys
from typing import Any

from watchfloor.cli import outputs

NAME = "list"
SUMMARY = "list the experts that can be asked"
DESCRIPTION = """List every expert: what it answers, how many labels it has, where it is from and what it is worth.

example:
  watchfloor experts list"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Only the form of the output."""
    parser.add_argument("--json", action="store_true", help="write one JSON line an expert")


def run(options: argparse.Namespace) -> int:
    """Print the list; a pack that cannot be used is named with why."""
    from watchfloor.base.settings import from_environment
    from watchfloor.cli.terminal import Terminal
    from watchfloor.experts.shelf import Shelf

    records = list(_records(Shelf.at(from_environment().experts_dir)))
    if options.json:
        for record in records:
            sys.stdout.buffer.write(outputs.json_line(record))
        sys.stdout.buffer.flush()
        return 0
    rows = [
        (each["expert"], each["from"], str(each.get("labels", "")), each.get("measured", ""),
         each.get("wrong") or each.get("task", ""))
        for each in records
    ]  # fmt: skip
    Terminal(sys.stdout).table(("expert", "from", "labels", "measured", "answers"), rows)
    return 0


def _records(shelf: Any) -> Any:
    from watchfloor.base.errors import WatchfloorError
    from watchfloor.experts import bundled
    from watchfloor.experts.own import ABOUT, OWN
    from watchfloor.store.packs import MANIFEST, sha256_of

    places = shelf.places()
    for name in sorted(OWN.keys() - places.keys()):
        yield {"expert": name, "from": "watchfloor", "kind": "analysis", "task": ABOUT[name]}
    base = sha256_of(bundled.BACKBONE / MANIFEST)
    for name, place in sorted(places.items()):
        record: dict[str, Any] = {"expert": name, "from": "watchfloor" if place.own else str(place.folder)}
        if place.endpoint:
            yield record | {"kind": "endpoint"}
            continue
        try:
            expert = shelf.load(place, base)
        except WatchfloorError as error:
            yield record | {"wrong": str(error)}
            continue
        card = expert.card
        yield record | {
            "kind": card.kind, "labels": len(card.labels), "task": card.task, "version": expert.version,
            "signed": expert.signed, "measured": _headline(card.measured.get("test", {})),
        }  # fmt: skip


def _headline(test: dict[str, Any]) -> str:
    """The two figures of the held-out texts that say most."""
    if "detected" in test:
        return f"{_share(test['detected'])} detected, {_share(test.get('accepted'))} accepted"
    return f"{_share(test['accuracy'])} right" if "accuracy" in test else ""


def _share(figure: Any) -> str:
    value = figure.get("value", figure.get("share")) if isinstance(figure, dict) else figure
    return f"{value:.1%}" if isinstance(value, int | float) else "?"
