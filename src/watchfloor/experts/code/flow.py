"""Statements in their order: branches that are taken, loops until nothing changes, functions of the text followed."""

import ast
from collections.abc import Callable, Sequence
from typing import Any, Final

from watchfloor.experts.code import containers, mistakes
from watchfloor.experts.code.calls import page
from watchfloor.experts.code.expressions import combine, element, evaluate, truth
from watchfloor.experts.code.guards import proven
from watchfloor.experts.code.matching import chosen
from watchfloor.experts.code.values import NOTHING, Trace, Value, derived, joined
from watchfloor.experts.code.walk import Call, Frame, State, Walk, merge, place_of

#: Times a loop's body is walked: once for what it starts with, once more for what it brings round.
_ROUNDS: Final = 2
_ENDING_CALLS: Final = frozenset(
    {"flask.abort", "abort", "sys.exit", "exit", "quit", "os._exit", "werkzeug.exceptions.abort"}
)


def run(walk: Walk, state: State, body: Sequence[ast.stmt]) -> State:
    """The state after some statements."""
    for statement in body:
        if not state.alive:
            break
        walk.notebook.spend()
        handle = _STATEMENTS.get(type(statement))
        if handle is not None:
            state = handle(walk, state, statement)
    return state


def refined(walk: Walk, state: State, test: ast.expr, outcome: bool) -> State:
    """The state where a condition came out so: what the condition proves is harmless is so here."""
    proofs = []
    walk.notebook.quiet += 1
    try:
        for node, kinds in proven(test, outcome):
            if kinds:
                value = evaluate(walk, state.copy(), node)
                proofs.append((frozenset(each.origin for each in value.all_traces()), kinds))
    finally:
        walk.notebook.quiet -= 1
    if not proofs:
        return state
    found = state.copy()
    for origins, kinds in proofs:
        found.clean(origins, kinds)
    return found


def bind(walk: Walk, state: State, target: ast.expr, value: Value, line: int) -> None:
    """Put a value where an assignment puts it."""
    if isinstance(target, ast.Name):
        state.put(target.id, value)
        if mistakes.secret(target.id, value):
            walk.notebook.fact("password", line, target.id)
    elif isinstance(target, ast.Attribute):
        evaluate(walk, state, target.value)
        state.put_attribute(place_of(target) or "?", value)
        if mistakes.secret(target.attr, value):
            walk.notebook.fact("password", line, target.attr)
    elif isinstance(target, ast.Starred):
        bind(walk, state, target.value, derived(value), line)
    elif isinstance(target, ast.Tuple | ast.List):
        exact = value.kind == "list" and len(value.items) == len(target.elts) and not value.traces
        for place, each in enumerate(target.elts):
            bind(walk, state, each, value.items[place] if exact else element(value, line), line)
    elif isinstance(target, ast.Subscript):
        _store(walk, state, target, value, line)


def _store(walk: Walk, state: State, target: ast.Subscript, value: Value, line: int) -> None:
    holder = evaluate(walk, state, target.value)
    key = evaluate(walk, state, target.slice) if not isinstance(target.slice, ast.Slice) else NOTHING
    if (holder.ref.rpartition(".")[2] == "session" and holder.ref != "session") or holder.ref in ("flask.session",):
        walk.notebook.flow("trust", line, holder.ref, value.all_traces() | key.traces)
        return
    place = place_of(target.value)
    if place and not walk.is_request(holder):
        state.put(place, containers.store(holder, key, value))


def _assign(walk: Walk, state: State, node: ast.Assign) -> State:
    value = evaluate(walk, state, node.value)
    for target in node.targets:
        bind(walk, state, target, value, node.lineno)
    return state


def _annotated(walk: Walk, state: State, node: ast.AnnAssign) -> State:
    if node.value is not None:
        bind(walk, state, node.target, evaluate(walk, state, node.value), node.lineno)
    return state


def _augmented(walk: Walk, state: State, node: ast.AugAssign) -> State:
    value = combine(type(node.op), evaluate(walk, state, node.target), evaluate(walk, state, node.value), node.lineno)
    bind(walk, state, node.target, value, node.lineno)
    return state


def _expression(walk: Walk, state: State, node: ast.Expr) -> State:
    value = evaluate(walk, state, node.value)
    if isinstance(node.value, ast.Call) and value.ref.removesuffix("()") in _ENDING_CALLS:
        state.alive = False
    return state


def _return(walk: Walk, state: State, node: ast.Return) -> State:
    value = evaluate(walk, state, node.value)
    walk.frame.returned.append(value)
    if walk.frame.page and node.value is not None and value.kind != "map":
        walk.notebook.flow("html", node.lineno, "return", page(value).all_traces())
    state.alive = False
    return state


def _raise(walk: Walk, state: State, node: ast.Raise) -> State:
    evaluate(walk, state, node.exc)
    state.alive = False
    return state


def _if(walk: Walk, state: State, node: ast.If) -> State:
    known = truth(evaluate(walk, state, node.test))
    if known is not None:
        return run(walk, state, node.body if known else node.orelse)
    first = run(walk, refined(walk, state, node.test, True).copy(), node.body)
    second = run(walk, refined(walk, state, node.test, False).copy(), node.orelse)
    return merge([first, second])


def _loop(walk: Walk, state: State, node: Any, begin: Callable[[State], State]) -> State:
    frame = walk.frame
    frame.breaks.append([])
    frame.continues.append([])
    entered = state
    for _ in range(_ROUNDS):
        after = run(walk, begin(entered.copy()), node.body)
        entered = merge([state, entered, after, *frame.continues[-1]])
    broken = frame.breaks.pop()
    frame.continues.pop()
    # A search loop that ends without its break has not found anything; both ends are possible.
    return merge([run(walk, entered, node.orelse), *broken])


def _for(walk: Walk, state: State, node: ast.For) -> State:
    def begin(inner: State) -> State:
        value = evaluate(walk, inner, node.iter)
        each = Value(traces=walk.shed(value, node.lineno)) if walk.is_request(value) else element(value, node.lineno)
        bind(walk, inner, node.target, each, node.lineno)
        return inner

    return _loop(walk, state, node, begin)


def _while(walk: Walk, state: State, node: ast.While) -> State:
    if truth(evaluate(walk, state.copy(), node.test)) is False:
        return run(walk, state, node.orelse)

    def begin(inner: State) -> State:
        evaluate(walk, inner, node.test)
        return refined(walk, inner, node.test, True).copy()

    endless = isinstance(node.test, ast.Constant) and bool(node.test.value)
    found = _loop(walk, state, node, begin)
    return found if endless or not found.alive else refined(walk, found, node.test, False)


def _break(walk: Walk, state: State, node: ast.Break) -> State:
    if walk.frame.breaks:
        walk.frame.breaks[-1].append(state.copy())
    state.alive = False
    return state


def _continue(walk: Walk, state: State, node: ast.Continue) -> State:
    if walk.frame.continues:
        walk.frame.continues[-1].append(state.copy())
    state.alive = False
    return state


def _with(walk: Walk, state: State, node: Any) -> State:
    for item in node.items:
        value = evaluate(walk, state, item.context_expr)
        if item.optional_vars is not None:
            bind(walk, state, item.optional_vars, value, node.lineno)
    return run(walk, state, node.body)


def _try(walk: Walk, state: State, node: Any) -> State:
    seen = [state.copy()]
    current = state
    for statement in node.body:
        if not current.alive:
            break
        current = run(walk, current, [statement])
        seen.append(State(dict(current.names)))
    ends = [run(walk, current, node.orelse) if current.alive else current]
    entered = merge(seen)
    walk.notebook.asides += 1
    for handler in node.handlers:
        inner = entered.copy()
        if handler.name:
            inner.put(handler.name, NOTHING)
        ends.append(run(walk, inner, handler.body))
    walk.notebook.asides -= 1
    after = merge(ends)
    if not node.finalbody:
        return after
    alive = after.alive
    after.alive = True
    last = run(walk, after, node.finalbody)
    last.alive = last.alive and alive
    return last


def _match(walk: Walk, state: State, node: ast.Match) -> State:
    subject = evaluate(walk, state, node.subject)
    ends: list[State] = []
    for case in node.cases:
        fits, names = chosen(case.pattern, subject)
        if fits is False:
            continue
        inner = state.copy()
        for name in names:
            inner.put(name, derived(subject))
        if case.guard is not None:
            known = truth(evaluate(walk, inner, case.guard))
            if known is False:
                continue
            fits = fits if known else None
            inner = refined(walk, inner, case.guard, True).copy()
        ends.append(run(walk, inner, case.body))
        if fits:
            return merge(ends)
    return merge([*ends, state])


def _import(walk: Walk, state: State, node: ast.Import) -> State:
    for each in node.names:
        walk.imported.add(each.name)
        if each.asname:
            state.put(each.asname, Value(ref=each.name))
        else:
            root = each.name.partition(".")[0]
            walk.imported.add(root)
            state.put(root, Value(ref=root))
    return state


def _import_from(walk: Walk, state: State, node: ast.ImportFrom) -> State:
    module = node.module or "."
    for each in node.names:
        if each.name == "*":
            continue
        walk.imported.add(module)
        state.put(each.asname or each.name, Value(ref=f"{module}.{each.name}"))
    return state


def _define(walk: Walk, state: State, node: Any) -> State:
    for each in node.decorator_list:
        evaluate(walk, state, each)
    state.put(node.name, Value(ref=node.name, function=node))
    walk.waiting.append((node, state, walk.frame.owner))
    return state


def _class(walk: Walk, state: State, node: ast.ClassDef) -> State:
    walk.frames.append(Frame(owner=node.name))
    run(walk, state.copy(), node.body)
    walk.frames.pop()
    state.put(node.name, Value(ref=node.name))
    return state


def _delete(walk: Walk, state: State, node: ast.Delete) -> State:
    for each in node.targets:
        if isinstance(each, ast.Name):
            state.put(each.id, NOTHING)
    return state


def _assert(walk: Walk, state: State, node: ast.Assert) -> State:
    evaluate(walk, state, node.test)
    return refined(walk, state, node.test, True)


_STATEMENTS: Final[dict[type, Callable[[Walk, State, Any], State]]] = {
    ast.Assign: _assign, ast.AnnAssign: _annotated, ast.AugAssign: _augmented, ast.Expr: _expression,
    ast.Return: _return, ast.Raise: _raise, ast.If: _if, ast.For: _for, ast.AsyncFor: _for, ast.While: _while,
    ast.Break: _break, ast.Continue: _continue, ast.With: _with, ast.AsyncWith: _with, ast.Try: _try,
    ast.TryStar: _try, ast.Match: _match, ast.Import: _import, ast.ImportFrom: _import_from,
    ast.FunctionDef: _define, ast.AsyncFunctionDef: _define, ast.ClassDef: _class,
    ast.Delete: _delete, ast.Assert: _assert,
}  # fmt: skip


def invoke(walk: Walk, state: State, function: Any, call: Call) -> Value:
    """What a function of the text returns for these arguments; sinks inside it are noted where they are."""
    inner = state.copy()
    names = [each.arg for each in (*function.args.posonlyargs, *function.args.args)]
    if names and names[0] in ("self", "cls") and "." in call.name:
        names = names[1:]
    extra = [derived(*call.args[len(names) :])] if len(call.args) > len(names) else []
    for place, name in enumerate(names):
        inner.put(name, call.words.get(name) or (call.args[place] if place < len(call.args) else NOTHING))
    for each in function.args.kwonlyargs:
        inner.put(each.arg, call.words.get(each.arg, NOTHING))
    if function.args.vararg:
        inner.put(function.args.vararg.arg, joined(extra))
    if function.args.kwarg:
        inner.put(function.args.kwarg.arg, Value(kind="map", items=dict(call.words)))
    walk.busy.append(function)
    walk.frames.append(Frame(owner=walk.frame.owner, routed=walk.frame.routed))
    waiting, walk.waiting = walk.waiting, []
    try:
        run(walk, inner, function.body)
    finally:
        walk.waiting = waiting
        frame = walk.frames.pop()
        walk.busy.pop()
    return joined(frame.returned)


def parameters(walk: Walk, state: State, function: Any, strengths: dict[str, str]) -> None:
    """Bind the parameters of a function that is entered from outside: ``strengths`` says whose text each is."""
    arguments = function.args
    for each in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg):
        if each is None:
            continue
        strength = strengths.get(each.arg, "")
        if strength == "web":
            state.put(each.arg, Value(ref="flask.request"))
        elif strength:
            state.put(each.arg, Value(traces=frozenset({Trace(each.arg, each.lineno, strength)}), ref=each.arg))
        else:
            state.put(each.arg, Value(ref=each.arg))
