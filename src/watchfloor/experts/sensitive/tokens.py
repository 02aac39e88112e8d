"""Text cut into tokens for the tagger: words, single Chinese characters, signs, line breaks, and whole finds."""

import re
from collections.abc import Sequence
from typing import Final

from watchfloor.experts.sensitive.patterns import Find

#: One token: where it starts and ends, and what the tagger reads: the text itself, or ``\\0kind`` of a find.
Token = tuple[int, int, str]
#: Most tokens the tagger looks at together.
TOGETHER: Final = 160
_CJK: Final = "\u3400-\u9fff\uf900-\ufaff"
_TOKEN: Final = re.compile(rf"[{_CJK}]|[^\W_{_CJK}]+|\n|[^\w\s]|_")


def cut(folded: str, finds: Sequence[Find]) -> list[Token]:
    """Tokens of one folded text in order; a find is one token, and no token crosses it."""
    tokens: list[Token] = []
    start = 0
    for each in finds:
        tokens += [(hit.start(), hit.end(), hit.group()) for hit in _TOKEN.finditer(folded, start, each.start)]
        tokens.append((each.start, each.end, "\0" + each.kind))
        start = each.end
    tokens += [(hit.start(), hit.end(), hit.group()) for hit in _TOKEN.finditer(folded, start)]
    return tokens


def stretches(tokens: Sequence[Token]) -> list[Sequence[Token]]:
    """Tokens in stretches of at most ``TOGETHER``, cut at the last line break or full stop of the later half."""
    found: list[Sequence[Token]] = []
    start = 0
    while len(tokens) - start > TOGETHER:
        end = start + TOGETHER
        for wanted in ("\n", ".", "。", ","):
            place = next((at for at in range(end - 1, start + TOGETHER // 2, -1) if tokens[at][2] == wanted), 0)
            if place:
                end = place + 1
                break
        found.append(tokens[start:end])
        start = end
    if start < len(tokens):
        found.append(tokens[start:])
    return found
