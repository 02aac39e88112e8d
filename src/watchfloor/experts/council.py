"""Several experts on one text: who is asked, what each says, what they say together, and how far they disagree.

The plan of a consultation is a table: some experts' subjects are parts of another's text, and are asked about in turn.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from watchfloor.base.judgements import Judgement, Label
from watchfloor.experts.artefacts import Artefact, recognise
from watchfloor.experts.floor import ExpertFloor
from watchfloor.experts.router import Route, route

#: Expert -> labels that are worth acting on, first wins: what a consultation leads with.
ALARMS: Final = {"command": "malicious", "guard": "injection", "code": "vulnerable"}
#: What is asked of each part of a text, and of whom: the parts' name in ``Artefact`` and the experts.
CHAINS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (("commands", ("command", "technique")),)


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a text that was a question of its own, and the answers to it."""

    text: str
    answers: tuple[Judgement, ...]


@dataclass(frozen=True, slots=True)
class Consultation:
    """What the council says of one text. ``disagreement`` 0 to 1 among experts that answer with the same labels."""

    route: Route
    answers: tuple[Judgement, ...]
    parts: tuple[Part, ...]
    disagreement: float
    lead: str = ""

    def record(self) -> dict[str, Any]:
        """As ``watchfloor ask auto --json`` writes it, without the question's id."""
        best = self.answers[0] if self.answers else None
        return {
            "expert": best.expert if best else "", "labels": best.record()["labels"] if best else [],
            "abstained": not self.answers or all(each.abstained for each in self.answers), "why": self.route.why,
            "lead": self.lead, "disagreement": round(self.disagreement, 4),
            "answers": [each.record() for each in self.answers],
            "parts": [{"text": each.text, "answers": [a.record() for a in each.answers]} for each in self.parts],
        }  # fmt: skip


def consult(floor: ExpertFloor, texts: Sequence[str]) -> list[Consultation]:
    """Route each text, ask its experts together, ask about its parts, and bring the answers together."""
    artefacts = [recognise(text) for text in texts]
    routes = route(floor, artefacts)
    answers = _asked(floor, texts, [each.names for each in routes])
    asked: list[tuple[int, str, tuple[str, ...]]] = []
    for number, artefact in enumerate(artefacts):
        asked += [(number, part, experts) for part, experts in _questions(artefact, floor.names)]
    chained = _asked(floor, [part for _, part, _ in asked], [experts for _, _, experts in asked])
    found = []
    for number, (one, said) in enumerate(zip(routes, answers, strict=True)):
        here = [(text, said) for (owner, text, _), said in zip(asked, chained, strict=True) if owner == number]
        parts = tuple(Part(text, tuple(judged)) for text, judged in here)
        together, disagreement = combined(said)
        found.append(Consultation(one, tuple(together), parts, disagreement, _lead(together, parts)))
    return found


def _questions(artefact: Artefact, there: Sequence[str]) -> Iterable[tuple[str, tuple[str, ...]]]:
    for name, experts in CHAINS:
        for part in getattr(artefact, name):
            kept = tuple(each for each in experts if each in there)
            if kept and part.strip() != artefact.text.strip():
                yield part, kept


def _asked(floor: ExpertFloor, texts: Sequence[str], names: Sequence[tuple[str, ...]]) -> list[list[Judgement]]:
    """Each text's answers, in the order of its experts; texts with the same experts go together."""
    found: list[list[Judgement]] = [[] for _ in texts]
    for way in sorted(set(names)):
        if not way:
            continue
        places = [place for place, each in enumerate(names) if each == way]
        judged = floor.ask_all(way, [texts[place] for place in places])
        for row, place in enumerate(places):
            found[place] = [judged[name][row] for name in way]
    return found


def combined(answers: Sequence[Judgement]) -> tuple[list[Judgement], float]:
    """Answers with the same labels become one, its scores their mean; the others stand side by side.

    The disagreement is the Jensen-Shannon divergence in bits of those that were brought together, 0 to 1.
    """
    groups: dict[frozenset[str], list[Judgement]] = {}
    for each in answers:
        groups.setdefault(frozenset(label.name for label in each.labels), []).append(each)
    found, disagreement = [], 0.0
    for names, many in groups.items():
        if len(many) == 1 or not names:
            found += many
            continue
        heard = [each for each in many if not each.abstained] or many
        table = np.asarray([[_score(each, name) for name in sorted(names)] for each in heard])
        table = table / np.maximum(table.sum(1, keepdims=True), 1e-9)
        mean = table.mean(0)
        disagreement = max(disagreement, _bits(mean) - float(np.mean([_bits(row) for row in table])))
        order = np.argsort(-mean, kind="stable")
        labels = tuple(Label(sorted(names)[place], float(mean[place])) for place in order)
        doubt = "" if any(not each.abstained for each in many) else many[0].abstained
        who = "+".join(each.expert for each in heard)
        said = {each.expert: each.labels[0].name for each in heard if each.labels}
        found.append(Judgement(who, labels, abstained=doubt, facts={"said": said}))
    return found, max(disagreement, 0.0)


def _score(judgement: Judgement, name: str) -> float:
    return next((label.score for label in judgement.labels if label.name == name), 0.0)


def _bits(shares: Any) -> float:
    held = shares[shares > 0]
    return float(-(held * np.log2(held)).sum())


def _lead(answers: Sequence[Judgement], parts: Sequence[Part]) -> str:
    """The one line a person reads first."""
    for part in parts:
        for each in part.answers:
            if each.best and ALARMS.get(each.expert) == each.best.name:
                return f"it holds a command that is {each.best.name} ({each.best.score:.2f})"
    for each in answers:
        if each.best:
            return f"{each.expert}: {each.best.name} ({each.best.score:.2f})"
    return "nobody here stands by an answer"
