"""Sigma correlations over the matches of other rules: who did how much, what together, what in which order.

A correlation looks at each of its groups alone ("count events for each group specified by group-by
separately"): occurrences whose group-by fields, after aliases, are the same texts without regard to case. An
occurrence without one of these fields belongs to no group, one without a time or without the value to measure
cannot be placed; they are counted in ``ungrouped``, ``untimed`` and ``unvalued``, once for each correlation
that lost them. The timespan "should not be restricted to boundaries": a window slides, and holds occurrences
of which the last is at most the timespan after the first. ``event_count`` counts occurrences, ``value_count``
distinct values of the condition's field (distinct tuples of several), without regard to case; ``value_sum``,
``value_avg``, ``value_median`` and ``value_percentile`` (in proportion between the two nearest) measure its
numbers, exactly. ``temporal`` is "the count of different event types (Sigma rules matching)", by default all
of them, or an expression over which rules match; ``temporal_ordered`` "requires in addition that the events
appear in the order provided" and counts the most rules that appear so: at one time the events' addresses
decide, and one event does not follow itself. Conditions that only ask for more (gt, gte, an expression without
not) are judged looking back from each occurrence. All others (lt, lte, eq, neq, ranges, not) are judged for the
window that starts at each time and holds everything up to the timespan after it; the end of what was added
closes it. Windows that satisfy the condition and share an occurrence are one burst, and a burst is one
``Correlated`` with all their events (without those of rules that are only denied). Where a correlation refers
to another, each event of the other's burst stands for it, at the moments when the first and the last satisfying
window with that event were complete, and with that event's fields ("the correlation rule only uses its own
group-by"); all these moments of one burst count as one occurrence of the other, and bring the events of their
windows (of the burst so far, where that other itself refers to a third). A correlation that another refers to
without ``generate`` is not reported itself.
Occurrences come in no order of time across files, so what correlations need of them is kept until ``finish``.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from operator import itemgetter
from typing import Any

from watchfloor.rules.correlation_plan import COUNTING, CorrelationPlan, ordered, wanted
from watchfloor.rules.correlation_windows import Item, Number, windows

Fetch = Callable[[str], str | None]
_in_order = itemgetter(0, 1, 2)
_new = tuple.__new__  # a named tuple's own constructor takes three times as long


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One match of a rule. ``fields`` holds what correlations need of the event, by lower-case name."""

    rule: str
    time: int | None  # microseconds since 1970 UTC
    event: tuple[Any, ...]
    fields: Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Correlated:
    """One burst in which a correlation held: the times of its first and last event, and all their addresses."""

    plan: CorrelationPlan
    group: tuple[str, ...]
    first: int
    last: int
    events: tuple[tuple[Any, ...], ...]


#: An event of a burst, and the first and the last event of a window with it.
_Moment = tuple[Item, Item, Item]


@dataclass(slots=True, eq=False)
class _Burst:
    """Events of one burst in order, and of a correlation that others refer to, its moments."""

    events: list[tuple[int, tuple[Any, ...]]]
    moments: list[_Moment]


@dataclass(slots=True)
class _Group:
    """Items of one group; its texts are written as in the earliest."""

    time: int
    event: tuple[Any, ...]
    texts: tuple[str | None, ...]
    items: list[Item] = field(default_factory=list)


class _Stage:
    """One plan at work. ``carried`` are the names by which later correlations ask for its events' fields."""

    def __init__(self, plan: CorrelationPlan, carried: Sequence[str], silent: bool) -> None:
        self.plan = plan
        self.carried = tuple(carried)
        self.silent = silent
        self.groups: dict[tuple[str, ...], _Group] = {}
        self.feeds: list[_Feed] = []
        expression = plan.condition.expression
        speaking = set(plan.rules) if expression is None else wanted(expression)
        self._deaf = {n for n, rule in enumerate(dict.fromkeys(plan.rules)) if rule not in speaking}

    def bursts(self, group: _Group) -> Iterator[_Burst]:
        items = _single(group.items)
        start, end, found = 0, -1, list[tuple[int, int]]()
        for window in windows(items, self.plan):
            if found and window[0] > end:
                yield self._burst(items, start, end, found)
                found = []
            if not found:
                start = window[0]
            end = window[1]
            if self.feeds:
                found.append(window)
            else:
                found = [window]
        if found:
            yield self._burst(items, start, end, found)

    def _burst(self, items: Sequence[Item], start: int, end: int, found: Sequence[tuple[int, int]]) -> _Burst:
        own = [n for n in range(start, end + 1) if items[n].rule not in self._deaf]
        events = [(items[n].time, items[n].event) for n in own if items[n].burst is None]
        if len(events) < len(own):
            events.extend(_events_behind([items[n] for n in own if items[n].burst is not None]))
            events.sort()
        moments: list[_Moment] = []
        early = late = 0
        for n in own if self.feeds else ():
            while found[early][1] < n:
                early += 1
            while late + 1 < len(found) and found[late + 1][0] <= n:
                late += 1
            for begin, complete in {found[early], found[late]}:
                moments.append((items[n], items[begin], items[complete]))
        return _Burst(list(dict.fromkeys(events)), moments)


def _events_behind(items: Sequence[Item]) -> Iterator[tuple[int, tuple[Any, ...]]]:
    """Events of other correlations' windows, each window's once however much they overlap."""
    told: dict[int, int] = {}
    for item in items:
        events: list[tuple[int, tuple[Any, ...]]] = item.burst.events
        start = 0 if item.since is None else bisect_left(events, item.since)
        start = max(start, told.get(id(item.burst), 0))
        stop = max(start, bisect_right(events, (item.time, item.event)))
        yield from events[start:stop]
        told[id(item.burst)] = stop


@dataclass(slots=True)
class _Feed:
    """The way of one rule's occurrences into one stage: the fields of that rule's events that matter there."""

    stage: _Stage
    rule: int
    group: tuple[str, ...]
    value: Callable[[Fetch], Any] | None
    carry: tuple[str, ...]


class Correlator:
    """Takes occurrences in any order and tells, at the end, what they add up to."""

    def __init__(self, plans: Sequence[CorrelationPlan]) -> None:
        """Plans in any order.

        Raises:
            RuleFault: they refer to each other in a circle, or two have the same key.
        """
        self.untimed = 0
        self.ungrouped = 0
        self.unvalued = 0
        self._feeds: dict[str, list[_Feed]] = {}
        in_turn = ordered(plans)
        quiet = {rule for plan in plans if not plan.generate for rule in plan.rules}
        carried: dict[str, set[str]] = {}
        stages: list[_Stage] = []
        for plan in reversed(in_turn):
            names = carried.get(plan.key, set())
            stages.append(_Stage(plan, sorted(names), plan.key in quiet))
            for rule, needed in plan.fields_needed().items():
                carried.setdefault(rule, set()).update(needed, (plan.field_in(name, rule) for name in names))
        self._stages = stages[::-1]
        for stage in self._stages:
            for number, rule in enumerate(dict.fromkeys(stage.plan.rules)):
                self._feeds.setdefault(rule, []).append(_feed(stage, number, rule))
        for stage in self._stages:
            stage.feeds = self._feeds.pop(stage.plan.key, [])

    def add(self, occurrences: Iterable[Occurrence]) -> None:
        """Note matches, in any order and in any number of calls; one given twice counts once."""
        for occurrence in occurrences:
            feeds = self._feeds.get(occurrence.rule)
            if feeds is None:
                continue
            if occurrence.time is None:
                self.untimed += len(feeds)
                continue
            for feed in feeds:
                self._place(feed, occurrence.time, occurrence.event, occurrence.fields.get)

    def finish(self) -> Iterator[Correlated]:
        """All that held: by correlation, those referred to first, then by group and time. Ends the Correlator."""
        for stage in self._stages:
            for key in sorted(stage.groups):
                group = stage.groups.pop(key)
                texts = tuple(text or "" for text in group.texts)
                for burst in stage.bursts(group):
                    if not stage.silent:
                        events = tuple(event for _, event in burst.events)
                        yield Correlated(stage.plan, texts, burst.events[0][0], burst.events[-1][0], events)
                    self._hand_on(stage, burst)

    def _hand_on(self, stage: _Stage, burst: _Burst) -> None:
        given: set[tuple[int, tuple[Any, ...], tuple[str | None, ...]]] = set()
        for item, begin, complete in burst.moments:
            since = None if begin.burst is not None else (begin.time, begin.event)
            moment = (complete.time, complete.event, item.carry)
            if moment in given:
                continue
            given.add(moment)
            fetch = dict(zip(stage.carried, item.carry, strict=True)).get
            for feed in stage.feeds:
                self._place(feed, complete.time, complete.event, fetch, burst, since)
        burst.moments.clear()

    def _place(
        self,
        feed: _Feed,
        time: int,
        event: tuple[Any, ...],
        fetch: Fetch,
        burst: _Burst | None = None,
        since: tuple[int, tuple[Any, ...]] | None = None,
    ) -> None:
        texts = tuple([fetch(name) for name in feed.group])
        if None in texts:
            self.ungrouped += 1
            return
        value = None
        if feed.value is not None:
            value = feed.value(fetch)
            if value is None:
                self.unvalued += 1
                return
        carry = tuple([fetch(name) for name in feed.carry]) if feed.carry else ()
        key = tuple([text.lower() for text in texts if text is not None])
        group = feed.stage.groups.get(key)
        if group is None:
            group = feed.stage.groups[key] = _Group(time, event, texts)
        elif time < group.time or (time == group.time and (event, texts) < (group.event, group.texts)):
            group.time, group.event, group.texts = time, event, texts
        group.items.append(_new(Item, (time, event, feed.rule, value, burst, carry, since)))


def _feed(stage: _Stage, number: int, rule: str) -> _Feed:
    plan = stage.plan
    measured = tuple(plan.field_in(name, rule) for name in plan.condition.fields)
    value: Callable[[Fetch], Any] | None = None
    if plan.kind == "value_count":
        value = _Text(measured)
    elif plan.kind not in COUNTING:
        value = _Figure(measured[0])
    group = tuple(plan.field_in(name, rule) for name in plan.group_by)
    return _Feed(stage, number, group, value, tuple(plan.field_in(name, rule) for name in stage.carried))


def _single(items: list[Item]) -> list[Item]:
    """Items in order, each match once. Moments of another correlation are already told apart."""
    if len(items) == 1:
        return items
    items.sort(key=_in_order)
    first = items[0]
    kept = [first]
    time, event, rule = first.time, first.event, first.rule
    for item in items[1:]:
        if item.time == time and item.event == event and item.rule == rule and item.burst is None:
            continue
        kept.append(item)
        time, event, rule = item.time, item.event, item.rule
    return kept


@dataclass(frozen=True, slots=True)
class _Text:
    """What is compared of one or more fields; nothing where one is absent."""

    names: tuple[str, ...]

    def __call__(self, fetch: Fetch) -> tuple[str, ...] | None:
        texts = tuple([text.lower() for name in self.names if (text := fetch(name)) is not None])
        return texts if len(texts) == len(self.names) else None


@dataclass(frozen=True, slots=True)
class _Figure:
    """The number in a field; nothing where there is none."""

    name: str

    def __call__(self, fetch: Fetch) -> Number | None:
        text = fetch(self.name)
        return None if text is None else number_in(text)


def number_in(text: str) -> Number | None:
    """The number a text is: decimal, hexadecimal after 0x, or with a fraction; nothing for any other text."""
    text = text.strip()
    if "_" in text:
        return None
    try:
        return int(text, 16 if text.lower().lstrip("+-").startswith("0x") else 10)
    except ValueError:
        pass
    try:
        return Fraction(float(text))
    except (ValueError, OverflowError):
        return None
