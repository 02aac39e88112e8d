"""Multiple-instance training finds the malicious frames itself, on any seed, and ignores what names a lab."""

import numpy as np
import pytest
from scipy import sparse

from watchfloor.film.pixels import PIXELS
from watchfloor.lab import mil
from watchfloor.lab.bags import Bags, shared_pixels
from watchfloor.lab.units import Opinion, units

ATTACK, LAB_MARK = 100, 5_000


def _bags(seed: int, recordings: int = 40, frames: int = 20) -> Bags:
    """Half the recordings hold one attack frame (pixel 100) among noise; every lab stamps its own pixel."""
    rng = np.random.default_rng(seed)
    rows, facts, recording = [], [], []
    for r in range(recordings):
        bad = r % 2 == 0
        lab = r % 4
        facts.append({"label": "mixed" if bad else "benign", "lab": f"lab{lab}", "source": "s", "name": str(r)})
        for f in range(frames):
            pixels = {LAB_MARK + lab, *rng.integers(1_000, 1_100, 6).tolist()}
            if bad and f == 3:
                pixels |= {ATTACK, ATTACK + 1}
            rows.append(sorted(pixels))
            recording.append(r)
    indptr = np.cumsum([0, *map(len, rows)])
    x = sparse.csr_matrix((np.ones(indptr[-1], np.float32), np.concatenate(rows), indptr), shape=(len(rows), PIXELS))
    n = len(rows)
    names = sorted({f["lab"] for f in facts})
    return Bags(
        x=x,
        recording=np.asarray(recording, np.int32),
        scene=np.asarray(recording, np.int64),
        owner=np.asarray(recording, np.int64),
        pattern=rng.integers(1, 2**60, n).astype(np.uint64),
        repeats=np.ones(n, np.int32),
        launch=np.ones(n, np.bool_),
        action=np.zeros(n, np.int16),
        truth=np.full(n, -1, np.int8),
        intrusion=np.zeros(n, "S8"),
        technique=np.zeros(n, "S8"),
        time=np.arange(n),
        parent=np.full(n, -1),
        host=np.zeros(n, np.int64),
        rule=np.zeros(n, np.int8),
        rule_techniques=np.zeros(n, "S8"),
        facts=facts,
        labs=names,
        lab=np.asarray([names.index(f["lab"]) for f in facts]),
    )


@pytest.mark.parametrize("seed", range(5))
def test_the_attack_frame_is_found_without_a_label_of_its_own(seed: int) -> None:
    bags = _bags(seed)
    everything = np.ones(bags.x.shape[0], np.bool_)
    kept = shared_pixels(bags, np.ones(len(bags.facts), np.bool_))
    w, b = mil.fit(bags, everything, kept, mil.Settings())
    logit = bags.x @ w + b
    attack = np.asarray(bags.x[:, ATTACK].todense()).ravel() > 0
    assert logit[attack].min() > np.quantile(logit[~attack], 0.99)


def test_a_pixel_that_only_one_lab_shows_gets_no_weight() -> None:
    bags = _bags(1)
    kept = shared_pixels(bags, np.ones(len(bags.facts), np.bool_))
    assert not kept[LAB_MARK : LAB_MARK + 4].any()
    w, _ = mil.fit(bags, np.ones(bags.x.shape[0], np.bool_), kept, mil.Settings(rounds=1))
    assert (w[LAB_MARK : LAB_MARK + 4] == 0).all()


def test_an_attack_recording_is_one_unit_and_each_benign_scene_another() -> None:
    bags = _bags(2)
    found = units(bags, Opinion(np.zeros(bags.x.shape[0])))
    assert found.attack.sum() == 20
    assert (~found.attack).sum() == 20
