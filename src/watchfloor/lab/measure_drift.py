"""Measure drift: how much of a source, a log or an operating system is unknown to a screen that never saw it.

    python -m watchfloor.lab.measure_drift CORPUS.npz [--pack FOLDER] [--json OUT.json]

Each group in turn is left out of the vocabulary, as if it were new; a scene is unfamiliar when its share of unknown
words (``film.usual.unfamiliar``) passes the pack's limit. Were nothing in it malicious, it would be answered "unsure".
Beside each: the same share while the group is known.
"""

import argparse
import json
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from watchfloor.film import screen as screens
from watchfloor.film import usual
from watchfloor.film.pixels import Pixels
from watchfloor.film.screen import FAMILIES, Screen
from watchfloor.lab.bags import Bags, always_trains, load, shared_pixels
from watchfloor.lab.clips import load_pixels
from watchfloor.lab.teach import course

Flags = npt.NDArray[np.bool_]

#: Groups with fewer scenes say nothing.
LEAST: Final = 20


def groups(bags: Bags) -> dict[str, Flags]:
    """Recordings of each group that can be left out: sources, logs, operating systems, and single Linux hosts."""
    found: dict[str, Flags] = {}
    facts = [f for f in bags.facts if not always_trains(f)]
    measured = np.asarray([not always_trains(f) for f in bags.facts])
    for kind, names in (
        ("source", {f["source"] for f in facts}),
        ("host", {f["lab"] for f in facts if f["source"] == "range"}),
    ):
        for name in sorted(names):
            found[f"{kind} {name}"] = measured & np.asarray([name in (f["source"], f["lab"]) for f in bags.facts])
    for channel in sorted({c for f in facts for c in f.get("channels", ())}):
        found[f"log {channel}"] = measured & np.asarray([channel in f.get("channels", ()) for f in bags.facts])
    unix = bags.unix()
    for number, name in enumerate(FAMILIES):
        found[f"system {name}"] = measured & (unix == bool(number))
    return found


def shares(bags: Bags, pixels: Pixels, screen: Screen, left_out: Flags, known: Flags) -> npt.NDArray[np.float64]:
    """Share of each scene's words that recordings ``known`` do not teach, for scenes of ``left_out``."""
    rows = left_out[bags.recording]
    look = np.asarray(bags.x @ screen.weights + screen.bias)
    plan = course(bags, look, rows)
    place = np.searchsorted(plan.scene, bags.scene[plan.rows])
    taught = shared_pixels(bags, known)
    return usual.unfamiliar(pixels[plan.rows], taught, place, len(plan.scene)).astype(np.float64)


def measure(bags: Bags, pixels: Pixels, screen: Screen) -> dict[str, Any]:
    """For each group: scenes, and which share of them is unfamiliar when the group is new and when it is known."""
    everything = np.ones(len(bags.facts), np.bool_)
    unix = bags.unix()
    found: dict[str, Any] = {}
    for name, left_out in groups(bags).items():
        if not left_out.any():
            continue
        limit = screen.families[int(unix[left_out].mean() > 0.5)].unfamiliar
        new = shares(bags, pixels, screen, left_out, ~left_out)
        if len(new) < LEAST:
            continue
        old = shares(bags, pixels, screen, left_out, everything)
        found[name] = {
            "scenes": len(new),
            "median unknown share": float(np.median(new)),
            "unfamiliar when new": float((new > limit).mean()),
            "unfamiliar when known": float((old > limit).mean()),
        }
    return found


def main() -> None:
    """Command line of this module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--pack", type=Path, default=screens.BUNDLED)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    bags = load(options.corpus)
    text = json.dumps(measure(bags, load_pixels(options.corpus), screens.load(options.pack)), indent=1)
    print(text)
    if options.json:
        options.json.write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
