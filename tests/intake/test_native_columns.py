"""Records read as columns say what they say one by one, or are left to be read so."""

import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

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
    return native_columns(raws, [raw.lower() for raw in raws], SYSMON, 13, wanted)


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
    ],
    ids=["another spelling", "an escaped name", "another place of the provider", "no channel"],
)
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
        record(Image="\ud800"),
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
    found = native_columns(raws, [raw.lower() for raw in raws], log, code, asked)
    if found is None:
        return 0
    for name, column in found.columns.items():
        for fields, value, left in zip(records, column.to_pylist(), found.left.tolist(), strict=True):
            assert left or value == text(fields.get(name)), name
    return int((~found.left).sum())
