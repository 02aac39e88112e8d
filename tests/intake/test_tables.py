"""Tables: Defender exports, SecurityEvent, AuditLog; alerts are turned away by name."""

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchfloor.base.account import Account
from watchfloor.base.actions import ACTIONS
from watchfloor.base.events import Row, to_batch
from watchfloor.intake import defender
from watchfloor.intake.format import Format
from watchfloor.intake.formats import tables


def claimed(data: bytes) -> Format | None:
    return next((form for form in tables.FORMATS if form.sniff(data[:65536])), None)


def read(data: bytes) -> tuple[list[Row], Account]:
    form = claimed(data)
    assert form is not None and form.stream is not None
    account = Account()
    rows = list(form.stream(io.BytesIO(data), "t.csv", account))
    for row in rows:
        assert row["action"] in ACTIONS
    to_batch(rows)
    return rows, account


def table(*rows: dict[str, Any], separator: str = ",") -> bytes:
    names = list(dict.fromkeys(name for row in rows for name in row))
    out = io.StringIO()
    writer = csv.DictWriter(out, names, delimiter=separator, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


RAW_PROCESS = {
    "": "0",
    "CreatedProcessIntegrityLevel": "Medium",
    "CreatedProcessAccountName": "ann",
    "CreatedProcessAccountDomainName": "CORP",
    "CreatedProcessCreationTime": "2021-06-23 03:08:19.930804700+00:00",
    "CreatedProcessId": "19856",
    "CreatedProcessName": "cmd.exe",
    "CreatedProcessCommandLine": '"cmd.exe" /c echo "a\nb"',
    "CreatedProcessFilePath": "C:\\Windows\\System32\\cmd.exe",
    "CreatedProcessFileSha256": "b99d",
    "CreatedProcessSignatureStatus": "Valid",
    "CreatedProcessSignerType": "OsVendor",
    "InitiatingProcessAccountDomainName": "CORP",
    "InitiatingProcessAccountName": "ann",
    "InitiatingProcessCreationTime": "2021-06-23 03:08:14.269528900+00:00",
    "InitiatingProcessId": "7948",
    "InitiatingProcessName": "mshta.exe",
    "InitiatingProcessImageFilePath": "C:\\Windows\\System32",
    "Process_CommandLine": "mshta x",
    "InitiatingProcessParentCreationTime": "2021-06-23 03:08:14.146601200+00:00",
    "InitiatingProcessParentProcessId": "6844",
    "InitiatingProcessParentProcessName": "\\Device\\HarddiskVolume3\\Windows\\System32\\cmd.exe",
    "InitiatingProcessLogonId": "388102317",
    "ComputerDnsName": "Desk7.corp",
}


@pytest.mark.parametrize("separator", [",", ";", "\t", "❖"])
def test_defender_process_creations(separator: str) -> None:
    rows, account = read(b"\xef\xbb\xbf" + table(RAW_PROCESS, RAW_PROCESS, separator=separator))
    assert not account.rejections
    assert [row["record"] for row in rows] == ["2", "4"], "a quoted line break moves the next record"
    row = rows[0]
    assert row["raw_data"].startswith('{"')
    del row["raw_data"]
    assert row == {
        "record": "2",
        "time": 1_624_417_699_930_804,
        "device.hostname": "desk7.corp",
        "device.os": "windows",
        "metadata.log_name": "DeviceProcessEvents",
        "metadata.event_code": "ProcessCreated",
        "action": "process.launch",
        "actor.process.uid": "desk7.corp/7948@2021-06-23T03:08:14.269Z",
        "actor.process.pid": 7948,
        "actor.process.file.path": "C:\\Windows\\System32\\mshta.exe",
        "actor.process.cmd_line": "mshta x",
        "actor.process.parent_process.uid": "desk7.corp/6844@2021-06-23T03:08:14.146Z",
        "actor.process.parent_process.pid": 6844,
        "actor.process.parent_process.file.path": "C:\\Windows\\System32\\cmd.exe",
        "actor.user.name": "CORP\\ann",
        "actor.session.uid": "388102317",
        "process.uid": "desk7.corp/19856@2021-06-23T03:08:19.930Z",
        "process.pid": 19856,
        "process.file.path": "C:\\Windows\\System32\\cmd.exe",
        "process.cmd_line": '"cmd.exe" /c echo "a\nb"',
        "process.integrity": "Medium",
        "file.hashes": "SHA256=b99d",
        "file.signature": "valid: OsVendor",
        "user.name": "CORP\\ann",
    }


HUNTING = {
    "Timestamp": "2024-07-02T09:47:31.784654Z",
    "DeviceId": "d1",
    "DeviceName": "Desk7",
    "InitiatingProcessId": "7948",
    "InitiatingProcessFileName": "mshta.exe",
    "InitiatingProcessFolderPath": "c:\\windows\\system32\\mshta.exe",
    "InitiatingProcessCommandLine": "mshta x",
    "InitiatingProcessParentId": "12",
    "InitiatingProcessParentFileName": "explorer.exe",
}


@pytest.mark.parametrize(
    ("kind", "cells", "expected"),
    [
        (
            "ProcessCreated",
            {
                "FileName": "cmd.exe",
                "FolderPath": "C:\\Windows\\cmd.exe",
                "ProcessId": "5.0",
                "ProcessCommandLine": "c",
            },
            {"action": "process.launch", "process.pid": 5, "process.file.path": "C:\\Windows\\cmd.exe"},
        ),
        (
            "FileRenamed",
            {
                "FileName": "b",
                "FolderPath": "C:\\x",
                "PreviousFileName": "a",
                "PreviousFolderPath": "C:\\y",
                "SHA1": "f",
            },
            {
                "action": "file.rename",
                "file.path": "C:\\x\\b",
                "status_detail": "from C:\\y\\a",
                "file.hashes": "SHA1=f",
            },
        ),
        (
            "ConnectionSuccess",
            {"RemoteIP": "10.0.0.1", "RemotePort": "443", "RemoteUrl": "evil.example", "LocalIP": "10.0.0.2"},
            {"action": "network.connect", "status": "success", "dst_endpoint.port": 443, "src_endpoint.ip": "10.0.0.2"},
        ),
        (
            "InboundConnectionAccepted",
            {"RemoteIP": "10.0.0.1", "LocalIP": "10.0.0.2", "LocalPort": "22"},
            {"action": "network.listen", "src_endpoint.ip": "10.0.0.1", "dst_endpoint.port": 22},
        ),
        (
            "RegistryValueSet",
            {"RegistryKey": "HKEY_LOCAL_MACHINE\\SOFTWARE\\Run", "RegistryValueName": "x", "RegistryValueData": "y"},
            {"action": "registry.value", "reg_key.path": "HKLM\\SOFTWARE\\Run\\x", "reg_value.data": "y"},
        ),
        ("ImageLoaded", {"FolderPath": "C:\\a.dll", "FileName": "a.dll"}, {"action": "module.load"}),
        (
            "LogonFailed",
            {"AccountName": "ann", "AccountDomain": "CORP", "RemoteIP": "10.0.0.9", "LogonType": "Network"},
            {"action": "logon.failure", "status": "failure", "user.name": "CORP\\ann", "actual_permissions": "Network"},
        ),
        ("ServiceInstalled", {"AdditionalFields": '{"ServiceName":"x"}'}, {"service.name": '{"ServiceName":"x"}'}),
        ("SomethingNew", {"AdditionalFields": "{}"}, {"action": "other", "metadata.event_code": "SomethingNew"}),
    ],
)
def test_advanced_hunting(kind: str, cells: dict[str, str], expected: Row) -> None:
    rows, account = read(table({**HUNTING, "ActionType": kind, **cells}))
    assert not account.rejections
    row = rows[0]
    assert {name: row.get(name) for name in expected} == expected
    assert row["time"] == 1_719_913_651_784_654
    assert (row["actor.process.pid"], row["actor.process.file.path"]) == (7948, "c:\\windows\\system32\\mshta.exe")
    assert row["actor.process.parent_process.file.path"] == "explorer.exe"


def test_times_as_the_portal_writes_them() -> None:
    assert defender.when("7/2/2024, 9:47:31.784 AM") == 1_719_913_651_784_000
    assert defender.when("7/2/2024 12:00:00 PM") == 1_719_921_600_000_000
    assert defender.when("99/99/2024, 9:47:31.784 AM") is None
    assert defender.when("soon") is None and defender.when("") is None


SECURITY = {
    "Account": "CORP\\ann",
    "EventID": "4688",
    "TimeGenerated": "2019-01-15 05:15:15.677",
    "Computer": "Desk7",
    "SubjectUserName": "ann",
    "SubjectDomainName": "CORP",
    "SubjectLogonId": "0xfaac27",
    "NewProcessId": "0x1580",
    "NewProcessName": "C:\\Tmp\\ftp.exe",
    "ProcessId": "0xbc8",
    "CommandLine": "ftp -s:x",
    "ParentProcessName": "C:\\Windows\\System32\\cmd.exe",
}


def test_security_events() -> None:
    rows, account = read(table(SECURITY, {**SECURITY, "EventID": "x"}))
    assert [(r.where, r.why) for r in account.rejections] == [("3", "no event id")]
    row = rows[0]
    assert (row["action"], row["actor.process.pid"], row["process.pid"]) == ("process.launch", 0xBC8, 0x1580)
    assert (row["device.hostname"], row["time"]) == ("desk7", 1_547_529_315_677_000)
    assert (row["actor.user.name"], row["record"]) == ("CORP\\ann", "2")


AUDIT = {
    "TimeGenerated": "2019-02-18 16:00:00",
    "Computer": "Web01",
    "mssg_id": "1550505632.285:9077924",
    "AuditdMessage": "[{'SYSCALL': ['arch=c000003e', 'syscall=59', 'success=yes', 'exit=0', 'ppid=1', 'pid=2', "
    "'uid=0', 'exe=\"/bin/dash\"']}, {'EXECVE': ['argc=2', 'a0=\"sh\"', 'a1=6120622']}, {'CWD': ['cwd=\"/x\"']}]",
}


def test_audit_messages() -> None:
    rows, account = read(table(AUDIT))
    assert not account.rejections
    row = rows[0]
    assert (row["record"], row["device.hostname"]) == ("1550505632.285:9077924", "web01")
    assert (row["action"], row["process.pid"], row["process.file.path"]) == ("process.launch", 2, "/bin/dash")
    assert row["process.cmd_line"] == "sh 6120622", "an odd number of digits is no hexadecimal"


@pytest.mark.parametrize(
    "message",
    [
        "",
        "[",
        "[" * 5000,
        "__import__('os').system('false')",
        "{'a': 1}",
        "[{'SYSCALL': 3}]",
        "[{3: ['x']}]",
        "[1, 2]",
        "'\\ud800'",
        "9" * 10_000,
        "-" * 10_000 + "1",
    ],
)
def test_audit_messages_that_are_none(message: str) -> None:
    rows, account = read(table({**AUDIT, "AuditdMessage": message}, AUDIT))
    assert len(rows) == 1 and account.rejected_records == 1


def test_lone_surrogates_do_not_stop_the_table() -> None:
    message = "[{'USER_CMD': ['pid=1', 'cmd=\"\\ud800\"']}]"
    rows, _ = read(table({**AUDIT, "AuditdMessage": message}))
    assert rows[0]["script.content"] == "\\ud800"


def test_alerts_are_no_events() -> None:
    for header in (b"TenantId,AlertName,SystemAlertId\n", "TenantId❖AlertName❖AlertSeverity\n".encode()):
        rows, account = read(header + b"a,b,c\n")
        assert not rows and account.rejected_records == 0
        assert account.rejections[0].why == "alerts, not events: use `watchfloor reduce`"


def test_broken_rows_are_named_and_skipped() -> None:
    good = table(SECURITY)
    head, line = good.splitlines(keepends=True)
    rows, account = read(head + line + b"1,2,3\n" + b"\n" + b"x" * (5 << 20) + b"\n" + line + line[:40])
    assert len(rows) == 2
    assert [r.where for r in account.rejections] == ["3", "5", "7"]
    assert account.rejections[0].why == "3 fields where the header has 12"


def test_an_unclosed_quote_loses_a_bounded_part() -> None:
    head, line = table(SECURITY).splitlines(keepends=True)
    rows, account = read(head + line + b'"' + line * 20_000)
    assert account.rejections[0].why.startswith("not a table row: field larger")
    assert account.rejections[0].where.startswith("3-")
    assert len(rows) > 5_000


@pytest.mark.parametrize(
    "head",
    [b"", b"\n", b"a,b,c\n1,2,3\n", b'{"ActionType":"x","InitiatingProcessId":1}', b"EventID\n4688\n", b"\x00,\x00\n"],
)
def test_other_things_are_not_claimed(head: bytes) -> None:
    assert claimed(head) is None


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300), st.sampled_from([SECURITY, AUDIT, RAW_PROCESS, {**HUNTING, "ActionType": "x"}]))
def test_any_rest_is_survived(rest: bytes, row: dict[str, str]) -> None:
    read(table(row) + rest)


@pytest.mark.shared_data
@pytest.mark.parametrize(
    ("name", "events"),
    [
        ("mde_proc_cs1.csv.gz", 1564),
        ("processes_on_host.csv.gz", 363),
        ("process_tree.csv.gz", 117),
        ("linux_events.csv.gz", 100),
    ],
)
def test_real_tables(shared_data: Path, name: str, events: int) -> None:
    import gzip

    rows, account = read(gzip.decompress((shared_data / "edr" / "msticpy" / name).read_bytes()))
    assert len(rows) == events and not account.rejections
    assert all(row["time"] for row in rows)


@pytest.mark.parametrize("cell", ["-" * 60_000 + "1", "[" * 5_000, "[{'A': 1if}]", "[{'\\d': 1 if 2else 3}]", "[]"])
def test_a_hostile_audit_cell_is_one_rejection_and_no_warning(cell: str) -> None:
    facts = {"TenantId": "t", "TimeGenerated": "2019-02-18 16:00:00", "Computer": "h", "mssg_id": "1550505627.301:1"}
    rows, account = read(table(facts | {"AuditdMessage": cell}))
    assert rows == []
    assert account.rejected_records == 1
