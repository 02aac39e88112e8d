"""Python texts analysed: the module is walked first, then every function as somebody outside would enter it.

A function that a web framework calls is handed hostile text; so is, more weakly, a function that nobody in the text
calls. What happens inside helpers is followed from the call.
"""

import ast
from dataclasses import dataclass
from typing import Any, Final

from watchfloor.experts.code import flow
from watchfloor.experts.code.findings import Finding, Notebook, OverBudgetError
from watchfloor.experts.code.parsing import parse
from watchfloor.experts.code.sources import REQUEST_DEFAULTS, REQUEST_PARAMETERS
from watchfloor.experts.code.walk import Frame, State, Walk

_ROUTES: Final = frozenset(
    {"route", "get", "post", "put", "delete", "patch", "errorhandler", "websocket", "view_config"}
)
_JSON_FRAMEWORKS: Final = ("fastapi", "rest_framework", "ninja", "aiohttp")
_DOING: Final = (
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.Import,
    ast.ImportFrom,
    ast.Assign,
    ast.With,
    ast.For,
    ast.If,
    ast.Try,
)


@dataclass(frozen=True, slots=True)
class Analysis:
    """What was found in a text; ``parsed`` is false where it is no Python, ``whole`` where the walk came to its end."""

    findings: tuple[Finding, ...]
    parsed: bool
    repaired: int = 0
    whole: bool = True
    trouble: str = ""
    steps: int = 0
    #: Whether anything is done in it: a word of prose parses, too.
    busy: bool = False


def analyse(text: str, *, repair: bool = True) -> Analysis:
    """Walk a Python text. Never raises; a text that is none has no findings and says so."""
    parsed = parse(text, repair=repair)
    if parsed.tree is None:
        return Analysis((), parsed=False, whole=False, trouble=parsed.trouble)
    notebook = Notebook()
    notebook.start()
    whole, trouble = True, ""
    try:
        _walk(parsed.tree, notebook)
    except OverBudgetError:
        whole, trouble = False, "too much work for one text"
    except (RecursionError, MemoryError):
        whole, trouble = False, "nested too deeply"
    findings = tuple(sorted(notebook.findings.values(), key=lambda each: (each.line, each.kind)))
    busy = any(isinstance(each, _DOING) for each in parsed.tree.body)
    return Analysis(findings, True, parsed.repaired, whole, trouble, notebook.steps, busy)


def _walk(tree: ast.Module, notebook: Notebook) -> None:
    walk = Walk(notebook, invoke=flow.invoke)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            walk.functions.setdefault(node.name, []).append(node)
        elif isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            walk.called.add(name)
    flow.run(walk, State(), tree.body)
    done: set[int] = set()
    while walk.waiting:
        function, state, owner = walk.waiting.pop(0)
        if id(function) not in done:
            done.add(id(function))
            _enter(walk, function, state, owner)


def _enter(walk: Walk, function: Any, around: State, owner: str) -> None:
    state = State(dict(around.names))
    routes = [each for each in function.decorator_list if _is_route(each)]
    names = {each.arg: each for each in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)}
    called = function.name in walk.called and not routes
    strengths = {}
    for name, node in names.items():
        if name in ("self", "cls"):
            continue
        if name in REQUEST_PARAMETERS or _annotation(node).endswith(("Request", "HttpRequest")):
            strengths[name] = "web"
        elif routes:
            strengths[name] = "" if _annotation(node) in ("int", "float", "bool", "UUID", "uuid.UUID") else "request"
        elif not called:
            strengths[name] = "" if _annotation(node) in ("int", "float", "bool") else "parameter"
    if function.args.defaults and not routes:
        for name, default in zip(list(names)[-len(function.args.defaults) :], function.args.defaults, strict=False):
            if isinstance(default, ast.Call) and getattr(default.func, "id", "") in REQUEST_DEFAULTS:
                strengths[name] = "request"
    flow.parameters(walk, state, function, strengths)
    json = any(each.startswith(_JSON_FRAMEWORKS) for each in walk.imported)
    walk.frames.append(Frame(page=bool(routes) and not json, routed=_fixed(routes), owner=owner))
    walk.busy.append(function)
    try:
        flow.run(walk, state, function.body)
    finally:
        walk.busy.pop()
        walk.frames.pop()


def _annotation(node: ast.arg) -> str:
    if node.annotation is None:
        return ""
    try:
        return ast.unparse(node.annotation)
    except (RecursionError, ValueError):
        return ""


def _is_route(decorator: ast.expr) -> bool:
    """``@app.route(...)`` and its kin."""
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return isinstance(decorator, ast.Call) and isinstance(called, ast.Attribute) and called.attr in _ROUTES


def _fixed(routes: list[ast.expr]) -> bool:
    """Whether all routes are literals without variables: the path of the request is then the route itself."""
    for each in routes:
        first = each.args[0] if isinstance(each, ast.Call) and each.args else None
        if not (
            isinstance(first, ast.Constant) and isinstance(first.value, str) and not set("<{*:") & set(first.value)
        ):
            return False
    return bool(routes)
