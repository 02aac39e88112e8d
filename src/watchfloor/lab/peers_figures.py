"""What a shipped expert and its peers are worth on the same texts, and how much the expert is better, by pairs.

A choice: share right. An alarm: ROC AUC and what is found. Vectors of CVSS: how far the base score is off; all are
decoded as the pack decodes (``experts.cvss``). Intervals are 95%: Wilson's for shares, a bootstrap over texts else.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from sklearn.metrics import f1_score, roc_auc_score

from watchfloor.experts.card import Card
from watchfloor.experts.cvss import base_score, scored, vector
from watchfloor.lab import paired
from watchfloor.lab.answers import Answers, answers
from watchfloor.lab.examples import Example
from watchfloor.lab.measure_recording import at_allowed
from watchfloor.lab.peers import Bench
from watchfloor.lab.scores import shared
from watchfloor.lab.tasks_prompt import CARRIED

DRAWS: Final = 400
#: False alarms at which recall is told.
QUIET: Final = 0.01
#: Draws of a macro F1 over hundreds of labels.
_FEW_DRAWS: Final = 100

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
#: A figure of some texts, by their places.
Score = Callable[[Ints], float]


def figures(bench: Bench, said: Floats, pack: Floats, *, majority: bool = False) -> dict[str, Any]:
    """All figures of a system whose probabilities are ``said`` ``(held, labels)``, beside those of the pack's.

    ``majority``: it always says the same; of base scores that is their median.
    """
    first, last = len(bench.dev), len(bench.dev) + len(bench.test)
    parts = {"test": np.arange(first, last)}
    if bench.twins:
        parts["test, with near-duplicates"] = np.arange(first, len(bench.held))
    if bench.voice:
        parts["test, of the sources it speaks for"] = first + np.asarray(bench.own(bench.test), dtype=np.int64)
    if bench.alarm:
        bare = [not each.source.startswith(CARRIED) for each in bench.test]
        if 0 < sum(bare) < len(bare):
            parts["test, without carriers"] = first + np.flatnonzero(bare)
    found = {}
    held = bench.held
    for name, rows in parts.items():
        some = [held[row] for row in rows.tolist()]
        if some:
            found[name] = _part(bench, some, said[rows], pack[rows], majority)
    return found


def _part(bench: Bench, some: Sequence[Example], said: Floats, pack: Floats, majority: bool) -> dict[str, Any]:
    card = bench.pack.card
    mine, packs = (answers(card.labels, card.kind, some, each) for each in (said, pack))
    if scored(card):
        return _vectors(bench, some, mine, packs, majority)
    if bench.alarm:
        return _alarms(bench, mine, packs)
    return _choice(mine, packs, bench.seed)


def _choice(mine: Answers, pack: Answers, seed: int) -> dict[str, Any]:
    three = [(np.argsort(-each.probability, 1, kind="stable")[:, :3] == each.truth[:, :1]).any(1).astype(float)
             for each in (mine, pack)]  # fmt: skip
    many = _FEW_DRAWS if len(mine.labels) > _FEW_DRAWS else DRAWS
    truth, chosen = mine.truth[:, 0], mine.chosen[:, 0]
    return {
        "texts": len(mine), "right": shared(mine.right == 1), "right among three": shared(three[0] == 1),
        "macro F1": _drawn(lambda rows: float(f1_score(truth[rows], chosen[rows], average="macro", zero_division=0)),
                           len(mine), seed, many),
        "gain of the pack": {"right": paired.compared(pack.right, mine.right, seed),
                             "right among three": paired.compared(three[1], three[0], seed)},
    }  # fmt: skip


def _alarms(bench: Bench, mine: Answers, pack: Answers) -> dict[str, Any]:
    at = mine.labels.index(bench.alarm)
    bad = mine.truth[:, 0] == at
    if bad.all() or not bad.any():
        return {"texts": len(mine)}
    scores = [each.probability[:, at] for each in (mine, pack)]
    weight, seed = paired.evened(mine.truth[:, 0]), bench.seed

    def area(score: Floats) -> Score:
        return lambda rows: float(roc_auc_score(bad[rows], score[rows]))

    def found(score: Floats) -> Score:
        return lambda rows: float(at_allowed(score[rows], bad[rows], QUIET)[bad[rows]].mean())

    return {
        "texts": len(mine), "right": shared(mine.right == 1),
        "ROC AUC": _drawn(area(scores[0]), len(mine), seed),
        "detected": shared(mine.chosen[bad, 0] == at), "accepted": shared(mine.chosen[~bad, 0] != at),
        "recall at 1% false alarms": _drawn(found(scores[0]), len(mine), seed),
        "gain of the pack": {
            "ROC AUC": _gained(area(scores[1]), area(scores[0]), len(mine), seed),
            "recall at 1% false alarms": _gained(found(scores[1]), found(scores[0]), len(mine), seed),
            "right, both labels weighing the same": paired.compared(pack.right, mine.right, seed, weight),
        },
    }  # fmt: skip


def _vectors(bench: Bench, some: Sequence[Example], mine: Answers, pack: Answers, majority: bool) -> dict[str, Any]:
    card, seed = bench.pack.card, bench.seed
    true = np.asarray([base_score(_metrics(each.labels)) for each in some])
    (off, exact), (packs, packs_exact) = (_off(card, some, true, each) for each in (mine, pack))
    if majority:
        off = np.abs(true - np.median([base_score(_metrics(each.labels)) for each in bench.train]))
        commonest = Counter(each.labels for each in bench.train).most_common(1)[0][0]
        exact = np.asarray([float(each.labels == commonest) for each in some])
    return {
        "texts": len(mine), "right": _mean(mine.right, seed), "off": _mean(off, seed),
        "exact vectors": shared(exact == 1),
        "gain of the pack": {"off": paired.compared(-packs, -off, seed),
                             "exact vectors": paired.compared(packs_exact, exact, seed)},
    }  # fmt: skip


def _metrics(labels: Sequence[str]) -> dict[str, str]:
    return dict(label.split(":", 1) for label in labels)


def _off(card: Card, some: Sequence[Example], true: Floats, given: Answers) -> tuple[Floats, Floats]:
    """How far the base score of each answer is off, and whether the vector is the true one ``(texts,)``."""
    off, exact = np.zeros(len(some)), np.zeros(len(some))
    for row, each in enumerate(some):
        best = vector(card, given.probability[row].astype(np.float32))[0][0]
        metrics = _metrics(best.name.split("/")[1:])
        off[row] = abs(true[row] - base_score(metrics))
        exact[row] = metrics == _metrics(each.labels)
    return off, exact


def _mean(values: Floats, seed: int) -> dict[str, Any]:
    return _drawn(lambda rows: float(values[rows].mean()), len(values), seed)


def _drawn(score: Score, count: int, seed: int, many: int = DRAWS) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    found = [score(rng.integers(0, count, count)) for _ in range(many)]
    low, high = np.quantile(found, (0.025, 0.975))
    return {"value": score(np.arange(count)), "low": float(low), "high": float(high), "n": count}


def _gained(new: Score, old: Score, count: int, seed: int) -> dict[str, Any]:
    """The difference of two figures of the same texts, both of every draw."""
    return _drawn(lambda rows: new(rows) - old(rows), count, seed)
