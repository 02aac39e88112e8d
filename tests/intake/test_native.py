"""The source's own field names, read back from an Event: what rules written for Sysmon or auditd match."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.intake import windows_samples as samples
from watchfloor.base.events import to_batch
from watchfloor.base.settings import Settings
from watchfloor.intake.native import NativeRecord, native_records
from watchfloor.intake.reader import Reader

SYSMON = "Microsoft-Windows-Sysmon/Operational"
LAUNCH = {
    **samples.sysmon_data(),
    "EventID": 1,
    "Channel": SYSMON,
    "Provider_Name": "Microsoft-Windows-Sysmon",
    "Computer": "WS1.lab.example",
    "sha256": "AA",
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

SYSTEM = {
    "Level": 4,
    "Task": 5,
    "Opcode": 6,
    "Keywords": "0x80",
    "Version": 7,
    "EventRecordID": 8,
    "ExecutionProcessID": 99,
    "ExecutionThreadID": 98,
    "UserID": "S-1-5-18",
    "SystemTime": "2024-03-01T10:00:00.500Z",
}


def evtx(data: Any, *, code: Any = 1, provider: str = "Microsoft-Windows-Sysmon", channel: str = SYSMON) -> str:
    """A record as the EVTX reader gives it; ``data`` holds EventData or UserData."""
    system = {
        "Provider": {"#attributes": {"Name": provider, "Guid": "G"}},
        "EventID": code,
        **{name: SYSTEM[name] for name in ("Level", "Task", "Opcode", "Keywords", "Version", "EventRecordID")},
        "TimeCreated": {"#attributes": {"SystemTime": SYSTEM["SystemTime"]}},
        "Correlation": None,
        "Execution": {"#attributes": {"ProcessID": 99, "ThreadID": 98}},
        "Channel": channel,
        "Computer": "WS1",
        "Security": {"#attributes": {"UserID": "S-1-5-18"}},
    }
    return json.dumps({"Event": {"#attributes": {"xmlns": "x"}, "System": system, **data}})


def of_raw(raw: str | None, code: str | None, os: str = "windows", log: str | None = None) -> list[NativeRecord]:
    row = {"raw_data": raw, "metadata.event_code": code, "device.os": os, "metadata.log_name": log}
    return list(native_records(to_batch([row])))


def fields_of(raw: str, code: str, log: str | None = None) -> dict[str, Any]:
    (record,) = of_raw(raw, code, log=log)
    assert record.event == 0
    assert record.text is None
    return record.fields


def of_file(path: Path) -> list[NativeRecord]:
    return [record for batch in Reader([str(path)], Settings(workers=1)).batches() for record in native_records(batch)]


@pytest.mark.parametrize("shape", SHAPES)
def test_every_json_shape_gives_the_same_fields(shape: str, tmp_path: Path) -> None:
    path = tmp_path / "events"
    path.write_text(json.dumps(SHAPES[shape]) + "\n")
    (record,) = of_file(path)
    assert {name: record.fields.get(name) for name in LAUNCH} == LAUNCH


def test_xml_gives_event_data_and_system(tmp_path: Path) -> None:
    path = tmp_path / "events.xml"
    path.write_text(samples.xml())
    (record,) = of_file(path)
    assert {name: record.fields.get(name) for name in LAUNCH} == LAUNCH
    assert record.fields["ExecutionProcessID"] == "99"
    assert record.fields["ExecutionThreadID"] == "1"
    assert record.fields["SystemTime"] == "2024-03-01T10:00:00.500123900Z"


def test_classic_text_gives_the_fields_of_its_message(tmp_path: Path) -> None:
    path = tmp_path / "events.txt"
    path.write_text(samples.LAUNCH_TEXT)
    (record,) = of_file(path)
    assert record.fields["EventID"] == 4688
    assert record.fields["Channel"] == "Security"
    assert record.fields["Computer"] == "WS1.lab.example"
    assert record.fields["Keywords"] == "Audit Success"
    assert record.fields["NewProcessName"] == "C:\\Windows\\System32\\cmd.exe"
    assert record.fields["CommandLine"] == "cmd.exe /c whoami"
    assert record.fields["SubjectUserName"] == "ann"


def test_evtx_names_the_system_fields() -> None:
    fields = fields_of(evtx({"EventData": samples.sysmon_data()}), "1")
    assert {name: fields[name] for name in SYSTEM} == SYSTEM
    assert {name: fields[name] for name in LAUNCH if name != "Computer"} == {
        name: value for name, value in LAUNCH.items() if name != "Computer"
    }
    assert fields["Computer"] == "WS1"
    assert fields["Provider_Guid"] == "G"


def test_event_data_wins_over_system_fields_but_for_the_event_id() -> None:
    raw = evtx({"EventData": {"Level": "high", "UserID": "bob", "EventID": "12", "Channel": "own"}}, code=77)
    fields = fields_of(raw, "77")
    assert (fields["Level"], fields["UserID"], fields["Channel"]) == ("high", "bob", "own")
    assert fields["EventID"] == 77


def test_event_id_with_qualifiers() -> None:
    raw = evtx({"EventData": None}, code={"#attributes": {"Qualifiers": 16384}, "#text": 7036})
    assert fields_of(raw, "7036")["EventID"] == 7036


def test_user_data_is_flattened_to_its_leaves() -> None:
    inner = {"#attributes": {"xmlns": "urn:x"}, "Param1": "a", "Deep": {"Param1": "b", "Param2": {"#text": "c"}}}
    fields = fields_of(evtx({"UserData": {"EventXML": inner}}), "1")
    assert (fields["Param1"], fields["Param2"]) == ("a", "c")
    assert not {"#attributes", "xmlns", "Deep", "EventXML"} & fields.keys()


def test_user_data_in_xml_is_flattened_too() -> None:
    raw = samples.xml()
    inner = "<UserData><E xmlns='urn:y'><A>1</A><B><C>2</C><A>3</A></B></E></UserData>"
    raw = raw[: raw.index("<EventData>")] + inner + "</Event>"
    fields = fields_of(raw, "1")
    assert (fields["A"], fields["C"]) == ("1", "2")


def test_unnamed_data_keeps_its_name() -> None:
    assert fields_of(evtx({"EventData": {"Data": {"#text": ["a", "b"]}}}), "1")["Data"] == ["a", "b"]
    assert fields_of(evtx({"EventData": {"Data": "a"}}), "1")["Data"] == "a"


def test_hashes_are_split_where_the_record_has_no_such_field() -> None:
    data = {"Hashes": "SHA1=1,MD5=2,SHA256=3,IMPHASH=4,OTHER=5,broken", "md5": "own"}
    fields = fields_of(evtx({"EventData": data}), "1")
    assert fields["Hashes"] == data["Hashes"]
    assert [fields[name] for name in ("sha1", "md5", "sha256", "Imphash")] == ["1", "own", "3", "4"]
    assert fields_of(evtx({"EventData": {"Hash": "MD5=9"}}, code=15), "15")["md5"] == "9"


def test_winlogbeat_system_fields() -> None:
    beat = {"record_id": 8, "task": "T", "opcode": "Info", "process": {"pid": 99, "thread": {"id": 98}}}
    record = samples.ecs()
    record["winlog"].update(beat, user={"identifier": "S-1-5-18"})
    fields = fields_of(json.dumps(record), "1")
    names = ("EventRecordID", "Task", "Opcode", "ExecutionProcessID", "ExecutionThreadID", "UserID")
    assert [fields[name] for name in names] == [8, "T", "Info", 99, 98, "S-1-5-18"]
    old = samples.winlogbeat(record_number="8", process_id=99, thread_id=98)
    assert fields_of(json.dumps(old), "1")["ExecutionThreadID"] == 98


def test_tables_of_the_security_log(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("EventID,Computer,NewProcessName,EventSourceName\n4688.0,WS1,C:\\x.exe,Auditing\n")
    (record,) = of_file(path)
    wanted = {"EventID": 4688, "Channel": "Security", "Provider_Name": "Auditing", "NewProcessName": "C:\\x.exe"}
    assert {name: record.fields[name] for name in wanted} == wanted


def test_nothing_comes_of_other_events() -> None:
    assert of_raw(evtx({"EventData": {}}), "1", os="macos") == []
    assert of_raw('{"ActionType": "ProcessCreated", "Id": "7"}', "ProcessCreated") == []
    assert of_raw('{"event": {"module": "endpoint", "code": "7"}}', "7") == []
    assert of_raw(evtx({"EventData": {}}, code=2), "1") == []


HOSTILE = (
    None,
    "",
    "{",
    "{}",
    " ",
    "\n{",
    "<",
    "<Event/>",
    "<!DOCTYPE x><Event/>",
    "[1]",
    "{" + '"a":{' * 5_000,
    '{"EventID": NaN}',
    '{"Event": 5}',
    '{"Event": {"System": {"EventID": 1, "Provider": 5, "Execution": []}, "EventData": 3}}',
    '{"EventID": 1, "Hashes": 5, "EventData": [1]}',
    '{"winlog": {"event_id": 1, "process": {"thread": 1}, "user": 3}, "log": "x", "host": 4}',
    '{"event_id": 1, "event_data": 7, "log": []}',
    "03/01/2024 10:00:00 AM",
    "type=SYSCALL msg=audit(1.0:1): " + "a" * 200_000,
    "type=EXECVE msg=audit(1.0:1): a0[0]=6 a0[1]=66 a0[]=\x00 a=\x00\x00",
)


@pytest.mark.parametrize("log", [None, "auditd", SYSMON])
@pytest.mark.parametrize("raw", HOSTILE)
def test_hostile_raw_never_raises(raw: str | None, log: str | None) -> None:
    for os in ("windows", "linux"):
        assert len(of_raw(raw, "1", os, log)) <= 1


NAMES = """
Event System EventID EventData UserData Data Name #text #attributes Provider Execution Security winlog event_id
event_data process user log Hashes
"""

_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(0, 9) | st.sampled_from(["", "1", "x", "{}", "<a/>", "MD5=1"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(NAMES.split()),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(_VALUES)
def test_any_json_is_read_or_left(value: Any) -> None:
    for record in of_raw(json.dumps(value), "1"):
        assert record.fields["EventID"] == 1


@pytest.mark.shared_data
@pytest.mark.parametrize(
    "name",
    [
        "evtx_attack_samples/evtx.zip",
        "otrf/head/atomic/windows/credential_access/host/empire_shell_reg_dump_sam.zip",
        "otrf/head/atomic/windows/credential_access/host/psh_lsass_memory_dump_comsvcs.zip",
    ],
)
def test_every_windows_event_has_one_record_with_its_code(shared_data: Path, name: str) -> None:
    seen = 0
    for batch in Reader([str(shared_data / "edr" / name)], Settings(workers=1)).batches():
        records = list(native_records(batch))
        assert [record.event for record in records] == list(range(batch.num_rows))
        codes = batch.column("metadata.event_code").to_pylist()
        assert [str(record.fields["EventID"]) for record in records] == codes
        seen += batch.num_rows
    assert seen
