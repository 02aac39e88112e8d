"""Held-out verdicts of the screen: of attack recordings, of scenes without an attack, and of logs of our own."""

from collections.abc import Collection
from typing import Any

import numpy as np
import numpy.typing as npt

from watchfloor.film.screen import Screen, blank
from watchfloor.lab import mil
from watchfloor.lab.bags import Bags, shared_pixels
from watchfloor.lab.measure_film import Judged, groups_of, judge, metadata_only
from watchfloor.lab.train_screen import calibrate, cross_logits
from watchfloor.lab.units import Units, units

Floats = npt.NDArray[np.float64]


def out_of_lab(bags: Bags, settings: mil.Settings) -> tuple[Units, dict[str, Any]]:
    """Units of a corpus, and the verdicts of screens that never saw their lab.

    An attack is named by its recording, a scene by its recording and its place in it: ``[probability,
    malicious, suspicious, probability from metadata alone]``.
    """
    group, _ = groups_of(bags, "lab")
    found = units(bags, cross_logits(bags, settings, group))
    return found, by_name(bags, found, judge(bags, found, found, group), metadata_only(bags, found, group))


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


def screen_without(bags: Bags, labs: Collection[str], found: Units, settings: mil.Settings) -> Screen:
    """A screen that nothing of these labs trained; calibrated like the others, on ``found`` units."""
    recordings = np.asarray([facts["lab"] not in labs for facts in bags.facts])
    weights, bias = mil.fit(bags, recordings[bags.recording], shared_pixels(bags, recordings), settings)
    coefficients, intercept, limits = calibrate(bags, found)
    screen = blank()
    values = {name: getattr(screen, name) for name in Screen.__slots__} | {
        "weights": weights.astype(np.float32),
        "bias": bias,
        "pool_weights": coefficients.astype(np.float32),
        "pool_bias": intercept,
        "suspicious": limits["suspicious"],
        "malicious": limits["malicious"],
    }
    return Screen(**values)


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
