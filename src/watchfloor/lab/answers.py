"""What an expert or a baseline says of texts whose labels are known, laid out for measuring."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from watchfloor.base.judgements import Judgement
from watchfloor.experts.card import Card
from watchfloor.experts.floor import ExpertFloor
from watchfloor.lab.examples import Example

#: How an expert abstains whose likeliest label is that none fits: for measuring, that is an answer.
_NO_LABEL: Final = "no label fits"
_AT_ONCE: Final = 256

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Answers:
    """``truth`` ``(texts, facets)`` numbers columns of ``probability`` ``(texts, labels)``, -1 for an unknown label.

    ``facets`` are the columns of each facet; a choice has one. ``abstained`` is ``(texts,)``.
    """

    labels: tuple[str, ...]
    facets: tuple[tuple[int, ...], ...]
    truth: Ints
    probability: Floats
    abstained: Flags

    def __len__(self) -> int:
        return len(self.truth)

    @property
    def chosen(self) -> Ints:
        """The likeliest label of each facet ``(texts, facets)``."""
        return np.stack([np.asarray(f)[self.probability[:, f].argmax(1)] for f in self.facets], 1)

    @property
    def right(self) -> Floats:
        """Share of facets that are right ``(texts,)``: 0 or 1 for a choice. It answers even where it abstains."""
        return np.asarray((self.chosen == self.truth).mean(1), dtype=np.float64)

    @property
    def sure(self) -> Floats:
        """Probability of the likeliest label, the mean over facets ``(texts,)``."""
        return np.asarray(np.stack([self.probability[:, f].max(1) for f in self.facets], 1).mean(1))

    def at(self, rows: npt.NDArray[np.generic]) -> "Answers":
        """Some of the texts."""
        return Answers(self.labels, self.facets, self.truth[rows], self.probability[rows], self.abstained[rows])


def facets_of(labels: Sequence[str], kind: str) -> tuple[tuple[int, ...], ...]:
    """The columns of each facet."""
    if kind == "choice":
        return (tuple(range(len(labels))),)
    found: dict[str, list[int]] = {}
    for place, label in enumerate(labels):
        found.setdefault(label.partition(":")[0], []).append(place)
    return tuple(map(tuple, found.values()))


def truth_of(examples: Sequence[Example], labels: Sequence[str]) -> Ints:
    """Label numbers ``(texts, facets)``, -1 where a label is not known."""
    place = {label: number for number, label in enumerate(labels)}
    return np.asarray([[place.get(label, -1) for label in each.labels] for each in examples], dtype=np.int64)


def answers(
    labels: tuple[str, ...], kind: str, examples: Sequence[Example], probability: npt.NDArray[np.floating]
) -> Answers:
    """Answers of whoever never abstains."""
    never = np.zeros(len(examples), dtype=np.bool_)
    given = np.asarray(probability, dtype=np.float64)
    return Answers(labels, facets_of(labels, kind), truth_of(examples, labels), given, never)


def asked(floor: ExpertFloor, name: str, examples: Sequence[Example]) -> Answers:
    """Ask an expert each text, as anyone would."""
    card = floor.experts[name].card
    judged: list[Judgement] = []
    for start in range(0, len(examples), _AT_ONCE):
        judged += floor.ask(name, [each.text for each in examples[start : start + _AT_ONCE]])
    rows = [_probability(card, each) for each in judged]
    probability = np.stack(rows) if rows else np.zeros((0, len(card.labels)))
    abstained = np.asarray([each.abstained not in ("", _NO_LABEL) for each in judged], dtype=np.bool_)
    facets = tuple(tuple(places) for places in card.facets().values())
    return Answers(card.labels, facets, truth_of(examples, card.labels), probability, abstained)


def _probability(card: Card, judged: Judgement) -> Floats:
    """Probabilities ``(labels,)`` out of an answer; what it left unsaid is shared by the labels it left out."""
    found = np.full(len(card.labels), np.nan)
    place = {label: number for number, label in enumerate(card.labels)}
    if card.kind == "facets":
        for facet, values in judged.facts["facets"].items():
            for value, score in values.items():
                found[place[f"{facet}:{value}"]] = score
        return np.where(np.isnan(found), 0.0, found)
    for label in judged.labels:
        found[place[label.name]] = label.score
    left = max(1.0 - float(np.nansum(found)), 0.0)
    unsaid = np.isnan(found)
    if card.none_label and judged.abstained.endswith(_NO_LABEL):
        # Nothing fits: that label is likelier than any that was shown.
        found[place[card.none_label]], unsaid[place[card.none_label]] = left, False
        left = 0.0
    found[unsaid] = left / max(int(unsaid.sum()), 1)
    return found
