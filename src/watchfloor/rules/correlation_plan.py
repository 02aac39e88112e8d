"""What a Sigma correlation rule asks for, as plain data that a cache can keep.

``plan_of`` takes what pySigma parsed and refuses, with the reason, what could not be judged rightly.
``read_correlation`` stands before pySigma for the two things it loses: a range of two bounds is an error
to it, and a bound or a percentile with a fraction is cut to a whole number.
"""

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Any, Final

from watchfloor.rules.faults import RuleFault

if TYPE_CHECKING:
    from sigma.correlations import SigmaCorrelationCondition, SigmaCorrelationRule

#: Kinds whose figure is the number of something; the others are statistics over a field's numbers.
COUNTING: Final = ("event_count", "value_count", "temporal", "temporal_ordered")
KINDS: Final = (*COUNTING, "value_sum", "value_avg", "value_percentile", "value_median")
OPERATORS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "lt": operator.lt,
    "lte": operator.le,
    "gt": operator.gt,
    "gte": operator.ge,
    "eq": operator.eq,
    "neq": operator.ne,
}

#: A rule key, or ("and" | "or" | "not", expression, ...).
Expression = str | tuple[Any, ...]

_EXACT = "exact correlation condition"
_MOST_ORDERED = 64
_LONGEST_SECONDS = 100 * 366 * 86_400
_WHOLE = 2**63  # what JSON keeps as a whole number


@dataclass(frozen=True, slots=True)
class Bound:
    """One comparison of a window's figure: ``op`` is a key of OPERATORS."""

    op: str
    value: int | float


@dataclass(frozen=True, slots=True)
class CorrelationCondition:
    """When a window counts: all ``bounds`` hold, or the ``expression`` over the rules seen in it is true."""

    bounds: tuple[Bound, ...] = ()
    fields: tuple[str, ...] = ()
    percentile: int | float | None = None
    expression: Expression | None = None

    @property
    def rising(self) -> bool:
        """Whether it only asks for much: more in a window can make it true, of counts never false."""
        if self.expression is not None:
            return "not" not in _operators(self.expression)
        return all(bound.op in ("gt", "gte") for bound in self.bounds)


@dataclass(frozen=True, slots=True)
class CorrelationPlan:
    """One correlation rule. Rules are named by their keys, ``aliases`` by lower-case name."""

    key: str
    kind: str
    rules: tuple[str, ...]
    timespan_us: int
    group_by: tuple[str, ...] = ()
    aliases: dict[str, dict[str, str]] = field(default_factory=dict)
    condition: CorrelationCondition = CorrelationCondition()
    generate: bool = False

    def field_in(self, name: str, rule: str) -> str:
        """The lower-case field that stands for ``name`` in what ``rule`` matched: an alias's, else the name itself."""
        return self.aliases.get(name.lower(), {}).get(rule, name).lower()

    def fields_needed(self) -> dict[str, set[str]]:
        """For every rule it refers to, the lower-case fields to group by and to measure."""
        names = (*self.group_by, *self.condition.fields)
        return {rule: {self.field_in(name, rule) for name in names} for rule in self.rules}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "CorrelationPlan":
        """The inverse of ``dataclasses.asdict``, also after a journey through JSON."""
        condition = data["condition"]
        return cls(
            key=data["key"],
            kind=data["kind"],
            rules=tuple(data["rules"]),
            timespan_us=data["timespan_us"],
            group_by=tuple(data["group_by"]),
            aliases={alias: dict(mapping) for alias, mapping in data["aliases"].items()},
            condition=CorrelationCondition(
                bounds=tuple(Bound(bound["op"], bound["value"]) for bound in condition["bounds"]),
                fields=tuple(condition["fields"]),
                percentile=condition["percentile"],
                expression=_tupled(condition["expression"]),
            ),
            generate=data["generate"],
        )


def ordered(plans: Sequence[CorrelationPlan]) -> tuple[CorrelationPlan, ...]:
    """Plans so that each comes after those it refers to.

    Raises:
        RuleFault: they refer to each other in a circle, or two have the same key.
    """
    by_key = {plan.key: plan for plan in plans}
    if len(by_key) < len(plans):
        raise RuleFault("two correlations have the same key")
    sorter = TopologicalSorter({plan.key: [rule for rule in plan.rules if rule in by_key] for plan in plans})
    try:
        return tuple(by_key[key] for key in sorter.static_order())
    except CycleError as error:
        raise RuleFault(f"correlations refer to each other in a circle: {' -> '.join(error.args[1])}") from None


def circular(plans: Sequence[CorrelationPlan]) -> frozenset[str]:
    """Keys of the correlations that stand in a circle, or refer to one that does; the others can be used."""
    unsettled = {plan.key: {rule for rule in plan.rules} for plan in plans}
    while settled := [key for key, rules in unsettled.items() if not rules & unsettled.keys()]:
        for key in settled:
            del unsettled[key]
    return frozenset(unsettled)


def needed_fields(plans: Sequence[CorrelationPlan]) -> dict[str, set[str]]:
    """For every rule and correlation referred to, the lower-case fields that its occurrences must carry.

    A correlation hands on the fields of its events, so what a chain's last asks for reaches the first's rules.
    """
    needed: dict[str, set[str]] = {}
    for plan in reversed(ordered(plans)):
        handed_on = needed.get(plan.key, set())
        for rule, fields in plan.fields_needed().items():
            needed.setdefault(rule, set()).update(fields, (plan.field_in(name, rule) for name in handed_on))
    return needed


def read_correlation(document: Mapping[str, Any]) -> "SigmaCorrelationRule":
    """A correlation's YAML document through pySigma, with its bounds kept as they were written.

    Raises:
        SigmaError: pySigma does not accept it.
    """
    from sigma.correlations import SigmaCorrelationRule

    section = document.get("correlation")
    condition = section.get("condition") if isinstance(section, Mapping) else None
    if not isinstance(section, Mapping) or not isinstance(condition, Mapping):
        return SigmaCorrelationRule.from_dict(dict(document))
    bounds = {op: condition[op] for op in OPERATORS if op in condition}
    plain = {name: value for name, value in condition.items() if name not in bounds or name == next(iter(bounds))}
    rule = SigmaCorrelationRule.from_dict({**document, "correlation": {**section, "condition": plain}})
    rule.custom_attributes[_EXACT] = {"bounds": bounds, "percentile": condition.get("percentile")}
    return rule


def plan_of(rule: "SigmaCorrelationRule", key_of: Callable[[str], str | None]) -> CorrelationPlan:
    """The plan of a parsed correlation; ``key_of`` gives the key of what a reference (id or name) means.

    Raises:
        RuleFault: it refers to something unknown or to itself, or asks for what is not supported.
    """
    from sigma.correlations import SigmaCorrelationTimespan, SigmaExtendedCorrelationCondition, SigmaRuleReference

    kind = str(rule.type.name).lower() if rule.type is not None else ""
    if kind not in KINDS:
        raise RuleFault(f"correlations of the kind {kind or 'none'} are not supported")
    if not isinstance(rule.timespan, SigmaCorrelationTimespan) or rule.timespan.seconds <= 0:
        raise RuleFault("a correlation without a timespan")
    if rule.timespan.seconds > _LONGEST_SECONDS:
        raise RuleFault("a timespan of more than 100 years")
    references = rule.rules or []
    if isinstance(rule.condition, SigmaExtendedCorrelationCondition) and not references:
        references = [SigmaRuleReference(name) for name in rule.condition.get_referenced_rules()]
    keys = tuple(_known(reference.reference, key_of) for reference in references)
    own = str(rule.id) if rule.id is not None else rule.name or rule.title
    if not keys:
        raise RuleFault("a correlation of no rules")
    if own in keys:
        raise RuleFault("a correlation that refers to itself")
    rules = keys if kind == "temporal_ordered" else tuple(dict.fromkeys(keys))
    if isinstance(rule.condition, SigmaExtendedCorrelationCondition):
        condition = _expressed(rule.condition.parsed, kind, rules, key_of)
    else:
        condition = _bounded(rule, kind, len(keys), len(rules))
    _check(kind, condition, rules)
    return CorrelationPlan(
        key=own,
        kind=kind,
        rules=rules,
        timespan_us=rule.timespan.seconds * 1_000_000,
        group_by=tuple(rule.group_by or ()),
        aliases=_aliases(rule, rules, key_of),
        condition=condition,
        generate=bool(rule.generate),
    )


def _known(reference: object, key_of: Callable[[str], str | None]) -> str:
    key = key_of(str(reference))
    if key is None:
        raise RuleFault(f"refers to the rule {reference}, which is unknown")
    return key


def _aliases(
    rule: "SigmaCorrelationRule", rules: Sequence[str], key_of: Callable[[str], str | None]
) -> dict[str, dict[str, str]]:
    aliases: dict[str, dict[str, str]] = {}
    for alias in rule.aliases or ():
        mapping = aliases.setdefault(str(alias.alias).lower(), {})
        for reference, name in alias.mapping.items():
            key = _known(reference.reference, key_of)
            if key not in rules:
                raise RuleFault(f"the alias {alias.alias} names {reference.reference}, which is not correlated here")
            if not isinstance(name, str):
                raise RuleFault(f"the alias {alias.alias} does not name one field for {reference.reference}")
            mapping[key] = name
    return aliases


def _bounded(rule: "SigmaCorrelationRule", kind: str, referred: int, distinct: int) -> CorrelationCondition:
    parsed: SigmaCorrelationCondition = rule.condition  # type: ignore[assignment]
    exact = rule.custom_attributes.get(_EXACT, {})
    raw = exact.get("bounds") or {parsed.op.name.lower(): parsed.count}
    bounds = tuple(Bound(op, _figure(value)) for op, value in raw.items())
    if kind == "temporal" and bounds == (Bound("gte", referred),):
        bounds = (Bound("gte", distinct),)  # the same rule by its id and by its name is one rule
    names = [] if parsed.fieldref is None else parsed.fieldref
    names = [names] if isinstance(names, str) else names
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise RuleFault("the condition's field is neither a name nor a list of names")
    percentile = exact.get("percentile", parsed.percentile)
    return CorrelationCondition(bounds, tuple(names), None if percentile is None else _figure(percentile))


def _figure(value: object) -> int | float:
    try:
        figure = float(str(value))
    except ValueError:
        raise RuleFault(f"the condition compares with {value}, which is no number") from None
    if not math.isfinite(figure):
        raise RuleFault(f"the condition compares with {value}, which is no number")
    return int(str(value)) if str(value).lstrip("+-").isdecimal() and abs(figure) < _WHOLE else figure


def _expressed(
    parsed: object, kind: str, rules: Sequence[str], key_of: Callable[[str], str | None]
) -> CorrelationCondition:
    try:
        expression = _expression(parsed, key_of)
        holds_on_nothing = truth(expression, frozenset())
    except RecursionError:
        raise RuleFault("a condition nested too deep") from None
    if holds_on_nothing:
        raise RuleFault("a condition that holds when none of its rules match")
    if kind == "temporal":
        return CorrelationCondition(expression=expression)
    if isinstance(expression, tuple) and (expression[0] != "and" or any(isinstance(p, tuple) for p in expression[1:])):
        raise RuleFault("an ordered correlation can only join its rules with 'and'")
    return CorrelationCondition((Bound("gte", len(rules)),))


def _expression(node: object, key_of: Callable[[str], str | None]) -> Expression:
    from sigma.correlations import CorrelationConditionItem, SigmaRuleReference

    if isinstance(node, SigmaRuleReference):
        return _known(node.reference, key_of)
    if not isinstance(node, CorrelationConditionItem):
        raise RuleFault("a condition that cannot be understood")
    name = type(node).__name__.removeprefix("CorrelationCondition").lower()
    return (name, *(_expression(part, key_of) for part in node.args))


def truth(expression: Expression, seen: frozenset[str]) -> bool:
    """Whether an expression holds where exactly the rules in ``seen`` matched."""
    if isinstance(expression, str):
        return expression in seen
    parts = (truth(part, seen) for part in expression[1:])
    if expression[0] == "not":
        return not next(parts)
    return all(parts) if expression[0] == "and" else any(parts)


def wanted(expression: Expression, denied: bool = False) -> set[str]:
    """The rules whose match speaks for an expression: all but those that stand only under a 'not'."""
    if isinstance(expression, str):
        return set() if denied else {expression}
    turned = denied != (expression[0] == "not")
    return {rule for part in expression[1:] for rule in wanted(part, turned)}


def _operators(expression: Expression) -> set[str]:
    if isinstance(expression, str):
        return set()
    return {expression[0]}.union(*(_operators(part) for part in expression[1:]))


def _tupled(expression: Any) -> Expression | None:
    return tuple(_tupled(part) for part in expression) if isinstance(expression, list | tuple) else expression


def _check(kind: str, condition: CorrelationCondition, rules: Sequence[str]) -> None:
    if kind.startswith("value_") and not condition.fields:
        raise RuleFault("the condition names no field to measure")
    if kind not in COUNTING and len(condition.fields) > 1:
        raise RuleFault(f"{kind} measures one field, the condition names {len(condition.fields)}")
    if kind == "value_percentile" and (condition.percentile is None or not 0 <= condition.percentile <= 100):
        raise RuleFault("value_percentile without a percentile from 0 to 100")
    if kind == "temporal_ordered" and len(rules) > _MOST_ORDERED:
        raise RuleFault(f"an order of {len(rules)} rules, more than {_MOST_ORDERED}")
    if kind in COUNTING and condition.expression is None:
        most = len(rules) if kind.startswith("temporal") else math.inf
        near = {math.floor(bound.value) + step for bound in condition.bounds for step in (-1, 0, 1)} | {1}
        if not any(1 <= count <= most and reached(condition.bounds, count) for count in near):
            raise RuleFault("a condition that no window with a match can meet")


def reached(bounds: Sequence[Bound], figure: Any) -> bool:
    """Whether a window's figure keeps within all bounds."""
    return all(OPERATORS[bound.op](figure, bound.value) for bound in bounds)
