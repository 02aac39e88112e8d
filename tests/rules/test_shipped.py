"""The rules that come with Watchfloor: well-formed, quiet at ordinary work, and each fires on what it describes."""

import csv
import io
import re
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import yaml

from tests.rules import (
    shipped_bursts,
    shipped_channels,
    shipped_code,
    shipped_credentials,
    shipped_directory,
    shipped_execution,
    shipped_files,
    shipped_half_a,
    shipped_half_a_more,
    shipped_half_b,
    shipped_half_b_more,
    shipped_linux,
    shipped_logs,
    shipped_macos,
    shipped_macos_last,
    shipped_macos_more,
    shipped_movement,
    shipped_persistence,
    shipped_programs,
    shipped_programs_more,
    shipped_registry,
    shipped_samples,
    shipped_scripts,
    shipped_state,
    shipped_third,
    shipped_third_more,
)
from tests.rules.shipped_samples import Sample
from watchfloor.base.attack import TACTICS, vocabulary
from watchfloor.base.findings import LEVELS, Finding
from watchfloor.base.settings import Settings
from watchfloor.intake.reader import Reader
from watchfloor.rules.cache import ruleset
from watchfloor.rules.hunting import Hunt
from watchfloor.rules.ruleset import RuleSet
from watchfloor.rules.shipped import OWN_RULES

LINUX = (*shipped_samples.LINUX, *shipped_linux.SAMPLES, *shipped_half_a_more.LINUX)
WINDOWS = (
    *shipped_samples.WINDOWS,
    *shipped_execution.SAMPLES,
    *shipped_credentials.SAMPLES,
    *shipped_persistence.SAMPLES,
    *shipped_movement.SAMPLES,
    *shipped_registry.SAMPLES,
    *shipped_bursts.SAMPLES,
    *shipped_programs.SAMPLES,
    *shipped_programs_more.SAMPLES,
    *shipped_scripts.SAMPLES,
    *shipped_code.SAMPLES,
    *shipped_channels.SAMPLES,
    *shipped_directory.SAMPLES,
    *shipped_logs.SAMPLES,
    *shipped_files.SAMPLES,
    *shipped_state.SAMPLES,
    *shipped_half_b.SAMPLES,
    *shipped_half_b_more.SAMPLES,
    *shipped_third.SAMPLES,
    *shipped_third_more.SAMPLES,
    *shipped_half_a.SAMPLES,
    *shipped_half_a_more.SAMPLES,
)
MACOS = (*shipped_macos.SAMPLES, *shipped_macos_more.SAMPLES, *shipped_macos_last.SAMPLES)
SAMPLES = (*LINUX, *WINDOWS, *MACOS)
RECORDING = OWN_RULES.parent / "recording"

#: Measured on the bundled recording: 33 techniques named rightly, 89 matches inside the intrusion, 1 outside it.
FEWEST_TECHNIQUES = 28
FEWEST_INSIDE = 75
MOST_OUTSIDE = 4

#: Lines of a log.
Log = tuple[str, ...]

ALONE = Settings(workers=1, cache_dir="")


@cache
def documents() -> list[tuple[str, dict[str, Any]]]:
    """Every rule with its file."""
    return [
        (str(path.relative_to(OWN_RULES)), document)
        for path in sorted(OWN_RULES.rglob("*.yml"))
        for document in yaml.safe_load_all(path.read_text(encoding="utf-8"))
    ]


@pytest.fixture(scope="module")
def rules(tmp_path_factory: pytest.TempPathFactory) -> RuleSet:
    return ruleset([str(OWN_RULES)], Settings(cache_dir=str(tmp_path_factory.mktemp("cache"))), {})


@pytest.fixture(scope="module")
def fired(rules: RuleSet, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Sequence[str]], set[str]]:
    """Titles that fire over the lines of a log, through the Reader.

    All logs are read in one go, each a file; one that a correlation is for once more, by itself, for others have hosts
    of the same names.
    """
    folder = tmp_path_factory.mktemp("logs")
    found: dict[Log, set[str]] = defaultdict(set)
    logs: dict[str, Log] = {}
    for number, lines in enumerate(
        dict.fromkeys(tuple(each) for one in SAMPLES for each in (one.attack, one.near_miss))
    ):
        path = folder / f"{number:04}.jsonl"
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        logs[str(path)] = lines
    correlated = {correlation.title for correlation in rules.correlations}
    for finding in _hunted(rules, folder):
        if finding.title not in correlated:
            found[logs[finding.source]].add(finding.title)
    alone = {tuple(each) for one in SAMPLES if one.title in correlated for each in (one.attack, one.near_miss)}
    for name, lines in logs.items():
        if lines in alone:
            found[lines] |= {finding.title for finding in _hunted(rules, Path(name))}
    return lambda log: found[tuple(log)]


def _hunted(rules: RuleSet, path: Path) -> list[Finding]:
    reader = Reader([str(path)], ALONE)
    found = list(Hunt(rules).over(reader.batches(), ALONE))
    assert not reader.account.rejections
    return found


@pytest.fixture(scope="module")
def on_recording(rules: RuleSet) -> list[Finding]:
    return _hunted(rules, RECORDING / "linux-host.audit.log.zst")


@cache
def truth() -> dict[str, str]:
    """Technique of every event of the intrusion."""
    with pa.input_stream(str(RECORDING / "truth.csv.zst"), compression="zstd") as packed:
        text = packed.read().decode()
    rows = csv.DictReader(io.StringIO(text))
    return {row["event_id"]: row["technique"] for row in rows if row["label"] == "intrusion"}


def techniques_in(finding: Finding) -> set[str]:
    """What the truth calls the events of a match; nothing where none is the intrusion's."""
    return {truth()[key] for key in (one.rpartition("#")[2] for one in finding.event_ids) if key in truth()}


def test_every_rule_can_be_used(rules: RuleSet) -> None:
    assert rules.faults == ()
    assert rules.unreadable() == 0
    assert len(rules.rules) + len(rules.correlations) == len(documents())


def test_ids_are_unique_uuids_and_titles_tell_rules_apart() -> None:
    ids = Counter(document["id"] for _, document in documents())
    titles = Counter(document["title"] for _, document in documents())
    assert {key for key, count in (ids + titles).items() if count > 1} == set()
    assert all(str(uuid.UUID(key)) == key for key in ids)


@pytest.mark.parametrize(("path", "document"), documents(), ids=lambda value: value if isinstance(value, str) else "")
def test_each_rule_says_what_an_analyst_needs(path: str, document: dict[str, Any]) -> None:
    assert document["author"] == "Watchfloor"
    assert document["license"] == "Apache-2.0"
    assert document["status"] == "experimental"
    assert document["level"] in LEVELS
    assert document["description"].strip().endswith(".")
    assert document["falsepositives"]
    names = {tactic.shortname for tactic in TACTICS}
    tags = [tag.removeprefix("attack.") for tag in document["tags"]]
    techniques = {tag.upper() for tag in tags if re.fullmatch(r"t\d{4}(\.\d{3})?", tag)}
    assert techniques
    assert techniques <= vocabulary().techniques.keys()
    assert set(tags) - {tag.lower() for tag in techniques} <= names


@pytest.mark.parametrize(("path", "document"), documents(), ids=lambda value: value if isinstance(value, str) else "")
def test_no_rule_knows_the_recording_by_name(path: str, document: dict[str, Any]) -> None:
    named = ("font-cache", "10.20.", "svc-index", "build-07", "connect.py", "survey", "refresh", "4444", "quarry")
    asked = str(document.get("detection", "")).lower()
    assert [name for name in named if name in asked] == []


def test_the_intrusion_is_found_and_its_techniques_named(on_recording: list[Finding]) -> None:
    inside = [finding for finding in on_recording if techniques_in(finding)]
    named = {technique for finding in inside for technique in techniques_in(finding) & set(finding.techniques)}
    assert len(inside) >= FEWEST_INSIDE
    assert len(named) >= FEWEST_TECHNIQUES


def test_ordinary_work_stays_quiet(on_recording: list[Finding]) -> None:
    outside = [finding.title for finding in on_recording if not techniques_in(finding)]
    assert len(outside) <= MOST_OUTSIDE, Counter(outside)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.title)
def test_a_rule_fires_on_what_it_describes_and_not_on_what_is_near(
    sample: Sample, fired: Callable[[Sequence[str]], set[str]]
) -> None:
    assert sample.title in fired(sample.attack)
    assert sample.title not in fired(sample.near_miss)


def test_every_rule_has_been_seen_to_fire(on_recording: list[Finding], rules: RuleSet) -> None:
    seen = {finding.title for finding in on_recording} | {sample.title for sample in SAMPLES}
    parts = {key for correlation in rules.correlations for key in correlation.plan.rules}
    reported = {rule.title for rule in rules.rules if rule.key not in parts}
    reported |= {rule.title for rule in rules.correlations if rule.key not in parts}
    assert reported - seen == set()


def test_every_windows_rule_has_a_sample(rules: RuleSet) -> None:
    wanted = {rule.title for rule in rules.rules if Path(rule.path).parent.name == "windows"}
    assert wanted <= {sample.title for sample in WINDOWS}
