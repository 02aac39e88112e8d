"""What command lines teach: shell and Windows commands, malicious or benign, grouped by the program they run.

Abuse is from GTFOBins, LOLBAS and Atomic Red Team; ordinary work from aegish's harmless commands, an office lab's
process launches (AMIDES), lines written for Watchfloor, and our own recordings, less what their intrusions ran too.
"""

import json
import re
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from watchfloor.base.settings import Settings
from watchfloor.intake.reader import Reader
from watchfloor.lab.examples import Example, json_lines
from watchfloor.lab.truth import truth_of

MALICIOUS: Final = ("malicious",)
BENIGN: Final = ("benign",)
#: Words before a command that are not the program.
_BEFORE = frozenset({"sudo", "env", "nohup", "exec", "time", "command", "then", "do", "doas"})
#: Words a line of a script begins with that is no command.
_SCRIPT = frozenset({"if", "else", "elseif", "foreach", "for", "while", "try", "catch", "function", "param", "return",
                     "end", "fi", "done", "exit", "rem", "goto", "timeout", "sleep", "start-sleep"})  # fmt: skip
_NAME = re.compile(r"[a-z][\w.+-]*")
#: A Windows path a command begins with, which may hold spaces: quoted, or up to what is run.
_PATH = re.compile(r'"([^"]*\\[^"]*)"|([a-z]:\\[^"<>|]*?\.(?:exe|com|bat|cmd))(?=\s|$)', re.IGNORECASE)
_NUMBERS = re.compile(r"[0-9a-f-]{8,}|\d+")
#: The training hosts of ``range/``; the others are kept for tests of the whole floor.
RECORDINGS: Final = Path(__file__).resolve().parents[3] / "range" / "recordings"
HOSTS: Final = ("build-07", "forge-02", "gate-04", "ledger-03", "web-05")
#: Recorded commands of one program at most: a compiler's thousand calls teach no more than sixty.
MOST_A_PROGRAM: Final = 60
WRITTEN: Final = Path(__file__).resolve().parent / "written"
#: Lines of one Atomic Red Team test at most: its scripts are long, and much of them is preparation.
LINES_A_TEST: Final = 2


def program(command: str) -> str:
    """The program a command line runs, in lower case and without its folder or ``.exe``."""
    path = _PATH.match(command.strip())
    for word in [path[1] or path[2]] if path else command.strip().split():
        name = word.strip("\"'`&(){};").replace("\\", "/").rpartition("/")[2].lower().removesuffix(".exe")
        if name and "=" not in name and name not in _BEFORE and not name.startswith(("-", "$", "#")):
            return name
    return ""


def command(data: Path) -> Iterator[Example]:
    """Command lines, ``malicious`` or ``benign``; a group is a program, so a test knows none of its programs."""
    text = data / "text"
    yield from _abuse(text)
    yield from _ordinary(data)


def _abuse(text: Path) -> Iterator[Example]:
    for record in json_lines(text / "aegish" / "gtfobins_commands.jsonl.zst"):
        yield Example(record["command"], MALICIOUS, f"program {record['binary'].lower()}", "aegish")
    for record in json_lines(text / "gtfobins" / "gtfobins.jsonl.zst"):
        yield Example(record["code"], MALICIOUS, f"program {record['binary'].lower()}", "gtfobins")
    for record in json_lines(text / "lolbas" / "lolbas_commands.jsonl.zst"):
        name = record["name"].lower().removesuffix(".exe")
        yield Example(record["command"], MALICIOUS, f"program {name}", "lolbas")
    for record in json_lines(text / "atomic_red_team" / "atomics.jsonl.zst"):
        found = []
        for line in (record["command"] or "").splitlines():
            line, name = line.strip(), program(line)
            if len(line) > 12 and _NAME.fullmatch(name) and name not in _SCRIPT and " " in line:
                found.append((line[:400], name))
        # The longest lines are the deed, the short ones what prepares it.
        for line, name in sorted(found, key=lambda each: -len(each[0]))[:LINES_A_TEST]:
            yield Example(line, MALICIOUS, f"program {name}", "atomic")
    yield from _written("attack_commands.txt", MALICIOUS)
    yield from _written("attack_commands_dual.txt", MALICIOUS)


def _ordinary(data: Path) -> Iterator[Example]:
    for record in json_lines(data / "text" / "aegish" / "harmless_commands.jsonl.zst"):
        # Grouped by the whole command: the programs of daily work are in every part, and must be.
        yield Example(record["command"], BENIGN, f"harmless {record['prompt']}", "aegish")
    with zipfile.ZipFile(data / "edr" / "amides" / "data.zip") as archive:
        lines = archive.read("data/socbed/process_creation/all").decode("utf-8", "replace").splitlines()
    seen: set[str] = set()
    for line in lines:
        try:
            found = str(json.loads(line))
        except ValueError:
            found = line
        if len(found) > 3 and (like := shape(found)) not in seen:
            seen.add(like)
            yield Example(found[:400], BENIGN, f"program {program(found)}", "amides")
    yield from _written("ordinary_commands.txt", BENIGN)
    yield from _written("ordinary_commands_windows.txt", BENIGN)
    yield from _recorded()


def _written(name: str, labels: tuple[str, ...]) -> Iterator[Example]:
    """Lines written for Watchfloor."""
    for line in (WRITTEN / name).read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            yield Example(line, labels, f"program {program(line)}", "written")


def shape(command: str) -> str:
    """A command without its numbers: what runs again and again is one."""
    return _NUMBERS.sub("0", command.lower())


def _recorded() -> Iterator[Example]:
    """Ordinary commands of the training hosts, each shape once, where the checkout has the recordings."""
    often: Counter[str] = Counter()
    for host in HOSTS:
        folder = RECORDINGS / host
        if not folder.is_dir():
            continue
        truth = truth_of(folder)
        lines: dict[str, str] = {}
        bad: set[str] = set()
        logs = [str(path) for path in sorted(folder.glob("*.log.zst"))]
        for batch in Reader(logs, Settings()).batches():
            columns = [batch.column(name).to_pylist() for name in ("action", "source", "record", "process.cmd_line")]
            for action, source, record, command_line in zip(*columns, strict=True):
                if action != "process.launch" or not command_line:
                    continue
                like = shape(command_line)
                known = truth.get(f"{source}#{record}")
                if known is not None and known.intrusion:
                    bad.add(like)
                elif len(command_line) > 6:
                    lines.setdefault(like, command_line)
        for like, command_line in lines.items():
            often[program(command_line)] += 1
            if like not in bad and often[program(command_line)] <= MOST_A_PROGRAM:
                yield Example(command_line[:400], BENIGN, f"program {program(command_line)}", "range")
