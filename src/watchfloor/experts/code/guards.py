"""What a condition proves of the values in it: the text that passed a check is harmless where the check matters.

``proven`` reads a condition that came out true or false and returns expressions with the kinds of sink their text is
then harmless for. A check of a derived value (``urlparse(url).netloc``) speaks for all that came from the same source.
"""

import ast
import re
from collections.abc import Iterator
from typing import Final

from watchfloor.experts.code.kinds import EVERYWHERE

Proof = tuple[ast.expr, frozenset[str]]

#: Characters or words whose absence makes text harmless, and for what.
_ABSENT: Final = (
    (re.compile(r"\.\.|[/\\]"), frozenset({"path", "extract"})),
    (re.compile(r"['\"]"), frozenset({"sql", "xpath", "code"})),
    (re.compile(r"[;&|`$]"), frozenset({"command"})),
    (re.compile(r"[<>]"), frozenset({"html"})),
    (re.compile(r"[()*]"), frozenset({"ldap"})),
    (re.compile(r"://|//"), frozenset({"redirect", "fetch"})),
    (re.compile(r"__|import"), frozenset({"code"})),
    (re.compile(r"!DOCTYPE|!ENTITY", re.IGNORECASE), frozenset({"xml"})),
)
#: Methods that came out true, and what they prove of the text they were asked of.
_OF_RECEIVER: Final = {
    **dict.fromkeys(("isdigit", "isalnum", "isnumeric", "isdecimal", "isalpha", "isidentifier"), EVERYWHERE),
    **dict.fromkeys(("is_relative_to", "samefile"), frozenset({"path", "extract"})),
    "startswith": frozenset(),
}
_JUDGES = re.compile(
    r"valid|safe|allow|permit|whitelist|is_local|check|verify|authori[sz]ed|trusted|legal", re.IGNORECASE
)
_MATCHES: Final = frozenset({"match", "fullmatch"})
_THROUGH: Final = frozenset({
    "str", "repr", "lower", "upper", "strip", "resolve", "abspath", "realpath", "normpath", "urlparse", "urlsplit",
    "encode", "decode", "lstrip", "rstrip", "casefold", "get",
    "Path", "commonpath", "commonprefix", "unquote", "absolute",
})  # fmt: skip
_URL_PARTS: Final = frozenset({"netloc", "hostname", "host", "scheme", "domain"})


def proven(test: ast.expr, outcome: bool, depth: int = 0) -> Iterator[Proof]:
    """What a condition proves when it came out as ``outcome``."""
    if depth > 20:
        return
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        yield from proven(test.operand, not outcome, depth + 1)
    elif isinstance(test, ast.BoolOp):
        if isinstance(test.op, ast.And) == outcome:
            for each in test.values:
                yield from proven(each, outcome, depth + 1)
    elif isinstance(test, ast.Compare) and len(test.ops) == 1:
        yield from _compared(test.left, test.ops[0], test.comparators[0], outcome)
    elif isinstance(test, ast.Call):
        yield from _called(test, outcome)
    elif isinstance(test, ast.NamedExpr):
        yield from proven(test.value, outcome, depth + 1)


def _compared(left: ast.expr, operator: ast.cmpop, right: ast.expr, outcome: bool) -> Iterator[Proof]:
    if isinstance(operator, ast.NotIn | ast.NotEq | ast.IsNot):
        outcome = not outcome
    if isinstance(operator, ast.In | ast.NotIn):
        if isinstance(left, ast.Constant) and isinstance(left.value, str):
            if not outcome:
                yield inside(right), absent(left.value)
        elif outcome and not (isinstance(right, ast.Constant) and not isinstance(right.value, tuple)):
            yield inside(left), _scope(left)
    elif isinstance(operator, ast.Eq | ast.NotEq | ast.Is | ast.IsNot) and outcome:
        yield from _equal(left, right)
        yield from _equal(right, left)


def _equal(here: ast.expr, there: ast.expr) -> Iterator[Proof]:
    """What being equal to something proves: a literal or a constant by its name leaves no choice."""
    if _is_called(here, {"commonpath", "commonprefix"}):
        yield inside(here), frozenset({"path", "extract"})
        return
    literal = isinstance(there, ast.Constant) and there.value is not None and not _is_called(here, {"len", "type"})
    if literal or (isinstance(there, ast.Name) and there.id.isupper()):
        yield inside(here), _scope(here)


def _scope(checked: ast.expr) -> frozenset[str]:
    """A check of a part of an address speaks for where the address leads, a check of the whole for everything."""
    if isinstance(checked, ast.Attribute) and checked.attr in _URL_PARTS:
        return frozenset({"redirect", "fetch"})
    if isinstance(checked, ast.Subscript) or _is_called(checked, {"splitext", "rsplit", "split", "len", "type"}):
        return frozenset()
    return EVERYWHERE


def _called(call: ast.Call, outcome: bool) -> Iterator[Proof]:
    method = isinstance(call.func, ast.Attribute)
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if not outcome:
        yield from _refuted(call, name)
    elif method and isinstance(call.func, ast.Attribute) and name in _OF_RECEIVER:
        kinds = _beginning(call) if name == "startswith" else _OF_RECEIVER[name]
        yield inside(call.func.value), kinds
    elif name in _MATCHES and call.args:
        if not _lax(call.args[0]):
            yield inside(call.args[-1] if len(call.args) < 3 else call.args[1]), EVERYWHERE
    elif name == "all" and call.args and isinstance(call.args[0], ast.GeneratorExp):
        yield inside(call.args[0].generators[0].iter), EVERYWHERE
    elif _JUDGES.search(name):
        for each in call.args:
            yield inside(each), EVERYWHERE


def _refuted(call: ast.Call, name: str) -> Iterator[Proof]:
    """A search for bad words that came out false."""
    if name == "any" and call.args:
        yield from _any(call.args[0])
    elif name == "search":
        for each in call.args:
            yield inside(each), EVERYWHERE


def _any(argument: ast.expr) -> Iterator[Proof]:
    """``any(c in text for c in BAD)`` that came out false: no bad character is in the text."""
    if isinstance(argument, ast.GeneratorExp) and isinstance(argument.elt, ast.Compare):
        compare = argument.elt
        if isinstance(compare.ops[0], ast.In):
            yield inside(compare.comparators[0]), EVERYWHERE - {"trust"}
            yield inside(argument.generators[0].iter), EVERYWHERE - {"trust"}


def _beginning(call: ast.Call) -> frozenset[str]:
    """What ``text.startswith(prefix)`` proves: a whole host, or that a settled path is below a folder."""
    prefix = call.args[0] if call.args else None
    if isinstance(prefix, ast.Constant) and isinstance(prefix.value, str):
        return frozenset({"redirect", "fetch"}) if re.match(r"https?://[^/]+/", prefix.value) else frozenset()
    receiver = call.func.value if isinstance(call.func, ast.Attribute) else None
    settled = isinstance(receiver, ast.Call | ast.Name)
    return frozenset({"path", "extract", "redirect", "fetch"}) if settled and prefix is not None else frozenset()


def absent(word: str) -> frozenset[str]:
    """Kinds of sinks a text is harmless for that does not hold a word."""
    found: frozenset[str] = frozenset()
    for pattern, kinds in _ABSENT:
        if pattern.search(word):
            found |= kinds
    return found


def _lax(pattern: ast.expr) -> bool:
    """A pattern that lets anything pass proves nothing."""
    return isinstance(pattern, ast.Constant) and isinstance(pattern.value, str) and ".*" in pattern.value


def _is_called(node: ast.expr, names: set[str]) -> bool:
    if not isinstance(node, ast.Call):
        return False
    called = node.func
    return (called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")) in names


def inside(node: ast.expr) -> ast.expr:
    """The name under conversions, slices, attributes and normalisations."""
    for _ in range(20):
        if isinstance(node, ast.Subscript | ast.Attribute | ast.Starred):
            node = node.value
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _THROUGH:
            node = node.args[0] if node.args and _module_like(node.func.value) else node.func.value
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _THROUGH and node.args:
            node = node.args[0]
        elif isinstance(node, ast.List | ast.Tuple) and node.elts:
            node = node.elts[-1]
        else:
            break
    return node


def _module_like(node: ast.expr) -> bool:
    root = node
    while isinstance(root, ast.Attribute):
        root = root.value
    return isinstance(root, ast.Name) and root.id in {"os", "urllib", "posixpath", "ntpath", "pathlib", "parse", "path"}
