"""``watchfloor experts show``: one expert's card."""

import argparse
import json
import sys

from watchfloor.base.errors import UsageError

NAME = "show"
SUMMARY = "show an expert's card"
DESCRIPTION = """Show what an expert answers, what it was made from, how it was measured and when it abstains.

example:
  watchfloor experts show command"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The expert."""
    parser.add_argument("expert", metavar="EXPERT", help="name of an expert")
    parser.add_argument("--json", action="store_true", help="write the card as one JSON line")


def run(options: argparse.Namespace) -> int:
    """Print the card."""
    from watchfloor.base.settings import from_environment
    from watchfloor.cli.terminal import Terminal
    from watchfloor.experts.own import ABOUT, OWN
    from watchfloor.experts.shelf import Shelf
    from watchfloor.store.packs import MANIFEST, sha256_of

    places = Shelf.at(from_environment().experts_dir).places()
    if options.expert not in places and options.expert in OWN:
        facts = {"expert": options.expert, "kind": "analysis", "task": ABOUT[options.expert]}
        print(json.dumps(facts) if options.json else f"{options.expert}: {facts['task']} (ships with Watchfloor)")
        return 0
    if options.expert not in places:
        raise UsageError(f"there is no expert {options.expert!r}.", hint="See `watchfloor experts list`.")
    place = places[options.expert]
    manifest = json.loads((place.folder / MANIFEST).read_text("utf-8"))
    manifest["version"] = sha256_of(place.folder / MANIFEST)
    if options.json:
        print(json.dumps(manifest, ensure_ascii=False))
        return 0
    terminal = Terminal(sys.stdout)
    terminal.line(f"{place.name}: {manifest.get('task', '')}", style="bold")
    for title, value in manifest.items():
        if title in ("expert", "name", "format", "task"):
            continue
        terminal.line(f"{title}: {_shown(value)}", indent=2)
    return 0


def _shown(value: object) -> str:
    if isinstance(value, list):
        head = ", ".join(map(str, value[:12]))
        return head + (f", and {len(value) - 12:,} more" if len(value) > 12 else "")
    if isinstance(value, dict):
        return "; ".join(f"{key} {_shown(each)}" for key, each in value.items() if each not in ("", [], {}))
    return f"{value:.4g}" if isinstance(value, float) else str(value)
