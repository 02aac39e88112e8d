"""What others call a text is read as what those spoken for would call it."""

import numpy as np

from watchfloor.lab.finetune_translate import translated


def test_another_sources_name_for_a_thing_is_translated_and_its_knowledge_is_kept() -> None:
    """Source 1 calls label 1 "3", which source 0 never says; where a model cannot tell 1 from 2, source 1 can."""
    draw = np.random.default_rng(0)
    truth, source = draw.integers(3, size=3_000), draw.integers(2, size=3_000)
    target = np.where((source == 1) & (truth == 1), 3, truth)
    logits = draw.normal(size=(3_000, 4)).astype(np.float32)
    logits[np.arange(3_000), truth] += 2
    unsure = draw.random(3_000) < 0.3
    logits[unsure] = 0
    meant = translated(logits, target, source, 1)
    other = source == 1
    np.testing.assert_allclose(meant.sum(1), 1, rtol=1e-5)
    assert (meant[~other].argmax(1) == target[~other]).all()
    assert (meant[:, 3] == 0).all()
    assert (meant[other & unsure].argmax(1) == truth[other & unsure]).mean() > 0.95


def test_all_sources_that_are_spoken_for_are_taken_at_their_word() -> None:
    target = np.asarray([0, 1, 2])
    meant = translated(np.zeros((3, 3), np.float32), target, np.asarray([0, 1, 2]), 2)
    np.testing.assert_array_equal(meant[:2].argmax(1), [0, 1])
    assert meant[2, 2] == 0
