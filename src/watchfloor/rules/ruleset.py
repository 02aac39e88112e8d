"""Compiled rules: predicates shared by all, conditions as boolean algebra over them.

A RuleSet is plain data and goes to JSON and back, so that it can be kept by content hash. Knows nothing of
YAML, pySigma or Events.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, astuple, dataclass, field, fields, replace
from enum import StrEnum
from typing import Any, NamedTuple

from watchfloor.base.findings import rank
from watchfloor.rules.correlation_plan import CorrelationPlan
from watchfloor.rules.logsources import LogSource, readable


class Op(StrEnum):
    """What a predicate asks of a value; see docs/rules.md for the exact meaning of each."""

    EQUALS = "equals"
    STARTS = "startswith"
    ENDS = "endswith"
    CONTAINS = "contains"
    GLOB = "wildcards"
    REGEX = "re"
    CIDR = "cidr"
    NUMBER = "number"
    LT = "lt"
    LTE = "lte"
    GT = "gt"
    GTE = "gte"
    NEQ = "ne"
    NULL = "null"
    EXISTS = "exists"
    REF = "fieldref"
    PART = "timestamp part"


class Predicate(NamedTuple):
    """One question about one field: ``field`` as the rule spells it, None for the text of the whole record.

    ``value`` is the pattern: literal text (in lower case unless ``cased``); wildcards with ``*`` and ``?``
    and backslash escapes; an expression with its flags in front; a network; a number; another field with
    what is asked of it (``equals``, ``startswith`` …) in ``how``; a part of a time in ``how``.
    """

    field: str | None
    op: Op
    value: str
    cased: bool = False
    how: str = ""


#: A condition: the index of a predicate, or ``[op, operands]`` with op ``and``, ``or`` or ``not``.
Condition = int | list[Any]


@dataclass(frozen=True, slots=True)
class Facts:
    """What is told of a rule. ``key`` is what others refer to it by; ``path`` is where it was read from."""

    key: str
    id: str
    name: str
    title: str
    level: str
    status: str
    author: str
    description: str
    path: str
    techniques: tuple[str, ...]
    tactics: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rule(Facts):
    """One compiled rule."""

    logsource: LogSource
    condition: Condition
    fields: tuple[str, ...] = ()
    silent: bool = False  # only feeds a correlation: its own matches are not reported


@dataclass(frozen=True, slots=True)
class Correlation(Facts):
    """A correlation rule: what its plan asks of the matches of others."""

    plan: CorrelationPlan


@dataclass(frozen=True, slots=True)
class Fault:
    """A rule that cannot be used: the file, the rule's title where it has one, and why."""

    path: str
    title: str
    why: str


class Selections:
    """The named selections of each rule as conditions of their own, by the rule's key.

    Only explaining asks for them: they are read when it does.
    """

    def __init__(self, read: Callable[[], Mapping[str, Mapping[str, Condition]]] = dict) -> None:
        self._read = read
        self._known: Mapping[str, Mapping[str, Condition]] | None = None

    def all(self) -> Mapping[str, Mapping[str, Condition]]:
        """Those of every rule."""
        if self._known is None:
            self._known = self._read()
        return self._known

    def of(self, rule: Rule) -> Mapping[str, Condition]:
        """Those of one rule, in its order."""
        return self.all().get(rule.key, {})

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Selections) and self.all() == other.all()

    __hash__ = None  # type: ignore[assignment]


@dataclass(frozen=True, slots=True)
class RuleSet:
    """All that was loaded. ``predicates`` are distinct; conditions refer to them by index."""

    predicates: tuple[Predicate, ...] = ()
    rules: tuple[Rule, ...] = ()
    correlations: tuple[Correlation, ...] = ()
    faults: tuple[Fault, ...] = ()
    selections: Selections = field(default_factory=Selections, repr=False)

    def at_least(self, level: str) -> "RuleSet":
        """The rules of a level and above; those a correlation that stays refers to stay with it."""
        least = rank(level)
        correlations = tuple(rule for rule in self.correlations if rank(rule.level) >= least)
        used = {key for rule in correlations for key in rule.plan.rules}
        parts = tuple(rule for rule in self.correlations if rule in correlations or rule.key in used)
        rules = tuple(rule for rule in self.rules if rank(rule.level) >= least or rule.key in used)
        return replace(self, rules=rules, correlations=parts)

    def unreadable(self) -> int:
        """How many rules are for logs that no input can hold."""
        return sum(not readable(rule.logsource) for rule in self.rules)

    def to_json(self) -> dict[str, Any]:
        """Plain data for JSON, all but the selections: column by column, which is read back the fastest."""
        names = {name: place for place, name in enumerate(dict.fromkeys(one.field for one in self.predicates))}
        sources = {source: place for place, source in enumerate(dict.fromkeys(rule.logsource for rule in self.rules))}
        columns: dict[str, list[Any]] = {name: [getattr(rule, name) for rule in self.rules] for name in _RULE}
        return {
            "names": list(names),
            "predicates": {
                "field": [names[one.field] for one in self.predicates],
                "op": [_OPS.index(one.op) for one in self.predicates],
                "value": [one.value for one in self.predicates],
                "cased": [one.cased for one in self.predicates],
                "how": {str(place): one.how for place, one in enumerate(self.predicates) if one.how},
            },
            "sources": [astuple(source) for source in sources],
            "rules": columns | {"logsource": [sources[source] for source in columns["logsource"]]},
            "correlations": [asdict(rule) for rule in self.correlations],
            "faults": [astuple(fault) for fault in self.faults],
        }

    @classmethod
    def from_json(cls, data: dict[str, Any], selections: Selections | None = None) -> "RuleSet":
        """The inverse of `to_json`.

        Raises:
            LookupError, TypeError, ValueError: the data is not what `to_json` wrote.
        """
        correlations = tuple(
            Correlation(**_tuples(raw) | {"plan": CorrelationPlan.from_json(raw["plan"])})
            for raw in data["correlations"]
        )
        faults = tuple(Fault(*raw) for raw in data["faults"])
        return cls(_predicates(data), _rules(data), correlations, faults, selections or Selections())


_OPS = tuple(Op)
_RULE = tuple(one.name for one in fields(Rule))


def _predicates(data: dict[str, Any]) -> tuple[Predicate, ...]:
    columns = data["predicates"]
    hows = [""] * len(columns["value"])
    for place, how in columns["how"].items():
        hows[int(place)] = how
    names = map(data["names"].__getitem__, columns["field"])
    ops = map(_OPS.__getitem__, columns["op"])
    return tuple(map(Predicate, names, ops, columns["value"], columns["cased"], hows))


def _rules(data: dict[str, Any]) -> tuple[Rule, ...]:
    sources = [LogSource(*source) for source in data["sources"]]
    columns = data["rules"] | {"logsource": [sources[place] for place in data["rules"]["logsource"]]}
    for name in _TUPLES:
        columns[name] = map(tuple, columns[name])
    return tuple(map(Rule, *(columns[name] for name in _RULE)))


#: JSON has no tuples; these fields of rules are some.
_TUPLES = ("techniques", "tactics", "fields")


def _tuples(raw: dict[str, Any]) -> dict[str, Any]:
    return raw | {name: tuple(raw[name]) for name in _TUPLES if name in raw}


def fields_of(ruleset: RuleSet, condition: Condition) -> set[str]:
    """Names of the fields a condition asks about, as rules spell them."""
    found: set[str] = set()
    for index in predicates_of(condition):
        predicate = ruleset.predicates[index]
        if predicate.field is not None:
            found.add(predicate.field)
        if predicate.op is Op.REF:
            found.add(predicate.value)
    return found


def predicates_of(condition: Condition) -> list[int]:
    """Indexes of the predicates a condition asks, in order, with repeats."""
    if isinstance(condition, int):
        return [condition]
    return [index for operand in condition[1] for index in predicates_of(operand)]
