"""Expressions to abstract values: one small function a kind of node, in one table."""

import ast
import operator
from collections.abc import Callable
from typing import Any, Final

from watchfloor.experts.code import calls
from watchfloor.experts.code.strings import concatenated, sliced
from watchfloor.experts.code.values import MOST_ELEMENTS, NOTHING, Value, constant, derived, join, joined, stepped
from watchfloor.experts.code.walk import Call, State, Walk, place_of

_BINARY: Final[dict[type, Callable[[Any, Any], Any]]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod, ast.Div: operator.truediv, ast.BitAnd: operator.and_, ast.BitOr: operator.or_,
    ast.BitXor: operator.xor,
}  # fmt: skip
_COMPARE: Final[dict[type, Callable[[Any, Any], Any]]] = {
    ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt,
    ast.GtE: operator.ge, ast.Is: operator.is_, ast.IsNot: operator.is_not,
    ast.In: lambda a, b: a in b, ast.NotIn: lambda a, b: a not in b,
}  # fmt: skip
_LARGEST: Final = 1 << 128


def evaluate(walk: Walk, state: State, node: ast.expr | None) -> Value:
    """What an expression may be; notes the sinks it passes."""
    if node is None:
        return NOTHING
    walk.notebook.spend()
    handle = _EXPRESSIONS.get(type(node))
    return handle(walk, state, node) if handle else NOTHING


def truth(value: Value) -> bool | None:
    """Whether a value counts as true, where that is known."""
    if value.known:
        return bool(value.constant)
    if len(value.constants) > 1:
        found = {bool(each) for each in value.options}
        return found.pop() if len(found) == 1 else None
    return None


def element(value: Value, line: int) -> Value:
    """What one element of a value may be, when it is not known which."""
    inside = joined(value.items.values()) if value.items and value.kind == "list" else NOTHING
    if value.kind == "map":
        inside = joined(constant(key) for key in value.items if isinstance(key, str | int)) if value.items else NOTHING
    if value.known and isinstance(value.constant, str) and 0 < len(value.constant) <= 6:
        inside = joined(constant(each) for each in value.constant)
    return join(inside, derived(Value(traces=value.traces), line=line)) if value.traces else inside


def _constant(walk: Walk, state: State, node: ast.Constant) -> Value:
    return constant(node.value)


def _name(walk: Walk, state: State, node: ast.Name) -> Value:
    found = state.get(node.id)
    return found if found is not None else Value(ref=node.id)


def _attribute(walk: Walk, state: State, node: ast.Attribute) -> Value:
    held = state.get(place_of(node)) if state.names.get(".") else None
    if held is not None:
        return held
    return walk.attribute(evaluate(walk, state, node.value), node.attr, node.lineno)


def _call(walk: Walk, state: State, node: ast.Call) -> Value:
    receiver, place = NOTHING, ""
    if isinstance(node.func, ast.Attribute):
        receiver = evaluate(walk, state, node.func.value)
        place = place_of(node.func.value)
        held = state.get(place_of(node.func)) if state.names.get(".") else None
        name = held.ref if held is not None and held.ref else f"{receiver.ref or '?'}.{node.func.attr}"
        called = held or NOTHING
    else:
        called = evaluate(walk, state, node.func)
        name = called.ref or "?"
    args: list[Value] = []
    words: dict[str, Value] = {}
    spread = False
    for each in node.args:
        if isinstance(each, ast.Starred):
            inner = evaluate(walk, state, each.value)
            spread = True
            args += list(inner.items.values()) if inner.kind == "list" else [derived(inner)]
        else:
            args.append(evaluate(walk, state, each))
    for word in node.keywords:
        value = evaluate(walk, state, word.value)
        if word.arg is None:
            words |= {key: each for key, each in value.items.items() if isinstance(key, str)}
            spread = True
        else:
            words[word.arg] = value
    call = Call(node, name, called if receiver is NOTHING and called.traces else receiver, place, args, words, spread)
    return calls.handle(walk, state, call, called)


def _binary(walk: Walk, state: State, node: ast.BinOp) -> Value:
    left, right = evaluate(walk, state, node.left), evaluate(walk, state, node.right)
    return combine(type(node.op), left, right, node.lineno)


def combine(kind: type, left: Value, right: Value, line: int) -> Value:
    """A binary operation, folded where both sides are numbers or texts that stay small."""
    if left.constants and right.constants and kind in _BINARY:
        found = [_fold(_BINARY[kind], one, other) for one in left.options for other in right.options]
        if all(each is not None for each in found) and len(found) <= 6:
            return joined(constant(each) for each in found)
    if kind is ast.Add:
        if left.kind == right.kind == "list":
            together = [*left.items.values(), *right.items.values()][:MOST_ELEMENTS]
            return Value(traces=left.traces | right.traces, kind="list", items=dict(enumerate(together)))
        return concatenated([left, right], line)
    if kind is ast.Mod and not (left.known and isinstance(left.constant, int | float)):
        return concatenated([left, derived(right) if right.items else right], line)
    if kind is ast.Div:  # pathlib joins with it
        return derived(left, right, line=line, ref=left.ref if "Path" in left.ref else "")
    return derived(left, right, line=line)


def _fold(operation: Callable[[Any, Any], Any], left: Any, right: Any) -> Any:
    sizes = [each for each in (left, right) if isinstance(each, int)]
    if any(abs(each) > _LARGEST for each in sizes):
        return None
    if operation is operator.mul and any(isinstance(each, str | bytes) for each in (left, right)):
        return None  # a long text out of two short ones
    if operation is operator.mod and isinstance(left, str | bytes):
        return None  # "%1000000000d" is such a text, too
    try:
        return operation(left, right)
    except (ArithmeticError, TypeError, ValueError):
        return None


def _boolean(walk: Walk, state: State, node: ast.BoolOp) -> Value:
    found: list[Value] = []
    stops = isinstance(node.op, ast.Or)
    for each in node.values:
        value = evaluate(walk, state, each)
        found.append(value)
        if truth(value) is stops:
            break
        if truth(value) is (not stops) and each is not node.values[-1]:
            found.pop()
    return joined(found)


def _unary(walk: Walk, state: State, node: ast.UnaryOp) -> Value:
    value = evaluate(walk, state, node.operand)
    if isinstance(node.op, ast.Not):
        known = truth(value)
        return NOTHING if known is None else constant(not known)
    if isinstance(node.op, ast.USub) and value.known and isinstance(value.constant, int | float):
        return constant(-value.constant)
    return derived(value)


def _compare(walk: Walk, state: State, node: ast.Compare) -> Value:
    values = [evaluate(walk, state, each) for each in (node.left, *node.comparators)]
    answers = []
    for place, kind in enumerate(node.ops):
        left, right = values[place], _as_constant(values[place + 1])
        if not (left.known and right.known):
            return NOTHING
        try:
            answers.append(bool(_COMPARE[type(kind)](left.constant, right.constant)))
        except TypeError:
            return NOTHING
    return constant(all(answers))


def _as_constant(value: Value) -> Value:
    if value.kind in ("list", "map") and not value.traces:
        inside = list(value.items.values()) if value.kind == "list" else [constant(key) for key in value.items]
        if all(each.known for each in inside):
            return constant(tuple(each.constant for each in inside))
    return value


def _conditional(walk: Walk, state: State, node: ast.IfExp) -> Value:
    known = truth(evaluate(walk, state, node.test))
    if known is not None:
        return evaluate(walk, state, node.body if known else node.orelse)
    from watchfloor.experts.code.flow import refined

    return join(evaluate(walk, refined(walk, state, node.test, True), node.body),
                evaluate(walk, refined(walk, state, node.test, False), node.orelse))  # fmt: skip


def _formatted(walk: Walk, state: State, node: ast.JoinedStr) -> Value:
    return concatenated([evaluate(walk, state, each) for each in node.values], node.lineno)


def _format_field(walk: Walk, state: State, node: ast.FormattedValue) -> Value:
    value = evaluate(walk, state, node.value)
    return derived(value) if value.items else value


def _sequence(walk: Walk, state: State, node: ast.List | ast.Tuple) -> Value:
    items: dict[Any, Value] = {}
    traces: frozenset[Any] = frozenset()
    for each in node.elts:
        if isinstance(each, ast.Starred):
            inner = evaluate(walk, state, each.value)
            traces |= inner.traces
            for value in inner.items.values():
                items[len(items)] = value
        elif len(items) < MOST_ELEMENTS:
            items[len(items)] = evaluate(walk, state, each)
        else:
            traces |= evaluate(walk, state, each).all_traces()
    return Value(traces=traces, kind="list", items=items)


def _mapping(walk: Walk, state: State, node: ast.Dict) -> Value:
    items: dict[Any, Value] = {}
    traces: frozenset[Any] = frozenset()
    for key, each in zip(node.keys, node.values, strict=True):
        value = evaluate(walk, state, each)
        found = evaluate(walk, state, key) if key is not None else NOTHING
        if key is None:
            items |= dict(value.items)
            traces |= value.traces
        elif found.known and len(items) < MOST_ELEMENTS:
            items[found.constant] = value
        else:
            traces |= value.all_traces()
        traces |= found.traces
    return Value(traces=traces, kind="map", items=items)


def _subscript(walk: Walk, state: State, node: ast.Subscript) -> Value:
    value = evaluate(walk, state, node.value)
    if isinstance(node.slice, ast.Slice):
        bounds = [evaluate(walk, state, each) for each in (node.slice.lower, node.slice.upper)]
        plain = node.slice.step is None
        return sliced(value, bounds[0] if node.slice.lower else constant(0),
                      bounds[1] if node.slice.upper else None, node.lineno) if plain else derived(value)  # fmt: skip
    key = evaluate(walk, state, node.slice)
    return calls.read(walk, value, key, node.lineno)


def _comprehension(walk: Walk, state: State, node: Any) -> Value:
    from watchfloor.experts.code.flow import bind, refined

    inner = state.copy()
    for each in node.generators:
        bind(walk, inner, each.target, element(evaluate(walk, inner, each.iter), node.lineno), node.lineno)
        for test in each.ifs:
            evaluate(walk, inner, test)
            inner = refined(walk, inner, test, True)
    if isinstance(node, ast.DictComp):
        return derived(evaluate(walk, inner, node.key), evaluate(walk, inner, node.value), line=node.lineno)
    return derived(evaluate(walk, inner, node.elt), line=node.lineno)


def _assigned(walk: Walk, state: State, node: ast.NamedExpr) -> Value:
    value = evaluate(walk, state, node.value)
    state.put(node.target.id, value)
    return value


def _lambda(walk: Walk, state: State, node: ast.Lambda) -> Value:
    inner = state.copy()
    for each in node.args.args:
        inner.put(each.arg, NOTHING)
    evaluate(walk, inner, node.body)
    return Value(function=node)


def _inner(walk: Walk, state: State, node: Any) -> Value:
    value = evaluate(walk, state, node.value)
    return Value(value.constants, stepped(value.traces, 0), value.ref, value.kind, value.items, value.parts)


def _set(walk: Walk, state: State, node: ast.Set) -> Value:
    return _sequence(walk, state, ast.List(elts=node.elts))


_EXPRESSIONS: Final[dict[type, Callable[[Walk, State, Any], Value]]] = {
    ast.Constant: _constant, ast.Name: _name, ast.Attribute: _attribute, ast.Call: _call, ast.BinOp: _binary,
    ast.BoolOp: _boolean, ast.UnaryOp: _unary, ast.Compare: _compare,
    ast.IfExp: _conditional, ast.JoinedStr: _formatted,
    ast.FormattedValue: _format_field, ast.List: _sequence, ast.Tuple: _sequence, ast.Set: _set, ast.Dict: _mapping,
    ast.Subscript: _subscript, ast.ListComp: _comprehension, ast.SetComp: _comprehension,
    ast.GeneratorExp: _comprehension, ast.DictComp: _comprehension, ast.NamedExpr: _assigned, ast.Lambda: _lambda,
    ast.Await: _inner, ast.Starred: _inner, ast.YieldFrom: _inner, ast.Yield: _inner,
}  # fmt: skip
