"""Text to a Python syntax tree, whatever the text: newer grammars, snippets, broken lines, hostile nesting.

Nothing is ever executed. The grammar of this interpreter may be older than the text's: fields of f-strings that reuse
the outer quotes (PEP 701, Python 3.12) are cut out, parsed on their own and put back.
"""

import ast
import re
import textwrap
import warnings
from dataclasses import dataclass
from typing import Any, Final

#: Longer texts are not analysed, only looked at (characters).
MOST_CHARACTERS: Final = 400_000
#: Lines that may be replaced by ``pass`` before a text counts as no Python.
_MOST_REPAIRS: Final = 12
_FIELD: Final = "wf_field_"
_PREFIX = re.compile(r"(?<![A-Za-z0-9_])(?:[fF][rR]?|[rR][fF])(\"\"\"|'''|\"|')")
_PLAIN = re.compile(r"(?:[rRbBuU]{0,2})(\"\"\"|'''|\"|')")


@dataclass(frozen=True, slots=True)
class Parsed:
    """A syntax tree, how many lines had to be left out for it, and why there is none where there is none."""

    tree: ast.Module | None
    repaired: int = 0
    trouble: str = ""


def parse(text: str, *, repair: bool = True) -> Parsed:
    """The tree of a Python text; lines keep their numbers. Never raises; ``repair`` leaves broken lines out."""
    if len(text) > MOST_CHARACTERS:
        return Parsed(None, trouble=f"longer than {MOST_CHARACTERS:,} characters")
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", " ").replace("\f", " ").lstrip("\ufeff")
    trouble = ""
    for attempt in (_straight, _newer, _repaired) if repair else (_straight, _newer):
        try:
            tree, repaired = attempt(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError, UnicodeError, OverflowError) as error:
            trouble = trouble or type(error).__name__
            if isinstance(error, RecursionError | MemoryError):
                return Parsed(None, trouble="nested too deeply")
        else:
            return Parsed(tree, repaired)
    return Parsed(None, trouble=trouble)


def _tree(text: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text)


def _straight(text: str) -> tuple[ast.Module, int]:
    return _tree(text), 0


def _newer(text: str) -> tuple[ast.Module, int]:
    rewritten, fields = cut_fields(text)
    return _with_fields(_tree(rewritten), fields), 0


def _repaired(text: str) -> tuple[ast.Module, int]:
    """Snippets: dedented, and each line the parser trips over replaced by ``pass`` at its place."""
    rewritten, fields = cut_fields(textwrap.dedent(text.expandtabs(8)))
    lines = rewritten.split("\n")
    done: set[int] = set()
    for _ in range(_MOST_REPAIRS):
        try:
            return _with_fields(_tree("\n".join(lines)), fields), len(done)
        except SyntaxError as error:
            at = min(max((error.lineno or 1) - 1, 0), len(lines) - 1)
            if isinstance(error, IndentationError) and at and at not in done and "expected an indented" in str(error):
                lines[at - 1] += " pass" if lines[at - 1].rstrip().endswith(":") else ""
                if not lines[at - 1].endswith("pass"):
                    lines[at] = ""
            else:
                indent = re.match(r"\s*", lines[at])
                lines[at] = f"{indent[0] if indent and at not in done else ''}pass" if at not in done else ""
            done.add(at)
            if len(done) > max(3, len(lines) // 3):
                raise
    return _with_fields(_tree("\n".join(lines)), fields), len(done)


def cut_fields(text: str) -> tuple[str, list[tuple[str, int]]]:
    """F-strings whose fields are replaced by names, and the fields: each its expression and its line."""
    out: list[str] = []
    fields: list[tuple[str, int]] = []
    place = 0
    while place < len(text):
        if text[place] == "#":
            end = text.find("\n", place)
            end = len(text) if end < 0 else end
        elif found := _PREFIX.match(text, place):
            piece, end = _formatted(text, place, found, fields)
            out.append(piece)
            place = end
            continue
        elif (found := _PLAIN.match(text, place)) and (not place or not (text[place - 1].isalnum())):
            end = _string_end(text, found.end(), found[1])
        else:
            end = place + 1
        out.append(text[place:end])
        place = end
    return "".join(out), fields


def _string_end(text: str, start: int, quote: str) -> int:
    """Where a plain string that began before ``start`` is over."""
    place = start
    while place < len(text):
        if text[place] == "\\":
            place += 2
        elif text.startswith(quote, place):
            return place + len(quote)
        elif text[place] == "\n" and len(quote) == 1:
            return place
        else:
            place += 1
    return len(text)


def _formatted(text: str, start: int, found: re.Match[str], fields: list[tuple[str, int]]) -> tuple[str, int]:
    quote, place = found[1], found.end()
    out = [found[0]]
    swallowed = 0
    while place < len(text):
        if text[place] == "\\":
            out.append(text[place : place + 2])
            place += 2
        elif text.startswith(quote, place):
            return "".join(out) + quote + "\\\n" * swallowed, place + len(quote)
        elif text.startswith(("{{", "}}"), place):
            out.append(text[place : place + 2])
            place += 2
        elif text[place] == "{":
            end = _field_end(text, place + 1)
            inside = text[place + 1 : end]
            fields.append((_expression(inside), text.count("\n", 0, place) + 1))
            out.append(f"{{{_FIELD}{len(fields) - 1}}}")
            swallowed += inside.count("\n")
            place = end + 1
        elif text[place] == "\n" and len(quote) == 1:
            return "".join(out), place
        else:
            out.append(text[place])
            place += 1
    return "".join(out), len(text)


def _field_end(text: str, start: int) -> int:
    """Where the brace closes that was opened before ``start``; strings inside may hold any quote."""
    depth, place = 0, start
    while place < len(text):
        letter = text[place]
        if letter in "\"'":
            found = _PLAIN.match(text, place)
            place = _string_end(text, found.end(), found[1]) if found else place + 1
            continue
        if letter in "([{":
            depth += 1
        elif letter in ")]}":
            if not depth:
                return place
            depth -= 1
        place += 1
    return len(text)


def _expression(inside: str) -> str:
    """The expression of a field, without conversion, format and the sign that repeats it."""
    depth, place = 0, 0
    while place < len(inside):
        letter = inside[place]
        if letter in "\"'":
            found = _PLAIN.match(inside, place)
            place = _string_end(inside, found.end(), found[1]) if found else place + 1
            continue
        depth += (letter in "([{") - (letter in ")]}")
        if not depth and (letter == ":" or (letter == "!" and inside[place + 1 : place + 2] != "=")):
            break
        place += 1
    return inside[:place].rstrip().removesuffix("=")


class _Restore(ast.NodeTransformer):
    """Puts the expressions of f-strings back where their names stand."""

    def __init__(self, fields: list[tuple[str, int]]) -> None:
        self.fields = fields

    def visit_Name(self, node: ast.Name) -> Any:
        """A field's name becomes its expression; any other name stays."""
        if not node.id.startswith(_FIELD):
            return node
        number = node.id.removeprefix(_FIELD)
        if not number.isdecimal() or int(number) >= len(self.fields):
            return node
        source, line = self.fields[int(number)]
        try:
            inner, deeper = cut_fields(source)
            found = _with_fields(ast.parse(f"({inner})", mode="eval"), deeper)
        except (SyntaxError, ValueError):
            return node
        for each in ast.walk(found):
            if hasattr(each, "lineno"):
                each.lineno += line - 1
        return found.body


def _with_fields(tree: Any, fields: list[tuple[str, int]]) -> Any:
    return _Restore(fields).visit(tree) if fields else tree
