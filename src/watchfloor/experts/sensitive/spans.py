"""Spans: where in a text something sensitive stands, and how several claims on one place become one."""

from collections.abc import Iterable
from typing import Any, NamedTuple


class Span(NamedTuple):
    """Characters ``start`` to ``end`` (exclusive) of the original text, with a type and a score of 0 to 1."""

    start: int
    end: int
    type: str
    score: float

    def record(self) -> dict[str, Any]:
        """The span as the command contract writes it."""
        return {"start": self.start, "end": self.end, "type": self.type, "score": round(self.score, 4)}


def resolved(ranked: Iterable[Iterable[Span]]) -> list[Span]:
    """Spans in order, none over another: an earlier list wins over a later one, within a list the longer span.

    What a winner leaves of a loser is dropped, not cut: half a name is no name.
    """
    kept: list[Span] = []
    taken: set[int] = set()
    for spans in ranked:
        for each in sorted(spans, key=lambda span: (span.start - span.end, span.start)):
            inside = range(each.start, each.end)
            if each.start < each.end and taken.isdisjoint(inside):
                taken.update(inside)
                kept.append(each)
    return sorted(kept)
