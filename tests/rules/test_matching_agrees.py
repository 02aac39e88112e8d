"""The fast engine and the literal evaluator, which share no code, give the same answers."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch
from zipfile import ZipFile

import pyarrow as pa
import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from sigma.rule import SigmaRule

from tests.rules.events import batch_of, compiled, written
from tests.rules.literal import literal_match
from tests.rules.sigma_strategies import Record, rules_with_records
from watchfloor.base.settings import Settings
from watchfloor.intake.native import native_records
from watchfloor.intake.reader import Reader
from watchfloor.rules import prefilter
from watchfloor.rules import records as records_module
from watchfloor.rules.compiling import compile_rules
from watchfloor.rules.files import read_files
from watchfloor.rules.loading import load
from watchfloor.rules.logsources import LogSource, channel_of, reads
from watchfloor.rules.matching import Matcher
from watchfloor.rules.records import Kind
from watchfloor.rules.ruleset import RuleSet

#: Fields of the container that an invented record must not say otherwise.
OWN = ("eventid", "channel", "provider_name", "computer", "hostname")


#: More records of a kind than a prefilter is tried on.
REPEATS = 5


@contextmanager
def every_shortcut() -> Iterator[None]:
    """Prefilters and columns from the first records on, where they otherwise wait for thousands."""
    with patch.multiple(prefilter, _WAIT=0, _TRIAL=2), patch.object(records_module, "LEAST", 1):
        yield


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(drawn=rules_with_records())
@example(
    drawn=(
        {
            "title": "no such filter",
            "logsource": {"product": "windows"},
            "detection": {"selection": {"Image|endswith": ".exe"}, "condition": "selection and not 1 of filter_*"},
        },
        [({"Image": "C:\\a.EXE"}, None), ({"CommandLine": "a"}, None)],
    )
)
def test_generated_rules_over_generated_records(
    drawn: tuple[dict[str, object], list[Record]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    rule, records = drawn
    rule = {**rule, "logsource": {"product": "windows", "category": "process_creation"}}
    path = written(
        tmp_path_factory.mktemp("records") / "events.json",
        [{name: value for name, value in fields.items() if name.lower() not in OWN} for fields, _ in records],
    )
    parsed = SigmaRule.from_dict(rule)
    batch = batch_of(path)
    expected = [literal_match(parsed, record.fields, record.text) for record in native_records(batch)]
    rules = compiled(rule)
    if rules.faults:  # a condition that asks nothing of any record is refused
        assert "names no selection" in rules.faults[0].why
        return
    _, hits = Matcher(rules).match(batch)
    assert [row in {hit.event for hit in hits} for row in range(len(batch))] == expected
    # the same many times over, so that records are left out unread and read as columns
    many = pa.Table.from_batches([batch] * REPEATS).combine_chunks().to_batches()[0]
    with every_shortcut():
        _, hits = Matcher(rules).match(many)
    assert [row in {hit.event for hit in hits} for row in range(len(many))] == expected * REPEATS


@pytest.mark.shared_data
@pytest.mark.parametrize("seed", [1, 2])
def test_real_rules_over_real_events(seed: int, shared_data: Path, tmp_path: Path) -> None:
    """A sample of SigmaHQ's rules and of attack recordings: which records match, one by one, is the same."""
    chosen = random.Random(seed)
    with ZipFile(shared_data / "sigma" / "sigmahq_rules.zip") as archive:
        archive.extractall(tmp_path)
    files, _ = read_files([str(tmp_path)], Settings())
    files = [file for file in files if b"product: windows" in file.content and b"%" not in file.content]
    files = chosen.sample(files, 500)
    rules = compile_rules(load(files))
    parsed = {file.path: SigmaRule.from_dict(yaml.safe_load(file.content)) for file in files}
    matched = 0
    for batch in sample_of(shared_data, chosen):
        found = answers(rules, batch)
        matched += len(found)
        assert found == literal_answers(rules, parsed, batch)
        with every_shortcut():
            assert answers(rules, batch) == found
    assert matched > 3


def sample_of(shared_data: Path, chosen: random.Random) -> Iterator[pa.RecordBatch]:
    recordings = shared_data / "edr" / "evtx_attack_samples"
    batches = list(Reader([str(recordings)], Settings(workers=1)).batches())
    whole = pa.Table.from_batches(batches).combine_chunks().to_batches()[0]
    rows = sorted(chosen.sample(range(len(whole)), 500))
    yield whole.take(pa.array(rows))


def answers(rules: RuleSet, batch: pa.RecordBatch) -> set[tuple[str, int]]:
    """Matches on the source's own records; those put together from columns are another test's."""
    records, hits = Matcher(rules).match(batch)
    put_together = {row for kind, rows in records.kinds.items() if kind.category for row in rows.tolist()}
    return {(rules.rules[hit.rule].path, hit.event) for hit in hits if hit.record not in put_together}


def literal_answers(rules: RuleSet, parsed: dict[str, SigmaRule], batch: pa.RecordBatch) -> set[tuple[str, int]]:
    logs = batch.column("metadata.log_name").to_pylist()
    codes = batch.column("metadata.event_code").to_pylist()
    kinds = [Kind("windows", channel_of(log), int(code)) for log, code in zip(logs, codes, strict=True)]
    able: dict[tuple[LogSource, Kind], bool] = {}
    found = set()
    for record in native_records(batch):
        kind = kinds[record.event]
        for rule in rules.rules:
            key = (rule.logsource, kind)
            if key not in able:
                able[key] = reads(*key)
            if able[key] and literal_match(parsed[rule.path], record.fields, record.text):
                found.add((rule.path, record.event))
    return found
