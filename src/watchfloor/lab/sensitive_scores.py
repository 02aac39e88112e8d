"""Scores of spans for the expert ``sensitive``: F1 exactly and by overlap, by type, with intervals over groups.

Intervals are of a bootstrap over groups (families of templates, rules): 2,000 draws, seed 0, 95%.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from watchfloor.experts.sensitive.spans import Span
from watchfloor.lab.sensitive_data import Tagged
from watchfloor.lab.sensitive_secrets import Example

DRAWS: Final = 2000
#: Presidio's data calls the address of a page a domain name; both count as one here.
_SAME: Final = {"DOMAIN_NAME": "URL"}


@dataclass(frozen=True, slots=True)
class Tally:
    """True spans, said spans, and how many of either were met, exactly and by overlap."""

    true: int = 0
    said: int = 0
    exact: int = 0
    true_met: int = 0
    said_met: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(*(mine + theirs for mine, theirs in zip(self.numbers, other.numbers, strict=True)))

    @property
    def numbers(self) -> tuple[int, int, int, int, int]:
        """The five counts."""
        return self.true, self.said, self.exact, self.true_met, self.said_met

    @property
    def strict(self) -> float:
        """F1 of spans with the same ends and type."""
        return 2 * self.exact / max(self.true + self.said, 1)

    @property
    def overlap(self) -> float:
        """F1 of spans of the same type that share a character."""
        precision, recall = self.said_met / max(self.said, 1), self.true_met / max(self.true, 1)
        return 2 * precision * recall / max(precision + recall, 1e-9)


def tallies(true: Sequence[Span], said: Sequence[Span]) -> dict[str, Tally]:
    """Counts of one text by type."""
    found: dict[str, Tally] = defaultdict(Tally)
    ends = {(each.start, each.end, each.type) for each in true}

    def met(span: Span, others: Sequence[Span]) -> bool:
        return any(span.type == each.type and span.start < each.end and each.start < span.end for each in others)

    for each in true:
        found[each.type] += Tally(true=1, true_met=int(met(each, said)))
    for each in said:
        found[each.type] += Tally(
            said=1, exact=int((each.start, each.end, each.type) in ends), said_met=int(met(each, true))
        )
    return found


def joined(spans: Sequence[Span], text: str) -> list[Span]:
    """Spans with the parts of an address that only blanks and commas part made one, as a reader would count them."""
    found: list[Span] = []
    for each in sorted(spans):
        kind = "STREET_ADDRESS" if each.type in ("STREET_ADDRESS", "ZIP_CODE", "LOCATION") else each.type
        before = found[-1] if found else None
        if before and before.type == kind == "STREET_ADDRESS" and not text[before.end : each.start].strip(" \n,>?"):
            found[-1] = before._replace(end=each.end)
        else:
            found.append(each._replace(type=kind))
    return found


def counted(spans: Sequence[Span], types: frozenset[str]) -> list[Span]:
    """Spans of the types that the data annotates."""
    renamed = (each._replace(type=_SAME.get(each.type, each.type)) for each in spans)
    return [each for each in renamed if each.type in types]


def interval(groups: Sequence[Any], figure: Callable[[Sequence[Any]], float]) -> tuple[float, float]:
    """95% of a figure over bootstrap draws of whole groups."""
    draw = np.random.default_rng(0)
    drawn = [figure([groups[at] for at in draw.integers(0, len(groups), len(groups))]) for _ in range(DRAWS)]
    return float(np.percentile(drawn, 2.5)), float(np.percentile(drawn, 97.5))


def measured(examples: Sequence[Tagged], said: Sequence[Sequence[Span]], *, join: bool = False) -> dict[str, Any]:
    """Figures of spans over all types and by type."""
    types = {
        source: frozenset(span.type for each in examples if each.source == source for span in each.spans)
        for source in {each.source for each in examples}
    }
    by_group: dict[str, dict[str, Tally]] = defaultdict(lambda: defaultdict(Tally))
    for each, spans in zip(examples, said, strict=True):
        true, mine = list(each.spans), counted(spans, types[each.source])
        if join:
            true, mine = joined(true, each.text), joined(mine, each.text)
        for kind, tally in tallies(true, mine).items():
            by_group[each.group][kind] += tally
    kinds = sorted({kind for group in by_group.values() for kind in group})
    totals = {kind: sum((group[kind] for group in by_group.values()), Tally()) for kind in kinds}
    whole = [sum(group.values(), Tally()) for group in by_group.values()]
    return {
        "texts": len(examples),
        "groups": len({each.group for each in examples}),
        **_figures(sum(whole, Tally())),
        "strict_interval": interval(whole, lambda groups: sum(groups, Tally()).strict),
        "overlap_interval": interval(whole, lambda groups: sum(groups, Tally()).overlap),
        "types": {kind: _figures(tally) for kind, tally in totals.items()},
    }


def _figures(tally: Tally) -> dict[str, Any]:
    return {
        "strict": round(tally.strict, 4),
        "overlap": round(tally.overlap, 4),
        "true": tally.true,
        "said": tally.said,
    }


def worst(examples: Sequence[Tagged], said: Sequence[Sequence[Span]], most: int = 12) -> list[dict[str, Any]]:
    """Families of templates with the most mistakes, with one of each."""
    types = frozenset(span.type for each in examples for span in each.spans)
    wrong: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for each, spans in zip(examples, said, strict=True):
        true = {(span.start, span.end, span.type) for span in each.spans}
        mine = {(span.start, span.end, span.type) for span in counted(spans, types)}
        wrong[each.group] += [
            ("missed" if one in true else "said", f"{one[2]} {each.text[one[0] : one[1]]!r}") for one in true ^ mine
        ]
    ranked = sorted(wrong.items(), key=lambda item: -len(item[1]))[:most]
    return [{"group": group, "mistakes": len(each), "some": each[:4]} for group, each in ranked if each]


def secret_figures(examples: Sequence[Example], said: Sequence[bool]) -> dict[str, Any]:
    """Recall and precision of secrets over examples, ``said`` of each whether one was reported."""
    groups: dict[str, np.ndarray[tuple[int], np.dtype[np.int64]]] = defaultdict(lambda: np.zeros(3, np.int64))
    for each, found in zip(examples, said, strict=True):
        groups[each.rule] += (each.secret and found, not each.secret and found, each.secret and not found)
    rows = list(groups.values())

    def recall(some: Sequence[Any]) -> float:
        right, _, missed = sum(some)
        return float(right / max(right + missed, 1))

    def precision(some: Sequence[Any]) -> float:
        right, wrong, _ = sum(some)
        return float(right / max(right + wrong, 1))

    return {
        "texts": len(examples),
        "rules": len(rows),
        "recall": round(recall(rows), 4),
        "recall_interval": interval(rows, recall),
        "precision": round(precision(rows), 4),
        "precision_interval": interval(rows, precision),
    }
