"""What the analysis knows of a value: possible constants, where hostile text in it comes from, what it is made of.

Values never change; a container that is appended to is a new value under the old name. The idea is that of abstract
interpretation with a small domain: constants are kept so that branches nobody takes are not walked, elements are kept
so that reading the clean one of two is clean.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

#: How many constants a value may be one of, origins it may have, elements that are told apart, steps of a path.
MOST_CONSTANTS: Final = 6
MOST_TRACES: Final = 6
MOST_ELEMENTS: Final = 64
MOST_STEPS: Final = 8
MOST_CONSTANT_LENGTH: Final = 20_000


@dataclass(frozen=True, slots=True)
class Trace:
    """One origin of text that somebody else chooses.

    ``strength`` is ``request``, ``input`` or ``parameter`` (of a function nobody calls in this text), ``clean`` the
    kinds of sink it has been made harmless for, ``steps`` the lines it came by.
    """

    source: str
    line: int
    strength: str
    clean: frozenset[str] = frozenset()
    steps: tuple[int, ...] = ()

    @property
    def origin(self) -> tuple[str, int]:
        """What two traces share that come from one reading of one source."""
        return self.source, self.line


@dataclass(frozen=True, slots=True)
class Value:
    """An abstract value.

    ``constants`` are ``(type name, value)`` pairs it is one of; none means it may be anything. ``ref`` is the dotted
    name of what it refers to, calls written ``()``. ``items`` maps keys or positions to elements where they are known,
    ``kind`` says ``map`` or ``list``. ``parts`` are the pieces of a string in order. ``function`` is a
    function of the text.
    """

    constants: frozenset[tuple[str, Any]] = frozenset()
    traces: frozenset[Trace] = frozenset()
    ref: str = ""
    kind: str = ""
    items: Mapping[Any, "Value"] = field(default_factory=dict, hash=False)
    parts: tuple["Value", ...] = ()
    function: Any = field(default=None, hash=False)

    @property
    def known(self) -> bool:
        """Whether it is exactly one constant."""
        return len(self.constants) == 1

    @property
    def constant(self) -> Any:
        """The constant; only where ``known``."""
        return next(iter(self.constants))[1]

    @property
    def options(self) -> list[Any]:
        """All constants it may be."""
        return [each for _, each in self.constants]

    def all_traces(self) -> frozenset[Trace]:
        """Traces of the value and of whatever is in it."""
        if not self.items:
            return self.traces
        found = set(self.traces)
        for each in self.items.values():
            found |= each.all_traces()
        return limited(found)


NOTHING: Final = Value()


def constant(value: Any) -> Value:
    """The value of a literal."""
    if isinstance(value, str | bytes) and len(value) > MOST_CONSTANT_LENGTH:
        return NOTHING
    try:
        hash(value)
    except TypeError:
        return NOTHING
    return Value(constants=frozenset({(type(value).__name__, value)}))


def limited(traces: Iterable[Trace]) -> frozenset[Trace]:
    """At most so many traces, one an origin and cleanness, strongest and dirtiest first: the set stays finite."""
    order = sorted(traces, key=lambda each: (_RANK.get(each.strength, 3), len(each.clean), each.line, len(each.steps),
                                             each.source, each.steps, sorted(each.clean)))  # fmt: skip
    kept: dict[tuple[Any, ...], Trace] = {}
    for each in order:
        kept.setdefault((each.origin, each.clean), each)
    return frozenset(list(kept.values())[:MOST_TRACES])


_RANK: Final = {"request": 0, "input": 1, "parameter": 2}


def join(first: Value, second: Value) -> Value:
    """What is true of a value that is one or the other."""
    if first is second or first == second:
        return first
    constants = first.constants | second.constants if first.constants and second.constants else frozenset()
    if len(constants) > MOST_CONSTANTS:
        constants = frozenset()
    same = first.kind == second.kind and first.kind
    items = {}
    if same:
        for key in (*first.items, *(key for key in second.items if key not in first.items)):
            mine, other = first.items.get(key), second.items.get(key)
            items[key] = join(mine, other) if mine and other else (mine or other or NOTHING)
    traces = first.traces | second.traces
    if not same:
        traces |= first.all_traces() | second.all_traces()
    return Value(constants, limited(traces), first.ref if first.ref == second.ref else (first.ref or second.ref),
                 first.kind if same else "", dict(list(items.items())[:MOST_ELEMENTS]),
                 first.parts if first.parts == second.parts else (),
                 first.function or second.function)  # fmt: skip


def joined(values: Iterable[Value]) -> Value:
    """What is true of a value that is one of these."""
    found: Value | None = None
    for each in values:
        found = each if found is None else join(found, each)
    return found or NOTHING


def derived(*values: Value, line: int = 0, ref: str = "") -> Value:
    """A value of which only is known what it was made from."""
    traces: set[Trace] = set()
    for each in values:
        traces |= each.all_traces()
    return Value(traces=stepped(traces, line), ref=ref)


def stepped(traces: Iterable[Trace], line: int) -> frozenset[Trace]:
    """Traces that have come by one more line."""
    found = set()
    for each in traces:
        if line and line != each.line and line not in each.steps and len(each.steps) < MOST_STEPS:
            each = replace(each, steps=(*each.steps, line))
        found.add(each)
    return limited(found)


def cleaned(value: Value, kinds: frozenset[str], origins: frozenset[tuple[str, int]] | None = None) -> Value:
    """The value after something made it harmless for kinds of sinks; only traces of ``origins`` where given."""

    def wash(each: Trace) -> Trace:
        if origins is not None and each.origin not in origins:
            return each
        return replace(each, clean=each.clean | kinds)

    if not (value.traces or value.items or value.parts):
        return value
    return replace(value, traces=limited(map(wash, value.traces)),
                   items={key: cleaned(each, kinds, origins) for key, each in value.items.items()},
                   parts=tuple(cleaned(each, kinds, origins) for each in value.parts))  # fmt: skip
