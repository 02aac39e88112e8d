"""The company an attack keeps: slower work, and ordinary commands of the same session in between."""

from collections.abc import Iterable
from random import Random
from typing import Any, Final

from watchfloor.base.events import Row

_WINDOWS: Final = (
    (r"C:\Windows\System32\notepad.exe", r'"C:\Windows\System32\notepad.exe" C:\Users\Public\notes.txt'),
    (r"C:\Windows\System32\calc.exe", "calc.exe"),
    (r"C:\Windows\System32\mspaint.exe", "mspaint.exe"),
    (r"C:\Windows\System32\cmd.exe", "cmd.exe /c dir"),
    (r"C:\Windows\System32\find.exe", 'find /c "ok" report.log'),
    (r"C:\Windows\System32\sort.exe", "sort names.txt"),
    (r"C:\Windows\System32\timeout.exe", "timeout /t 5"),
    (r"C:\Windows\System32\xcopy.exe", r"xcopy report.docx D:\archive"),
    (r"C:\Program Files\Git\cmd\git.exe", "git status"),
    (r"C:\Windows\System32\mode.com", "mode con"),
)  # fmt: skip
_UNIX: Final = tuple(
    (f"/usr/bin/{command.split()[0]}", command)
    for command in (
        "ls --color=auto", "ls -l", "cat README.md", "git status", "git log --oneline -5", "date", "less NEWS",
        "grep -n total report.csv", "wc -l report.csv", "sort report.csv", "cal", "make -n", "diff a.txt b.txt",
    )
)  # fmt: skip
#: Numbers from here on are given to processes that no recording has.
_FRESH: Final = 8_000_000
_MOVED: Final = 4_000_000
_NUMBERS: Final = (
    ("actor.process.pid", "actor.process.file.path"),
    ("process.pid", "process.file.path"),
    ("actor.process.parent_process.pid", "actor.process.parent_process.file.path"),
)


def slowed(rows: list[Row], others: Iterable[Row], rng: Random) -> None:
    """Stretch the attack's times, each pause by its own factor of 2 to 6, keeping their order.

    Pids without GUIDs are told apart by time, and other processes had the same numbers later: processes that are the
    attack's alone get numbers nobody else has.
    """
    _renumber(rows, others)
    dated = sorted((row for row in rows if row.get("time") is not None), key=_time)
    before = now = 0
    for place, row in enumerate(dated):
        time = _time(row)
        now = time if not place else now + round((time - before) * rng.uniform(2, 6))
        before = time
        if now < 2**62:
            row["time"] = now


def _time(row: Row) -> int:
    return int(row["time"])


def _renumber(rows: list[Row], others: Iterable[Row]) -> None:
    taken: set[tuple[Any, ...]] = set()
    for row in others:
        taken.update((row.get("device.hostname"), row.get(pid), row.get(image)) for pid, image in _NUMBERS)
    if not taken:
        return
    mine = {
        (row.get("device.hostname"), row[pid])
        for row in rows
        for pid, image in _NUMBERS
        if row.get(pid) is not None and row.get(image)
        and (row.get("device.hostname"), row[pid], row[image]) not in taken
    }  # fmt: skip
    for row in rows:
        for pid, _ in _NUMBERS:
            if (row.get("device.hostname"), row.get(pid)) in mine:
                row[pid] += _MOVED


def company(rows: list[Row], rng: Random) -> list[Row]:
    """Ordinary launches by processes of the attack, two for each of its launches, one for every ten other rows."""
    launches = [row for row in rows if row.get("action") == "process.launch" and row.get("status") != "failure"]
    hosts = launches * 2 + [row for row in rows if row.get("actor.process.file.path")][::10]
    return [_beside(row, number, rng) for number, row in enumerate(hosts)]


def _beside(row: Row, number: int, rng: Random) -> Row:
    """An ordinary launch by a row's actor, soon after it."""
    image, command = rng.choice(_UNIX if row.get("device.os") in ("linux", "macos") else _WINDOWS)
    keep = (
        "source", "time", "device.hostname", "device.os", "metadata.log_name", "status", "actor.process.uid",
        "actor.process.pid", "actor.process.file.path", "actor.process.cmd_line", "actor.user.name",
        "actor.session.uid", "actor.process.parent_process.uid", "actor.process.parent_process.pid",
        "actor.process.parent_process.file.path",
    )  # fmt: skip
    new: Row = {column: row[column] for column in keep if row.get(column) is not None}
    launch = row.get("action") == "process.launch"
    if launch:
        new |= {c: row[c] for c in ("process.integrity", "process.working_directory") if row.get(c) is not None}
    if isinstance(new.get("time"), int) and abs(new["time"]) < 2**62:
        new["time"] += rng.randrange(1_000, 900_000)
    code = row.get("metadata.event_code") if launch else None
    new |= {
        "record": f"inserted:{number}",
        "action": "process.launch",
        "metadata.event_code": code,
        "process.pid": _FRESH + number,
        "process.uid": f"inserted-{number}" if row.get("process.uid") else None,
        "process.file.path": image,
        "process.cmd_line": command,
        "status_detail": row.get("status_detail") if launch and row.get("device.os") == "linux" else None,
    }
    return new
