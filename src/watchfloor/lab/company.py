"""Fit what a scene's company counts (``film.company``), and the thresholds that go with it, into a screen's pack.

    python -m watchfloor.lab.company CORPUS.npz SCORES PACK --range FOLDER ... [--json OUT.json] [--dry]

SCORES are what models said of hosts they never saw (``lab.cross --by fold``), and each host is judged by weights
learned on the other hosts: the printed figures, and the thresholds, are of hosts left out twice. What ships is learned
on all. The screen's own log-odds keep a weight of one, so that scenes without company stay as they are.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from sklearn.metrics import average_precision_score, roc_auc_score

from watchfloor.base.settings import Settings
from watchfloor.film import screen as screens
from watchfloor.film.company import KINDS, Meetings, Weights, evidence
from watchfloor.film.filming import film
from watchfloor.film.screen import FAMILIES, FILES, blank, features
from watchfloor.intake.reader import Reader
from watchfloor.lab.bags import Bags, load
from watchfloor.lab.calibration import thresholds
from watchfloor.lab.cross import Scores, gather
from watchfloor.lab.labels import labels_of
from watchfloor.lab.measure_recording import at_allowed, share
from watchfloor.lab.units import Opinion, balanced, units
from watchfloor.store.packs import open_pack, write_pack
from watchfloor.store.spool import Spool

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

#: Pull of the weights towards none: company is rare, and any that is felt keeps it from counting.
PULL: Final = 1e-4
#: Log-odds over which a scene stands out. On the training hosts anything from 0.6 to 1.8 serves, and 2.0 no more.
OUTSTANDING: Final = 1.2
_UNIX: Final = FAMILIES.index("unix")


@dataclass(frozen=True, slots=True)
class Host:
    """One host: which scenes met, what the screen thinks of each by itself, the truth; all ``(scenes,)``.

    ``first`` is the number of its first scene in the corpus; ``intrusions`` the scenes of each.
    """

    name: str
    met: Meetings
    logit: Floats
    attack: Flags
    judged: Flags
    first: int
    intrusions: list[npt.NDArray[np.int64]]

    def evidence(self, outstanding: float) -> Floats:
        """``film.company.evidence`` of the judged scenes."""
        weights = Weights((0.0,) * len(KINDS), outstanding)
        found = evidence(self.met, self.logit.astype(np.float32), weights, judged=self.judged)
        return found[self.judged].astype(np.float64)


def host_of(bags: Bags, scores: Scores, folder: Path, screen: screens.Screen) -> Host:
    """A host of the corpus, its log filmed again for its meetings.

    Raises:
        ValueError: the corpus was made of another log, or by another film.
    """
    number = next((n for n, f in enumerate(bags.facts) if f["source"] == "range" and f["name"] == folder.name), None)
    if number is None:
        raise ValueError(f"{folder.name} is not in the corpus.")
    with Spool(1 << 30) as spool:
        reader = Reader([str(p) for p in sorted(folder.glob("*.log*"))], Settings(workers=1))
        reel = film(reader.batches(), blank(), spool)
        met, scenes = reel.meetings, len(reel.casting.roots)
        judged = np.bincount(reel.runs_scene, minlength=scenes) > 0
    rows = np.flatnonzero(bags.recording == number)
    first = int(bags.scene[rows].min()) - int(np.flatnonzero(judged)[0])
    place = bags.scene[rows] - first
    if not np.array_equal(np.unique(place), np.flatnonzero(judged)):
        raise ValueError(f"the corpus has other scenes of {folder.name} than the film: make it again.")
    whole = np.full(scenes, 0.0, np.float32)
    whole[place] = scores.scene[rows]
    look, frame = scores.look[rows].astype(np.float32), scores.frame[rows].astype(np.float32)
    pooled = features(place, scenes, bags.pattern[rows], look, frame, whole)
    attack = np.zeros(scenes, np.bool_)
    attack[place[bags.truth[rows] == 1]] = True
    whose = bags.intrusion[rows]
    intrusions = [np.unique(place[whose == name]) for name in np.unique(whose) if name]
    logit = screen.families[_UNIX].scenes.logit(pooled).astype(np.float64)
    return Host(folder.name, met, logit, attack, judged, first, intrusions)


def fit(hosts: Sequence[Host], outstanding: float, only: Sequence[str] = KINDS) -> Weights:
    """Weights that make the hosts' truth likeliest; each host counts the same, no weight is below zero.

    Only the kinds in ``only`` may count.
    """
    x = np.concatenate([h.evidence(outstanding) for h in hosts])
    z = np.concatenate([h.logit[h.judged] for h in hosts])
    y = np.concatenate([h.attack[h.judged] for h in hosts]).astype(np.float64)
    weight = np.concatenate([np.full(h.judged.sum(), 1 / h.judged.sum() / len(hosts)) for h in hosts])

    def loss(theta: Floats) -> tuple[float, Floats]:
        said = z + x @ theta[:-1] + theta[-1]
        gap = weight * (1 / (1 + np.exp(-np.clip(said, -30, 30))) - y)
        value = float((weight * (np.logaddexp(0, said) - y * said)).sum() + PULL * (theta[:-1] ** 2).sum())
        return value, np.r_[x.T @ gap + 2 * PULL * theta[:-1], gap.sum()]

    bounds = [(0, None if kind in only else 0) for kind in KINDS] + [(None, None)]
    found = minimize(loss, np.zeros(len(KINDS) + 1), jac=True, method="L-BFGS-B", bounds=bounds)
    return Weights(tuple(np.round(found.x[:-1], 4).tolist()), outstanding)


def judged_by(host: Host, weights: Weights) -> Floats:
    """Log-odds of a host's judged scenes with their company."""
    return np.asarray(host.logit[host.judged] + host.evidence(weights.outstanding) @ np.asarray(weights.each))


def left_out(hosts: Sequence[Host], outstanding: float, only: Sequence[str] = KINDS) -> list[Floats]:
    """Log-odds of each host's judged scenes, by weights learned on the others."""
    return [judged_by(host, fit([h for h in hosts if h is not host], outstanding, only)) for host in hosts]


def figures(hosts: Sequence[Host], said: Sequence[Floats]) -> dict[str, Any]:
    """Attack scenes and intrusions found where 1.67% of ordinary scenes are flagged, and how well all are ranked."""
    attack, opinion = np.concatenate([h.attack[h.judged] for h in hosts]), np.concatenate(said)
    flagged = at_allowed(opinion, attack)
    parts = np.split(flagged, np.cumsum([int(h.judged.sum()) for h in hosts])[:-1])
    caught = []
    for host, mine in zip(hosts, parts, strict=True):
        whole = np.zeros(len(host.judged), np.bool_)
        whole[host.judged] = mine
        caught += [bool(whole[scenes].any()) for scenes in host.intrusions]
    return {
        "attack scenes found": share(flagged[attack]),
        "ordinary scenes flagged": share(flagged[~attack]),
        "intrusions found": share(np.asarray(caught)),
        "roc auc": float(roc_auc_score(attack, opinion)),
        "average precision": float(average_precision_score(attack, opinion)),
    }


def limits(
    bags: Bags, scores: Scores, screen: screens.Screen, hosts: Sequence[Host], said: Sequence[Floats]
) -> dict[str, float]:
    """Thresholds of the Unix family where the hosts' scenes are judged as ``said``."""
    unix = units(bags, Opinion(scores.look, scores.frame, scores.scene)).of(bags.unix())
    logit = screen.families[_UNIX].scenes.logit(unix.features.astype(np.float32)).astype(np.float64)
    told = {
        host.first + scene: value
        for host, values in zip(hosts, said, strict=True)
        for scene, value in zip(np.flatnonzero(host.judged).tolist(), values.tolist(), strict=True)
    }
    logit = np.asarray([told.get(scene, own) for scene, own in zip(unix.scene.tolist(), logit.tolist(), strict=True)])
    return thresholds(1 / (1 + np.exp(-np.clip(logit, -30, 30))), unix.attack, balanced(bags, unix))


def main() -> None:
    """Command line of this module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("scores", type=Path, help="folder that lab.cross filled")
    parser.add_argument("pack", type=Path)
    parser.add_argument("--by", choices=("lab", "source", "fold"), default="fold")
    parser.add_argument("--range", type=Path, action="append", required=True, help="a host of ours in the corpus")
    parser.add_argument("--outstanding", type=float, default=OUTSTANDING, help="who stands out, in log-odds")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--dry", action="store_true", help="measure, and leave the pack as it is")
    options = parser.parse_args()
    bags, screen = load(options.corpus), screens.load(options.pack)
    scores = gather(bags, options.by, options.scores, len(labels_of(bags).names))
    hosts = [host_of(bags, scores, folder, screen) for folder in options.range]
    outstanding = options.outstanding
    said = left_out(hosts, outstanding)
    weights = fit(hosts, outstanding)
    found: dict[str, Any] = {
        "hosts": [h.name for h in hosts],
        "outstanding": outstanding,
        "weights": dict(zip(KINDS, weights.each, strict=True)),
        "alone": figures(hosts, [h.logit[h.judged] for h in hosts]),
        "with company": figures(hosts, said),
        **{f"only {kind}": figures(hosts, left_out(hosts, outstanding, [kind])) for kind in KINDS},
        "thresholds": limits(bags, scores, screen, hosts, said),
    }
    text = json.dumps(found, indent=1)
    print(text)
    if options.json:
        options.json.write_text(text + "\n", "utf-8")
    if not options.dry:
        write(options.pack, weights, found["thresholds"])


def write(folder: Path, weights: Weights, found: dict[str, float]) -> None:
    """Put weights and thresholds of the Unix family into a pack; no threshold falls for company's sake."""
    facts = dict(open_pack(folder, name=screens.NAME, format_version=screens.FORMAT_VERSION).manifest)
    family = facts["families"][FAMILIES[_UNIX]]
    family["company"] = {"weights": list(weights.each), "outstanding": weights.outstanding}
    family["thresholds"] |= {name: max(limit, family["thresholds"][name]) for name, limit in found.items()}
    write_pack(folder, facts, FILES)


if __name__ == "__main__":
    main()
