"""A site's exceptions: what they take away, where, until when; and that each mistake in the file is named."""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.rules.events import batch_of, compiled, written
from watchfloor.base.errors import UsageError
from watchfloor.base.settings import Settings
from watchfloor.intake.reader import Reader
from watchfloor.rules.hunting import Hunt
from watchfloor.rules.tuning import read_tuning

ALONE = Settings(workers=1)
TODAY = date(2026, 11, 22)
ID = "8de1cbe8-d6f5-496d-8237-5f44a721c7a0"


def rule(title: str, image: str, **more: Any) -> dict[str, Any]:
    """A rule for launches of one image."""
    source = {"product": "windows", "category": "process_creation"}
    return {
        "title": title,
        "logsource": source,
        "detection": {"s": {"Image|endswith": image}, "condition": "s"},
        **more,
    }


RULES = (
    rule("Whoami Utility Execution", "\\whoami.exe", id=ID, name="whoami"),
    rule("Net Utility", "\\net.exe", id="00000000-0000-4000-8000-000000000002"),
)

EVENTS: tuple[Mapping[str, Any], ...] = (
    {"Hostname": "build-01", "Image": "C:\\whoami.exe", "ParentImage": "C:\\x\\deployd.exe"},
    {"Hostname": "WS7", "Image": "C:\\whoami.exe", "ParentImage": "C:\\x\\DEPLOYD.EXE"},
    {"Hostname": "WS7", "Image": "C:\\whoami.exe", "ParentImage": "C:\\cmd.exe", "CommandLine": "whoami /all"},
    {"Hostname": "jump01", "Image": "C:\\net.exe"},
)


def tuned(tmp_path: Path, entries: str, rules: tuple[Mapping[str, Any] | str, ...] = RULES) -> tuple[Hunt, list[str]]:
    """The hunt over EVENTS with these exceptions, and the record numbers of what stands, with the rule's first word."""
    site = tmp_path / "site.yml"
    site.write_text(entries, encoding="utf-8")
    tuning, _ = read_tuning(str(site), TODAY)
    hunt = Hunt(compiled(*rules), tuning)
    reader = Reader([str(written(tmp_path / "log.json", EVENTS))], ALONE)
    found = hunt.over(reader.batches(), ALONE)
    return hunt, [f"{finding.title.split()[0]} {finding.event_ids[0].rpartition('#')[2]}" for finding in found]


ALL = ["Whoami 1", "Whoami 2", "Whoami 3", "Net 4"]


@pytest.mark.parametrize(
    "name",
    [ID, ID.upper(), "Whoami Utility Execution", "whoami utility execution", "whoami", "rule-0.yml", "rule-0", "Who*"],
)
def test_a_rule_is_switched_off_by_whatever_it_is_called(name: str, tmp_path: Path) -> None:
    hunt, stands = tuned(tmp_path, f"exceptions: [{{rule: '{name}', disable: true, reason: too noisy here}}]")
    assert stands == ["Net 4"]
    assert [(hunt.rules.rules[place].title, entry.reason) for place, entry in hunt.disabled.items()] == [
        ("Whoami Utility Execution", "too noisy here")
    ]


def test_every_rule_at_once(tmp_path: Path) -> None:
    hunt, stands = tuned(tmp_path, "exceptions: [{rule: '*', disable: true, reason: maintenance}]")
    assert stands == []
    assert len(hunt.disabled) == 2


@pytest.mark.parametrize(
    ("hosts", "stands"),
    [
        ("[build-*]", ["Whoami 2", "Whoami 3", "Net 4"]),
        ("build-01", ["Whoami 2", "Whoami 3", "Net 4"]),
        ("[BUILD-??, ws7]", ["Net 4"]),
        ("[build]", ALL),
        ("['*']", ["Net 4"]),
    ],
)
def test_a_rule_is_excepted_on_hosts(hosts: str, stands: list[str], tmp_path: Path) -> None:
    assert tuned(tmp_path, f"exceptions: [{{rule: whoami, hosts: {hosts}, reason: builds}}]")[1] == stands


@pytest.mark.parametrize(
    ("where", "stands"),
    [
        ("ParentImage|endswith: \\deployd.exe", ["Whoami 3", "Net 4"]),
        ("parentimage|endswith: \\deployd.exe", ["Whoami 3", "Net 4"]),
        ("ParentImage: '*\\cmd.exe'", ["Whoami 1", "Whoami 2", "Net 4"]),
        ("ParentImage|re: 'deployd\\.exe$'", ["Whoami 2", "Whoami 3", "Net 4"]),
        ("CommandLine|contains|all: [whoami, /all]", ["Whoami 1", "Whoami 2", "Net 4"]),
        ("CommandLine: null", ["Whoami 3", "Net 4"]),
        ("Nowhere: x", ALL),
        ("{ParentImage|endswith: [deployd.exe, cmd.exe], Computer|startswith: ws}", ["Whoami 1", "Net 4"]),
    ],
)
def test_a_rule_is_excepted_for_field_values_with_sigmas_own_modifiers(
    where: str, stands: list[str], tmp_path: Path
) -> None:
    entries = f"exceptions:\n  - rule: whoami\n    reason: nightly job\n    where:\n      {where}\n"
    assert tuned(tmp_path, entries)[1] == stands


def test_host_and_value_must_both_hold_and_what_is_taken_away_is_counted(tmp_path: Path) -> None:
    entries = """
exceptions:
  - rule: whoami
    reason: nightly job
    hosts: [build-*]
    where: {ParentImage|endswith: deployd.exe}
  - rule: '*'
    reason: jump host
    hosts: jump01
"""
    hunt, stands = tuned(tmp_path, entries)
    assert stands == ["Whoami 2", "Whoami 3"]
    assert {entry.reason: count for entry, count in hunt.exceptions.items()} == {"nightly job": 1, "jump host": 1}
    assert {key: (tally.matches, tally.excepted) for key, tally in hunt.tallies.items()} == {
        ID: (2, 1),
        "00000000-0000-4000-8000-000000000002": (0, 1),
    }


def test_what_is_excepted_feeds_no_correlation(tmp_path: Path) -> None:
    many = """
title: Many
correlation: {type: event_count, rules: [whoami], group-by: [Computer], timespan: 1h, condition: {gte: 2}}
"""
    assert tuned(tmp_path, "exceptions: []", (*RULES, many))[1] == ["Net 4", "Many 2"]
    entries = "exceptions: [{rule: whoami, reason: job, where: {ParentImage|endswith: deployd.exe}}]"
    assert tuned(tmp_path, entries, (*RULES, many))[1] == ["Net 4"]


def test_an_audit_event_is_excepted_by_a_value_on_another_line_of_it(tmp_path: Path) -> None:
    from tests.rules.shipped_samples import launch

    path = tmp_path / "audit.log"
    path.write_text("\n".join((*launch(1, "/usr/bin/id", "id"), *launch(2, "/usr/bin/id", "id", user="ann"))) + "\n")
    asked = {
        "title": "Id",
        "logsource": {"product": "linux", "service": "auditd"},
        "detection": {"s": {"type": "EXECVE", "a0": "id"}, "condition": "s"},
    }
    site = tmp_path / "site.yml"
    site.write_text("exceptions: [{rule: Id, reason: daily, where: {type: SYSCALL, UID: ann}}]")
    tuning, _ = read_tuning(str(site), TODAY)
    found = list(Hunt(compiled(asked), tuning).over(Reader([str(path)], ALONE).batches(), ALONE))
    assert [finding.event_ids[0].rpartition(":")[2] for finding in found] == ["1"]


def test_an_exception_holds_through_its_last_day(tmp_path: Path) -> None:
    site = tmp_path / "site.yml"
    site.write_text("exceptions: [{rule: whoami, disable: true, reason: until then, until: 2026-11-22}]")
    for today, held, gone in ((date(2026, 11, 22), 1, 0), (date(2026, 11, 23), 0, 1)):
        tuning, expired = read_tuning(str(site), today)
        assert (len(tuning.entries), len(expired)) == (held, gone)
        assert len(tuning.disabled(compiled(*RULES))) == held
    assert [entry.rule for entry in expired] == ["whoami"]


def test_an_entry_about_no_rule_is_told(tmp_path: Path) -> None:
    hunt, stands = tuned(
        tmp_path, "exceptions: [{rule: Whoamy, disable: true, reason: a typo}, {rule: net*, hosts: x, reason: fine}]"
    )
    assert stands == ALL
    assert [entry.rule for entry in hunt.tuning.unused(hunt.rules)] == ["Whoamy"]


@pytest.mark.parametrize("text", ["", "exceptions: []", "# nothing yet\n"])
def test_a_file_without_exceptions_is_fine(text: str, tmp_path: Path) -> None:
    assert tuned(tmp_path, text)[1] == ALL


GOOD = "  - {rule: whoami, reason: fine, disable: true}\n"


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ("{rule: a, disable: true}", "exception 2 gives no reason"),
        ("{rule: a, disable: true, reason: '  '}", "exception 2 gives no reason"),
        ("{reason: b, disable: true}", "exception 2 does not say which rule"),
        ("{rule: 7, reason: b, disable: true}", "exception 2 does not say which rule"),
        ("{rule: a, reason: b, host: x}", "exception 2: host is not known"),
        ("{rule: a, reason: b, disable: true, where: {A: b}}", "exception 2 both disables the rule and names"),
        ("{rule: a, reason: b, disable: true, hosts: x}", "exception 2 both disables the rule and names"),
        ("{rule: a, reason: b}", "exception 2 says neither disable, hosts nor where"),
        ("{rule: a, reason: b, disable: yes please}", "exception 2: disable is true or false"),
        ("{rule: a, reason: b, hosts: [1]}", "exception 2: hosts is a list of names"),
        ("{rule: a, reason: b, hosts: x, until: soon}", "exception 2: until is a date"),
        ("{rule: a, reason: b, hosts: x, until: 2026-11-22 10:00:00}", "exception 2: until is a date"),
        ("{rule: a, reason: b, where: {A|nosuch: x}}", "exception 2: where cannot be used"),
        ("{rule: a, reason: b, where: {A|re: '('}}", "exception 2: where cannot be used"),
        ("{rule: a, reason: b, where: {A|cidr: nonsense}}", "exception 2: where cannot be used"),
        ("{rule: a, reason: b, where: {A|expand: '%x%'}}", "exception 2: where cannot be used"),
        ("{rule: a, reason: b, where: {}}", "exception 2"),
        ("[a, b]", "exception 2: no mapping"),
        ("text", "exception 2: no mapping"),
        ("null", "exception 2: no mapping"),
    ],
)
def test_an_entry_that_makes_no_sense_is_named_in_one_line(entry: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        tuned(tmp_path, f"exceptions:\n{GOOD}  - {entry}\n")
    assert told in str(caught.value)
    assert "site.yml" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("exceptions: [", "not readable as YAML"),
        ("exceptions: {rule: a}", "no list called exceptions"),
        ("- rule: a", "no list called exceptions"),
        ("just words", "no list called exceptions"),
        ("exceptions:\n- {rule: a, rule: b, reason: c, disable: true}", "not readable as YAML"),
    ],
)
def test_a_file_that_makes_no_sense_is_named_in_one_line(text: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        tuned(tmp_path, text)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_tuning(str(tmp_path / "nowhere.yml"), TODAY)
    (tmp_path / "bytes.yml").write_bytes(b"\xff\xfe\x00\xd8")
    with pytest.raises(UsageError, match="not readable as YAML"):
        read_tuning(str(tmp_path / "bytes.yml"), TODAY)


CORRELATION = """
title: Many launches
id: 6a0b1c7e-52a5-4a7e-8d8a-1f9d1d5a0c01
correlation: {type: event_count, rules: [6a0b1c7e-52a5-4a7e-8d8a-1f9d1d5a0c02], group-by: [Computer], timespan: 1h, condition: {gte: 2}}
level: high
"""  # noqa: E501
LAUNCHES = """
title: Launch
id: 6a0b1c7e-52a5-4a7e-8d8a-1f9d1d5a0c02
logsource: {product: windows, category: process_creation}
detection: {s: {Image|endswith: .exe}, condition: s}
"""


@pytest.mark.parametrize(
    ("exceptions", "found"),
    [
        ("", ["Many launches"]),
        ("- {rule: Many launches, disable: true, reason: here it is normal}", []),
        ("- {rule: Many launches, hosts: [ws1*], reason: a build machine}", []),
        ("- {rule: Many launches, hosts: [other], reason: a build machine}", ["Many launches"]),
    ],
)
def test_a_correlation_is_switched_off_and_excepted_like_a_rule(
    exceptions: str, found: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "site.yml"
    path.write_text(f"exceptions:\n{exceptions or '  []'}\n")
    tuning, _ = read_tuning(str(path), date(2026, 3, 1))
    rules = compiled(LAUNCHES, CORRELATION)
    hunt = Hunt(rules, tuning)
    events = batch_of(written(tmp_path / "e.json", [{"Image": "C:\\a.exe"}, {"Image": "C:\\b.exe"}]))
    assert [finding.title for finding in hunt.over([events], Settings())] == found
    assert not tuning.unused(rules)
