"""A hunt from logs to Findings: nothing is lost in silence, and no log, however hostile, stops it."""

import gc
import json
import time
import weakref
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.rules.events import SYSMON, compiled, written
from watchfloor.base.findings import Finding
from watchfloor.base.settings import Settings
from watchfloor.intake.reader import Reader
from watchfloor.rules import expressions
from watchfloor.rules.hunting import Hunt
from watchfloor.rules.matching import Matcher

ALONE = Settings(workers=1)
LAUNCH = {"product": "windows", "category": "process_creation"}


def rule(title: str, detection: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """A rule over process creations; its condition is ``s`` unless the detection says another."""
    return {"title": title, "logsource": LAUNCH, "detection": {"condition": "s", **detection}, **more}


def hunted(path: Path, *rules: Mapping[str, Any] | str) -> tuple[Hunt, list[Finding]]:
    """The hunt and what it found in one file, all of which could be read."""
    reader = Reader([str(path)], ALONE)
    hunt = Hunt(compiled(*rules))
    found = list(hunt.over(reader.batches(), ALONE))
    assert not reader.account.rejections
    return hunt, found


def fired(path: Path, *rules: Mapping[str, Any] | str) -> list[str]:
    return [finding.title for finding in hunted(path, *rules)[1]]


def lines(path: Path, records: Iterable[Mapping[str, Any]]) -> Path:
    return written(path / "log.json", records)


def test_a_finding_says_who_what_where_and_when(tmp_path: Path) -> None:
    path = lines(tmp_path, [{"Image": "C:\\b.exe"}, {"Image": "C:\\a.exe", "EventTime": "2026-03-01 10:00:05"}])
    whole = rule(
        "Rule",
        {"s": {"Image|endswith": "a.exe"}},
        id="00000000-0000-4000-8000-000000000001",
        level="high",
        status="test",
        author="Ada",
        tags=["attack.execution", "attack.t1059.001", "attack.t1086", "cve.2020-1"],
    )
    hunt, (found,) = hunted(path, whole)
    assert (found.rule_id, found.level, found.status, found.author) == (whole["id"], "high", "test", "Ada")
    assert (found.host, found.source, found.event_ids) == ("ws1.corp.example", str(path), (f"{path}#2",))
    assert found.time == datetime(2026, 3, 1, 10, 0, 5, tzinfo=UTC)
    assert (found.techniques, found.tactics) == (("T1059.001",), ("TA0002",))
    assert hunt.events == 2
    assert hunt.tallies[whole["id"]].matches == 1


def test_a_filter_on_a_field_the_data_lack_suppresses_nothing(tmp_path: Path) -> None:
    path = lines(tmp_path, [{"Image": "C:\\a.exe"}, {"Image": "C:\\a.exe", "User": "SYSTEM"}])
    selection = {"Image|endswith": "\\a.exe"}
    absent = rule("Absent", {"s": selection, "f": {"Nowhere": "x"}, "condition": "s and not f"})
    some = rule("Some", {"s": selection, "f": {"User": "system"}, "condition": "s and not f"})
    many = rule("Many", {"s": selection, "f_1": {"A": "x"}, "f_2": {"B|re": "x"}, "condition": "s and not 1 of f_*"})
    every = rule(
        "Every",
        {"s": selection, "f_1": {"A": "x"}, "f_2": {"B|cidr": "10.0.0.0/8"}, "condition": "s and not all of f_*"},
    )
    null = rule("Null", {"s": selection, "f": {"User": None}, "condition": "s and not f"})
    found = hunted(path, absent, some, many, every, null)[1]
    by_title = {title: [f.event_ids[0][-1] for f in found if f.title == title] for title in {f.title for f in found}}
    assert by_title == {"Absent": ["1", "2"], "Some": ["1"], "Many": ["1", "2"], "Every": ["1", "2"], "Null": ["2"]}


def test_a_rule_over_a_field_nobody_has_does_not_break_others(tmp_path: Path) -> None:
    path = lines(tmp_path, [{"Image": "C:\\a.exe"}])
    nowhere = [
        rule("Equals", {"s": {"Nowhere": "x"}}),
        rule("Expression", {"s": {"Nowhere|re": ".*"}}),
        rule("Reference", {"s": {"Nowhere|fieldref": "Image"}}),
        rule("Number", {"s": {"Nowhere|gt": 1}}),
        rule("Exists", {"s": {"Nowhere|exists": True}}),
    ]
    assert fired(path, *nowhere, rule("Good", {"s": {"Image|endswith": "a.exe"}})) == ["Good"]


def test_one_bad_rule_is_named_and_the_others_work(tmp_path: Path) -> None:
    path = lines(tmp_path, [{"Image": "C:\\a.exe"}])
    good = rule("Good", {"s": {"Image|endswith": "a.exe"}})
    bad: dict[str, dict[str, Any] | str] = {
        "Unknown modifier": rule("M", {"s": {"Image|nosuch": "x"}}),
        "placeholder %admins%": rule("P", {"s": {"User|expand": "%admins%"}}),
        "Regular expression '('": rule("R", {"s": {"Image|re": "("}}),
        "Detection 'other' not defined": rule("C", {"s": {"Image": "x"}, "condition": "s and other"}),
        "not readable as YAML": "title: [",
        "not a rule": "- 1",
    }
    hunt, found = hunted(path, *bad.values(), good)
    assert [finding.title for finding in found] == ["Good"]
    assert len(hunt.faults) == len(bad)
    told = "\n".join(f"{fault.path} {fault.title}: {fault.why}" for fault in hunt.faults)
    assert [why for why in bad if why not in told] == [], told


def test_a_bad_document_does_not_hide_the_good_one_in_its_file(tmp_path: Path) -> None:
    path = lines(tmp_path, [{"Image": "C:\\a.exe"}])
    good = json.dumps(rule("Good", {"s": {"Image|endswith": "a.exe"}}))
    bad = json.dumps(rule("Bad", {"s": {"Image|nosuch": "x"}}))
    hunt, found = hunted(path, f"{bad}\n---\n{good}\n")
    assert [finding.title for finding in found] == ["Good"]
    assert [fault.title for fault in hunt.faults] == ["Bad"]


LOGONS = """
title: Failed
name: failed
logsource: {product: windows, service: security}
detection: {s: {EventID: 4625}, condition: s}
---
title: Success
name: success
logsource: {product: windows, service: security}
detection: {s: {EventID: 4624}, condition: s}
---
title: Many Failed
name: many_failed
correlation: {type: event_count, rules: [failed], group-by: [TargetUserName], timespan: 10m, condition: {gte: 3}}
---
title: Guessed Password
level: high
tags: [attack.t1110]
correlation:
  {type: temporal_ordered, rules: [many_failed, success], group-by: [TargetUserName], timespan: 10m}
"""


def logon(code: int, user: str | None, second: int) -> dict[str, Any]:
    named = {} if user is None else {"TargetUserName": user}
    return {
        "Channel": "Security",
        "EventID": code,
        "EventTime": f"2026-03-01 10:{second // 60:02}:{second % 60:02}",
        **named,
    }


def test_failed_logons_and_then_a_success_of_the_same_user(tmp_path: Path) -> None:
    """Ann fails three times and gets in; Bob fails twice; Eve gets in first and fails then."""
    events = [logon(4625, "ann", 10 * n) for n in range(3)] + [logon(4624, "ANN", 60)]
    events += [logon(4625, "bob", n) for n in range(2)] + [logon(4624, "bob", 9)]
    events += [logon(4624, "eve", 1)] + [logon(4625, "eve", 10 + n) for n in range(3)]
    events += [logon(4625, None, 30)]
    path = lines(tmp_path, events)
    hunt, (found,) = hunted(path, LOGONS)
    assert (found.title, found.level, found.techniques) == ("Guessed Password", "high", ("T1110",))
    assert found.event_ids == tuple(f"{path}#{n}" for n in (1, 2, 3, 4))
    assert (found.count, [text.lower() for text in found.group]) == (4, ["ann"])
    assert found.time == datetime(2026, 3, 1, 10, 0, tzinfo=UTC)
    assert hunt.ungrouped > 0, "the failure of nobody"
    assert [key for key, tally in hunt.tallies.items() if tally.matches] == ["Guessed Password"]


def test_a_match_without_a_time_is_counted_where_no_correlation_can_place_it(tmp_path: Path) -> None:
    path = lines(tmp_path, [{**logon(4625, "ann", n), "EventTime": "soon"} for n in range(3)])
    hunt, found = hunted(path, LOGONS)
    assert found == []
    assert hunt.untimed == 3


def test_an_expression_that_takes_for_ever_is_given_up_and_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expressions, "_SECONDS", 0.05)
    path = lines(tmp_path, [{"CommandLine": "a" * (50 + n) + "!", "Image": "C:\\a.exe"} for n in range(40)])
    slow = rule("Slow", {"s": {"CommandLine|re": "^(?!x)(a|aa)+$"}})
    began = time.monotonic()
    hunt, found = hunted(path, slow, rule("Good", {"s": {"Image|endswith": "a.exe"}}))
    assert time.monotonic() - began < 10
    assert [finding.title for finding in found] == ["Good"] * 40
    (fault,) = hunt.faults
    assert fault.title == "Slow"
    assert "takes too long" in fault.why


def test_what_a_hunt_compiled_goes_when_the_hunt_does(tmp_path: Path) -> None:
    hunt, found = hunted(lines(tmp_path, [{"Image": "C:\\a.exe"}]), rule("A", {"s": {"Image|endswith": "a.exe"}}))
    assert [finding.title for finding in found] == ["A"]
    gc.collect()
    gc.disable()  # megabytes each: they must not wait for a full collection
    try:
        gone = weakref.ref(hunt)
        kept = [weakref.ref(each) for each in vars(hunt).values() if isinstance(each, Matcher)]
        del hunt
        assert kept
        assert [ref() for ref in (gone, *kept)] == [None] * (1 + len(kept))
    finally:
        gc.enable()


def test_values_of_megabytes_are_searched_to_their_end(tmp_path: Path) -> None:
    text = "begin" + "a" * 5_000_000 + "end"
    path = lines(tmp_path, [{"CommandLine": text}])
    began = time.monotonic()
    rules = [
        rule("Contains", {"s": {"CommandLine|contains": "beginaaa"}}),
        rule("Expression", {"s": {"CommandLine|re": "^begin(a|a)+"}}),
        rule("Wildcards", {"s": {"CommandLine": "be*n?a*"}}),
        rule("Far behind", {"s": {"CommandLine|endswith": "aaaend"}}),
    ]
    assert fired(path, *rules) == ["Contains", "Expression", "Wildcards", "Far behind"]
    assert time.monotonic() - began < 20


def test_thousands_of_channels_and_event_ids(tmp_path: Path) -> None:
    records: list[dict[str, Any]] = [
        {"Channel": f"Made-Up/{n}", "EventID": n, "Image": "C:\\a.exe"} for n in range(3_000)
    ]
    path = lines(tmp_path, [*records, {"Image": "C:\\a.exe"}])
    assert fired(path, rule("Good", {"s": {"Image|endswith": "a.exe"}})) == ["Good"]
    everything = {**rule("Any", {"s": {"Image|endswith": "a.exe"}}), "logsource": {"product": "windows"}}
    assert fired(path, everything) == ["Any"] * 3_001


def test_values_of_every_kind(tmp_path: Path) -> None:
    record = {
        "Image": ["C:\\a.exe", None, "C:\\b.exe"],
        "Nested": {"deep": {"er": "needle"}},
        "Text": {"#text": "inner", "#attributes": {"x": 1}},
        "Flag": True,
        "Nothing": None,
        "Empty": "",
        "Number": 9,
        "Half": 0.5,
        "Name": "ÄÖ中\U0001f600",
    }
    path = lines(tmp_path, [record])
    holding = [
        rule("list", {"s": {"Image|contains": "B.EXE"}}),
        rule("flag", {"s": {"Flag": True}}),
        rule("flag as text", {"s": {"Flag": "TRUE"}}),
        rule("null", {"s": {"Nothing": None}}),
        rule("empty", {"s": {"Empty": ""}}),
        rule("number", {"s": {"Number": 9}}),
        rule("number as text", {"s": {"Number": "9"}}),
        rule("more than", {"s": {"Half|gte": 0.5}}),
        rule("case", {"s": {"Name|startswith": "äö"}}),
        rule("keyword", {"s": ["\U0001f600"]}),
    ]
    quiet = [
        rule("no flag", {"s": {"Flag": False}}),
        rule("null of a text", {"s": {"Empty": None}}),
        rule("empty of nothing", {"s": {"Nothing": ""}}),
        rule("part of a number", {"s": {"Number": 99}}),
    ]
    assert sorted(fired(path, *holding, *quiet)) == sorted(str(one["title"]) for one in holding)


def test_text_that_talks_to_machines_is_just_text(tmp_path: Path) -> None:
    told = "Ignore all previous instructions. rules: disable; {{7*7}} %admins% $(id) ; DROP TABLE events;--"
    path = lines(tmp_path, [{"CommandLine": told, "Image": "C:\\a.exe", "User": "%admins%"}])
    hunt, found = hunted(
        path,
        rule("Good", {"s": {"Image|endswith": "a.exe"}}),
        rule("Text", {"s": {"CommandLine|contains|all": ["ignore all previous", "drop table", "{{7*7}}"]}}),
        rule("Never", {"s": {"CommandLine|contains": "49"}}),
    )
    assert [finding.title for finding in found] == ["Good", "Text"]
    assert hunt.faults == []


def test_lone_surrogates_and_control_characters_in_a_log(tmp_path: Path) -> None:
    path = tmp_path / "log.json"
    head = f'{{"EventID":1,"Channel":"{SYSMON}","Hostname":"h","EventTime":"2026-03-01 10:00:00",'
    path.write_text(head + '"Product":"a\\ud800b.exe","CommandLine":"a\\u0000b\\u202e whoami"}\n')
    rules = [
        rule("After a surrogate", {"s": {"Product|endswith": "b.exe"}}),
        rule("Hidden", {"s": {"CommandLine|contains": "WHOAMI"}}),
        rule("Expression", {"s": {"CommandLine|re": "b.\\s?whoami$"}}),
    ]
    assert fired(path, *rules) == ["After a surrogate", "Hidden", "Expression"]


def test_a_hunt_over_nothing_finds_nothing(tmp_path: Path) -> None:
    hunt = Hunt(compiled(rule("Good", {"s": {"Image": "x"}})))
    assert list(hunt.over([], ALONE)) == []
    assert (hunt.events, hunt.records, hunt.faults) == (0, 0, [])
