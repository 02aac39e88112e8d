"""An ATT&CK Navigator layer (format 4.5) of what was seen, for teams that keep their picture there.

Knows the layer format and nothing of how a technique was found. The format:
https://github.com/mitre-attack/attack-navigator/blob/master/layers/spec/v4.5/layerformat.md
"""

from collections.abc import Iterable, Sequence
from typing import Any

from watchfloor.base import attack
from watchfloor.base.scenes import Scene
from watchfloor.film.matches import Claim
from watchfloor.film.story import clip

#: Event ids one technique's comment names; the Navigator shows comments in a small tooltip.
NAMED_EVENTS = 12

#: Rules one technique's comment names.
NAMED_RULES = 8

#: What a match of a rule of each level adds as evidence for its techniques; matched often is not matched better.
RULE_SCORES = {"informational": 0.1, "low": 0.2, "medium": 0.4, "high": 0.7, "critical": 0.9}

_VERSIONS = {"navigator": "5.2.0", "layer": "4.5"}
_COLORS = ["#fff3d6", "#f5a623", "#b3161b"]


def layer(scenes: Sequence[Scene], *, name: str, claims: Sequence[Claim] = ()) -> dict[str, Any]:
    """The layer of all scenes that are not benign, and of the rules that matched in any scene.

    The screen gives a technique its best score of all scenes, rules that of their gravest level in
    ``RULE_SCORES``. They look independently, so both together are ``1 - (1 - screen) * (1 - rules)``,
    times 100. A technique's comment names the rules and the events that show it, so that the claim can be
    followed. An id this ATT&CK version does not have would make the Navigator refuse the layer; it is
    listed in ``metadata``.
    """
    shown = [scene for scene in scenes if scene.flagged]
    by_screen = _best((scored.id, scored.score) for scene in shown for scored in scene.techniques)
    by_rules = _best((t, RULE_SCORES.get(claim.level, 0.4)) for claim in claims for t in claim.techniques)
    both = {key: 1 - (1 - by_screen.get(key, 0.0)) * (1 - by_rules.get(key, 0.0)) for key in {**by_screen, **by_rules}}
    scores = {key: score for key, score in both.items() if attack.normalise(key) is not None}
    unknown = {key: score for key, score in both.items() if key not in scores}
    return {
        "name": name,
        "versions": {"attack": attack.vocabulary().version.partition(".")[0], **_VERSIONS},
        "domain": "enterprise-attack",
        "description": _description(len(shown), len(claims)),
        "sorting": 3,  # by score, best first
        "layout": {"layout": "side", "showID": True, "showName": True, "expandedSubtechniques": "annotated"},
        "hideDisabled": False,
        "techniques": [_technique(key, scores[key], shown, claims) for key in sorted(scores)],
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


def _best(scored: Iterable[tuple[str, float]]) -> dict[str, float]:
    """The best score of each id, brought to this version where that can be done."""
    best: dict[str, float] = {}
    for name, score in scored:
        key = attack.normalise(name) or name
        best[key] = max(score, best.get(key, 0.0))
    return best


def _description(scenes: int, rules: int) -> str:
    by_rules = f", and {rules} rules that matched" if rules else ""
    return f"Watchfloor: {scenes} scenes that are malicious or suspicious{by_rules}."


def _technique(technique: str, score: float, scenes: Sequence[Scene], claims: Sequence[Claim]) -> dict[str, Any]:
    return {
        "techniqueID": technique,
        "score": round(100 * score),
        "comment": "\n".join([*_by_rules(technique, claims), *_comment(technique, scenes)]),
        "enabled": True,
        "showSubtechniques": True,
    }


def _by_rules(technique: str, claims: Sequence[Claim]) -> list[str]:
    """Which rules name the technique, each with the first record that shows it."""
    naming = [c for c in claims if any(attack.normalise(t) == technique for t in c.techniques)]
    lines = [
        f"rule: {clip(c.title, 120)} ({c.level}, {c.matches:,} matches)" + "".join(f" {e}" for e in [*c.events][:1])
        for c in naming[:NAMED_RULES]
    ]
    return lines + ([f"and {len(naming) - NAMED_RULES} more rules"] if len(naming) > NAMED_RULES else [])


def _comment(technique: str, scenes: Sequence[Scene]) -> list[str]:
    """Where to look: the key frames that name the technique, else those of the scenes that claim it."""
    claiming = [s for s in scenes if any(attack.normalise(t.id) == technique for t in s.techniques)]
    frames = [frame for scene in claiming for frame in scene.key_frames]
    naming = [f for f in frames if any(attack.normalise(t) == technique for t in f.techniques)]
    events = list(dict.fromkeys(frame.event_id for frame in naming or frames))
    lines = [f"{scene.host} {scene.scene_id}: {scene.verdict}" for scene in claiming[:NAMED_EVENTS]]
    lines += events[:NAMED_EVENTS]
    if len(events) > NAMED_EVENTS:
        lines.append(f"and {len(events) - NAMED_EVENTS} more events")
    return lines
