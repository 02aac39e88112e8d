"""One run of ``watchfloor reduce`` over files: reading, feedback, checkpoint."""

import argparse
import sys
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from watchfloor.base.errors import RefusedError
from watchfloor.operations import checkpoint
from watchfloor.operations.alert_columns import mapping_from
from watchfloor.operations.alert_reader import AlertReader
from watchfloor.operations.alerts import template
from watchfloor.operations.feedback import (
    FALSE,
    Learned,
    Selector,
    Verdict,
    evidence_of,
    hides,
    learn,
    remembered,
)
from watchfloor.operations.feedback import read as read_feedback
from watchfloor.operations.floor import Floor
from watchfloor.operations.ranking import bundled
from watchfloor.operations.reducing import Outcome, Table, reduce_table

if TYPE_CHECKING:
    from watchfloor.base.settings import Settings

#: Incidents of the past kept for feedback about them.
MOST_HISTORY = 10_000


@dataclass(slots=True)
class Run:
    """What a run read, found and learned."""

    reader: AlertReader
    outcome: Outcome
    learned: Learned | None
    proposals: list[dict[str, Any]]
    history: list[dict[str, Any]]
    state: str
    saved: "tuple[dict[str, Any], dict[str, int]] | None" = None

    @classmethod
    def over(cls, options: argparse.Namespace, settings: "Settings") -> "Run":
        """Read, judge, apply feedback.

        Raises:
            RefusedError: a suppression asked for would have hidden an incident called true.
        """
        verdicts = read_feedback(options.feedback) if options.feedback else []
        mapping = mapping_from(options.mapping) if options.mapping else None
        floors = Floors(options.state or "")
        plain, sources, marks, history = floors.new(None)
        reader = AlertReader(options.inputs, settings, mapping=mapping, sources=sources, done=marks)
        table = Table()
        shown: Any = nullcontext()
        if not options.quiet and options.json != "-" and sys.stderr.isatty():
            from rich.console import Console

            shown = Console(file=sys.stderr).status("reading and judging alerts")
        with shown:
            table.fill(reader.alerts())
            learned: Learned | None = None
            proposals: list[dict[str, Any]] = []
            if verdicts:
                learned, proposals = taught(verdicts, table, floors, history)
                plain, *_ = floors.new(learned)
            table.feed(plain)
            saved = checkpoint.to_state(plain) if options.state else None
            outcome = Outcome(plain.finish(), plain, 0.0)
        made = cls(reader, outcome, learned, proposals, history, options.state or "")
        if saved is not None:
            made.saved = (saved, dict(reader.done))
        return made

    def keep(self) -> None:
        """Leave the checkpoint, if one was asked for."""
        if self.saved is None:
            return
        known = {one["incident_id"]: one for one in self.history}
        known |= {incident.incident_id: remembered(incident) for incident in self.outcome.incidents}
        history = list(known.values())[-MOST_HISTORY:]
        state, marks = self.saved
        checkpoint.save_state(self.state, state, self.reader.sources, marks, history)

    def books(self) -> dict[str, Any]:
        """The reader's part of the summary."""
        account = self.reader.account
        return {
            "inputs": account.inputs,
            "records_read": account.records_read + sum(self.reader.passed.values()),
            "records_rejected": account.rejected_records,
            "passed_over": dict(self.reader.passed),
            "rejected": [one.to_json() for one in account.rejections],
            "rejected_reasons": [
                {"source": source, "why": why, "count": count} for (source, why), count in account.reasons.items()
            ],
        }

    def feedback_lines(self) -> list[dict[str, Any]]:
        """Proposals, then what was learned; none where no feedback was given."""
        if self.learned is None:
            return []
        unknown = [{"line": one.line, "incident_id": one.incident_id} for one in self.learned.unresolved]
        active = [
            {"name": name, "host": host or "*", "line": one.line, "reason": one.reason}
            for (name, host), one in self.learned.suppressions.items()
        ]
        learned = {
            "type": "learned", "votes": self.learned.shown(), "suppressions": active, "unknown": unknown,
            "undo": "take the line out of the feedback file",
        }  # fmt: skip
        return [*self.proposals, learned]


class Floors:
    """Makes floors that begin where the checkpoint ended."""

    def __init__(self, state: str) -> None:
        self._state = state

    def new(self, learned: Learned | None) -> tuple[Floor, list[str], dict[str, int], list[dict[str, Any]]]:
        """A floor, and the checkpoint's sources, marks and history."""
        floor = Floor(
            bundled(),
            suppressed=learned.suppressed if learned is not None else None,
            adjust=learned.adjust if learned is not None else None,
        )
        if not self._state:
            return floor, [], {}, []
        sources, marks, history = checkpoint.load(self._state, floor)
        return floor, sources, marks, history


def taught(
    verdicts: list[Verdict], table: Table, floors: Floors, history: list[dict[str, Any]]
) -> tuple[Learned, list[dict[str, Any]]]:
    """What the verdicts say of this run's and the remembered incidents, and suppressions worth proposing."""
    before = reduce_table(table, floors.new(None)[0]).incidents
    known: dict[str, frozenset[Selector]] = {
        one["incident_id"]: frozenset((name, host) for name, host in one["evidence"]) for one in history
    }
    sizes: dict[str, int] = {one["incident_id"]: one["alerts"] for one in history}
    for incident in before:
        known[incident.incident_id] = evidence_of(incident)
        sizes[incident.incident_id] = incident.alerts
    learned = learn(verdicts, known)
    for name, evidence in learned.true_evidence:
        if hides(learned.suppressions, evidence):
            lines = sorted({one.line for one in learned.suppressions.values()})
            raise RefusedError(
                f"the suppression in line {lines[0]} of the feedback would have hidden {name}, which was called true.",
                hint="Name a narrower alert, or take the line out.",
            )
    counted: dict[Selector, int] = {}
    for place in table.text:
        name, host, *_ = table.texts[place]
        key = template(name), host
        counted[key] = counted.get(key, 0) + 1
    proposals = [
        _proposal(one, known.get(one.incident_id) or frozenset([one.selector or ("", "")]), known, learned, counted)
        for one in verdicts
        if one.verdict == FALSE and not one.suppress and (one.selector is not None or one.incident_id in known)
    ]
    return learned, proposals


def _proposal(
    verdict: Verdict,
    evidence: frozenset[Selector],
    known: dict[str, frozenset[Selector]],
    learned: Learned,
    counted: dict[Selector, int],
) -> dict[str, Any]:
    """A suppression that would follow from a false positive, and its predicted cost."""
    matching: Callable[[Selector], bool] = lambda key: key in evidence or (key[0], "") in evidence  # noqa: E731
    lost = [name for name, true in learned.true_evidence if hides(evidence, true)]
    return {
        "type": "proposal",
        "line": verdict.line,
        "suppress": [{"name": name, "host": host or "*"} for name, host in sorted(evidence)],
        "alerts_put_aside": sum(count for key, count in counted.items() if matching(key)),
        "incidents_hidden": sorted(one for one, rests in known.items() if hides(evidence, rests)),
        "true_incidents_hidden": lost,
        "refused": bool(lost),
    }


__all__ = ["Floors", "Run", "taught"]
