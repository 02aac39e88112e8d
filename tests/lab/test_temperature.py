"""Calibration on held-out logits: the temperature that was there is found, and false alarms stay within their bound."""

import numpy as np
import pytest

from watchfloor.lab.temperature import alarm_offset, temperature


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("true", [0.5, 1.0, 2.5])
def test_the_temperature_that_was_there_is_found(seed: int, true: float) -> None:
    draw = np.random.default_rng(seed)
    logits = draw.normal(size=(4_000, 5)) * 2
    chance = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    target = np.asarray([draw.choice(5, p=row) for row in chance])
    assert temperature([(logits * true, target)]) == pytest.approx(true, rel=0.1)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("share", [0.01, 0.05, 0.2])
def test_no_more_quiet_texts_than_allowed_raise_the_alarm(seed: int, share: float) -> None:
    draw = np.random.default_rng(seed)
    target = draw.integers(0, 2, 2_000)
    logits = np.stack([draw.normal(size=2_000), draw.normal(size=2_000) + target], 1)
    shifted = logits[:, 1] + alarm_offset(logits, target, 1, share) - logits[:, 0]
    raised = (shifted[target == 0] > 0).mean()
    assert share / 2 < raised <= share


def test_quiet_texts_that_weigh_more_are_listened_to_more() -> None:
    """A tenth of the quiet texts are loud; where they weigh as much as all the rest, they set the limit."""
    logits = np.stack([np.zeros(1_000), np.where(np.arange(1_000) < 100, 2.0, -2.0)], 1)
    target, weight = np.zeros(1_000, dtype=np.int64), np.where(np.arange(1_000) < 100, 9.0, 1.0)
    even = alarm_offset(logits, target, 1, 0.2)
    assert even == 0.0, "a tenth is less than a fifth"
    assert alarm_offset(logits, target, 1, 0.2, weight) < -2.0


def test_a_quiet_alarm_is_not_made_louder() -> None:
    logits, target = np.asarray([[5.0, 0.0], [4.0, 0.0], [0.0, 3.0]]), np.asarray([0, 0, 1])
    assert alarm_offset(logits, target, 1, 0.5) == 0.0
    assert alarm_offset(logits[2:], target[2:], 1, 0.5) == 0.0
