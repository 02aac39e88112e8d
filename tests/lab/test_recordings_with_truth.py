"""Truth laid beside a recording stays with its events: in the corpus, in what is measured, and in what rules say."""

from pathlib import Path

import numpy as np
import pytest

from watchfloor.base.settings import Settings
from watchfloor.film import screen as screens
from watchfloor.film.filming import Reel, film
from watchfloor.intake.reader import Reader
from watchfloor.lab.corpus import Corpus, film_range
from watchfloor.lab.measure_recording import figures, judge
from watchfloor.lab.told import told
from watchfloor.lab.truth import intrusion_events, truth_of
from watchfloor.rules.cache import ruleset
from watchfloor.rules.hunting import Hunt
from watchfloor.rules.shipped import OWN_RULES
from watchfloor.store.spool import Spool

BUNDLED = screens.BUNDLED.parent / "recording"


@pytest.fixture(scope="module")
def reel() -> Reel:
    logs = [str(p) for p in sorted(BUNDLED.glob("*.log*"))]
    return film(Reader(logs, Settings(workers=1)).batches(), screens.load(), Spool(1 << 30))


@pytest.fixture(scope="module")
def hunt() -> Hunt:
    return Hunt(ruleset([str(OWN_RULES)], Settings()))


def test_the_corpus_keeps_what_lineage_said_of_each_frame(tmp_path: Path) -> None:
    corpus = Corpus()
    places = film_range(BUNDLED, corpus)
    corpus.save(tmp_path / "corpus.npz")
    rows = np.load(tmp_path / "corpus.npz")
    bad = rows["truth"] == 1
    assert 300 < bad.sum() < len(intrusion_events(BUNDLED))
    assert (rows["truth"] >= 0).all(), "a recording with truth leaves nothing unknown"
    assert (rows["technique"][bad] != b"").all() and (rows["technique"][~bad] == b"").all()
    assert (np.diff(rows["time"]) >= 0).all(), "a scene's rows are its film, in order"
    assert len(places) > 1_000 and not any("font-cache" in str(place) for place in places)


def test_measuring_counts_every_event_of_the_intrusion(reel: Reel, hunt: Hunt) -> None:
    judged = judge("host", reel, truth_of(BUNDLED), hunt)
    assert judged.bad.sum() == len(intrusion_events(BUNDLED))
    (scenes,) = judged.intrusions.values()
    assert sorted(scenes.tolist()) == np.flatnonzero(judged.attack).tolist()
    found = figures([judged])
    assert found["screen"]["ordinary scenes flagged"]["share"] <= 0.0167
    assert found["screen"]["average precision"] > found["number of events"]["average precision"]
    assert found["rules"]["attack scenes found"]["share"] > 0.3


def test_rules_point_at_frames_of_the_intrusion(reel: Reel, hunt: Hunt) -> None:
    said = told(reel, hunt)
    assert said and all(3 <= one.level <= 5 for one in said.values())
    assert any("T1105" in one.techniques for one in said.values())
    known = set(zip(reel.runs["owner"].tolist(), reel.runs["pattern"].tolist(), strict=True))
    assert said.keys() <= known, "what is said belongs to a frame of the strip"
    assert told(reel, None) == {}
