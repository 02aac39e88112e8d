"""How learners of the expert ``sensitive`` become one."""

import numpy as np

from watchfloor.experts.sensitive.chain import allowed, first
from watchfloor.lab.sensitive_chain import Learned, Stretch, learn
from watchfloor.lab.sensitive_train import averaged

LABELS = ("O", "B-X", "I-X")


def stretch(numbers: list[int], truth: list[int]) -> Stretch:
    return Stretch(np.array(numbers, np.int32)[:, None], np.array(truth, np.intp))


def scored(model: Learned, number: int) -> int:
    return int((model.weights[number] + model.begin + first(LABELS)).argmax())


def test_two_learners_that_each_know_half_know_all_together() -> None:
    halves = [[stretch([1, 0], [1, 0]), stretch([0], [0])], [stretch([2, 0], [1, 0]), stretch([0], [0])]]
    found = [learn(half * 8, LABELS, 4, epochs=40, seed=place) for place, half in enumerate(halves)]
    both = averaged(found)
    assert [scored(both, number) for number in (0, 1, 2)] == [0, 1, 1]
    assert both.between.shape == allowed(LABELS).shape


def test_the_mean_of_one_learner_is_itself() -> None:
    one = Learned(np.ones((2, 3), np.float32), np.ones((3, 3), np.float32), np.ones(3, np.float32))
    assert np.array_equal(averaged([one]).weights, one.weights)


def test_features_that_are_dropped_in_a_step_still_teach_in_others() -> None:
    found = learn([stretch([1, 0], [1, 0])] * 64, LABELS, 4, epochs=60, seed=0, drop=0.5)
    assert scored(found, 1) == 1
