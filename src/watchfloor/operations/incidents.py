"""Incidents: groups and single alerts that belong to one story, with the records they rest on."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from watchfloor.base.attack import TACTICS
from watchfloor.base.scenes import iso
from watchfloor.operations.groups import LINE_BITS, Member
from watchfloor.operations.ranking import probability

_ORDER = {tactic.id: place for place, tactic in enumerate(TACTICS)}
_NAMES = {tactic.id: tactic.name for tactic in TACTICS}
#: Characters of one alert name in a story, and names a story tells at most.
_NAME_LENGTH, _NAMES_TOLD = 90, 5


@dataclass(slots=True)
class Incident:
    """Alerts of one story. ``opened`` is the time of the alert that made it worth opening."""

    incident_id: str
    opened: float
    score: float
    strong_last: float
    members: list[Member] = field(default_factory=list)
    joined: dict[str, float] = field(default_factory=dict)
    hosts: list[str] = field(default_factory=list)
    entities: set[str] = field(default_factory=set)
    context: int = 0
    told: bool = False
    adjusted: float = 0.0

    def add(self, member: Member, now: float) -> None:
        """A member that is part of the story from now on."""
        member.owner = self.incident_id
        self.members.append(member)
        if member.host not in self.joined:
            self.joined[member.host] = now
            self.hosts.append(member.host)

    @property
    def start(self) -> float:
        """The first alert's time."""
        return min(member.first for member in self.members)

    @property
    def end(self) -> float:
        """The last alert's time."""
        return max(member.last for member in self.members)

    @property
    def alerts(self) -> int:
        """Alerts in it."""
        return sum(member.count for member in self.members)

    @property
    def priority(self) -> float:
        """0 to 100, what feedback taught included."""
        return round(100.0 * probability(self.score + self.adjusted), 1)

    def stages(self) -> list[dict[str, Any]]:
        """ATT&CK tactics the alert names suggest, in the order they were met."""
        first: dict[str, float] = {}
        for member in self.members:
            tactic = member.kind.tactic
            if tactic:
                first[tactic] = min(first.get(tactic, member.first), member.first)
        ordered = sorted(first, key=lambda tactic: (first[tactic], _ORDER.get(tactic, 99)))
        return [{"tactic": one, "name": _NAMES.get(one, one), "first": moment(first[one])} for one in ordered]

    def alert_ids(self, sources: list[str]) -> list[str]:
        """Addresses ``name:line`` of its records, in the order of the input."""
        mask = (1 << LINE_BITS) - 1
        packed = sorted(one for member in self.members for one in member.ids)
        return [f"{sources[one >> LINE_BITS]}:{one & mask}" for one in packed]

    def told_members(self) -> list[Member]:
        """Members by how much they tell, one a name."""
        best: dict[str, Member] = {}
        for member in self.members:
            if member.name not in best or member.surprise > best[member.name].surprise:
                best[member.name] = member
        return sorted(best.values(), key=lambda one: (-(one.excess + one.burst) * (1 + one.kind.severity), one.first))

    def story(self) -> str:
        """What happened, in words. Names of alerts are quoted, never interpreted."""
        hosts = _listed(self.hosts)
        parts = [f"{self.alerts:,} alerts of {len({m.name for m in self.members})} kinds on {hosts}."]
        reasons = []
        for member in self.told_members()[:_NAMES_TOLD]:
            name = member.name if len(member.name) <= _NAME_LENGTH else member.name[: _NAME_LENGTH - 1] + "…"
            reasons.append(f"“{name}” {_why(member)}")
        parts.append("; ".join(reasons) + ".")
        stages = [stage["name"] for stage in self.stages()]
        if stages:
            parts.append(f"Stages: {', '.join(stages)}.")
        return " ".join(parts)

    def to_json(self, sources: list[str]) -> dict[str, Any]:
        """An ``incident`` line of the command contract; times are ISO 8601 UTC."""
        listed = self.alert_ids(sources)
        return {
            "type": "incident",
            "incident_id": self.incident_id,
            "start": moment(self.start),
            "end": moment(self.end),
            "opened": moment(self.opened),
            "hosts": self.hosts,
            "alerts": self.alerts,
            "alert_ids": listed,
            "alert_ids_omitted": self.alerts - len(listed),
            "priority": self.priority,
            "story": self.story(),
            "stages": self.stages(),
            "evidence": [
                {
                    "name": member.name,
                    "host": member.host,
                    "alerts": member.count,
                    "first": moment(member.first),
                    "surprise_bits": round(member.surprise, 1),
                    "why": _why(member),
                }
                for member in self.told_members()[:20]
            ],
        }

    def to_state(self) -> dict[str, Any]:
        """For a checkpoint; members are shared with groups by (host, name, first)."""
        return {
            "incident_id": self.incident_id,
            "opened": self.opened,
            "score": self.score,
            "strong_last": self.strong_last,
            "joined": dict(self.joined),
            "hosts": self.hosts,
            "entities": sorted(self.entities),
            "context": self.context,
            "told": self.told,
            "adjusted": self.adjusted,
        }


def incident_id(host: str, name: str, start: float) -> str:
    """An id that a second run over the same alerts gives again."""
    return "inc-" + sha256(f"{host}\0{name}\0{start:.3f}".encode("utf-8", "replace")).hexdigest()[:12]


def moment(seconds: float) -> str | None:
    """A time of an alert as ISO 8601 UTC."""
    return iso(datetime.fromtimestamp(seconds, UTC))


def _listed(names: list[str]) -> str:
    shown = ", ".join(names[:4])
    return shown + (f" and {len(names) - 4} more hosts" if len(names) > 4 else "")


def _why(member: Member) -> str:
    times = f"{member.count:,} times" if member.count > 1 else "once"
    if member.burst >= 1.0 and member.count > member.peak:
        usual = f"at most {member.peak:,} in a run before" if member.peak else "never in such a run before"
        return f"{times} on {member.host}, {usual}"
    if member.fresh:
        return f"{times}, never before on {member.host}"
    return f"{times} on {member.host}, rare there ({member.surprise:.1f} bits)"
