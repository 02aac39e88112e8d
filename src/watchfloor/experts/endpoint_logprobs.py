"""Probabilities of all labels out of the token log-probabilities of one answer.

The answer's label is followed token by token. At each token the alternatives that would lead to labels share the
probability by what the model gave them; those that lead to no label are left out. Works on bytes, for tokens need not
end where letters do.
"""

import json
import math
import re
from collections.abc import Sequence
from typing import Final

#: One token, its log-probability, and the alternatives the server told at its place.
Token = tuple[bytes, float, list[tuple[bytes, float]]]
_OPENING: Final = re.compile(r'"label"\s*:\s*"')


def shares(
    content: str, tokens: Sequence[Token], label: str, labels: Sequence[str]
) -> tuple[dict[str, float], float] | None:
    """``(probability of each label, mass)``; probabilities sum to 1. None where the tokens are not those of the answer.

    ``mass`` is what the model gave to all labels together where they first part, 0 to 1: little means that it would
    rather have said something else. A label that is not among the alternatives told may have as much as the least
    likely of them; it is given that, so that a short list never makes an answer look surer than it was.
    """
    text = b"".join(piece for piece, _, _ in tokens)
    head = _head(content, text)
    ways = {each: head + json.dumps(each, ensure_ascii=False)[1:].encode("utf-8", "replace") for each in labels}
    if not head or not text.startswith(ways[label]):
        return None
    found, alive, weight, mass = dict.fromkeys(labels, 0.0), frozenset(labels), 1.0, -1.0
    place = 0
    for piece, logprob, others in tokens:
        before, place = text[:place], place + len(piece)
        if place <= len(head) or len(alive) == 1:
            continue
        told = {piece: logprob} | dict(others)
        groups = _groups(before, told, {each: ways[each] for each in alive})
        total = sum(groups.values())
        if not others or total <= 0:
            return None
        chosen = _fitting(before + piece, {each: ways[each] for each in alive})
        for group in groups.keys() - {chosen}:
            for each in group:
                found[each] += weight * groups[group] / total / len(group)
        if len(groups) > 1 and mass < 0:
            mass = min(1.0, sum(math.exp(each) for way, each in told.items() if _fitting(before + way, ways)))
        weight, alive = weight * groups[chosen] / total, chosen
    for each in alive:
        found[each] += weight / len(alive)
    return found, mass


def _head(content: str, text: bytes) -> bytes:
    """All that stands before the label in the tokens; empty where they are not those of the answer."""
    opening = _OPENING.search(content)
    shift = text.find(content.encode("utf-8", "replace"))
    if opening is None or shift < 0:
        return b""
    return text[: shift + len(content[: opening.end()].encode("utf-8", "replace"))]


def _fitting(text: bytes, ways: dict[str, bytes]) -> frozenset[str]:
    """Labels this beginning of an answer can still become."""
    return frozenset(each for each, way in ways.items() if way.startswith(text) or text.startswith(way))


def _groups(before: bytes, told: dict[bytes, float], ways: dict[str, bytes]) -> dict[frozenset[str], float]:
    """Probability of each set of labels that the next token leaves possible."""
    groups: dict[frozenset[str], float] = {}
    for piece, logprob in told.items():
        fits = _fitting(before + piece, ways)
        if fits:
            groups[fits] = groups.get(fits, 0.0) + math.exp(logprob)
    unseen = ways.keys() - frozenset().union(*groups)
    least = math.exp(min(told.values()))
    rest = max(0.0, 1.0 - sum(math.exp(each) for each in told.values()))
    for each in unseen:
        groups[frozenset({each})] = min(least, rest / len(unseen))
    return groups
