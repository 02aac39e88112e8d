"""An ATT&CK Navigator layer (format 4.5) of what was seen, for teams that keep their picture there.

Knows the layer format and nothing of how a technique was found. The format:
https://github.com/mitre-attack/attack-navigator/blob/master/layers/spec/v4.5/layerformat.md
"""

from collections.abc import Sequence
from typing import Any

from watchfloor.base import attack
from watchfloor.base.scenes import Scene

#: Event ids one technique's comment names; the Navigator shows comments in a small tooltip.
NAMED_EVENTS = 12

_VERSIONS = {"navigator": "5.2.0", "layer": "4.5"}
_COLORS = ["#fff3d6", "#f5a623", "#b3161b"]


def layer(scenes: Sequence[Scene], *, name: str) -> dict[str, Any]:
    """The layer of all scenes that are not benign: a technique's score is its best one, times 100.

    A technique's comment names the events that show it, so that the claim can be followed. An id this
    ATT&CK version does not have would make the Navigator refuse the layer; it is listed in ``metadata``.
    """
    shown = [scene for scene in scenes if scene.verdict != "benign"]
    scores: dict[str, float] = {}
    unknown: dict[str, float] = {}
    for scene in shown:
        for scored in scene.techniques:
            present = attack.normalise(scored.id)
            table, key = (unknown, scored.id) if present is None else (scores, present)
            table[key] = max(scored.score, table.get(key, 0.0))
    return {
        "name": name,
        "versions": {"attack": attack.vocabulary().version.partition(".")[0], **_VERSIONS},
        "domain": "enterprise-attack",
        "description": f"Watchfloor: {len(shown)} scenes that are malicious or suspicious.",
        "sorting": 3,  # by score, best first
        "layout": {"layout": "side", "showID": True, "showName": True, "expandedSubtechniques": "annotated"},
        "hideDisabled": False,
        "techniques": [_technique(key, scores[key], shown) for key in sorted(scores)],
        "gradient": {"colors": _COLORS, "minValue": 0, "maxValue": 100},
        "legendItems": [
            {"label": "weak evidence", "color": _COLORS[0]},
            {"label": "strong evidence", "color": _COLORS[-1]},
        ],
        "metadata": [
            {"name": f"not in this ATT&CK version: {key}", "value": f"score {round(100 * unknown[key])}"}
            for key in sorted(unknown)
        ],
        "selectTechniquesAcrossTactics": True,
        "selectSubtechniquesWithParent": False,
    }


def _technique(technique: str, score: float, scenes: Sequence[Scene]) -> dict[str, Any]:
    return {
        "techniqueID": technique,
        "score": round(100 * score),
        "comment": _comment(technique, scenes),
        "enabled": True,
        "showSubtechniques": True,
    }


def _comment(technique: str, scenes: Sequence[Scene]) -> str:
    """Where to look: the key frames that name the technique, else those of the scenes that claim it."""
    claiming = [s for s in scenes if any(attack.normalise(t.id) == technique for t in s.techniques)]
    frames = [frame for scene in claiming for frame in scene.key_frames]
    naming = [f for f in frames if any(attack.normalise(t) == technique for t in f.techniques)]
    events = list(dict.fromkeys(frame.event_id for frame in naming or frames))
    lines = [f"{scene.host} {scene.scene_id}: {scene.verdict}" for scene in claiming[:NAMED_EVENTS]]
    lines += events[:NAMED_EVENTS]
    if len(events) > NAMED_EVENTS:
        lines.append(f"and {len(events) - NAMED_EVENTS} more events")
    return "\n".join(lines)
