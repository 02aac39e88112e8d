"""SigmaHQ's own regression recordings: each rule fires on the log its authors recorded for it, as often as they say."""

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from zipfile import ZipFile

import pyarrow as pa
import pytest
import yaml
from sigma.rule import SigmaRule

from tests.rules.literal import literal_match
from watchfloor.base.settings import Settings
from watchfloor.intake.native import native_records
from watchfloor.intake.reader import Reader
from watchfloor.rules.compiling import compile_rules
from watchfloor.rules.files import RuleFile
from watchfloor.rules.loading import load
from watchfloor.rules.logsources import Kind, LogSource, channel_of, reads
from watchfloor.rules.matching import Matcher

pytestmark = pytest.mark.shared_data

#: Its recording is not among the data.
ABSENT = "ea0cdc3e-2239-4f26-a947-4e8f8224e464"

#: Their info.yml counts fewer records than the rule holds for; the literal evaluator is the referee.
UNDERCOUNTED = {
    "0b9ad457-2554-44c1-82c2-d56a99c42377": 3,
    "8fbf3271-1ef6-4e94-8210-03c2317947f6": 3,
    "45e112d0-7759-4c2a-aa36-9f8fb79d3393": 3,
    "c7dcacd0-cc59-4004-b0a4-1d6cdebe6f3e": 2,
}

_ID = re.compile(rb"^id:\s*['\"]?([0-9a-f-]{36})", re.MULTILINE)


class Case(NamedTuple):
    """One regression test: a rule, its recording, and how many records must match; None is at least one."""

    rule: str
    recording: str
    expected: int | None


@dataclass(frozen=True, slots=True)
class Ran:
    """All recordings through one Matcher: matches by rule and recording, and what they were made from."""

    counts: Counter[tuple[str, str]]
    events: dict[str, pa.RecordBatch]
    files: dict[str, RuleFile]


@pytest.fixture(scope="module")
def cases(shared_data: Path) -> list[Case]:
    with ZipFile(shared_data / "sigma" / "regression_info.zip") as archive:
        infos = [yaml.safe_load(archive.read(name)) for name in archive.namelist() if name.endswith("info.yml")]
    return [
        Case(info["rule_metadata"][0]["id"], test["path"], test.get("match_count"))
        for info in infos
        for test in info.get("regression_tests_info", ())
    ]


@pytest.fixture(scope="module")
def ran(shared_data: Path, cases: list[Case]) -> Ran:
    """Read every recording once and match all rules of the set together."""
    files = rule_files(shared_data, {case.rule for case in cases})
    rules = compile_rules(load(list(files.values())))
    assert rules.faults == ()
    reader = Reader([str(shared_data / "edr" / "sigma_regression" / "evtx.zip")], Settings(workers=1))
    whole = pa.Table.from_batches(list(reader.batches())).combine_chunks().to_batches()[0]
    assert not reader.account.rejections
    recordings = [source.rpartition("::")[2] for source in whole.column("source").to_pylist()]
    _, hits = Matcher(rules).match(whole)
    rows: dict[str, list[int]] = {}
    for row, recording in enumerate(recordings):
        rows.setdefault(recording, []).append(row)
    counts = Counter((rules.rules[hit.rule].id, recordings[hit.event]) for hit in hits)
    return Ran(counts, {name: whole.take(pa.array(places)) for name, places in rows.items()}, files)


def rule_files(shared_data: Path, wanted: set[str]) -> dict[str, RuleFile]:
    """The files of SigmaHQ's archive that hold the rules of these ids."""
    found: dict[str, RuleFile] = {}
    with ZipFile(shared_data / "sigma" / "sigmahq_rules.zip") as archive:
        for name in archive.namelist():
            content = archive.read(name) if name.endswith(".yml") else b""
            named = _ID.search(content)
            if named and named[1].decode() in wanted:
                found[named[1].decode()] = RuleFile(name, content)
    return found


def test_the_whole_set_is_here(cases: list[Case], ran: Ran) -> None:
    assert len(cases) == 202
    assert ran.files.keys() == {case.rule for case in cases}
    assert [case.rule for case in cases if case.recording not in ran.events] == [ABSENT]


def test_every_rule_fires_on_its_recording_exactly_as_often_as_its_authors_say(cases: list[Case], ran: Ran) -> None:
    wrong = {}
    for case in cases:
        if case.rule == ABSENT:
            continue
        expected = UNDERCOUNTED.get(case.rule, case.expected)
        count = ran.counts[case.rule, case.recording]
        if count == 0 or (expected is not None and count != expected):
            wrong[case.rule] = (count, expected)
    assert wrong == {}


@pytest.mark.parametrize("rule", UNDERCOUNTED)
def test_where_the_authors_count_fewer_the_literal_evaluator_agrees_with_us(
    rule: str, cases: list[Case], ran: Ran
) -> None:
    case = next(case for case in cases if case.rule == rule)
    assert case.expected == 1
    batch = ran.events[case.recording]
    parsed = SigmaRule.from_dict(yaml.safe_load(ran.files[rule].content))
    source = LogSource(parsed.logsource.product or "", parsed.logsource.category or "", parsed.logsource.service or "")
    logs = batch.column("metadata.log_name").to_pylist()
    codes = batch.column("metadata.event_code").to_pylist()
    held = {
        record.event
        for record in native_records(batch)
        if reads(source, Kind("windows", channel_of(logs[record.event]), int(codes[record.event])))
        and literal_match(parsed, record.fields, record.text)
    }
    assert len(held) == UNDERCOUNTED[rule] == ran.counts[rule, case.recording]
