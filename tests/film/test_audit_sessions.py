"""Scenes of Linux audit logs: one log-in or job is one scene, however often its forks went unrecorded."""

from tests.film.staged import batch
from tests.film.staged_linux import acted, ran
from watchfloor.base.events import Row
from watchfloor.film import screen as screens
from watchfloor.film.filming import Reel, film
from watchfloor.store.spool import Spool


def _film(*rows: Row) -> Reel:
    return film([batch(*rows)], screens.blank(), Spool(1 << 30))


def _scenes(reel: Reel) -> list[set[str]]:
    """Commands that play in one scene, silent processes left out."""
    found: dict[int, set[str]] = {}
    for owner, scene in zip(reel.cast.owners, reel.casting.scene.tolist(), strict=True):
        if owner.command_line:
            found.setdefault(scene, set()).add(owner.command_line)
    return list(found.values())


def test_a_log_in_is_one_scene_although_its_subshells_left_no_trace() -> None:
    reel = _film(
        acted(0, 100, 50, "/usr/sbin/sshd"),
        acted(1, 100, 50, "/usr/sbin/sshd", "7"),
        ran(2, 101, 100, "bash -i", "7"),
        ran(3, 103, 102, "grep root", "7"),  # 102, a subshell, is never seen to do anything
        ran(4, 105, 104, "wc -l", "7"),
        ran(5, 201, 200, "uptime", "8"),
    )
    assert {"bash -i", "grep root", "wc -l"} in _scenes(reel)
    assert {"uptime"} in _scenes(reel)


def test_what_sshd_forked_before_the_log_in_belongs_to_it() -> None:
    reel = _film(
        acted(0, 50, 9, "/usr/sbin/sshd"),
        ran(0, 100, 50, "/usr/sbin/sshd -R", None),
        acted(1, 110, 100, "/usr/sbin/sshd", None, **{"actor.process.cmd_line": "sshd: [accepted]"}),
        acted(2, 100, 50, "/usr/sbin/sshd", "7"),
        ran(3, 101, 100, "bash -i", "7"),
    )
    assert {"/usr/sbin/sshd -R", "sshd: [accepted]", "bash -i"} in _scenes(reel)


def test_a_pid_that_comes_round_again_joins_no_two_log_ins() -> None:
    reel = _film(
        ran(0, 101, 100, "bash -i", "7"),
        acted(1, 101, 100, "/usr/bin/bash", "7"),
        ran(60, 101, 300, "bash -c backup", "8"),
        ran(61, 302, 101, "tar cf b.tar .", "8"),
    )
    assert {"bash -i"} in _scenes(reel)
    assert {"bash -c backup", "tar cf b.tar ."} in _scenes(reel)


def test_a_child_of_a_program_that_starts_nothing_has_another_parent() -> None:
    reel = _film(
        ran(0, 101, 100, "cat notes", None),
        ran(60, 102, 101, "/bin/sh -c id", None),
    )
    assert {"cat notes"} in _scenes(reel)
    assert {"/bin/sh -c id"} in _scenes(reel)


def test_what_a_container_s_init_started_before_the_recording_plays_alone() -> None:
    rows = [
        acted(0, 11, 9, "/usr/sbin/sshd"),
        acted(0, 12, 9, "/usr/sbin/cron"),
        acted(1, 9, 1, "python3"),  # the init, whatever it is called
        ran(2, 21, 9, "/usr/bin/orphan-one", None),
        ran(3, 22, 9, "/usr/bin/orphan-two", None),
    ]
    assert {"/usr/bin/orphan-one"} in _scenes(_film(*rows))


def test_a_program_the_host_runs_again_and_again_is_no_longer_its_author_s() -> None:
    """A deployed script joins who deployed it in its first runs; then it is routine."""
    rows = [ran(0, 101, 100, "bash -i", "7")]
    rows.append(
        acted(1, 101, 100, "/usr/bin/bash", "7", action="file.create", **{"file.path": "/usr/local/sbin/nightly"})
    )
    rows += [ran(60 * n, 200 + n, 50, "/bin/sh /usr/local/sbin/nightly", str(10 + n)) for n in range(1, 6)]
    reel = _film(*rows)
    owners = [o for o in reel.cast.owners if o.command_line.endswith("nightly")]
    author = next(o for o in reel.cast.owners if o.command_line == "bash -i")
    number = {o.uid: reel.cast.number_of(o.uid) for o in [author, *owners]}
    mine = reel.casting.scene[number[author.uid]]
    with_author = [o.pid for o in owners if reel.casting.scene[number[o.uid]] == mine]
    assert with_author == [201, 202, 203]


def test_what_a_wrapper_s_program_reads_is_not_what_it_runs() -> None:
    reel = _film(
        ran(0, 101, 100, "bash -i", "7"),
        acted(1, 101, 100, "/usr/bin/bash", "7", action="file.create", **{"file.path": "/root/.ssh/known_hosts"}),
        ran(9, 201, 200, "sudo -u postgres cat /root/.ssh/known_hosts", "8"),
    )
    assert {"bash -i"} in _scenes(reel)
