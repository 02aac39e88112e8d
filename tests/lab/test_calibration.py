"""Calibration holds its promises on any data: stronger is never safer, and thresholds keep false alarms down."""

import numpy as np
import pytest

from tests.lab.test_mil import _bags
from watchfloor.lab.calibration import FALSE_ALARMS, calibrate, thresholds
from watchfloor.lab.measure_film import at_false_alarms, calibration_error
from watchfloor.lab.units import Opinion, units


@pytest.mark.parametrize("seed", range(4))
def test_a_stronger_frame_never_lowers_a_probability(seed: int) -> None:
    bags = _bags(seed)
    rng = np.random.default_rng(seed)
    found = units(bags, Opinion(rng.normal(size=bags.x.shape[0])))
    weights, _, limits = calibrate(bags, found)
    assert weights[0] >= 0 and weights[1] >= 0 and weights[2] <= 0
    assert limits["suspicious"] <= limits["malicious"] < 1


@pytest.mark.parametrize("seed", range(4))
def test_thresholds_keep_the_allowed_share_of_benign_units(seed: int) -> None:
    rng = np.random.default_rng(seed)
    attack = rng.random(4_000) < 0.3
    probability = np.clip(rng.normal(0.3 + 0.4 * attack, 0.2), 0, 1)
    limits = thresholds(probability, attack, np.ones(len(attack)))
    for name, allowed in FALSE_ALARMS.items():
        assert (probability[~attack] >= limits[name]).mean() <= allowed + 1e-9


def test_measures_agree_with_hand_made_cases() -> None:
    probability = np.asarray([0.1, 0.2, 0.3, 0.8, 0.9])
    attack = np.asarray([False, False, False, True, True])
    assert at_false_alarms(probability, attack, 0.0) == 1.0
    sure = np.asarray([0.0, 0.0, 1.0, 1.0])
    assert calibration_error(sure, sure > 0, np.ones(4)) == 0.0
    assert calibration_error(1 - sure, sure > 0, np.ones(4)) == 1.0
