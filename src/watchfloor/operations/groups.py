"""Groups: what happened on one host without a long pause, folded to one Member an alert template.

A Group is the unit that is judged. Its features are what the ranking weighs; none of them names a host, an address
or an alert, so that what is learned on one site says something about another.
"""

from array import array
from dataclasses import dataclass, field
from math import log2
from typing import Any

from watchfloor.operations.kinds import KINDS, Kind

#: Alert ids one member keeps; more are counted, not listed.
MOST_IDS = 5_000_000
#: Bits of surprise below which an alert is ordinary, and that one member may add at most.
ORDINARY_BITS, MOST_BITS = 3.0, 12.0
#: Bits from which a member counts as novel.
NOVEL_BITS = 5.0
#: Alerts of one episode below which it is no burst.
SMALL_BURST = 32
#: A record's address packed in 64 bits: source number and line.
LINE_BITS = 40
MOST_ENTITIES = 32

_PLACE = {name: place for place, name in enumerate(KINDS)}

#: Names of the features in order: surprise by kind, then what the whole group is like.
FEATURES = (
    *(f"kind {name}" for name in KINDS),
    "surprise", "strongest", "novel names", "detectors", "tactics", "burst", "same names on other hosts",
    "hours of past", "new lately on the host", "new lately at the site", "busy host",
    "service change alone", "surprise after a day", "surprise at a quiet site",
)  # fmt: skip


@dataclass(slots=True)
class Member:
    """The alerts of one template in one group: a run, with when, how many, how surprising and which records."""

    name: str
    host: str
    kind: Kind
    detector: str
    first: float
    last: float
    surprise: float
    peak: int
    given: int = 0
    count: int = 0
    fresh: bool = False
    owner: str = ""
    hidden: bool = False
    ids: "array[int]" = field(default_factory=lambda: array("Q"))

    def add(self, source: int, line: int) -> None:
        """One more alert."""
        self.count += 1
        if len(self.ids) < MOST_IDS:
            self.ids.append(source << LINE_BITS | line)

    @property
    def excess(self) -> float:
        """Bits beyond the ordinary, bounded; 0 for what was suppressed."""
        if self.hidden:
            return 0.0
        return min(MOST_BITS, max(0.0, self.surprise - ORDINARY_BITS))

    @property
    def burst(self) -> float:
        """How much larger this run is than the pair's largest before, in doublings; small runs are none."""
        if self.hidden:
            return 0.0
        return min(10.0, max(0.0, log2(max(self.count, 1) / max(self.peak, SMALL_BURST))))

    def to_state(self) -> list[Any]:
        """For a checkpoint."""
        return [
            self.name, self.host, list(self.kind), self.detector, self.first, self.last, self.surprise, self.peak,
            self.given, self.count, self.fresh, self.owner, self.hidden, self.ids.tolist(),
        ]  # fmt: skip

    @classmethod
    def from_state(cls, state: list[Any]) -> "Member":
        """Out of a checkpoint."""
        made = cls(state[0], state[1], Kind(*state[2]), *state[3:13])
        made.ids = array("Q", state[13])
        return made


@dataclass(slots=True)
class Surroundings:
    """What was going on around a group when it began or grew: see ``FEATURES``."""

    hours: float = 0.0
    host_fresh: float = 0.0
    site_fresh: float = 0.0
    busy: float = 0.0
    elsewhere: int = 0


@dataclass(slots=True)
class Group:
    """Members on one host; ``around`` is what surrounded it; ``incident`` the id it belongs to, or empty."""

    host: str
    start: float
    last: float
    around: Surroundings
    members: dict[str, Member] = field(default_factory=dict)
    entities: set[str] = field(default_factory=set)
    incident: str = ""
    score: float = float("-inf")

    def note(self, entity: str) -> None:
        """Another address or user that occurs in it."""
        if entity and len(self.entities) < MOST_ENTITIES:
            self.entities.add(entity)

    def to_state(self) -> dict[str, Any]:
        """For a checkpoint."""
        around = self.around
        return {
            "host": self.host,
            "start": self.start,
            "last": self.last,
            "around": [around.hours, around.host_fresh, around.site_fresh, around.busy, around.elsewhere],
            "members": [member.to_state() for member in self.members.values()],
            "entities": sorted(self.entities),
            "incident": self.incident,
            "score": self.score if self.members and self.score > float("-inf") else None,
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> "Group":
        """Out of a checkpoint."""
        made = cls(state["host"], state["start"], state["last"], Surroundings(*state["around"]))
        members = [Member.from_state(one) for one in state["members"]]
        made.members = {member.name: member for member in members}
        made.entities = set(state["entities"])
        made.incident = state["incident"]
        made.score = float("-inf") if state["score"] is None else state["score"]
        return made


def features(group: Group) -> list[float]:
    """The group as numbers, in the order of ``FEATURES``; all 0 or more and roughly below 10."""
    kinds = [0.0] * len(KINDS)
    total = strongest = burst = 0.0
    novel = 0
    detectors: set[str] = set()
    tactics: set[str] = set()
    for member in group.members.values():
        excess = member.excess
        if excess > 0:
            kinds[_PLACE[member.kind.name]] += excess
            total += excess
            strongest = max(strongest, excess)
            if excess >= NOVEL_BITS - ORDINARY_BITS:
                novel += 1
                detectors.add(member.detector)
                tactics.add(member.kind.tactic)
        if member.kind.name not in ("echo", "routine"):
            burst = max(burst, member.burst)
    tactics.discard("")
    around = group.around
    scaled = [log2(1.0 + value) for value in kinds]
    weight = log2(1.0 + total)
    hours = log2(1.0 + around.hours)
    site = log2(1.0 + around.site_fresh)
    # What is new means more once there is a past to be new against: from 0 at the start to 1 after 31 hours.
    settled = min(1.0, hours / 5.0) ** 2
    service = scaled[_PLACE["service"]]
    alone = not around.elsewhere and sum(scaled) - service < 0.5
    return [
        *scaled, weight, strongest / 2.0, log2(1.0 + novel), float(len(detectors)), float(len(tactics)), burst,
        log2(1.0 + around.elsewhere), hours, log2(1.0 + around.host_fresh), site, log2(1.0 + around.busy),
        service * alone * settled, weight * settled, weight / (1.0 + site),
    ]  # fmt: skip
