"""The floor's books: how many alerts came, and why those in no incident were put aside."""

from dataclasses import dataclass, field

#: Why alerts are put aside.
ROUTINE, ECHO, BESIDE, RARE, SUPPRESSED = (
    "routine: as often as usual on this host",
    "echo: repeats other alerts",
    "ordinary beside an incident",
    "rare, but not enough for an incident",
    "suppressed by feedback",
)
REASONS = (ROUTINE, ECHO, BESIDE, RARE, SUPPRESSED)


@dataclass(slots=True)
class Books:
    """Counts of alerts; ``fed == in incidents + retired + sum(aside) + waiting`` at all times.

    ``retired`` alerts were in incidents that have been handed out and forgotten.
    """

    fed: int = 0
    late: int = 0
    leaps: int = 0
    repeats: int = 0
    episodes: int = 0
    aside: dict[str, int] = field(default_factory=lambda: dict.fromkeys(REASONS, 0))
    retired: int = 0
