"""What Sigma rules say about the frames of a reel: weak labels, a level and ATT&CK ids where an Event matched.

Rules know some attacks by heart and none of the others; as a teacher they point at frames that a recording's label
alone leaves in the dark. They are asked when the corpus is made and never when a screen judges.
"""

from dataclasses import dataclass

import numpy as np

from watchfloor.base.findings import LEVELS
from watchfloor.film.filming import Reel
from watchfloor.rules.hunting import Hunt

#: The mildest level that says anything about an attack.
_LEAST = LEVELS.index("medium")


@dataclass(frozen=True, slots=True)
class Said:
    """The highest level among the rules that match a frame (1 informational to 5 critical) and all their techniques."""

    level: int
    techniques: tuple[str, ...]


def told(reel: Reel, hunt: Hunt | None) -> dict[tuple[int, int], Said]:
    """What rules from medium up say, by owner and pattern of the frame; correlations are left out."""
    if hunt is None:
        return {}
    levels: dict[tuple[int, int], int] = {}
    ids: dict[tuple[int, int], set[str]] = {}
    for finding in hunt.over_spooled(reel.spool, reel.table):
        level = LEVELS.index(finding.level) if finding.level in LEVELS else 0
        if level < _LEAST or len(finding.rows) != 1:
            continue
        levels[finding.rows[0]] = max(levels.get(finding.rows[0], 0), level + 1)
        ids.setdefault(finding.rows[0], set()).update(finding.techniques)
    if not levels:
        return {}
    places = sorted(levels)
    address = np.asarray(places, np.int32)
    frames = reel.frames_of(address[:, 0], address[:, 1])
    found: dict[tuple[int, int], Said] = {}
    for place, owner, pattern in zip(places, frames["owner"].tolist(), frames["pattern"].tolist(), strict=True):
        before = found.get((owner, pattern), Said(0, ()))
        techniques = tuple(sorted({*before.techniques, *ids[place]}))
        found[owner, pattern] = Said(max(before.level, levels[place]), techniques)
    return found
