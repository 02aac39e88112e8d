"""What the analysis claims of a text, and the notebook it is written into while it walks."""

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from watchfloor.experts.code.kinds import KINDS, cwe
from watchfloor.experts.code.values import Trace

#: Expressions and statements one text may cost, and seconds of this thread's time on a processor:
#: a busy machine changes no answer.
MOST_STEPS: Final = 400_000
MOST_SECONDS: Final = 4.0
_CLOCK_EVERY: Final = 512
_LONGEST_NAME: Final = 60


class OverBudgetError(Exception):
    """The text costs more than a text may; what was found until then stands."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One weakness: its kind, the line of the sink, where the hostile text comes from, how sure the analysis is of it.

    ``strength`` is the trace's (``request``, ``input``, ``parameter``), ``unknown`` where an argument is only not
    known to be constant, and ``fact`` where no flow is needed. ``aside`` says that it happens in an error handler.
    """

    kind: str
    line: int
    sink: str
    strength: str
    source: str = ""
    path: tuple[int, ...] = ()
    aside: bool = False

    @property
    def cwe(self) -> str:
        """Its CWE as text."""
        return cwe(self.kind)

    @property
    def lines(self) -> list[int]:
        """The sink first, then the way from the source; 1-based."""
        return list(dict.fromkeys((self.line, *self.path)))

    @property
    def why(self) -> str:
        """One sentence for a person; names from the code are quoted and shortened."""
        row = KINDS[self.kind]
        sink = quoted(self.sink)
        if self.strength == "fact":
            return f"{sink} on line {self.line} {row.words}."
        if self.strength == "unknown":
            return f"A value not known here {row.words}: {sink} on line {self.line}."
        begins = f"line {self.path[0]}" if self.path else f"line {self.line}"
        said = {"request": "comes from outside", "input": "comes from the user", "parameter": "is a caller's"}
        return (f"{quoted(self.source)} ({said.get(self.strength, 'comes from outside')}, {begins}) {row.words}: "
                f"{sink} on line {self.line}.")  # fmt: skip


def quoted(name: str) -> str:
    """A name out of the code as data: printable characters in backquotes, cut to a bearable length."""
    clean = "".join(each if each.isprintable() and each != "`" else "?" for each in name)
    return f"`{clean if len(clean) <= _LONGEST_NAME else clean[: _LONGEST_NAME - 1] + '…'}`"


@dataclass(slots=True)
class Notebook:
    """Findings so far, without doubles, and what the walk has cost."""

    findings: dict[tuple[str, int], Finding] = field(default_factory=dict)
    steps: int = 0
    until: float = 0.0
    quiet: int = 0
    asides: int = 0

    def start(self) -> None:
        """Start the clock."""
        self.until = time.thread_time() + MOST_SECONDS

    def spend(self) -> None:
        """One more step.

        Raises:
            OverBudgetError: that was one too many, or the time is over.
        """
        self.steps += 1
        if self.steps > MOST_STEPS or (not self.steps % _CLOCK_EVERY and time.thread_time() > self.until):
            raise OverBudgetError

    def fact(self, kind: str, line: int, sink: str) -> None:
        """Note a mistake that needs no hostile text."""
        self._note(Finding(kind, line, sink, "fact", aside=bool(self.asides)))

    def flow(self, kind: str, line: int, sink: str, traces: Iterable[Trace], *, unknown: bool = False) -> None:
        """Note that traces reach a sink, unless all of them are harmless there."""
        dirty = sorted((each for each in traces if kind not in each.clean),
                       key=lambda each: (_ORDER[each.strength], each.line, each.source))  # fmt: skip
        if dirty:
            best = dirty[0]
            self._note(Finding(kind, line, sink, best.strength, best.source, (best.line, *best.steps),
                               bool(self.asides)))  # fmt: skip
        elif unknown:
            self._note(Finding(kind, line, sink, "unknown", aside=bool(self.asides)))

    def _note(self, found: Finding) -> None:
        if self.quiet:
            return
        key = found.kind, found.line
        held = self.findings.get(key)
        if held is None or (_ORDER[found.strength], found.aside) < (_ORDER[held.strength], held.aside):
            self.findings[key] = found


_ORDER: Final = {"fact": 0, "request": 1, "input": 2, "parameter": 3, "unknown": 4}
