"""Figures are what they say: checked against scikit-learn, against cases known by hand, and over seeds."""

import numpy as np
import pytest
from sklearn.metrics import f1_score
from sklearn.metrics import log_loss as sklearn_log_loss

from watchfloor.lab import baselines, paired, scores
from watchfloor.lab.answers import Answers, answers
from watchfloor.lab.examples import Example


def drawn(seed: int, texts: int = 400, labels: int = 4, sharpness: float = 1.0) -> Answers:
    """Answers whose probabilities are true, then sharpened: 1 is calibrated, more is too sure."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 1.5, (texts, labels))
    true = baselines.softmax(logits)
    truth = np.asarray([[rng.choice(labels, p=row)] for row in true])
    names = tuple(f"l{n}" for n in range(labels))
    never = np.zeros(texts, dtype=np.bool_)
    return Answers(names, (tuple(range(labels)),), truth, baselines.softmax(logits * sharpness), never)


ONES = np.ones(400)


@pytest.mark.parametrize("seed", range(3))
def test_figures_agree_with_scikit_learn(seed: int) -> None:
    given = drawn(seed)
    truth, chosen = given.truth[:, 0], given.chosen[:, 0]
    assert scores.macro_f1(given, ONES) == pytest.approx(f1_score(truth, chosen, average="macro"))
    assert scores.log_loss(given, ONES) == pytest.approx(sklearn_log_loss(truth, given.probability), abs=1e-4)
    assert scores.accuracy(given, ONES) == pytest.approx((truth == chosen).mean())
    assert scores.top(given, ONES, 4) == 1.0


def test_calibration_error_tells_the_sure_from_the_too_sure() -> None:
    for error in (scores.adaptive_error, scores.width_error):
        honest = np.mean([error(drawn(seed, texts=4_000), np.ones(4_000)) for seed in range(5)])
        boastful = np.mean([error(drawn(seed, texts=4_000, sharpness=4.0), np.ones(4_000)) for seed in range(5)])
        assert honest < 0.03 < 0.15 < boastful


def test_intervals_hold_the_truth_about_as_often_as_they_say() -> None:
    """Of 60 samples of 400 texts, nearly all intervals hold what 40,000 texts say."""
    great = drawn(1_000, texts=40_000)
    truth = scores.macro_f1(great, np.ones(40_000))
    held = 0
    for seed in range(60):
        given = drawn(seed)
        found = scores.drawn(given, scores.macro_f1, scores.draws(400, seed, 200))
        assert found["low"] <= found["value"] <= found["high"]
        held += found["low"] <= truth <= found["high"]
    assert held >= 51


def test_accuracy_rises_as_less_is_covered() -> None:
    curve = scores.coverage(drawn(1, texts=4_000))
    assert curve[-1][0] == 1.0
    assert curve[0][1] > curve[-1][1] + 0.1


def test_alarms_are_measured_at_a_bounded_share_of_false_ones() -> None:
    rng = np.random.default_rng(0)
    bad = np.arange(1_000) % 10 == 0
    score = np.clip(np.where(bad, rng.normal(0.8, 0.1, 1_000), rng.normal(0.3, 0.1, 1_000)), 0, 1)
    never = np.zeros(1_000, dtype=np.bool_)
    given = Answers(("attack", "calm"), ((0, 1),), np.where(bad, 0, 1)[:, None], np.stack([score, 1 - score], 1), never)
    found = scores.figures(given, alarm="attack", false_alarms=0.02)
    assert found["ROC AUC"]["value"] > 0.99
    assert found["detected at 2.0% false alarms"]["value"] > 0.95
    assert found["accepted"]["value"] > 0.95
    assert found["detected"]["n"] == 100 and found["accepted"]["n"] == 900


def test_facets_count_each_facet_and_all_together() -> None:
    texts = [Example(str(n), ("AC:L", "AV:N"), str(n), "") for n in range(10)]
    probability = np.tile([0.2, 0.8, 0.3, 0.7], (10, 1))  # AC right, AV wrong in all
    given = answers(("AC:H", "AC:L", "AV:N", "AV:L"), "facets", texts, probability)
    found = scores.figures(given)
    assert found["accuracy"]["value"] == 0.5
    assert found["all facets right"]["value"] == 0.0


def test_an_unknown_label_is_a_mistake_and_breaks_nothing() -> None:
    texts = [Example(str(n), ("new" if n % 2 else "a",), str(n), "") for n in range(20)]
    given = answers(("a", "b"), "choice", texts, np.tile([0.9, 0.1], (20, 1)))
    found = scores.figures(given)
    assert found["accuracy"]["value"] == 0.5
    assert found["log loss"]["value"] > 5
    names, table = scores.confusion(given)
    assert names == ["a", "others"] and table.tolist() == [[10, 0], [10, 0]]


def test_the_table_of_labels() -> None:
    given = drawn(2)
    rows = {row["label"]: row for row in scores.classes(given)}
    mine = given.truth[:, 0] == 1
    assert rows["l1"]["texts"] == mine.sum()
    assert rows["l1"]["recall"]["value"] == pytest.approx((given.chosen[mine, 0] == 1).mean())


@pytest.mark.parametrize("weighed", [False, True])
def test_paired_tests_are_seldom_wrong_and_see_what_is_there(weighed: bool) -> None:
    """Of 60 comparisons of equals at most 7 count at 5%; of 20 with a gain of 8 points at least 18 do."""
    alarms = found = 0
    weight = np.where(np.arange(500) % 5 == 0, 2.0, 0.75) if weighed else None
    for seed in range(60):
        rng = np.random.default_rng(seed)
        old, new = rng.random((2, 500)) < 0.8
        alarms += paired.compared(new.astype(float), old.astype(float), seed, weight)["p"] <= paired.LEVEL
        if seed < 20:
            better = (rng.random(500) < 0.88).astype(float)
            found += paired.compared(better, old.astype(float), seed, weight)["p"] <= paired.LEVEL
    assert alarms <= 7
    assert found >= 18


def test_mcnemar_by_hand() -> None:
    """8 better, 1 worse: the sum of binomial tails from 8 of 9 on, 10 / 512."""
    new, old = np.zeros(30), np.zeros(30)
    new[:8], old[8] = 1, 1
    result = paired.compared(new, old, 0)
    assert result["p"] == pytest.approx(10 / 512)
    assert (result["better"], result["worse"]) == (8, 1)
    assert paired.compared(old, old, 0)["p"] == 1.0
