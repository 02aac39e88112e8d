"""Strings made of pieces: joined, cut and asked, so that the clean piece of a mixed string is told from the other."""

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any, Final

from watchfloor.experts.code.guards import absent
from watchfloor.experts.code.values import MOST_CONSTANTS, Value, constant, derived, joined, stepped

_MOST_PARTS: Final = 24

#: Methods of constants that are computed: what they return is as small as what they are asked of.
_FOLDED: Final = frozenset({
    "lower", "upper", "strip", "lstrip", "rstrip", "replace",
    "startswith", "endswith", "find", "rfind", "count", "title",
    "isdigit", "isalpha", "isalnum", "capitalize", "split", "index", "casefold", "removeprefix", "removesuffix",
})  # fmt: skip
_FUNCTIONS: Final[dict[str, Callable[..., Any]]] = {
    "len": len, "str": str, "int": int, "bool": bool, "abs": abs, "min": min, "max": max, "ord": ord, "chr": chr,
    "float": float, "round": round,
}  # fmt: skip


def concatenated(values: Sequence[Value], line: int) -> Value:
    """A string of these pieces, in order."""
    if values and all(each.constants for each in values):
        choices = list(product(*(each.options for each in values)))[: MOST_CONSTANTS + 1]
        if len(choices) <= MOST_CONSTANTS:
            kind = bytes if all(isinstance(each, bytes) for each in choices[0]) else str
            join = b"".join if kind is bytes else (lambda words: "".join(map(str, words)))
            return joined(constant(join(words)) for words in choices)
    parts: list[Value] = []
    for each in values:
        parts += each.parts or (each,)
    whole = derived(*values, line=line)
    return Value(traces=whole.traces, parts=tuple(parts) if len(parts) <= _MOST_PARTS else ())


def sliced(value: Value, lower: Value, upper: Value | None, line: int) -> Value:
    """``value[lower:upper]``; what is known to be cut off takes its traces along."""
    first = lower.constant if lower.known and isinstance(lower.constant, int) else None
    last = upper.constant if upper is not None and upper.known and isinstance(upper.constant, int) else None
    if (
        value.known
        and isinstance(value.constant, str | bytes)
        and first is not None
        and (upper is None or last is not None)
    ):
        return constant(value.constant[first:last])
    if value.kind == "list" and not value.traces and first is not None and (upper is None or last is not None):
        return Value(kind="list", items=dict(enumerate(list(value.items.values())[first:last])))
    parts = list(value.parts)
    if parts and first is not None and first >= 0:
        lead = _text(parts[0])
        if lead is not None and last is not None and 0 <= last <= len(lead):
            return constant(lead[first:last])
        parts = _dropped(parts, first)
    if parts and last is not None and last < 0:
        parts = _dropped(parts[::-1], -last, behind=True)[::-1]
    if value.parts and not parts:
        return constant("")
    return concatenated(parts, line) if value.parts else derived(value, line=line)


def _text(part: Value) -> str | None:
    return part.constant if part.known and isinstance(part.constant, str) else None


def _dropped(parts: list[Value], count: int, *, behind: bool = False) -> list[Value]:
    """Pieces without the first ``count`` characters, as far as they are known; ``behind`` where they are reversed."""
    kept = list(parts)
    while kept and count > 0:
        text = _text(kept[0])
        if text is None:
            break
        if count < len(text):
            kept[0] = constant(text[:-count] if behind else text[count:])
            break
        count -= len(text)
        kept.pop(0)
    return kept


def folded(name: str, receiver: Value, args: Sequence[Value]) -> Value | None:
    """A method or function of constants, computed; none where it is not known or not safe to compute."""
    if not all(each.known for each in args):
        return None
    words = [each.constant for each in args]
    method = name.rpartition(".")[2]
    try:
        if name in _FUNCTIONS and words:
            if len(words) == 1 and isinstance(words[0], str) and len(words[0]) > 1000:
                return None
            return constant(_FUNCTIONS[name](*words))
        if method in _FOLDED and receiver.known and isinstance(receiver.constant, str):
            found = getattr(receiver.constant, method)(*words)
            if isinstance(found, list):
                return Value(kind="list", items=dict(enumerate(map(constant, found[:64]))))
            return constant(found)
        if method == "encode" and receiver.known and isinstance(receiver.constant, str):
            return constant(receiver.constant)
    except (TypeError, ValueError, OverflowError, LookupError):
        return None
    return None


def replaced(receiver: Value, args: Sequence[Value], line: int) -> tuple[Value, frozenset[str]]:
    """``text.replace(old, new)``: the text, and the kinds of sinks it is harmless for without ``old``."""
    found = derived(receiver, *args[1:2], line=line)
    if not args or not args[0].known or not isinstance(args[0].constant, str):
        return found, frozenset()
    old = args[0].constant
    new = args[1].constant if len(args) > 1 and args[1].known else None
    kinds = absent(old)
    if isinstance(new, str) and old in new:
        # doubling or escaping: still a quote, but one the statement reads as text
        kinds &= frozenset({"sql", "xpath"}) if new != old else frozenset()
    return Value(traces=stepped(found.traces, 0)), kinds - frozenset({"code", "command"})
