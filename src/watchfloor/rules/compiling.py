"""From pySigma's rules to a RuleSet: conditions over predicates that all rules share."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from sigma.correlations import SigmaCorrelationRule
from sigma.exceptions import SigmaError
from sigma.filters import SigmaFilter
from sigma.rule import SigmaRule, SigmaRuleBase

from watchfloor.base.attack import normalise, normalise_tactic, tactics_of
from watchfloor.rules.conditions import PredicateTable, condition_of, joined
from watchfloor.rules.correlation_plan import circular, plan_of
from watchfloor.rules.faults import RuleFault
from watchfloor.rules.loading import Loaded
from watchfloor.rules.logsources import LogSource
from watchfloor.rules.ruleset import (
    Condition,
    Correlation,
    Fault,
    Rule,
    RuleSet,
    Selections,
    predicates_of,
)
from watchfloor.rules.values import Placeholders

#: A filter's selections in a rule, whose names pySigma starts with a random word.
_FILTER = re.compile(r"^_filt_([a-z]{10})_")

#: What a condition may ask of a rule's selections: stars are matched by trying, and selectors multiply.
_LONGEST_CONDITION = 50_000
_LONGEST_NAME = 256
_MOST_STARS = 2
_MOST_SELECTED = 100_000

_LONGEST_REASON = 300


def compile_rules(loaded: Loaded, placeholders: Placeholders | None = None) -> RuleSet:
    """Compile what was loaded; a rule that cannot be compiled becomes a fault with its reason.

    A filter is worked into pySigma's own rules, so what was loaded is compiled once.
    """
    faults = list(loaded.faults)
    table = PredicateTable(placeholders or {})
    filters = _filters(loaded, placeholders or {}, faults)
    rules: list[Rule] = []
    selections: dict[str, dict[str, Condition]] = {}
    seen: dict[str, str] = {}
    for path, rule in loaded.rules:
        if not isinstance(rule, SigmaRule):
            continue
        try:
            compiled = _rule(rule, path, filters, table)
            named = _selections(rule, table)
        except Exception as error:
            faults.append(_fault(path, rule, error))
            continue
        if compiled.key in seen:
            faults.append(Fault(path, rule.title, f"has the same id as the rule in {seen[compiled.key]}"))
            continue
        seen[compiled.key] = path
        selections[compiled.key] = named
        rules.append(compiled)
    correlations = _correlations(loaded, rules, faults)
    return RuleSet(
        tuple(table.predicates),
        _silenced(rules, correlations),
        tuple(correlations),
        tuple(faults),
        Selections(lambda: selections),
    )


def _fault(path: str, rule: SigmaRuleBase, error: Exception) -> Fault:
    why = " ".join(str(error).split())[:_LONGEST_REASON]
    if isinstance(error, RecursionError):
        why = "a condition nested too deep"
    elif not isinstance(error, RuleFault | SigmaError):
        # pySigma finds some of what is wrong with a rule only by tripping over it
        why = f"cannot be compiled: {type(error).__name__}: {why}"
    return Fault(path, rule.title, why)


def _filters(loaded: Loaded, placeholders: Placeholders, faults: list[Fault]) -> list[SigmaFilter]:
    """Filters that can be used: one that cannot must not take the rules it is about with it."""
    found: list[SigmaFilter] = []
    for path, rule in loaded.rules:
        if not isinstance(rule, SigmaFilter):
            continue
        try:
            _check_conditions(rule.filter)
            table = PredicateTable(placeholders)
            asked = [condition_of(parsed.parsed, table) for parsed in rule.filter.parsed_condition]
            if not any(map(predicates_of, asked)):
                raise RuleFault("has no condition, or one that names no selection there is")
        except Exception as error:
            faults.append(_fault(path, rule, error))
        else:
            found.append(rule)
    return found


def _rule(rule: SigmaRule, path: str, filters: Sequence[SigmaFilter], table: PredicateTable) -> Rule:
    _check_conditions(rule.detection)
    for filter_ in filters:
        filter_.apply_on_rule(rule)
    conditions = [condition_of(parsed.parsed, table) for parsed in rule.detection.parsed_condition]
    if not conditions or all(not predicates_of(condition) for condition in conditions):
        raise RuleFault("has no condition, or one that names no selection there is")
    return Rule(
        **_facts(rule, path),
        logsource=LogSource(
            (rule.logsource.product or "").lower(),
            (rule.logsource.category or "").lower(),
            (rule.logsource.service or "").lower(),
        ),
        condition=joined("or", conditions),
        fields=tuple(map(str, rule.fields)),
    )


def _check_conditions(detection: Any) -> None:
    """Refuse conditions that pySigma would need minutes for.

    Raises:
        RuleFault: with the reason.
    """
    for condition in detection.condition:
        if not isinstance(condition, str):
            raise RuleFault("a condition that is no text")
        if len(condition) > _LONGEST_CONDITION:
            raise RuleFault(f"a condition of {len(condition):,} characters")
        words = condition.replace("(", " ").replace(")", " ").split()
        if max((word.count("*") for word in words), default=0) > _MOST_STARS:
            raise RuleFault(f"a pattern for selections with more than {_MOST_STARS} stars")
    if max(len(str(name)) for name in detection.detections) > _LONGEST_NAME:
        raise RuleFault(f"a selection whose name is longer than {_LONGEST_NAME} characters")
    selectors = sum(condition.count(" of ") for condition in detection.condition)
    if selectors * len(detection.detections) > _MOST_SELECTED:
        raise RuleFault("a condition that asks for too many selections")


def _selections(rule: SigmaRule, table: PredicateTable) -> dict[str, Condition]:
    """Each named selection by itself, for explaining; one the condition does not use may not be askable."""
    named: dict[str, Condition] = {}
    filters: dict[str, str] = {}
    for name, detection in rule.detection.detections.items():
        if match := _FILTER.match(str(name)):
            # the random word becomes "a" for the first filter, "aa" for the second: the same rules, the same RuleSet
            word = filters.setdefault(match[1], "a" * (len(filters) + 1))
            name = f"_filt_{word}_{name[match.end() :]}"
        try:
            named[str(name)] = condition_of(detection.postprocess(rule.detection), table)
        except (RuleFault, SigmaError):
            continue
    return named


def key_of(rule: SigmaRuleBase) -> str:
    """What refers to a rule: its id, else its name, else its title."""
    return str(rule.id) if rule.id is not None else rule.name or rule.title


def _facts(rule: SigmaRuleBase, path: str) -> dict[str, Any]:
    techniques, tactics = attack_of(f"{tag.namespace}.{tag.name}" for tag in rule.tags)
    return {
        "key": key_of(rule),
        "id": str(rule.id) if rule.id is not None else "",
        "name": rule.name or "",
        "title": rule.title,
        "level": str(rule.level) if rule.level is not None else "medium",
        "status": str(rule.status) if rule.status is not None else "",
        "author": rule.author or "",
        "description": (rule.description or "").strip()[:2_000],
        "path": path,
        "techniques": techniques,
        "tactics": tactics,
    }


def attack_of(tags: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Techniques and tactics in force that a rule's tags name, whatever version they were written for."""
    techniques: dict[str, None] = {}
    tactics: dict[str, None] = {}
    for tag in tags:
        if not tag.lower().startswith("attack."):
            continue
        technique = normalise(tag)
        if technique is not None:
            techniques[technique] = None
        else:
            tactic = normalise_tactic(tag.lower())
            if tactic is not None:
                tactics[tactic] = None
    if not tactics:
        tactics = dict.fromkeys(tactic for technique in techniques for tactic in tactics_of(technique))
    return tuple(techniques), tuple(tactics)


def _correlations(loaded: Loaded, rules: Sequence[Rule], faults: list[Fault]) -> list[Correlation]:
    places = {rule.key: f"the rule in {rule.path}" for rule in rules}
    named: list[tuple[str, SigmaCorrelationRule]] = []
    for path, correlation in loaded.rules:
        if not isinstance(correlation, SigmaCorrelationRule):
            continue
        key = key_of(correlation)
        if key in places:
            faults.append(Fault(path, correlation.title, f"has the same id as {places[key]}"))
            continue
        places[key] = f"the correlation in {path}"
        named.append((path, correlation))
    # an id goes before a name, the first of a name before the others
    known = {key: key for key in places}
    for rule in rules:
        if rule.name:
            known.setdefault(rule.name, rule.key)
    for _, correlation in named:
        if correlation.name:
            known.setdefault(correlation.name, key_of(correlation))
    found: list[Correlation] = []
    for path, correlation in named:
        try:
            plan = plan_of(correlation, lambda reference: known.get(str(reference)))
            found.append(Correlation(**_facts(correlation, path), plan=plan))
        except Exception as error:
            faults.append(_fault(path, correlation, error))
    return _straight(_whole(found, {rule.key for rule in rules}, faults), faults)


def _whole(correlations: list[Correlation], rules: set[str], faults: list[Fault]) -> list[Correlation]:
    """Those all of whose parts could be loaded; losing one may take others with it."""
    while True:
        known = rules | {correlation.key for correlation in correlations}
        broken = [c for c in correlations if not known.issuperset(c.plan.rules)]
        if not broken:
            return correlations
        for correlation in broken:
            missing = ", ".join(sorted(set(correlation.plan.rules) - known))
            faults.append(Fault(correlation.path, correlation.title, f"refers to what could not be loaded: {missing}"))
        correlations = [c for c in correlations if c not in broken]


def _straight(correlations: list[Correlation], faults: list[Fault]) -> list[Correlation]:
    """Those that do not refer to each other in a circle."""
    turning = circular([correlation.plan for correlation in correlations])
    why = "refers to itself by way of other correlations"
    faults.extend(Fault(one.path, one.title, why) for one in correlations if one.key in turning)
    return [correlation for correlation in correlations if correlation.key not in turning]


def _silenced(rules: list[Rule], correlations: Sequence[Correlation]) -> tuple[Rule, ...]:
    """A rule that a correlation refers to is reported by itself only if the correlation says generate."""
    used = {key for correlation in correlations for key in correlation.plan.rules if not correlation.plan.generate}
    return tuple(replace(rule, silent=True) if rule.key in used else rule for rule in rules)
