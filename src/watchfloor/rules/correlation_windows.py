"""The windows of one group in which a correlation's condition holds, found in one pass over the group.

A window slides by two pointers; a gauge follows it item by item and knows its figure at any moment, so the
cost is that of the items (times their logarithm for percentiles), however large the window.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import Any, NamedTuple, Protocol

from watchfloor.rules.correlation_plan import COUNTING, OPERATORS, CorrelationPlan, reached, truth

Number = int | Fraction


class Item(NamedTuple):
    """One occurrence as a plan sees it: ``rule`` is its place among the plan's distinct rules."""

    time: int
    event: tuple[Any, ...]
    rule: int
    value: Any = None
    burst: Any = None  # the burst of another correlation that this is one of the moments of
    carry: tuple[str | None, ...] = ()
    since: tuple[int, tuple[Any, ...]] | None = None  # time and address where that moment's window begins


class Gauge(Protocol):
    """Follows a window: items enter at its end and leave at its start."""

    def enter(self, place: int) -> None:
        """The window grows by the item at ``place``."""

    def leave(self, place: int) -> None:
        """The window loses the item at ``place``."""

    def figure(self) -> Any:
        """What the condition is about."""


def windows(items: Sequence[Item], plan: CorrelationPlan) -> Iterator[tuple[int, int]]:
    """First and last place of every window that satisfies the plan, both never falling. Items come in order."""
    condition = plan.condition
    if condition.rising and plan.kind in COUNTING and len(items) < max((b.value for b in condition.bounds), default=0):
        return iter(())  # no figure of a kind that counts is above the number of items
    times = [item.time for item in items]
    gauge = _gauge(items, plan)
    if isinstance(gauge, _Count) and condition.rising:
        return _crowded(times, plan)
    holds = _judge(plan)
    if condition.rising:
        return _looking_back(times, plan.timespan_us, gauge, holds, tied=plan.kind not in COUNTING)
    return _looking_ahead(times, plan.timespan_us, gauge, holds)


def _crowded(times: Sequence[int], plan: CorrelationPlan) -> Iterator[tuple[int, int]]:
    """`_looking_back` for what only counts: enough items in time, without a gauge."""
    more = [math.floor(b.value) if b.op == "gt" else math.ceil(b.value) - 1 for b in plan.condition.bounds]
    before, start = max(0, *more, 0), 0
    for end in range(before, len(times)):
        if times[end] - times[end - before] <= plan.timespan_us:
            while times[end] - times[start] > plan.timespan_us:
                start += 1
            yield start, end


def _looking_back(
    times: Sequence[int], span: int, gauge: Gauge, holds: Callable[[Any], bool], tied: bool
) -> Iterator[tuple[int, int]]:
    """Windows that end at each item; ``tied``: only at the last of several at the same time."""
    start, last = 0, len(times) - 1
    enter, leave, figure = gauge.enter, gauge.leave, gauge.figure
    for end, time in enumerate(times):
        enter(end)
        while time - times[start] > span:
            leave(start)
            start += 1
        if tied and end < last and times[end + 1] == time:
            continue
        if holds(figure()):
            yield start, end


def _looking_ahead(
    times: Sequence[int], span: int, gauge: Gauge, holds: Callable[[Any], bool]
) -> Iterator[tuple[int, int]]:
    """Windows that start at each time and hold all that follows within the span."""
    end = -1
    for start, time in enumerate(times):
        while end + 1 < len(times) and times[end + 1] - time <= span:
            end += 1
            gauge.enter(end)
        if (not start or times[start - 1] < time) and holds(gauge.figure()):
            yield start, end
        gauge.leave(start)


def _judge(plan: CorrelationPlan) -> Callable[[Any], bool]:
    condition = plan.condition
    if condition.expression is None:
        if len(condition.bounds) != 1:
            return lambda figure: reached(condition.bounds, figure)
        compare, value = OPERATORS[condition.bounds[0].op], condition.bounds[0].value
        return lambda figure: compare(figure, value)
    expression = condition.expression
    rules = tuple(dict.fromkeys(plan.rules))
    known: dict[int, bool] = {}

    def holds(seen: int) -> bool:
        if seen not in known:
            known[seen] = truth(expression, frozenset(rule for n, rule in enumerate(rules) if seen >> n & 1))
        return known[seen]

    return holds


def _gauge(items: Sequence[Item], plan: CorrelationPlan) -> Gauge:
    if plan.kind == "temporal":
        seen = _Seen(items)
        return seen if plan.condition.expression is not None else _HowMany(items, seen)
    if plan.kind == "temporal_ordered":
        return _InOrder(items, plan.rules)
    if plan.kind == "value_count":
        return _Distinct([item.value for item in items])
    if plan.kind == "event_count":
        if all(item.burst is None for item in items):
            return _Count()
        return _Distinct(
            [(0, place) if item.burst is None else (1, id(item.burst)) for place, item in enumerate(items)]
        )
    values = [item.value for item in items]
    gauge: Gauge
    if plan.kind in ("value_sum", "value_avg"):
        gauge = _Sum(values, average=plan.kind == "value_avg")
    else:
        gauge = _Rank(values, Fraction(50 if plan.kind == "value_median" else plan.condition.percentile or 0))
    if any(item.burst is not None for item in items):
        return _Once([(-1 - n, 0) if i.burst is None else (id(i.burst), i.value) for n, i in enumerate(items)], gauge)
    return gauge


class _Count:
    """How many items."""

    def __init__(self) -> None:
        self._count = 0

    def enter(self, place: int) -> None:
        self._count += 1

    def leave(self, place: int) -> None:
        self._count -= 1

    def figure(self) -> int:
        return self._count


class _Distinct:
    """How many different values."""

    def __init__(self, values: Sequence[Any]) -> None:
        self._values = values
        self._counts: dict[Any, int] = {}

    def enter(self, place: int) -> None:
        value = self._values[place]
        self._counts[value] = self._counts.get(value, 0) + 1

    def leave(self, place: int) -> None:
        value = self._values[place]
        if self._counts[value] == 1:
            del self._counts[value]
        else:
            self._counts[value] -= 1

    def figure(self) -> int:
        return len(self._counts)


class _Seen:
    """Which rules, as bits."""

    def __init__(self, items: Sequence[Item]) -> None:
        self._items = items
        self._counts: Counter[int] = Counter()
        self._bits = 0

    def enter(self, place: int) -> None:
        rule = self._items[place].rule
        self._counts[rule] += 1
        self._bits |= 1 << rule

    def leave(self, place: int) -> None:
        rule = self._items[place].rule
        self._counts[rule] -= 1
        if not self._counts[rule]:
            self._bits ^= 1 << rule

    def figure(self) -> int:
        return self._bits


class _HowMany:
    """How many rules."""

    def __init__(self, items: Sequence[Item], seen: _Seen) -> None:
        self._seen = seen
        self.enter = seen.enter
        self.leave = seen.leave

    def figure(self) -> int:
        return self._seen.figure().bit_count()


class _InOrder:
    """The most rules that appear in the listed order.

    ``_starts[n][p]`` is the latest start of n+1 events in order of which the last stands at list place p or
    before: the window holds such events if that start is in it. Of one event that several rules match, only
    one counts, for an event does not follow itself; so its starts wait until the next event.
    """

    def __init__(self, items: Sequence[Item], rules: Sequence[str]) -> None:
        self._items = items
        distinct = list(dict.fromkeys(rules))
        self._places = [[n for n, rule in enumerate(rules) if rule == key] for key in distinct]
        self._starts = [[-1] * len(rules) for _ in rules]
        self._waiting: list[tuple[int, int, int]] = []
        self._event: tuple[Any, ...] | None = None
        self._first = 0

    def enter(self, place: int) -> None:
        item = self._items[place]
        if (item.time, item.event) != self._event:
            self._event = (item.time, item.event)
            self._settle()
        for listed in self._places[item.rule]:
            self._waiting.append((0, listed, place))
            for before in range(listed):
                start = self._starts[before][listed - 1]
                if start >= self._first:
                    self._waiting.append((before + 1, listed, start))

    def _settle(self) -> None:
        for length, listed, start in self._waiting:
            row = self._starts[length]
            for later in range(listed, len(row)):
                if row[later] >= start:
                    break
                row[later] = start
        self._waiting.clear()

    def leave(self, place: int) -> None:
        self._first = place + 1

    def figure(self) -> int:
        most = max((length + 1 for length, _, start in self._waiting if start >= self._first), default=0)
        return max(most, sum(row[-1] >= self._first for row in self._starts))


class _Sum:
    """The sum or the mean of numbers, exact: whole numbers and fractions lose nothing as they come and go."""

    def __init__(self, values: Sequence[Number], average: bool) -> None:
        self._values = values
        self._average = average
        self._sum: Number = 0
        self._count = 0

    def enter(self, place: int) -> None:
        self._sum += self._values[place]
        self._count += 1

    def leave(self, place: int) -> None:
        self._sum -= self._values[place]
        self._count -= 1

    def figure(self) -> Number:
        return Fraction(self._sum, self._count) if self._average else self._sum


class _Rank:
    """A percentile of numbers, between two of them in proportion; counts per rank in a Fenwick tree."""

    def __init__(self, values: Sequence[Number], percentile: Fraction) -> None:
        self._ladder = sorted(set(values))
        rank = {value: n for n, value in enumerate(self._ladder, start=1)}
        self._ranks = [rank[value] for value in values]
        self._tree = [0] * (len(self._ladder) + 1)
        self._top = 1 << (len(self._ladder).bit_length() - 1)
        self._percentile = percentile
        self._count = 0

    def enter(self, place: int) -> None:
        self._change(self._ranks[place], 1)

    def leave(self, place: int) -> None:
        self._change(self._ranks[place], -1)

    def _change(self, rank: int, step: int) -> None:
        self._count += step
        tree = self._tree
        while rank < len(tree):
            tree[rank] += step
            rank += rank & -rank

    def _at(self, position: int) -> Number:
        """The value at a position from 0 among the window's values in order."""
        rank, step, tree = 0, self._top, self._tree
        while step:
            higher = rank + step
            if higher < len(tree) and tree[higher] <= position:
                position -= tree[higher]
                rank = higher
            step >>= 1
        return self._ladder[rank]

    def figure(self) -> Number:
        numerator, denominator = self._percentile.numerator * (self._count - 1), self._percentile.denominator * 100
        position, rest = divmod(numerator, denominator)
        value = self._at(position)
        return value + (self._at(position + 1) - value) * Fraction(rest, denominator) if rest else value


class _Once:
    """Lets what several items have in common into another gauge once."""

    def __init__(self, same: Sequence[tuple[int, Any]], inner: Gauge) -> None:
        self._same = same
        self._inner = inner
        self._counts: Counter[tuple[int, Any]] = Counter()
        self._place: dict[tuple[int, Any], int] = {}

    def enter(self, place: int) -> None:
        same = self._same[place]
        self._counts[same] += 1
        if self._counts[same] == 1:
            self._place[same] = place
            self._inner.enter(place)

    def leave(self, place: int) -> None:
        same = self._same[place]
        self._counts[same] -= 1
        if not self._counts[same]:
            self._inner.leave(self._place[same])

    def figure(self) -> Any:
        return self._inner.figure()
