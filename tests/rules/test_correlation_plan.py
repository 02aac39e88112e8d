"""A correlation rule becomes a plan, or a reason why it cannot."""

import json
from dataclasses import asdict
from typing import Any

import pytest

from watchfloor.rules.correlation_plan import (
    Bound,
    CorrelationPlan,
    circular,
    needed_fields,
    ordered,
    plan_of,
    read_correlation,
)
from watchfloor.rules.faults import RuleFault

KEYS = {"a": "key-a", "b": "key-b", "c": "key-c", "id-of-a": "key-a", "own": "own"}


def planned(**section: Any) -> CorrelationPlan:
    document = {
        "title": "t",
        "name": "own",
        "correlation": {"type": "event_count", "rules": ["a"], "timespan": "5m", "group-by": ["Host"]} | section,
    }
    return plan_of(read_correlation(document), KEYS.get)


def test_a_plan_says_what_the_rule_says() -> None:
    plan = planned(condition={"gte": 10}, generate=True)
    assert (plan.key, plan.kind, plan.rules, plan.generate) == ("own", "event_count", ("key-a",), True)
    assert (plan.timespan_us, plan.group_by) == (300_000_000, ("Host",))
    assert plan.condition.bounds == (Bound("gte", 10),)


@pytest.mark.parametrize(
    ("timespan", "seconds"), [("1s", 1), ("90m", 5400), ("2h", 7200), ("1d", 86400), ("1w", 604800)]
)
def test_timespans(timespan: str, seconds: int) -> None:
    assert planned(timespan=timespan, condition={"gte": 1}).timespan_us == seconds * 1_000_000


def test_both_bounds_of_a_range_are_kept() -> None:
    assert planned(condition={"gt": 100, "lte": 200}).condition.bounds == (Bound("lte", 200), Bound("gt", 100))


def test_fractions_of_bounds_and_percentiles_are_kept() -> None:
    plan = planned(type="value_percentile", condition={"gt": 0.5, "field": "Score", "percentile": 99.5})
    assert plan.condition.bounds == (Bound("gt", 0.5),)
    assert plan.condition.percentile == 99.5


def test_by_default_a_temporal_correlation_wants_all_its_rules() -> None:
    assert planned(type="temporal", rules=["a", "b", "c"]).condition.bounds == (Bound("gte", 3),)


def test_one_rule_by_its_id_and_its_name_is_one_rule() -> None:
    plan = planned(type="temporal", rules=["a", "id-of-a", "b"])
    assert plan.rules == ("key-a", "key-b")
    assert plan.condition.bounds == (Bound("gte", 2),)


def test_rules_may_be_named_by_the_expression_alone() -> None:
    plan = planned(type="temporal", rules=None, condition="a and not (b or c)")
    assert plan.rules == ("key-a", "key-b", "key-c")
    assert plan.condition.expression == ("and", "key-a", ("not", ("or", "key-b", "key-c")))


@pytest.mark.parametrize(
    ("section", "why"),
    [
        ({"rules": ["a", "ghost"], "condition": {"gte": 1}}, "ghost, which is unknown"),
        ({"rules": ["own"], "condition": {"gte": 1}}, "refers to itself"),
        ({"condition": {"lt": 1}}, "no window with a match can meet"),
        ({"condition": {"gt": 5, "lt": 6}}, "no window with a match can meet"),
        ({"type": "temporal", "rules": ["a", "b"], "condition": {"gte": 3}}, "no window with a match can meet"),
        ({"type": "temporal", "rules": None, "condition": "not a"}, "none of its rules match"),
        ({"type": "temporal_ordered", "rules": ["a", "b"], "condition": "a or b"}, "only join its rules with 'and'"),
        ({"type": "value_percentile", "condition": {"gt": 1, "field": "n"}}, "percentile from 0 to 100"),
        ({"type": "value_percentile", "condition": {"gt": 1, "field": "n", "percentile": 101}}, "from 0 to 100"),
        ({"type": "value_sum", "condition": {"gt": 1, "field": ["m", "n"]}}, "one field"),
        ({"type": "value_count", "condition": {"gt": 1, "field": []}}, "names no field"),
        ({"type": "value_count", "condition": {"gt": 1, "field": {"a": 1}}}, "neither a name nor a list"),
        ({"type": "temporal_ordered", "rules": ["a", "b"] * 33}, "an order of 66 rules"),
        ({"condition": {"gt": True}}, "no number"),
        ({"condition": {"lte": 2, "gte": "nan"}}, "no number"),
        ({"condition": {"gte": 1}, "aliases": {"ip": {"ghost": "x"}}}, "ghost, which is unknown"),
        ({"condition": {"gte": 1}, "aliases": {"ip": {"b": "x"}}}, "not correlated here"),
        ({"condition": {"gte": 1}, "aliases": {"ip": {"a": ["x"]}}}, "does not name one field"),
    ],
)
def test_what_cannot_be_judged_rightly_is_refused_with_the_reason(section: dict[str, Any], why: str) -> None:
    with pytest.raises(RuleFault, match=why):
        planned(**section)


def test_a_rule_that_pysigma_read_with_errors_is_refused() -> None:
    from sigma.correlations import SigmaCorrelationRule

    section = {"type": "event_count", "rules": ["a"], "condition": {"gte": 1}}
    rule = SigmaCorrelationRule.from_dict({"title": "t", "correlation": section}, collect_errors=True)
    with pytest.raises(RuleFault, match="timespan"):
        plan_of(rule, KEYS.get)


@pytest.mark.parametrize(
    "section",
    [
        {"condition": {"gte": 10}},
        {"type": "value_percentile", "condition": {"gt": 1, "lte": 7, "field": "n", "percentile": 95}},
        {"type": "temporal", "rules": ["a", "b"], "condition": "a and not b", "aliases": {"Ip": {"a": "Src"}}},
    ],
)
def test_a_plan_survives_the_cache(section: dict[str, Any]) -> None:
    plan = planned(**section)
    assert CorrelationPlan.from_json(json.loads(json.dumps(asdict(plan)))) == plan


def test_fields_needed_follow_aliases() -> None:
    plan = planned(
        type="value_count",
        rules=["a", "b"],
        condition={"gte": 2, "field": "IP"},
        aliases={"ip": {"a": "SourceIp", "b": "DestinationIp"}},
    )
    assert plan.fields_needed() == {"key-a": {"host", "sourceip"}, "key-b": {"host", "destinationip"}}


def test_fields_needed_reach_through_a_chain() -> None:
    inner = CorrelationPlan("inner", "event_count", ("a",), 1, ("Host",), {"who": {"a": "TargetUser"}})
    outer = CorrelationPlan("outer", "temporal", ("inner", "b"), 1, ("Who",))
    assert needed_fields([outer, inner]) == {"a": {"host", "targetuser"}, "b": {"who"}, "inner": {"who"}}


def test_circles_are_named_and_leave_the_others_usable() -> None:
    x = CorrelationPlan("x", "event_count", ("y",), 1)
    y = CorrelationPlan("y", "event_count", ("x",), 1)
    z = CorrelationPlan("z", "event_count", ("x",), 1)
    fine = CorrelationPlan("fine", "event_count", ("a",), 1)
    assert circular([x, y, z, fine]) == {"x", "y", "z"}
    with pytest.raises(RuleFault, match=r"circle: . -> . -> ."):
        ordered([x, y])
    with pytest.raises(RuleFault, match="same key"):
        ordered([fine, fine])
