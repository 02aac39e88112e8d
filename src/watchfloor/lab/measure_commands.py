"""What the command expert adds to the film: the command lines of every scene judged, beside the screen's word.

    python -m watchfloor.lab.measure_commands range/recordings/{atlas-11,quay-12,mill-13}

A scene's word from the expert is its worst command line. Both together are the sum of the two logits, fixed before it
was measured. The hosts must be ones that neither the screen nor the expert learned from.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from sklearn.metrics import average_precision_score, roc_auc_score

from watchfloor.base.judgements import Judgement
from watchfloor.base.scenes import Scene
from watchfloor.base.settings import Settings
from watchfloor.experts.floor import ExpertFloor
from watchfloor.film import screen as screens
from watchfloor.film.filming import film
from watchfloor.film.judging import judge
from watchfloor.intake.reader import Reader
from watchfloor.lab.measure_recording import wilson
from watchfloor.lab.measure_worst import kinds
from watchfloor.lab.truth import truth_of
from watchfloor.store.spool import Spool

Floats = npt.NDArray[np.float64]
#: Share of ordinary scenes that may be flagged.
FLAGGED: Final = 0.0167
_EXPERT: Final = "command"


def worst(judged: Sequence[Judgement]) -> float:
    """The highest probability of malicious among answers the expert stands by; 0 where there is none."""
    return max((each.best.score if each.best.name == "malicious" else 1 - each.best.score
                for each in judged if each.best), default=0.0)  # fmt: skip


def lines_of(scene: Scene) -> list[str]:
    """The distinct command lines of a scene's processes."""
    return list(dict.fromkeys(each.command_line for each in scene.processes if each.command_line))


def figures(screen: Floats, expert: Floats, attack: npt.NDArray[np.bool_], flagged: npt.NDArray[np.bool_],
            alarmed: npt.NDArray[np.bool_]) -> dict[str, Any]:  # fmt: skip
    """Ranking of scenes by each word and by both, and what the expert says of the scenes ``watch`` flags."""

    def logit(p: Floats) -> Floats:
        clipped = np.clip(p, 1e-4, 1 - 1e-4)
        return np.log(clipped / (1 - clipped))

    found: dict[str, Any] = {"scenes": len(attack), "attack scenes": int(attack.sum())}
    for name, score in (("screen", screen), ("command expert", expert), ("both", logit(screen) + logit(expert))):
        limit = np.quantile(score[~attack], 1 - FLAGGED, method="higher")
        hits = int((score[attack] > limit).sum())
        found[name] = {
            "average precision": float(average_precision_score(attack, score)),
            "ROC AUC": float(roc_auc_score(attack, score)),
            "attack scenes found at 1.67%": [hits / attack.sum(), *wilson(hits, int(attack.sum()))],
        }
    for name, chosen in (
        ("flagged, a command is malicious", flagged & alarmed),
        ("flagged, none is", flagged & ~alarmed),
    ):
        found[name] = {"scenes": int(chosen.sum()), "true": int(attack[chosen].sum())}
    return found


def main() -> None:
    """Film each host, ask, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recordings", type=Path, nargs="+", help="folders with audit logs and truth.csv.zst")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    floor = ExpertFloor.open(names=[_EXPERT])
    screen: list[float] = []
    expert: list[float] = []
    attack: list[bool] = []
    flagged: list[bool] = []
    for folder in options.recordings:
        logs = [str(path) for path in sorted(folder.glob("*.log*"))]
        with Spool(1 << 30) as spool:
            reel = film(Reader(logs, Settings()).batches(), screens.load(screens.BUNDLED), spool)
            scenes, known = judge(reel), kinds(reel, truth_of(folder))
        lines = list(dict.fromkeys(line for scene in scenes for line in lines_of(scene)))
        said = dict(zip(lines, floor.ask(_EXPERT, lines), strict=True))
        for scene in scenes:
            screen.append(scene.score)
            expert.append(worst([said[line] for line in lines_of(scene)]))
            attack.append(scene.scene_id in known)
            flagged.append(scene.flagged)
        print(folder.name, len(scenes), "scenes", len(lines), "command lines", flush=True)
    malicious = np.asarray(expert) >= 0.5
    found = figures(np.asarray(screen), np.asarray(expert), np.asarray(attack), np.asarray(flagged), malicious)
    print(json.dumps(found, indent=1))
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
