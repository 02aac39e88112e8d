"""Compiled rules: predicates shared by all, conditions as boolean algebra over them.

A RuleSet is plain data and goes to JSON and back, so that it can be kept by content hash. Knows nothing of
YAML, pySigma or Events.
"""

from dataclasses import asdict, dataclass, field
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
class Rule:
    """One compiled rule. ``key`` is what others refer to it by; ``path`` is where it was read from."""

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
    logsource: LogSource
    condition: Condition
    detections: dict[str, Condition] = field(default_factory=dict)
    fields: tuple[str, ...] = ()
    silent: bool = False  # only feeds a correlation: its own matches are not reported


@dataclass(frozen=True, slots=True)
class Correlation:
    """A correlation rule: its plan, and the same facts about it as a Rule's."""

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
    plan: CorrelationPlan


@dataclass(frozen=True, slots=True)
class Fault:
    """A rule that cannot be used: the file, the rule's title where it has one, and why."""

    path: str
    title: str
    why: str


@dataclass(frozen=True, slots=True)
class RuleSet:
    """All that was loaded. ``predicates`` are distinct; conditions refer to them by index."""

    predicates: tuple[Predicate, ...] = ()
    rules: tuple[Rule, ...] = ()
    correlations: tuple[Correlation, ...] = ()
    faults: tuple[Fault, ...] = ()

    def at_least(self, level: str) -> "RuleSet":
        """The rules of a level and above; those a correlation that stays refers to stay with it."""
        least = rank(level)
        correlations = tuple(rule for rule in self.correlations if rank(rule.level) >= least)
        used = {key for rule in correlations for key in rule.plan.rules}
        parts = tuple(rule for rule in self.correlations if rule in correlations or rule.key in used)
        rules = tuple(rule for rule in self.rules if rank(rule.level) >= least or rule.key in used)
        return RuleSet(self.predicates, rules, parts, self.faults)

    def unreadable(self) -> int:
        """How many rules are for logs that no input can hold."""
        return sum(not readable(rule.logsource) for rule in self.rules)

    def to_json(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "predicates": [list(predicate) for predicate in self.predicates],
            "rules": [asdict(rule) for rule in self.rules],
            "correlations": [asdict(rule) for rule in self.correlations],
            "faults": [asdict(fault) for fault in self.faults],
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "RuleSet":
        """The inverse of `to_json`.

        Raises:
            KeyError, TypeError, ValueError: the data is not what `to_json` wrote.
        """
        predicates = tuple(Predicate(f, Op(op), value, cased, how) for f, op, value, cased, how in data["predicates"])
        rules = tuple(Rule(**_tuples(raw) | {"logsource": LogSource(**raw["logsource"])}) for raw in data["rules"])
        correlations = tuple(
            Correlation(**_tuples(raw) | {"plan": CorrelationPlan.from_json(raw["plan"])})
            for raw in data["correlations"]
        )
        return cls(predicates, rules, correlations, tuple(Fault(**raw) for raw in data["faults"]))


def _tuples(raw: dict[str, Any]) -> dict[str, Any]:
    """JSON has no tuples; these fields are some."""
    named = ("techniques", "tactics", "fields")
    return raw | {name: tuple(raw[name]) for name in named if name in raw}


def predicates_of(condition: Condition) -> list[int]:
    """Indexes of the predicates a condition asks, in order, with repeats."""
    if isinstance(condition, int):
        return [condition]
    return [index for operand in condition[1] for index in predicates_of(operand)]
