"""Attribution without a network, the baseline: one-against-rest logistic regression on frames believed malicious."""

from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from watchfloor.film.pixels import PIXELS
from watchfloor.lab.bags import Bags, shared_pixels
from watchfloor.lab.labels import LEAST, label_sets

Floats = npt.NDArray[np.float64]

#: Weights smaller than this are dropped: they change no probability by a percent.
SMALLEST_WEIGHT: Final = 0.05


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
    labels = tuple(sorted(label for label, count in counts.items() if count >= LEAST))
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
