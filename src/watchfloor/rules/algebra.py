"""Conditions as algebra over the records of one log source: which of the candidates does a condition hold for?

Candidates shrink from left to right: what a cheap predicate has ruled out is never asked a dear one. Absent
fields make every predicate about them false, so a filter on a field the data lack suppresses nothing.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from watchfloor.rules.expressions import TooSlowError
from watchfloor.rules.questions import Ask, FieldQuestions
from watchfloor.rules.records import Column, Indexes, Records
from watchfloor.rules.ruleset import Condition, Op, Predicate

_NONE: Indexes = np.empty(0, np.int32)
_NONE.setflags(write=False)

#: Texts an expression may run out of time over before its rules are given up.
_MOST_UNDECIDED = 5

#: How dear an operator is, for the order in which operands of "and" are asked.
_COSTS = {Op.EXISTS: 2, Op.NULL: 2, Op.REF: 3, Op.REGEX: 4, Op.CIDR: 3}


class Questions:
    """The predicates of a RuleSet by field, and the order conditions are asked in."""

    def __init__(self, predicates: Sequence[Predicate], used: Sequence[int]) -> None:
        self.predicates = predicates
        by_field: dict[str | None, list[tuple[int, Predicate]]] = {}
        for number in used:
            by_field.setdefault(predicates[number].field, []).append((number, predicates[number]))
        self.fields = {field: FieldQuestions(numbered) for field, numbered in by_field.items()}

        literal = {number for asked in self.fields.values() for number in asked.literal}
        self.not_literal = frozenset(used) - literal
        self.undecided: dict[int, int] = {}

    def asked(self, number: int, ask: Ask, text: str) -> bool:
        """The answer of a predicate that is asked by itself; a text that takes too long is counted as undecided.

        Raises:
            TooSlowError: it has happened too often; the rules that ask it have to be given up.
        """
        try:
            return ask(text)
        except TooSlowError:
            self.undecided[number] = self.undecided.get(number, 0) + 1
            if self.undecided[number] >= _MOST_UNDECIDED:
                raise
            return False

    def cost(self, condition: Condition) -> int:
        """A rough price of asking a condition, to put the cheap operands of "and" first."""
        if isinstance(condition, int):
            predicate = self.predicates[condition]
            questions = self.fields.get(predicate.field)
            lazy = questions is not None and condition in questions.lazy
            return _COSTS.get(predicate.op, 4 if lazy else 1)
        op, operands = condition
        dearest = max((self.cost(operand) for operand in operands), default=0)
        return dearest + 5 if op == "not" else dearest

    def ordered(self, condition: Condition) -> Condition:
        """The same condition with the operands of every "and" and "or" in order of price."""
        if isinstance(condition, int):
            return condition
        op, operands = condition
        return [op, sorted((self.ordered(operand) for operand in operands), key=self.cost)]


class Answers:
    """What is known about the records of one batch: asked once per predicate and distinct value."""

    def __init__(self, questions: Questions, records: Records) -> None:
        self._questions = questions
        self._records = records
        self._literal: dict[int, list[int]] = {}
        for field, asked in questions.fields.items():
            column = self._column(field)
            if column is not None:
                self._literal |= asked.answers(column.values)
        # most of the literals of thousands of rules stand in no record of a batch
        self._alive = questions.not_literal | self._literal.keys()
        self._tables: dict[int, npt.NDArray[np.bool_]] = {}
        self._lazy: dict[int, npt.NDArray[np.int8]] = {}

    def _column(self, field: str | None) -> Column | None:
        return self._records.texts if field is None else self._records.columns.get(field)

    def holds(self, condition: Condition, candidates: Indexes) -> Indexes:
        """Those of the candidates, records in ascending order, for which the condition holds."""
        alive = self._alive
        if type(condition) is int:
            return self._predicate(condition, candidates) if condition in alive and len(candidates) else _NONE
        if not len(candidates):
            return _NONE
        op, operands = condition  # type: ignore[misc]
        if op == "and":
            for operand in operands:
                if type(operand) is int and operand not in alive:
                    return _NONE
            for operand in operands:
                candidates = self.holds(operand, candidates)
                if not len(candidates):
                    return _NONE
            return candidates
        if op == "or":
            return self._any(operands, candidates)
        return _without(candidates, self.holds(operands[0], candidates))

    def _any(self, operands: Sequence[Condition], candidates: Indexes) -> Indexes:
        found = _NONE
        for operand in operands:
            if type(operand) is int and operand not in self._alive:
                continue
            more = self.holds(operand, candidates)
            if len(more):
                if len(more) == len(candidates):
                    return more if not len(found) else np.union1d(found, more)
                found = np.union1d(found, more) if len(found) else more
                candidates = _without(candidates, more)
        return found

    def _predicate(self, number: int, candidates: Indexes) -> Indexes:
        predicate = self._questions.predicates[number]
        column = self._column(predicate.field)
        if column is None:
            return candidates if predicate.op is Op.NULL else _NONE
        if predicate.op is Op.NULL:
            return candidates[column.codes[candidates] < 0]
        if predicate.op is Op.EXISTS:
            return candidates[column.codes[candidates] >= 0]
        if predicate.op is Op.REF:
            return self._reference(predicate, column, candidates)
        questions = self._questions.fields[predicate.field]
        if number in questions.lazy:
            return self._when_needed(number, predicate, questions, column, candidates)
        return candidates[self._table(number, column)[column.codes[candidates]]]

    def _table(self, number: int, column: Column) -> npt.NDArray[np.bool_]:
        """Value codes to answers; the last entry, that of -1, is absence."""
        table = self._tables.get(number)
        if table is None:
            table = self._tables[number] = np.zeros(len(column.values) + 1, np.bool_)
            table[self._literal[number]] = True
        return table

    def _when_needed(
        self, number: int, predicate: Predicate, questions: FieldQuestions, column: Column, candidates: Indexes
    ) -> Indexes:
        """Answers of one predicate, for the values of the candidates only: 0 unknown, 1 yes, -1 no."""
        known = self._lazy.get(number)
        if known is None:
            known = self._lazy[number] = np.zeros(len(column.values) + 1, np.int8)
            known[-1] = -1
        codes = column.codes[candidates]
        ask = questions.lazy[number]
        for code in np.unique(codes[known[codes] == 0]).tolist():
            text = column.values[code]
            known[code] = 1 if self._questions.asked(number, ask, text if predicate.cased else text.lower()) else -1
        return candidates[known[codes] > 0]

    def _reference(self, predicate: Predicate, column: Column, candidates: Indexes) -> Indexes:
        other = self._column(predicate.value)
        if other is None:
            return _NONE
        mine, theirs = column.codes[candidates], other.codes[candidates]
        pairs: dict[tuple[int, int], bool] = {}
        kept = []
        for place, pair in enumerate(zip(mine.tolist(), theirs.tolist(), strict=True)):
            if pair[0] < 0 or pair[1] < 0:
                continue
            holds = pairs.get(pair)
            if holds is None:
                holds = pairs[pair] = _compares(predicate.how, column.values[pair[0]], other.values[pair[1]])
            if holds:
                kept.append(place)
        return candidates[np.array(kept, np.int64)]


def _compares(how: str, mine: str, theirs: str) -> bool:
    mine, theirs = mine.lower(), theirs.lower()
    if how == Op.STARTS:
        return mine.startswith(theirs)
    if how == Op.ENDS:
        return mine.endswith(theirs)
    return theirs in mine if how == Op.CONTAINS else mine == theirs


def _without(candidates: Indexes, taken: Indexes) -> Indexes:
    if not len(taken):
        return candidates
    if len(taken) == len(candidates):
        return _NONE
    keep = np.ones(len(candidates), np.bool_)
    keep[np.searchsorted(candidates, taken)] = False
    return candidates[keep]
