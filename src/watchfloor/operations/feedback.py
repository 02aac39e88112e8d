"""Feedback: what an analyst said of incidents and alerts, and what the floor makes of it.

Nothing is learned in secret: all of it is worked out anew from the file in each run, so a line that is taken out is
undone. False positives re-rank what looks like them; a suppression takes alerts out, says what that costs, and
is refused where it would have hidden an incident that was called true.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import log
from pathlib import Path
from typing import Any

from watchfloor.base.errors import InputError, UsageError
from watchfloor.operations.groups import Group
from watchfloor.operations.incidents import Incident

TRUE, FALSE = "true_positive", "false_positive"
_VERDICTS = {"true_positive": TRUE, "tp": TRUE, "true": TRUE, "false_positive": FALSE, "fp": FALSE, "false": FALSE}
#: The most feedback moves a score, in logits, and how much a verdict on another host counts.
MOST_SHIFT, OTHER_HOST = 4.0, 0.5
_HINT = (
    'A line is {"incident_id": ID, "verdict": "false_positive", "reason": TEXT} or {"alert": {"name": TEXT, "host": '
    'TEXT}, …}; "suppress": true takes such alerts out.'
)

#: A template and a host; an empty host means every host.
Selector = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Verdict:
    """One line of the feedback file, ``line`` its number."""

    line: int
    verdict: str
    reason: str
    suppress: bool
    incident_id: str = ""
    selector: Selector | None = None


@dataclass(slots=True)
class Learned:
    """What feedback says: votes for and against (template, host), suppressions, and incidents called true."""

    votes: dict[Selector, list[int]] = field(default_factory=dict)
    names: dict[str, list[int]] = field(default_factory=dict)
    suppressions: dict[Selector, Verdict] = field(default_factory=dict)
    true_evidence: list[tuple[str, frozenset[Selector]]] = field(default_factory=list)
    unresolved: list[Verdict] = field(default_factory=list)

    def suppressed(self, name: str, host: str) -> bool:
        """Whether alerts of this template on this host are taken out."""
        return (name, host) in self.suppressions or (name, "") in self.suppressions

    def adjust(self, group: Group) -> float:
        """How far verdicts on the same alerts move a group's score, in logits."""
        total = weight = 0.0
        for member in group.members.values():
            amount = member.excess + member.burst
            if amount <= 0:
                continue
            weight += amount
            here = self.votes.get((member.name, member.host)) or self.votes.get((member.name, ""))
            if here is not None:
                total += amount * _odds(here)
            elif member.name in self.names:
                total += amount * OTHER_HOST * _odds(self.names[member.name])
        return max(-MOST_SHIFT, min(MOST_SHIFT, 2.0 * total / weight)) if weight else 0.0

    def note(self, evidence: Iterable[Selector], verdict: str) -> None:
        """One verdict on some evidence."""
        place = 0 if verdict == TRUE else 1
        for name, host in evidence:
            self.votes.setdefault((name, host), [0, 0])[place] += 1
            self.names.setdefault(name, [0, 0])[place] += 1

    def shown(self) -> list[dict[str, Any]]:
        """What was learned, in the order it was said."""
        return [
            {
                "name": name,
                "host": host or "*",
                "true": votes[0],
                "false": votes[1],
                "logits": round(2 * _odds(votes), 2),
            }
            for (name, host), votes in self.votes.items()
        ]


def _odds(votes: list[int]) -> float:
    return log((votes[0] + 0.5) / (votes[1] + 0.5))


def read(path: str) -> list[Verdict]:
    """The feedback file: JSON lines; empty lines and lines that begin with # say nothing.

    Raises:
        InputError: the file cannot be read.
        UsageError: a line makes no sense, by number.
    """
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read: {error}.") from error
    found = []
    for number, line in enumerate(lines, 1):
        if line.strip() and not line.lstrip().startswith("#"):
            found.append(_parsed(path, number, line))
    return found


def _parsed(path: str, number: int, line: str) -> Verdict:
    try:
        raw = json.loads(line)
    except ValueError as error:
        raise UsageError(f"{path}, line {number}: no JSON: {error}.", hint=_HINT) from error
    if not isinstance(raw, dict):
        raise UsageError(f"{path}, line {number}: not a JSON object.", hint=_HINT)
    verdict = _VERDICTS.get(str(raw.get("verdict")).lower())
    if verdict is None:
        raise UsageError(f"{path}, line {number}: verdict is neither true_positive nor false_positive.", hint=_HINT)
    incident, alert = raw.get("incident_id", ""), raw.get("alert")
    selector: Selector | None = None
    if isinstance(alert, dict) and isinstance(alert.get("name"), str) and alert["name"]:
        host = alert.get("host", "")
        selector = (alert["name"], host if isinstance(host, str) and host != "*" else "")
    if (selector is None) == (not isinstance(incident, str) or not incident):
        raise UsageError(f"{path}, line {number}: needs either incident_id or alert with a name.", hint=_HINT)
    suppress = raw.get("suppress") is True
    if suppress and verdict == TRUE:
        raise UsageError(f"{path}, line {number}: what is true is not suppressed.", hint=_HINT)
    return Verdict(number, verdict, str(raw.get("reason", "")), suppress, incident or "", selector)


def evidence_of(incident: Incident) -> frozenset[Selector]:
    """What an incident rests on: its surprising members."""
    return frozenset((one.name, one.host) for one in incident.members if one.excess > 0 or one.burst > 0)


def remembered(incident: Incident) -> dict[str, Any]:
    """An incident as history keeps it."""
    evidence = sorted(evidence_of(incident))[:200]
    return {"incident_id": incident.incident_id, "alerts": incident.alerts, "evidence": evidence}


def learn(verdicts: Sequence[Verdict], known: dict[str, frozenset[Selector]]) -> Learned:
    """What the verdicts say, given what each known incident rests on."""
    learned = Learned()
    for one in verdicts:
        if one.selector is not None:
            evidence = frozenset([one.selector])
        elif one.incident_id in known:
            evidence = known[one.incident_id]
        else:
            learned.unresolved.append(one)
            continue
        learned.note(sorted(evidence), one.verdict)
        if one.verdict == TRUE:
            learned.true_evidence.append((one.incident_id or f"line {one.line}", evidence))
        elif one.suppress:
            learned.suppressions |= dict.fromkeys(evidence, one)
    return learned


def hides(selectors: Iterable[Selector], evidence: frozenset[Selector]) -> bool:
    """Whether suppressing the selectors leaves nothing of what an incident rests on."""
    exact = set(selectors)
    return bool(evidence) and all((name, host) in exact or (name, "") in exact for name, host in evidence)
