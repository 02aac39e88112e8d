"""Measure the screen on labs and sources it never saw, beside its linear first look and what the traps alone are worth.

    python -m watchfloor.lab.cross CORPUS.npz SCORES --by lab|source
    python -m watchfloor.lab.measure_film CORPUS.npz SCORES --by lab|source [--json OUT.json]

Weights, networks, calibration and thresholds come from the other groups alone. Intervals are 95% bootstrap over
recordings (10,000 draws, seed 7); seeds of training are those of ``lab.cross``.
"""

import argparse
import json
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.feature_extraction import FeatureHasher
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from watchfloor.lab import scores
from watchfloor.lab.bags import Bags, load
from watchfloor.lab.calibration import calibrate
from watchfloor.lab.cross import gather, groups_of
from watchfloor.lab.labels import labels_of
from watchfloor.lab.units import Opinion, Units, balanced, mixed_scenes, units

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Judged:
    """Out-of-group probability of units and the two thresholds each was held against, ``(units,)`` each."""

    probability: Floats
    at_malicious: Floats
    at_suspicious: Floats

    @property
    def malicious(self) -> npt.NDArray[np.bool_]:
        """Whose probability reaches the higher threshold."""
        return self.probability >= self.at_malicious

    @property
    def suspicious(self) -> npt.NDArray[np.bool_]:
        """Whose probability reaches the lower one."""
        return self.probability >= self.at_suspicious


def judge(bags: Bags, known: Units, found: Units, group: npt.NDArray[np.int64]) -> Judged:
    """Judge each group's ``found`` units, calibrated and thresholded on the other groups' ``known`` units.

    Windows and Unix are calibrated apart where the others hold both kinds of units, as in the pack.
    """
    unix = bags.unix()
    probability = np.zeros(len(found.attack))
    malicious, suspicious = np.ones(len(found.attack)), np.ones(len(found.attack))
    place = group[found.recording]
    for number, family in product(np.unique(place), (False, True)):
        mine = (place == number) & (unix[found.recording] == family)
        rest = known.of((group != number) & (unix == family))
        if not mine.any():
            continue
        if not 0 < rest.attack.sum() < len(rest.attack):
            rest = known.of(group != number)
        weights, bias, limits = calibrate(bags, rest)
        probability[mine] = 1 / (1 + np.exp(-(found.features[mine] @ weights + bias)))
        malicious[mine], suspicious[mine] = limits["malicious"], limits["suspicious"]
    return Judged(probability, malicious, suspicious)


def metadata_only(bags: Bags, found: Units, group: npt.NDArray[np.int64]) -> Floats:
    """Out-of-group probability from length, host name and channels of the recording alone."""
    hashed = FeatureHasher(512, input_type="dict").transform(_metadata(f) for f in bags.facts)
    x = hashed[found.recording]
    weight = balanced(bags, found)
    probability = np.zeros(len(found.attack))
    place = group[found.recording]
    for number in np.unique(place):
        mine = place == number
        model = LogisticRegression(max_iter=500).fit(x[~mine], found.attack[~mine], sample_weight=weight[~mine])
        probability[mine] = model.predict_proba(x[mine])[:, 1]
    return probability


def _metadata(facts: dict[str, Any]) -> dict[str, float]:
    known = {f"host={h}": 1.0 for h in facts.get("hosts", ())} | {
        f"channel={c}": 1.0 for c in facts.get("channels", ())
    }
    return known | {
        "log events": float(np.log10(1 + facts["events"])),
        "log frames": float(np.log10(1 + facts["frames"])),
    }


def interval(
    values: npt.NDArray[np.bool_], recording: npt.NDArray[np.int64], draws: int = 10_000
) -> tuple[float, float]:
    """95% bootstrap interval of a mean, resampling recordings."""
    if not len(values):
        return (float("nan"), float("nan"))
    _, cluster = np.unique(recording, return_inverse=True)
    total = np.bincount(cluster, weights=values)
    size = np.bincount(cluster)
    picks = np.random.default_rng(7).integers(0, len(size), (draws, len(size)))
    means = total[picks].sum(axis=1) / size[picks].sum(axis=1)
    low, high = np.quantile(means, (0.025, 0.975))
    return float(low), float(high)


def at_false_alarms(probability: Floats, attack: npt.NDArray[np.bool_], allowed: float) -> float:
    """Share of attacks above the score that ``allowed`` of the benign units exceed."""
    return float((probability[attack] > np.quantile(probability[~attack], 1 - allowed)).mean())


def calibration_error(probability: Floats, attack: npt.NDArray[np.bool_], weight: Floats, bins: int = 10) -> float:
    """Expected calibration error over equal-width bins (Naeini et al. 2015), units weighted as in training."""
    return scores.calibration_error(scores.reliability(probability, attack, weight, bins))


def share(values: npt.NDArray[np.bool_], recording: npt.NDArray[np.int64]) -> dict[str, Any]:
    """Mean with its interval and count."""
    low, high = interval(values, recording, 2_000 if len(values) > 5_000 else 10_000)
    return {"share": float(values.mean()) if len(values) else None, "low": low, "high": high, "n": len(values)}


def measure(bags: Bags, by: str, said: Opinion) -> dict[str, Any]:
    """All figures of one split; ``said`` are out-of-group scores. Our own hosts are measured elsewhere."""
    group, names = groups_of(bags, by)
    ours = np.asarray([f["source"] == "range" for f in bags.facts])
    found, mixed = units(bags, said).of(~ours), mixed_scenes(bags, said)
    judged, among = judge(bags, found, found, group), judge(bags, found, mixed, group)
    trap = metadata_only(bags, found, group)
    attack, r = found.attack, found.recording
    launches = sum(bags.facts[int(i)]["launches"] for i in np.unique(r[~attack]))
    flagged = int((judged.malicious & ~attack).sum())
    result = {
        "split": f"leave one {by} out",
        "groups": len(names),
        "attack recordings found (malicious)": share(judged.malicious[attack], r[attack]),
        "attack recordings found (suspicious or worse)": share(judged.suspicious[attack], r[attack]),
        "benign scenes flagged malicious": share(judged.malicious[~attack], r[~attack]),
        "benign scenes flagged suspicious or worse": share(judged.suspicious[~attack], r[~attack]),
        "false malicious verdicts per 1,000 process creations": 1000 * flagged / max(launches, 1),
        "process creations in benign recordings": launches,
        "scenes of mixed recordings called malicious (attacks among them)": share(among.malicious, mixed.recording),
        "verdict accuracy": share(judged.malicious == attack, r),
        "found at false-alarm share": {
            f"{s:.2%}".replace("0%", "%"): at_false_alarms(judged.probability, attack, s)
            for s in (0.01, 0.0167, 0.05, 0.1)
        },
        "expected calibration error, attacks and benign weighing the same": calibration_error(
            judged.probability, attack, balanced(bags, found)
        ),
        "roc auc": float(roc_auc_score(attack, judged.probability)),
        "roc auc, metadata only": float(roc_auc_score(attack, trap)),
        "majority accuracy": float(max(attack.mean(), 1 - attack.mean())),
        "per group": {},
    }
    for number, name in enumerate(names):
        mine = group[r] == number
        bad, good = mine & attack, mine & ~attack
        result["per group"][name] = {
            "attacks": int(bad.sum()),
            "found": float(judged.malicious[bad].mean()) if bad.any() else None,
            "suspected": float(judged.suspicious[bad].mean()) if bad.any() else None,
            "benign scenes": int(good.sum()),
            "flagged": float(judged.malicious[good].mean()) if good.any() else None,
        }
    return result


def main() -> None:
    """Command line of this module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("scores", type=Path, help="folder that lab.cross filled")
    parser.add_argument("--by", choices=("lab", "source", "fold"), default="lab")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    bags = load(options.corpus)
    scores = gather(bags, options.by, options.scores, len(labels_of(bags).names))
    opinions = {"linear first look": Opinion(scores.look), "screen": Opinion(scores.look, scores.frame, scores.scene)}
    text = json.dumps({name: measure(bags, options.by, said) for name, said in opinions.items()}, indent=1)
    print(text)
    if options.json:
        options.json.write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
