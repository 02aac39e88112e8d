"""What rules add is learned from scenes: much where they are right, nothing where they cry wolf, never below zero."""

from typing import Any

import numpy as np
import pytest

from watchfloor.base.findings import LEVELS
from watchfloor.film.accord import BONUS, SYSTEMS
from watchfloor.lab import agree, heard
from watchfloor.lab.agree import Stage, fit, strongest
from watchfloor.lab.bags import Bags
from watchfloor.lab.units import Units


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


class Made:
    """Recordings of no frames: their facts are all that the bonus asks for."""

    def __init__(self, *sources: str) -> None:
        self.facts: list[dict[str, Any]] = [{"source": source, "channels": ["auditd"]} for source in sources]
        self.lab = np.zeros(len(sources), np.int64)

    unix, macos = Bags.unix, Bags.macos


def test_macos_gets_what_ships_and_its_attacks_teach_no_other_system() -> None:
    """Rules of macOS match in every attack there; on Linux they match in ordinary work alone."""
    size = 100
    attack, mac = np.arange(size) < size // 2, np.arange(size) < size // 4
    level = np.where(mac, 4, np.where(attack, 0, np.where(np.arange(size) % 2, 4, 0)))
    bags: Any = Made(*("macos_attack" if one else "elsewhere" for one in mac))
    recording = np.arange(size)
    found = Units(np.zeros((size, 1)), attack, recording, recording)
    seen = Stage(recording, np.zeros(size), level, np.ones(size), np.ones(size))
    bonus = agree.bonuses(bags, seen, found, np.ones(size, np.bool_))
    assert bonus["macos"].tolist() == pytest.approx([0.0, *(BONUS["macos"][one] for one in LEVELS)])
    assert bonus["unix"][4] < 0.05
    judged = agree.together(bags, seen, found, recording % 5)
    assert judged.probability[mac].tolist() == pytest.approx([1 / (1 + np.exp(-BONUS["macos"]["high"]))] * mac.sum())
    assert judged.probability[~mac].max() < 0.55
    assert agree.systems(bags).tolist() == np.where(mac, SYSTEMS.index("macos"), SYSTEMS.index("unix")).tolist()
