"""A scene's ATT&CK labels: the network's and the rules' word together."""

import numpy as np
import pytest

from watchfloor.film.matches import Claim
from watchfloor.film.naming import TOLD, named


def claim(level: str, *techniques: str) -> Claim:
    return Claim(f"id {level} {techniques}", "a rule", level, "stable", "", techniques)


def answers(scores: dict[str, float], *claims: Claim) -> dict[str, float]:
    labels, told = named(tuple(scores), np.asarray(list(scores.values()), np.float32), claims)
    return dict(zip(labels, told.tolist(), strict=True))


def test_without_rules_the_network_is_taken_at_its_word() -> None:
    assert answers({"T1003": 0.25, "TA0006": 0.5}) == pytest.approx({"T1003": 0.25, "TA0006": 0.5})


def test_a_rule_names_its_technique_the_one_above_and_its_tactic_even_where_the_network_knows_none() -> None:
    found = answers({}, claim("high", "T1003.001"))
    assert found == pytest.approx({"T1003.001": 0.7, "T1003": 0.7, "TA0006": 0.7})


def test_witnesses_that_agree_make_each_other_surer_and_nobody_is_contradicted() -> None:
    found = answers({"T1003": 0.4, "T1105": 0.3}, claim("medium", "T1003.001"), claim("high", "T1003.002"))
    assert found["T1003"] == pytest.approx(1 - 0.6 * 0.5 * 0.3)
    assert found["T1105"] == pytest.approx(0.3)
    assert all(0 <= value <= 1 for value in found.values())


def test_a_mere_note_says_nothing_and_an_unknown_id_stays_what_it_is() -> None:
    assert answers({}, claim("informational", "T1105"))["T1105"] == 0
    assert answers({}, claim("high", "T9999")) == pytest.approx({"T9999": 0.7})


def test_a_graver_rule_never_says_less() -> None:
    order = ("informational", "low", "medium", "high", "critical")
    assert sorted(TOLD[level] for level in order) == [TOLD[level] for level in order]


def test_scores_outside_of_probabilities_do_no_harm() -> None:
    assert answers({"T1105": 1.5, "T1003": -0.5}, claim("high", "T1003")) == pytest.approx(
        {"T1105": 1.0, "T1003": 0.7, "TA0006": 0.7}
    )
