"""The ten worst false alarms and the ten worst misses of the screen on recordings with truth, listed and filmed.

    python -m watchfloor.lab.measure_worst FOLDER... [--pack FOLDER] [--film FILE.html] [--json FILE]

A false alarm is an ordinary scene with a high score, a miss a scene with an intrusion's Events and a low one. The
film holds these scenes alone; it is the product's own report.
"""

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from watchfloor.base.scenes import Scene
from watchfloor.base.settings import Settings
from watchfloor.film import screen as screens
from watchfloor.film.document import document
from watchfloor.film.filming import Reel, film
from watchfloor.film.judging import judge
from watchfloor.film.player import render
from watchfloor.intake.reader import Reader
from watchfloor.lab.truth import Truth, truth_of
from watchfloor.store.spool import Spool

MOST: Final = 10
#: Frames of the film.
_FRAMES: Final = 3_000


@dataclass(frozen=True, slots=True)
class Kind:
    """What an intruder did in a scene, by truth: events, whose, and which techniques."""

    events: int
    intrusions: tuple[str, ...]
    techniques: tuple[str, ...]


def kinds(reel: Reel, truth: dict[str, Truth]) -> dict[str, Kind]:
    """What intruders did in each scene that holds their Events, by the scene's name."""
    names = reel.scene_ids()
    found: dict[str, list[Truth]] = {}
    for batch in reel.spool:
        owners = reel.cast.assign(reel.table.resolve(batch))
        for owner, record in zip(owners.tolist(), batch.column("record").to_pylist(), strict=True):
            known = truth.get(record)
            if known is not None and known.intrusion:
                found.setdefault(names[int(reel.casting.scene[owner])], []).append(known)
    return {
        name: Kind(
            len(acts), tuple(sorted({a.intrusion for a in acts})), tuple(sorted({a.technique for a in acts} - {""}))
        )
        for name, acts in found.items()
    }


def worst(scenes: Sequence[Scene], known: dict[str, Kind]) -> tuple[list[Scene], list[Scene]]:
    """False alarms, worst first, and misses, worst first."""
    alarms = [s for s in scenes if s.scene_id not in known][:MOST]
    misses = [s for s in reversed(scenes) if s.scene_id in known][:MOST]
    return alarms, misses


def told(scene: Scene, kind: Kind | None) -> dict[str, Any]:
    """One scene of the list, JSON-ready."""
    return {
        "scene_id": scene.scene_id,
        "score": round(scene.score, 4),
        "verdict": scene.verdict,
        "events": scene.events,
        "root": scene.root.command_line or scene.root.image,
        "user": scene.root.user,
        "processes": len(scene.processes),
        "intrusion events": kind.events if kind else 0,
        "intrusions": kind.intrusions if kind else (),
        "techniques": kind.techniques if kind else (),
        "key frames": [f"{k.actor} {k.action} {k.object}"[:160] for k in scene.key_frames[:6]],
    }


def main() -> None:
    """Command line of this module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recordings", type=Path, nargs="+", help="folders with audit logs and truth.csv.zst")
    parser.add_argument("--pack", type=Path, default=screens.BUNDLED)
    parser.add_argument("--film", type=Path)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    began = time.monotonic()
    logs = [str(p) for folder in options.recordings for p in sorted(folder.glob("*.log*"))]
    truth = {event: known for folder in options.recordings for event, known in truth_of(folder).items()}
    reader = Reader(logs, Settings())
    with Spool(1 << 30) as spool:
        reel = film(reader.batches(), screens.load(options.pack), spool)
        scenes, known = judge(reel), kinds(reel, truth)
        alarms, misses = worst(scenes, known)
        if options.film:
            title, seconds = "Watchfloor: the screen's worst", time.monotonic() - began
            shown = [*alarms, *misses]
            page = document(reel, reader.account, scenes, shown, title=title, seconds=seconds, most_frames=_FRAMES)
            options.film.write_text(render(page), "utf-8")
    scores = np.asarray([s.score for s in scenes if s.scene_id in known])
    text = json.dumps(
        {
            "false alarms": [told(s, None) for s in alarms],
            "misses": [told(s, known[s.scene_id]) for s in misses],
            "median score of attack scenes": float(np.median(scores)) if len(scores) else None,
        },
        indent=1,
    )
    print(text)
    if options.json:
        options.json.write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
