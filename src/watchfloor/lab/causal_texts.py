"""Labelled texts as a causal model learns them: in three parts, and as token ids of question and answer.

The question is the one the endpoint's expert asks (``experts.endpoint_prompt``). Knows nothing of learning.
"""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from watchfloor.base.errors import UsageError
from watchfloor.experts import endpoint_prompt
from watchfloor.lab.causal_base import Base
from watchfloor.lab.examples import Example


@dataclass(slots=True)
class Texts:
    """What is learned from, chosen by and measured on."""

    train: list[Example] = field(default_factory=list)
    dev: list[Example] = field(default_factory=list)
    test: list[Example] = field(default_factory=list)

    @classmethod
    def drawn(cls, examples: Iterable[Example]) -> "Texts":
        """In the parts their groups draw, as everywhere in the lab."""
        texts = cls()
        for each in examples:
            getattr(texts, each.part).append(each)
        return texts

    @property
    def labels(self) -> tuple[str, ...]:
        """All labels, sorted."""
        return tuple(sorted({label for part in (self.train, self.dev, self.test) for each in part
                             for label in each.labels}))  # fmt: skip

    def check(self, labels: Sequence[str]) -> None:
        """See that every text has one label of those given, and that there is something to learn and to choose by.

        Raises:
            UsageError: it is not so.
        """
        for name, part in (("train", self.train), ("dev", self.dev)):
            if not part:
                raise UsageError(f"there are no texts in the part {name!r}.", hint="Add texts, or a split column.")
        for each in (*self.train, *self.dev, *self.test):
            if len(each.labels) != 1 or each.labels[0] not in labels:
                raise UsageError(f"a text is labelled {', '.join(each.labels)!r:.80}: one of the labels is needed.",
                                 hint=f"Labels: {', '.join(labels)[:200]}.")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked about texts, always in the same words."""

    instruction: str
    labels: tuple[str, ...]

    def prompt(self, base: Base, text: str, draw: random.Random) -> list[int]:
        """Token ids of the question; the boundary is drawn from ``draw``, so that a run can be repeated."""
        boundary = ""
        while not boundary or boundary in text:
            boundary = endpoint_prompt.boundary_of(draw.getrandbits(endpoint_prompt.BOUNDARY_BITS))
        return base.prompt(endpoint_prompt.messages(self.instruction, self.labels, text, boundary=boundary))

    def answers(self, base: Base) -> list[list[int]]:
        """Token ids of every label's answer, in the order of the labels."""
        return [base.answer(endpoint_prompt.answer_text(label)) for label in self.labels]


def most_tokens(base: Base, question: Question) -> int:
    """Tokens the longest answer takes, its end included."""
    return max(map(len, question.answers(base))) + 1


def fitting(base: Base, question: Question, part: Sequence[Example], longest: int) -> list[Example]:
    """The texts whose question and answer are at most ``longest`` tokens."""
    draw = random.Random(0)
    room = longest - most_tokens(base, question)
    return [each for each in part if len(question.prompt(base, each.text, draw)) <= room]
