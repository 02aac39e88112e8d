"""The same process creation in every shape collectors write it becomes the same Event."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.intake import windows_samples as samples

LAUNCH = {
    "action": "process.launch",
    "device.hostname": "ws1.lab.example",
    "device.os": "windows",
    "metadata.log_name": "Microsoft-Windows-Sysmon/Operational",
    "metadata.event_code": "1",
    "time": datetime(2024, 3, 1, 10, 0, 0, 123_000, tzinfo=UTC),
    "actor.process.uid": "11111111-2222-3333-4444-000000000002",
    "actor.process.pid": 1234,
    "actor.process.file.path": "C:\\Windows\\explorer.exe",
    "actor.process.cmd_line": "explorer.exe",
    "actor.user.name": "LAB\\ann",
    "actor.session.uid": "0x3e7",
    "process.uid": "11111111-2222-3333-4444-000000000001",
    "process.pid": 4321,
    "process.file.path": "C:\\Windows\\System32\\cmd.exe",
    "process.file.internal_name": "Cmd.Exe",
    "process.cmd_line": "cmd.exe /c whoami",
    "process.working_directory": "C:\\Users\\ann\\",
    "process.integrity": "High",
    "file.hashes": "SHA256=AA",
}

SHAPES = {
    "nxlog": samples.nxlog(),
    "winlogbeat": samples.winlogbeat(),
    "ecs": samples.ecs(),
    "sentinel, EventData in JSON": samples.sentinel_json(),
    "sentinel, EventData in XML": samples.sentinel_xml(),
    "tree": samples.tree(),
    "wrapped": samples.wrapped(),
    "bare": samples.bare(),
    "message only": samples.message_only(),
    "elasticsearch hit": {"_index": "x", "_source": samples.ecs()},
    "splunk result": {"preview": False, "result": {"_raw": samples.xml()}},
}


def essence(row: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in row.items() if k not in ("source", "record", "raw_data")}


@pytest.mark.parametrize("shape", SHAPES)
def test_json_lines(shape: str, tmp_path: Path, read: Any) -> None:
    path = tmp_path / "events.of.no.meaning"
    path.write_text("\n" + json.dumps(SHAPES[shape]) + "\r\n")
    rows, account = read(path)
    assert [essence(row) for row in rows] == [LAUNCH]
    assert rows[0]["record"] == "2"
    assert rows[0]["source"] == str(path)
    assert json.loads(rows[0]["raw_data"]) == SHAPES[shape]
    assert not account.rejections


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("shape", SHAPES)
def test_arrays_and_documents(shape: str, indent: int | None, tmp_path: Path, read: Any) -> None:
    path = tmp_path / "x"
    path.write_text("\n" + json.dumps([SHAPES[shape]] * 3, indent=indent))
    rows, account = read(path)
    assert [essence(row) for row in rows] == [LAUNCH] * 3
    assert [row["record"] for row in rows] == ["1", "2", "3"]
    path.write_text(json.dumps(SHAPES[shape], indent=2) * 2)
    rows, account = read(path)
    assert [essence(row) for row in rows] == [LAUNCH] * 2
    assert not account.rejections


@pytest.mark.parametrize(
    "text",
    [
        "{}\n",
        "<?xml version='1.0' encoding='utf-8'?>\n<!-- exported -->\n<Events>\n{}\n</Events>\n",
        "Mar  1 10:00:00 ws1 sysmon: {}\n",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
def test_xml(text: str, encoding: str, tmp_path: Path, read: Any) -> None:
    path = tmp_path / "x"
    path.write_text(text.format(samples.xml()), encoding=encoding)
    if encoding == "utf-16-le" and text.startswith("Mar"):
        return  # without a byte order mark only markup and JSON can be told from binary
    rows, account = read(path)
    assert [essence(row) for row in rows] == [LAUNCH]
    assert not account.rejections


def test_sysmon_for_linux_in_a_syslog(tmp_path: Path, read: Any) -> None:
    event = samples.xml("Linux-Sysmon", "Linux-Sysmon/Operational")
    lines = [f"Mar  1 10:00:00 ws1 sysmon: {event}", "Mar  1 10:00:01 ws1 cron[1]: session opened", event]
    path = tmp_path / "syslog"
    path.write_text("\n".join(lines) + "\n")
    rows, account = read(path)
    assert [(row["device.os"], row["action"], row["record"]) for row in rows] == [
        ("linux", "process.launch", "1"),
        ("linux", "process.launch", "3"),
    ]
    assert [(r.where, r.why) for r in account.rejections] == [("2", "a line without an <Event>")]


def test_classic_text_and_xml_in_one_file(tmp_path: Path, read: Any) -> None:
    path = tmp_path / "x.raw"
    path.write_text(samples.LAUNCH_TEXT + samples.xml() + "\n" + samples.LAUNCH_TEXT)
    rows, account = read(path)
    assert [row["metadata.event_code"] for row in rows] == ["4688", "1", "4688"]
    assert not account.rejections


def test_classic_text(tmp_path: Path, read: Any) -> None:
    path = tmp_path / "x.log"
    path.write_text(samples.LAUNCH_TEXT * 2)
    rows, account = read(path)
    assert [row["record"] for row in rows] == ["1", "27"]
    assert not account.rejections
    row = rows[0]
    assert row["action"] == "process.launch"
    assert row["time"] == datetime(2024, 3, 1, 10, tzinfo=UTC)
    assert row["process.pid"] == 0x10E1
    assert row["process.cmd_line"] == "cmd.exe /c whoami"
    assert row["actor.process.pid"] == 0x4D2
    assert row["actor.process.file.path"] == "C:\\Windows\\explorer.exe"
    assert row["actor.user.name"] == "LAB\\ann"
    assert row["process.integrity"] == "High"
    assert row["status"] == "success"
    assert "user.name" not in row
