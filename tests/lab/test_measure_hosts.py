"""Figures of hosts left out, of drift, and the lists of worst cases, on corpora made by hand."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from tests.lab.test_teach import _recordings
from watchfloor.base.scenes import Process, Scene
from watchfloor.film import screen as screens
from watchfloor.lab.cross import Scores
from watchfloor.lab.measure_drift import groups
from watchfloor.lab.measure_drift import measure as drift
from watchfloor.lab.measure_hosts import measure, together
from watchfloor.lab.measure_worst import Kind, worst


def _scores(bags: object, look: np.ndarray) -> Scores:
    return Scores(look, look, look, np.zeros((1, 4), np.float32), np.zeros(len(look), np.int64), np.zeros(len(look)))


@pytest.mark.parametrize("seed", range(3))
def test_an_opinion_that_knows_the_truth_finds_everything_and_a_blind_one_little(seed: int) -> None:
    bags, _ = _recordings(seed)
    attacked = np.isin(bags.scene, bags.scene[bags.truth == 1])
    right = measure(bags, _scores(bags, attacked.astype(float)))
    assert {right["network"][key] for key in ("found", "roc auc", "average precision")} == {1.0}
    blind = measure(bags, _scores(bags, np.random.default_rng(seed).normal(size=len(attacked))))
    assert blind["network"]["found"] < 0.2 and 0.3 < blind["network"]["roc auc"] < 0.7


def test_several_seeds_give_a_range() -> None:
    runs = [{"attack scenes": 3, "network": {"found": f}} for f in (0.2, 0.4)]
    found = together(runs)
    assert found["runs"] == 2 and found["attack scenes"] == 3
    assert found["network"]["found"] == {"mean": pytest.approx(0.3), "least": 0.2, "greatest": 0.4}


def test_a_host_with_words_of_its_own_is_unfamiliar_only_while_new() -> None:
    bags, pixels = _recordings(0)
    foreign = bags.recording == 3
    pixels[foreign] = np.where(pixels[foreign] > 0, pixels[foreign] + 90_000, 0)
    flat = pixels.reshape(len(pixels), -1)
    rows, columns = np.nonzero(flat)
    x = bags.x.tolil()
    x[:] = 0
    x[rows, flat[rows, columns]] = 1
    own = [*bags.facts[:3], {**bags.facts[3], "lab": "range:3", "source": "elsewhere"}]
    assert {"host range:0", "source range", "source elsewhere"} <= set(groups(replace(bags, facts=own)))
    screen = replace(screens.blank(), families=tuple(replace(f, unfamiliar=0.3) for f in screens.blank().families))
    found = drift(replace(bags, x=x.tocsr(), facts=own), pixels, screen)
    assert found["source elsewhere"]["unfamiliar when new"] == 1.0
    assert found["host range:0"]["unfamiliar when new"] < 0.1


def _scene(name: str, score: float) -> Scene:
    root = Process(name, 1, "/bin/sh", "sh", None, score)
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return Scene(name, "s", "h", root, at, at, 3, 3, "benign", score, (), (), (root,), ())


def test_the_worst_are_loud_ordinary_scenes_and_quiet_attacks() -> None:
    scenes = [_scene(f"s{n}", 1 - n / 30) for n in range(30)]
    known = {f"s{n}": Kind(1, ("i",), ()) for n in range(0, 30, 2)}
    alarms, misses = worst(scenes, known)
    assert [s.scene_id for s in alarms[:2]] == ["s1", "s3"] and len(alarms) == 10
    assert [s.scene_id for s in misses[:2]] == ["s28", "s26"]
