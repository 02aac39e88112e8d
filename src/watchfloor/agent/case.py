"""What an investigation is told and what it says: cases in, investigations out, every sentence with its evidence."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

Verdict = Literal["malicious", "suspicious", "benign"]


class Knowledge(Protocol):
    """A knowledge base, where there is one: passages about a technique, a rule or a name."""

    def look_up(self, question: str, limit: int) -> list[dict[str, str]]:
        """At most ``limit`` passages as ``{"title", "text", "source"}``."""
        ...


@dataclass(frozen=True, slots=True)
class Alert:
    """What a case starts from: event ids, or processes by uid; and what was said of them.

    ``verdict`` is the screen's, of an alert that is a scene.
    """

    case_id: str
    event_ids: tuple[str, ...] = ()
    process_uids: tuple[str, ...] = ()
    title: str = ""
    level: str = ""
    techniques: tuple[str, ...] = ()
    verdict: str = ""


@dataclass(frozen=True, slots=True)
class Claim:
    """One sentence and the records it rests on. What stands in backquotes must stand in one of those records."""

    text: str
    event_ids: tuple[str, ...]
    kind: str = "fact"

    def to_json(self) -> dict[str, Any]:
        """``{"text", "event_ids", "kind"}``."""
        return {"text": self.text, "event_ids": list(self.event_ids), "kind": self.kind}


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of the timeline. ``event_ids`` may name a run of alike records, the first ones only."""

    time: str | None
    claim: Claim
    technique: str = ""
    tactic: str = ""
    host: str = ""
    repeats: int = 1

    def to_json(self) -> dict[str, Any]:
        """The contract's ``timeline`` entry."""
        return {"time": self.time, "text": self.claim.text, "event_ids": list(self.claim.event_ids), "host": self.host,
                "technique": self.technique, "tactic": self.tactic, "repeats": self.repeats}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Test:
    """One hypothesis with what speaks for and against it."""

    __test__ = False

    hypothesis: str
    holds: bool
    evidence_for: tuple[Claim, ...]
    evidence_against: tuple[Claim, ...]

    def to_json(self) -> dict[str, Any]:
        """``{"hypothesis", "holds", "for", "against"}``."""
        return {"hypothesis": self.hypothesis, "holds": self.holds, "for": [c.to_json() for c in self.evidence_for],
                "against": [c.to_json() for c in self.evidence_against]}  # fmt: skip


@dataclass(slots=True)
class Investigation:
    """What was found out. ``operations`` are the ids of all Events the attack is made of.

    ``alerts`` are the ids of all alerts that it explains.
    """

    case_id: str
    planner: str
    verdict: Verdict = "suspicious"
    confidence: float = 0.0
    root_cause: Claim | None = None
    root_process: Mapping[str, Any] = field(default_factory=dict)
    entry_point: Claim | None = None
    timeline: list[Moment] = field(default_factory=list)
    operations: list[str] = field(default_factory=list)
    assets: list[dict[str, Any]] = field(default_factory=list)
    techniques: list[dict[str, Any]] = field(default_factory=list)
    indicators: list[dict[str, Any]] = field(default_factory=list)
    tests: list[Test] = field(default_factory=list)
    summary: list[Claim] = field(default_factory=list)
    open_questions: list[str] = field(default_factory=list)
    rejected: list[dict[str, Any]] = field(default_factory=list)
    graph: dict[str, Any] = field(default_factory=dict)
    transcript: list[dict[str, Any]] = field(default_factory=list)
    steps: int = 0
    seconds: float = 0.0
    alerts: list[str] = field(default_factory=list)

    def claims(self) -> list[Claim]:
        """Every sentence of the investigation that rests on records."""
        said = [c for c in (self.root_cause, self.entry_point) if c is not None]
        said += self.summary + [moment.claim for moment in self.timeline]
        for test in self.tests:
            said += [*test.evidence_for, *test.evidence_against]
        return said

    def to_json(self) -> dict[str, Any]:
        """One ``investigation`` line of the command contract."""
        root = self.root_cause.to_json() if self.root_cause else {"text": "", "event_ids": []}
        return {
            "type": "investigation",
            "case_id": self.case_id,
            "alerts": self.alerts,
            "planner": self.planner,
            "verdict": self.verdict,
            "confidence": round(self.confidence, 3),
            "root_cause": root | {"process": dict(self.root_process)},
            "entry_point": self.entry_point.to_json() if self.entry_point else None,
            "summary": [claim.to_json() for claim in self.summary],
            "timeline": [moment.to_json() for moment in self.timeline],
            "operations": self.operations,
            "assets": self.assets,
            "techniques": self.techniques,
            "indicators": self.indicators,
            "hypotheses": [test.to_json() for test in self.tests],
            "open_questions": self.open_questions,
            "claims": [claim.to_json() for claim in self.claims()],
            "claims_rejected": self.rejected,
            "graph": self.graph,
            "steps": self.steps,
            "seconds": round(self.seconds, 3),
            "transcript": self.transcript,
        }
