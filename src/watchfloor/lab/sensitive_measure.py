"""Measures the expert ``sensitive``: spans on templates it never saw, secrets by rule, speed; with intervals.

    python -m watchfloor.lab.sensitive_measure ../shared/data [--pack FOLDER] [--part test|dev|train] [--json FILE]

Intervals are of a bootstrap over groups (families of templates, rules): 2,000 draws, seed 0, 95%.
"""

import argparse
import json
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from watchfloor.experts.sensitive import BUNDLED
from watchfloor.experts.sensitive.expert import Sensitive
from watchfloor.experts.sensitive.folding import fold, plain
from watchfloor.experts.sensitive.patterns import find
from watchfloor.experts.sensitive.secret_shapes import INFRASTRUCTURE, SHAPES, is_infrastructure, shaped
from watchfloor.experts.sensitive.spans import Span
from watchfloor.lab.sensitive_data import Tagged, own, presidio
from watchfloor.lab.sensitive_secrets import Example, noseyparker

DRAWS: Final = 2000
#: Presidio's data calls the address of a page a domain name; both count as one here.
_SAME: Final = {"DOMAIN_NAME": "URL"}
#: What a pattern's find is called where no tagger is asked: the baseline.
_BARE: Final = {"date": "DATE_TIME", "ssn": "US_SSN", "no-ssn": "US_SSN", "cn-mobile": "PHONE_NUMBER"}


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


def patterns_alone(text: str) -> list[Span]:
    """The baseline: what patterns and checksums say without a tagger; a long number is a telephone's."""
    found = []
    for each in find(plain(fold(text))):
        kind = each.kind if each.sure or each.kind == "CREDIT_CARD" else _BARE.get(each.kind, "PHONE_NUMBER")
        found.append(Span(each.start, each.end, kind, 1.0))
    return found


def secrets_measured(expert: Sensitive, data: Path, parts: Sequence[str], *, disputed: bool) -> dict[str, Any]:
    """Recall and precision of Nosey Parker's examples: does the expert report a secret or a site detail in the text?

    ``disputed`` keeps negatives that another rule calls positive.
    """
    examples = [each for each in noseyparker(data) if each.part in parts and (disputed or not each.disputed)]
    said = [any(_is_secret(span.type) for span in spans) for spans in expert.spans([each.text for each in examples])]
    return _secret_figures(examples, said)


def shapes_measured(data: Path, parts: Sequence[str]) -> dict[str, Any]:
    """The same of the baseline: vendors' shapes, without the model that judges other values."""
    examples = [each for each in noseyparker(data) if each.part in parts and not each.disputed]
    said = [any(shaped(plain(fold(each.text)), SHAPES + INFRASTRUCTURE)) for each in examples]
    return _secret_figures(examples, said)


def _secret_figures(examples: Sequence[Example], said: Sequence[bool]) -> dict[str, Any]:
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


def _is_secret(kind: str) -> bool:
    """Secrets and site details are named in small letters, what is personal as Presidio names it."""
    return kind.islower() or is_infrastructure(kind)


def speed(expert: Sensitive, texts: Sequence[str]) -> dict[str, float]:
    """Texts, characters and words a second of processor time, one thread, after one round to warm up."""
    expert.spans(texts[:200])
    start = time.process_time()
    expert.spans(texts)
    took = max(time.process_time() - start, 1e-9)
    return {
        "texts_per_second": round(len(texts) / took, 1),
        "characters_per_second": round(sum(map(len, texts)) / took),
        "words_per_second": round(sum(len(each.split()) for each in texts) / took),
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


def report(data: Path, pack: Path, part: str) -> dict[str, Any]:
    """All figures of one pack."""
    expert = Sensitive(pack)
    examples = [each for each in presidio(data) if each.part == part]
    texts = [each.text for each in examples]
    said = expert.spans(texts)
    chinese = list(own("zh", 5, 99))
    return {
        "pack": expert.version,
        "part": part,
        "spans": measured(examples, said),
        "spans_addresses_joined": measured(examples, said, join=True),
        "synth_dataset_v2": measured(*_only(examples, said, "presidio-synth")),
        "generated_large": measured(*_only(examples, said, "presidio-large")),
        "patterns_alone": measured(examples, [patterns_alone(text) for text in texts]),
        "chinese_templates_seen": measured(chinese, expert.spans([each.text for each in chinese])),
        "secrets": {
            name: secrets_measured(expert, data, parts, disputed=keep)
            for name, parts, keep in (
                (f"rules of the {part} part", (part,), False),
                (f"rules of the {part} part, disputed kept", (part,), True),
                ("all rules", ("train", "dev", "test"), False),
                ("all rules, disputed kept", ("train", "dev", "test"), True),
            )
        },
        "secrets_shapes_alone": {
            "this part": shapes_measured(data, (part,)),
            "all rules": shapes_measured(data, ("train", "dev", "test")),
        },
        "speed": speed(expert, texts),
        "worst": worst(examples, said),
    }


def _only(
    examples: Sequence[Tagged], said: Sequence[Sequence[Span]], source: str
) -> tuple[list[Tagged], list[Sequence[Span]]]:
    kept = [place for place, each in enumerate(examples) if each.source == source]
    return [examples[place] for place in kept], [said[place] for place in kept]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--pack", type=Path, default=BUNDLED)
    parser.add_argument("--part", default="test", choices=("test", "dev", "train"))
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    text = json.dumps(report(given.data, given.pack, given.part), indent=1, ensure_ascii=False)
    if given.json:
        given.json.write_text(text + "\n", "utf-8")
    print(text)


if __name__ == "__main__":
    main()
