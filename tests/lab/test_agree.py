"""What rules add is learned from scenes: much where they are right, nothing where they cry wolf, never below zero."""

import numpy as np

from watchfloor.lab import heard
from watchfloor.lab.agree import Stage, fit, strongest


def _stage(attack_level: int, benign_level: int, size: int = 200) -> tuple[Stage, np.ndarray]:
    """Half attacks, half benign, which the screen cannot tell apart; a rule of a level matches in some of each."""
    attack = np.arange(size) < size // 2
    level = np.where(np.arange(size) % 4 == 0, np.where(attack, attack_level, benign_level), 0)
    ones = np.ones(size)
    return Stage(np.arange(size), np.zeros(size), level, ones, ones), attack


def test_a_level_that_only_attacks_reach_adds_much_and_graver_ones_no_less() -> None:
    seen, attack = _stage(attack_level=4, benign_level=0)
    bonus = fit(seen, attack, np.ones(len(attack)), np.ones(len(attack), np.bool_))
    assert bonus[4] > 1.5
    assert (np.diff(bonus) >= 0).all()
    assert bonus[:3].tolist() == [0.0, 0.0, 0.0]


def test_a_level_that_ordinary_work_reaches_as_often_adds_nothing_and_never_takes_away() -> None:
    for attack_level, benign_level in ((4, 4), (0, 4)):
        seen, attack = _stage(attack_level, benign_level)
        bonus = fit(seen, attack, np.ones(len(attack)), np.ones(len(attack), np.bool_))
        assert (bonus >= 0).all()
        assert bonus[4] < 0.05


def test_the_scene_that_is_strongest_with_rules_speaks_for_a_recording() -> None:
    unit, logit, level = np.asarray([0, 0, 1]), np.asarray([1.0, 0.5, -1.0]), np.asarray([0, 4, 0])
    seen = Stage(unit, logit, level, np.ones(3), np.ones(3))
    assert strongest(seen, np.zeros(6), 2).tolist() == [0, 2]
    assert strongest(seen, np.asarray([0, 0, 0, 0, 2.0, 2.0]), 2).tolist() == [1, 2]


def test_rules_written_without_looking_are_told_from_the_older_ones_by_their_date() -> None:
    new = heard.untuned()
    assert len(new) > 140
    assert "39b9c6ad-6ffe-4f36-905c-00ed266e21a6" not in new  # LSASS read, of 2026-11-22
