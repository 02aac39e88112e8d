"""A slow, literal reading of a Sigma rule over one record: the referee for the fast engine.

It shares no code with the engine and takes no short cut. Each function is one sentence of the meaning of Sigma
in docs/rules.md, applied to pySigma's parsed rule.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from ipaddress import ip_address
from typing import Any

import orjson
import re2
import regex
from sigma.conditions import (
    ConditionAND,
    ConditionFieldEqualsValueExpression,
    ConditionNOT,
    ConditionOR,
    ConditionValueExpression,
)
from sigma.rule import SigmaRule
from sigma.types import (
    CompareOperators,
    SigmaBool,
    SigmaCasedString,
    SigmaCIDRExpression,
    SigmaCompareExpression,
    SigmaExists,
    SigmaExpansion,
    SigmaFieldReference,
    SigmaNull,
    SigmaNumber,
    SigmaRegularExpression,
    SigmaRegularExpressionFlag,
    SigmaString,
    SigmaTimestampPart,
    SigmaType,
    SpecialChars,
    TimestampPart,
)

Fields = Mapping[str, Any]

REGEX_SECONDS = 2.0
DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
FLAGS = {
    SigmaRegularExpressionFlag.IGNORECASE: ("i", regex.IGNORECASE),
    SigmaRegularExpressionFlag.MULTILINE: ("m", regex.MULTILINE),
    SigmaRegularExpressionFlag.DOTALL: ("s", regex.DOTALL),
}


def literal_match(rule: SigmaRule, fields: Fields, text: str | None = None) -> bool:
    """Whether any of the rule's conditions holds for the record."""
    searched = record_text(fields) if text is None else text
    return any([holds(condition.parsed, fields, searched) for condition in rule.detection.parsed_condition])


def holds(node: Any, fields: Fields, searched: str) -> bool:
    """Whether one node of the condition tree holds. A selector that names no detection is parsed to nothing: false."""
    if node is None:
        return False
    if isinstance(node, ConditionAND):
        return all([holds(arg, fields, searched) for arg in node.args])
    if isinstance(node, ConditionOR):
        return any([holds(arg, fields, searched) for arg in node.args])
    if isinstance(node, ConditionNOT):
        return not holds(node.args[0], fields, searched)
    if isinstance(node, ConditionFieldEqualsValueExpression):
        return field_holds(node.field, node.value, fields)
    if isinstance(node, ConditionValueExpression):
        return keyword_holds(node.value, searched)
    raise TypeError(f"no meaning for {type(node).__name__}")


def field_holds(name: str, value: SigmaType, fields: Fields) -> bool:
    """Whether a field has a value."""
    if isinstance(value, SigmaExpansion):
        return any([field_holds(name, each, fields) for each in value.values])
    present = field_text(name, fields)
    if isinstance(value, SigmaNull):
        return present is None
    if isinstance(value, SigmaExists):
        return value.exists == (present is not None)
    if present is None:
        return False
    if isinstance(value, SigmaFieldReference):
        return refers(value, present, field_text(value.field, fields))
    return text_holds(value, present)


def text_holds(value: SigmaType, text: str) -> bool:
    """Whether a present text has a value; subclasses are asked for before their parents."""
    if isinstance(value, SigmaString):
        pattern, text = folded(value, text)
        return len(text) in ends(pattern, text, {0})
    if isinstance(value, SigmaTimestampPart):
        return time_part(value.timestamp_part, text) == value.number
    if isinstance(value, SigmaNumber):
        return text.lower() == str(value.number).lower() or decimal(text) == value.number
    if isinstance(value, SigmaBool):
        return text.lower() == str(value.boolean).lower()
    if isinstance(value, SigmaRegularExpression):
        return found(value, text)
    if isinstance(value, SigmaCIDRExpression):
        return inside(value, text)
    if isinstance(value, SigmaCompareExpression):
        return compares(value, text)
    raise TypeError(f"no meaning for {type(value).__name__}")


def keyword_holds(value: SigmaType, searched: str) -> bool:
    """Whether a value without a field occurs anywhere in the record's text."""
    if isinstance(value, SigmaExpansion):
        return any([keyword_holds(each, searched) for each in value.values])
    if isinstance(value, SigmaString):
        pattern, searched = folded(value, searched)
        return bool(ends(pattern, searched, set(range(len(searched) + 1))))
    if isinstance(value, SigmaRegularExpression):
        return found(value, searched)
    if type(value) in (SigmaNumber, SigmaBool):
        return str(value).lower() in searched.lower()
    raise TypeError(f"no meaning for {type(value).__name__} without a field")


def field_text(name: str, fields: Fields) -> str | None:
    """The text of a field, or None where it is absent."""
    for key, value in fields.items():
        if key.lower() == name.lower() and value is not None:
            return value_text(value)
    return None


def record_text(fields: Fields) -> str:
    """What keywords search where the record brings no text of its own."""
    return "\n".join([value_text(value) for value in fields.values() if value is not None])


def value_text(value: Any) -> str:
    """The text of a value that is not None."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, list):
        return "\n".join([value_text(each) for each in value if each is not None])
    if isinstance(value, dict):
        inner = value.get("#text")
        return orjson.dumps(value).decode() if inner is None else value_text(inner)
    raise TypeError(f"no text for {type(value).__name__}")


def folded(value: SigmaString, text: str) -> tuple[list[str | SpecialChars], str]:
    """The pattern, a character or wildcard at a time, and the text: both in lower case unless the case counts."""
    pattern: list[str | SpecialChars] = []
    cased = isinstance(value, SigmaCasedString)
    for part in value.s:
        if isinstance(part, str):
            pattern.extend(part if cased else part.lower())
        elif isinstance(part, SpecialChars):
            pattern.append(part)
        else:
            raise ValueError(f"unresolved placeholder {part.name}")
    return pattern, text if cased else text.lower()


def ends(pattern: list[str | SpecialChars], text: str, starts: set[int]) -> set[int]:
    """Every place in the text where the pattern may end, begun at any of the starts."""
    places = starts
    for step in pattern:
        if not places:
            return places
        if step is SpecialChars.WILDCARD_MULTI:
            places = set(range(min(places), len(text) + 1))
        elif step is SpecialChars.WILDCARD_SINGLE:
            places = {place + 1 for place in places if place < len(text)}
        else:
            places = {place + 1 for place in places if text[place : place + 1] == step}
    return places


def found(value: SigmaRegularExpression, text: str) -> bool:
    """Whether the expression matches anywhere: as RE2 reads it, or as `regex` does where RE2 cannot."""
    pattern = str(value.regexp)
    if value.contains_placeholder():
        raise ValueError(f"unresolved placeholder in {pattern}")
    letters = "".join(sorted([FLAGS[flag][0] for flag in value.flags]))
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(f"(?{letters}){pattern}" if letters else pattern, options).search(text) is not None
    except re2.error:
        flags = 0
        for flag in value.flags:
            flags |= FLAGS[flag][1]
        return regex.search(pattern, text, flags=flags, timeout=REGEX_SECONDS) is not None


def inside(value: SigmaCIDRExpression, text: str) -> bool:
    """Whether the text is an address inside the network."""
    try:
        return ip_address(text) in value.network
    except ValueError:
        return False


def decimal(text: str) -> int | float | None:
    """The number that a decimal text spells, or None."""
    if not DECIMAL.fullmatch(text):
        return None
    try:
        return int(text)
    except ValueError:
        return float(text)


def number(text: str) -> int | float | None:
    """The number that a text spells for a comparison, 0x allowed, or None."""
    try:
        return int(text, 0)
    except ValueError:
        pass
    try:
        spelled = float(text)
    except ValueError:
        return None
    return None if spelled != spelled else spelled


def compares(value: SigmaCompareExpression, text: str) -> bool:
    """Whether the text is a number on the right side of the value's."""
    ours, theirs = number(text), value.number.number
    if ours is None:
        return False
    if value.op is CompareOperators.LT:
        return ours < theirs
    if value.op is CompareOperators.LTE:
        return ours <= theirs
    if value.op is CompareOperators.GT:
        return ours > theirs
    if value.op is CompareOperators.GTE:
        return ours >= theirs
    return ours != theirs


def refers(value: SigmaFieldReference, text: str, other: str | None) -> bool:
    """Whether the text stands in the asked relation to the other field's."""
    if other is None:
        return False
    text, other = text.lower(), other.lower()
    if value.starts_with and value.ends_with:
        return other in text
    if value.starts_with:
        return text.startswith(other)
    if value.ends_with:
        return text.endswith(other)
    return text == other


def time_part(part: TimestampPart, text: str) -> int | None:
    """One part of an ISO 8601 time as it is written, or None where the text is no time."""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    if part is TimestampPart.WEEK:
        return time.isocalendar().week
    parts = {
        TimestampPart.MINUTE: time.minute,
        TimestampPart.HOUR: time.hour,
        TimestampPart.DAY: time.day,
        TimestampPart.MONTH: time.month,
        TimestampPart.YEAR: time.year,
    }
    return parts[part]
