"""Why a rule holds for an Event or does not: its condition as a tree, each part with the engine's own answer.

Nothing is judged here: every ✓ and ✗ is what `algebra.Answers` says of the records that `records.Recorder`
makes of the Event, as in a hunt.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import pyarrow as pa

from watchfloor.base.errors import UsageError
from watchfloor.rules.algebra import Answers, Questions
from watchfloor.rules.expressions import TooSlowError
from watchfloor.rules.logsources import Kind, readable, reads
from watchfloor.rules.matching import Hit
from watchfloor.rules.prefilter import Prefilter
from watchfloor.rules.records import Indexes, Recorder, Records
from watchfloor.rules.ruleset import Condition, Correlation, Op, Predicate, Rule, RuleSet, fields_of, predicates_of
from watchfloor.rules.tuning import Tuning, TuningEntry
from watchfloor.rules.wording import filter_name, kind_words, predicate_words

#: Rules named where what was asked for means several.
_MOST_CANDIDATES = 10

#: Characters of a field's value that are kept; what a rule looks for stands in the part that is.
VALUE_LENGTH = 4_000

_TYPE_FIELD = "type"  # what tells the lines of an audit event apart


@dataclass(frozen=True, slots=True)
class Node:
    """One part of a condition and whether it holds.

    ``kind`` is ``selection``, ``and``, ``or``, ``not`` or ``predicate``. Of a predicate, ``value`` is the
    field's text, None where it is absent, and ``note`` what else decided it.
    """

    kind: str
    words: str
    holds: bool
    parts: tuple["Node", ...] = ()
    predicate: Predicate | None = None
    value: str | None = None
    note: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain data for JSON."""
        record: dict[str, Any] = {"kind": self.kind, "words": self.words, "holds": self.holds}
        if self.predicate is not None:
            record |= {"field": self.predicate.field, "value": self.value}
        if self.note:
            record["note"] = self.note
        return record | ({"parts": [part.to_json() for part in self.parts]} if self.parts else {})


@dataclass(frozen=True, slots=True)
class ExplainedRecord:
    """One record of the Event: what it is, and the tree where the rule's log source reads it."""

    what: str
    tree: Node | None = None
    excepted: TuningEntry | None = None

    @property
    def holds(self) -> bool:
        """Whether the rule's condition holds for the record."""
        return self.tree is not None and self.tree.holds

    def to_json(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "record": self.what,
            "read": self.tree is not None,
            "holds": self.holds,
            "excepted": self.excepted.reason if self.excepted is not None else None,
            "condition": self.tree.to_json() if self.tree is not None else None,
        }


@dataclass(frozen=True, slots=True)
class Explanation:
    """One rule and one Event; ``disabled`` is the entry that switches the rule off, if one does."""

    rule: Rule
    records: tuple[ExplainedRecord, ...]
    disabled: TuningEntry | None = None

    @property
    def verdict(self) -> str:
        """``matches``, ``excepted``, ``switched off``, ``does not match`` or ``not read``."""
        if not any(record.tree is not None for record in self.records) or not readable(self.rule.logsource):
            return "not read"
        held = [record for record in self.records if record.holds]
        if not held:
            return "does not match"
        if self.disabled is not None:
            return "switched off"
        # as a hunt counts them: the first record that holds stands for the Event
        return "excepted" if held[0].excepted is not None else "matches"


def find_rule(rules: RuleSet, wanted: str) -> Rule | Correlation:
    """The rule of an id, name, title or file name; a part of one will do where it means one rule.

    Raises:
        UsageError: it means none, or several, which are then named.
    """
    everything: list[Rule | Correlation] = [*rules.rules, *rules.correlations]
    asked = wanted.strip().lower()
    exact = [rule for rule in everything if asked and asked in _names(rule)]
    found = exact or [rule for rule in everything if asked and any(asked in name for name in _names(rule))]
    if len(found) == 1:
        return found[0]
    if not found:
        faults = [f for f in rules.faults if asked and asked in (f.title.lower(), PurePosixPath(f.path).name.lower())]
        if faults:
            raise UsageError(
                f"the rule {wanted} cannot be used: {faults[0].why}.", hint=f"It stands in {faults[0].path}."
            )
        raise UsageError(f"no rule is called {wanted}.", hint="Give its id, name, title or file name.")
    named = "; ".join(f"{rule.id or rule.name or rule.path} ({rule.title})" for rule in found[:_MOST_CANDIDATES])
    more = f"; and {len(found) - _MOST_CANDIDATES:,} more" if len(found) > _MOST_CANDIDATES else ""
    raise UsageError(f"{len(found):,} rules are called {wanted}.", hint=f"Give the id of one: {named}{more}.")


def _names(rule: Rule | Correlation) -> list[str]:
    path = PurePosixPath(rule.path.rpartition("::")[2])
    return [
        name.lower() for name in (rule.key, rule.id, rule.name, rule.title, path.name, path.stem, rule.path) if name
    ]


def base_rules(rules: RuleSet, correlation: Correlation) -> list[Rule]:
    """The rules a correlation refers to in the end, in its order, each once."""
    plain = {rule.key: rule for rule in rules.rules}
    nested = {rule.key: rule for rule in rules.correlations}
    found: dict[str, Rule] = {}
    waiting, seen = list(correlation.plan.rules), {correlation.key}
    while waiting:
        key = waiting.pop(0)
        if key in plain:
            found.setdefault(key, plain[key])
        elif key in nested and key not in seen:
            seen.add(key)
            waiting[:0] = nested[key].plan.rules
    return list(found.values())


def explain(rules: RuleSet, rule: Rule, event: pa.RecordBatch, tuning: Tuning | None = None) -> Explanation:
    """A rule of the set against one Event, a batch of one row whose processes are named already."""
    tuning = tuning or Tuning()
    place = rules.rules.index(rule)
    fields = frozenset((_TYPE_FIELD, *tuning.fields, *fields_of(rules, rule.condition)))
    # no record is left out, or it could not be said why the rule does not read it
    everything = Prefilter(lambda _: None, frozenset(), fields)
    records = Recorder(lambda _: everything).records(event)
    judge = _Judge(rules, rule, records)
    host = event.column("device.hostname")[0].as_py()
    explained = []
    for kind, row in _in_order(records):
        if not readable(rule.logsource) or not reads(rule.logsource, kind):
            explained.append(ExplainedRecord(_what(kind, row, records)))
            continue
        tree = judge.tree(row)
        taken = tuning.split(rules, records, [Hit(place, 0, row)], [host])[1] if tree.holds else []
        explained.append(ExplainedRecord(_what(kind, row, records), tree, taken[0][1] if taken else None))
    return Explanation(rule, tuple(explained), tuning.disabled(rules).get(place))


def _in_order(records: Records) -> Iterator[tuple[Kind, int]]:
    rows = [(row, kind) for kind, members in records.kinds.items() for row in members.tolist()]
    return ((kind, row) for row, kind in sorted(rows, key=lambda pair: pair[0]))


def _what(kind: Kind, row: int, records: Records) -> str:
    line = _value(records, _TYPE_FIELD, row) if kind.channel == "auditd" else None
    return kind_words(kind) + (f", type {line}" if line else "")


def _value(records: Records, field: str, row: int) -> str | None:
    column = records.columns.get(field)
    code = int(column.codes[row]) if column is not None else -1
    return column.values[code] if column is not None and code >= 0 else None


class _Judge:
    """Asks the engine about every part of one rule's condition, for one record at a time."""

    def __init__(self, rules: RuleSet, rule: Rule, records: Records) -> None:
        self._rule = rule
        self._predicates = rules.predicates
        self._records = records
        self._questions = Questions(rules.predicates, sorted(set(predicates_of(rule.condition))))
        self._answers = Answers(self._questions, records)
        self._names = _selections(rules, rule)

    def tree(self, row: int) -> Node:
        """The whole condition."""
        return self._node(self._rule.condition, np.array([row], np.int32), named=False)

    def _node(self, condition: Condition, record: Indexes, *, named: bool) -> Node:
        """A part of the condition; inside a selection (``named``) no other is looked for."""
        holds, note = self._holds(condition, record)
        name = None if named else self._names.get(_key(condition))
        if name is not None:
            inner = self._node(condition, record, named=True)
            parts = inner.parts if inner.kind == "and" else (inner,)
            return Node("selection", name, holds, parts, note=note)
        if isinstance(condition, int):
            return self._asked(self._predicates[condition], condition, holds, note, int(record[0]))
        op = condition[0]
        parts = tuple(self._node(part, record, named=named) for part in self._flat(op, condition[1], named))
        words = {"and": "all of", "or": "any of", "not": "not"}[op]
        return Node(op, words, holds, parts, note=note)

    def _flat(self, op: str, operands: Sequence[Condition], named: bool) -> Iterator[Condition]:
        """Operands with those of the same operator inside them, which say the same; selections stay whole."""
        for operand in operands:
            nested = op != "not" and not isinstance(operand, int) and operand[0] == op
            if nested and (named or _key(operand) not in self._names):
                assert not isinstance(operand, int)
                yield from self._flat(op, operand[1], named)
            else:
                yield operand

    def _holds(self, condition: Condition, record: Indexes) -> tuple[bool, str]:
        try:
            return len(self._answers.holds(condition, record)) > 0, ""
        except TooSlowError as error:
            return False, str(error)

    def _asked(self, predicate: Predicate, number: int, holds: bool, note: str, row: int) -> Node:
        value = _value(self._records, predicate.field, row) if predicate.field is not None else None
        if predicate.op is Op.REF:
            other = _value(self._records, predicate.value, row)
            note = f"{predicate.value} is {'absent' if other is None else excerpt(other, '', 200)}"
        if number in self._questions.undecided:
            note = "takes too long over this text and counts as no"
        shown = (
            None if value is None else excerpt(value, "" if predicate.op is Op.REF else predicate.value, VALUE_LENGTH)
        )
        return Node("predicate", predicate_words(predicate), holds, (), predicate, shown, note)


def _selections(rules: RuleSet, rule: Rule) -> dict[str, str]:
    """The parts of a condition that are a selection of the rule, by their shape, and what it is called."""
    found: dict[str, str] = {}
    for name, condition in rules.selections.of(rule).items():
        found.setdefault(_key(condition), filter_name(name))
    return found


def _key(condition: Condition) -> str:
    return repr(condition)


def excerpt(text: str, literal: str, length: int) -> str:
    """A text of at most about ``length`` characters: the part where the literal stands, else its two ends."""
    if len(text) <= length:
        return text
    place = text.lower().find(literal.lower()) if literal else -1
    if place < 0:
        head = length * 2 // 3
        return f"{text[:head]} … {text[len(text) - (length - head) :]}"
    start = max(0, min(place - (length - len(literal)) // 2, len(text) - length))
    end = start + length
    return ("… " if start else "") + text[start:end] + (" …" if end < len(text) else "")
