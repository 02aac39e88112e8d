"""What an expert says of a text, and the port through which any floor asks one.

Knows nothing of how an expert comes to its answer: an adapter on the backbone and a model behind an endpoint look
alike.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Label:
    """One label with its calibrated probability, 0 to 1."""

    name: str
    score: float


@dataclass(frozen=True, slots=True)
class Judgement:
    """One expert's answer to one text.

    ``labels`` are sorted, best first. ``abstained`` says why the expert does not stand by them, and is empty where it
    does. ``facts`` holds what some experts say beside labels: ``value``, ``spans``, ``lines``, ``words`` (those that
    weighed most). ``version`` is the sha256 of the pack, or the model name, that answered.
    """

    expert: str
    labels: tuple[Label, ...]
    version: str = ""
    abstained: str = ""
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def best(self) -> Label | None:
        """The likeliest label; none where the expert abstains or had nothing to say."""
        return self.labels[0] if self.labels and not self.abstained else None

    def record(self) -> dict[str, Any]:
        """The answer as the command contract writes it, without the question's id."""
        labels = [{"label": each.name, "score": round(each.score, 6)} for each in self.labels]
        found: dict[str, Any] = {"expert": self.expert, "labels": labels, "abstained": bool(self.abstained)}
        if self.abstained:
            found["why"] = self.abstained
        return found | self.facts | ({"version": self.version[:16]} if self.version else {})


class Expert(Protocol):
    """Anything that judges texts: an adapter on the backbone, a rule, or a model behind an endpoint."""

    @property
    def name(self) -> str:
        """The expert's name, as ``watchfloor ask`` takes it."""
        ...

    def ask(self, texts: Sequence[str]) -> list[Judgement]:
        """One judgement a text, in order.

        Raises:
            WatchfloorError: the expert cannot answer at all; a single bad text is an abstention.
        """
        ...
