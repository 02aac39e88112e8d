"""From pySigma's parsed conditions to ours: boolean algebra over numbered predicates."""

from typing import Any

from sigma.conditions import (
    ConditionAND,
    ConditionFieldEqualsValueExpression,
    ConditionNOT,
    ConditionOR,
    ConditionValueExpression,
)
from sigma.types import SigmaExpansion

from watchfloor.rules import values
from watchfloor.rules.faults import RuleFault
from watchfloor.rules.ruleset import Condition, Predicate
from watchfloor.rules.values import Placeholders

#: Deeper than any rule; all that walks a condition walks it by calling itself.
_DEEPEST = 100

_JOINS = {ConditionAND: "and", ConditionOR: "or"}


class PredicateTable:
    """Distinct predicates, numbered in the order they are met."""

    def __init__(self, placeholders: Placeholders) -> None:
        self.predicates: list[Predicate] = []
        self.placeholders = placeholders
        self._numbers: dict[Predicate, int] = {}
        # by identity: a rule's condition and its selections by themselves ask with the very same values
        self._asked: dict[int, tuple[Any, str | None, Condition]] = {}

    def number(self, predicate: Predicate) -> int:
        """The number of a predicate."""
        number = self._numbers.setdefault(predicate, len(self.predicates))
        if number == len(self.predicates):
            self.predicates.append(predicate)
        return number

    def ask(self, field: str | None, value: Any) -> Condition:
        """A field, or None for the whole record, against one value of pySigma's.

        Raises:
            RuleFault: the value is of a kind that is not supported.
        """
        known = self._asked.get(id(value))
        if known is not None and known[1] == field:
            return known[2]
        if isinstance(value, SigmaExpansion):
            asked = joined("or", [self.ask(field, one) for one in value.values])
        else:
            asked = joined("or", [self.number(one) for one in values.predicates(field, value, self.placeholders)])
        self._asked[id(value)] = value, field, asked
        return asked


def joined(op: str, operands: list[Condition]) -> Condition:
    """The operands under one operator; one alone needs none."""
    return operands[0] if len(operands) == 1 else [op, operands]


def condition_of(node: Any, table: PredicateTable, depth: int = 0) -> Condition:
    """A node of pySigma's parsed condition, and all below it.

    Raises:
        RuleFault: something in it is not supported.
    """
    if depth > _DEEPEST:
        raise RuleFault("a condition nested too deep")
    if isinstance(node, ConditionFieldEqualsValueExpression):
        return table.ask(node.field, node.value)
    if isinstance(node, ConditionValueExpression):
        return table.ask(None, node.value)
    if node is None:
        return ["or", []]  # pySigma's word for a selector that names nothing: `1 of filter_*` without any filter
    if isinstance(node, ConditionNOT):
        return ["not", [condition_of(node.args[0], table, depth + 1)]]
    join = _JOINS.get(type(node))
    if join is None or not node.args:
        raise RuleFault("a condition that asks nothing" if join else f"condition {node} is unknown")
    return joined(join, [condition_of(argument, table, depth + 1) for argument in node.args])
