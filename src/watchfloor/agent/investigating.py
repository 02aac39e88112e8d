"""One investigation from alert to checked result, by either planner."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from watchfloor.agent.case import Alert, Investigation, Knowledge
from watchfloor.agent.checking import check
from watchfloor.agent.growing import Growth
from watchfloor.agent.index import Index
from watchfloor.agent.intel import Intel
from watchfloor.agent.procedural import ProceduralPlanner
from watchfloor.agent.tools import Budget, Toolbox
from watchfloor.base.scenes import Scene
from watchfloor.store.lake import Lake


class Planner(Protocol):
    """What works a case: the procedure, or a language model held to the same tools."""

    name: str

    def investigate(self, alert: Alert, box: Toolbox) -> Investigation:
        """Work one case."""
        ...


@dataclass(slots=True)
class Investigator:
    """Works cases over one index. ``odd`` is what skills said of processes, by uid, as probabilities."""

    index: Index
    odd: Mapping[str, float] = field(default_factory=dict)
    planner: Planner = field(default_factory=ProceduralPlanner)
    intel: Intel | None = None
    assets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    knowledge: Knowledge | None = None
    lake: Lake | None = None
    rules: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    budget: Budget = field(default_factory=Budget)

    def investigate(self, alert: Alert) -> Investigation:
        """Work one case; claims that do not hold are taken out and named in ``rejected``."""
        began = time.monotonic()
        places = {self.index.by_uid[uid]: score for uid, score in self.odd.items() if uid in self.index.by_uid}
        box = Toolbox(
            self.index, Growth(self.index, places), self.intel, self.assets, self.knowledge, self.lake, self.rules,
            self.budget,
        )  # fmt: skip
        found = self.planner.investigate(alert, box)
        check(self.index, found)
        found.transcript, found.steps = box.transcript, len(box.transcript)
        found.seconds = time.monotonic() - began
        return found


def scene_alert(scene: Scene) -> Alert:
    """A judged scene as an alert: its key frames, its root's process where it has none."""
    ids = tuple(frame.event_id for frame in scene.key_frames)
    uids = tuple(process.uid for process in scene.processes if process.uid)[:1] if not ids else ()
    return Alert(scene.scene_id, ids, uids, scene.verdict, verdict=scene.verdict)


def alerts_of(lines: list[dict[str, Any]]) -> list[Alert]:
    """Alerts in lines of ``watch --json`` (scene, match), of ``reduce`` (incident), or plain ``{"event_ids"}``.

    A line that is none of these gives no alert.
    """
    found = []
    for place, line in enumerate(lines, start=1):
        kind = line.get("type")
        if kind == "scene":
            frames = [
                str(k["event_id"]) for k in line.get("key_frames", ()) if isinstance(k, dict) and k.get("event_id")
            ]
            told = tuple(
                str(t["id"]) for t in line.get("techniques", ()) if isinstance(t, dict) and t.get("score", 0) >= 0.2
            )
            verdict, name = str(line.get("verdict", "")), str(line.get("scene_id", place))
            found.append(Alert(name, tuple(frames), title=verdict, techniques=told, verdict=verdict))
        elif line.get("event_ids") or line.get("alert_ids"):
            ids = tuple(str(i) for i in (line.get("event_ids") or line.get("alert_ids") or ()))
            name = str(line.get("incident_id") or line.get("case_id") or line.get("rule_id") or place)
            techniques = tuple(str(t) for t in line.get("techniques", ()) if isinstance(t, str))
            found.append(Alert(f"{name}:{place}" if kind == "match" else name, ids, (), str(line.get("title", "")),
                               str(line.get("level", "")), techniques))  # fmt: skip
    return found
