"""An attack's other scenes: each scene that is flagged opens a case, and the case gathers what belongs to it.

Most of what an intruder does are single harmless-looking commands in scenes of their own, which no look at one scene
can tell from work. The investigator goes from the scene that gives them away back to the entry and forward to every
effect; scenes that a malicious case holds are malicious by its word. Nothing is ever called less than it was. Linux
alone: elsewhere the investigator's weights were not set.
"""

import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from watchfloor.agent.case import Investigation
from watchfloor.agent.casebook import Casebook
from watchfloor.agent.index import Index
from watchfloor.agent.investigating import Investigator, scene_alert
from watchfloor.agent.recording import from_reel
from watchfloor.base.scenes import Neighbour, Scene, Scored, worst_first
from watchfloor.film.filming import Reel
from watchfloor.film.screen import FAMILIES

#: Cases opened in a recording, at most, unless told otherwise; the help of `watch` says so too.
MOST_CASES: Final = 50
#: Events beyond which a recording is not indexed: the index takes two kilobytes of memory an Event.
MOST_EVENTS: Final = 1_000_000
#: How likely a technique is that a case names in a scene: one of its signs, which a pattern found.
NAMED: Final = 0.5


@dataclass(frozen=True, slots=True)
class Gathered:
    """Scenes as they stand after the cases, worst first.

    ``cases`` were opened, ``raised`` scenes became malicious by them, ``left`` are flagged scenes no case was opened
    for: there were ``most`` already, or the recording is too ``large``. ``seconds`` is what it took.
    """

    scenes: tuple[Scene, ...]
    cases: int = 0
    raised: int = 0
    left: int = 0
    large: bool = False
    seconds: float = 0.0

    def record(self) -> dict[str, int]:
        """What a summary says of it."""
        return {"opened": self.cases, "raised": self.raised, "left": self.left}


def gather(reel: Reel, scenes: Sequence[Scene], most: int | None = None) -> Gathered:
    """Open cases for flagged scenes of Linux hosts, the likeliest first, and raise what malicious cases hold.

    An alert that an earlier case explains opens none. A raised scene's score is at least the threshold of malicious;
    among its ``company`` stands the scene that opened the case.
    """
    began = time.monotonic()
    openers = [s for s in scenes if s.flagged and s.host in reel.meetings.linux and s.key_frames]
    most = MOST_CASES if most is None else most
    if not openers or not most:
        return Gathered(tuple(scenes))
    if reel.spool.rows > MOST_EVENTS:
        return Gathered(tuple(scenes), left=len(openers), large=True)
    index = Index(from_reel(reel))
    odd = {process.uid: process.score for scene in scenes for process in scene.processes}
    book = Casebook(Investigator(index, odd), most)
    opened: list[Scene] = []
    left = 0
    for scene in sorted(openers, key=worst_first):
        if book.work(scene_alert(scene)) is None:
            left += 1
        elif len(book.cases) > len(opened):
            opened.append(scene)
    held = _held(index, reel.scene_ids(), opened, book.cases)
    least = reel.screen.families[FAMILIES.index("unix")].malicious
    now = [_raised(scene, held[scene.scene_id], least) if scene.scene_id in held else scene for scene in scenes]
    raised = sum(one.verdict != other.verdict for one, other in zip(scenes, now, strict=True))
    ordered = tuple(sorted(now, key=worst_first))
    return Gathered(ordered, len(book.cases), raised, left, seconds=time.monotonic() - began)


@dataclass(slots=True)
class _Held:
    """What the first malicious case that holds a scene says of it."""

    by: Scene
    scenes: int
    techniques: dict[str, None]


def _held(index: Index, names: list[str], opened: list[Scene], cases: list[Investigation]) -> dict[str, _Held]:
    """Scenes that malicious cases hold a record of, by name."""
    found: dict[str, _Held] = {}
    for scene, case in zip(opened, cases, strict=True):
        if case.verdict != "malicious":
            continue
        shown: dict[str, dict[str, None]] = defaultdict(dict)
        for name in _scenes(index, names, case.operations):
            shown.setdefault(name, {})
        for moment in case.timeline:
            for name in _scenes(index, names, moment.claim.event_ids) if moment.technique else ():
                shown[name][moment.technique] = None
        for name, techniques in shown.items():
            found.setdefault(name, _Held(scene, len(shown), techniques))
    return found


def _scenes(index: Index, names: list[str], event_ids: Sequence[str]) -> list[str]:
    """The scenes of Events, each once, in the order of the Events."""
    rows = (index.row_of(address) for address in event_ids)
    owners = dict.fromkeys(index.owners[row] for row in rows if row is not None)
    return list(dict.fromkeys(names[index.actors[owner].played.scene] for owner in owners))


def _raised(scene: Scene, held: _Held, least: float) -> Scene:
    """A scene as a member of a case; nobody else speaks for the one that opened it."""
    opened = scene.scene_id == held.by.scene_id
    if opened and scene.verdict == "malicious":
        return scene
    told = () if opened else (Neighbour("case", "", held.by.score, held.scenes, held.by.scene_id),)
    named = tuple(Scored(technique, NAMED) for technique in held.techniques)
    return replace(
        scene,
        verdict="malicious",
        score=max(scene.score, least),
        screen_verdict=scene.screen_verdict or scene.verdict,
        screen_score=scene.score if scene.screen_score is None else scene.screen_score,
        techniques=scene.techniques or named,
        company=(*scene.company, *told),
    )
