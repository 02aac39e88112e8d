"""What a call does: which sink it is, what it hands on, what it makes harmless."""

from dataclasses import replace
from typing import Any, Final

from watchfloor.experts.code import containers, mistakes, sources
from watchfloor.experts.code.kinds import EVERYWHERE
from watchfloor.experts.code.sinks import CALLS, METHODS, SAFE_LOADERS, SHELLS, Sink
from watchfloor.experts.code.strings import concatenated, folded, replaced
from watchfloor.experts.code.values import NOTHING, Trace, Value, cleaned, constant, derived
from watchfloor.experts.code.walk import DEEPEST_CALL, Call, State, Walk

_LONGEST_REF: Final = 160
#: Kinds that are worth a word when an argument is merely not known: nobody should pass variables there.
_NEVER_VARIABLE: Final = frozenset({"code", "unpickle", "command", "template"})
_JSON_LIKE: Final = ("json", "plain", "octet", "csv", "pdf", "xml", "image")


def handle(walk: Walk, state: State, call: Call, called: Value) -> Value:
    """Note what is wrong with a call, and say what it returns."""
    mistakes.note(walk, call)
    sink = _sinks(walk, state, call)
    own = _function(walk, call, called)
    if own is not None and walk.invoke is not None:
        return walk.invoke(walk, state, own, call)
    found = _result(walk, state, call, harmful=sink)
    ref = f"{call.name}()" if len(call.name) < _LONGEST_REF else ""
    return found if found.ref or found.constants or found.kind == "list" else replace(found, ref=ref)


def read(walk: Walk, value: Value, key: Value, line: int) -> Value:
    """``value[key]``."""
    found = containers.look(value, key, line)
    if found is not None:
        return found
    if walk.is_request(value):
        return Value(traces=frozenset({Trace("request", line, "request")}))
    if value.known and isinstance(value.constant, str) and key.known and isinstance(key.constant, int):
        try:
            return constant(value.constant[key.constant])
        except IndexError:
            return NOTHING
    ref = f"{value.ref}[]" if value.ref and len(value.ref) < _LONGEST_REF else ""
    return derived(value, line=line, ref=ref)


def _function(walk: Walk, call: Call, called: Value) -> Any:
    """The function of this text that is called, if it is one and not too deep."""
    function = called.function
    if function is None:
        named = walk.functions.get(call.method, [])
        own = not call.receiver.traces or call.place == "self"
        if len(named) == 1 and own and call.name.rpartition(".")[0] not in walk.imported and "." in call.name:
            function = named[0]
    if (
        function is None
        or type(function).__name__ == "Lambda"
        or function in walk.busy
        or len(walk.busy) >= DEEPEST_CALL
    ):
        return None
    return function


def _result(walk: Walk, state: State, call: Call, *, harmful: bool) -> Value:
    strength = sources.SOURCE_CALLS.get(call.name)
    if strength:
        return Value(traces=frozenset({Trace(call.name, call.line, strength)}))
    plain = folded(call.name, call.receiver, call.args)
    if plain is not None and not call.words:
        return plain
    held = containers.method(state, call)
    if held is not None:
        return held
    special = _SPECIAL.get(call.method)
    if special is not None:
        found = special(walk, state, call)
        if found is not None:
            return found
    if call.name in sources.OPAQUE or call.method in sources.OPAQUE_METHODS:
        return NOTHING
    kinds = sources.cleans(call.name)
    if harmful and call.name in CALLS and not kinds and CALLS[call.name].kind not in ("html", "regex", "xml"):
        return NOTHING
    taken = [Value(traces=walk.shed(each, call.line)) for each in (call.receiver, *call.args, *call.words.values())]
    found = derived(*taken, line=call.line)
    return cleaned(found, kinds) if kinds else found


def _sinks(walk: Walk, state: State, call: Call) -> bool:
    rows = [CALLS[call.name]] if call.name in CALLS else [
        each for each in METHODS.get(call.method, ())
        if "." in call.name and (each.receiver is None or each.receiver.search(call.name.rpartition(".")[0]))
    ]  # fmt: skip
    for row in rows:
        _check(walk, row, call)
    return bool(rows)


def _check(walk: Walk, row: Sink, call: Call) -> None:
    test = _NEEDS.get(row.needs)
    if test is not None and not test(walk, row, call):
        return
    arguments = [
        each for place in row.places if (each := call.receiver if place < 0 else call.argument(place)) is not None
    ]
    arguments += [call.words[word] for word in row.words if word in call.words]
    if row.kind == "command" and row.needs == "shell":
        arguments = _programs(call)
    if row.kind == "html" and row.needs == "page":
        arguments = [page(each) for each in arguments]
    traces = frozenset().union(*(each.all_traces() for each in arguments)) if arguments else frozenset()
    unknown = row.kind in _NEVER_VARIABLE and any(_variable(each) for each in arguments) and not traces
    walk.notebook.flow(row.kind, call.line, call.name, traces, unknown=unknown)


def _variable(value: Value) -> bool:
    if value.constants:
        return False
    if value.kind == "list":
        return any(_variable(each) for each in value.items.values())
    return not (value.parts and all(each.constants for each in value.parts))


def page(value: Value) -> Value:
    """The body of what a view returns: the first of a tuple; headers and status are no page."""
    return value.items[0] if value.kind == "list" and 0 in value.items and len(value.items) > 1 else value


def _programs(call: Call) -> list[Value]:
    """What of a call of ``subprocess`` a shell would read; a list without a shell is read by nobody."""
    command = call.argument(0, "args")
    if command is None:
        return []
    shell = call.words.get("shell")
    if shell is not None and not (shell.known and not shell.constant):
        return [command]
    if command.kind == "list":
        first = command.items.get(0, NOTHING)
        if any(isinstance(each, str) and each.lower() in SHELLS for each in first.options):
            return list(command.items.values())
        return [first]
    return [command] if command.parts or (command.traces and not command.items) else []


def _shell(walk: Walk, row: Sink, call: Call) -> bool:
    return bool(_programs(call))


def _loader(walk: Walk, row: Sink, call: Call) -> bool:
    loader = call.argument(1, "Loader")
    return loader is None or loader.ref.rpartition(".")[2] not in SAFE_LOADERS


def _external(walk: Walk, row: Sink, call: Call) -> bool:
    parser = call.argument(1, "parser")
    if parser is not None and (parser.kind == "external" or parser.ref.endswith("XMLParser()")):
        return parser.kind != "hardened"
    return call.name.startswith("lxml.") and parser is None


def _pickle(walk: Walk, row: Sink, call: Call) -> bool:
    allowed = call.words.get("allow_pickle")
    return allowed is not None and allowed.known and bool(allowed.constant)


def _statement(walk: Walk, row: Sink, call: Call) -> bool:
    """The first argument of ``execute`` is only a statement where it is a text, not an object with parameters."""
    first = call.argument(0, "sql", "query", "statement")
    return first is not None and first.kind != "list" and not first.ref.endswith(("select()", "insert()", "text()"))


def _filter(walk: Walk, row: Sink, call: Call) -> bool:
    """``search`` is LDAP's where the receiver or the filter says so."""
    if "ldap" in call.name.lower() or "search_filter" in call.words:
        return True
    parts = [each for value in call.args[:2] for each in (value.parts or (value,))]
    return any(each.known and isinstance(each.constant, str) and each.constant.startswith(("(&", "(|", "(uid", "(cn"))
               for each in parts)  # fmt: skip


def _page(walk: Walk, row: Sink, call: Call) -> bool:
    for word in ("mimetype", "content_type", "media_type"):
        kind = call.words.get(word)
        if kind is not None and kind.known and any(each in str(kind.constant).lower() for each in _JSON_LIKE):
            return False
    return True


def _upload(walk: Walk, row: Sink, call: Call) -> bool:
    return bool(call.receiver.traces and call.args and "." in call.name)


def _members(walk: Walk, row: Sink, call: Call) -> bool:
    return "members" not in call.words and "filter" not in call.words and "tar" in call.name.lower()


_NEEDS: Final = {"shell": _shell, "loader": _loader, "external": _external, "pickle": _pickle, "statement": _statement,
                 "filter": _filter, "page": _page, "upload": _upload, "members": _members}  # fmt: skip


def _join(walk: Walk, state: State, call: Call) -> Value | None:
    if call.receiver.known and isinstance(call.receiver.constant, str) and call.args and call.args[0].kind == "list":
        pieces: list[Value] = []
        for each in call.args[0].items.values():
            pieces += [call.receiver, each] if pieces else [each]
        return concatenated(pieces, call.line) if not call.args[0].traces else None
    return None


def _format(walk: Walk, state: State, call: Call) -> Value | None:
    pieces = [each if not each.items else derived(each) for each in (*call.args, *call.words.values())]
    return concatenated([call.receiver, *pieces], call.line) if call.receiver.constants else None


def _replace(walk: Walk, state: State, call: Call) -> Value | None:
    if not call.receiver.all_traces():
        return None
    found, kinds = replaced(call.receiver, call.args, call.line)
    return cleaned(found, kinds)


def _substituted(walk: Walk, state: State, call: Call) -> Value | None:
    """``re.sub`` with a class of all but the harmless characters."""
    if call.name != "re.sub" or len(call.args) < 3:
        return None
    pattern = call.args[0]
    found = derived(*call.args[1:3], line=call.line)
    negated = pattern.known and isinstance(pattern.constant, str) and "[^" in pattern.constant
    return cleaned(found, EVERYWHERE) if negated else found


def _feature(walk: Walk, state: State, call: Call) -> Value | None:
    """``parser.setFeature(feature_external_ges, True)`` makes a parser follow entities; ``False`` stops it."""
    if len(call.args) < 2 or not call.place:
        return None
    name = call.args[0].ref or (str(call.args[0].constant) if call.args[0].known else "")
    if name.endswith(("feature_external_ges", "feature_external_pes", "external-general-entities")):
        on = call.args[1].known and bool(call.args[1].constant)
        state.put(call.place, replace(call.receiver, kind="external" if on else "hardened"))
    return NOTHING


def _parser(walk: Walk, state: State, call: Call) -> Value | None:
    if not call.name.startswith("lxml."):
        return None
    resolves = call.words.get("resolve_entities")
    return Value(ref=f"{call.name}()", kind="hardened" if mistakes.is_false(resolves) else "external")


def _dict(walk: Walk, state: State, call: Call) -> Value | None:
    if call.name == "dict" and not call.args:
        return Value(kind="map", items=dict(call.words))
    return Value(kind="list") if call.name == "list" and not call.args and not call.words else None


def _response(walk: Walk, state: State, call: Call) -> Value | None:
    """A response is a page of its body alone, and harmless when it is no HTML."""
    row = CALLS.get(call.name)
    if row is None or row.needs != "page":
        return None
    bodies = [each for each in (call.argument(0, *row.words),) if each is not None]
    body = derived(*(page(each) for each in bodies), line=call.line)
    return body if _page(walk, row, call) else cleaned(body, frozenset({"html"}))


_SPECIAL: Final = {
    "join": _join, "format": _format, "replace": _replace, "sub": _substituted, "setFeature": _feature,
    "XMLParser": _parser, "ETCompatXMLParser": _parser, "dict": _dict, "list": _dict, "make_response": _response,
    "Response": _response, "HttpResponse": _response,
}  # fmt: skip
