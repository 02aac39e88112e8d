"""What an expert is worth on texts held out of making it, beside baselines that had the same texts."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from watchfloor.lab import paired, scores
from watchfloor.lab.answers import Answers
from watchfloor.lab.baselines import MAJORITY
from watchfloor.lab.examples import Example

EXPERT: Final = "expert"
FULL: Final = "full fine-tune"
#: Figures that go on the card.
_ON_CARD: Final = ("texts", "accuracy", "macro F1", "right among three", "log loss", "calibration error", "answered",
                   "accuracy where it answers", "all facets right", "ROC AUC", "detected", "accepted")  # fmt: skip
_WORST: Final = 20


@dataclass(slots=True)
class Measured:
    """Answers by who gave them, the expert's first, to ``test``; figures, paired comparisons, and what is missing."""

    test: Sequence[Example]
    answers: dict[str, Answers]
    alarm: str = ""
    false_alarms: float = 0.02
    seed: int = 0
    missing: dict[str, str] = field(default_factory=dict)

    def figures(self) -> dict[str, Any]:
        """Everybody's figures."""
        return {name: self.of(given) for name, given in self.answers.items()}

    def of(self, given: Answers) -> dict[str, Any]:
        """The figures of some answers."""
        return scores.figures(given, alarm=self.alarm, false_alarms=self.false_alarms, seed=self.seed)

    def against(self, name: str) -> dict[str, Any]:
        """The expert against another on the same texts; where alarms are raised every label weighs the same."""
        ours, theirs = self.answers[EXPERT], self.answers[name]
        weight = paired.evened(ours.truth[:, 0]) if self.alarm else None
        return paired.compared(ours.right, theirs.right, self.seed, weight)

    def objections(self) -> list[str]:
        """Why it is worth nothing: not better than always saying the commonest label."""
        found = self.against(MAJORITY)
        if found["p"] <= paired.LEVEL and found["difference"] > 0:
            return []
        return [f"it does not beat always answering the commonest label: {paired.said(found)}"]

    def found(self) -> dict[str, Any]:
        """All of it, as JSON has it."""
        ours = self.answers[EXPERT]
        return {
            "scores": self.figures(),
            "against": {name: self.against(name) for name in self.answers if name != EXPERT},
            "missing": self.missing,
            "labels": scores.classes(ours) if len(ours) else [],
            "sources": by_source(ours, self.test),
            "mistakes": worst(ours, self.test),
        }


def by_source(given: Answers, test: Sequence[Example]) -> list[dict[str, Any]]:
    """How many texts of each source and label are right: what is good on the whole may be poor on what you have."""
    found: dict[tuple[str, str], list[float]] = {}
    for right, example in zip(given.right.tolist(), test, strict=True):
        label = example.labels[0] if len(given.facets) == 1 else ""
        found.setdefault((example.source, label), []).append(right)
    return [{"source": source, "label": label, "texts": len(each), "right": sum(each) / len(each)}
            for (source, label), each in sorted(found.items())]  # fmt: skip


def worst(given: Answers, test: Sequence[Example]) -> list[dict[str, Any]]:
    """The mistakes it was surest of, abstentions aside."""
    wrong = np.flatnonzero((given.right < 1) & ~given.abstained)
    order = wrong[np.argsort(-given.sure[wrong], kind="stable")][:_WORST]
    found = []
    for row in order.tolist():
        chosen = [given.labels[place] for place in given.chosen[row]]
        found.append({
            "text": test[row].text[:1_000], "truth": "/".join(test[row].labels), "answer": "/".join(chosen),
            "sure": float(given.sure[row]), "source": test[row].source, "group": test[row].group[:200],
        })  # fmt: skip
    return found


def on_card(found: dict[str, Any]) -> dict[str, Any]:
    """The figures of a report that an expert carries with it, to four places."""
    kept: dict[str, Any] = {}
    for name, figures in found["scores"].items():
        kept[name] = {key: rounded(figures[key]) for key in _ON_CARD if key in figures}
    return {"test": kept.pop(EXPERT), "baselines": kept}


def rounded(value: Any) -> Any:
    """Numbers to four places, however deep."""
    if isinstance(value, dict):
        return {key: rounded(each) for key, each in value.items()}
    return round(value, 4) if isinstance(value, float) else value
