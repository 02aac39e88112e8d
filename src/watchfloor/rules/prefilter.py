"""Which raw records can matter at all, told before they are taken apart.

Most rules hold only where some literal stands: a keyword, the end of an image's path, part of a registry key. What a
record's values hold, its raw form holds too, at least that part of a literal which every container writes as it
is (JSON escapes quotes and backslashes, XML ampersands). One pass of an Aho-Corasick automaton over the raw record
costs a fraction of parsing it, so a record without any literal a rule of its kind needs is not parsed. Zircolite
prefilters likewise; here a filter that lets most records through is switched off as not worth its time.
"""

import re
import sys
from collections.abc import Iterable, Sequence

from watchfloor.rules.expressions import longest_literal
from watchfloor.rules.ruleset import Condition, Op, Predicate

#: Characters every container writes as they are.
_PLAIN = re.compile(r"[a-z0-9_.:;=()\[\]{}@#%~!$^* -]+")
#: A shorter part stands in nearly every record.
_SHORTEST = 3

#: Fields that may come from elsewhere than the record: the reader tells a missing channel from the provider.
_TOLD = frozenset(("channel", "provider_name", "computer", "eventid", "systemtime"))

#: Escapes that can spell plain characters: what they hide must be parsed to be seen.
_ESCAPES = ("\\u00", "&#")

#: Records after which a filter is judged, and the share it may let through to stay.
_TRIAL = 512
_WORTH = 0.5

_LITERAL = frozenset((Op.CONTAINS, Op.EQUALS, Op.STARTS, Op.ENDS))


class Literals:
    """Whether one of some literals may be in a record, told from its raw form in lower case."""

    def __init__(self, parts: Iterable[str]) -> None:
        from ahocorasick_rs import AhoCorasick

        self._automaton = AhoCorasick(sorted(parts))

    def may_hold(self, lower: str) -> bool:
        """Whether a literal, or something that may hide one, stands in the record."""
        return bool(self._automaton.find_matches_as_indexes(lower)) or _ESCAPES[0] in lower or _ESCAPES[1] in lower


class Prefilter:
    """How the records of one kind are read.

    ``needed`` are the literals of which a record must hold one, None where any record may matter; ``words`` those
    of keywords, None where no rule searches the text, ``()`` where every text has to be searched.
    """

    def __init__(self, needed: frozenset[str] | None, words: frozenset[str] | None) -> None:
        self._needed = Literals(needed) if needed else None
        self.searches_text = words is not None
        self._words = Literals(words) if words else None
        self._seen = 0
        self._passed = 0

    def sorts_out(self, lower: str) -> bool:
        """Whether no rule can hold for this record."""
        if self._needed is None:
            return False
        self._seen += 1
        if self._needed.may_hold(lower):
            self._passed += 1
            if self._seen >= _TRIAL and self._passed > _WORTH * self._seen:
                self._needed = None
            return False
        return True

    def needs_text(self, lower: str) -> bool:
        """Whether a keyword may stand in this record's text."""
        return self.searches_text and (self._words is None or self._words.may_hold(lower))


def needed_literals(condition: Condition, predicates: Sequence[Predicate]) -> frozenset[str] | None:
    """Plain parts of which one stands in every record the condition holds for; None where that cannot be told."""
    if isinstance(condition, int):
        part = plain_part(predicates[condition])
        return None if part is None else frozenset((part,))
    op, operands = condition
    if op == "not":
        return None
    found = [needed_literals(operand, predicates) for operand in operands]
    if op == "and":
        told = [literals for literals in found if literals is not None]
        return max(told, key=_worth, default=None)
    if any(literals is None for literals in found):
        return None
    return frozenset[str]().union(*(literals for literals in found if literals is not None))


def _worth(literals: frozenset[str]) -> tuple[int, int]:
    """Long literals are rare; of equally long ones few are better than many."""
    return min(map(len, literals), default=sys.maxsize), -len(literals)


def plain_part(predicate: Predicate) -> str | None:
    """The longest part of a predicate's literal that stands in the raw record as it is; None where there is none."""
    if (predicate.field or "").lower() in _TOLD:
        return None
    if predicate.op is Op.GLOB:
        literal = longest_literal(predicate.value)
    elif predicate.op in _LITERAL:
        literal = predicate.value
    else:
        return None
    longest = max(_PLAIN.findall(literal.lower()), key=len, default="")
    return longest if len(longest) >= _SHORTEST else None


def keyword_parts(predicates: Iterable[Predicate]) -> frozenset[str]:
    """Plain parts of all keywords among the predicates; empty where one has none, so that all texts are needed."""
    parts = [plain_part(predicate) for predicate in predicates]
    return frozenset(part for part in parts if part is not None) if None not in parts else frozenset()
