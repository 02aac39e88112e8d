"""What other scenes of its host say of a scene: who put there what it ran, whose request it served, what is habit."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.film.staged import batch
from tests.film.staged_linux import acted, ran, row
from watchfloor.base.events import Row
from watchfloor.film import screen as screens
from watchfloor.film.casting import Casting
from watchfloor.film.company import KINDS, Gathering, Meetings, Planted, Weights, evidence
from watchfloor.film.filming import Reel, film
from watchfloor.film.neighbours import neighbours
from watchfloor.film.screen import FAMILIES
from watchfloor.film.viewing import opinion, view
from watchfloor.film.visitors import Switchboard
from watchfloor.store.spool import Spool

_PLANTED, _VISITOR, _HABIT = range(len(KINDS))


def _film(*rows: Row) -> Reel:
    return film([batch(*rows)], screens.blank(), Spool(1 << 30))


def _met(reel: Reel) -> set[tuple[str, str, str]]:
    """Root commands of writer and runner, and the path, of every planted file."""

    def root(scene: int) -> str:
        return reel.cast.owners[int(reel.casting.roots[scene])].command_line

    return {(root(one.writer), root(one.runner), one.path) for one in reel.meetings.planted}


def _plant(path: str = "/opt/flush.sh", writer: str = "/usr/bin/tee", at: float = 2, ses: str = "7") -> list[Row]:
    """Somebody logs on and puts a file there."""
    return [
        ran(at - 1, 100, 50, "bash -i", ses),
        acted(at, 101, 100, writer, ses, **{"action": "file.create", "file.path": path}),
    ]


def _job(at: float, pid: int, command: str = "/bin/sh /opt/flush.sh", **more: Any) -> Row:
    return ran(at, pid, 1, command, f"job{pid}", **more)


def _jobs(count: int = 6) -> list[Row]:
    """More than a scene takes in as its own effects."""
    return [_job(10 + 60 * n, 200 + n) for n in range(count)]


def test_what_runs_a_file_meets_who_put_it_there() -> None:
    met = _met(_film(*_plant(), *_jobs()))
    assert ("bash -i", "/bin/sh /opt/flush.sh", "/opt/flush.sh") in met


def test_who_ran_it_before_it_was_written_met_nobody() -> None:
    assert not _met(_film(*_jobs(), *_plant(at=2_000)))


def test_a_package_manager_plants_nothing() -> None:
    assert not _met(_film(*_plant(writer="/usr/bin/dpkg"), *_jobs()))


def test_a_file_that_many_write_was_put_there_by_nobody() -> None:
    writers = [one for n in range(4) for one in _plant(at=2 + n, ses=str(n))]
    for n, one in enumerate(writers):
        one["actor.process.pid"] = 300 + n
    assert not _met(_film(*writers, *_jobs()))


def test_the_same_path_on_another_host_is_another_file() -> None:
    elsewhere = [one | {"device.hostname": "db"} for one in _jobs()]
    assert not _met(_film(*_plant(), *elsewhere))


def test_a_failed_start_ran_nothing() -> None:
    failed = [one | {"status": "failure"} for one in _jobs()]
    assert not _met(_film(*_plant(), *failed))


def _request(at: float, pid: int, address: str, command: str) -> list[Row]:
    """A service accepts a connection; a fork of it that left no trace starts something."""
    user = {"actor.user.name": "www-data"}
    return [
        acted(at, 40, 1, "/usr/bin/python3", **user, **{"action": "network.listen", "src_endpoint.ip": address}),
        ran(at + 0.2, pid, pid + 600, f"sh -c {command}", **user),
    ]


def test_requests_of_one_visitor_meet_and_those_of_others_do_not() -> None:
    reel = _film(
        *_request(10, 300, "203.0.113.9", "id"),
        *_request(20, 301, "198.51.100.4", "date"),
        *_request(30, 302, "203.0.113.9", "uname -a"),
        ran(60, 303, 903, "sh -c rotate", **{"actor.user.name": "www-data"}),  # nobody asked for it
    )
    said = {
        reel.cast.owners[int(reel.casting.roots[scene])].command_line: address
        for scene, address in reel.meetings.visitor.items()
    }
    assert said == {"sh -c id": "203.0.113.9", "sh -c date": "198.51.100.4", "sh -c uname -a": "203.0.113.9"}


def test_windows_scenes_meet_nobody() -> None:
    rows = [one | {"device.os": "windows"} for one in (*_plant(), *_jobs(), *_request(10, 300, "203.0.113.9", "id"))]
    reel = _film(*rows)
    assert not reel.meetings.planted
    assert not reel.meetings.visitor
    assert not reel.meetings.habit.any()


@pytest.mark.parametrize("text", ["", "\x00" * 9, "/" * 4_000, "sh " + "a" * 200_000, "sh '", "bash -c \u202e/opt/x"])
def test_hostile_names_are_compared_and_nothing_else(text: str) -> None:
    reel = _film(
        acted(1, 101, 100, text or "?", "7", **{"action": "file.create", "file.path": text}),
        acted(2, 40, 1, "/usr/bin/python3", **{"action": "network.listen", "src_endpoint.ip": text}),
        ran(3, 300, 40, f"sh {text}", **{"process.working_directory": text}),
        row(4, None) | {"action": "network.connect", "dst_endpoint.ip": "127.0.0.1"},
    )
    assert len(reel.meetings.habit) == len(reel.casting.roots)


def _scenes(count: int, **parts: Any) -> Meetings:
    zeros = np.zeros(count)
    given = {"planted": (), "visitor": {}, "habit": zeros.astype(np.float32), "host": zeros.astype(np.int64)}
    return Meetings(**(given | parts))


def _said(met: Meetings, logit: list[float], outstanding: float = 1.0, judged: list[bool] | None = None) -> np.ndarray:
    weights = Weights((1.0,) * len(KINDS), outstanding)
    mask = np.asarray(judged if judged is not None else [True] * len(logit))
    return evidence(met, np.asarray(logit, np.float32), weights, judged=mask)


def test_only_a_writer_that_stands_out_speaks_and_the_loudest_counts() -> None:
    met = _scenes(4, planted=(Planted(0, 2, "/a"), Planted(1, 2, "/b"), Planted(1, 3, "/b")))
    said = _said(met, [3.0, 0.5, -2.0, -2.0])
    assert said[:, _PLANTED].tolist() == [0, 0, 2.0, 0]


def test_a_visitor_is_as_bad_as_its_other_requests() -> None:
    visitor = dict.fromkeys(range(4), "203.0.113.9") | dict.fromkeys((4, 5), "198.51.100.4")
    said = _said(_scenes(12, visitor=visitor), [-2.0, 3.0, 3.0, 3.0] + [-2.0] * 8)[:, _VISITOR]
    assert said[0] > said[1] > 0  # its others look worse than theirs do
    assert said[4:].tolist() == [0] * 8


def test_a_visitor_a_little_worse_than_usual_is_not_bad_company() -> None:
    met = _scenes(6, visitor=dict.fromkeys(range(3), "203.0.113.9"))
    assert not _said(met, [-1.7, -1.7, -1.7, -2.0, -2.0, -2.0])[:, _VISITOR].any()


def test_a_single_request_says_nothing_of_its_visitor() -> None:
    assert not _said(_scenes(2, visitor={0: "203.0.113.9"}), [3.0, -2.0])[:, _VISITOR].any()


def test_the_same_address_on_two_hosts_is_counted_apart() -> None:
    met = _scenes(4, visitor=dict.fromkeys(range(4), "203.0.113.9"), host=np.asarray([0, 0, 1, 1]))
    said = _said(met, [3.0, 3.0, -2.0, -2.0])[:, _VISITOR]
    assert said[2:].tolist() == [0, 0]


def test_habit_speaks_for_ordinary_work_unless_the_thing_was_planted() -> None:
    met = _scenes(3, planted=(Planted(0, 1, "/a"),), habit=np.asarray([0, 2, 2], np.float32))
    said = _said(met, [3.0, -2.0, -2.0])
    assert said[:, _HABIT].tolist() == [0, 0, -2.0]


def test_scenes_that_are_not_judged_neither_speak_nor_are_spoken_of() -> None:
    met = _scenes(3, planted=(Planted(0, 1, "/a"), Planted(2, 1, "/b")), habit=np.asarray([0, 1, 1], np.float32))
    said = _said(met, [9.0, -2.0, 1.5], judged=[False, True, True])
    assert said[1, _PLANTED] == pytest.approx(0.5)
    assert not said[0].any()


def test_a_job_is_flagged_for_what_its_planter_did_and_says_so() -> None:
    """With the bundled network: the planter's session stands out by the threshold given here, the job by company."""
    screen = screens.load()
    unix = FAMILIES.index("unix")
    families = list(screen.families)
    families[unix] = replace(families[unix], company=Weights((4.0, 0.0, 0.0), -20.0))
    reel = film([batch(*_plant(), *_jobs())], replace(screen, families=tuple(families)), Spool(1 << 30))
    told = opinion(reel, view(reel))
    runners = {one.runner for one in reel.meetings.planted}
    assert runners
    for scene in runners:
        assert told.scene[scene] > told.alone[scene]
        (one,) = neighbours(reel, told)[scene]
        assert (one.kind, one.what) == ("planted", "/opt/flush.sh")
        assert one.scene_id in reel.scene_ids()
    untouched = [s for s in range(len(reel.casting.roots)) if s not in runners]
    assert told.scene[untouched].tolist() == told.alone[untouched].tolist()


def test_another_systems_habits_are_not_counted_because_a_linux_log_came_along() -> None:
    mac = [
        ran(1 + n, 700 + n, 1, "/usr/bin/log show") | {"device.os": "macos", "device.hostname": "m"} for n in range(9)
    ]
    reel = _film(*mac, *_jobs(9))
    names = [reel.cast.owners[int(root)].host for root in reel.casting.roots]
    assert all(habit == 0 for habit, name in zip(reel.meetings.habit, names, strict=True) if name == "m")
    assert any(habit > 0 for habit, name in zip(reel.meetings.habit, names, strict=True) if name == "web")


def test_many_writers_and_runners_of_one_file_cost_no_product() -> None:
    """One session writes a file thousands of times over, thousands of jobs run it: a minute if each met each."""
    writes = [acted(2, 1_000 + n, 100, "/usr/bin/tee", "7", **{"action": "file.modify", "file.path": "/opt/flush.sh"})
              for n in range(3_000)]  # fmt: skip
    runs = [_job(10 + n / 100, 10_000 + n) for n in range(3_000)]
    gathering = Gathering()
    whole = batch(*writes, *runs)
    gathering.observe(whole, np.arange(len(whole)))
    scene = np.asarray([0] * len(writes) + list(range(1, len(runs) + 1)))
    met = list(gathering._planted(Casting(scene, scene, {})))
    assert len(met) == len(runs)


def test_a_log_in_which_time_stands_still_does_not_make_every_start_look_at_every_connection() -> None:
    board = Switchboard()
    for n in range(20_000):
        board.accepts("web", "www-data", n % 5_000, 0.0, f"203.0.113.{n % 200}")
        board.starts("web", "www-data", 100_000 + n, (), 0.0)
    assert len(board.visitors(lambda process: process)) == 20_000
