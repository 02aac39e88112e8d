"""Lists, mappings and config parsers: which element was put where, and which one is read."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from watchfloor.experts.code.values import (
    MOST_ELEMENTS,
    NOTHING,
    Value,
    constant,
    derived,
    join,
    joined,
    limited,
    stepped,
)
from watchfloor.experts.code.walk import Call, State

_PARSERS: Final = ("ConfigParser()", "RawConfigParser()", "SafeConfigParser()")


def is_parser(ref: str) -> bool:
    """Whether a name is that of a config parser object."""
    return ref.endswith(_PARSERS)


def loose(value: Value) -> Value:
    """A container of which only is known what is somewhere in it."""
    return Value(traces=value.all_traces())


def append(value: Value, new: Value) -> Value:
    """The list with one more element."""
    if value.kind != "list" or len(value.items) >= MOST_ELEMENTS:
        return Value(traces=limited(value.all_traces() | new.all_traces()))
    return replace(value, items={**value.items, len(value.items): new})


def relist(values: list[Value], traces: Any = frozenset()) -> Value:
    """A list of these elements."""
    return Value(traces=traces, kind="list", items=dict(enumerate(values[:MOST_ELEMENTS])))


def store(value: Value, key: Value, new: Value) -> Value:
    """The container after ``container[key] = new``."""
    if key.known and len(value.items) < MOST_ELEMENTS and value.kind != "list":
        return replace(value, kind="map", items={**value.items, key.constant: new})
    if key.known and value.kind == "list" and isinstance(key.constant, int):
        place = key.constant if key.constant >= 0 else len(value.items) + key.constant
        if place in value.items:
            return replace(value, items={**value.items, place: new})
    return replace(value, traces=limited(value.traces | new.all_traces() | key.traces))


def look(value: Value, key: Value, line: int) -> Value | None:
    """The element under a key, where the container is known so well; else none."""
    if value.kind == "map" and key.known:
        found = value.items.get(key.constant)
        rest = derived(Value(traces=value.traces), line=line) if value.traces else None
        return join(found, rest) if found and rest else found or rest or NOTHING
    if value.kind == "list" and key.known and isinstance(key.constant, int):
        place = key.constant if key.constant >= 0 else len(value.items) + key.constant
        found = value.items.get(place)
        if found is not None:
            return found if not value.traces else join(found, Value(traces=stepped(value.traces, line)))
    if value.kind in ("map", "list") and not value.traces and value.items:
        return joined(value.items.values())
    return None


def _pop(state: State, call: Call, value: Value) -> Value:
    if value.kind == "map":
        found = look(value, call.args[0], call.line) if call.args else None
        if call.args and call.args[0].known:
            kept = {key: each for key, each in value.items.items() if key != call.args[0].constant}
            state.put(call.place, replace(value, items=kept))
        return found or derived(value, line=call.line)
    place = call.args[0] if call.args else constant(-1)
    values = list(value.items.values())
    if not place.known or not isinstance(place.constant, int) or not -len(values) <= place.constant < len(values):
        return derived(value, line=call.line)
    found = values.pop(place.constant)
    state.put(call.place, relist(values, value.traces))
    return found


def _insert(state: State, call: Call, value: Value) -> Value:
    values = list(value.items.values())
    if len(call.args) == 2 and call.args[0].known and isinstance(call.args[0].constant, int) and value.kind == "list":
        values.insert(call.args[0].constant, call.args[1])
        state.put(call.place, relist(values, value.traces))
    else:
        state.put(call.place, Value(traces=limited(value.all_traces() | derived(*call.args).traces)))
    return NOTHING


def _append(state: State, call: Call, value: Value) -> Value:
    state.put(call.place, append(value, call.args[0] if call.args else NOTHING))
    return NOTHING


def _extend(state: State, call: Call, value: Value) -> Value:
    other = call.args[0] if call.args else NOTHING
    if value.kind == other.kind == "list":
        values = [*value.items.values(), *other.items.values()]
        state.put(call.place, relist(values, value.traces | other.traces))
    else:
        state.put(call.place, Value(traces=limited(value.all_traces() | other.all_traces())))
    return NOTHING


def _remove(state: State, call: Call, value: Value) -> Value:
    values = list(value.items.values())
    if call.args and call.args[0] in values:
        values.remove(call.args[0])
        state.put(call.place, relist(values, value.traces))
    return NOTHING


def _clear(state: State, call: Call, value: Value) -> Value:
    state.put(call.place, Value(kind=value.kind))
    return NOTHING


def _reverse(state: State, call: Call, value: Value) -> Value:
    state.put(call.place, relist(list(value.items.values())[::-1], value.traces))
    return NOTHING


def _get(state: State, call: Call, value: Value) -> Value:
    if value.kind != "map" or not call.args:
        return derived(value, *call.args[1:2], line=call.line)
    found = look(value, call.args[0], call.line) or NOTHING
    known = call.args[0].known and call.args[0].constant in value.items
    return found if known or len(call.args) < 2 else join(found, call.args[1])


def _update(state: State, call: Call, value: Value) -> Value:
    for each in (*call.args, Value(kind="map", items=dict(call.words))):
        if each.kind == "map" and value.kind == "map":
            value = replace(value, items={**value.items, **each.items}, traces=limited(value.traces | each.traces))
        else:
            value = Value(traces=limited(value.all_traces() | each.all_traces()), kind="")
    state.put(call.place, value)
    return NOTHING


def _setdefault(state: State, call: Call, value: Value) -> Value:
    if len(call.args) > 1 and value.kind == "map" and call.args[0].known and call.args[0].constant not in value.items:
        state.put(call.place, store(value, call.args[0], call.args[1]))
        return call.args[1]
    return _get(state, call, value)


def _values(state: State, call: Call, value: Value) -> Value:
    return relist(list(value.items.values()), value.traces)


def _pairs(state: State, call: Call, value: Value) -> Value:
    pairs = [relist([constant(key), each]) for key, each in value.items.items() if isinstance(key, str | int)]
    return relist(pairs, value.traces)


def _keys(state: State, call: Call, value: Value) -> Value:
    return relist([constant(key) for key in value.items if isinstance(key, str | int)], value.traces)


_Method = Callable[[State, Call, Value], Value]
_LIST: Final[dict[str, _Method]] = {
    "append": _append, "insert": _insert, "pop": _pop, "extend": _extend, "remove": _remove, "clear": _clear,
    "reverse": _reverse, "add": _append,
}  # fmt: skip
_MAP: Final[dict[str, _Method]] = {
    "get": _get, "update": _update, "setdefault": _setdefault, "pop": _pop, "clear": _clear, "values": _values,
    "items": _pairs, "keys": _keys,
}  # fmt: skip


def method(state: State, call: Call) -> Value | None:
    """What a method of a container returns; none where it is none of these."""
    value = call.receiver
    if is_parser(value.ref):
        return _config(state, call, value)
    handle = _LIST.get(call.method) if value.kind == "list" else _MAP.get(call.method) if value.kind == "map" else None
    if handle:
        return handle(state, call, value)
    if call.method in ("append", "add", "extend", "insert", "update", "write", "put", "appendleft") and call.place:
        held = derived(*call.args, *call.words.values(), line=call.line)
        if held.traces and not value.ref.endswith(("open()", "Popen()")):
            state.put(call.place, replace(value, traces=limited(value.traces | held.traces)))
            return NOTHING
    return None


def _config(state: State, call: Call, value: Value) -> Value | None:
    """``set(section, option, value)`` and ``get(section, option)`` of a config parser."""
    if call.method == "set" and len(call.args) > 2 and call.place:
        key = tuple(each.constant if each.known else None for each in call.args[:2])
        state.put(call.place, replace(value, kind="map", items={**value.items, key: call.args[2]}))
        return NOTHING
    if call.method == "get" and len(call.args) > 1:
        key = tuple(each.constant if each.known else None for each in call.args[:2])
        if None not in key and key in value.items:
            return value.items[key]
        return derived(*value.items.values(), line=call.line)
    return NOTHING if call.method in ("add_section", "has_option", "has_section", "sections") else None
