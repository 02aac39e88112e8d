"""Key frames: the relevant first, never the same twice, every process heard, within the budget."""

from typing import Any

import numpy as np
import numpy.typing as npt

from watchfloor.film import keyframes
from watchfloor.film.strip import RUN


def _runs(logit: list[float], owner: list[int], pattern: list[int]) -> npt.NDArray[Any]:
    runs = np.zeros(len(logit), RUN)
    runs["logit"], runs["owner"], runs["pattern"] = logit, owner, pattern
    runs["time"] = np.arange(len(logit))
    return runs


def test_the_strongest_frame_is_always_chosen_and_the_budget_kept() -> None:
    rng = np.random.default_rng(1)
    for _ in range(50):
        runs = _runs(rng.normal(size=400).tolist(), rng.integers(0, 9, 400).tolist(), rng.integers(0, 99, 400).tolist())
        picked = keyframes.choose(runs, keyframes.rarity(runs["pattern"]), 12)
        assert len(picked) == 12
        assert runs["logit"].max() in runs["logit"][picked]
        assert len(np.unique(runs["pattern"][picked])) == 12
        assert (np.diff(runs["time"][picked]) >= 0).all()


def test_a_quieter_process_is_heard_beside_a_loud_one() -> None:
    runs = _runs([3.0 + i / 100 for i in range(50)] + [2.5], [1] * 50 + [2], list(range(51)))
    assert 2 in runs["owner"][keyframes.choose(runs, np.ones(51, np.float32), 4)]


def test_of_two_equal_frames_the_rare_one_is_shown() -> None:
    runs = _runs([1.0, 1.0], [1, 2], [10, 11])
    picked = keyframes.choose(runs, np.asarray([0.1, 1.0], np.float32), 1)
    assert picked.tolist() == [1]


def test_weights_are_shares() -> None:
    assert np.isclose(keyframes.weights(np.asarray([1.0, 2.0, -3.0], np.float32)).sum(), 1)
    assert len(keyframes.weights(np.zeros(0, np.float32))) == 0
