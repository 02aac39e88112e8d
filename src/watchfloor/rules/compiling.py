"""From pySigma's rules to a RuleSet: conditions over predicates that all rules share."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from sigma.collection import SigmaCollection
from sigma.conditions import SigmaCondition
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
    predicates_of,
)
from watchfloor.rules.values import Placeholders


def compile_rules(loaded: Loaded, placeholders: Placeholders | None = None) -> RuleSet:
    """Compile what was loaded; a rule that cannot be compiled becomes a fault with its reason."""
    faults = list(loaded.faults)
    table = PredicateTable(placeholders or {})
    filters = [rule for _, rule in loaded.rules if isinstance(rule, SigmaFilter)]
    rules: list[Rule] = []
    seen: dict[str, str] = {}
    for path, rule in loaded.rules:
        if not isinstance(rule, SigmaRule):
            continue
        try:
            compiled = _rule(rule, path, filters, table)
        except (RuleFault, SigmaError, RecursionError) as error:
            faults.append(Fault(path, rule.title, " ".join(str(error).split()) or "nested too deep"))
            continue
        if compiled.key in seen:
            faults.append(Fault(path, rule.title, f"has the same id as the rule in {seen[compiled.key]}"))
            continue
        seen[compiled.key] = path
        rules.append(compiled)
    correlations = _correlations(loaded, rules, faults)
    return RuleSet(tuple(table.predicates), _silenced(rules, correlations), tuple(correlations), tuple(faults))


def _rule(rule: SigmaRule, path: str, filters: Sequence[SigmaFilter], table: PredicateTable) -> Rule:
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
        detections=_detections(rule, table),
        fields=tuple(rule.fields),
    )


def _detections(rule: SigmaRule, table: PredicateTable) -> dict[str, Condition]:
    """Each named selection by itself, for explaining; one the condition does not use may not be askable."""
    named: dict[str, Condition] = {}
    for name in rule.detection.detections:
        try:
            named[name] = condition_of(SigmaCondition(name, rule.detection).parsed, table)
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
    named = [(path, rule) for path, rule in loaded.rules if isinstance(rule, SigmaCorrelationRule)]
    known = {rule.key: rule.key for rule in rules} | {rule.name: rule.key for rule in rules if rule.name}
    for _, correlation in named:
        known |= {key_of(correlation): key_of(correlation)}
        if correlation.name:
            known[correlation.name] = key_of(correlation)
    found: list[Correlation] = []
    for path, correlation in named:
        try:
            plan = plan_of(correlation, lambda reference: known.get(str(reference)))
            found.append(Correlation(**_facts(correlation, path), plan=plan))
        except (RuleFault, SigmaError) as error:
            faults.append(Fault(path, correlation.title, " ".join(str(error).split())))
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


def collection_of(loaded: Loaded) -> SigmaCollection:
    """The rules as pySigma's own collection, for its validators."""
    return SigmaCollection([rule for _, rule in loaded.rules], resolve_references=False, collect_filters=True)


def fields_of(ruleset: RuleSet, condition: Condition) -> set[str]:
    """Names of the fields a condition asks about, as rules spell them."""
    found: set[str] = set()
    for index in predicates_of(condition):
        predicate = ruleset.predicates[index]
        if predicate.field is not None:
            found.add(predicate.field)
        if predicate.op == "fieldref":
            found.add(predicate.value)
    return found
