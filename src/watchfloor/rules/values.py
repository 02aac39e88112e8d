"""From pySigma's values, modifiers already applied, to predicates."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from sigma.types import (
    CompareOperators,
    Placeholder,
    SigmaBool,
    SigmaCasedString,
    SigmaCIDRExpression,
    SigmaCompareExpression,
    SigmaExists,
    SigmaFieldReference,
    SigmaNull,
    SigmaNumber,
    SigmaRegularExpression,
    SigmaString,
    SigmaTimestampPart,
    SpecialChars,
)

from watchfloor.rules.expressions import usable
from watchfloor.rules.faults import RuleFault
from watchfloor.rules.ruleset import Op, Predicate

#: Values a user gives for ``%name%`` in rules: name to values.
Placeholders = Mapping[str, Sequence[str]]

_COMPARISONS = {
    CompareOperators.LT: Op.LT,
    CompareOperators.LTE: Op.LTE,
    CompareOperators.GT: Op.GT,
    CompareOperators.GTE: Op.GTE,
    CompareOperators.NEQ: Op.NEQ,
}
_MOST_VALUES = 10_000
_ESCAPED = str.maketrans({"\\": "\\\\", "*": "\\*", "?": "\\?"})


def predicates(field: str | None, value: Any, placeholders: Placeholders) -> list[Predicate]:
    """The predicates, any of which holds where the value matches; one but for placeholders.

    Raises:
        RuleFault: the value needs a placeholder nobody gave, or is of a kind that is not supported.
    """
    if isinstance(value, SigmaString | SigmaRegularExpression) and value.contains_placeholder():
        _check_number(value, placeholders)
        return [_predicate(field, filled) for filled in value.replace_placeholders(_filler(placeholders))]
    return [_predicate(field, value)]


def _check_number(value: SigmaString | SigmaRegularExpression, placeholders: Placeholders) -> None:
    """Refuse a value whose placeholders together stand for too many: they multiply."""
    text = value if isinstance(value, SigmaString) else value.regexp
    counts = (len(placeholders.get(part.name, ())) for part in text.s if isinstance(part, Placeholder))
    if math.prod(counts) > _MOST_VALUES:
        raise RuleFault(f"placeholders that together stand for more than {_MOST_VALUES:,} values")


def _filler(placeholders: Placeholders) -> Callable[[Placeholder], Iterator[Any]]:
    def fill(placeholder: Placeholder) -> Iterator[Any]:
        given = placeholders.get(placeholder.name)
        if not given:
            raise RuleFault(f"needs values for the placeholder %{placeholder.name}% (see --placeholders)")
        yield from (SigmaString(str(one)) for one in given)

    return fill


def _predicate(field: str | None, value: Any) -> Predicate:
    for kind, build in _BUILDERS:
        if isinstance(value, kind):
            return build(field, value)
    raise RuleFault(f"values of the kind {type(value).__name__} are not supported")


def _string(field: str | None, value: SigmaString) -> Predicate:
    cased = isinstance(value, SigmaCasedString)
    parts = [part if isinstance(part, str) and cased else _lowered(part) for part in value.s]
    if field is None:
        # A keyword may stand anywhere in the record.
        parts = [SpecialChars.WILDCARD_MULTI, *parts, SpecialChars.WILDCARD_MULTI]
    op, pattern = _shape(parts)
    return Predicate(field, op, pattern, cased)


def _lowered(part: Any) -> Any:
    return part.lower() if isinstance(part, str) else part


def _shape(parts: list[Any]) -> tuple[Op, str]:
    """The cheapest question with the same answer: ``*x*`` is contains, ``*x`` endswith."""
    many = SpecialChars.WILDCARD_MULTI
    inner = list(parts)
    left = right = False
    while inner and inner[0] is many:
        left, inner = True, inner[1:]
    while inner and inner[-1] is many:
        right, inner = True, inner[:-1]
    if all(isinstance(part, str) for part in inner):
        if not inner and (left or right):
            return Op.EXISTS, "true"  # only stars: any text at all
        literal = "".join(inner)
        ops = {(False, False): Op.EQUALS, (False, True): Op.STARTS, (True, False): Op.ENDS, (True, True): Op.CONTAINS}
        return ops[left, right], literal
    written = {many: "*", SpecialChars.WILDCARD_SINGLE: "?"}
    body = "".join(part.translate(_ESCAPED) if isinstance(part, str) else written[part] for part in inner)
    return Op.GLOB, ("*" if left else "") + body + ("*" if right else "")


def _number(field: str | None, value: SigmaNumber) -> Predicate:
    if field is None:
        return Predicate(None, Op.CONTAINS, str(value.number))
    return Predicate(field, Op.NUMBER, str(value.number))


def _bool(field: str | None, value: SigmaBool) -> Predicate:
    return Predicate(field, Op.EQUALS if field is not None else Op.CONTAINS, str(value.boolean).lower())


def _regex(field: str | None, value: SigmaRegularExpression) -> Predicate:
    flags = "".join(sorted(value.sigma_to_re_flag[flag] for flag in value.flags))
    expression = (f"(?{flags})" if flags else "") + str(value.regexp)
    usable(expression)
    return Predicate(field, Op.REGEX, expression, cased=True)


def _reference(field: str | None, value: SigmaFieldReference) -> Predicate:
    hows = {
        (False, False): Op.EQUALS,
        (True, False): Op.STARTS,
        (False, True): Op.ENDS,
        (True, True): Op.CONTAINS,
    }
    return Predicate(field, Op.REF, value.field, how=hows[value.starts_with, value.ends_with])


def _comparison(field: str | None, value: SigmaCompareExpression) -> Predicate:
    return Predicate(field, _COMPARISONS[value.op], str(value.number.number))


_BUILDERS: tuple[tuple[Any, Callable[[str | None, Any], Predicate]], ...] = (
    (SigmaString, _string),
    (SigmaTimestampPart, lambda f, v: Predicate(f, Op.PART, str(v.number), True, v.timestamp_part.name.lower())),
    (SigmaNumber, _number),
    (SigmaBool, _bool),
    (SigmaNull, lambda f, v: Predicate(f, Op.NULL, "")),
    (SigmaRegularExpression, _regex),
    (SigmaCIDRExpression, lambda f, v: Predicate(f, Op.CIDR, str(v.network))),
    (SigmaCompareExpression, _comparison),
    (SigmaFieldReference, _reference),
    (SigmaExists, lambda f, v: Predicate(f, Op.EXISTS if v.exists else Op.NULL, "true" if v.exists else "")),
)
