"""The dispatcher: each subtask to its fast mind, to the slow one where that is not sure enough, then to a person.

It asks, times, compares and writes down why; it knows nothing of how a mind thinks.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

from watchfloor.base.errors import UsageError, WatchfloorError
from watchfloor.operations.subtasks import TABLE, Mind, Subtask

Q = TypeVar("Q")
_MS: Final = 1000.0


@dataclass(frozen=True, slots=True)
class Answer:
    """One mind's answer: JSON-ready ``value``, ``confidence`` 0 to 1, who gave it, the records it rests on."""

    value: Any
    confidence: float
    by: str
    event_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Settled:
    """What came of one subtask: who settled it, why, what it cost, and what each mind said.

    ``changed`` says whether the slow mind's answer differs from the fast one's.
    """

    subtask: str
    mind: Mind
    answer: Answer | None
    why: str
    seconds: Mapping[str, float]
    fast: Answer | None = None
    changed: bool = False

    def to_json(self) -> dict[str, Any]:
        """One entry of a ``triage`` line."""
        given = self.answer
        return {
            "subtask": self.subtask, "mind": self.mind, "by": given.by if given else "", "answer": given.value if given
            else None, "confidence": round(given.confidence, 3) if given else 0.0, "event_ids":
            list(given.event_ids[:20]) if given else [], "why": self.why, "changed": self.changed,
            "ms": {name: round(_MS * spent, 2) for name, spent in self.seconds.items()},
        }  # fmt: skip


#: A fast mind takes a question; a slow one the seconds it may take beside it. None: it has nothing to say.
Fast = Callable[[Q], Answer | None]
Slow = Callable[[Q, float], Answer | None]


@dataclass(frozen=True)
class Dispatcher(Generic[Q]):
    """Minds by subtask over one table. Names that the table has no row for are refused.

    Raises:
        UsageError: a mind is given for a subtask that is not in the table.
    """

    fast: Mapping[str, Fast[Q]]
    slow: Mapping[str, Slow[Q]]
    table: Mapping[str, Subtask] = field(default_factory=lambda: TABLE)

    def __post_init__(self) -> None:
        for name in (*self.fast, *self.slow):
            if name not in self.table:
                raise UsageError(f"there is no subtask {name!r}.", hint=f"There are: {', '.join(self.table)}.")

    def work(self, question: Q, names: Iterable[str] | None = None) -> list[Settled]:
        """All subtasks, or those named, in the order of the table."""
        wanted = set(self.table if names is None else names)
        return [self.settle(name, question) for name in self.table if name in wanted]

    def settle(self, name: str, question: Q) -> Settled:
        """One subtask of one question."""
        row = self.table[name]
        seconds: dict[str, float] = {}
        quick, trouble = _timed(seconds, "fast", self.fast.get(name), question)
        if quick is not None and quick.confidence >= row.floor:
            why = f"{quick.by} is sure: {quick.confidence:.2f}, and {row.floor:.2f} is enough"
            return Settled(name, "fast", quick, why, seconds, quick)
        doubt = trouble or (f"{quick.by} is not sure: {quick.confidence:.2f} of {row.floor:.2f}" if quick else
                            f"{row.fast or 'nobody'} has no answer at once")  # fmt: skip
        mind = self.slow.get(name)
        slow, failed = _timed(seconds, "slow", mind, question, row.budget_s)
        changed = slow is not None and quick is not None and slow.value != quick.value
        if slow is not None and slow.confidence >= row.floor and seconds["slow"] <= row.budget_s:
            return Settled(name, "slow", slow, f"{doubt}; {slow.by} settled it", seconds, quick, changed)
        if mind is None:
            rest = "nobody slower is there" if row.slow else "it is a person's to decide"
        elif failed:
            rest = failed
        elif slow is None:
            rest = f"{row.slow} has no answer"
        elif seconds["slow"] > row.budget_s:
            rest = f"{row.slow} took {seconds['slow']:.1f} s of {row.budget_s:.0f}"
        else:
            rest = f"{slow.by} is not sure either: {slow.confidence:.2f}"
        best = max((each for each in (slow, quick) if each), key=lambda each: each.confidence, default=None)
        return Settled(name, "person", best, f"{doubt}; {rest}", seconds, quick, changed)


def _timed(seconds: dict[str, float], name: str, mind: Callable[..., Answer | None] | None,
           *given: Any) -> tuple[Answer | None, str]:  # fmt: skip
    """The answer and, where the mind failed in a way that is known, why; its time goes into ``seconds``."""
    if mind is None:
        return None, ""
    began = time.monotonic()
    try:
        return mind(*given), ""
    except WatchfloorError as error:
        return None, f"the {name} mind failed: {error}"
    finally:
        seconds[name] = time.monotonic() - began
