"""Predicates, kinds of records and correlations in words, as Sigma would write them."""

import re

from watchfloor.rules.correlation_plan import CorrelationPlan, Expression
from watchfloor.rules.logsources import Kind
from watchfloor.rules.ruleset import Op, Predicate

_MODIFIERS = {Op.STARTS: "startswith", Op.ENDS: "endswith", Op.CONTAINS: "contains", Op.REGEX: "re", Op.CIDR: "cidr"}
_MODIFIERS |= {Op.LT: "lt", Op.LTE: "lte", Op.GT: "gt", Op.GTE: "gte", Op.NEQ: "neq"}

#: What pySigma puts before the selections that a filter brings into a rule.
_FILTER = re.compile(r"^_filt_[a-z]+_")

_SIGNS = {"lt": "fewer than", "lte": "at most", "gt": "more than", "gte": "at least", "eq": "exactly", "neq": "not"}
_SIGNS_OF_VALUES = _SIGNS | {"lt": "less than"}
_FIGURES = {
    "value_count": "different values of",
    "value_sum": "as the sum of",
    "value_avg": "as the average of",
    "value_median": "as the median of",
    "value_percentile": "as a percentile of",
}
_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


def predicate_words(predicate: Predicate) -> str:
    """A predicate as a line of a Sigma rule."""
    field, op, value, cased, how = predicate
    if field is None:
        return _keyword_words(predicate)
    if op is Op.NULL:
        return f"{field}: null"
    if op is Op.EXISTS:
        return f"{field}|exists: true"
    if op is Op.REF:
        return f"{field}|fieldref{'' if how == Op.EQUALS else '|' + how}: {value}"
    if op is Op.PART:
        return f"{field}|{how}: {value}"
    modifiers = [_MODIFIERS[op]] if op in _MODIFIERS else []
    if cased and op is not Op.REGEX:
        modifiers.append("cased")
    return f"{'|'.join([field, *modifiers])}: {_quoted(value)}"


def _keyword_words(predicate: Predicate) -> str:
    cased = "|cased" if predicate.cased and predicate.op is not Op.REGEX else ""
    if predicate.op is Op.REGEX:
        return f"keyword|re: {predicate.value}"
    if predicate.op is Op.EXISTS:
        return "keyword: *"
    value = predicate.value[1:-1] if predicate.op is Op.GLOB else predicate.value
    return f"keyword{cased}: {_quoted(value)}"


def _quoted(value: str) -> str:
    """Quotes where a text would not show what it is."""
    return f"'{value}'" if not value or value != value.strip() else value


def filter_name(name: str) -> str:
    """A selection's name for people; one that a filter brought says so."""
    found = _FILTER.match(name)
    return name if found is None else f"{name[found.end() :]} (of a filter)"


def kind_words(kind: Kind) -> str:
    """What a record is, in words."""
    if kind.category:
        return f"{kind.product or 'unknown system'}, category {kind.category} (put together from the event)"
    parts = [kind.product or "unknown system"]
    if kind.channel:
        parts.append(kind.channel if kind.product == "linux" else f"channel {kind.channel}")
    if kind.code >= 0:
        parts.append(f"event id {kind.code}")
    return ", ".join(parts)


def correlation_words(plan: CorrelationPlan, titles: dict[str, str]) -> str:
    """What a correlation asks, as one sentence; ``titles`` are those of the rules by key."""
    named = [titles.get(key, key) for key in plan.rules]
    condition = plan.condition
    if plan.kind in ("temporal", "temporal_ordered") and condition.expression is not None:
        asked = _expression_words(condition.expression, titles)
    elif plan.kind in ("temporal", "temporal_ordered"):
        bounds = _bounds(plan, _SIGNS)
        asked = f"{bounds} of {_listed(named)}" + (", in this order" if plan.kind == "temporal_ordered" else "")
    elif plan.kind == "event_count":
        asked = f"{_bounds(plan, _SIGNS)} matches of {_listed(named)}"
    else:
        signs = _SIGNS if plan.kind == "value_count" else _SIGNS_OF_VALUES
        asked = f"{_bounds(plan, signs)} {_FIGURES.get(plan.kind, plan.kind)} {' + '.join(condition.fields)}"
        asked += f" in matches of {_listed(named)}"
    if condition.percentile is not None:
        asked = asked.replace("as a percentile", f"as the {condition.percentile}th percentile")
    group = f", with the same {', '.join(plan.group_by)}" if plan.group_by else ""
    return f"{asked}, within {_span(plan.timespan_us)}{group}"


def _bounds(plan: CorrelationPlan, signs: dict[str, str]) -> str:
    return " and ".join(f"{signs[bound.op]} {bound.value:,}" for bound in plan.condition.bounds)


def _expression_words(expression: Expression, titles: dict[str, str]) -> str:
    if isinstance(expression, str):
        return f"“{titles.get(expression, expression)}”"
    op, *operands = expression
    parts = [_expression_words(operand, titles) for operand in operands]
    return f"not {parts[0]}" if op == "not" else f"({f' {op} '.join(parts)})"


def _listed(names: list[str]) -> str:
    return ", ".join(f"“{name}”" for name in names)


def _span(microseconds: int) -> str:
    seconds = microseconds / 1_000_000
    for size, unit in _UNITS:
        if seconds >= size and seconds % size == 0:
            count = int(seconds // size)
            return f"{count:,} {unit}{'' if count == 1 else 's'}"
    return f"{seconds:g} seconds"
