"""Scene, verdict and attribution as other floors and the command contract see them."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

#: ``unsure`` is what a scene unlike anything the screen learned from is called when nothing in it looks malicious.
VerdictName = Literal["malicious", "suspicious", "unsure", "benign"]


@dataclass(frozen=True, slots=True)
class Scored:
    """An ATT&CK id with a calibrated probability in [0, 1]."""

    id: str
    score: float

    def to_json(self) -> dict[str, Any]:
        """``{"id", "score"}`` of the contract."""
        return {"id": self.id, "score": round(self.score, 4)}


@dataclass(frozen=True, slots=True)
class Process:
    """One process of a scene. ``uid`` is the GUID or pid + start; ``score`` a probability."""

    uid: str
    pid: int | None
    image: str
    command_line: str
    start: datetime | None
    score: float
    parent_uid: str = ""
    user: str = ""
    events: int = 0

    def to_json(self) -> dict[str, Any]:
        """The contract's ``processes`` entry."""
        return {
            "pid": self.pid,
            "guid": self.uid,
            "image": self.image,
            "command_line": self.command_line,
            "parent_guid": self.parent_uid,
            "user": self.user,
            "start": iso(self.start),
            "events": self.events,
            "score": round(self.score, 4),
        }


@dataclass(frozen=True, slots=True)
class KeyFrame:
    """A frame that carries the verdict: who did what to what, and how much it weighs.

    ``repeats`` is the run length the frame stands for; ``weight`` its share of the verdict in [0, 1];
    ``features`` the hashed features that weighed most, in words; ``features_zh`` the same in Chinese.
    ``judged`` is what an expert on one base says of a command line, as ``watchfloor ask`` writes it.
    """

    event_id: str
    time: datetime | None
    actor: str
    action: str
    object: str
    weight: float
    process_uid: str = ""
    repeats: int = 1
    score: float = 0.0
    features: tuple[str, ...] = ()
    techniques: tuple[str, ...] = ()
    tactics: tuple[str, ...] = ()
    detail: str = ""
    raw: str = ""
    features_zh: tuple[str, ...] = ()
    judged: dict[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The contract's ``key_frames`` entry (the raw record is the report's alone)."""
        return {
            "event_id": self.event_id,
            "time": iso(self.time),
            "actor": self.actor,
            "action": self.action,
            "object": self.object,
            "weight": round(self.weight, 4),
            "score": round(self.score, 4),
            "repeats": self.repeats,
            "process_guid": self.process_uid,
            "techniques": list(self.techniques),
            "why": list(self.features),
            **({"judged": self.judged} if self.judged else {}),
        }


@dataclass(frozen=True, slots=True)
class Neighbour:
    """Another scene, or several, that speak for an attack in this one.

    ``planted``: this scene ran the file ``what``, which scene ``scene_id`` had put there. ``visitor``: it served the
    address ``what``, as ``scenes`` others did. ``case``: the case that scene ``scene_id`` opened holds it, one of
    ``scenes``. ``score`` is what they look like by themselves, of several the mean.
    """

    kind: Literal["planted", "visitor", "case"]
    what: str
    score: float
    scenes: int = 1
    scene_id: str = ""

    def to_json(self) -> dict[str, Any]:
        """One entry of a scene line's ``company``."""
        return {
            "kind": self.kind,
            "what": self.what,
            "scenes": self.scenes,
            "scene_id": self.scene_id or None,
            "score": round(self.score, 4),
        }


@dataclass(frozen=True, slots=True)
class Scene:
    """One process-tree session on one host, judged.

    ``verdict`` and ``score`` are the joined word of screen, rules and cases; ``screen_verdict`` and ``screen_score``
    what the screen says alone, empty and None where it is the same.
    """

    scene_id: str
    source: str
    host: str
    root: Process
    start: datetime | None
    end: datetime | None
    events: int
    frames: int
    verdict: VerdictName
    score: float
    tactics: tuple[Scored, ...]
    techniques: tuple[Scored, ...]
    processes: tuple[Process, ...]
    key_frames: tuple[KeyFrame, ...]
    links: tuple[str, ...] = field(default=())
    company: tuple[Neighbour, ...] = ()
    screen_verdict: VerdictName | Literal[""] = ""
    screen_score: float | None = None

    @property
    def screen_flagged(self) -> bool:
        """Whether the screen alone would have somebody look."""
        return (self.screen_verdict or self.verdict) in ("malicious", "suspicious")

    @property
    def flagged(self) -> bool:
        """Whether somebody should look: suspicious or malicious."""
        return self.verdict in ("malicious", "suspicious")

    def to_json(self) -> dict[str, Any]:
        """One ``scene`` line of the command contract."""
        root = self.root
        return {
            "type": "scene",
            "scene_id": self.scene_id,
            "source": self.source,
            "host": self.host,
            "root_process": {
                "image": root.image,
                "pid": root.pid,
                "guid": root.uid,
                "command_line": root.command_line,
            },
            "start": iso(self.start),
            "end": iso(self.end),
            "events": self.events,
            "frames": self.frames,
            "verdict": self.verdict,
            "score": round(self.score, 4),
            "tactics": [t.to_json() for t in self.tactics],
            "techniques": [t.to_json() for t in self.techniques],
            "processes": [p.to_json() for p in self.processes],
            "key_frames": [k.to_json() for k in self.key_frames],
            "links": list(self.links),
            "company": [n.to_json() for n in self.company],
        }


def worst_first(scene: Scene) -> tuple[float, datetime]:
    """By what scenes are ordered: the likeliest attack, then the earliest, those without a time last."""
    return -scene.score, scene.start or datetime.max.replace(tzinfo=UTC)


def iso(time: datetime | None) -> str | None:
    """ISO 8601 in UTC with microseconds and a Z, or None."""
    return None if time is None else time.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
