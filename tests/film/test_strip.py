"""The strip folds repeats without losing a count, and stays small."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from watchfloor.film.strip import NO_TIME, Strip


def _append(strip: Strip, number: int, owner: list[int], shown: list[int], time: list[int]) -> None:
    n = len(owner)
    strip.append(
        number, np.asarray(owner, np.int64), np.asarray(time, np.int64), np.zeros(n, np.int64),
        np.asarray(shown, np.float32), np.asarray(shown, np.uint64),
    )  # fmt: skip


def test_the_same_frame_again_and_again_is_one_run() -> None:
    strip = Strip()
    _append(strip, 0, [1, 1, 2, 1, 1], [7, 7, 7, 7, 8], [1, 2, 3, 4, 5])
    runs = strip.runs()
    assert sorted(zip(runs["owner"].tolist(), runs["pattern"].tolist(), runs["repeats"].tolist(), strict=True)) == [
        (1, 7, 3),
        (1, 8, 1),
        (2, 7, 1),
    ]


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3), st.integers(0, 50)), min_size=1, max_size=60))
def test_repeats_add_up_to_the_events(events: list[tuple[int, int, int]]) -> None:
    strip = Strip()
    owner, shown, time = (list(c) for c in zip(*events, strict=True))
    _append(strip, 0, owner, shown, time)
    totals, frames, first, last = strip.totals(6)
    assert strip.runs()["repeats"].sum() == len(events) == totals.sum()
    assert frames.sum() == len(strip.runs())
    for who in set(owner):
        mine = [t for o, t in zip(owner, time, strict=True) if o == who]
        assert (first[who], last[who]) == (min(mine), max(mine))


def test_a_full_strip_drops_the_least_relevant_and_says_so() -> None:
    strip = Strip(most_runs=100)
    for number in range(3):
        _append(strip, number, list(range(60)), list(range(60)), [0] * 60)
    assert strip.dropped > 0
    assert strip.runs()["logit"].min() >= 20
    assert strip.totals(60)[0].sum() == 180


def test_unknown_times_are_no_times() -> None:
    strip = Strip()
    _append(strip, 0, [0, 0], [1, 2], [NO_TIME, 5])
    assert strip.totals(2)[2].tolist() == [5, NO_TIME]
