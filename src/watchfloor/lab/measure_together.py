"""Four tasks that need several experts, each better together than the best alone, or not: measured.

    python -m watchfloor.lab.measure_together ../shared/data range/recordings/{atlas-11,quay-12,mill-13} --json OUT.json

Advisories, mails and Bandit's reports (``lab.together``): a logistic regression over the members' scores, learned on
development cases, beside each member alone, on test cases. Key frames: the technique of each attack scene as the
screen says it, as the technique expert says it of the scene's command lines, each weighed by how malicious the command
expert finds it, and as the sum of both, fixed before it was measured. Intervals: 95% bootstrap, seed 0; the difference
from the best member alone is paired.
"""

import argparse
import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.preprocessing import StandardScaler

from watchfloor.base.judgements import Judgement
from watchfloor.base.scenes import Scene
from watchfloor.base.settings import Settings
from watchfloor.experts.floor import ExpertFloor
from watchfloor.experts.own import OWN
from watchfloor.film import screen as screens
from watchfloor.film.filming import film
from watchfloor.film.judging import judge
from watchfloor.intake.reader import Reader
from watchfloor.lab.measure_commands import lines_of
from watchfloor.lab.measure_worst import kinds
from watchfloor.lab.together import Advisories, Cases, Mails, Reports
from watchfloor.lab.truth import truth_of
from watchfloor.store.spool import Spool

DRAWS: Final = 1000
Floats = npt.NDArray[np.float64]


def together(dev: Cases, test: Cases) -> dict[str, Any]:
    """ROC AUC and average precision of each member and of all, and the paired difference from the best member."""
    scale = StandardScaler().fit(dev.scores)
    model = LogisticRegression(C=1.0, class_weight="balanced").fit(scale.transform(dev.scores), dev.truth)
    all_ = model.decision_function(scale.transform(test.scores))
    said = {name: test.scores[:, place] for place, name in enumerate(test.members)} | {"together": all_}
    found: dict[str, Any] = {"cases": len(test.truth), "true": int(test.truth.sum())}
    for name, score in said.items():
        found[name] = {"ROC AUC": float(roc_auc_score(test.truth, score)),
                       "average precision": float(average_precision_score(test.truth, score))}  # fmt: skip
    best = max(test.members, key=lambda name: float(roc_auc_score(dev.truth, dev.scores[:, dev.members.index(name)])))
    gains = _drawn(test.truth, all_, said[best])
    found["best alone, by development cases"] = best
    found["gain in ROC AUC"] = [found["together"]["ROC AUC"] - found[best]["ROC AUC"], *gains]
    return found


def _drawn(truth: npt.NDArray[np.bool_], ours: Floats, other: Floats) -> list[float]:
    draw, gains = np.random.default_rng(0), []
    for _ in range(DRAWS):
        rows = draw.integers(0, len(truth), len(truth))
        if 0 < truth[rows].sum() < len(rows):
            gains.append(roc_auc_score(truth[rows], ours[rows]) - roc_auc_score(truth[rows], other[rows]))
    return [float(each) for each in np.quantile(gains, (0.025, 0.975))]


def key_frames(floor: ExpertFloor, recordings: Sequence[Path]) -> dict[str, Any]:
    """The first technique named, and one of the first three, against the techniques an attack scene shows."""
    right: dict[str, list[tuple[bool, bool]]] = defaultdict(list)
    for folder in recordings:
        logs = [str(path) for path in sorted(folder.glob("*.log*"))]
        with Spool(1 << 30) as spool:
            reel = film(Reader(logs, Settings()).batches(), screens.load(screens.BUNDLED), spool)
            scenes, known = judge(reel), kinds(reel, truth_of(folder))
        asked = [scene for scene in scenes if (kind := known.get(scene.scene_id)) and kind.techniques]
        lines = list(dict.fromkeys(line for scene in asked for line in lines_of(scene)))
        judged = floor.ask_all(["command", "technique"], lines)
        said = {line: (judged["command"][i], judged["technique"][i]) for i, line in enumerate(lines)}
        for scene in asked:
            truth = set(known[scene.scene_id].techniques)
            screen = {each.id: each.score for each in scene.techniques}
            words = _worded(scene, said)
            both = {name: screen.get(name, 0.0) + words.get(name, 0.0) for name in {*screen, *words}}
            for name, scores in (("screen", screen), ("technique", words), ("together", both)):
                right[name].append(_hits(scores, truth))
    found: dict[str, Any] = {"scenes": len(right["screen"])}
    for name, hits in right.items():
        table = np.asarray(hits, dtype=float)
        found[name] = {"first": float(table[:, 0].mean()), "one of three": float(table[:, 1].mean())}
    best = max(("screen", "technique"), key=lambda name: found[name]["one of three"])
    draw = np.random.default_rng(0)
    gap = np.asarray(right["together"], dtype=float)[:, 1] - np.asarray(right[best], dtype=float)[:, 1]
    drawn = [gap[draw.integers(0, len(gap), len(gap))].mean() for _ in range(DRAWS)]
    found["gain of one of three"] = [float(gap.mean()), *map(float, np.quantile(drawn, (0.025, 0.975)))]
    return found


def _worded(scene: Scene, said: dict[str, tuple[Judgement, Judgement]]) -> dict[str, float]:
    """Technique scores of a scene's command lines, each line weighing as much as it looks malicious."""
    found: dict[str, float] = defaultdict(float)
    total = 0.0
    for line in lines_of(scene):
        command, technique = said[line]
        weight = 0.05 + next((each.score for each in command.labels if each.name == "malicious"), 0.0)
        total += weight
        for each in technique.labels:
            found[each.name] += weight * each.score
    return {name: score / max(total, 1e-9) for name, score in found.items()}


def _hits(scores: dict[str, float], truth: set[str]) -> tuple[bool, bool]:
    """Whether the first and one of the first three are right: the technique, its parent or its child."""

    def fits(name: str) -> bool:
        return any(name == each or name.split(".")[0] == each or each.split(".")[0] == name for each in truth)

    ranked = sorted(scores, key=lambda name: -scores[name])[:3]
    return bool(ranked and fits(ranked[0])), any(map(fits, ranked))


def main() -> None:
    """Measure all four and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("recordings", type=Path, nargs="*", help="folders with audit logs and truth.csv.zst")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    floor = ExpertFloor.open()
    for open_ in OWN.values():
        floor.attach(open_())
    found: dict[str, Any] = {}
    for name, task in (("advisories", Advisories), ("mails", Mails), ("Bandit's reports", Reports)):
        made = task(floor, options.data)
        found[name] = together(made.cases("dev"), made.cases("test"))
        print(name, json.dumps(found[name], indent=1), flush=True)
    if options.recordings:
        found["key frames"] = key_frames(floor, options.recordings)
        print("key frames", json.dumps(found["key frames"], indent=1), flush=True)
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
