"""Commands of open text corpora, staged as process launches: weak supervision beside recordings.

Atomic Red Team, LOLBAS and GTFOBins are attacks; aegish's harmless commands and AMIDES's office lab are not.
A command is run by the shell its source names. Knows nothing of frames.
"""

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from watchfloor.base import attack
from watchfloor.base.events import Row
from watchfloor.lab.examples import json_lines
from watchfloor.lab.sigma_rows import sigma_rows

Staged = tuple[dict[str, Any], list[Row]]


def command_rows(data: Path) -> Iterator[Staged]:
    """Every command of the text corpora under ``data/text``, and every staged Sigma rule: ``(facts, rows)``."""
    text = data / "text"
    for entry in json_lines(text / "atomic_red_team" / "atomics.jsonl.zst"):
        for platform in entry["platforms"]:
            facts = _command_facts("atomic_red_team", entry["technique"], "malicious", entry["technique"])
            rows = [_launch(platform, entry["executor"], line) for line in _commands(entry["command"])]
            if rows:
                yield facts, rows
            break
    for entry in json_lines(text / "lolbas" / "lolbas_commands.jsonl.zst"):
        facts = _command_facts("lolbas", entry["name"], "malicious", entry["mitre"])
        yield facts, [_launch("windows", "command_prompt", entry["command"])]
    for entry in json_lines(text / "gtfobins" / "gtfobins.jsonl.zst"):
        yield _command_facts("gtfobins", entry["binary"], "malicious", ""), [_launch("linux", "bash", entry["code"])]
    for entry in json_lines(text / "aegish" / "harmless_commands.jsonl.zst"):
        yield (
            _command_facts("aegish", entry["command"][:40], "benign", ""),
            [_launch("linux", "bash", entry["command"])],
        )
    yield from _amides_rows(data)
    yield from sigma_rows(data / "sigma" / "sigmahq_rules.zip")


def _amides_rows(data: Path) -> Iterator[Staged]:
    with zipfile.ZipFile(data / "edr" / "amides" / "data.zip") as archive:
        lines = archive.read("data/socbed/process_creation/all").decode("utf-8", "replace").splitlines()
        for number, line in enumerate(lines):
            try:
                command = json.loads(line)
            except ValueError:
                command = line
            facts = _command_facts("amides", f"socbed {number}", "benign", "")
            yield facts, [_launch("windows", "", str(command))]


def _command_facts(source: str, name: str, label: str, technique: str) -> dict[str, Any]:
    present = attack.normalise(technique) if technique else None
    return {
        "name": f"{source}:{name}", "source": source, "lab": "text", "label": label,
        "techniques": [present] if present else [], "tactics": [],
    }  # fmt: skip


def _commands(text: str) -> list[str]:
    return [
        line.strip()
        for line in text.splitlines()
        if len(line.strip()) > 3 and not line.strip().startswith(("#", "REM "))
    ][:12]


_SHELLS = {
    "command_prompt": "C:\\Windows\\System32\\cmd.exe",
    "powershell": "C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe",
    "bash": "/usr/bin/bash",
    "sh": "/usr/bin/dash",
}


def _launch(platform: str, executor: str, command: str) -> Row:
    """A process launch that shows ``command``: run by the shell, which an executor's one-liner is passed to."""
    windows = platform == "windows"
    shell = _SHELLS.get(executor, "")
    first = next(csv.reader(io.StringIO(command.strip().replace("\n", " ")), delimiter=" "), [""])[0]
    program = first.replace("\\", "/").rpartition("/")[2].lower()
    if windows and executor == "powershell":
        image, line = shell, f"powershell.exe {command}"
    elif windows:
        image = (
            first
            if "\\" in first
            else f"C:\\Windows\\System32\\{program if program.endswith('.exe') else program + '.exe'}"
        )
        line = command
    else:
        image, line = (first if first.startswith("/") else f"/usr/bin/{program}"), command
    return {
        "action": "process.launch", "device.os": "windows" if windows else "linux", "record": "1", "source": "text",
        "actor.process.file.path": shell or None, "process.uid": "text", "process.file.path": image,
        "process.cmd_line": line,
    }  # fmt: skip
