"""Facets that go together are answered together, as far as development texts bear it out."""

import numpy as np

from watchfloor.experts.card import Calibration, Card, Windows
from watchfloor.lab.finetune_together import together

LABELS = ("A:x", "A:y", "B:x", "B:y")


def card() -> Card:
    return Card("toy", "facets", LABELS, "", "", Windows(), Calibration(1.0, (0.0,) * 4, 0.0), "", {}, {}, "")


def test_labels_that_always_go_together_are_likelier_together() -> None:
    both = np.random.default_rng(0).integers(2, size=2_000)
    targets = np.stack([both, both], 1)
    found = dict(together(card(), np.zeros((2_000, 4), np.float32), targets, targets).calibration.together)
    assert set(found) == {"", "A:x/B:x", "A:y/B:y"}
    assert found["A:x/B:x"] > 0.5 and found[""] < -2


def test_facets_that_are_independent_or_known_already_are_left_alone() -> None:
    targets = np.random.default_rng(1).integers(2, size=(4_000, 2))
    assert together(card(), np.zeros((4_000, 4), np.float32), targets, targets).calibration.together == ()
    sure = np.full((4_000, 4), -9, np.float32)
    sure[np.arange(4_000), targets[:, 0]] = sure[np.arange(4_000), 2 + targets[:, 1]] = 9
    assert together(card(), sure, targets, targets).calibration.together == ()
