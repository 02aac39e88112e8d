"""Findings joined to scenes: every record finds its scene, grave ones are shown, nothing grows without bound."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from tests.film.staged import batch, did, launch
from watchfloor.base.findings import Finding
from watchfloor.base.scenes import Scene
from watchfloor.film import matches as module
from watchfloor.film import screen as screens
from watchfloor.film.filming import Reel, film
from watchfloor.film.footage import footage
from watchfloor.film.judging import judge
from watchfloor.film.matches import Matches, standing_out
from watchfloor.film.strip import Strip
from watchfloor.store.spool import Spool

BACKUP = r"C:\Program Files\Backup\backup.exe"
EDITOR = r"C:\Windows\notepad.exe"


def staged() -> list[Any]:
    """Two sessions: a backup that reads one file five times, and an editor."""
    first = batch(
        launch("{b}", "{s} C:\\Windows\\System32\\services.exe", BACKUP, "backup.exe /all", 0),
        *(did("file.read", "{b}", BACKUP, n + 1, file__path=r"C:\data\book.xlsx") for n in range(5)),
    )
    second = batch(
        launch("{e}", "{x} C:\\Windows\\explorer.exe", EDITOR, "notepad.exe", 60),
        did("file.create", "{e}", EDITOR, 61, file__path=r"C:\data\notes.txt"),
    )
    return [first, second]


@pytest.fixture(scope="module")
def judged() -> Iterator[tuple[Reel, tuple[Scene, ...]]]:
    with Spool(1 << 20) as spool:
        reel = film(staged(), screens.load(screens.BUNDLED), spool)
        yield reel, judge(reel)


def finding(*rows: tuple[int, int], level: str = "high", title: str = "Backup Reads") -> Finding:
    ids = tuple(f"staged#{row + 1}" for _, row in rows)
    when = datetime(2026, 3, 1, tzinfo=UTC)
    return Finding("r-1", title, level, "test", "us", "staged", "ws-1", when, ids, ("T1005",), (), rows, len(rows))


def scene_of(scenes: tuple[Scene, ...], image: str) -> Scene:
    return next(scene for scene in scenes if any(p.image == image for p in scene.processes))


def test_a_match_finds_the_scene_its_record_plays_in(judged: tuple[Reel, tuple[Scene, ...]]) -> None:
    reel, scenes = judged
    matches = Matches(reel)
    found = matches.add([finding((0, 3)), finding((1, 1)), finding()])
    assert found == [scene_of(scenes, BACKUP).scene_id, scene_of(scenes, EDITOR).scene_id, None]
    assert matches.total == 3
    ((claim, count),) = matches.in_scene(scene_of(scenes, BACKUP).scene_id)
    assert (claim.title, claim.matches, count, list(claim.events)) == ("Backup Reads", 3, 1, ["staged#4", "staged#2"])


def test_every_record_is_joined_as_the_film_joined_it(judged: tuple[Reel, tuple[Scene, ...]]) -> None:
    reel, scenes = judged
    every = [(n, row) for n, part in enumerate(reel.spool) for row in range(len(part))]
    found = Matches(reel).add([finding(address) for address in every])
    for scene in scenes:
        assert found.count(scene.scene_id) == scene.events


def test_a_correlation_counts_in_every_scene_it_rests_on(judged: tuple[Reel, tuple[Scene, ...]]) -> None:
    reel, scenes = judged
    matches = Matches(reel)
    assert matches.add([finding((1, 0), (0, 1), (0, 2))]) == [scene_of(scenes, EDITOR).scene_id]
    counts = [matches.in_scene(scene_of(scenes, image).scene_id)[0][1] for image in (BACKUP, EDITOR)]
    assert counts == [1, 1]


@pytest.mark.parametrize(("level", "shown"), [("critical", True), ("high", True), ("medium", False), ("low", False)])
def test_a_benign_scene_is_shown_for_a_grave_rule_only(
    judged: tuple[Reel, tuple[Scene, ...]], level: str, shown: bool
) -> None:
    reel, scenes = judged
    backup = scene_of(scenes, BACKUP)
    assert backup.verdict == "benign", "the screen sees nothing in it"
    matches = Matches(reel)
    matches.add([finding((0, 3), level=level)])
    assert (backup in standing_out(scenes, matches)) is shown
    assert backup not in standing_out(scenes, None)
    assert matches.seen_by(backup) == ("rules" if shown else None)
    assert matches.seen([backup])["rules"] == int(shown)


def test_a_matched_record_inside_a_run_gets_a_frame_of_its_own(judged: tuple[Reel, tuple[Scene, ...]]) -> None:
    reel, scenes = judged
    backup = scene_of(scenes, BACKUP)
    runs = reel.runs[reel.runs["repeats"] == 5]
    assert runs["row"].tolist() == [1], "five equal reads are one run"
    matches = Matches(reel)
    matches.add([finding((0, 3)), finding((0, 1))])
    made = footage(reel, [backup.scene_id], matches.told({backup.scene_id}), 100)
    where = [made.runs[place] for place in made.match_frame]
    assert [(int(one["batch"]), int(one["row"]), int(one["repeats"])) for one in where] == [(0, 3, 1), (0, 1, 4)]
    assert made.runs["repeats"].sum() == backup.events
    assert (np.diff(made.runs["time"]) >= 0).all()


def test_matched_frames_come_first_when_a_report_is_full(judged: tuple[Reel, tuple[Scene, ...]]) -> None:
    reel, scenes = judged
    names = [scene.scene_id for scene in scenes]
    matches = Matches(reel)
    matches.add([finding((0, 4), level="low", title="Mild"), finding((1, 1), level="critical", title="Grave")])
    told = matches.told(set(names))
    assert [one.finding.title for one in told] == ["Grave", "Mild"]
    made = footage(reel, names, told, 1)
    assert [(int(r["batch"]), int(r["row"])) for r in made.runs] == [(1, 1)]
    assert made.match_frame == [0, -1]
    assert made.left_out > 0


def test_a_flood_of_matches_is_counted_and_only_its_gravest_are_kept(
    judged: tuple[Reel, tuple[Scene, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_TOLD", 30)
    reel, scenes = judged
    backup = scene_of(scenes, BACKUP).scene_id
    matches = Matches(reel)
    for n in range(10):
        matches.add([finding((0, row % 6), level="low", title=f"Noise {n}") for row in range(500)])
    matches.add([finding((0, 2), level="critical", title="Grave")])
    assert matches.total == 5001
    assert matches.in_scene(backup)[0][0].title == "Grave"
    assert [count for _, count in matches.in_scene(backup)] == [1] + [500] * 10
    told = matches.told({backup})
    assert len(told) == 30
    assert told[0].finding.title == "Grave"
    assert len(matches._told) <= 60


def test_a_scene_whose_frames_were_all_dropped_is_no_scene_to_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("watchfloor.film.filming.Strip", lambda: Strip(most_runs=3))
    with Spool(1 << 20) as spool:
        reel = film(staged(), screens.load(screens.BUNDLED), spool)
        scenes = judge(reel)
        every = [(n, row) for n, part in enumerate(reel.spool) for row in range(len(part))]
        found = Matches(reel).add([finding(address) for address in every])
    assert set(found) <= {scene.scene_id for scene in scenes} | {None}
