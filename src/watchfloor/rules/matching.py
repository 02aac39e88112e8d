"""Rules over batches of Events: each predicate asked once of each distinct value, conditions as algebra."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from watchfloor.rules.algebra import Answers, Questions
from watchfloor.rules.expressions import TooSlowError
from watchfloor.rules.logsources import Kind, LogSource, readable, reads
from watchfloor.rules.needs import event_ids
from watchfloor.rules.prefilter import Prefilter, keyword_parts, needed_literals
from watchfloor.rules.records import Indexes, Recorder, Records
from watchfloor.rules.ruleset import Condition, Predicate, Rule, RuleSet, fields_of, predicates_of

#: Kinds of records are input; what is remembered about them has a bound.
_MOST_KINDS = 65_536


@dataclass(frozen=True, slots=True)
class Hit:
    """One rule held for records of one Event: ``event`` is its row in the batch, ``record`` the first such record."""

    rule: int
    event: int
    record: int


@dataclass(frozen=True, slots=True)
class _Asked:
    """A rule as the matcher asks it: its place in the RuleSet, its condition in order of price, what it needs."""

    place: int
    condition: Condition
    codes: frozenset[int] | None
    fields: frozenset[str]
    words: tuple[Predicate, ...]

    def can_hold(self, kind: Kind) -> bool:
        """Whether the rule can hold for a record of this kind."""
        return self.codes is None or (kind.code < 0 and not kind.category) or kind.code in self.codes


class _Sieve:
    """Which rules can hold for which kinds of records, and so how these are read.

    Apart from the Matcher, so that nothing here holds the Matcher: what a hunt compiled goes when the hunt does.
    """

    def __init__(self, predicates: Sequence[Predicate], by_source: Mapping[LogSource, Sequence[_Asked]],
                 always: frozenset[str]) -> None:  # fmt: skip
        self._predicates, self._by_source, self._always = predicates, by_source, always
        self._sources: dict[Kind, tuple[LogSource, ...]] = {}
        self._prefilters: dict[frozenset[int], Prefilter | None] = {}

    def prefilter(self, kind: Kind) -> Prefilter | None:
        """How records of a kind are read: not at all where no rule can hold for one."""
        able = [rule for source in self.sources_of(kind) for rule in self._by_source[source] if rule.can_hold(kind)]
        key = frozenset(rule.place for rule in able)
        if key not in self._prefilters:
            if len(self._prefilters) >= _MOST_KINDS:
                self._prefilters.clear()
            self._prefilters[key] = self._filter_for(able) if able else None
        return self._prefilters[key]

    def _filter_for(self, rules: Sequence[_Asked]) -> Prefilter:
        predicates = self._predicates
        words = [word for rule in rules for word in rule.words]
        conditions = [rule.condition for rule in rules]
        fields = self._always.union(*(rule.fields for rule in rules))
        return Prefilter(
            lambda common: needed_literals(["or", conditions], predicates, common),
            keyword_parts(words) if words else None,
            fields,
        )

    def sources_of(self, kind: Kind) -> tuple[LogSource, ...]:
        """Log sources of rules that mean records of a kind."""
        found = self._sources.get(kind)
        if found is None:
            found = tuple(source for source in self._by_source if reads(source, kind))
            if len(self._sources) < _MOST_KINDS:
                self._sources[kind] = found
        return found


class Matcher:
    """Matches a RuleSet against batches of Events, in any order, as often as wanted.

    ``more_fields`` are kept in the records beside those the rules ask about; rules at the places ``skip`` are
    left out, as are those that no input can be read for. ``faults`` names rules that had to be given up while
    matching, by their place in the RuleSet.
    """

    def __init__(self, ruleset: RuleSet, *, more_fields: Iterable[str] = (), skip: Collection[int] = ()) -> None:
        self.ruleset = ruleset
        self.faults: dict[int, str] = {}
        rules = [(n, rule) for n, rule in enumerate(ruleset.rules) if n not in skip and readable(rule.logsource)]
        used = sorted({number for _, rule in rules for number in predicates_of(rule.condition)})
        self._questions = Questions(ruleset.predicates, used)
        self._by_source: dict[LogSource, list[_Asked]] = defaultdict(list)
        for place, rule in rules:
            self._by_source[rule.logsource].append(self._asked(place, rule))
        self._sieve = _Sieve(ruleset.predicates, self._by_source, frozenset(more_fields))
        self._recorder = Recorder(self._sieve.prefilter)

    def _asked(self, place: int, rule: Rule) -> _Asked:
        predicates = self.ruleset.predicates
        return _Asked(
            place,
            self._questions.ordered(rule.condition),
            event_ids(rule.condition, predicates),
            frozenset(fields_of(self.ruleset, rule.condition)),
            tuple(predicates[n] for n in predicates_of(rule.condition) if predicates[n].field is None),
        )

    def match(self, batch: pa.RecordBatch) -> tuple[Records, list[Hit]]:
        """The records of a batch and every rule that holds for one of its Events, once an Event, in event order."""
        records = self._recorder.records(batch)
        answers = Answers(self._questions, records)
        hits: list[Hit] = []
        for source, members in self._members(records).items():
            for asked in self._by_source[source]:
                hits.extend(self._hits(asked, answers, members, records))
        hits.sort(key=lambda hit: (hit.event, hit.rule))
        return records, hits

    def _members(self, records: Records) -> dict[LogSource, Indexes]:
        """Log sources some rule reads, with their records in ascending order."""
        import numpy as np

        parts: dict[LogSource, list[Indexes]] = defaultdict(list)
        for kind, rows in records.kinds.items():
            for source in self._sieve.sources_of(kind):
                parts[source].append(rows)
        return {s: rows[0] if len(rows) == 1 else np.sort(np.concatenate(rows)) for s, rows in parts.items()}

    def _hits(self, asked: _Asked, answers: Answers, members: Indexes, records: Records) -> Iterator[Hit]:
        if asked.place in self.faults:
            return
        try:
            found = answers.holds(asked.condition, members)
        except TooSlowError as error:
            self.faults[asked.place] = str(error)
            return
        if len(found):
            first: dict[int, int] = {}
            for record, event in zip(found.tolist(), records.event[found].tolist(), strict=True):
                first.setdefault(event, record)
            for event, record in first.items():
                yield Hit(asked.place, event, record)

    def undecided(self) -> Iterator[tuple[int, int]]:
        """Rules that asked an expression which ran out of time, by place, and over how many texts."""
        slow = self._questions.undecided
        for asked in (rule for rules in self._by_source.values() for rule in rules) if slow else ():
            texts = sum(slow.get(number, 0) for number in set(predicates_of(asked.condition)))
            if texts:
                yield asked.place, texts

    def rule(self, hit: Hit) -> Rule:
        """The rule of a hit."""
        return self.ruleset.rules[hit.rule]
