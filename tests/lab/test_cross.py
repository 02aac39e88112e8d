"""Nobody is judged by a model that saw his lab, and thresholds keep what they promise."""

from typing import Any

import numpy as np
import pytest

from tests.lab.test_mil import _bags
from watchfloor.base.attack import closed
from watchfloor.lab import cross, mil
from watchfloor.lab.bags import TEXT
from watchfloor.lab.labels import labels_of
from watchfloor.lab.measure_attribution import macro_f1
from watchfloor.lab.measure_recording import at_allowed


@pytest.mark.parametrize("seed", range(4))
def test_an_honest_first_look_never_saw_the_lab_it_speaks_of(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    bags = _bags(seed)
    bags.facts[0]["lab"] = TEXT
    asked: list[Any] = []

    def fit(given: Any, rows: Any, kept: Any, settings: Any) -> Any:
        asked.append(rows)
        return np.full(given.x.shape[1], float(len(asked))), 0.0

    monkeypatch.setattr(mil, "fit", fit)
    training = np.ones(len(bags.facts), np.bool_)
    training[5] = False
    look = cross.honest_look(bags, training, seed)
    lab = np.asarray([f["lab"] for f in bags.facts])[bags.recording]
    sizes = np.asarray(bags.x.sum(axis=1)).ravel()
    for row in np.flatnonzero(training[bags.recording])[::7]:
        rows = asked[round(look[row] / sizes[row]) - 1]
        assert not rows[row]
        assert lab[row] == TEXT or not (rows & (lab == lab[row])).any()
        assert not rows[bags.recording == 5].any(), "what is left out stays left out"


def test_labs_are_dealt_whole_and_texts_always_train() -> None:
    bags = _bags(3)
    bags.facts[0]["lab"] = bags.facts[1]["lab"] = TEXT
    bags.lab[:2] = len(bags.labs)
    for by in ("lab", "source", "fold"):
        group, names = cross.groups_of(bags, by)
        assert group[:2].tolist() == [-1, -1] and (group[2:] >= 0).all() and group.max() < len(names)
        if by != "source":
            assert all(len(set(group[2:][bags.lab[2:] == lab])) == 1 for lab in set(bags.lab[2:].tolist()))


@pytest.mark.parametrize("seed", range(5))
def test_no_more_ordinary_scenes_are_flagged_than_allowed(seed: int) -> None:
    rng = np.random.default_rng(seed)
    attack = rng.random(3_000) < 0.05
    opinion = np.round(rng.normal(attack * 2.0, 1.0), 1)  # many ties
    flagged = at_allowed(opinion, attack)
    assert flagged[~attack].mean() <= 0.0167 and flagged[attack].mean() > 0.2
    assert not at_allowed(np.zeros(3_000), attack).any(), "an opinion on nobody flags nobody"


def test_a_frame_is_labelled_by_the_journal_before_the_rules() -> None:
    bags = _bags(1)
    for facts in bags.facts:
        facts |= {"techniques": ["T1059.001"], "tactics": []}
    bags.technique = np.zeros(len(bags.recording), "S12")
    bags.rule_techniques = np.zeros(len(bags.recording), "S64")
    bags.technique[3], bags.rule_techniques[3], bags.rule_techniques[4] = b"T1003.008", b"T1105", b"T1105 T1059.004"
    found = labels_of(bags)
    assert found.names == tuple(sorted(found.names)) and found.names[found.techniques].startswith("TA")
    assert found.rows.tolist() == [3, 4], "a rule says nothing of a recording without an attack"
    assert {"T1059", "T1059.001", "TA0002"} <= set(found.names)
    assert closed(["T1003.008"]) == {"T1003", "T1003.008", "TA0006"}


def test_macro_f1_counts_every_technique_alike() -> None:
    assert macro_f1([("a", {"a"}), ("a", {"a", "b"}), ("b", {"b"})]) == 1.0
    assert macro_f1([("a", {"a"}), ("a", {"b"})]) == pytest.approx((2 / 3 + 0) / 2)
    assert macro_f1([]) == 0.0
