"""The screen and rules heard together: what a rule adds, and that it never takes anything away."""

import numpy as np

from watchfloor.base.findings import LEVELS
from watchfloor.film import screen as screens
from watchfloor.film.accord import BONUS, added, joined
from watchfloor.film.screen import FAMILIES


def test_a_graver_level_never_adds_less_and_none_takes_away() -> None:
    assert set(BONUS) == set(FAMILIES)
    for table in BONUS.values():
        values = [table[level] for level in LEVELS]
        assert values == sorted(values)
        assert min(values) >= 0


def test_silence_of_rules_leaves_every_probability_as_it_was() -> None:
    probability = np.asarray([0.0, 0.013, 0.5, 0.97, 1.0], np.float32)
    for family in range(len(FAMILIES)):
        quiet = added(np.zeros(5, np.int64), np.full(5, family))
        assert joined(probability, quiet).tolist() == probability.tolist()


def test_rules_raise_a_probability_and_keep_the_order_of_what_they_say_the_same_of() -> None:
    probability = np.linspace(0, 1, 50, dtype=np.float32)
    for family in range(len(FAMILIES)):
        bonus = added(np.full(50, 1 + LEVELS.index("high")), np.full(50, family))
        together = joined(probability, bonus)
        assert (together >= probability - 1e-5).all()
        assert (np.diff(together) >= 0).all()
        assert ((together >= 0) & (together <= 1)).all()


def test_a_high_rule_makes_a_scene_of_windows_suspicious_that_the_screen_calls_benign() -> None:
    family = FAMILIES.index("windows")
    bonus = added(np.asarray([1 + LEVELS.index("high")]), np.asarray([family]))
    (together,) = joined(np.asarray([0.02], np.float32), bonus).tolist()
    screen = screens.load().families[family]
    assert screen.verdict(0.02) == "benign"
    assert screen.verdict(together) in ("suspicious", "malicious")
