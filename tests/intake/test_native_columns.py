"""Records read as columns say what they say one by one, or are left to be read so."""

import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from watchfloor.base.settings import Settings
from watchfloor.intake.native import native_records
from watchfloor.intake.native_columns import native_columns
from watchfloor.intake.reader import Reader

SYSMON = "Microsoft-Windows-Sysmon/Operational"
WANTED = frozenset(
    ("Image", "image", "TargetObject", "Details", "CommandLine", "EventID", "Channel", "Provider_Name", "Computer",
     "ProcessId", "EventType", "ObjectName", "SubjectUserName", "TargetUserName", "LogonType", "Nowhere")
)  # fmt: skip


def record(**fields: Any) -> str:
    plain = {"EventID": 13, "Channel": SYSMON, "SourceName": "Microsoft-Windows-Sysmon", "Hostname": "ws1"}
    return json.dumps({**plain, "TargetObject": "HKLM\\a", "ProcessId": 7, **fields}, ensure_ascii=False)


def columns(raws: Sequence[str], wanted: frozenset[str] = WANTED) -> Any:
    return native_columns(pa.array(raws, pa.string()), SYSMON, 13, wanted)


def text(value: Any) -> str | None:
    return ("true" if value else "false") if isinstance(value, bool) else None if value is None else str(value)


def test_fields_of_flat_records() -> None:
    found = columns([record(Image=f"C:\\{n}.exe", Details="é\n") for n in range(70)])
    assert not found.left.any()
    assert found.columns["Image"][69].as_py() == "C:\\69.exe"
    assert found.columns["Details"][3].as_py() == "é\n"
    assert found.columns["ProcessId"][0].as_py() == "7"
    assert found.columns["EventID"][0].as_py() == "13"
    assert found.columns["Provider_Name"][0].as_py() == "Microsoft-Windows-Sysmon"
    assert found.columns["Computer"][0].as_py() == "ws1"
    assert found.columns["Nowhere"].null_count == 70


@pytest.mark.parametrize(
    "odd",
    [
        record(IMAGE="C:\\odd.exe"),
        '{"\\u0049mage": "C:\\\\odd.exe",' + record()[1:],
        record(SourceName=None, ProviderName="Other"),
        record(Channel=None),
        record(Computer=""),
        record(EventData={"Image": "C:\\odd.exe"}),
        record(EventData='{"Image": "C:\\odd.exe"}'),
        record(event_data={"Details": "odd"}),
        record(**{"Target Object": "HKLM\\odd"}),
        record(ProcessId=None, Message="Registry value set:\r\nProcessId: 8\r\nImage: C:\\odd.exe"),
    ],
    ids=[
        "another spelling", "an escaped name", "another place of the provider", "no channel", "a host told otherwise",
        "data inside", "data inside as text", "data inside, otherwise named", "a name with a space", "only a message",
    ],
)  # fmt: skip
def test_an_odd_one_among_many_is_left_to_be_read_by_itself(odd: str) -> None:
    raws = [record(Image="C:\\a.exe") for _ in range(70)]
    raws[33] = odd
    found = columns(raws)
    assert found.left.tolist() == [n == 33 for n in range(70)]


@pytest.mark.parametrize(
    "odd",
    [
        record(Image=7),
        record(Image=["a", "b"]),
        record(Image={"#text": "a"}),
        record(ProcessId=2**70),
        record(ProcessId="7"),
        record(Image="a")[:-1] + ', "Image": "b"}',
        '{"Image": "\\ud800",' + record()[1:],
        '{"EventID": 13, ',
        "",
    ],
)
def test_records_that_do_not_fit_one_table_are_all_read_by_themselves(odd: str) -> None:
    raws = [record(Image="C:\\a.exe") for _ in range(70)]
    raws[33] = odd
    assert columns(raws) is None


def test_fields_that_are_put_together_are_not_read_as_columns() -> None:
    raws = [record(Hashes="MD5=00") for _ in range(70)]
    assert columns(raws, frozenset(("md5",))) is None


@pytest.mark.parametrize(
    "plain",
    [
        record(AccountType="Image", Details='"Image": 7', Image="C:\\a.exe"),
        record().replace('"ProcessId": 7', '"Other": 7'),
        record(Image="\u003c unknown\u0027 \u0000 >"),
        record(Details="x" * 3_000_000),
        json.dumps(json.loads(record(Details="a\r\nb")), indent=1).replace("\n", "\r\n"),
    ],
    ids=["a name as a value", "no data and no message", "escapes of signs", "a huge value", "a record of many lines"],
)
def test_what_only_looks_odd_is_read_with_the_others(plain: str) -> None:
    raws = [record(Image="C:\\a.exe") for _ in range(70)]
    raws[33] = plain
    found = columns(raws)
    assert not found.left.any()
    assert {name: column[33].as_py() for name, column in found.columns.items()} == {
        name: text(one_by_one(raws)[33].get(name)) for name in WANTED
    } | {"image": found.columns["image"][33].as_py()}


def test_the_rules_own_spelling_goes_first() -> None:
    raws = [record(image="C:\\a.exe") for _ in range(70)]
    raws[33] = record(image="C:\\a.exe", Image="C:\\odd.exe")
    found = columns(raws, frozenset(("Image",)))
    assert found.left.tolist() == [n == 33 for n in range(70)]
    assert found.columns["Image"][0].as_py() == "C:\\a.exe"


def bare(**fields: Any) -> str:
    plain = {"EventId": 13, "UtcTime": "2020-01-01 00:00:00.000", "ProcessId": "7", "TargetObject": "HKLM\\a"}
    return json.dumps({**plain, **fields}, ensure_ascii=False)


def test_records_that_do_not_say_where_they_come_from() -> None:
    found = columns([bare(Details=str(n)) for n in range(70)])
    assert not found.left.any()
    assert found.columns["Details"][69].as_py() == "69"
    assert found.columns["Channel"][0].as_py() == SYSMON
    assert found.columns["Provider_Name"][0].as_py() == "Microsoft-Windows-Sysmon"
    assert found.columns["Computer"].null_count == 70


@pytest.mark.parametrize(
    "odd",
    [
        bare(EventID=1), bare(Channel="Security"), bare(CHANNEL="Security"), bare(host="ws2"), bare(Source="Other"),
        bare(EventId=12), bare(UtcTime=None), bare(_raw="{}"), bare(event={"original": "{}"}), bare(COMPUTER="ws2"),
        bare(EventData={"Details": "odd"}), bare(winlog={}), bare(details="odd"),
    ],
)  # fmt: skip
def test_one_that_says_it_is_left(odd: str) -> None:
    raws = [bare(Image="C:\\a.exe") for _ in range(70)]
    raws[33] = odd
    assert columns(raws).left.tolist() == [n == 33 for n in range(70)]


def one_by_one(raws: Sequence[str], code: str = "13") -> dict[int, dict[str, Any]]:
    names = {"device.os": "windows", "metadata.log_name": SYSMON, "metadata.event_code": code}
    batch = pa.record_batch({name: pa.repeat(value, len(raws)) for name, value in names.items()} | {"raw_data": raws})
    return {found.event: dict(found.fields) for found in native_records(batch)}


NAMES = st.sampled_from(
    ("Image", "image", "IMAGE", "Ima\u0261e", "Details", "details", "De tails", "\u212aind", "Kind", "Message",
     "EventData", "event_data", "Event", "Channel", "channel", "SourceName", "ProviderName", "Hostname", "Computer",
     "UserData", "Data", "Nowhere", "winlog", "body", "xmlns", "#text")
)  # fmt: skip
TEXTS = st.sampled_from(
    (
        "",
        "Image",
        '"Image":',
        "a\\",
        "C:\\b.exe",
        "\x00",
        "é\u212a",
        '{"Image": "inside"}',
        "<Data Name='Image'>x</Data>",
    )
)
VALUES = st.one_of(st.none(), TEXTS, st.dictionaries(NAMES, TEXTS, max_size=2))


@given(
    st.sampled_from((record, bare)),
    st.booleans(),
    st.lists(st.tuples(st.integers(0, 69), st.dictionaries(NAMES, VALUES, max_size=3), st.booleans()), max_size=4),
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_hostile_records_say_the_same_either_way(
    make: Any, imaged: bool, odd: list[tuple[int, dict[str, Any], bool]]
) -> None:
    plain = {"Image": "C:\\a.exe"} if imaged else {"image": "C:\\a.exe"}
    raws = [make(**plain) for _ in range(70)]
    for place, fields, escaped in odd:
        raws[place] = json.dumps(json.loads(make(**fields)), ensure_ascii=escaped)
    asked = frozenset(("Image", "Details", "Kind", "Channel", "Provider_Name", "Computer", "Nowhere", "TargetObject"))
    found = columns(raws, asked)
    if found is None:
        return
    each = one_by_one(raws)
    for place in np.flatnonzero(~found.left).tolist():
        fields = each[place]
        lowers: dict[str, list[str]] = {}
        for name in fields:
            lowers.setdefault(name.lower().replace(" ", ""), []).append(name)
        for name, column in found.columns.items():
            spelled = sorted(lowers.get(name.lower(), ()), key=lambda one: one != name)
            value = next((fields[one] for one in spelled if fields[one] is not None), None)
            assert column[place].as_py() == text(value), (name, raws[place])


@pytest.mark.shared_data
@pytest.mark.parametrize("where", ["otrf/**/*.zip", "evtx_attack_samples/*.zip"])
def test_real_records_say_the_same_either_way(where: str, shared_data: Path) -> None:
    inputs = sorted((shared_data / "edr").glob(where), key=lambda path: path.stat().st_size)[-2:]
    batches = list(Reader([str(path) for path in inputs], Settings(workers=1)).batches())
    whole = pa.Table.from_batches(batches).combine_chunks().to_batches()[0]
    groups = defaultdict(list)
    names = ("source", "device.os", "metadata.log_name", "metadata.event_code")
    for row, key in enumerate(zip(*(whole.column(name).to_pylist() for name in names), strict=True)):
        groups[key].append(row)
    compared = 0
    for (_, _, log, code), rows in groups.items():
        if len(rows) >= 20:
            compared += same(whole.take(pa.array(rows[:400])), log, int(code))
    assert compared > 500


def same(batch: pa.RecordBatch, log: str, code: int) -> int:
    records = [found.fields for found in native_records(batch)]
    names = {name for fields in records for name in fields if " " not in name}
    asked = frozenset(name for name in names if name.lower() in {wanted.lower() for wanted in WANTED})
    raws = batch.column("raw_data").to_pylist()
    found = native_columns(pa.array(raws, pa.string()), log, code, asked)
    if found is None:
        return 0
    for name, column in found.columns.items():
        for fields, value, left in zip(records, column.to_pylist(), found.left.tolist(), strict=True):
            assert left or value == text(fields.get(name)), name
    return int((~found.left).sum())
