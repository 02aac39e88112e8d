"""Regular expressions over hostile text: RE2, whose time is linear in the text, wherever it has the syntax.

Look-around and back-references are not regular; those few expressions run in the `regex` package under a
time limit, and one that exceeds it is a fault of its rule, named, not a silent no.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache

from watchfloor.rules.faults import RuleFault

#: One text may not take longer; RE2 needs microseconds.
_SECONDS = 1.0
_LONGEST_EXPRESSION = 20_000

#: Whether an expression is found anywhere in a text.
Search = Callable[[str], bool]


class TooSlowError(Exception):
    """An expression took longer over one text than it may."""


@lru_cache(maxsize=16_384)
def search(expression: str) -> Search:
    """Compile an expression.

    Raises:
        RuleFault: neither engine accepts it.
    """
    import re2

    if len(expression) > _LONGEST_EXPRESSION:
        raise RuleFault(f"a regular expression of {len(expression):,} characters")
    options = re2.Options()
    options.log_errors = False
    try:
        compiled = re2.compile(expression, options)
    except re2.error:
        return _backtracking(expression)
    return lambda text: compiled.search(text) is not None


def usable(expression: str) -> None:
    """Find out now whether an expression can be run.

    Raises:
        RuleFault: it cannot.
    """
    search(expression)


def _backtracking(expression: str) -> Search:
    import regex

    try:
        compiled = regex.compile(expression, regex.VERSION0)
    except regex.error as error:
        raise RuleFault(f"a regular expression nobody understands: {error}") from None

    def found(text: str) -> bool:
        try:
            return compiled.search(text, timeout=_SECONDS) is not None
        except TimeoutError:
            raise TooSlowError(f"the regular expression {expression[:80]!r} takes too long over a text") from None

    return found


def wildcards(pattern: str) -> Search:
    """A pattern with ``*`` and ``?`` (escaped by backslash) as a question about a whole text."""
    import re2

    out: list[str] = []
    characters = iter(pattern)
    for character in characters:
        if character == "*":
            out.append(".*")
        elif character == "?":
            out.append(".")
        else:
            out.append(re2.escape(next(characters, "\\") if character == "\\" else character))
    compiled = re2.compile("(?s)" + "".join(out))
    return lambda text: compiled.fullmatch(text) is not None


def either(literals: Sequence[str]) -> str:
    """One RE2 expression that finds any of some literals."""
    import re2

    return "|".join(str(re2.escape(literal)) for literal in literals)


def longest_literal(pattern: str) -> str:
    """The longest run of plain characters in a pattern with wildcards; any text it matches contains that."""
    runs, run = [""], ""
    characters = iter(pattern)
    for character in characters:
        if character in "*?":
            runs.append(run)
            run = ""
        else:
            run += next(characters, "\\") if character == "\\" else character
    return max([*runs, run], key=len)
