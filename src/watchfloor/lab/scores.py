"""How good answers are, with 95% intervals: Wilson's for shares, a bootstrap over texts for the rest.

Calibration error: Guo et al., arXiv 1706.04599; bins of equal weight: Nixon et al., arXiv 1904.01685.
"""

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from sklearn.metrics import roc_auc_score

from watchfloor.lab.answers import Answers
from watchfloor.lab.measure_recording import at_allowed, share

DRAWS: Final = 400
#: With more labels a quarter of the draws must do: each costs half a second.
MANY_LABELS: Final = 100
BINS: Final = 15
#: A probability is never taken for less than this: one confident mistake must not be all there is to see.
_LEAST: Final = 1e-6

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
#: A figure of answers under weights of texts ``(texts,)``.
Score = Callable[[Answers, Floats], float]


def accuracy(given: Answers, weight: Floats) -> float:
    """Share of texts (for facets: of facets) that are right."""
    return float(np.average(given.right, weights=weight))


def macro_f1(given: Answers, weight: Floats) -> float:
    """Mean F1 of the labels that are true or answered anywhere; for facets the mean over facets."""
    found = []
    for facet, chosen, truth in zip(given.facets, given.chosen.T, given.truth.T, strict=True):
        many = len(given.labels) + 1  # the last for labels that are not known
        hits = np.bincount(truth[chosen == truth], weight[chosen == truth], many)
        total = np.bincount(truth % many, weight, many)
        answered = np.bincount(chosen, weight, many)
        there = np.asarray(facet)[(total + answered)[list(facet)] > 0]
        found.append(float((2 * hits[there] / (total + answered)[there]).mean()))
    return float(np.mean(found))


def top(given: Answers, weight: Floats, many: int = 3) -> float:
    """Share of texts whose label is among the likeliest few."""
    best = np.argsort(-given.probability, axis=1, kind="stable")[:, :many]
    return float(np.average((best == given.truth[:, :1]).any(1), weights=weight))


def log_loss(given: Answers, weight: Floats) -> float:
    """Mean surprise in nats, of each facet."""
    rows = np.arange(len(given))[:, None]
    said = np.where(given.truth >= 0, given.probability[rows, given.truth], 0.0)
    return float(np.average(-np.log(np.clip(said, _LEAST, 1.0)).mean(1), weights=weight))


def reliability(said: Floats, so: npt.NDArray[Any], weight: Floats, many: int, *, adaptive: bool = False) -> Floats:
    """Bins ``(bins, 3)``: weight, mean probability said, share that was so. ``adaptive`` bins weigh the same each."""
    if adaptive:
        order = np.argsort(said, kind="stable")
        before = np.cumsum(weight[order]) - weight[order] / 2
        place = np.empty(len(said), dtype=np.int64)
        place[order] = np.minimum((before / max(weight.sum(), 1e-12) * many).astype(np.int64), many - 1)
    else:
        place = np.minimum((said * many).astype(np.int64), many - 1)
    total = np.bincount(place, weight, many)
    full = np.maximum(total, 1e-12)
    mean, true = np.bincount(place, weight * said, many), np.bincount(place, weight * so, many)
    return np.stack([total, mean / full, true / full], axis=1)


def calibration_error(bins: Floats) -> float:
    """Mean distance of what was said from what was so, over bins of ``reliability``."""
    weight, said, true = bins.T
    return float((weight * np.abs(said - true)).sum() / max(weight.sum(), 1e-12))


def top_bins(given: Answers, weight: Floats, *, adaptive: bool = True) -> Floats:
    """Reliability of the likeliest label of every facet."""
    said = np.concatenate([given.probability[:, f].max(1) for f in given.facets])
    so = (given.chosen == given.truth).T.ravel()
    return reliability(said, so, np.tile(weight, len(given.facets)), BINS, adaptive=adaptive)


def adaptive_error(given: Answers, weight: Floats) -> float:
    """Calibration error of the likeliest label over 15 bins of equal weight."""
    return calibration_error(top_bins(given, weight))


def width_error(given: Answers, weight: Floats) -> float:
    """Calibration error of the likeliest label over 15 bins of equal width."""
    return calibration_error(top_bins(given, weight, adaptive=False))


def coverage(given: Answers, points: int = 60) -> list[tuple[float, float]]:
    """Share of texts answered and accuracy on them, when the least sure are left out; the least covered first."""
    right = given.right[np.argsort(-given.sure, kind="stable")]
    so_far = np.cumsum(right) / np.arange(1, len(right) + 1)
    places = np.unique(np.linspace(max(len(right) // 20, 1), len(right), points).astype(np.int64)) - 1
    return [((place + 1) / len(right), float(so_far[place])) for place in places.tolist()]


def draws(count: int, seed: int, many: int = DRAWS) -> list[Floats]:
    """Bootstrap samples of texts, as weights."""
    rng = np.random.default_rng(seed)
    return [np.bincount(rng.integers(0, count, count), minlength=count).astype(np.float64) for _ in range(many)]


def figures(given: Answers, *, alarm: str = "", false_alarms: float = 0.02, seed: int = 0) -> dict[str, Any]:
    """All figures of answers; each with ``value``, ``low`` and ``high``. ``alarm``: the label that raises one."""
    found: dict[str, Any] = {"texts": len(given)}
    if not len(given):
        return found
    samples = draws(len(given), seed, DRAWS if len(given.labels) <= MANY_LABELS else DRAWS // 4)
    one = len(given.facets) == 1
    scores: dict[str, Score] = {"macro F1": macro_f1}
    if one and len(given.labels) > 4:
        scores["right among three"] = top
    scores |= {"log loss": log_loss, "calibration error": adaptive_error, "calibration error, equal width": width_error}
    found["accuracy"] = shared(given.right == 1) if one else drawn(given, accuracy, samples)
    if not one:
        found["all facets right"] = shared(given.right == 1)
    found |= {name: drawn(given, score, samples) for name, score in scores.items()}
    found["answered"] = shared(~given.abstained)
    if (~given.abstained).any():
        answered = given.at(~given.abstained)
        found["accuracy where it answers"] = (
            shared(answered.right == 1) if one else drawn(answered, accuracy, draws(len(answered), seed))
        )
    if alarm in given.labels and one:
        found |= alarms(given, alarm, false_alarms, samples)
    return found


def alarms(given: Answers, alarm: str, false_alarms: float, samples: list[Floats]) -> dict[str, Any]:
    """Figures of whoever raises alarms: found, let pass, and at a bounded share of false ones."""
    at = given.labels.index(alarm)
    bad, score = given.truth[:, 0] == at, given.probability[:, at]
    if bad.all() or not bad.any():
        return {}
    found = {"detected": shared(given.chosen[bad, 0] == at), "accepted": shared(given.chosen[~bad, 0] != at)}
    found[f"detected at {false_alarms:.1%} false alarms"] = shared(at_allowed(score, bad, false_alarms)[bad])
    found["ROC AUC"] = drawn(
        given, lambda these, weight: float(roc_auc_score(bad, score, sample_weight=weight)), samples
    )
    return found


def shared(flags: npt.NDArray[Any]) -> dict[str, Any]:
    """A share as a figure."""
    known = share(flags)
    return {"value": known["share"], "low": max(known["low"], 0.0), "high": known["high"], "n": known["n"]}


def drawn(given: Answers, score: Score, samples: list[Floats]) -> dict[str, Any]:
    """A figure with its bootstrap interval, moved onto the figure: samples with repeated texts calibrate worse."""
    found = np.asarray([score(given, weight) for weight in samples])
    value = score(given, np.ones(len(given)))
    low, high = np.quantile(found, (0.025, 0.975)) - found.mean() + value
    return {"value": value, "low": max(float(low), 0.0), "high": float(high), "n": len(given)}


def classes(given: Answers) -> list[dict[str, Any]]:
    """For each label its texts, precision, recall with Wilson's interval, and F1; the commonest first."""
    rows = []
    for facet, chosen, truth in zip(given.facets, given.chosen.T, given.truth.T, strict=True):
        for place in facet:
            mine, said = truth == place, chosen == place
            hits = int((mine & said).sum())
            if mine.any() or said.any():
                recall = shared(said[mine]) if mine.any() else None
                rows.append({
                    "label": given.labels[place], "texts": int(mine.sum()), "answered": int(said.sum()), "hits": hits,
                    "precision": hits / int(said.sum()) if said.any() else None, "recall": recall,
                    "F1": 2 * hits / (int(mine.sum()) + int(said.sum())),
                })  # fmt: skip
    return sorted(rows, key=lambda row: (-int(row["texts"]), str(row["label"])))


def confusion(given: Answers, most: int = 12) -> tuple[list[str], Ints]:
    """Names and counts ``(truth, answer)`` of the commonest labels of a choice, the others together last."""
    counts = np.bincount(given.truth[given.truth[:, 0] >= 0, 0], minlength=len(given.labels))
    kept = [place for place in np.argsort(-counts, kind="stable")[:most].tolist() if counts[place]]
    number = np.full(len(given.labels) + 1, len(kept))
    number[kept] = np.arange(len(kept))
    table = np.zeros((len(kept) + 1, len(kept) + 1), dtype=np.int64)
    np.add.at(table, (number[given.truth[:, 0]], number[given.chosen[:, 0]]), 1)
    return [*(given.labels[place] for place in kept), "others"], table
