"""The state of a walk through a program: what each name holds here, what is known of the text as a whole."""

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from watchfloor.experts.code import sources
from watchfloor.experts.code.findings import Notebook
from watchfloor.experts.code.values import Trace, Value, cleaned, join, stepped

#: How deep calls into functions of the text are followed, and names a state holds.
DEEPEST_CALL: Final = 5
MOST_NAMES: Final = 3000


@dataclass(slots=True)
class State:
    """What names hold at one place; ``alive`` is false after a return, a raise or a break."""

    names: dict[str, Value] = field(default_factory=dict)
    alive: bool = True

    def copy(self) -> "State":
        """A state that can go its own way."""
        return State(dict(self.names), self.alive)

    def get(self, name: str) -> Value | None:
        """What a name holds, if anything was seen to be put there."""
        return self.names.get(name)

    def put(self, name: str, value: Value) -> None:
        """Give a name a value, and forget what its attributes held."""
        if len(self.names) < MOST_NAMES or name in self.names:
            self.names[name] = value
        prefix = name + "."
        if self.names.get("."):  # only where attributes were written at all
            for each in [key for key in self.names if key.startswith(prefix)]:
                del self.names[each]

    def put_attribute(self, name: str, value: Value) -> None:
        """Give ``a.b`` a value."""
        self.names["."] = Value(ref=".")
        self.put(name, value)

    def clean(self, origins: frozenset[tuple[str, int]], kinds: frozenset[str]) -> None:
        """All values from these origins have passed a check for these kinds of sinks."""
        for name, value in self.names.items():
            if value.traces or value.items or value.parts:
                self.names[name] = cleaned(value, kinds, origins)


def merge(states: Sequence[State]) -> State:
    """The state after ways have met; dead ways do not count."""
    alive = [each for each in states if each.alive]
    if not alive:
        return State(dict(states[0].names) if states else {}, alive=False)
    found = alive[0].copy()
    for other in alive[1:]:
        for name, value in other.names.items():
            mine = found.names.get(name)
            found.names[name] = value if mine is None else join(mine, value)
    return found


@dataclass(slots=True)
class Frame:
    """The function being walked: what it returns, whether its result is a page, and which loops are around."""

    page: bool = False
    routed: bool = False
    returned: list[Value] = field(default_factory=list)
    breaks: list[list[State]] = field(default_factory=list)
    continues: list[list[State]] = field(default_factory=list)
    owner: str = ""


@dataclass(slots=True)
class Call:
    """One call as its arguments were found: ``name`` dotted, ``place`` the variable the receiver stands in."""

    node: ast.Call
    name: str
    receiver: Value
    place: str
    args: list[Value]
    words: dict[str, Value]
    spread: bool = False

    @property
    def line(self) -> int:
        """The line the call stands on."""
        return self.node.lineno

    @property
    def method(self) -> str:
        """The last part of its name."""
        return self.name.rpartition(".")[2]

    def argument(self, place: int, *words: str) -> Value | None:
        """An argument by position or by one of its keywords."""
        for word in words:
            if word in self.words:
                return self.words[word]
        return self.args[place] if 0 <= place < len(self.args) else None


@dataclass(slots=True)
class Walk:
    """One walk through one text."""

    notebook: Notebook
    functions: dict[str, list[Any]] = field(default_factory=dict)
    called: set[str] = field(default_factory=set)
    frames: list[Frame] = field(default_factory=lambda: [Frame()])
    waiting: list[tuple[Any, State, str]] = field(default_factory=list)
    busy: list[Any] = field(default_factory=list)
    imported: set[str] = field(default_factory=set)
    invoke: Callable[["Walk", State, Any, Call], Value] | None = None

    @property
    def frame(self) -> Frame:
        """The function being walked."""
        return self.frames[-1]

    def is_request(self, value: Value) -> bool:
        """Whether a value is a web request."""
        return value.ref in sources.REQUESTS or value.ref in ("request", "self.request")

    def attribute(self, value: Value, name: str, line: int) -> Value:
        """What reading an attribute gives: of a request, of something tainted, of a module."""
        ref = f"{value.ref}.{name}" if value.ref and len(value.ref) < 160 else f"?.{name}"
        if ref in sources.REQUESTS:
            return Value(ref=ref)
        if self.is_request(value):
            if name in sources.TRUSTED_ATTRIBUTES or (self.frame.routed and name in sources.ROUTED_ATTRIBUTES):
                return Value(ref=ref)
            return Value(traces=frozenset({Trace(f"request.{name}", line, "request")}), ref=ref)
        if ref in sources.SOURCE_NAMES:
            return Value(traces=frozenset({Trace(ref, line, sources.SOURCE_NAMES[ref])}), ref=ref)
        if value.kind == "map" and name in value.items:
            return value.items[name]
        return (
            Value(traces=stepped(value.all_traces(), line), ref=ref) if value.traces or value.items else Value(ref=ref)
        )

    def shed(self, value: Value, line: int) -> frozenset[Trace]:
        """The traces a value hands on when it is handed somewhere: a whole request is one, too."""
        if self.is_request(value):
            return frozenset({Trace("request", line, "request")})
        return value.all_traces()


def place_of(node: ast.expr) -> str:
    """``a`` or ``a.b.c`` for a name or attribute chain, else nothing."""
    words: list[str] = []
    while isinstance(node, ast.Attribute):
        words.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    return ".".join((node.id, *reversed(words)))
