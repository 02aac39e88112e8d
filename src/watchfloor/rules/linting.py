"""What is wrong, doubtful or dear about a set of rules: ours and pySigma's own checks, each finding with its reason."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields
from enum import Enum
from pathlib import PurePosixPath
from typing import Any

from sigma.correlations import SigmaCorrelationRule
from sigma.exceptions import SigmaError
from sigma.filters import SigmaFilter
from sigma.rule import SigmaLogSource, SigmaRule
from sigma.validators.base import SigmaValidationIssue
from sigma.validators.core import validators

from watchfloor.base.attack import normalise, normalise_tactic
from watchfloor.base.errors import InputError
from watchfloor.base.settings import Settings
from watchfloor.rules.compiling import compile_rules
from watchfloor.rules.files import read_files
from watchfloor.rules.loading import AnyRule, Loaded, load
from watchfloor.rules.logsources import readable
from watchfloor.rules.prefilter import needed_literals
from watchfloor.rules.ruleset import Op, RuleSet, predicates_of
from watchfloor.rules.values import Placeholders

#: Worst first; an error is a rule that cannot be used.
SEVERITIES = ("error", "high", "medium", "low", "info")

#: pySigma's checks that are not made: two fetch their data from the internet, the others are made below, with
#: paths, or judge file names by the conventions of one repository.
_NOT_MADE = frozenset(
    ("attacktag", "d3_fendtag", "duplicate_title", "identifier_uniqueness", "duplicate_filename", "filename_length")
)
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z][a-z0-9]*")
_TECHNIQUE = re.compile(r"^t\d{4}(\.\d{3})?$")
_OTHER_ATTACK = re.compile(r"^(?:[gsmc]\d{4}|ds\d{4})$")  # groups, software, mitigations, campaigns, data sources
_LONGEST = 300


@dataclass(frozen=True, slots=True)
class Issue:
    """One finding: how grave, of what kind in words, about which rule, and what exactly."""

    severity: str
    kind: str
    path: str
    title: str
    detail: str

    def to_json(self) -> dict[str, str]:
        """One ``issue`` line of the command contract."""
        return {
            "type": "issue",
            "severity": self.severity,
            "kind": self.kind,
            "path": self.path,
            "title": self.title,
            "detail": self.detail,
        }


@dataclass(slots=True)
class Report:
    """All findings, worst first. ``unread`` counts the rules by log source that Watchfloor reads no log for."""

    files: int = 0
    rules: int = 0
    correlations: int = 0
    filters: int = 0
    usable: int = 0
    issues: list[Issue] = field(default_factory=list)
    unread: dict[str, int] = field(default_factory=dict)

    def count(self, severity: str) -> int:
        """How many findings are this grave."""
        return sum(issue.severity == severity for issue in self.issues)


def lint(paths: Sequence[str], settings: Settings, placeholders: Placeholders | None = None) -> Report:
    """Check the rules of files, folders and archives.

    Raises:
        InputError: there are none.
    """
    files, unread = read_files(paths, settings)
    if not files:
        why = f": {unread[0].path}: {unread[0].why}" if unread else ""
        raise InputError(
            f"no Sigma rules at {', '.join(paths)}{why}.", hint="Name a .yml file, or a folder or archive of them."
        )
    loaded = load(files)
    loaded.faults.extend(unread)
    # before compiling: that works filters into the rules they are about
    issues = [*_validated(loaded), *_doubles(loaded), *_tags(loaded)]
    rules = compile_rules(loaded, placeholders)
    issues.extend(Issue("error", "cannot be used", fault.path, fault.title, fault.why) for fault in rules.faults)
    issues.extend(_dear(rules))
    issues.sort(key=lambda issue: (SEVERITIES.index(issue.severity), issue.kind, issue.path))
    plain = sum(isinstance(rule, SigmaRule) for _, rule in loaded.rules)
    correlations = sum(isinstance(rule, SigmaCorrelationRule) for _, rule in loaded.rules)
    return Report(
        files=len(files),
        rules=plain,
        correlations=correlations,
        filters=len(loaded.rules) - plain - correlations,
        usable=len(rules.rules) + len(rules.correlations),
        issues=issues,
        unread=_unread(rules),
    )


def _validated(loaded: Loaded) -> Iterator[Issue]:
    """pySigma's own checks; one that trips over a rule never hides another."""
    # not by way of a SigmaValidator: there one that fails takes the others with it, in the order of a set
    checks = [validator() for name, validator in validators.items() if name not in _NOT_MADE]
    paths = {id(rule): path for path, rule in loaded.rules}
    for path, rule in loaded.rules:
        if not isinstance(rule, SigmaRule | SigmaCorrelationRule):
            continue
        for check in checks:
            try:
                found = check.validate(rule)
            except (SigmaError, RecursionError):
                continue  # the condition cannot be parsed: that is the rule's fault already
            except Exception as error:
                what = f"{_in_words(type(check).__name__, 'Validator')}: {type(error).__name__}: {error}"
                yield Issue("low", "a check could not be made", path, rule.title, what[:_LONGEST])
                continue
            for issue in found:
                yield from _issues(issue, paths)
    for check in checks:
        for issue in check.finalize():
            yield from _issues(issue, paths)


def _issues(issue: SigmaValidationIssue, paths: dict[int, str]) -> Iterator[Issue]:
    given = {one.name: getattr(issue, one.name) for one in fields(issue) if one.name not in ("rules", "severity")}
    told = {name.replace("_", " "): _told(value) for name, value in given.items() if value is not None}
    more = [f"{name}: {text}" for name, text in told.items() if text]
    detail = f"{issue.description.rstrip('.')}{' (' if more else ''}{'; '.join(more)}{')' if more else ''}"[:_LONGEST]
    kind = _in_words(type(issue).__name__, "Issue")
    for rule in issue.rules:
        yield Issue(issue.severity.name.lower(), kind, paths.get(id(rule), ""), rule.title, detail)


def _told(value: Any) -> str:
    if isinstance(value, SigmaLogSource):
        return "/".join(part for part in (value.product, value.category, value.service) if part)
    if isinstance(value, Enum):
        return value.name.lower()
    return ", ".join(map(_told, value)) if isinstance(value, list | set | tuple) else str(value)


def _in_words(name: str, ending: str) -> str:
    words = _WORDS.findall(name.removesuffix(ending))
    return " ".join(word if word.isupper() and len(word) > 1 else word.lower() for word in words) or name


def _doubles(loaded: Loaded) -> Iterator[Issue]:
    """Titles that several rules have; of one id only the first rule is used, which compiling says."""
    first: dict[str, str] = {}
    ids: dict[str, str] = {}
    for path, rule in loaded.rules:
        title = " ".join(rule.title.lower().split())
        if first.setdefault(title, path) != path:
            yield Issue("medium", "duplicate title", path, rule.title, f"the rule in {first[title]} has the same title")
        if rule.id is not None and isinstance(rule, SigmaFilter):
            other = ids.setdefault(str(rule.id), path)
            if other != path:
                yield Issue("high", "duplicate id", path, rule.title, f"has the same id as {other}")


def _tags(loaded: Loaded) -> Iterator[Issue]:
    for path, rule in loaded.rules:
        for tag in getattr(rule, "tags", ()):
            if tag.namespace.lower() == "attack":
                yield from _attack_tag(path, rule, tag.name)


def _attack_tag(path: str, rule: AnyRule, name: str) -> Iterator[Issue]:
    lower = name.lower()
    if _TECHNIQUE.match(lower):
        present = normalise(lower)
        if present is None:
            detail = f"attack.{name} is no technique of ATT&CK in force"
            yield Issue("low", "ATT&CK tag not in force", path, rule.title, detail)
        elif present.lower() != lower:
            yield Issue("info", "ATT&CK tag replaced", path, rule.title, f"attack.{name} is now {present}")
    elif normalise_tactic(lower) is None and not _OTHER_ATTACK.match(lower):
        detail = f"attack.{name} is neither a technique nor a tactic of ATT&CK"
        yield Issue("low", "ATT&CK tag unknown", path, rule.title, detail)


def _dear(rules: RuleSet) -> Iterator[Issue]:
    """What costs time: expressions for the slower engine, rules for which every record must be parsed."""
    slow = {n: p.value for n, p in enumerate(rules.predicates) if p.op is Op.REGEX and not _is_regular(p.value)}
    for rule in rules.rules:
        for number in dict.fromkeys(predicates_of(rule.condition)):
            if number in slow:
                detail = f"RE2 has no syntax for {slow[number][:120]}; it runs in the slower engine, under a time limit"
                yield Issue("info", "slow regular expression", rule.path, rule.title, detail)
        if readable(rule.logsource) and needed_literals(rule.condition, rules.predicates) is None:
            detail = "no text stands in every record it holds for, so none can be sorted out before it is parsed"
            yield Issue("info", "no literal", rule.path, rule.title, detail)


def _is_regular(expression: str) -> bool:
    import re2

    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(expression, options)
    except re2.error:
        return False
    return True


def _unread(rules: RuleSet) -> dict[str, int]:
    counts: dict[str, int] = {}
    for rule in rules.rules:
        if not readable(rule.logsource):
            counts[str(rule.logsource)] = counts.get(str(rule.logsource), 0) + 1
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def short_path(path: str, paths: Sequence[str]) -> str:
    """A rule's path below the folder or archive that was named; its name where it was named itself."""
    for named in sorted(paths, key=len, reverse=True):
        for mark in ("/", "::", "\\"):
            if path.startswith(named.rstrip("/\\") + mark):
                return path[len(named.rstrip("/\\")) + len(mark) :]
    return PurePosixPath(path).name


def grouped(issues: Sequence[Issue]) -> dict[tuple[str, str], list[Issue]]:
    """Findings by severity and kind, worst first; of one severity the commonest kind first."""
    found: dict[tuple[str, str], list[Issue]] = {}
    for issue in issues:
        found.setdefault((issue.severity, issue.kind), []).append(issue)
    order: Any = sorted(found.items(), key=lambda item: (SEVERITIES.index(item[0][0]), -len(item[1]), item[0][1]))
    return dict(order)
