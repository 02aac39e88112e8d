"""Linux Events staged by hand as auditd shows them: processes known by pid and audit session alone."""

from typing import Any

from watchfloor.base.events import Row

START = 1_700_000_000


def row(at: float, ses: str | None, **more: Any) -> Row:
    """An Event of host ``web``, ``at`` seconds after the start, in audit session ``ses``."""
    return {
        "time": int((START + at) * 1_000_000),
        "device.hostname": "web",
        "device.os": "linux",
        "actor.session.uid": ses,
        **more,
    }


def ran(at: float, pid: int, ppid: int, command: str, ses: str | None = None, **more: Any) -> Row:
    """A process executes a program."""
    program = command.split()[0]
    return row(at, ses) | {
        "action": "process.launch",
        "process.pid": pid,
        "process.file.path": program if program.startswith("/") else f"/usr/bin/{program}",
        "process.cmd_line": command,
        "actor.process.pid": ppid,
        **more,
    }


def acted(at: float, pid: int, ppid: int | None, image: str, ses: str | None = None, **more: Any) -> Row:
    """Any other operation of a process: it reads a file, if ``more`` does not say otherwise."""
    return row(at, ses) | {
        "action": "file.read",
        "actor.process.pid": pid,
        "actor.process.file.path": image,
        "actor.process.parent_process.pid": ppid,
        "file.path": "/etc/passwd",
        **more,
    }
