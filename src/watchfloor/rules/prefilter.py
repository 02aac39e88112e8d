"""Which raw records can matter at all, told before they are taken apart.

Most rules hold only where some literal stands: a keyword, the end of an image's path, part of a registry key. What a
record's values hold, its raw form holds too, at least that part of a literal which every container writes as it
is (JSON escapes quotes and backslashes, XML ampersands). One pass over the raw record costs a fraction of parsing it,
so a record without any literal a rule of its kind needs is not parsed. Zircolite prefilters likewise.
"""

import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from watchfloor.rules.expressions import either, longest_literal
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
#: Characters beyond ASCII whose lower case is or holds a plain one: İ and the Kelvin sign.
FOLDED = ("\u0130", "\u212a")
#: Escapes that can spell a plain character in lower case: JSON's, and the character references of XML.
ESCAPES = ("\\u00", "\\u0130", "\\u212a", "&#")

#: Booleans, one a record.
Mask = npt.NDArray[np.bool_]

_LITERAL = frozenset((Op.CONTAINS, Op.EQUALS, Op.STARTS, Op.ENDS))


class Literals:
    """Which of many raw records may hold one of some literals, in whatever case.

    Escapes that can spell plain characters count as a literal: what they hide must be parsed to be seen.
    """

    def __init__(self, parts: Iterable[str]) -> None:
        from ahocorasick_rs import AhoCorasick

        self.parts = [*sorted(parts), *ESCAPES]
        self._automaton = AhoCorasick(self.parts)
        # while it is small, an expression that Arrow runs over the records where they lie is many times as fast
        self._expression = f"(?i:{either(self.parts)})|{either(FOLDED)}" if len(self.parts) <= _FEW else None

    def in_record(self, lower: str) -> set[int]:
        """Which literals stand in a record in lower case, as places in ``parts``; overlapping ones may be missing."""
        return {place for place, _, _ in self._automaton.find_matches_as_indexes(lower)}

    def may_hold(self, raws: pa.StringArray) -> Mask:
        """For each record whether a literal may stand in it."""
        if self._expression is not None:
            found = pc.match_substring_regex(raws, self._expression)
            return np.asarray(found.to_numpy(zero_copy_only=False), np.bool_)
        find = self._automaton.find_matches_as_indexes
        return np.array([bool(find(raw.lower())) for raw in raws.to_pylist()], np.bool_)


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
        self._waited = self._trial = self._passed = 0
        self._met: Counter[int] = Counter()

    def _begin(self) -> None:
        literals = self._plan(self._common) if self._rounds < _ROUNDS else None
        self._needed = Literals(literals) if literals else None
        self._trial = _TRIAL
        self._passed = 0
        self._met = Counter()
        self._rounds += 1

    def kept(self, raws: pa.StringArray) -> Mask:
        """For each raw record whether some rule may hold for it."""
        keep = np.ones(len(raws), np.bool_)
        if self._rounds == 0:
            self._waited += len(raws)
            if self._waited < _WAIT:
                return keep
            self._begin()
        place = 0
        while self._needed is not None and place < len(raws):
            if self._trial:
                keep[place] = self._tried(raws[place].as_py().lower(), self._needed)
                place += 1
            else:
                keep[place:] = self._needed.may_hold(raws[place:])
                break
        return keep

    def _tried(self, lower: str, needed: Literals) -> bool:
        found = needed.in_record(lower)
        self._passed += bool(found)
        self._met.update(found)
        self._trial -= 1
        if self._trial == 0 and self._passed > _WORTH * _TRIAL:
            often = {needed.parts[place] for place, count in self._met.items() if count > _COMMON * _TRIAL}
            self._common |= often - set(ESCAPES)
            self._begin()
        return bool(found)

    def needs_text(self, raws: pa.StringArray) -> Mask:
        """For each raw record whether a keyword may stand in its text."""
        if not self.searches_text:
            return np.zeros(len(raws), np.bool_)
        return np.ones(len(raws), np.bool_) if self._words is None else self._words.may_hold(raws)


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
