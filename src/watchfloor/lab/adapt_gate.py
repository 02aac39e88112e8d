"""Whether an adapted screen may take the shipped one's place: figures on held-out scenes, and what refuses it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from sklearn.metrics import average_precision_score

from watchfloor.lab import scores
from watchfloor.lab.measure_recording import ALLOWED, at_allowed, share
from watchfloor.lab.scores import reliability

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Score = Callable[[Flags, Floats], float]

#: Labelled scenes of a family that adaptation and its figures need, duplicates aside.
LEAST_ATTACK: Final = 10
LEAST_BENIGN: Final = 30
#: How far verdicts on the replayed recording may get worse: share of attack scenes found, of benign ones flagged.
LOST: Final = 0.1
RAISED: Final = 0.02
#: Share of scenes of a family that was not adapted whose verdict may change: both share the first look.
STRAYED: Final = 0.02
DRAWS: Final = 2_000
BINS: Final = 10


@dataclass(frozen=True, slots=True)
class Side:
    """One screen's word on scenes: probabilities, and which it calls malicious, ``(scenes,)`` each."""

    probability: Floats
    malicious: Flags

    def of(self, here: Flags) -> "Side":
        """The word on some scenes."""
        return Side(self.probability[here], self.malicious[here])


@dataclass(frozen=True, slots=True)
class Judged:
    """Scenes with their truth, and both screens' word on them."""

    attack: Flags
    before: Side
    after: Side


def log_loss(attack: Flags, probability: Floats) -> float:
    """Mean surprise in nats, both classes weighing the same: that is what probabilities of a screen mean."""
    p = np.clip(probability, 1e-6, 1 - 1e-6)
    return float((-np.log(p[attack]).mean() - np.log(1 - p[~attack]).mean()) / 2)


def bins(attack: Flags, probability: Floats) -> Floats:
    """Ten bins of equal width, ``(BINS, 3)``: weight, mean probability, share of attacks; classes weigh the same."""
    weight = np.where(attack, 0.5 / max(attack.sum(), 1), 0.5 / max((~attack).sum(), 1))
    return reliability(probability, attack, weight, BINS)


def calibration_error(attack: Flags, probability: Floats) -> float:
    """Mean distance of what was said from what was so, over ``bins``."""
    return scores.calibration_error(bins(attack, probability))


SCORES: Final[dict[str, Score]] = {
    "average precision": average_precision_score,
    "log loss": log_loss,
    "calibration error": calibration_error,
}


def drawn(attack: Flags, seed: int) -> list[Ints]:
    """Bootstrap samples of scenes, as many of each class as there are."""
    rng = np.random.default_rng(seed)
    bad, good = np.flatnonzero(attack), np.flatnonzero(~attack)
    return [np.r_[rng.choice(bad, len(bad)), rng.choice(good, len(good))] for _ in range(DRAWS)]


def figures(judged: Judged, seed: int) -> dict[str, Any]:
    """Both screens' figures with 95% intervals, their paired differences, and what knowing nothing is worth."""
    attack = judged.attack
    samples = drawn(attack, seed)
    found: dict[str, Any] = {
        "attack scenes": int(attack.sum()),
        "benign scenes": int((~attack).sum()),
        "trivial": {
            "average precision": float(attack.mean()),
            "log loss": float(np.log(2)),
            "accuracy of calling all the commoner class": float(max(attack.mean(), 1 - attack.mean())),
        },
    }
    draws: dict[str, dict[str, Floats]] = {}
    for name, side in (("before", judged.before), ("after", judged.after)):
        flagged = at_allowed(side.probability, attack)
        draws[name] = {
            key: np.asarray([score(attack[s], side.probability[s]) for s in samples]) for key, score in SCORES.items()
        }
        found[name] = {
            f"found at {ALLOWED:.2%} flagged": share(flagged[attack]),
            "attack scenes called malicious": share(side.malicious[attack]),
            "benign scenes called malicious": share(side.malicious[~attack]),
            "accuracy": share(side.malicious == attack),
        } | {key: _value(score(attack, side.probability), draws[name][key]) for key, score in SCORES.items()}
    found["difference"] = {
        key: _value(
            found["after"][key]["value"] - found["before"][key]["value"], draws["after"][key] - draws["before"][key]
        )
        for key in SCORES
    }
    return found


def _value(value: float, sample: Floats) -> dict[str, float]:
    low, high = np.quantile(sample, (0.025, 0.975))
    return {"value": value, "low": float(low), "high": float(high)}


def counts(judged: Judged) -> dict[str, Any]:
    """Verdicts of both screens on the replayed recording."""
    return {
        name: {
            "attack scenes called malicious": share(side.malicious[judged.attack]),
            "benign scenes called malicious": share(side.malicious[~judged.attack]),
        }
        for name, side in (("before", judged.before), ("after", judged.after))
    }


def too_little(attack: int, benign: int, twins: int, folds: int) -> str:
    """Why labelled scenes do not suffice, empty if they do; ``folds`` is how many hold scenes of the rarer kind."""
    left = f" ({twins:,} scenes whose very same frames stand in several groups are not counted)" if twins else ""
    if not attack or not benign:
        return f"the labels are one-sided: {attack:,} malicious and {benign:,} benign scenes{left}"
    if attack < LEAST_ATTACK or benign < LEAST_BENIGN:
        return (
            f"too little data: {attack:,} malicious and {benign:,} benign scenes{left}; "
            f"{LEAST_ATTACK} and {LEAST_BENIGN} are needed"
        )
    if folds < 2:
        return f"all malicious or all benign scenes stand in one group, so none can be held out{left}"
    return ""


def objections(found: dict[str, Any]) -> list[str]:
    """What held-out figures say against an adapted screen."""
    after, gain, trivial = found["after"], found["difference"], found["trivial"]
    precision, loss = gain["average precision"], gain["log loss"]
    said = []
    if after["average precision"]["low"] <= trivial["average precision"] or after["log loss"]["value"] >= np.log(2):
        said.append("on held-out scenes it is no better than knowing nothing: the labels may be wrong")
    if precision["high"] < 0:
        said.append(f"average precision on held-out scenes falls: {_span(precision)}")
    if loss["low"] > 0:
        said.append(f"log loss on held-out scenes rises: {_span(loss)}")
    if precision["value"] <= 0 and loss["value"] >= 0:
        said.append("nothing is gained on held-out scenes")
    return said


def _span(value: dict[str, float]) -> str:
    return f"{value['value']:+.3f} ({value['low']:+.3f} to {value['high']:+.3f})"


def replay_objections(judged: Judged) -> list[str]:
    """What verdicts on the replayed recording say against it. One scene is always allowed to change."""
    said = []
    for name, mine, sign, most in (
        ("attack scenes called malicious fall", judged.attack, -1, LOST),
        ("benign scenes called malicious rise", ~judged.attack, 1, RAISED),
    ):
        before, after = int(judged.before.malicious[mine].sum()), int(judged.after.malicious[mine].sum())
        total = int(mine.sum())
        if sign * (after - before) > max(1, most * total):
            said.append(f"on the recording it shipped with, {name} from {before:,} to {after:,} of {total:,}")
    return said


def stray_objections(changed: int, total: int) -> list[str]:
    """What verdicts on scenes of the other family say against it."""
    if changed > max(1, STRAYED * total):
        return [f"{changed:,} of {total:,} scenes of the operating systems that were not adapted change their verdict"]
    return []
