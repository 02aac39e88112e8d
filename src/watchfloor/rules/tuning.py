"""A site's own word on rules: switched off, or excepted for a host or a field value, each with a reason.

One readable YAML file, in Sigma's own language for field values::

    exceptions:
      - rule: 8de1cbe8-d6f5-496d-8237-5f44a721c7a0   # id, name, title or file name; * and ? may be used
        reason: the deployment tool does this every night
        hosts: [build-*, jump01]
        where:
          ParentImage|endswith: \\deployd.exe
        until: 2027-06-30
      - rule: Whoami Utility Execution
        disable: true
        reason: reviewed, too noisy here

What an exception takes away is counted and named, never dropped in silence.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from watchfloor.base.errors import UsageError
from watchfloor.rules.algebra import Answers, Questions
from watchfloor.rules.matching import Hit
from watchfloor.rules.records import Indexes, Records
from watchfloor.rules.ruleset import Condition, Correlation, Predicate, Rule, RuleSet

_KNOWN = frozenset(("rule", "reason", "disable", "hosts", "where", "until"))


@dataclass(frozen=True, slots=True, eq=False)
class TuningEntry:
    """One entry of the file. ``condition`` is over the Tuning's own predicates, None for all values."""

    rule: str
    reason: str
    disable: bool
    hosts: tuple[str, ...]
    condition: Condition | None
    until: date | None

    def names(self, rule: Rule | Correlation) -> bool:
        """Whether this entry is about a rule."""
        wanted = self.rule.lower()
        known = (rule.key, rule.id, rule.name, rule.title, PurePosixPath(rule.path).name, PurePosixPath(rule.path).stem)
        return any(fnmatchcase(name.lower(), wanted) for name in known if name)

    def covers(self, host: str | None) -> bool:
        """Whether this entry is about a host."""
        return not self.hosts or any(fnmatchcase((host or "").lower(), pattern.lower()) for pattern in self.hosts)


class Tuning:
    """The entries of a file in force today, ready to be applied to matches."""

    def __init__(self, entries: Sequence[TuningEntry] = (), predicates: Sequence[Predicate] = ()) -> None:
        self.entries = tuple(entries)
        self.predicates = tuple(predicates)
        self._questions = Questions(self.predicates, range(len(self.predicates)))

    @property
    def fields(self) -> set[str]:
        """Fields the entries ask about; records must keep them."""
        return {predicate.field for predicate in self.predicates if predicate.field is not None}

    def disabled(self, rules: RuleSet) -> dict[int, TuningEntry]:
        """Rules that are switched off, by their place in the RuleSet."""
        off = [entry for entry in self.entries if entry.disable]
        return {place: entry for place, rule in enumerate(rules.rules) for entry in off if off and entry.names(rule)}

    def disabled_correlations(self, rules: RuleSet) -> dict[str, TuningEntry]:
        """Correlations that are switched off, by key, and with them those that are about them."""
        off = [entry for entry in self.entries if entry.disable]
        found = {rule.key: entry for rule in rules.correlations for entry in off if entry.names(rule)}
        while True:
            more = {
                rule.key: found[key]
                for rule in rules.correlations
                for key in rule.plan.rules
                if key in found and rule.key not in found
            }
            if not more:
                return found
            found |= more

    def exception_of(self, rule: Correlation, hosts: Collection[str]) -> TuningEntry | None:
        """The entry that takes a correlation's match away: all its hosts are excepted, and no value is asked for."""
        for entry in self.entries:
            about = not entry.disable and entry.condition is None and entry.names(rule)
            if about and all(entry.covers(host) for host in hosts):
                return entry
        return None

    def unused(self, rules: RuleSet) -> list[TuningEntry]:
        """Entries about rules that are not there: a typing error, or a rule that was renamed."""
        known: list[Rule | Correlation] = [*rules.rules, *rules.correlations]
        return [entry for entry in self.entries if not any(entry.names(rule) for rule in known)]

    def split(
        self, rules: RuleSet, records: Records, hits: Sequence[Hit], hosts: Sequence[str | None]
    ) -> tuple[list[Hit], list[tuple[Hit, TuningEntry]]]:
        """Hits that stand, and those an entry takes away; ``hosts`` are those of the batch's Events."""
        conditional = [entry for entry in self.entries if not entry.disable]
        if not conditional or not hits:
            return list(hits), []
        answers = Answers(self._questions, records)
        about: dict[int, list[TuningEntry]] = {}
        taken: list[tuple[Hit, TuningEntry]] = []
        kept: list[Hit] = []
        for hit in hits:
            if hit.rule not in about:
                about[hit.rule] = [entry for entry in conditional if entry.names(rules.rules[hit.rule])]
            entry = next((e for e in about[hit.rule] if _excepts(e, hit, answers, records, hosts[hit.event])), None)
            if entry is None:
                kept.append(hit)
            else:
                taken.append((hit, entry))
        return kept, taken


def _excepts(entry: TuningEntry, hit: Hit, answers: Answers, records: Records, host: str | None) -> bool:
    if not entry.covers(host):
        return False
    if entry.condition is None:
        return True
    # an audit event has a record a line: the value may stand in another line than the match
    same: Indexes = np.flatnonzero(records.event == hit.event).astype(np.int32)
    return len(answers.holds(entry.condition, same)) > 0


def read_tuning(path: str, today: date) -> tuple[Tuning, list[TuningEntry]]:
    """The entries of a file in force today, and those that have expired.

    Raises:
        UsageError: the file cannot be read or an entry makes no sense; the message names the entry.
    """
    from watchfloor.rules.conditions import PredicateTable

    table = PredicateTable({})
    entries = [_entry(raw, f"{path}: exception {n}", table) for n, raw in enumerate(_entries(path), 1)]
    expired = [entry for entry in entries if entry.until is not None and entry.until < today]
    return Tuning([entry for entry in entries if entry not in expired], table.predicates), expired


def _entries(path: str) -> list[Any]:
    from watchfloor.rules.documents import Unreadable, documents

    try:
        found = list(documents(Path(path).read_bytes()))
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from error
    for document in found:
        if isinstance(document, Unreadable):
            raise UsageError(f"{path} is not readable as YAML: {document.why}.")
    if not found:
        return []
    document = found[0]
    if len(found) > 1 or not isinstance(document, dict) or not isinstance(document.get("exceptions"), list):
        raise UsageError(f"{path} has no list called exceptions.", hint="See docs/rules.md for an example.")
    return list(document["exceptions"])


def _entry(raw: Any, where: str, table: Any) -> TuningEntry:
    if not isinstance(raw, dict) or not _KNOWN.issuperset(raw):
        unknown = ", ".join(sorted(set(map(str, raw)) - _KNOWN)) if isinstance(raw, dict) else "no mapping"
        raise UsageError(f"{where}: {unknown} is not known.", hint=f"Known: {', '.join(sorted(_KNOWN))}.")
    rule, reason, until = raw.get("rule"), raw.get("reason"), raw.get("until")
    if not isinstance(rule, str) or not rule.strip():
        raise UsageError(f"{where} does not say which rule.", hint="Give its id or title.")
    if not isinstance(reason, str) or not reason.strip():
        raise UsageError(f"{where} gives no reason.", hint="Whoever reads it next year will want to know.")
    if until is not None and (not isinstance(until, date) or isinstance(until, datetime)):
        raise UsageError(f"{where}: until is a date such as 2027-06-30, not {until!r}.")
    hosts = raw.get("hosts", [])
    hosts = [hosts] if isinstance(hosts, str) else hosts
    if not isinstance(hosts, list) or not all(isinstance(host, str) for host in hosts):
        raise UsageError(f"{where}: hosts is a list of names.")
    condition = _where(raw["where"], where, table) if raw.get("where") is not None else None
    disable = raw.get("disable", False)
    if not isinstance(disable, bool):
        raise UsageError(f"{where}: disable is true or false.")
    if disable and (hosts or condition is not None):
        raise UsageError(
            f"{where} both disables the rule and names hosts or values.", hint="Leave out disable: it then holds there."
        )
    if not disable and not hosts and condition is None:
        raise UsageError(f"{where} says neither disable, hosts nor where.", hint="disable: true switches a rule off.")
    return TuningEntry(rule.strip(), reason.strip(), disable, tuple(hosts), condition, until)


def _where(detection: Any, where: str, table: Any) -> Condition:
    from sigma.exceptions import SigmaError
    from sigma.rule.detection import SigmaDetections

    from watchfloor.rules.conditions import condition_of
    from watchfloor.rules.faults import RuleFault

    try:
        parsed = SigmaDetections.from_dict({"where": detection, "condition": "where"})
        return condition_of(parsed.parsed_condition[0].parsed, table)
    except (SigmaError, RuleFault, TypeError) as error:
        raise UsageError(f"{where}: where cannot be used: {' '.join(str(error).split())}.") from error
