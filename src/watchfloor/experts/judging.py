"""From logits to an answer: calibrated probabilities, windows joined, and the reasons to abstain."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from watchfloor.base.judgements import Judgement, Label
from watchfloor.experts.card import SHOWN, Card
from watchfloor.experts.cvss import vector

Floats = npt.NDArray[np.float32]


def probabilities(card: Card, logits: Floats) -> Floats:
    """Calibrated probabilities of each window ``(windows, labels)``; each facet's sum to one."""
    scaled = logits / card.calibration.temperature + np.asarray(card.calibration.offsets, dtype=np.float32)
    found = np.empty_like(scaled)
    for places in card.facets().values():
        part = scaled[:, places]
        raised = np.exp(part - part.max(1, keepdims=True))
        found[:, places] = raised / raised.sum(1, keepdims=True)
    return found


def joined(card: Card, logits: Floats) -> Floats:
    """Probabilities of a whole text ``(labels,)`` of its windows' logits ``(windows, labels)``."""
    if card.windows.join == "alarm":
        each = probabilities(card, logits)
        loudest: Floats = each[int(each[:, card.labels.index(card.windows.alarm_label)].argmax())]
        return loudest
    mean: Floats = probabilities(card, logits.mean(0, keepdims=True))[0]
    return mean


def judgement(card: Card, version: str, probability: Floats, doubts: Sequence[str]) -> Judgement:
    """The answer; ``doubts`` are reasons to abstain that came up before."""
    facets = card.facets()
    best = float(np.prod([probability[places].max() for places in facets.values()]))
    reasons = list(doubts)
    floor = card.calibration.floor ** len(facets)
    if best < floor:
        reasons.append(f"not sure enough: {best:.2f}, and it answers from {floor:.2f}")
    if card.kind == "facets":
        found, facts = vector(card, probability)
        return Judgement(card.name, found, version, "; ".join(reasons), facts)
    order = np.argsort(-probability, kind="stable")
    if card.none_label and card.labels[order[0]] == card.none_label:
        reasons.append("no label fits")
    shown = [place for place in order if card.labels[place] != card.none_label][:SHOWN]
    labels = tuple(Label(card.labels[place], float(probability[place])) for place in shown)
    return Judgement(card.name, labels, version, "; ".join(reasons))
