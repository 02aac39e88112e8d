"""What company counts is learned from hosts' truth, never held against a scene, and never lowers a threshold."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from watchfloor.film import screen as screens
from watchfloor.film.company import KINDS, Meetings, Planted, Weights
from watchfloor.lab.company import Host, figures, fit, judged_by, left_out, write

_SCENES = 200


def _host(seed: int, telling: bool = True) -> Host:
    """Scene 0 stands out and planted what ten quiet scenes run: attacks of one intrusion, if ``telling``."""
    rng = np.random.default_rng(seed)
    logit = rng.normal(-1.0, 0.8, _SCENES)
    logit[0] = 3.0
    attack = np.zeros(_SCENES, np.bool_)
    attack[0] = True
    attack[1:11] = telling
    met = Meetings(
        planted=tuple(Planted(0, runner, "/opt/x") for runner in range(1, 11)),
        visitor={},
        habit=np.where(np.arange(_SCENES) > 100, np.log(50), 0).astype(np.float32),
        host=np.zeros(_SCENES, np.int64),
    )
    return Host(f"h{seed}", met, logit, attack, np.ones(_SCENES, np.bool_), 0, [np.flatnonzero(attack)])


def test_hosts_never_seen_gain_from_what_others_taught() -> None:
    hosts = [_host(seed) for seed in range(4)]
    alone = figures(hosts, [host.logit for host in hosts])
    heard = figures(hosts, left_out(hosts, 1.2))
    assert alone["attack scenes found"]["share"] < 0.3
    assert heard["attack scenes found"]["share"] > 0.9
    assert heard["ordinary scenes flagged"]["share"] <= 0.0167


def test_company_that_tells_nothing_counts_nothing_and_is_never_held_against_a_scene() -> None:
    weights = fit([_host(seed, telling=False) for seed in range(4)], 1.2)
    assert weights.each[KINDS.index("planted")] == 0
    assert min(weights.each) >= 0


def test_only_the_kinds_named_may_count() -> None:
    weights = fit([_host(seed) for seed in range(4)], 1.2, ["habit"])
    assert [kind for kind, weight in zip(KINDS, weights.each, strict=True) if weight] == ["habit"]


def test_a_scene_without_company_keeps_its_own_log_odds() -> None:
    host = _host(0)
    said = judged_by(host, Weights((5.0, 5.0, 5.0), 1.2))
    assert said[11:101].tolist() == pytest.approx(host.logit[11:101].tolist())


def test_a_pack_hears_of_company_and_its_thresholds_do_not_fall(tmp_path: Path) -> None:
    folder = tmp_path / "screen"
    shutil.copytree(screens.BUNDLED, folder)
    before = screens.load(folder).families[1]
    write(folder, Weights((1.0, 2.0, 0.5), 1.2), {"malicious": 0.99, "suspicious": 0.1})
    after = screens.load(folder).families[1]
    assert after.company == Weights((1.0, 2.0, 0.5), 1.2)
    assert after.malicious == 0.99
    assert after.suspicious == before.suspicious


def test_a_pack_from_before_is_read_and_hears_of_nobody(tmp_path: Path) -> None:
    folder = tmp_path / "screen"
    shutil.copytree(screens.BUNDLED, folder)
    path = folder / "pack.json"
    facts = json.loads(path.read_text("utf-8"))
    del facts["families"]["unix"]["company"]
    path.write_text(json.dumps(facts), "utf-8")
    assert not any(screens.load(folder).families[1].company.each)
