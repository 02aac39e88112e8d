"""A Finding: something a skill claims about a recording, with the records that show it.

Rules give one per match today; other skills will speak through the same type. The floors above read it
without knowing who made it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from watchfloor.base.scenes import iso

#: Levels of a finding, mildest first, as Sigma names them.
LEVELS = ("informational", "low", "medium", "high", "critical")


@dataclass(frozen=True, slots=True)
class Finding:
    """One claim.

    ``time`` is that of the first record, None where it has none; ``event_ids`` are addresses
    ``source#record``; ``techniques`` are ids in force; ``rows`` says where the records stand in the run that
    made the finding, as ``(batch, row)``; ``group`` is what the records of a correlation have in common.
    """

    rule_id: str
    title: str
    level: str
    status: str
    author: str
    source: str
    host: str
    time: datetime | None
    event_ids: tuple[str, ...]
    techniques: tuple[str, ...]
    tactics: tuple[str, ...]
    rows: tuple[tuple[int, int], ...] = ()
    count: int = 1
    group: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """One ``match`` line of the command contract."""
        return {
            "type": "match",
            "rule_id": self.rule_id,
            "title": self.title,
            "level": self.level,
            "status": self.status,
            "author": self.author,
            "source": self.source,
            "host": self.host,
            "time": iso(self.time),
            "event_ids": list(self.event_ids),
            "techniques": list(self.techniques),
            "tactics": list(self.tactics),
            "group": list(self.group),
        }


def rank(level: str) -> int:
    """The place of a level, 0 the mildest; an unknown level counts as medium."""
    return LEVELS.index(level) if level in LEVELS else LEVELS.index("medium")
