"""Predicates of one field, asked of distinct values: literal ones all at once, the others when needed.

All literals of a field (equals, starts, ends, contains, and the longest literal of every wildcard pattern) are
found in one pass over a value by an Aho-Corasick automaton (Aho and Corasick, CACM 18(6), 1975), so the cost of
a value does not grow with the number of rules. Expressions, networks and numbers are asked only of values of
records that the rest of a condition has left over. Answers are remembered for values that come again.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from ipaddress import ip_address, ip_network
from typing import Any

from watchfloor.rules.expressions import longest_literal, search, wildcards
from watchfloor.rules.ruleset import Op, Predicate

_AT_ONCE = frozenset((Op.EQUALS, Op.STARTS, Op.ENDS, Op.CONTAINS, Op.GLOB, Op.NUMBER))

#: Values whose answers are remembered per field, and the longest worth remembering.
_MEMORY = 50_000
_LONGEST_REMEMBERED = 4_096

_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")

#: One question asked of a text.
Ask = Callable[[str], bool]


class FieldQuestions:
    """All predicates of one field. ``numbered`` are the predicates with their numbers in the RuleSet."""

    def __init__(self, numbered: Iterable[tuple[int, Predicate]]) -> None:
        self.lazy: dict[int, Ask] = {}
        self.literal: set[int] = set()
        self._equals: dict[str, list[int]] = {}
        self._equals_cased: dict[str, list[int]] = {}
        self._numbers: dict[float, list[int]] = {}
        self._needles = _Needles()
        self._known: dict[str, tuple[int, ...]] = {}
        for number, predicate in numbered:
            self._take(number, predicate)
        self._needles.build()

    def _take(self, number: int, predicate: Predicate) -> None:
        if predicate.op not in _AT_ONCE:
            if predicate.op not in (Op.EXISTS, Op.NULL, Op.REF):
                self.lazy[number] = question(predicate)
            return
        if (
            predicate.op is not Op.EQUALS
            and predicate.op is not Op.NUMBER
            and not self._needles.take(number, predicate)
        ):
            self.lazy[number] = question(predicate)
            return
        self.literal.add(number)
        if predicate.op is Op.EQUALS:
            (self._equals_cased if predicate.cased else self._equals).setdefault(predicate.value, []).append(number)
        elif predicate.op is Op.NUMBER:
            self._numbers.setdefault(_written(predicate), []).append(number)

    def answers(self, values: Sequence[str]) -> dict[int, list[int]]:
        """Predicate number to the places of the values it holds for; one that holds for none is left out."""
        found: dict[int, list[int]] = {}
        known = self._known
        for place, text in enumerate(values):
            numbers = known.get(text)
            if numbers is None:
                numbers = self._of_value(text)
                if len(text) <= _LONGEST_REMEMBERED:
                    if len(known) >= _MEMORY:
                        known.clear()
                    known[text] = numbers
            for number in numbers:
                places = found.get(number)
                if places is None:
                    found[number] = [place]
                else:
                    places.append(place)
        return found

    def _of_value(self, text: str) -> tuple[int, ...]:
        lower = text.lower()
        numbers = set(self._equals.get(lower, ()))
        if self._equals_cased:
            numbers.update(self._equals_cased.get(text, ()))
        if self._numbers:
            value = _decimal(text)
            if value is not None:
                numbers.update(self._numbers.get(value, ()))
        self._needles.find(text, lower, numbers)
        return tuple(numbers)


class _Needles:
    """Literals looked for inside texts, and what each says when it is found where."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}
        # per literal: numbers that hold wherever it stands, at the start, at the end, or after a closer look
        self._anywhere: list[list[int]] = []
        self._start: list[list[int]] = []
        self._end: list[list[int]] = []
        self._look: list[list[tuple[int, Ask, bool]]] = []
        self._automaton: Any = None

    def build(self) -> None:
        """Make the automaton, once all literals are known."""
        if self._places:
            from ahocorasick_rs import AhoCorasick

            self._automaton = AhoCorasick(list(self._places))

    def take(self, number: int, predicate: Predicate) -> bool:
        """Whether the predicate has a literal to look for; one that has none must be asked by itself."""
        literal = longest_literal(predicate.value) if predicate.op is Op.GLOB else predicate.value
        if not literal:
            return False
        place = self._places.setdefault(literal.lower(), len(self._places))
        if place == len(self._anywhere):
            self._look.append([])
            for kept in (self._anywhere, self._start, self._end):
                kept.append([])
        if predicate.op is Op.GLOB or predicate.cased:
            self._look[place].append((number, question(predicate), predicate.cased))
        else:
            {Op.CONTAINS: self._anywhere, Op.STARTS: self._start, Op.ENDS: self._end}[predicate.op][place].append(
                number
            )
        return True

    def find(self, text: str, lower: str, numbers: set[int]) -> None:
        """Add the numbers of the predicates that hold for a text."""
        if self._automaton is None:
            return
        size = len(lower)
        looked: set[int] = set()
        for place, start, end in self._automaton.find_matches_as_indexes(lower, overlapping=True):
            anywhere = self._anywhere[place]
            if anywhere:
                numbers.update(anywhere)
            if start == 0:
                numbers.update(self._start[place])
            if end == size:
                numbers.update(self._end[place])
            look = self._look[place]
            if look and place not in looked:
                looked.add(place)
                for number, ask, cased in look:
                    if ask(text if cased else lower):
                        numbers.add(number)


def question(predicate: Predicate) -> Ask:
    """A predicate as a question about one text (in lower case unless the predicate is cased).

    Raises:
        RuleFault: a regular expression nobody understands.
    """
    return _MAKERS[predicate.op](predicate)


def _within(network: str) -> Ask:
    net = ip_network(network)

    def ask(text: str) -> bool:
        try:
            return ip_address(text) in net
        except ValueError:
            return False

    return ask


def _decimal(text: str) -> float | None:
    """A number written in decimal, whole ones exactly; anything else, hexadecimal too, is a text and no number."""
    if len(text) > 40 or _DECIMAL.fullmatch(text) is None:
        return None
    return int(text) if text.lstrip("+-").isdigit() else float(text)


def _number(text: str) -> float | None:
    if len(text) > 40:
        return None
    try:
        return int(text, 0)
    except ValueError:
        return _decimal(text)


def _written(predicate: Predicate) -> float:
    """The number a rule gives."""
    found = _decimal(predicate.value)
    return float(predicate.value) if found is None else found


def _equal_to(wanted: float) -> Ask:
    return lambda text: _decimal(text) == wanted


def _comparison(op: Op, bound: float) -> Ask:
    tests: dict[Op, Callable[[float], bool]] = {
        Op.LT: lambda value: value < bound,
        Op.LTE: lambda value: value <= bound,
        Op.GT: lambda value: value > bound,
        Op.GTE: lambda value: value >= bound,
        Op.NEQ: lambda value: value != bound,
    }
    test = tests[op]

    def ask(text: str) -> bool:
        value = _number(text)
        return value is not None and test(value)

    return ask


def _part(part: str, wanted: int) -> Ask:
    def ask(text: str) -> bool:
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            return False
        found = moment.isocalendar().week if part == "week" else getattr(moment, part)
        return bool(found == wanted)

    return ask


_MAKERS: dict[Op, Callable[[Predicate], Ask]] = {
    Op.EQUALS: lambda asked: lambda text: text == asked.value,
    Op.STARTS: lambda asked: lambda text: text.startswith(asked.value),
    Op.ENDS: lambda asked: lambda text: text.endswith(asked.value),
    Op.CONTAINS: lambda asked: lambda text: asked.value in text,
    Op.GLOB: lambda asked: wildcards(asked.value),
    Op.REGEX: lambda asked: search(asked.value),
    Op.CIDR: lambda asked: _within(asked.value),
    Op.NUMBER: lambda asked: _equal_to(_written(asked)),
    Op.PART: lambda asked: _part(asked.how, int(float(asked.value))),
    **dict.fromkeys((Op.LT, Op.LTE, Op.GT, Op.GTE, Op.NEQ), lambda asked: _comparison(asked.op, _written(asked))),
}
