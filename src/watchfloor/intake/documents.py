"""JSON values out of a byte stream: one a line, pretty-printed over many lines, concatenated, or in an array.

A JSON string never holds a raw line break, so structure can be followed line by line: strings are
stepped over, brackets counted, and where the count returns to zero a value ends. An array around
everything is transparent (its elements come one by one), so memory is bounded by the largest value.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, BinaryIO

import orjson

#: Larger than any event; a document past it is rejected and skipped.
MAX_DOCUMENT = 64 * 1024 * 1024

#: A string (perhaps cut off by the end of the line), or one bracket. Possessive: it never backtracks.
_TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[{}\[\]]', re.DOTALL)
#: Where a new document most likely begins inside a broken one: an opening brace alone at the margin.
_RESTART = re.compile(rb"^(?=\{[ \t\r]*$)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Found:
    """One value and where it stands. ``value`` is None and ``fault`` says why when it is no JSON."""

    line: int
    place: str  # the line, with .2, .3 … for further values on the same line
    text: bytes
    value: Any = None
    fault: str = ""


class _Reader:
    def __init__(self, *, second_try: bool = False) -> None:
        self._second_try = second_try
        self._parts: list[bytes] = []
        self._size = 0
        self._depth = 0
        self._start = 0
        self._in_array = False
        self._too_large = False
        self._last_line = 0
        self._on_line = 0

    def line(self, line: bytes, number: int) -> Iterator[Found]:
        if self._depth == 0:
            stripped = line.strip(b" \t\r\n,\xef\xbb\xbf\x00")
            if not stripped:
                return
            if stripped[:1] == b"{" and stripped[-1:] == b"}":
                try:
                    value = orjson.loads(stripped)
                except orjson.JSONDecodeError:
                    pass  # several values on the line, or the first line of a longer one
                else:
                    yield self._found(number, stripped, value)
                    return
        yield from self._scan(line, number)

    def _scan(self, line: bytes, number: int) -> Iterator[Found]:
        start = 0  # of what belongs to the open value on this line
        loose = 0  # end of the last bracket outside any value
        for token in _TOKEN.finditer(line):
            mark = token[0]
            if mark in (b"{", b"["):
                if self._depth == 0:
                    if mark == b"[" and not self._in_array:
                        self._in_array, loose = True, token.end()
                        continue
                    start, self._start = token.start(), number
                self._depth += 1
            elif mark in (b"}", b"]"):
                if self._depth == 0:
                    self._in_array = False
                    loose = token.end()
                    continue
                self._depth -= 1
                if self._depth == 0:
                    self._keep(line[start : token.end()])
                    loose = token.end()
                    yield from self._close()
        if self._depth:
            self._keep(line[start:])
        elif not loose and line.strip(b" \t\r\n,"):
            yield self._fault(number, line, "not JSON")

    def end(self) -> Iterator[Found]:
        if self._depth:
            self._depth = 0
            yield from self._close(ended=True)

    def _keep(self, part: bytes) -> None:
        self._size += len(part)
        if self._size > MAX_DOCUMENT:
            self._too_large = True
            self._parts.clear()
        else:
            self._parts.append(part)

    def _close(self, *, ended: bool = False) -> Iterator[Found]:
        text = b"".join(self._parts)
        line, too_large = self._start, self._too_large
        self._parts, self._size, self._too_large = [], 0, False
        if too_large:
            yield self._fault(line, b"", f"document larger than {MAX_DOCUMENT} bytes")
            return
        try:
            yield self._found(line, text, orjson.loads(text))
        except orjson.JSONDecodeError as error:
            yield from self._salvage(text, line, "document cut off" if ended else f"not JSON: {error.msg}")

    def _salvage(self, text: bytes, line: int, why: str) -> Iterator[Found]:
        """One missing brace must not swallow the documents after it: read again from each likely start."""
        pieces = [piece for piece in _RESTART.split(text) if piece]
        if len(pieces) < 2 or self._second_try:
            yield self._fault(line, text, why)
            return
        for piece in pieces:
            again = _Reader(second_try=True)
            for at, part in enumerate(piece.splitlines(keepends=True)):
                for found in again.line(part, line + at):
                    yield replace(found, place=self._place(found.line))
            for found in again.end():
                yield replace(found, place=self._place(found.line))
            line += piece.count(b"\n")

    def _place(self, line: int) -> str:
        self._on_line = self._on_line + 1 if line == self._last_line else 1
        self._last_line = line
        return str(line) if self._on_line == 1 else f"{line}.{self._on_line}"

    def _found(self, line: int, text: bytes, value: Any) -> Found:
        return Found(line, self._place(line), text, value)

    def _fault(self, line: int, text: bytes, why: str) -> Found:
        return Found(line, self._place(line), text, None, why)


def values(stream: BinaryIO) -> Iterator[Found]:
    """Every JSON value of the stream, in order; what is no JSON comes as a fault with its line."""
    reader = _Reader()
    number = 0
    while True:
        line = stream.readline(MAX_DOCUMENT + 1)
        if not line:
            break
        number += 1
        if len(line) > MAX_DOCUMENT and not line.endswith(b"\n"):
            yield Found(number, str(number), b"", None, f"line longer than {MAX_DOCUMENT} bytes")
            while line and not line.endswith(b"\n"):
                line = stream.readline(1024 * 1024)
            continue
        yield from reader.line(line, number)
    yield from reader.end()
