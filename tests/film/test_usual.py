"""What is usual on a host, and what a screen has no word for."""

import numpy as np

from watchfloor.film.frames import CHANNELS, ROWS
from watchfloor.film.pixels import PIXELS
from watchfloor.film.usual import LEAST_SCENES, strangeness, unfamiliar


def _frames(*pixels: list[int]) -> np.ndarray:
    frames = np.zeros((len(pixels), ROWS, CHANNELS), np.uint32)
    for frame, values in zip(frames, pixels, strict=True):
        frame[0, : len(values)] = values
    return frames


def test_what_no_other_scene_shows_is_strangest() -> None:
    scenes = np.arange(LEAST_SCENES)
    frames = _frames(*([[7, 8, 9 + (n < 5)] for n in range(LEAST_SCENES - 1)] + [[7, 8, 99]]))
    found = strangeness(frames, scenes, np.zeros(LEAST_SCENES, np.int64))
    assert (found >= 0).all() and (found <= 1).all()
    assert found[-1].min() > found[:5].max() > found[5:-1].max()


def test_repeating_itself_makes_a_scene_no_more_usual() -> None:
    """An intruder who does the same thing fifty times in one scene is as strange as one who does it once."""
    common = [[7, 8, 9]] * (LEAST_SCENES - 1)
    once = _frames(*common, [50, 51, 52])
    often = _frames(*common, *[[50, 51, 52]] * 50)
    scene = np.arange(LEAST_SCENES)
    alone = strangeness(once, scene, np.zeros(len(scene), np.int64))[-1]
    repeated_scene = np.r_[scene, np.full(49, LEAST_SCENES - 1)]
    repeated = strangeness(often, repeated_scene, np.zeros(len(repeated_scene), np.int64))[-1]
    assert np.allclose(alone, repeated) and alone.min() == 1.0


def test_hosts_are_told_apart_and_small_ones_say_nothing() -> None:
    frames = _frames(*([[7, 8, 9]] * LEAST_SCENES + [[7, 8, 9]] * 3))
    host = np.r_[np.zeros(LEAST_SCENES, np.int64), np.ones(3, np.int64)]
    found = strangeness(frames, np.arange(len(frames)), host)
    assert (found == 0).all(), "everything is usual on the first host, nothing is known of the second"
    away = strangeness(frames, np.arange(len(frames)), np.full(len(frames), -1))
    assert (away == 0).all()


def test_unknown_words_count_by_scene_and_one_odd_word_is_not_enough() -> None:
    known = np.zeros(PIXELS, np.bool_)
    known[1:100] = True
    frames = _frames([1, 2, 3, 200], *[[200, 201, 202, 203, 204, 205]] * 20)
    share = unfamiliar(frames, known, np.r_[0, np.ones(20, np.int64)], 3)
    assert share[0] < 0.1 < 0.8 < share[1]
    assert share[2] == 0, "a scene without frames"


def test_no_frames_at_all() -> None:
    nothing = np.zeros(0, np.int64)
    assert strangeness(_frames(), nothing, nothing).shape == (0, 2)
    assert unfamiliar(_frames(), np.zeros(PIXELS, np.bool_), nothing, 2).tolist() == [0, 0]
