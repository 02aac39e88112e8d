"""Held-out verdicts of the screen: of attack recordings, of scenes without an attack, and of logs of our own."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from watchfloor.lab.bags import Bags
from watchfloor.lab.cross import gather, groups_of
from watchfloor.lab.labels import labels_of
from watchfloor.lab.measure_film import Judged, judge, metadata_only
from watchfloor.lab.units import Opinion, Units, units

Floats = npt.NDArray[np.float64]


def out_of_lab(bags: Bags, folder: Path) -> dict[str, Any]:
    """Verdicts on a corpus's units by screens that never saw their lab, from the scores of ``lab.cross``.

    An attack is named by its recording, a scene by its recording and its place in it: ``[probability,
    malicious, suspicious, probability from metadata alone]``.
    """
    group, _ = groups_of(bags, "lab")
    scores = gather(bags, "lab", folder, len(labels_of(bags).names))
    ours = np.asarray([f["source"] == "range" for f in bags.facts])
    found = units(bags, Opinion(scores.look, scores.frame, scores.scene)).of(~ours)
    return by_name(bags, found, judge(bags, found, found, group), metadata_only(bags, found, group))


def by_name(bags: Bags, found: Units, judged: Judged, trap: Floats) -> dict[str, Any]:
    """Verdicts as the state holds them."""
    first = {int(r): int(bags.scene[bags.recording == r].min()) for r in np.unique(found.recording)}
    attacks: dict[str, Any] = {}
    scenes: dict[str, dict[str, Any]] = {}
    for n, (r, scene) in enumerate(zip(found.recording.tolist(), found.scene.tolist(), strict=True)):
        name = bags.facts[r]["name"]
        verdict = [float(judged.probability[n]), bool(judged.malicious[n]), bool(judged.suspicious[n]), float(trap[n])]
        if found.attack[n]:
            attacks[name] = verdict
        else:
            scenes.setdefault(name, {})[str(scene - first[r])] = verdict
    return {"kind": "screen", "name": "leave one lab out", "attacks": attacks, "scenes": scenes}


def join(scenes: list[dict[str, Any]], verdicts: dict[str, Any]) -> None:
    """Lay a corpus's verdicts beside the scenes of the same recording filmed again.

    Raises:
        ValueError: the corpus was made from other data, or by other scenes.
    """
    first = min((scene["number"] for scene in scenes), default=0)
    places = {str(scene["number"] - first) for scene in scenes}
    if places != set(verdicts):
        raise ValueError(f"{len(places)} scenes here, {len(verdicts)} in the corpus; make the corpus again")
    for scene in scenes:
        scene["left out"] = verdicts[str(scene["number"] - first)]
