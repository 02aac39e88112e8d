"""Elastic endpoint documents and Endpoint Security messages; JSON values in any wrapping."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchfloor.base.account import Account
from watchfloor.base.actions import ACTIONS
from watchfloor.base.events import Row, to_batch
from watchfloor.intake import documents
from watchfloor.intake.format import Format
from watchfloor.intake.formats import macos


def claimed(data: bytes) -> Format | None:
    return next((form for form in macos.FORMATS if form.sniff(data[:65536])), None)


def read(data: bytes) -> tuple[list[Row], Account]:
    form = claimed(data)
    assert form is not None and form.stream is not None
    account = Account()
    rows = list(form.stream(io.BytesIO(data), "x.json", account))
    for row in rows:
        assert row["action"] in ACTIONS
    to_batch(rows)
    return rows, account


def elastic(category: str, action: str, os: str = "macos", **fields: Any) -> dict[str, Any]:
    return {
        "@timestamp": "2021-01-12T16:43:45.285612Z",
        "agent": {"type": "endpoint"},
        "event": {"module": "endpoint", "category": [category], "action": action, "type": fields.pop("type", [])},
        "data_stream": {"dataset": f"endpoint.events.{category}"},
        "host": {"hostname": "Mac.local", "os": {"family": os}},
        "user": {"name": "eve", "id": 501},
        "process": {
            "entity_id": "E1",
            "pid": 14084,
            "executable": "/usr/sbin/dsenableroot",
            "command_line": "dsenableroot -u eve",
            "parent": {"entity_id": "E0", "pid": 1959, "executable": "/bin/zsh", "args": []},
        },
        **fields,
    }


@pytest.mark.parametrize(("path", "system"), [
    ("C:\\Windows\\System32\\cmd.exe", "windows"), ("/usr/bin/curl", "linux"), ("curl", None), ("/tmp/a\\b", "linux"),
    ("/Applications/Mail.app/Contents/MacOS/Mail", "macos"), ("/Users/eve/Downloads/a", "macos"),
])  # fmt: skip
def test_a_document_that_names_no_system_is_of_the_one_its_paths_are_of(path: str, system: str | None) -> None:
    document = elastic("process", "exec", type=["start"], host={"hostname": "h"})
    document["process"] = {"pid": 7, "executable": path}
    rows, account = read(json.dumps(document).encode())
    assert not account.rejections
    assert rows[0].get("device.os") == system


def test_a_process_start() -> None:
    rows, account = read(json.dumps(elastic("process", "exec", type=["start"])).encode())
    assert not account.rejections
    del rows[0]["raw_data"]
    assert rows[0] == {
        "record": "1",
        "time": 1_610_469_825_285_612,
        "device.hostname": "mac.local",
        "device.os": "macos",
        "metadata.log_name": "endpoint.events.process",
        "metadata.event_code": "exec",
        "action": "process.launch",
        "actor.process.uid": "E0",
        "actor.process.pid": 1959,
        "actor.process.file.path": "/bin/zsh",
        "actor.user.name": "eve",
        "process.uid": "E1",
        "process.pid": 14084,
        "process.file.path": "/usr/sbin/dsenableroot",
        "process.cmd_line": "dsenableroot -u eve",
    }


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (elastic("process", "fork", type=["start"]), {"action": "process.launch", "status_detail": "fork"}),
        (elastic("process", "end", type=["end"]), {"action": "process.terminate", "process.uid": "E1"}),
        (
            elastic("file", "rename", file={"path": "/tmp/b", "Ext": {"original": {"path": "/tmp/a"}}}),
            {"action": "file.rename", "file.path": "/tmp/b", "status_detail": "from /tmp/a", "actor.process.uid": "E1"},
        ),
        (elastic("file", "modification", file={"path": "/etc/pam.d/login"}), {"action": "file.modify"}),
        (
            elastic("network", "connection_attempted", destination={"ip": "10.0.0.1", "port": 443}),
            {"action": "network.connect", "dst_endpoint.ip": "10.0.0.1", "dst_endpoint.port": 443},
        ),
        (elastic("network", "lookup_requested", dns={"question": {"name": "x.example"}}), {"action": "dns.query"}),
        (
            elastic("registry", "modification", "windows", registry={"path": "HKLM\\R\\v", "value": "v"}),
            {"action": "registry.value", "device.os": "windows", "reg_key.path": "HKLM\\R\\v"},
        ),
        (
            elastic("library", "load", dll={"path": "/x.dylib", "hash": {"sha256": "ab"}}),
            {"action": "module.load", "file.hashes": "SHA256=ab"},
        ),
        (elastic("authentication", "log_on"), {"action": "logon.success", "user.name": "eve"}),
        (elastic("novelty", "x", message="said"), {"action": "other", "status_detail": "said"}),
        (
            {"event.module": "endpoint", "event.category": "process", "event.action": "exec", "process.pid": 7},
            {"action": "process.launch", "process.pid": None},
        ),
    ],
)
def test_kinds_of_documents(document: dict[str, Any], expected: Row) -> None:
    (row,), _ = read(json.dumps(document).encode())
    assert {name: row.get(name) for name in expected} == expected


def test_every_wrapping() -> None:
    one = elastic("process", "exec", type=["start"])
    hit = {"_index": ".ds-logs-endpoint.events.process-default-000003", "_id": "x", "_source": one}
    answer = {"took": 46, "hits": {"total": {"value": 2}, "hits": [hit, hit]}}
    pretty = json.dumps(hit, indent=2).encode()
    for data, places in (
        (pretty, ["1"]),
        (pretty + b"\n\n" + pretty, ["1", str(len(pretty.splitlines()) + 2)]),
        (pretty + b"," + pretty, ["1", str(len(pretty.splitlines()))]),
        (b"[" + pretty + b",\r\n" + pretty + b"]", ["1", str(len(pretty.splitlines()) + 1)]),
        (json.dumps(one).encode() + b"\n" + json.dumps(one).encode(), ["1", "2"]),
        (json.dumps([one, one]).encode(), ["1", "1.2"]),
        (json.dumps(answer).encode(), ["1", "1.2"]),
        (b"\xef\xbb\xbf" + json.dumps(answer, indent=1).encode(), ["1", "1.2"]),
    ):
        rows, account = read(data)
        assert not account.rejections
        assert [row["record"] for row in rows] == places
        assert all(json.loads(row["raw_data"]) == one for row in rows)


def test_a_broken_document_does_not_swallow_the_next() -> None:
    good = json.dumps(elastic("process", "exec", type=["start"]), indent=2)
    rows, account = read(f"{good}\n{good[:-2]}\n{good}\nfoo\n{good}\n".encode())
    assert len(rows) == 3
    assert [(r.why) for r in account.rejections][-1] in ("not JSON", "document cut off")
    rows, account = read(f"{good}\n{good[:-1]}".encode())
    assert len(rows) == 1 and account.rejections[0].why == "document cut off"


def test_not_every_document_is_an_event() -> None:
    rows, account = read(json.dumps(elastic("process", "exec")).encode() + b'\n{"a": 1}\n3\n')
    assert len(rows) == 1
    assert [(r.where, r.why) for r in account.rejections] == [("2", "not an Elastic endpoint event"), ("3", "not JSON")]


def process(pid: int, path: str, ppid: int = 2282) -> dict[str, Any]:
    token = {"pid": pid, "euid": 501, "asid": 100004, "pidversion": 4}
    return {
        "audit_token": token,
        "executable": {"path": path},
        "ppid": ppid,
        "is_platform_binary": True,
        "team_id": None,
    }


def message(event: dict[str, Any], actor: dict[str, Any] | None = None, auth: int = 0) -> dict[str, Any]:
    return {
        "schema_version": 1,
        "mach_time": 454109779153,
        "seq_num": 5,
        "time": "2024-03-13T12:11:05.548586260Z",
        "event": event,
        "action": {"result": {"result": {"auth": auth}, "result_type": 0}},
        "process": actor or process(2283, "/bin/bash"),
    }


EXEC = message(
    {
        "exec": {
            "target": {**process(2283, "/usr/bin/security"), "signing_id": "com.apple.security"},
            "args": ["security", "find-generic-password", "-wa", "Google Chrome"],
            "cwd": {"path": "/Users/user"},
            "script": None,
        }
    }
)


def test_exec_of_endpoint_security() -> None:
    (row,), _ = read(json.dumps(EXEC).encode())
    del row["raw_data"]
    assert row == {
        "record": "1",
        "time": 1_710_331_865_548_586,
        "device.os": "macos",
        "metadata.log_name": "endpoint-security",
        "metadata.event_code": "exec",
        "action": "process.launch",
        "status": "success",
        "actor.process.pid": 2282,
        "actor.process.file.path": "/bin/bash",
        "actor.user.name": "uid:501",
        "actor.session.uid": "100004",
        "process.pid": 2283,
        "process.file.path": "/usr/bin/security",
        "process.cmd_line": "security find-generic-password -wa 'Google Chrome'",
        "process.working_directory": "/Users/user",
        "file.signature": "valid: Apple com.apple.security",
    }


def test_an_agents_envelope_is_opened() -> None:
    envelope = {"body": json.dumps(EXEC), "mime": "application/json", "type": "raw"}
    (row,), _ = read(json.dumps(envelope).encode())
    assert row["process.file.path"] == "/usr/bin/security"
    rows, account = read(json.dumps(envelope).encode() + b'\n{"body": "{"}\n{"body": 3}')
    assert len(rows) == 1 and account.rejected_records == 2


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ({"fork": {"child": process(9, "/bin/zsh")}}, {"action": "process.launch", "process.pid": 9}),
        ({"exit": {"stat": 256}}, {"action": "process.terminate", "process.pid": 2283}),
        ({"open": {"fflag": 1, "file": {"path": "/a"}}}, {"action": "file.read", "file.path": "/a"}),
        ({"open": {"fflag": 3, "file": {"path": "/a"}}}, {"action": "file.modify"}),
        (
            {"create": {"destination": {"new_path": {"dir": {"path": "/d/"}, "filename": "f"}}}},
            {"action": "file.create", "file.path": "/d/f"},
        ),
        ({"unlink": {"target": {"path": "/a"}}}, {"action": "file.delete", "file.path": "/a"}),
        (
            {"rename": {"source": {"path": "/a"}, "destination": {"existing_file": {"path": "/b"}}}},
            {"action": "file.rename", "file.path": "/b", "status_detail": "from /a"},
        ),
        ({"get_task": {"target": process(1, "/sbin/launchd")}}, {"action": "process.open", "process.pid": 1}),
        ({"btm_launch_item_add": {"item": {"item_url": "file:///x"}}}, {"action": "service.install"}),
        ({"openssh_login": {"success": False, "username": "eve"}}, {"action": "logon.failure", "user.name": "eve"}),
        ({"sudo": {"command": "/bin/ls", "to_username": "root"}}, {"script.content": "/bin/ls"}),
        ({"brand_new": {"x": 1}}, {"action": "other", "status_detail": "brand_new"}),
        ({"brand_new": 3}, {"action": "other"}),
        ({}, {"action": "other"}),
    ],
)
def test_events_of_endpoint_security(event: dict[str, Any], expected: Row) -> None:
    (row,), _ = read(json.dumps(message(event)).encode())
    assert {name: row.get(name) for name in expected} == expected


def test_denied() -> None:
    (row,), _ = read(json.dumps(message({"exit": {}}, auth=1)).encode())
    assert row["status"] == "failure"


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b'{"EventID": 1, "Channel": "Microsoft-Windows-Sysmon/Operational"}',
        b'{"body": "{\\"Event\\": {\\"System\\": {}}}", "mime": "application/x-pt-eventlog"}',
        b'{"event_type": "alert", "flow_id": 1}',
        b'type=X msg="module":"endpoint"',
    ],
)
def test_windows_and_others_are_not_claimed(head: bytes) -> None:
    assert claimed(head) is None


def found(data: bytes) -> list[documents.Found]:
    return list(documents.values(io.BytesIO(data)))


def test_json_values_of_any_layout() -> None:
    tricky = {"a": 'br{ace "quoted" \\', "b": ["]", {"c": "}"}]}
    for indent in (None, 0, 2):
        text = json.dumps(tricky, indent=indent)
        assert [f.value for f in found(f"{text}{text}\n{text}".encode())] == [tricky] * 3
        assert [f.value for f in found(f"[{text},{text}]".encode())] == [tricky] * 2
    assert [f.fault for f in found(b"")] == []
    assert found(b"[]") == found(b"[\n]\n") == []


def test_json_bombs_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "MAX_DOCUMENT", 2_000)
    over = b'{\n"a": [' + b"1,\n" * 2_000 + b"1]}\n"
    values = found(over + b'{"b":1}\n' + b'{"c": "' + b"x" * 3_000 + b'"}\n{"d":1}')
    assert [f.value for f in values if not f.fault] == [{"b": 1}, {"d": 1}]
    assert sorted(f.fault.split(" ")[0] for f in values if f.fault) == ["document", "line"]
    monkeypatch.undo()
    assert len(found(b'{"a":' * 100_000)) == 1
    assert len(found(b'"' + b"\\" * 1_000_001)) == 1
    found(b"[" * 1_000_000)
    found(b"}" * 1_000_000)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_any_damage_is_survived(data: st.DataObject) -> None:
    text = bytearray(
        json.dumps([EXEC, elastic("file", "rename")], indent=data.draw(st.sampled_from([None, 1]))).encode()
    )
    for _ in range(data.draw(st.integers(0, 6))):
        at = data.draw(st.integers(0, len(text) - 1))
        text[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    for form in macos.FORMATS:
        assert form.stream is not None
        to_batch(list(form.stream(io.BytesIO(bytes(text)), "x", Account())))


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(["process", "file", "event", "host", "user", "destination", "dll", "registry"]), values)
def test_any_type_in_any_place(key: str, value: Any) -> None:
    document = {**elastic("file", "rename"), key: value, "agent": {"type": "endpoint"}}
    read_any = macos.FORMATS[1].stream
    assert read_any is not None
    to_batch(list(read_any(io.BytesIO(json.dumps(document).encode()), "x", Account())))


@pytest.mark.shared_data
def test_real_attacks(shared_data: Path) -> None:
    events = rejected = 0
    with zipfile.ZipFile(shared_data / "edr" / "macos_attack" / "json.zip") as archive:
        for name in archive.namelist():
            if name.endswith(".json"):
                rows, account = read(archive.read(name))
                events += len(rows)
                rejected += account.rejected_records
                assert all(row["time"] and row["device.hostname"] for row in rows)
    assert (events, rejected) == (104, 7)


@pytest.mark.shared_data
def test_real_endpoint_security(shared_data: Path) -> None:
    seen = others = 0
    with zipfile.ZipFile(shared_data / "edr" / "open_xp_rules" / "tests.zip") as archive:
        for name in archive.namelist():
            if "raw_events" in name:
                data = archive.read(name)
                if "macos_open_package" in name:
                    rows, account = read(data)
                    seen += len(rows)
                    assert not account.rejections
                else:
                    others += claimed(data) is not None
    assert (seen, others) == (350, 0)
