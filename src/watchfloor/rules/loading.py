"""From files, folders and archives to pySigma's rules; what cannot be loaded is named with the reason."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sigma.correlations import SigmaCorrelationRule
from sigma.exceptions import SigmaError
from sigma.filters import SigmaFilter
from sigma.rule import SigmaRule

from watchfloor.rules.correlation_plan import read_correlation
from watchfloor.rules.documents import Unreadable, documents, one_line
from watchfloor.rules.faults import RuleFault
from watchfloor.rules.files import RuleFile
from watchfloor.rules.ruleset import Fault

#: Modifiers that make several values of one; one upon another, their number explodes.
_MULTIPLYING = ("windash", "base64offset")
_MOST_MODIFIERS = 12

_LONGEST_TITLE = 300

#: Any kind of rule pySigma knows.
AnyRule = SigmaRule | SigmaCorrelationRule | SigmaFilter


@dataclass(slots=True)
class Loaded:
    """Rules with the path each came from, in the order of the files, and what could not be loaded."""

    rules: list[tuple[str, AnyRule]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


def load(files: Sequence[RuleFile]) -> Loaded:
    """Parse rule files; one bad rule never hides another, not even one of the same file."""
    loaded = Loaded()
    for file in files:
        for document in documents(file.content):
            if isinstance(document, Unreadable):
                loaded.faults.append(Fault(file.path, "", document.why))
            else:
                _add(file.path, document, loaded)
    return loaded


def _add(path: str, document: Any, loaded: Loaded) -> None:
    title = document.get("title", "") if isinstance(document, dict) else ""
    title = title[:_LONGEST_TITLE] if isinstance(title, str) else ""
    try:
        loaded.rules.append((path, _parsed(document)))
    except (SigmaError, RuleFault) as error:
        loaded.faults.append(Fault(path, title, one_line(error)))
    except Exception as error:
        # pySigma trips over some documents that are no rules with errors of other kinds.
        loaded.faults.append(Fault(path, title, f"not a rule: {type(error).__name__}: {one_line(error)}"))


def _parsed(document: Any) -> AnyRule:
    if not isinstance(document, dict):
        raise RuleFault("not a rule: the document is no mapping")
    if "correlation" in document:
        return read_correlation(document)
    section = "filter" if "filter" in document else "detection"
    for key in _keys(document.get(section)):
        _check_modifiers(key)
    return SigmaFilter.from_dict(document) if section == "filter" else SigmaRule.from_dict(document)


def _keys(section: Any) -> Iterator[str]:
    """Fields with their modifiers, wherever they stand in a section's selections."""
    waiting = [section]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            yield from (key for key in value if isinstance(key, str) and "|" in key)
        if isinstance(value, dict | list):
            waiting.extend(value.values() if isinstance(value, dict) else value)


def _check_modifiers(key: str) -> None:
    name, *modifiers = key.split("|")
    if len(modifiers) > _MOST_MODIFIERS:
        raise RuleFault(f"{len(modifiers)} modifiers of the field {name[:100]}, more than {_MOST_MODIFIERS}")
    for modifier in _MULTIPLYING:
        if modifiers.count(modifier) > 1:
            raise RuleFault(f"the modifier {modifier} more than once for the field {name[:100]}")
