"""Matches of rules add up to what a correlation says, and to nothing else."""

import random
from collections.abc import Iterable
from typing import Any

import pytest
import yaml

from watchfloor.rules.correlation import Correlated, Correlator, Occurrence
from watchfloor.rules.correlation_plan import Bound, CorrelationCondition, CorrelationPlan, plan_of, read_correlation
from watchfloor.rules.faults import RuleFault

SECOND = 1_000_000


def plans(text: str) -> list[CorrelationPlan]:
    """Plans of a file of correlations; a base rule's key is its name."""
    documents = list(yaml.safe_load_all(text))
    return [plan_of(read_correlation(document), str) for document in documents]


def at(second: float, rule: str, number: int = 0, **fields: str | None) -> Occurrence:
    return Occurrence(rule, round(second * SECOND), (0, number or round(second * SECOND)), fields)


def correlated(plan: CorrelationPlan | Iterable[CorrelationPlan], *occurrences: Occurrence) -> list[Correlated]:
    correlator = Correlator([plan] if isinstance(plan, CorrelationPlan) else list(plan))
    correlator.add(occurrences)
    return list(correlator.finish())


def spans(found: Iterable[Correlated]) -> list[tuple[float, float]]:
    return [(one.first / SECOND, one.last / SECOND) for one in found]


def count_of(op: str, value: float, kind: str = "event_count", *rules: str, **more: Any) -> CorrelationPlan:
    fields = more.pop("fields", ())
    condition = CorrelationCondition((Bound(op, value),), fields, more.pop("percentile", None))
    return CorrelationPlan("plan", kind, rules or ("r",), 10 * SECOND, condition=condition, **more)


def temporal(*rules: str, kind: str = "temporal", **more: Any) -> CorrelationPlan:
    return count_of("gte", len(rules), kind, *rules, **more)


BRUTE_FORCE = """
title: Correlation - Multiple Failed Logins Followed by Successful Login
id: b180ead8-d58f-40b2-ae54-c8940995b9b6
correlation:
    type: temporal_ordered
    rules: [multiple_failed_login, successful_login]
    group-by: [User]
    timespan: 10m
---
title: Multiple failed logons
name: multiple_failed_login
correlation:
    type: event_count
    rules: [failed_login]
    group-by: [User]
    timespan: 10m
    condition: {gte: 10}
"""


def failures(count: int, start: float = 0, **fields: str) -> list[Occurrence]:
    return [at(start + n, "failed_login", **fields) for n in range(count)]


class TestChains:
    def test_failed_logins_followed_by_a_success_of_the_same_user(self) -> None:
        found = correlated(plans(BRUTE_FORCE), *failures(10, user="eve"), at(60, "successful_login", user="EVE"))
        assert [one.plan.key for one in found] == ["b180ead8-d58f-40b2-ae54-c8940995b9b6"]
        assert (found[0].group, spans(found), len(found[0].events)) == (("eve",), [(0, 60)], 11)

    @pytest.mark.parametrize(
        "success",
        [
            at(60, "successful_login", user="adam"),
            at(-1, "successful_login", user="eve"),
            at(5.5, "successful_login", user="eve"),
            at(609.000001, "successful_login", user="eve"),
        ],
        ids=["another user", "before", "before the tenth failure", "too late"],
    )
    def test_but_not(self, success: Occurrence) -> None:
        assert not correlated(plans(BRUTE_FORCE), *failures(10, user="eve"), success)

    def test_failures_that_go_on_after_the_success_do_not_hide_it(self) -> None:
        found = correlated(plans(BRUTE_FORCE), *failures(30, user="eve"), at(12.5, "successful_login", user="eve"))
        assert len(found) == 1
        assert len(found[0].events) == 31

    def test_the_success_can_be_in_the_same_second_as_the_failures(self) -> None:
        same = [Occurrence("failed_login", 0, (0, n), {"user": "eve"}) for n in range(20) if n != 15]
        early, late = (Occurrence("successful_login", 0, (0, n), {"user": "eve"}) for n in (-1, 15))
        assert len(correlated(plans(BRUTE_FORCE), *same, late)) == 1
        assert not correlated(plans(BRUTE_FORCE), *same, early)

    def test_the_outer_correlation_only_uses_its_own_group_by(self) -> None:
        spray = plans(BRUTE_FORCE.replace("rules: [failed_login]\n    group-by: [User]", "rules: [failed_login]"))
        many = [at(n, "failed_login", user=f"user{n}") for n in range(10)]
        assert len(correlated(spray, *many, at(20, "successful_login", user="user3"))) == 1
        assert not correlated(spray, *many, at(20, "successful_login", user="admin"))

    def test_what_is_referred_to_is_reported_only_where_the_rule_says_generate(self) -> None:
        text = BRUTE_FORCE.replace("timespan: 10m\n---", "timespan: 10m\n    generate: true\n---")
        occurrences = [*failures(10, user="eve"), at(60, "successful_login", user="eve")]
        assert [one.plan.kind for one in correlated(plans(text), *occurrences)] == ["event_count", "temporal_ordered"]

    def test_bursts_are_counted_not_their_events(self) -> None:
        inner = CorrelationPlan(
            "inner", "event_count", ("r",), SECOND, condition=CorrelationCondition((Bound("gte", 2),))
        )
        outer = CorrelationPlan(
            "outer", "event_count", ("inner",), 100 * SECOND, condition=CorrelationCondition((Bound("gte", 3),))
        )
        pairs = [at(start + step, "r") for start in (0, 10, 20) for step in (0, 0.5)]
        assert spans(correlated([outer, inner], *pairs)) == [(0, 20.5)]
        assert not correlated([outer, inner], *(at(n / 2, "r") for n in range(50)))

    def test_values_of_a_burst_are_measured_once_each(self) -> None:
        inner = CorrelationPlan("inner", "event_count", ("r",), SECOND, ("user",), {}, count_of("gte", 2).condition)
        outer = count_of("gte", 2, "value_count", "inner", fields=("User",))
        two_each = [at(second, "r", user=user) for user in ("eve", "adam") for second in (1, 1.5, 2)]
        assert len(correlated([inner, outer], *two_each)) == 1
        assert not correlated([inner, outer], *two_each[:3])
        total = count_of("gte", 14, "value_sum", "inner", fields=("user",))
        assert not correlated([inner, total], *(at(n / 2, "r", user="7") for n in range(6)))
        assert correlated([inner, total], *(at(n / 2, "r", user=u) for n in range(6) for u in ("7", "8")))

    def test_three_floors(self) -> None:
        pair = count_of("gte", 2).condition
        low = CorrelationPlan("low", "event_count", ("r",), SECOND, ("Host",), {"ip": {"r": "src"}}, pair)
        mid = CorrelationPlan("mid", "temporal", ("low", "x"), SECOND, (), {}, pair)
        top = CorrelationPlan("top", "temporal_ordered", ("mid", "y"), SECOND, ("addr",), {"addr": {"mid": "IP"}}, pair)
        base = [at(0, "r", host="h", src="1"), at(0.1, "r", host="H", src="2"), at(0.2, "x", ip="1")]
        found = correlated([top, low, mid], *base, at(0.3, "y", addr="2"))
        assert [(one.plan.key, one.group, len(one.events)) for one in found] == [("top", ("2",), 4)]

    def test_of_an_endless_burst_only_the_windows_that_matter_are_carried(self) -> None:
        inner = CorrelationPlan("inner", "event_count", ("r",), SECOND, condition=count_of("gte", 3).condition)
        outer = CorrelationPlan(
            "outer", "temporal_ordered", ("inner", "s"), SECOND, ("h",), {}, count_of("gte", 2).condition
        )
        endless = [at(n / 2, "r", h=str(n)) for n in range(2000)]
        found = correlated(
            [inner, outer], *endless, *(at(n / 2 + 1.25, "s", -n, h=str(n)) for n in range(0, 2000, 100))
        )
        assert len(found) == 20
        assert {len(one.events) for one in found} == {4}

    @pytest.mark.parametrize("second", [2, 2.5, 3])
    def test_an_event_stands_for_its_first_and_for_its_last_window(self, second: float) -> None:
        inner = CorrelationPlan("inner", "event_count", ("r",), 2 * SECOND, condition=count_of("gte", 2).condition)
        outer = CorrelationPlan(
            "outer", "temporal_ordered", ("inner", "s"), SECOND, ("h",), {}, count_of("gte", 2).condition
        )
        burst = [at(0, "r", h="x"), at(1, "r", h="other"), at(2, "r", h="other")]
        assert correlated([inner, outer], *burst, at(second, "s", 9, h="x"))
        assert not correlated([inner, outer], *burst, at(3.1, "s", 9, h="x"))

    def test_a_circle_is_refused(self) -> None:
        with pytest.raises(RuleFault, match="circle"):
            Correlator([CorrelationPlan("x", "temporal", ("y",), 1), CorrelationPlan("y", "temporal", ("x",), 1)])


class TestBorders:
    @pytest.mark.parametrize("kind", ["event_count", "temporal", "temporal_ordered"])
    @pytest.mark.parametrize(("second", "held"), [(10, True), (10.000001, False)])
    def test_exactly_the_timespan_is_inside_one_microsecond_more_is_not(
        self, kind: str, second: float, held: bool
    ) -> None:
        plan = count_of("gte", 2, kind, "a", "b")
        assert bool(correlated(plan, at(0, "a"), at(second, "b"))) is held

    def test_a_window_is_not_tied_to_the_clock(self) -> None:
        assert spans(correlated(count_of("gte", 3), at(7, "r"), at(11, "r"), at(16, "r"))) == [(7, 16)]

    def test_times_before_1970_are_times(self) -> None:
        assert spans(correlated(count_of("gte", 2), at(-5, "r"), at(3, "r"))) == [(-5, 3)]


class TestGroups:
    def test_text_is_compared_without_case_and_shown_as_it_came_first(self) -> None:
        plan = count_of("gte", 2, group_by=("Host", "User"))
        found = correlated(plan, at(2, "r", host="DC01", user="Eve"), at(1, "r", host="dc01", user="EVE"))
        assert [one.group for one in found] == [("dc01", "EVE")]

    def test_groups_do_not_mix(self) -> None:
        plan = count_of("gte", 2, group_by=("host",))
        assert not correlated(plan, at(1, "r", host="a"), at(2, "r", host="b"))

    def test_an_empty_text_is_a_group(self) -> None:
        assert correlated(count_of("gte", 2, group_by=("h",)), at(1, "r", h=""), at(2, "r", h=""))[0].group == ("",)

    def test_without_group_by_all_is_one_group(self) -> None:
        assert correlated(count_of("gte", 2), at(1, "r"), at(2, "r"))[0].group == ()

    def test_what_has_no_group_no_time_or_no_value_is_counted(self) -> None:
        correlator = Correlator([count_of("gte", 1, "value_sum", group_by=("Host",), fields=("Bytes",))])
        correlator.add([at(1, "r", host=None, bytes="1"), at(2, "r", bytes="1"), at(3, "r", host="h", bytes="much")])
        correlator.add([at(4, "r", host="h"), Occurrence("r", None, (0, 9), {"host": "h", "bytes": "5"})])
        assert not list(correlator.finish())
        assert (correlator.ungrouped, correlator.unvalued, correlator.untimed) == (2, 2, 1)

    def test_aliases_join_different_fields(self) -> None:
        (plan,) = plans("""
title: Internal error after a connection
name: error_after_connection
correlation:
    type: temporal
    rules: [internal_error, new_network_connection]
    group-by: [internal_ip, remote_ip]
    timespan: 10s
    aliases:
        internal_ip: {internal_error: destination.ip, new_network_connection: source.ip}
        remote_ip: {internal_error: source.ip, new_network_connection: destination.ip}
""")
        error = at(1, "internal_error", **{"destination.ip": "10.0.0.1", "source.ip": "203.0.113.9"})
        back = at(2, "new_network_connection", **{"source.ip": "10.0.0.1", "destination.ip": "203.0.113.9"})
        same = at(2, "new_network_connection", **{"source.ip": "203.0.113.9", "destination.ip": "10.0.0.1"})
        assert correlated(plan, error, back)[0].group == ("10.0.0.1", "203.0.113.9")
        assert not correlated(plan, error, same)

    def test_a_rule_that_an_alias_does_not_name_has_a_field_of_that_name(self) -> None:
        plan = temporal("a", "b", group_by=("ip",), aliases={"ip": {"a": "src"}})
        assert correlated(plan, at(1, "a", src="1"), at(2, "b", ip="1"))


class TestCounts:
    def test_distinct_hosts(self) -> None:
        plan = count_of("gte", 3, "value_count", fields=("Computer",), group_by=("User",))
        hosts = ["a", "A", "b", "b", "a"]
        few = [at(n, "r", user="eve", computer=host) for n, host in enumerate(hosts)]
        assert not correlated(plan, *few)
        assert spans(correlated(plan, *few, at(9, "r", user="eve", computer="c"))) == [(0, 9)]

    def test_distinct_pairs_of_values(self) -> None:
        plan = count_of("gte", 3, "value_count", fields=("a", "b"))
        pairs = [at(n, "r", a=pair[0], b=pair[1]) for n, pair in enumerate(["xy", "yx", "xy"])]
        assert not correlated(plan, *pairs)
        assert correlated(plan, *pairs, at(5, "r", a="x", b="x"))

    @pytest.mark.parametrize(
        ("bounds", "counts"),
        [
            ({"gt": 2}, {3, 4}),
            ({"gte": 2}, {2, 3, 4}),
            ({"lt": 2}, {1}),
            ({"lte": 2}, {1, 2}),
            ({"eq": 2}, {2}),
            ({"gt": 1, "lte": 3}, {2, 3}),
            ({"gte": 2, "lt": 3}, {2}),
        ],
    )
    def test_conditions(self, bounds: dict[str, int], counts: set[int]) -> None:
        condition = CorrelationCondition(tuple(Bound(op, value) for op, value in bounds.items()))
        plan = CorrelationPlan("plan", "event_count", ("r",), 10 * SECOND, condition=condition)
        together = {count: [Occurrence("r", 0, (0, n), {}) for n in range(count)] for count in (1, 2, 3, 4)}
        assert {count for count, occurrences in together.items() if correlated(plan, *occurrences)} == counts

    def test_not_equal(self) -> None:
        plan = count_of("neq", 2)
        assert not correlated(plan, *(Occurrence("r", 0, (0, n), {}) for n in range(2)))
        assert correlated(plan, *(Occurrence("r", 0, (0, n), {}) for n in range(3)))

    @pytest.mark.parametrize(
        ("kind", "percentile", "figure"),
        [
            ("value_sum", None, 22),
            ("value_avg", None, 5.5),
            ("value_median", None, 2.5),
            ("value_percentile", 0, 1),
            ("value_percentile", 100, 16),
            ("value_percentile", 90, 12.1),
            ("value_percentile", 66, 2.98),
        ],
    )
    def test_statistics_of_values(self, kind: str, percentile: int | None, figure: float) -> None:
        values = [Occurrence("r", 0, (0, n), {"n": text}) for n, text in enumerate(["16", "2", "0x3", " 1.0 "])]
        just = {"fields": ("N",), "percentile": percentile}
        assert correlated(count_of("gt", figure - 1e-9, kind, **just), *values)
        assert not correlated(count_of("gt", figure + 1e-9, kind, **just), *values)

    def test_sums_lose_nothing_as_values_come_and_go(self) -> None:
        values = [at(n * 6, "r", n=text) for n, text in enumerate(["1e300", "0.1", "0.2", "-1e300", "7", "8"])]
        assert spans(correlated(count_of("eq", 15, "value_sum", fields=("n",)), *values)) == [(24, 30)]

    @pytest.mark.parametrize("text", ["", "nan", "inf", "1e999", "1_000", "0b1", "ten", "9" * 5000])
    def test_what_is_no_number_is_not_measured(self, text: str) -> None:
        correlator = Correlator([count_of("lt", 10**6, "value_sum", fields=("n",))])
        correlator.add([at(1, "r", n=text)])
        assert not list(correlator.finish())
        assert correlator.unvalued == 1


class TestTemporal:
    def test_all_rules_in_any_order(self) -> None:
        plan = temporal("a", "b", "c")
        assert spans(correlated(plan, at(3, "a"), at(1, "c"), at(2, "b"))) == [(1, 3)]
        assert not correlated(plan, at(3, "a"), at(1, "a"), at(2, "b"))

    def test_some_of_the_rules(self) -> None:
        plan = count_of("gte", 2, "temporal", "a", "b", "c")
        assert correlated(plan, at(1, "a"), at(2, "c"))
        assert not correlated(plan, at(1, "a"), at(2, "a"))

    def test_one_event_can_be_all_of_them(self) -> None:
        plan = temporal("a", "b")
        assert correlated(plan, at(1, "a", 7), at(1, "b", 7))[0].events == ((0, 7),)

    def test_in_order_only(self) -> None:
        plan = temporal("a", "b", "c", kind="temporal_ordered")
        assert correlated(plan, at(1, "a"), at(2, "b"), at(3, "c"))
        assert not correlated(plan, at(1, "a"), at(2, "c"), at(3, "b"))
        assert correlated(plan, at(1, "b"), at(2, "a"), at(3, "c"), at(4, "b"), at(5, "c"))

    def test_at_one_time_the_addresses_decide(self) -> None:
        plan = temporal("a", "b", kind="temporal_ordered")
        assert correlated(plan, at(1, "b", 8), at(1, "a", 7))
        assert not correlated(plan, at(1, "b", 7), at(1, "a", 8))

    def test_an_event_does_not_follow_itself(self) -> None:
        assert not correlated(temporal("a", "b", kind="temporal_ordered"), at(1, "a", 7), at(1, "b", 7))

    def test_a_rule_can_be_wanted_again(self) -> None:
        plan = temporal("a", "b", "a", kind="temporal_ordered")
        assert correlated(plan, at(1, "a"), at(2, "b"), at(3, "a"))
        assert not correlated(plan, at(1, "a"), at(2, "a"), at(3, "b"))

    def test_the_early_start_of_an_order_gives_way_to_a_later_one(self) -> None:
        plan = temporal("a", "b", "c", kind="temporal_ordered")
        assert spans(correlated(plan, at(0, "a"), at(5, "a"), at(6, "b"), at(15, "c"))) == [(5, 15)]

    def test_expressions(self) -> None:
        def plan(expression: str) -> CorrelationPlan:
            section = {"type": "temporal", "timespan": "10s", "condition": expression}
            return plan_of(read_correlation({"title": "t", "name": "n", "correlation": section}), str)

        assert spans(correlated(plan("a and not b"), at(0, "a"), at(4, "b"), at(20, "a"))) == [(20, 20)]
        assert correlated(plan("a and (b or c)"), at(0, "a"), at(4, "c"))
        assert not correlated(plan("a and (b or c)"), at(0, "b"), at(4, "c"))
        both = correlated(plan("(a and not b) or c"), at(0, "a", 1), at(1, "b", 2), at(2, "c", 3))
        assert both[0].events == ((0, 1), (0, 3))


class TestBursts:
    def test_windows_that_overlap_are_one_burst(self) -> None:
        assert spans(correlated(count_of("gte", 3), *(at(n * 4, "r") for n in range(20)))) == [(0, 76)]

    def test_a_pause_starts_a_new_burst(self) -> None:
        seconds = [0, 1, 2, 50, 100, 101, 102]
        found = correlated(count_of("gte", 3), *(at(n, "r") for n in seconds))
        assert spans(found) == [(0, 2), (100, 102)]
        assert [len(one.events) for one in found] == [3, 3]

    def test_windows_side_by_side_are_two_bursts(self) -> None:
        assert spans(correlated(count_of("gte", 2), *(at(n, "r") for n in (0, 9, 19.5, 28)))) == [(0, 9), (19.5, 28)]

    def test_arrival_in_any_order_and_twice_changes_nothing(self) -> None:
        occurrences = [at(n % 17 * 3 + n, rule, n, h="xyz"[n % 3]) for n in range(60) for rule in "ab"]
        plans = [temporal("a", "b", kind="temporal_ordered", group_by=("h",))]
        expected = correlated(plans, *occurrences)
        shuffled = occurrences * 2
        random.Random(4).shuffle(shuffled)
        correlator = Correlator(plans)
        for start in range(0, len(shuffled), 7):
            correlator.add(iter(shuffled[start : start + 7]))
        assert list(correlator.finish()) == expected
        assert expected

    def test_one_match_given_twice_counts_once(self) -> None:
        assert not correlated(count_of("gte", 2), at(1, "r"), at(1, "r"))

    def test_matches_of_other_rules_are_nobodys_business(self) -> None:
        assert not correlated(count_of("gte", 1), at(1, "other"))

    def test_one_huge_group_takes_no_square_of_its_size(self) -> None:
        plan = [
            CorrelationPlan(
                kind, kind, ("r",), 10**12, (), {}, CorrelationCondition((Bound("gte", 10**9),), ("n",), 95)
            )
            for kind in ("event_count", "value_count", "value_sum", "value_percentile")
        ]
        assert not correlated(plan, *(at(n, "r", n=str(n * 7919 % 1000)) for n in range(50_000)))
