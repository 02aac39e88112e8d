"""What single events of the many channels mean."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.intake import windows_samples as samples
from watchfloor.base.actions import ACTIONS
from watchfloor.base.events import NAMES
from watchfloor.intake.windows import mapping
from watchfloor.intake.windows.fields import micros
from watchfloor.intake.windows.mapping import to_row

SUBJECT = {"SubjectUserName": "ann", "SubjectDomainName": "LAB", "SubjectLogonId": "0x3e7"}
TASK_XML = (
    "<?xml version='1.0'?><Task><Actions><Exec><Command>cmd.exe</Command>"
    "<Arguments>/c &quot;a &amp;&amp; b&quot;</Arguments></Exec></Actions></Task>"
)

CASES: list[tuple[str, str | None, int, dict[str, Any], dict[str, Any]]] = [
    (
        "Security", None, 4624,
        {**SUBJECT, "TargetUserName": "bob", "TargetDomainName": "LAB", "LogonType": 3, "IpAddress": "::ffff:10.0.0.1",
         "IpPort": "49152", "ProcessId": "0x0", "TargetLogonId": "0x99"},
        {"action": "logon.success", "user.name": "LAB\\bob", "actor.user.name": "LAB\\ann", "actual_permissions": "3",
         "src_endpoint.ip": "10.0.0.1", "src_endpoint.port": 49152, "status_detail": "TargetLogonId=0x99"},
    ),
    ("Security", None, 4625, {"TargetUserName": "bob", "Status": "0xc000006d"},
     {"action": "logon.failure", "status": "failure", "user.name": "bob"}),
    ("Security", None, 4689, {**SUBJECT, "ProcessId": "0x10", "ProcessName": "C:\\a.exe"},
     {"action": "process.terminate", "actor.process.pid": 16, "process.pid": 16, "process.file.path": "C:\\a.exe"}),
    ("Security", None, 4663,
     {**SUBJECT, "ObjectType": "Key", "ObjectName": "\\REGISTRY\\MACHINE\\SAM", "AccessMask": "0x2"},
     {"action": "registry.value", "reg_key.path": "HKLM\\SAM", "actual_permissions": "0x2"}),
    ("Security", None, 4656, {**SUBJECT, "ObjectType": "Process", "ObjectName": "\\Device\\lsass.exe"},
     {"action": "process.open", "process.file.path": "\\Device\\lsass.exe"}),
    ("Security", None, 4663, {**SUBJECT, "ObjectType": "File", "ObjectName": "C:\\x", "AccessMask": "0x10000"},
     {"action": "file.delete", "file.path": "C:\\x"}),
    ("Security", None, 4657,
     {**SUBJECT, "ObjectName": "\\REGISTRY\\USER\\S-1\\Run", "ObjectValueName": "evil", "NewValue": "a.exe"},
     {"action": "registry.value", "reg_key.path": "HKU\\S-1\\Run\\evil", "reg_value.data": "a.exe"}),
    ("Security", None, 4698, {**SUBJECT, "TaskName": "\\t", "TaskContent": TASK_XML},
     {"action": "task.create", "job.name": "\\t", "script.content": 'cmd.exe /c "a && b"'}),
    ("Security", None, 4697, {**SUBJECT, "ServiceName": "s", "ServiceFileName": "C:\\s.exe"},
     {"action": "service.install", "service.name": "s", "script.content": "C:\\s.exe"}),
    ("Security", None, 4728,
     {**SUBJECT, "MemberName": "CN=bob", "TargetUserName": "Admins", "TargetDomainName": "LAB"},
     {"action": "group.change", "user.name": "CN=bob", "status_detail": "group LAB\\Admins"}),
    ("Security", None, 4720, {**SUBJECT, "TargetUserName": "eve", "TargetDomainName": "LAB"},
     {"action": "account.change", "user.name": "LAB\\eve", "status_detail": "created"}),
    ("Security", None, 4768, {"TargetUserName": "bob", "Status": "0x6", "ServiceName": "krbtgt"},
     {"action": "logon.ticket", "status": "failure", "service.name": "krbtgt"}),
    ("Security", None, 4776, {"TargetUserName": "bob", "Status": "0xc0000064"},
     {"action": "logon.failure", "status": "failure"}),
    ("Security", None, 5145,
     {**SUBJECT, "ShareName": "\\\\*\\C$", "RelativeTargetName": "a.exe", "IpAddress": "10.0.0.2"},
     {"action": "network.share", "file.path": "\\\\*\\C$\\a.exe", "src_endpoint.ip": "10.0.0.2"}),
    ("Security", None, 5156,
     {"ProcessID": "7", "Application": "\\device\\a.exe", "Direction": "%%14592", "SourceAddress": "10.0.0.1",
      "SourcePort": "1", "DestAddress": "10.0.0.2", "DestPort": "445"},
     {"action": "network.connect", "actor.process.pid": 7, "dst_endpoint.port": 445, "status_detail": "inbound"}),
    ("Security", None, 5136,
     {**SUBJECT, "ObjectDN": "CN=x", "AttributeLDAPDisplayName": "servicePrincipalName", "AttributeValue": "a/b"},
     {"action": "directory.access", "file.path": "CN=x", "status_detail": "servicePrincipalName=a/b"}),
    ("Security", "Microsoft-Windows-Eventlog", 1102, SUBJECT, {"action": "log.clear", "actor.user.name": "LAB\\ann"}),
    ("System", "Microsoft-Windows-Eventlog", 104, {"Channel": "Application", "SubjectUserName": "ann"},
     {"action": "log.clear", "status_detail": "cleared Application"}),
    ("System", "Service Control Manager", 7045, {"ServiceName": "s", "ImagePath": "C:\\s.exe", "StartType": "auto"},
     {"action": "service.install", "service.name": "s", "script.content": "C:\\s.exe",
      "status_detail": "StartType=auto"}),
    ("System", "Service Control Manager", 7036, {"param1": "s", "param2": "stopped"},
     {"action": "service.change", "service.name": "s", "status_detail": "stopped"}),
    ("System", "Service Control Manager", 7036,
     {"Message": "The Windows Update service entered the running state."},
     {"action": "service.change", "service.name": "Windows Update", "status_detail": "running"}),
    ("Microsoft-Windows-PowerShell/Operational", None, 4104,
     {"ScriptBlockText": "iex", "MessageNumber": 1, "MessageTotal": 2, "ScriptBlockId": "b", "Path": ""},
     {"action": "script.run", "script.content": "iex", "actor.process.pid": 55,
      "status_detail": "part 1 of 2 of script block b"}),
    ("Microsoft-Windows-PowerShell/Operational", None, 4103,
     {"Payload": "p", "ContextInfo": "        Host Application = powershell -enc X\n        User = LAB\\ann\n"},
     {"action": "script.run", "script.content": "p", "actor.process.cmd_line": "powershell -enc X",
      "actor.user.name": "LAB\\ann"}),
    ("Windows PowerShell", "PowerShell", 800,
     {"Data": {"#text": ["$x = 1", "\tUserId=LAB\\ann\r\n\tHostApplication=powershell\r\n", "CommandInvocation"]}},
     {"action": "script.run", "script.content": "$x = 1", "actor.process.cmd_line": "powershell",
      "status_detail": "CommandInvocation"}),
    ("Microsoft-Windows-WMI-Activity/Operational", None, 5861, {"ESS": "f", "CONSUMER": "c"},
     {"action": "wmi.persist", "script.content": "f\nc"}),
    ("Microsoft-Windows-TaskScheduler/Operational", None, 106, {"TaskName": "\\t", "UserContext": "LAB\\ann"},
     {"action": "task.create", "job.name": "\\t", "actor.user.name": "LAB\\ann"}),
    ("Microsoft-Windows-Windows Defender/Operational", None, 1116,
     {"Threat Name": "Mimikatz", "Path": "file:_C:\\m.exe", "Process Name": "C:\\p.exe"},
     {"action": "defender.detect", "file.path": "file:_C:\\m.exe", "status_detail": "Threat Name=Mimikatz"}),
    ("Microsoft-Windows-Windows Defender/Operational", None, 5001, {}, {"action": "defender.change"}),
    ("Microsoft-Windows-Bits-Client/Operational", None, 59, {"url": "http://bad.example/x", "name": "j"},
     {"action": "network.connect", "dst_endpoint.hostname": "bad.example", "job.name": "j"}),
    ("Microsoft-Windows-TerminalServices-LocalSessionManager/Operational", None, 21,
     {"User": "LAB\\ann", "Address": "10.0.0.9", "SessionID": 2},
     {"action": "logon.success", "user.name": "LAB\\ann", "actor.session.uid": "2"}),
    ("Microsoft-Windows-AppLocker/EXE and DLL", None, 8004, {"FullFilePath": "C:\\x.exe", "TargetProcessId": 9},
     {"action": "process.launch", "status": "failure", "process.file.path": "C:\\x.exe", "process.pid": 9}),
    ("Microsoft-Windows-DNS-Client/Operational", None, 3008, {"QueryName": "a.example", "QueryResults": "1.2.3.4;"},
     {"action": "dns.query", "dst_endpoint.hostname": "a.example", "actor.process.pid": 55}),
    ("Setup", "Anything", 42, {"a": "b", "c": "-"}, {"action": "other", "status_detail": "a=b"}),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]} {case[2]}")
def test_meaning(case: tuple[str, str | None, int, dict[str, Any], dict[str, Any]]) -> None:
    channel, provider, code, data, expected = case
    row = to_row(channel, provider, code, 5, "HOST", 55, None, data, "raw")
    assert {name: row.get(name) for name in expected} == expected
    assert row["metadata.event_code"] == str(code)
    assert row["device.hostname"] == "host"


def test_every_meaning_uses_known_columns_and_actions() -> None:
    for table in mapping._TABLES.values():
        for meaning in table.values():
            assert meaning.action in ACTIONS
            for columns in (meaning.texts, meaning.numbers, meaning.guids):
                assert set(columns.values()) <= set(NAMES)


def test_hostile_values_never_raise() -> None:
    values: list[Any] = [None, True, -1, 2**70, 1.5, "", "\ud800", [], [[]], {}, {"#text": {}}, "0x" + "f" * 40, "{}"]
    for table, meanings in mapping._TABLES.items():
        channel = next((name for name, group in mapping._CHANNELS.items() if group == table), None)
        provider = next((name for name, group in mapping._PROVIDERS.items() if group == table), None)
        for code, meaning in meanings.items():
            names = {*meaning.texts, *meaning.numbers, *meaning.guids, *meaning.detail, "Message", "Data", "Status"}
            for value in values:
                row = to_row(channel, provider, code, None, value, value, None, dict.fromkeys(names, value), "")
                assert row["action"] in ACTIONS


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-03-01 10:00:00", datetime(2024, 3, 1, 10, tzinfo=UTC)),
        ("2024-03-01T10:00:00.1Z", datetime(2024, 3, 1, 10, 0, 0, 100_000, tzinfo=UTC)),
        ("2024-03-01T10:00:00.1234567Z", datetime(2024, 3, 1, 10, 0, 0, 123_456, tzinfo=UTC)),
        ("2024-03-01T10:00:00.123456789+02:00", datetime(2024, 3, 1, 8, 0, 0, 123_456, tzinfo=UTC)),
        ("03/01/2024 10:00:00 PM", datetime(2024, 3, 1, 22, tzinfo=UTC)),
        ("1601-01-01T00:00:00.000000Z", None),
        ("9999-12-31T23:59:59Z", None),
        ("2024-13-01 10:00:00", None),
        ("2024-03-01 25:00:00", None),
        ("2024-03-01 10:00:00.½", None),
        ("", None),
        ("x" * 10_000, None),
        (5, None),
    ],
)
def test_times(text: Any, expected: datetime | None) -> None:
    for _ in range(2):  # the second time from the cache
        found = micros(text)
        assert found == (
            None if expected is None else (expected - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
        )


def test_local_clocks_are_set_right_by_sysmon(tmp_path: Path, read: Any) -> None:
    """A twelve-hour clock four hours behind: the events around a Sysmon event are off by as much as it is."""
    audit = {"EventID": 5158, "Channel": "Security", "Application": "a", "TimeCreated": "2024-03-01T06:00:01.000Z"}
    launch = {**samples.bare(), "Channel": "Microsoft-Windows-Sysmon/Operational", "UtcTime": "2024-03-01 22:00:02.000"}
    launch["TimeCreated"] = "2024-03-01T06:00:02.010Z"
    path = tmp_path / "x"
    path.write_text("\n".join(json.dumps(r) for r in (audit, launch, audit)))
    rows, _ = read(path)
    assert [row["time"].hour for row in rows] == [22, 22, 22]


def test_a_drifted_sysmon_clock_is_not_followed(tmp_path: Path, read: Any) -> None:
    """After a virtual machine slept, UtcTime is days behind while the record's own time is right."""
    for record in (samples.ecs(), samples.nxlog()):
        data = record if "EventID" in record else record["winlog"]["event_data"]
        data["UtcTime"] = "2024-02-19 01:11:11.000"
        path = tmp_path / "x"
        path.write_text(json.dumps(record))
        rows, _ = read(path)
        assert abs(rows[0]["time"] - datetime(2024, 3, 1, 10, tzinfo=UTC)) < timedelta(seconds=1)


def test_remote_desktop_events_that_kept_only_their_message() -> None:
    message = "Remote Desktop Services: Session logon succeeded:\r\n\r\nUser: LAB\\ann\r\nSession ID: 2\r\n"
    channel = "Microsoft-Windows-TerminalServices-LocalSessionManager/Operational"
    data = {"Message": message + "Source Network Address: 10.0.0.9"}
    row = to_row(channel, None, 21, 5, "HOST", 55, None, data, "raw")
    assert (row["user.name"], row["src_endpoint.ip"], row["actor.session.uid"]) == ("LAB\\ann", "10.0.0.9", "2")


def test_numbers_of_the_system_log_belong_to_their_provider() -> None:
    row = to_row("System", "Microsoft-Windows-Winlogon", 7001, 5, "HOST", 55, None, {"param1": "x"}, "raw")
    assert row["action"] == "other"
    assert to_row("System", None, 7036, 5, "HOST", 55, None, {"param1": "x"}, "raw")["action"] == "service.change"


def test_nxlog_local_time_becomes_utc(tmp_path: Path, read: Any) -> None:
    record = samples.nxlog(EventID=5158, Channel="security", SourceName="Microsoft-Windows-Security-Auditing")
    del record["UtcTime"]
    path = tmp_path / "x"
    path.write_text(json.dumps(record))
    rows, _ = read(path)
    assert rows[0]["time"] == datetime(2024, 3, 1, 10, tzinfo=UTC)
    assert rows[0]["metadata.log_name"] == "Security"
