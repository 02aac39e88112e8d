"""Correlations equal a slow, literal evaluator that lists the windows one by one."""

import statistics
from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from watchfloor.rules.correlation import Correlator, Occurrence
from watchfloor.rules.correlation_plan import (
    COUNTING,
    KINDS,
    OPERATORS,
    Bound,
    CorrelationCondition,
    CorrelationPlan,
    Expression,
)

SPAN = 5
RULES = ("a", "b", "c")
Found = set[tuple[str, int, int, tuple[tuple[int, int], ...]]]

match = st.tuples(
    st.sampled_from(RULES),
    st.integers(0, 25),
    st.integers(0, 11),
    st.sampled_from(["h", "H", "k", None]),
    st.sampled_from(["-3", "0", "1", "1.5", "2", "0x10", "x", "X", None]),
)
bound = st.builds(Bound, st.sampled_from(sorted(OPERATORS)), st.integers(-2, 6))
expression: st.SearchStrategy[Expression] = st.recursive(
    st.sampled_from(RULES),
    lambda inner: st.one_of(st.tuples(st.sampled_from(["and", "or"]), inner, inner), st.tuples(st.just("not"), inner)),
    max_leaves=4,
)


def occurrences_of(matches: Sequence[tuple[str, int, int, str | None, str | None]]) -> list[Occurrence]:
    """An event has one time and one set of fields, whichever rules match it."""
    facts: dict[int, tuple[int, str | None, str | None]] = {}
    for _, time, event, host, value in matches:
        facts.setdefault(event, (time, host, value))
    return [
        Occurrence(rule, facts[event][0], (0, event), {"host": facts[event][1], "v": facts[event][2]})
        for rule, _, event, _, _ in matches
    ]


def holds(expression: Expression, seen: set[str]) -> bool:
    if isinstance(expression, str):
        return expression in seen
    if expression[0] == "not":
        return not holds(expression[1], seen)
    return (all if expression[0] == "and" else any)(holds(part, seen) for part in expression[1:])


def only_denied(expression: Expression) -> set[str]:
    """Rules that stand under an odd number of 'not' and nowhere else: their events do not carry a result."""

    def places(part: Expression, odd: bool) -> set[tuple[str, bool]]:
        if isinstance(part, str):
            return {(part, odd)}
        return set().union(*(places(inner, odd ^ (part[0] == "not")) for inner in part[1:]))

    found = places(expression, False)
    return {rule for rule, odd in found if odd and (rule, False) not in found}


def number(text: str | None) -> Fraction | None:
    try:
        return Fraction(int(text, 16)) if text and text.startswith("0x") else Fraction(text or "")
    except ValueError:
        return None


def most_in_order(window: Sequence[Occurrence], rules: Sequence[str]) -> int:
    def reach(position: int, after: tuple[object, ...]) -> int:
        return max(
            (
                1 + reach(later + 1, (one.time, one.event))
                for later in range(position, len(rules))
                for one in window
                if one.rule == rules[later] and (one.time, one.event) > after
            ),
            default=0,
        )

    return reach(0, (-1, ()))


def percentile(values: Sequence[Fraction], percent: int) -> Fraction:
    place = Fraction(percent * (len(values) - 1), 100)
    low = int(place)
    high = min(low + 1, len(values) - 1)
    return sorted(values)[low] + (sorted(values)[high] - sorted(values)[low]) * (place - low)


def satisfied(plan: CorrelationPlan, window: Sequence[Occurrence]) -> bool:
    condition = plan.condition
    if condition.expression is not None:
        return holds(condition.expression, {one.rule for one in window})
    if plan.kind == "event_count":
        figure: Fraction | int = len(window)
    elif plan.kind == "temporal":
        figure = len({one.rule for one in window})
    elif plan.kind == "temporal_ordered":
        figure = most_in_order(window, plan.rules)
    elif plan.kind == "value_count":
        figure = len({str(one.fields["v"]).lower() for one in window})
    else:
        values = [value for one in window if (value := number(one.fields["v"])) is not None]
        figure = {
            "value_sum": sum,
            "value_avg": statistics.mean,
            "value_median": statistics.median,
            "value_percentile": lambda values: percentile(values, 70),
        }[plan.kind](values)
    return all(OPERATORS[bound.op](figure, bound.value) for bound in condition.bounds)


def usable(plan: CorrelationPlan, one: Occurrence) -> bool:
    value = one.fields["v"]
    measured = plan.kind not in COUNTING
    lost = (measured and number(value) is None) or (plan.kind == "value_count" and value is None)
    return one.rule in plan.rules and one.fields["host"] is not None and not lost


def components(windows: Sequence[frozenset[int]]) -> list[set[int]]:
    bursts = [set(window) for window in windows]
    while True:
        touching = next(((x, y) for x, y in combinations(range(len(bursts)), 2) if bursts[x] & bursts[y]), None)
        if touching is None:
            return bursts
        bursts[touching[0]] |= bursts.pop(touching[1])


def slowly(plan: CorrelationPlan, occurrences: Sequence[Occurrence]) -> Found:
    found: Found = set()
    unique = {(one.rule, one.event): one for one in occurrences if usable(plan, one)}.values()
    denied = only_denied(plan.condition.expression or "a")
    looks_back = plan.kind not in COUNTING and all(bound.op in ("gt", "gte") for bound in plan.condition.bounds)
    for host in {str(one.fields["host"]).lower() for one in unique}:
        group = [one for one in unique if str(one.fields["host"]).lower() == host]
        windows = []
        for time in {one.time or 0 for one in group}:
            low, high = (time - SPAN, time) if looks_back else (time, time + SPAN)
            window = frozenset(n for n, one in enumerate(group) if low <= (one.time or 0) <= high)
            if satisfied(plan, [group[n] for n in sorted(window)]):
                windows.append(window)
        for burst in components(windows):
            carrying = [group[n] for n in burst if group[n].rule not in denied]
            events = sorted({(one.time or 0, one.event) for one in carrying})
            addresses = tuple(event for _, event in events)
            found.add((host, events[0][0], events[-1][0], addresses))
    return found


def quickly(plans: Sequence[CorrelationPlan], occurrences: Sequence[Occurrence]) -> Found:
    correlator = Correlator(plans)
    correlator.add(occurrences)
    found = [(one.group[0].lower(), one.first, one.last, one.events) for one in correlator.finish()]
    assert len(set(found)) == len(found)
    return set(found)


@settings(max_examples=600, deadline=None)
@given(
    st.lists(match, max_size=25),
    st.sampled_from(KINDS),
    st.lists(bound, min_size=1, max_size=2, unique_by=lambda bound: bound.op),
    st.lists(st.sampled_from(RULES), min_size=1, max_size=4),
)
def test_every_kind_and_condition(
    matches: list[tuple[str, int, int, str | None, str | None]], kind: str, bounds: list[Bound], rules: list[str]
) -> None:
    condition = CorrelationCondition(tuple(bounds), ("V",) if kind.startswith("value") else (), 70)
    listed = tuple(rules) if kind == "temporal_ordered" else tuple(dict.fromkeys(rules))
    plan = CorrelationPlan("plan", kind, listed, SPAN, ("Host",), condition=condition)
    occurrences = occurrences_of(matches)
    assert quickly([plan], occurrences) == slowly(plan, occurrences)


@settings(max_examples=200, deadline=None)
@given(st.lists(match, max_size=20), expression)
def test_expressions(matches: list[tuple[str, int, int, str | None, str | None]], condition: Expression) -> None:
    rules = tuple(rule for rule in RULES if f"'{rule}'" in repr(condition))
    plan = CorrelationPlan("plan", "temporal", rules, SPAN, ("Host",), {}, CorrelationCondition(expression=condition))
    assume(not holds(condition, set()))
    occurrences = occurrences_of(matches)
    assert quickly([plan], occurrences) == slowly(plan, occurrences)


@settings(max_examples=300, deadline=None)
@given(st.lists(match, max_size=25), st.integers(1, 3))
def test_many_of_one_then_another(matches: list[tuple[str, int, int, str | None, str | None]], many: int) -> None:
    inner = CorrelationPlan(
        "inner", "event_count", ("a",), SPAN, ("Host",), condition=CorrelationCondition((Bound("gte", many),))
    )
    outer = CorrelationPlan(
        "outer", "temporal_ordered", ("inner", "b"), SPAN, ("Host",), condition=CorrelationCondition((Bound("gte", 2),))
    )
    unique = list({(one.rule, one.event): one for one in occurrences_of(matches)}.values())
    expected = set()
    for then in (one for one in unique if one.rule == "b" and one.fields["host"] is not None):
        host = str(then.fields["host"]).lower()
        first = sorted((one.time, one.event) for one in unique if one.rule == "a" and same_host(one, host))
        for place, (time, event) in enumerate(first):
            within = [one for one in first[: place + 1] if (one[0] or 0) >= (time or 0) - SPAN]
            follows = (time, event) < (then.time, then.event) and (then.time or 0) - (time or 0) <= SPAN
            if len(within) >= many and follows:
                expected.add((host, then.event))
    found = quickly([outer, inner], unique)
    successes = {(str(one.fields["host"]).lower(), one.event) for one in unique if one.rule == "b"}
    told = {(host, event) for host, _, _, events in found for event in events} & successes
    assert expected <= told
    assert {host for host, *_ in found} == {host for host, _ in expected}


def same_host(one: Occurrence, host: str) -> bool:
    return str(one.fields["host"]).lower() == host and one.fields["host"] is not None
