"""Which raw records can matter at all, told before they are taken apart.

Most rules hold only where some literal stands: a keyword, the end of an image's path, part of a registry key. What a
record's values hold, its raw form holds too, at least that part of a literal which every container writes as it
is (JSON escapes quotes and backslashes, XML ampersands). One pass of an Aho-Corasick automaton over the raw record
costs a fraction of parsing it, so a record without any literal a rule of its kind needs is not parsed. Zircolite
prefilters likewise.
"""

import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from watchfloor.rules.expressions import any_of, longest_literal
from watchfloor.rules.ruleset import Condition, Op, Predicate

#: Characters every container writes as they are.
_PLAIN = re.compile(r"[a-z0-9_.:;=()\[\]{}@#%~!$^* -]+")
#: A shorter part stands in nearly every record.
_SHORTEST = 3

#: Fields that may come from elsewhere than the record: the reader tells a missing channel from the provider.
_TOLD = frozenset(("channel", "provider_name", "computer", "eventid", "systemtime"))

#: Records a filter is judged by, the share of them it may let through, the share that makes a literal common, how
#: often rules are asked for other literals, and the records of a kind before planning a filter pays at all.
_TRIAL = 256
_WAIT = 2_048
_WORTH = 0.5
_COMMON = 0.1
_ROUNDS = 5

_FEW = 64
_LITERAL = frozenset((Op.CONTAINS, Op.EQUALS, Op.STARTS, Op.ENDS))


class Literals:
    """Whether some of many literals may be in a record, told from its raw form in lower case."""

    def __init__(self, parts: Iterable[str]) -> None:
        from ahocorasick_rs import AhoCorasick

        self.parts = sorted(parts)
        self._automaton = AhoCorasick(self.parts)
        # one expression is twice as fast as the automaton while it is small
        self._expression = any_of(self.parts) if len(self.parts) <= _FEW else None

    def in_record(self, lower: str) -> list[int]:
        """Which literals stand in the record, as places in ``parts``; overlapping ones may be missing."""
        return [place for place, _, _ in self._automaton.find_matches_as_indexes(lower)]

    def may_hold(self, lower: str) -> bool:
        """Whether a literal, or something that may hide one, stands in the record."""
        if self._expression is not None:
            return self._expression(lower) or hides(lower)
        return bool(self._automaton.find_matches_as_indexes(lower)) or hides(lower)


def hides(lower: str) -> bool:
    """Whether a record has escapes that can spell plain characters: what they hide must be parsed to be seen."""
    return ("\\u00" if lower[:1] == "{" else "&#") in lower


#: Plans the literals of which a record must hold one, doing without those that are common.
Plan = Callable[[frozenset[str]], frozenset[str] | None]


class Prefilter:
    """How the records of one kind are read.

    ``plan`` gives the literals of which a record must hold one, None where any record may matter; ``words`` those
    of keywords, None where no rule searches the text, empty where every text has to be searched. ``fields`` are
    those that rules ask of such records. Which literals are common is learned from the log itself: where the
    filter lets too much through, rules are asked for others, and in the end it is switched off.
    """

    def __init__(self, plan: Plan, words: frozenset[str] | None, fields: frozenset[str] = frozenset()) -> None:
        self.fields = fields
        self.searches_text = words is not None
        self._words = Literals(words) if words else None
        self._plan = plan
        self._common: frozenset[str] = frozenset()
        self._rounds = 0
        self._needed: Literals | None = None
        self._waited = 0

    def _begin(self) -> None:
        self._waited = sys.maxsize
        literals = self._plan(self._common) if self._rounds < _ROUNDS else None
        self._needed = Literals(literals) if literals else None
        self._seen = self._passed = 0
        self._met: Counter[int] = Counter()
        self._rounds += 1

    def sorts_out(self, lower: str) -> bool:
        """Whether no rule can hold for this record."""
        if self._needed is None:
            self._waited += 1
            if self._waited == _WAIT:
                self._begin()
            return False
        self._seen += 1
        if self._seen > _TRIAL:
            return not self._needed.may_hold(lower)
        found = self._needed.in_record(lower)
        passed = bool(found) or hides(lower)
        self._passed += passed
        self._met.update(set(found))
        if self._seen == _TRIAL and self._passed > _WORTH * _TRIAL:
            parts = self._needed.parts
            self._common |= {parts[place] for place, count in self._met.items() if count > _COMMON * _TRIAL}
            self._begin()
        return not passed

    def needs_text(self, lower: str) -> bool:
        """Whether a keyword may stand in this record's text."""
        return self.searches_text and (self._words is None or self._words.may_hold(lower))


def needed_literals(
    condition: Condition, predicates: Sequence[Predicate], common: frozenset[str] = frozenset()
) -> frozenset[str] | None:
    """Plain parts of which one stands in every record the condition holds for; None where that cannot be told.

    Parts that are ``common`` are done without where another part says as much.
    """
    if isinstance(condition, int):
        part = plain_part(predicates[condition], common)
        return None if part is None else frozenset((part,))
    op, operands = condition
    if op == "not":
        return None
    found = [needed_literals(operand, predicates, common) for operand in operands]
    if op == "and":
        told = [literals for literals in found if literals is not None]
        return max(told, key=_worth, default=None)
    if any(literals is None for literals in found):
        return None
    return frozenset[str]().union(*(literals for literals in found if literals is not None))


def _worth(literals: frozenset[str]) -> tuple[int, int]:
    """Long literals are rare; of equally long ones few are better than many."""
    return min(map(len, literals), default=sys.maxsize), -len(literals)


def plain_part(predicate: Predicate, common: frozenset[str] = frozenset()) -> str | None:
    """The longest part of a predicate's literal that stands in the raw record as it is; None where there is none."""
    if (predicate.field or "").lower() in _TOLD:
        return None
    if predicate.op is Op.GLOB:
        literal = longest_literal(predicate.value)
    elif predicate.op in _LITERAL:
        literal = predicate.value
    else:
        return None
    parts = [part for part in _PLAIN.findall(literal.lower()) if len(part) >= _SHORTEST and part not in common]
    return max(parts, key=len, default=None)


def keyword_parts(predicates: Iterable[Predicate]) -> frozenset[str]:
    """Plain parts of all keywords among the predicates; empty where one has none, so that all texts are needed."""
    parts = [plain_part(predicate) for predicate in predicates]
    return frozenset(part for part in parts if part is not None) if None not in parts else frozenset()
