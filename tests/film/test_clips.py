"""Clips show what matters of a scene within a budget, whatever its length, and nothing twice."""

import numpy as np
import pytest

from watchfloor.film.clips import BUDGET, LEAST, Stock, chosen_rows, distinct, padded, portions
from watchfloor.film.frames import CHANNELS, ROWS
from watchfloor.film.strip import NO_TIME, RUN
from watchfloor.film.usual import NUMBERS


def test_equal_frames_of_a_process_are_shown_once_at_their_first_moment() -> None:
    runs = np.zeros(5, RUN)
    runs["owner"], runs["pattern"] = [1, 1, 1, 2, 1], [7, 7, 8, 7, 7]
    runs["time"], runs["repeats"] = [30, 10, 20, 5, 40], [2, 3, 1, 1, 4]
    first, repeats = distinct(runs)
    shown = {
        (int(runs["owner"][i]), int(runs["pattern"][i])): (int(i), int(n)) for i, n in zip(first, repeats, strict=True)
    }
    assert shown == {(1, 7): (1, 9), (1, 8): (2, 1), (2, 7): (3, 1)}


def test_a_recording_without_events_has_no_clips() -> None:
    assert [len(part) for part in distinct(np.zeros(0, RUN))] == [0, 0]
    assert not len(chosen_rows(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)))
    assert not list(portions(np.zeros(3, np.int64)))


@pytest.mark.parametrize("seed", range(5))
def test_every_process_shows_its_strongest_frame_while_the_budget_lasts(seed: int) -> None:
    rng = np.random.default_rng(seed)
    owner = np.r_[np.zeros(500, np.int64), np.arange(1, 20)]
    logit = np.r_[rng.normal(3, 0.1, 500), rng.normal(2, 0.2, 19)]
    rows = chosen_rows(np.zeros(len(owner), np.int64), owner, logit, 40)
    assert len(rows) == 40 and (np.diff(rows) > 0).all()
    assert set(owner[rows].tolist()) == set(range(20))
    assert int(np.argmax(logit)) in rows


def test_no_scene_takes_another_scenes_budget() -> None:
    scene = np.repeat([0, 1], [1000, 3])
    rows = chosen_rows(scene, np.arange(1003), np.zeros(1003))
    assert np.bincount(scene[rows]).tolist() == [BUDGET, 3]


def test_batches_hold_every_clip_once_and_tell_padding_from_frames() -> None:
    rng = np.random.default_rng(7)
    words = rng.integers(1, 9, (50, ROWS, CHANNELS)).astype(np.uint16)
    strange = np.zeros((50, NUMBERS), np.float32)
    stock = Stock(
        words, np.arange(50), np.arange(50) - 1, np.full(50, NO_TIME), np.ones(50, np.int32), np.zeros(50), strange
    )
    clips = [np.arange(0, 1), np.arange(1, 41), np.zeros(0, np.int64), np.arange(41, 50)]
    met: list[int] = []
    for part in portions(np.asarray([len(c) for c in clips]), tokens=16):
        batch = padded(stock, [clips[int(i)] for i in part])
        met += part.tolist()
        assert batch.rows.shape[1] >= LEAST
        for line, number in enumerate(part.tolist()):
            rows = batch.rows[line][batch.shown[line]]
            assert rows.tolist() == clips[number].tolist()
            assert (batch.words[batch.place[line][batch.shown[line]]] == words[rows]).all()
        assert np.isfinite(batch.numbers).all(), "an unknown time is no number of its own"
    assert sorted(met) == [0, 1, 3], "a clip without frames is not watched"
