"""Process identity in audit logs, which record neither forks nor exits: what an act shows of its pid."""

import random
from typing import Any

import pytest

from tests.intake.test_identity import actors, event, launch, resolved
from watchfloor.base.events import Row


def act(at: float, pid: int, ppid: int | None, image: str = "/usr/sbin/sshd", ses: str | None = None) -> Row:
    return event(at, pid=pid, ppid=ppid, image=image, os="linux", **{"actor.session.uid": ses})


def ran(at: float, pid: int, ppid: int, image: str, ses: str | None = None, **more: Any) -> Row:
    return launch(at, pid, image, parent=ppid, os="linux", **{"actor.session.uid": ses}, **more)


def test_another_parent_is_another_process() -> None:
    rows, processes = resolved([act(0, 10, 3), act(1, 10, 3), act(9, 10, 4), act(10, 10, 4)])
    assert len(set(actors(rows))) == 2
    assert actors(rows)[0] == actors(rows)[1] == "h/10@?"
    parents = {p["uid"]: p["parent_uid"] for p in processes}
    assert [parents[uid] for uid in actors(rows)[1:3]] == ["h/3@?", "h/4@?"]


def test_an_orphan_stays_who_it_was() -> None:
    rows, _ = resolved([act(0, 10, 3), act(9, 10, 1)])
    assert len(set(actors(rows))) == 1
    orphans = [act(0, pid, 3 + pid, "/usr/bin/daemon") for pid in (10, 11, 12)]
    adopted = [act(9, pid, 77, "/usr/bin/daemon") for pid in (10, 11, 12)]
    rows, _ = resolved(orphans + adopted)
    assert actors(rows)[:3] == actors(rows)[3:], "77 takes in orphans, as a container's init does"


def test_a_session_is_entered_once_and_never_left() -> None:
    rows, _ = resolved([act(0, 10, 3), act(1, 10, 3, ses="7"), act(60, 10, 3), act(61, 10, 3, ses="8")])
    first, entered, later, other = actors(rows)
    assert first == entered and later == other and first != later


def test_a_log_in_within_one_tick_of_the_clock_is_one_process() -> None:
    rows, _ = resolved([act(0, 10, 3), act(1, 10, 3), act(1, 10, 3, ses="7"), act(1, 10, None), act(2, 10, 3, ses="7")])
    assert len(set(actors(rows))) == 1


def test_an_image_changes_only_by_executing() -> None:
    rows, _ = resolved([ran(0, 10, 3, "/usr/bin/bash"), act(1, 10, 3, "/usr/bin/bash"), act(60, 10, 3, "/usr/bin/df")])
    assert actors(rows)[1] != actors(rows)[2]
    unrecorded, _ = resolved([act(1, 10, 3, "/usr/bin/bash"), act(60, 10, 3, "/usr/bin/df")])
    assert len(set(actors(unrecorded))) == 1, "this log records no execution at all"


def test_an_exec_goes_on_with_the_act_before_it() -> None:
    rows, _ = resolved([act(0, 10, 2), act(40, 10, 3), ran(41, 10, 3, "/usr/sbin/sshd-session")])
    assert rows[2]["process.uid"] == actors(rows)[1] != actors(rows)[0]


def test_a_failed_exec_shows_a_new_process_too() -> None:
    tried = ran(60, 10, 8, "/nowhere/ls", status="failure")
    rows, _ = resolved([ran(0, 10, 3, "/usr/bin/sudo", "7"), tried])
    assert rows[1]["process.uid"] != rows[0]["process.uid"]


@pytest.mark.parametrize("seed", range(10))
def test_neither_order_nor_batching_matters(seed: int) -> None:
    rng = random.Random(seed)
    rows: list[Row] = []
    for n in range(60):
        pid, ppid, ses = rng.randrange(10, 14), rng.randrange(3, 6), rng.choice((None, "7", "8"))
        make = ran if rng.random() < 0.3 else act
        rows.append(make(7 * n, pid, ppid, image=rng.choice(("/bin/a", "/bin/b")), ses=ses) | {"record": str(n)})
    whole = {row["record"]: row for row in resolved(rows)[0]}
    rng.shuffle(rows)
    size = rng.randrange(1, 20)
    parts = [rows[at : at + size] for at in range(0, len(rows), size)]
    assert {row["record"]: row for row in resolved(*parts)[0]} == whole
