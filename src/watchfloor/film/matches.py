"""Findings beside verdicts: which scene a record plays in, which rules matched there, who saw a scene.

Takes plain Findings and knows nothing of who made them. Memory follows scenes, rules and what a report
shows, not the number of matches.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from watchfloor.base.findings import Finding, rank
from watchfloor.base.scenes import Scene
from watchfloor.film.filming import Reel

#: From this level on a rule alone makes a scene worth showing: Sigma asks for a prompt review there.
ALERTING: Final = "high"

#: Matches of one rule in one scene that a report lists; the rest is counted.
MOST_ALIKE: Final = 100

#: Matches that a report lists at most, the gravest first; the rest is counted.
MOST_TOLD: Final = 20_000

#: Records named as examples of one rule.
EXAMPLES: Final = 12

_ADDRESSES_AT_ONCE: Final = 8_192

SeenBy = Literal["both", "screen", "rules"]


class RuleKey(NamedTuple):
    """A rule as a Finding names it; an id alone may be given twice."""

    rule_id: str
    title: str


@dataclass(slots=True)
class Claim:
    """One rule that matched: what it says, how often it matched, and the first records that show it."""

    rule_id: str
    title: str
    level: str
    status: str
    author: str
    techniques: tuple[str, ...]
    matches: int = 0
    events: dict[str, None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Told:
    """A match as a report shows it: the Finding, and its first record in a scene with that record's address."""

    scene_id: str
    finding: Finding
    event_id: str
    address: tuple[int, int]


class Matches:
    """Findings over a filmed recording, joined to its scenes. Feed it with `add`."""

    def __init__(self, reel: Reel) -> None:
        self._reel = reel
        self._ids = reel.scene_ids()
        self._counts: dict[str, dict[RuleKey, int]] = {}
        self._told: list[Told] = []
        self.claims: dict[RuleKey, Claim] = {}
        self.total = 0

    def add(self, findings: Sequence[Finding]) -> list[str | None]:
        """Count findings; returns the scene of each one's first record, None where it has no record."""
        first: list[str | None] = []
        for part in _parts(findings):
            first += self._join(part)
        return first

    def alerting(self, findings: Iterable[Finding]) -> dict[str, list[Finding]]:
        """Count findings, and keep those of level ``ALERTING`` or worse by the scene of their first record."""
        found: dict[str, list[Finding]] = {}
        several = iter(findings)
        while part := list(islice(several, _ADDRESSES_AT_ONCE)):
            for finding, scene_id in zip(part, self.add(part), strict=True):
                if scene_id is not None and rank(finding.level) >= rank(ALERTING):
                    found.setdefault(scene_id, []).append(finding)
        return found

    def _join(self, findings: Sequence[Finding]) -> list[str | None]:
        batch = np.asarray([address[0] for finding in findings for address in finding.rows], np.int32)
        row = np.asarray([address[1] for finding in findings for address in finding.rows], np.int32)
        scenes = iter(self._reel.scenes_at(batch, row).tolist())
        first: list[str | None] = []
        for finding in findings:
            names = [self._ids[next(scenes)] for _ in finding.rows]
            self._count(finding, names)
            first.append(next((name for name in names if name is not None), None))
        return first

    def _count(self, finding: Finding, names: Sequence[str | None]) -> None:
        self.total += 1
        key = RuleKey(finding.rule_id, finding.title)
        claim = self.claims.get(key)
        if claim is None:
            claim = self.claims[key] = Claim(
                finding.rule_id, finding.title, finding.level, finding.status, finding.author, finding.techniques
            )
        claim.matches += 1
        if len(claim.events) < EXAMPLES and finding.event_ids:
            claim.events[finding.event_ids[0]] = None
        for name in dict.fromkeys(name for name in names if name is not None):
            rules = self._counts.setdefault(name, {})
            rules[key] = rules.get(key, 0) + 1
            if rules[key] <= MOST_ALIKE:
                at = names.index(name)
                self._told.append(Told(name, finding, finding.event_ids[at], finding.rows[at]))
        if len(self._told) > 2 * MOST_TOLD:
            self._thin()

    def _thin(self) -> None:
        self._told = sorted(self._told, key=lambda told: -rank(told.finding.level))[:MOST_TOLD]

    def told(self, scene_ids: set[str]) -> list[Told]:
        """The matches a report of these scenes lists, the gravest first."""
        mine = [told for told in self._told if told.scene_id in scene_ids]
        return sorted(mine, key=lambda told: -rank(told.finding.level))[:MOST_TOLD]

    def in_scene(self, scene_id: str) -> list[tuple[Claim, int]]:
        """The rules that matched in a scene and how often, the gravest and then the most frequent first."""
        found = [(self.claims[key], count) for key, count in self._counts.get(scene_id, {}).items()]
        return sorted(found, key=lambda item: (-rank(item[0].level), -item[1]))

    def alerted(self, scene_id: str) -> bool:
        """Whether a rule that asks for a prompt review matched in a scene."""
        return any(rank(self.claims[key].level) >= rank(ALERTING) for key in self._counts.get(scene_id, ()))

    def seen_by(self, scene: Scene) -> SeenBy | None:
        """Who shows a scene: the screen by what it says alone, a rule by its level, both or nobody."""
        if scene.screen_flagged:
            return "both" if self.alerted(scene.scene_id) else "screen"
        return "rules" if self.alerted(scene.scene_id) else None

    def seen(self, scenes: Sequence[Scene]) -> dict[str, int]:
        """How many scenes each would have shown."""
        by = [self.seen_by(scene) for scene in scenes]
        return {name: by.count(name) for name in ("both", "screen", "rules")}

    def scene_facts(self, scene: Scene) -> dict[str, Any]:
        """What a ``scene`` line of the contract says of rules."""
        return {
            "seen_by": self.seen_by(scene),
            "screen_verdict": scene.screen_verdict or scene.verdict,
            "screen_score": round(scene.score if scene.screen_score is None else scene.screen_score, 4),
            "rules": [
                {"rule_id": claim.rule_id, "title": claim.title, "level": claim.level, "matches": count}
                for claim, count in self.in_scene(scene.scene_id)
            ],
        }

    def levels(self) -> npt.NDArray[np.int64]:
        """The gravest level that matched in each scene of the reel ``(scenes,)``: 0 none, 1 informational to 5."""
        worst = {name: 1 + max(rank(self.claims[key].level) for key in rules) for name, rules in self._counts.items()}
        return np.asarray([worst.get(name, 0) for name in self._ids], np.int64)

    def gravest(self) -> list[Claim]:
        """Every rule that matched, the gravest and then the most frequent first."""
        return sorted(self.claims.values(), key=lambda claim: (-rank(claim.level), -claim.matches))


def standing_out(scenes: Sequence[Scene], matches: Matches | None) -> tuple[Scene, ...]:
    """The scenes to show, in their order: what the screen flags, and what a grave rule names."""
    return tuple(s for s in scenes if s.flagged or (matches is not None and matches.alerted(s.scene_id)))


def _parts(findings: Sequence[Finding]) -> Iterator[list[Finding]]:
    """Findings in parts of a bounded number of records: a correlation may rest on thousands."""
    part: list[Finding] = []
    size = 0
    for finding in findings:
        part.append(finding)
        size += len(finding.rows)
        if size >= _ADDRESSES_AT_ONCE:
            yield part
            part, size = [], 0
    if part:
        yield part
