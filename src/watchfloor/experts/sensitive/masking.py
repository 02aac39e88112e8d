"""Masking that can be undone: each span becomes a placeholder, and a table leads back.

    masked, table = mask(text, spans, key)
    assert unmask(masked, table) == text

A placeholder is the span's type and a keyed digest of its value (HMAC-SHA256, RFC 2104): the same value has the same
placeholder in every text masked with the same key, so masked logs can still be joined, and nobody without the key can
try values against it. ``unmask`` is the exact inverse for any text, also for one that holds placeholders already: one
that stands in the text anyway is never used, and as placeholders begin and end with brackets and hold none, none can
come about by accident where two pieces meet.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from typing import Final

from watchfloor.experts.sensitive.spans import Span, resolved

#: Hexadecimal digits of a digest to begin with; more where two values would share them.
_DIGITS: Final = 8
_PLACEHOLDER: Final = re.compile(r"\[[^\[\]]*\]")


def mask(text: str, spans: Iterable[Span], key: bytes) -> tuple[str, dict[str, str]]:
    """The text with placeholders for its spans, and what each placeholder stands for.

    Spans outside the text are cut to it; of overlapping ones the longest counts. The table holds the secrets: keep it,
    and ``key``, as you would keep the text.
    """
    inside = (each._replace(start=max(each.start, 0), end=min(each.end, len(text))) for each in spans)
    kept = resolved([[each for each in inside if each.start < each.end]])
    table: dict[str, str] = {}
    pieces, start = [], 0
    for each in kept:
        value = text[each.start : each.end]
        pieces += [text[start : each.start], _placeholder(each.type, value, key, text, table)]
        start = each.end
    return "".join([*pieces, text[start:]]), table


def unmask(masked: str, table: Mapping[str, str]) -> str:
    """The text as it was before ``mask``; what the table does not know stays as it is."""
    return _PLACEHOLDER.sub(lambda found: table.get(found[0], found[0]), masked)


def _placeholder(kind: str, value: str, key: bytes, text: str, table: dict[str, str]) -> str:
    name = re.sub(r"[\[\]]", "", kind) or "MASKED"
    turn = 0
    while True:
        said = f"{name}\0{turn}\0{value}".encode("utf-8", "surrogatepass")
        digest = hmac.new(key, said, hashlib.sha256).hexdigest()
        found = f"[{name}:{digest[: _DIGITS + 8 * min(turn, 7)]}]"
        if table.get(found, value) == value and found not in text:
            table[found] = value
            return found
        turn += 1
