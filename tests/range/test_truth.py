"""The truth of a recording: which processes belong to an intrusion, told from forks, connections, plants and lures."""

import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "range"))

import truth
from truth import Process, Story, Truth

INIT, CRON, SSHD, WEB, INTRUDER = 100, 110, 120, 130, 900
BOOT = ["1,1,900", f"2,{INIT},{CRON}", f"2,{INIT},{SSHD}", f"2,{INIT},{WEB}"]
HERE, THERE = "198.51.100.20", "10.20.21.11"


def story(*notes: dict[str, Any], name: str = "tale#0@here") -> Story:
    return Story([{"intruder": INTRUDER, "id": name, "begin": 5.0, "address": HERE}, *notes])


def act(kind: str, start: float, end: float, technique: str, **more: Any) -> dict[str, Any]:
    facts = {"act": kind, "start": start, "end": end, "technique": technique, "step": 1, "session": 0}
    return facts | {"host": "here", "detached": False, "command": ""} | more


def link(when: float, server: int, client: int | None, port: int = 40000, address: str = HERE) -> dict[str, Any]:
    return {"time": when, "host": "here", "server": server, "client": client, "address": address, "port": port}


def known(
    forks: list[str],
    told: Story,
    links: list[dict[str, Any]] | None = None,
    plants: list[dict[str, Any]] | None = None,
) -> Truth:
    tree = truth.grow([*BOOT, *forks], {INIT: "here", 500: "there"})
    return Truth(tree, [told], links or [], plants or [])


def technique(facts: Truth, pid: int, when: float) -> str:
    """What an event of this process stands for; empty when it is ordinary."""
    life, cause = facts.cause(pid, when)
    assert life
    found = facts.act_of(life, when, cause) if cause else None
    return found["technique"] if found else ""


def test_what_a_server_starts_for_the_intruder_is_intrusion_and_its_neighbour_is_not() -> None:
    forks = [f"10,{WEB},131", "11,131,132", f"12,{WEB},133", "13,133,134"]
    links = [link(10.1, 131, INTRUDER), link(12.1, 133, 700, 41000, THERE)]
    facts = known(forks, story(act("http", 9.9, 11.5, "T1190")), links)
    assert technique(facts, 132, 11.1) == "T1190"
    assert technique(facts, 134, 13.1) == ""
    assert technique(facts, WEB, 11.0) == ""


def test_a_client_that_was_gone_is_found_by_the_port_in_the_journal() -> None:
    forks = [f"10,{WEB},131", "11,131,132"]
    told = story(act("http", 9.9, 11.5, "T1190", port=40000))
    assert technique(known(forks, told, [link(10.1, 131, None)]), 132, 11.1) == "T1190"
    strangers = known(forks, story(act("http", 9.9, 11.5, "T1190", port=55555)), [link(10.1, 131, None)])
    assert technique(strangers, 132, 11.1) == ""
    assert strangers.counts["client not found"] == 1


def test_a_pid_used_again_is_another_process() -> None:
    forks = [f"10,{WEB},131", "11,131,132", f"600,{CRON},132", "601,132,133"]
    facts = known(forks, story(act("http", 9.9, 11.5, "T1190")), [link(10.1, 131, INTRUDER)])
    assert technique(facts, 132, 11.1) == "T1190"
    assert technique(facts, 132, 600.5) == ""
    assert technique(facts, 133, 601.5) == ""


def test_the_intrusion_goes_on_through_connections_to_another_host() -> None:
    forks = [f"10,{WEB},131", "11,131,132", "12,500,510", "13,510,511"]
    told = story(act("http", 9.9, 11.5, "T1190"), act("type", 11.8, 14, "T1021.004"))
    links = [link(12.1, 510, 132, 42000, "10.20.7.7"), link(10.1, 131, INTRUDER)]
    facts = known(forks, told, links)
    assert technique(facts, 511, 13.1) == "T1021.004"
    life, cause = facts.cause(511, 13.1)
    assert life and cause and life.host == "there" and cause.intrusion == told.id


def plant(when: float, pid: int, daemons: list[int]) -> dict[str, Any]:
    facts = {"time": when, "pid": pid, "daemons": daemons, "intrusion": "tale#0@here", "technique": "T1053.003"}
    return facts | {"step": 2, "path": "/usr/local/bin/x", "host": "here"}


def test_a_planted_file_run_by_cron_takes_the_whole_job_and_not_the_daemon() -> None:
    forks = [f"60,{CRON},140", "60.1,140,141", "60.2,141,142", f"61,{CRON},150"]
    facts = known(forks, story(act("type", 20, 21, "T1105")), plants=[plant(60.15, 141, [CRON])])
    assert [technique(facts, pid, 60.5) for pid in (140, 141, 142)] == ["T1053.003"] * 3
    assert technique(facts, CRON, 60.5) == ""
    assert technique(facts, 150, 61.5) == ""


def test_a_planted_file_run_by_a_person_leaves_their_shell_alone() -> None:
    forks = [f"50,{SSHD},160", "51,160,161", "60,161,162", "60.5,162,163", "70,161,164"]
    facts = known(forks, story(act("type", 20, 21, "T1105")), plants=[plant(60.1, 162, [CRON])])
    assert [technique(facts, pid, 70.5) for pid in (162, 163)] == ["T1053.003"] * 2
    assert [technique(facts, pid, 70.5) for pid in (160, 161, 164)] == [""] * 3


def test_a_process_that_becomes_the_planted_program_was_ordinary_before() -> None:
    forks = [f"50,{SSHD},160"]
    facts = known(forks, story(act("type", 20, 21, "T1105")), plants=[plant(60.0, 160, [CRON])])
    assert technique(facts, 160, 55.0) == ""
    assert technique(facts, 160, 60.5) == "T1053.003"


def test_only_what_a_lured_person_starts_in_that_moment_is_intrusion() -> None:
    forks = [f"50,{SSHD},160", "51,160,161", "55,161,162", "60.5,161,163", "60.7,163,164", "66,164,165", "70,161,166"]
    lure = act("lure", 60, 62, "T1204.002", person="pat", address=THERE, port=43000)
    login = {"person": "pat", "address": THERE, "port": 43000}
    links = [link(50.1, 160, INTRUDER, 43000, THERE)]  # typed by the range's own program, yet not an intruder
    facts = known(forks, story(login, lure), links)
    assert [technique(facts, pid, 66.5) for pid in (163, 164, 165)] == ["T1204.002"] * 3
    assert [technique(facts, pid, 71.0) for pid in (160, 161, 162, 166)] == [""] * 4


def test_what_was_started_to_stay_keeps_its_technique_while_the_shell_goes_on() -> None:
    forks = [f"10,{SSHD},160", "10.2,160,161", "20.1,161,170", "30.1,161,171", "30.2,170,172", "40.1,161,173"]
    told = story(
        act("login", 9.9, 11, "T1078.003", session=1, port=44000),
        act("type", 20, 21, "T1571", session=1, detached=True),
        act("type", 30, 31, "T1082", session=1),
        act("type", 40, 41, "T1083", session=1),
    )
    facts = known(forks, told, [link(10.1, 160, INTRUDER, 44000)])
    assert technique(facts, 170, 40.5) == "T1571"
    assert technique(facts, 172, 30.3) == "T1571"
    assert technique(facts, 171, 30.3) == "T1082"
    assert technique(facts, 173, 40.3) == "T1083"


def test_two_shells_at_once_keep_their_own_acts() -> None:
    forks = [f"10,{SSHD},160", "10.2,160,161", f"12,{SSHD},165", "12.2,165,166", "20.5,161,170", "20.6,166,171"]
    told = story(
        act("login", 9.9, 11, "T1078.003", session=1, port=44000),
        act("login", 11.9, 13, "T1021.004", session=2, port=44001),
        act("type", 20, 22, "T1082", session=1),
        act("type", 20.2, 22, "T1083", session=2),
    )
    facts = known(forks, told, [link(10.1, 160, INTRUDER, 44000), link(12.1, 165, INTRUDER, 44001)])
    assert technique(facts, 170, 20.7) == "T1082"
    assert technique(facts, 171, 20.7) == "T1083"


def test_a_shell_that_a_planted_program_brings_back_follows_what_is_typed() -> None:
    forks = [f"60,{CRON},140", "60.1,140,141", "80.1,141,142"]
    told = story(
        act("catch", 30, 60.4, "T1059.004", session=1, pid=141),
        act("type", 80, 81, "T1082", session=1),
    )
    facts = known(forks, told, plants=[plant(60.15, 141, [CRON])])
    assert technique(facts, 140, 60.2) == "T1053.003"
    assert technique(facts, 142, 80.2) == "T1082"


def test_an_intrusion_that_broke_off_before_its_first_act_labels_nothing() -> None:
    forks = [f"10,{WEB},131", "11,131,132"]
    facts = known(forks, story({"broken": "Lost: no shell", "where": ""}), [link(10.1, 131, 700, 41000, THERE)])
    assert technique(facts, 132, 11.1) == ""


@pytest.mark.parametrize("pid", [0, 4242])
def test_a_process_that_no_fork_names_is_nobodys(pid: int) -> None:
    assert known([], story()).cause(pid, 50.0) == (None, None)


def test_a_process_whose_parent_is_unknown_still_has_children() -> None:
    facts = known(["10,7777,7778", "11,7778,7779"], story())
    life, cause = facts.cause(7779, 12.0)
    assert isinstance(life, Process) and life.host == "" and cause is None
