"""Which event ids a condition needs, told from the condition alone.

Most records of a Security log have an event id no rule asks for; knowing that beforehand, they need not even be
taken apart.
"""

from collections.abc import Sequence

from watchfloor.rules.ruleset import Condition, Op, Predicate

EVENT_ID = "eventid"


def event_ids(condition: Condition, predicates: Sequence[Predicate]) -> frozenset[int] | None:
    """Event ids outside of which the condition is false whatever else a record says; None where there is no bound."""
    if isinstance(condition, int):
        predicate = predicates[condition]
        if (
            (predicate.field or "").lower() == EVENT_ID
            and predicate.op in (Op.EQUALS, Op.NUMBER)
            and predicate.value.isdecimal()
        ):
            return frozenset((int(predicate.value),))
        return None
    op, operands = condition
    if op == "not":
        return None
    bounds = [event_ids(operand, predicates) for operand in operands]
    if op == "and":
        known = [bound for bound in bounds if bound is not None]
        return frozenset.intersection(*known) if known else None
    if any(bound is None for bound in bounds):
        return None
    return frozenset[int]().union(*(bound for bound in bounds if bound is not None))
