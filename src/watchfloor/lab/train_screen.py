"""Train the first screen and write its model pack.

    python -m watchfloor.lab.train_screen CORPUS.npz src/watchfloor/bundled/screen

Frame weights by multiple-instance EM (``lab.mil``), bag calibration on leave-one-lab-out scores, attribution
by one-against-rest logistic regression on the frames believed malicious. Everything is deterministic.
"""

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression

from watchfloor.film.pixels import PIXELS
from watchfloor.film.screen import ARRAYS, FORMAT_VERSION, NAME, POOLED
from watchfloor.lab import mil
from watchfloor.lab.bags import Bags, always_trains, load, shared_pixels
from watchfloor.lab.units import Units, balanced, units
from watchfloor.store.packs import write_pack

Floats = npt.NDArray[np.float64]

#: A label needs attack frames from this many recordings to get weights.
LEAST_RECORDINGS: Final = 4
#: Attribution weights smaller than this are dropped: they change no probability by a percent.
SMALLEST_WEIGHT: Final = 0.05
#: Benign units allowed above each threshold, on leave-one-lab-out scores.
FALSE_ALARMS: Final = {"malicious": 0.02, "suspicious": 0.05}
#: A threshold is never below these: a verdict must also be likelier than not.
LOWEST: Final = {"malicious": 0.6, "suspicious": 0.4}


@dataclass(frozen=True, slots=True)
class Model:
    """Frame weights and bias, calibration, thresholds."""

    weights: Floats
    bias: float
    pool_weights: Floats
    pool_bias: float
    thresholds: dict[str, float]


def cross_logits(bags: Bags, settings: mil.Settings, groups: npt.NDArray[np.int64] | None = None) -> Floats:
    """Logit of every frame from a model that never saw its lab (or its ``groups`` number), ``(frames,)``."""
    group = (bags.lab if groups is None else groups)[bags.recording]
    always = np.asarray([always_trains(f) for f in bags.facts])[bags.recording]
    logit = np.zeros(len(group))
    for number in np.unique(group[~always]):
        held_out = (group == number) & ~always
        recordings = np.ones(len(bags.facts), np.bool_)
        recordings[np.unique(bags.recording[held_out])] = False
        w, b = mil.fit(bags, ~held_out, shared_pixels(bags, recordings), settings)
        logit[held_out] = bags.x[held_out] @ w + b
    return logit


def calibrate(bags: Bags, found: Units) -> tuple[Floats, float, dict[str, float]]:
    """Logistic calibration of pooled features and thresholds, from scores of labs unseen in training.

    Signs are held: stronger frames never lower a bag's probability, more of them never raise it. Left free, the
    fit rewards bags of one frame, which crops are.
    """
    weight = balanced(bags, found)
    x, y = found.features, found.attack.astype(np.float64)

    def loss(theta: Floats) -> tuple[float, Floats]:
        z = x @ theta[:-1] + theta[-1]
        gap = weight * (1 / (1 + np.exp(-np.clip(z, -30, 30))) - y)
        value = float((weight * (np.logaddexp(0, z) - y * z)).sum() + (theta[:-1] ** 2).sum() / 2)
        return value, np.r_[x.T @ gap + theta[:-1], gap.sum()]

    signs = [(0, None), (0, None), (None, 0), (None, None)]
    fitted = minimize(loss, np.asarray([1.0, 0.0, 0.0, 0.0]), jac=True, method="L-BFGS-B", bounds=signs)
    coefficients, intercept = np.asarray(fitted.x[:-1]), float(fitted.x[-1])
    probability = 1 / (1 + np.exp(-(found.features @ coefficients + intercept)))
    return coefficients, intercept, thresholds(probability, found.attack, weight)


def thresholds(probability: Floats, attack: npt.NDArray[np.bool_], weight: Floats) -> dict[str, float]:
    """Lowest probability above which at most the allowed weight of benign units lies; weights are by lab."""
    order = np.argsort(-probability[~attack])
    benign = probability[~attack][order]
    above = np.cumsum(weight[~attack][order]) / max(weight[~attack].sum(), 1e-9)
    found = {}
    for name, share in FALSE_ALARMS.items():
        place = min(int(np.searchsorted(above, share, side="right")), len(benign) - 1)
        found[name] = float(np.clip(benign[place] + 1e-6, LOWEST[name], 0.995))
    found["suspicious"] = min(found["suspicious"], found["malicious"])
    return found


def train(bags: Bags, settings: mil.Settings) -> tuple[Model, Floats]:
    """The final model on all data, calibrated out of lab. Also returns the out-of-lab frame logits."""
    logit = cross_logits(bags, settings)
    coefficients, intercept, limits = calibrate(bags, units(bags, logit))
    everything = np.ones(len(bags.recording), np.bool_)
    kept = shared_pixels(bags, np.ones(len(bags.facts), np.bool_))
    w, b = mil.fit(bags, everything, kept, settings)
    return Model(w, b, coefficients, intercept, limits), logit


def attribution_rows(bags: Bags, logit: Floats) -> npt.NDArray[np.bool_]:
    """Frames believed to show a labelled attack: the strongest of each attack recording."""
    believed = np.zeros(len(logit), np.bool_)
    order = np.argsort(bags.recording, kind="stable")
    bounds = np.searchsorted(bags.recording[order], np.arange(len(bags.facts) + 1))
    for r, facts in enumerate(bags.facts):
        if facts["label"] in ("benign", "background", "intrusion") or not (facts["techniques"] or facts["tactics"]):
            continue
        mine = order[bounds[r] : bounds[r + 1]]
        best = mine[np.argsort(-logit[mine])[:24]]
        floor = 0.0 if facts["label"] == "mixed" else -1.5
        believed[best[(logit[best] > floor) | (np.arange(len(best)) < 3)]] = True
    return believed


def label_sets(bags: Bags) -> list[set[str]]:
    """ATT&CK ids of each recording: techniques, their parents and their tactics."""
    from watchfloor.base import attack

    found = []
    for facts in bags.facts:
        ids = set(facts["tactics"])
        for technique in facts["techniques"]:
            ids |= {technique, *attack.tactics_of(technique)} | (
                {attack.parent(technique)} if attack.parent(technique) else set()
            )
        found.append({i for i in ids if i})
    return found


def attribute(
    bags: Bags, rows: npt.NDArray[np.bool_], recordings: npt.NDArray[np.bool_]
) -> tuple[tuple[str, ...], sparse.csc_matrix, Floats]:
    """Labels, weights ``(PIXELS, labels)`` and biases, from frames ``rows`` of ``recordings``."""
    kept = np.flatnonzero(shared_pixels(bags, recordings))
    rows = rows & recordings[bags.recording]
    x = bags.x[rows][:, kept].tocsr()
    recording = bags.recording[rows]
    size = np.bincount(recording, minlength=len(bags.facts))
    weight = 1.0 / np.sqrt(size[recording])
    sets = label_sets(bags)
    counts: dict[str, int] = {}
    for r in np.unique(recording):
        for label in sets[r]:
            counts[label] = counts.get(label, 0) + 1
    labels = tuple(sorted(label for label, count in counts.items() if count >= LEAST_RECORDINGS))
    columns, biases = [], []
    for label in labels:
        y = np.asarray([label in sets[r] for r in recording])
        model = LogisticRegression(C=0.3, solver="liblinear", class_weight={0: 1.0, 1: 2.0}).fit(
            x, y, sample_weight=weight
        )
        w = model.coef_[0] * (np.abs(model.coef_[0]) >= SMALLEST_WEIGHT)
        column = sparse.csc_matrix((w[w != 0], (kept[w != 0], np.zeros((w != 0).sum(), np.int64))), shape=(PIXELS, 1))
        columns.append(column)
        biases.append(float(model.intercept_[0]))
    return labels, sparse.hstack(columns).tocsc(), np.asarray(biases)


def write(
    folder: Path, model: Model, labels: tuple[str, ...], table: Any, biases: Floats, card: dict[str, Any]
) -> None:
    """Write the pack: arrays, manifest and the facts of the model card."""
    folder.mkdir(parents=True, exist_ok=True)
    rows = table.tocsr()
    weights = model.weights.copy()
    weights[np.abs(weights) < 1e-3] = 0
    weights[0] = 0
    arrays = {
        "weights": weights.astype(np.float16),
        "label_count": np.diff(rows.indptr).astype(np.uint16),
        "label_index": rows.indices.astype(np.uint16),
        "label_weight": rows.data.astype(np.float16),
        "label_bias": biases.astype(np.float32),
    }
    for name in ARRAYS:
        np.save(folder / f"{name}.npy", arrays[name])
    manifest = {
        "name": NAME, "format": FORMAT_VERSION, "version": "1", "bias": model.bias, "pooled": POOLED,
        "pool_weights": model.pool_weights.tolist(), "pool_bias": model.pool_bias, "thresholds": model.thresholds,
        "labels": list(labels), "card": card,
    }  # fmt: skip
    write_pack(folder, manifest, tuple(f"{n}.npy" for n in ARRAYS))


def main() -> None:
    """Command line of this module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args()
    bags = load(options.corpus)
    model, logit = train(bags, mil.Settings())
    everything = np.ones(len(bags.facts), np.bool_)
    labels, table, biases = attribute(bags, attribution_rows(bags, logit), everything)
    sources = sorted({f["source"] for f in bags.facts})
    card = {
        "task": "verdict and ATT&CK attribution of process-tree scenes",
        "training_sources": sources,
        "recordings": len(bags.facts),
        "frames": len(bags.recording),
    }
    write(options.out, model, labels, table, biases, card)
    print(json.dumps({"thresholds": model.thresholds, "pool": model.pool_weights.tolist(), "labels": len(labels)}))


if __name__ == "__main__":
    main()
