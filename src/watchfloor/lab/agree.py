"""What rules add to the screen's word: fit it, and measure both together on labs never seen.

    python -m watchfloor.lab.heard ../shared/data HEARD.jsonl --range FOLDER ...
    python -m watchfloor.lab.agree CORPUS.npz SCORES HEARD.jsonl [--json OUT.json]

For each gravest level of the rules in a scene a logit is fitted that is added to the screen's (``film.accord``): never
below zero, never less for a graver level. No ordinary work on macOS is at hand to fit anything to: its recordings get
what ships, and the fit for Unix leaves them out. Screen, thresholds and bonus of a figure come from other folds.
**Not all rules are held out**: those dated before ``heard.UNTUNED_FROM`` were tuned on EVTX-ATTACK-SAMPLES, on OTRF's
atomic recordings and on our first Linux recording. Of the later ones two lots were written from what was missed in one
half of the folds each (``heard.HALVES``), the others without a look at any recording.
"""

import argparse
import json
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from watchfloor.base.findings import LEVELS
from watchfloor.film.accord import SYSTEMS, added
from watchfloor.film.screen import FAMILIES
from watchfloor.lab import heard
from watchfloor.lab.bags import Bags, load
from watchfloor.lab.cross import gather, groups_of
from watchfloor.lab.labels import labels_of
from watchfloor.lab.measure_film import Judged, at_false_alarms, judge, share
from watchfloor.lab.measure_rules_hunting import RULE_MADE
from watchfloor.lab.units import Opinion, Units, attack_scenes, balanced, units

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

#: The mildest level that may add anything.
_FIRST: Final = LEVELS.index("medium") + 1
#: What a medium rule may add at most, of what a high one does. Sigma asks for a look at it, for no alarm, and the
#: ordinary Windows scenes here are few and of three sources: administrators at work are hardly among them.
_MEDIUM: Final = 0.5
#: Sources the older rules were tuned on.
TUNED_ON: Final = ("evtx_attack_samples", "otrf")
#: Rules on cleared logs: some labs clear theirs before they record, which tells the lab and not the attack.
_CLEARED: Final = frozenset(("ff71d438-834e-426c-a3ba-95e1cc3c2244", "ed4a033d-d258-4212-9c23-eaebaf739e79"))
#: Rounds of choosing an attack recording's strongest scene and fitting.
_ROUNDS: Final = 3


@dataclass(frozen=True, slots=True)
class Stage:
    """Scenes that may speak for a unit: a benign scene for itself, each scene of an attack recording for that.

    All are ``(scenes,)``: ``unit`` numbers what is judged, ``logit`` is the screen's.
    """

    unit: Ints
    logit: Floats
    level: Ints
    at_malicious: Floats
    at_suspicious: Floats


def logit(probability: Floats) -> Floats:
    """Log odds, bounded."""
    sure = np.clip(probability, 1e-6, 1 - 1e-6)
    return np.asarray(np.log(sure / (1 - sure)))


def stage(bags: Bags, said: Opinion, found: Units, level: Ints, group: Ints) -> Stage:
    """The scenes behind each of ``found``, judged by models and calibrations of other groups."""
    known = units(bags, said)
    every = attack_scenes(bags, said)
    ours = np.asarray([f["source"] == "range" for f in bags.facts])
    every = every.of(~ours)
    own = np.flatnonzero(~found.attack | ours[found.recording])
    one, many = judge(bags, known, found, group), judge(bags, known, every, group)
    place = np.full(len(bags.facts), -1)
    recorded = np.flatnonzero(found.attack & ~ours[found.recording])
    place[found.recording[recorded]] = recorded
    kept = place[every.recording] >= 0

    def both(name: str) -> Floats:
        return np.concatenate([getattr(one, name)[own], getattr(many, name)[kept]])

    scene = np.concatenate([found.scene[own], every.scene[kept]])
    return Stage(
        np.concatenate([own, place[every.recording[kept]]]),
        logit(both("probability")), level[scene], both("at_malicious"), both("at_suspicious"),
    )  # fmt: skip


def strongest(seen: Stage, bonus: Floats, size: int) -> Ints:
    """The scene that speaks for each unit, ``(units,)``; ``bonus`` is by level ``(6,)``."""
    order = np.argsort(seen.logit + bonus[seen.level], kind="stable")
    chosen = np.zeros(size, np.int64)
    chosen[seen.unit[order]] = order
    return chosen


def fit(seen: Stage, attack: Flags, weight: Floats, mine: Flags) -> Floats:
    """What each level adds ``(6,)``, from the units in ``mine``."""
    bonus = np.asarray([0.0, 0.0, 0.0, 1.0, 4.0, 4.0])
    y, w = attack[mine].astype(np.float64), weight[mine]
    for _ in range(_ROUNDS):
        chosen = strongest(seen, bonus, len(attack))[mine]
        base, level = seen.logit[chosen], seen.level[chosen]
        steps = np.stack([level >= one for one in range(_FIRST, len(LEVELS) + 1)], axis=1).astype(np.float64)

        def loss(theta: Floats, base: Floats = base, steps: Floats = steps) -> tuple[float, Floats]:
            z = base + steps @ theta[:-1] + theta[-1]
            gap = w * (1 / (1 + np.exp(-z)) - y)
            value = float((w * (np.logaddexp(0, z) - y * z)).sum() + (theta[:-1] ** 2).sum() / 2)
            return value, np.r_[steps.T @ gap + theta[:-1], gap.sum()]

        # The intercept takes up what the strongest of many scenes gains; it is not part of what rules add.
        start = np.zeros(steps.shape[1] + 1)
        bounds = [(0, None)] * steps.shape[1] + [(None, None)]
        found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x[:-1]
        bonus = np.r_[np.zeros(_FIRST), np.cumsum(found)]
        bonus[_FIRST] = min(bonus[_FIRST], bonus[_FIRST + 1] * _MEDIUM)
    return bonus


def systems(bags: Bags) -> Ints:
    """The system of each recording, ``(recordings,)``, as ``SYSTEMS``."""
    return np.where(bags.macos(), SYSTEMS.index("macos"), bags.unix().astype(np.int64))


def bonuses(bags: Bags, seen: Stage, found: Units, mine: Flags) -> dict[str, Floats]:
    """What each level adds, for each of ``SYSTEMS``: fitted to the units in ``mine``; for macOS what ships."""
    system, weight = systems(bags)[found.recording], balanced(bags, found)
    fitted = {name: fit(seen, found.attack, weight, mine & (system == n)) for n, name in enumerate(FAMILIES)}
    every = np.arange(len(LEVELS) + 1)
    return fitted | {"macos": added(every, np.full_like(every, SYSTEMS.index("macos"))).astype(np.float64)}


def together(bags: Bags, seen: Stage, found: Units, group: Ints) -> Judged:
    """Joined verdicts of units, what rules add fitted on the other groups."""
    system = systems(bags)[found.recording]
    p, high, low = (np.zeros(len(found.attack)) for _ in range(3))
    place = group[found.recording]
    for number, (n, name) in product(np.unique(place), enumerate(SYSTEMS)):
        mine = (place == number) & (system == n)
        if not mine.any():
            continue
        bonus = bonuses(bags, seen, found, place != number)[name]
        chosen = strongest(seen, bonus, len(found.attack))[mine]
        p[mine] = 1 / (1 + np.exp(-(seen.logit + bonus[seen.level])[chosen]))
        high[mine], low[mine] = seen.at_malicious[chosen], seen.at_suspicious[chosen]
    return Judged(p, high, low)


def figures(judged: Judged, found: Units, mine: Flags) -> dict[str, Any]:
    """Recordings found and benign scenes flagged among the units in ``mine``."""
    attack, r = found.attack & mine, found.recording
    benign = ~found.attack & mine
    return {
        "malicious": {"found": share(judged.malicious[attack], r[attack]),
                      "flagged": share(judged.malicious[benign], r[benign])},
        "suspicious": {"found": share(judged.suspicious[attack], r[attack]),
                       "flagged": share(judged.suspicious[benign], r[benign])},
        "found at false-alarm share": {
            f"{s:.2%}": at_false_alarms(judged.probability[mine], found.attack[mine], s) for s in (0.01, 0.0167, 0.05)
        },
    }  # fmt: skip


def measure(bags: Bags, said: Opinion, path: Path) -> dict[str, Any]:
    """All figures, and what ships: the bonus fitted to everything."""
    group, _ = groups_of(bags, "fold")
    usable = ~np.asarray([f["source"] in RULE_MADE for f in bags.facts])
    ours = np.asarray([f["source"] == "range" for f in bags.facts])
    found = units(bags, said).of(usable)
    new = heard.untuned()
    later = new.union(*map(heard.written_from, heard.HALVES))
    kinds = {
        "all own rules": heard.levels(bags, path),
        "all but those whose writer read its half": heard.levels(bags, path, unheard=heard.apart(group)),
        "rules written without looking": heard.levels(bags, path, new),
        "older rules": heard.levels(bags, path, later, without=True),
        "all own rules but those on cleared logs": heard.levels(bags, path, _CLEARED, without=True),
    }
    tuned = np.asarray([f["source"] in TUNED_ON for f in bags.facts])[found.recording]
    sets = {"all": ~ours[found.recording], "sources the older rules were not tuned on": ~ours[found.recording] & ~tuned}
    on_macos = bags.macos()[found.recording]
    sets["attacks on macOS, all ordinary scenes"] = ~ours[found.recording] & (on_macos | ~found.attack)
    sets["sources they were tuned on"] = ~ours[found.recording] & (tuned | ~found.attack)
    result: dict[str, Any] = {}
    for kind, level in kinds.items():
        seen = stage(bags, said, found, level, group)
        alone = strongest(seen, np.zeros(len(LEVELS) + 1), len(found.attack))
        screen = Judged(1 / (1 + np.exp(-seen.logit[alone])), seen.at_malicious[alone], seen.at_suspicious[alone])
        judged = together(bags, seen, found, group)
        worst = np.zeros(len(found.attack), np.int64)
        np.maximum.at(worst, seen.unit, seen.level)
        result[kind] = {name: figures(judged, found, mine) for name, mine in sets.items()}
        result["screen"] = {name: figures(screen, found, mine) for name, mine in sets.items()}
        for least in ("medium", "high"):
            hit = worst > LEVELS.index(least)
            said_so = Judged(hit.astype(np.float64), np.full(len(hit), 0.5), np.full(len(hit), 0.5))
            result[f"{kind} alone, {least} or worse"] = {
                name: figures(said_so, found, mine) for name, mine in sets.items()
            }
        everything = np.ones(len(found.attack), np.bool_)
        shipped = bonuses(bags, seen, found, everything)
        result[f"bonus, {kind}"] = {
            name: dict(zip(LEVELS, one[1:].round(2).tolist(), strict=True)) for name, one in shipped.items()
        }
        system = systems(bags)[found.recording]
        result[f"units by level, {kind}"] = {
            f"{name}, {'attack' if bad else 'benign'}": np.bincount(
                worst[(system == n) & (found.attack == bad)], minlength=len(LEVELS) + 1
            ).tolist()
            for (n, name), bad in product(enumerate(SYSTEMS), (True, False))
        }
    return result


def main() -> None:
    """Command line of this module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("scores", type=Path, help="folder that lab.cross filled, by fold")
    parser.add_argument("heard", type=Path, help="made by lab.heard")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    bags = load(options.corpus)
    scores = gather(bags, "fold", options.scores, len(labels_of(bags).names))
    found = measure(bags, Opinion(scores.look, scores.frame, scores.scene), options.heard)
    text = json.dumps(found, indent=1)
    print(text)
    if options.json:
        options.json.write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
