"""Compiling: facts of rules in order, filters and placeholders applied, ids unique, and never an exception."""

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.rules.events import compiled
from watchfloor.base.errors import UsageError
from watchfloor.cli.rules_options import read_placeholders
from watchfloor.rules.compiling import compile_rules
from watchfloor.rules.files import RuleFile
from watchfloor.rules.loading import load
from watchfloor.rules.ruleset import Op, RuleSet, predicates_of

LAUNCH = {"product": "windows", "category": "process_creation"}
RULE: dict[str, Any] = {
    "title": "Whoami",
    "id": "00000000-0000-4000-8000-000000000001",
    "name": "whoami",
    "status": "test",
    "description": "who",
    "author": "someone",
    "date": "2026-01-02",
    "references": ["https://example.org"],
    "tags": ["attack.t1086", "attack.discovery"],
    "level": "high",
    "fields": ["Image"],
    "falsepositives": ["none"],
    "logsource": LAUNCH,
    "detection": {
        "selection": {"Image|endswith": ["\\whoami.exe", "\\w.exe"], "EventID": 1, "User|re": "^a+$"},
        "keywords": ["alpha", "beta"],
        "filter_main": [{"User": None}, {"CommandLine|contains|all": ["a", "b"]}],
        "condition": "(selection or keywords) and not 1 of filter_*",
    },
}
CORRELATION: dict[str, Any] = {
    "title": "Many",
    "id": "00000000-0000-4000-8000-000000000002",
    "name": "many",
    "level": "medium",
    "correlation": {
        "type": "event_count",
        "rules": ["whoami"],
        "group-by": ["Computer"],
        "timespan": "5m",
        "condition": {"gte": 3},
        "generate": False,
    },
}
FILTER: dict[str, Any] = {
    "title": "Not by bob",
    "logsource": LAUNCH,
    "filter": {"rules": ["whoami"], "selection": {"User": "bob"}, "condition": "not selection"},
}


def rule(**changes: Any) -> dict[str, Any]:
    return {**copy.deepcopy(RULE), **changes}


def with_detection(**selections: Any) -> dict[str, Any]:
    return rule(detection=selections)


def values(rules: RuleSet) -> list[str]:
    return [rules.predicates[n].value for n in predicates_of(rules.rules[0].condition)]


def test_tags_become_techniques_and_tactics_in_force() -> None:
    tags = ["attack.t1086", "attack.T1059.001", "attack.discovery", "attack.g0016", "cve.2021-1", "attack.nonsense"]
    (one,) = compiled(rule(tags=tags)).rules
    assert one.techniques == ("T1059.001",)
    assert one.tactics == ("TA0007",)
    (one,) = compiled(rule(tags=["attack.t1059.001"])).rules
    assert one.tactics == ("TA0002",)  # the technique's own where the rule names none


def test_a_rule_without_a_level_is_medium_and_one_without_an_id_goes_by_its_name() -> None:
    bare = {key: value for key, value in RULE.items() if key in ("title", "logsource", "detection")}
    (one,) = compiled(bare).rules
    assert (one.level, one.status, one.id, one.key, one.techniques) == ("medium", "", "", "Whoami", ())
    (one,) = compiled({**bare, "name": "who"}).rules
    assert one.key == "who"


@pytest.mark.parametrize(("generate", "silent"), [(False, True), (True, False)])
def test_rules_that_feed_a_correlation_are_silent_unless_it_says_generate(generate: bool, silent: bool) -> None:
    rules = compiled(rule(), {**CORRELATION, "correlation": {**CORRELATION["correlation"], "generate": generate}})
    assert not rules.faults
    assert rules.rules[0].silent is silent


def test_a_second_rule_of_one_id_is_a_fault_and_the_first_stays() -> None:
    rules = compiled(rule(title="first", name="x"), rule(title="second", name="y"))
    assert [one.title for one in rules.rules] == ["first"]
    assert [fault.why for fault in rules.faults] == ["has the same id as the rule in rule-0.yml"]


def test_a_correlation_with_an_id_that_is_taken_is_a_fault() -> None:
    as_rule = {**CORRELATION, "id": RULE["id"], "title": "like the rule"}
    again = {**CORRELATION, "title": "again", "name": "again"}
    rules = compiled(rule(), CORRELATION, as_rule, again)
    assert [one.title for one in rules.correlations] == ["Many"]
    assert {fault.title: fault.why for fault in rules.faults} == {
        "like the rule": "has the same id as the rule in rule-0.yml",
        "again": "has the same id as the correlation in rule-1.yml",
    }


def test_an_id_goes_before_a_name() -> None:
    other = rule(id="00000000-0000-4000-8000-000000000003", name=RULE["id"], title="other")
    rules = compiled(
        other, rule(), {**CORRELATION, "correlation": {**CORRELATION["correlation"], "rules": [RULE["id"]]}}
    )
    assert rules.correlations[0].plan.rules == (RULE["id"],)


@pytest.mark.parametrize(
    "correlation", [{"timespan": "9" * 30 + "y"}, {"condition": {"gte": "nan"}}, {"rules": [None]}]
)
def test_a_correlation_that_makes_no_sense_is_a_fault(correlation: Mapping[str, Any]) -> None:
    rules = compiled(rule(), {**CORRELATION, "correlation": {**CORRELATION["correlation"], **correlation}})
    assert not rules.correlations
    assert len(rules.faults) == 1
    assert len(rules.rules) == 1


def test_a_filter_is_worked_into_the_rules_it_is_about() -> None:
    other = rule(id="00000000-0000-4000-8000-000000000004", name="other", title="Other")
    rules = compiled(rule(), other, FILTER)
    assert "bob" in values(rules)
    assert {name for name in rules.selections.of(rules.rules[0]) if "filt" in name} == {
        "filter_main",
        "_filt_a_selection",
    }
    assert not any(name.startswith("_filt") for name in rules.selections.of(rules.rules[1]))
    assert rules == compiled(rule(), other, FILTER)


@pytest.mark.parametrize(
    "broken",
    [
        {"condition": "not missing"},
        {"condition": "not (selection"},
        {"selection": {"User|expand": "%unknown%"}},
        {"condition": "not 1 of nothing_*"},
    ],
)
def test_a_broken_filter_is_a_fault_and_its_rules_stay(broken: Mapping[str, Any]) -> None:
    rules = compiled(rule(), {**FILTER, "filter": {**FILTER["filter"], **broken}})
    assert [one.title for one in rules.rules] == ["Whoami"]
    assert [fault.title for fault in rules.faults] == ["Not by bob"]


def test_placeholders_are_filled_for_every_rule_or_the_rule_says_which_is_missing() -> None:
    text = yaml.safe_dump(with_detection(s={"User|expand": "%admins%"}, condition="s")).encode()
    loaded = load([RuleFile("a.yml", text)])
    rules = compile_rules(loaded, {"admins": ["alice", "Bob"]})
    assert values(rules) == ["alice", "bob"]
    assert "%admins%" in compile_rules(loaded).faults[0].why


def test_placeholders_that_multiply_are_refused() -> None:
    text = yaml.safe_dump(with_detection(s={"User|expand": "%a%" * 8}, condition="s")).encode()
    rules = compile_rules(load([RuleFile("a.yml", text)]), {"a": ["x"] * 20})
    assert "more than 10,000 values" in rules.faults[0].why


def test_lists_in_lists_of_keywords_are_any_of_them() -> None:
    for keywords in ([["alpha", "beta"]], ["alpha", ["beta"]], [["alpha"], ["beta"]]):
        rules = compiled(with_detection(keywords=keywords, condition="keywords"))
        assert not rules.faults
        condition: Any = rules.rules[0].condition
        assert condition[0] == "or"
        assert [(p.field, p.op, p.value) for p in rules.predicates] == [
            (None, Op.CONTAINS, "alpha"),
            (None, Op.CONTAINS, "beta"),
        ]


@pytest.mark.parametrize("field", [[["a", "b"]], [{"a": "b"}], {"a": "b"}])
def test_lists_and_mappings_as_a_value_are_a_fault(field: Any) -> None:
    rules = compiled(with_detection(s={"Image": field}, condition="s"), rule())
    assert len(rules.rules) == 1
    assert len(rules.faults) == 1
    assert rules.faults[0].why


@pytest.mark.parametrize(
    "detection",
    [
        {"a" * 300: ["x"], "condition": "1 of a*"},
        {"selection": ["x"], "condition": "1 of *a*a*a*a*"},
        {"selection": ["x"], "condition": "not " * 500 + "selection"},
        {"selection": ["x"], "condition": "selection or " * 10_000 + "selection"},
        {**{f"s{n}": ["x"] for n in range(1000)}, "condition": " or ".join(["1 of s*"] * 1000)},
        {"selection": ["x"], "condition": 5},
        {"selection": ["x"], "condition": [["selection"]]},
        {"selection": ["x"], "condition": None},
        {"selection": ["x"], "condition": []},
        {"selection": ["x"], "condition": "nothing"},
        {"selection": ["x"], "condition": "1 of nothing_*"},
        {"selection": ["x"], "condition": "selection | count() > 5"},
        {"selection": [], "condition": "selection"},
        {"selection": {}, "condition": "selection"},
    ],
)
def test_conditions_that_cannot_be_judged_are_faults(detection: dict[str, Any]) -> None:
    rules = compiled(rule(detection=detection), rule(id="00000000-0000-4000-8000-000000000009"))
    assert len(rules.rules) == 1
    assert len(rules.faults) == 1
    assert rules.faults[0].why


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Ways to every value inside a document, itself among them."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(deeper for key, part in inside for deeper in places(part, (*path, key)))]


def replaced(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    changed = copy.copy(document)
    changed[path[0]] = replaced(document[path[0]], path[1:], value)
    return changed


def nested(kind: str, depth: int) -> Any:
    value: Any = "x"
    for _ in range(depth):
        value = [value] if kind == "list" else {"a": value}
    return value


TEXTS = st.sampled_from(
    ("", "*", "x" * 5_000, "|", "a|b", "1 of them", "not", "%x%", "\\", "0", "-", "\u2028", "é\x85")
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.dates() | st.datetimes() | TEXTS | st.text()
STRANGE = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(SCALARS.filter(lambda k: k == k), inner, max_size=3),
    max_leaves=6,
) | st.builds(nested, st.sampled_from(("list", "dict")), st.sampled_from((3, 30, 58, 70)))


@given(st.data())
@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_document_makes_compiling_raise(data: st.DataObject) -> None:
    documents = []
    for original in (RULE, CORRELATION, FILTER):
        document: Any = original
        for _ in range(data.draw(st.integers(0, 2))):
            document = replaced(document, data.draw(st.sampled_from(places(document))), data.draw(STRANGE))
        documents.append(document)
    texts = [yaml.safe_dump(document, allow_unicode=data.draw(st.booleans())) for document in documents]
    files = [RuleFile(f"{n}.yml", text.encode("utf-8", "replace")) for n, text in enumerate(texts)]
    rules = compile_rules(load(files))
    assert len(rules.rules) <= 1
    again = RuleSet.from_json(rules.to_json(), rules.selections)
    assert again == rules
    assert all(fault.why and fault.path for fault in rules.faults)


def test_a_placeholder_file_that_means_too_much_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "site.yml"
    path.write_text("admins: [alice, bob]\nport: 22\n")
    assert read_placeholders(str(path)) == {"admins": ["alice", "bob"], "port": ["22"]}
    rows = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12))
    for text in ("a0: &a0 x\n" + rows, "[" * 10_000, "- no mapping\n", "", "a: [", "a: &a [*a]\n"):
        path.write_text(text)
        with pytest.raises(UsageError, match=r"site\.yml is"):
            read_placeholders(str(path))
    assert read_placeholders(None) == {}
