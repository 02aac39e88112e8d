"""Report documents with matches of rules in them, in the shape ``film.document`` gives."""

import random
from typing import Any

from tests.film import documents

Match = tuple[int, int, int]  # scene, rule, frame; -1 is a frame that was left out


def with_rules(document: dict[str, Any], rules: list[dict[str, Any]], matches: list[Match]) -> dict[str, Any]:
    """The document with these matches; a scene's verdict decides who saw it."""
    frames = document["frames"]
    grave = {n for n, rule in enumerate(rules) if rule["level"] in ("high", "critical")}
    in_scenes = []
    for index, scene in enumerate(document["scenes"]):
        counts: dict[int, int] = {}
        for _, rule, _ in (m for m in matches if m[0] == index):
            counts[rule] = counts.get(rule, 0) + 1
        in_scenes.append([[rule, count] for rule, count in sorted(counts.items())])
        by_rule, by_screen = bool(grave & set(counts)), scene["verdict"] != "benign"
        scene["seen_by"] = ("both" if by_rule else "screen") if by_screen else "rules" if by_rule else None
    document["rules"] = {"matches": len(matches), "matched": len(rules), "list": rules, "in_scenes": in_scenes}
    document["matches"] = {
        "scene": [scene for scene, _, _ in matches],
        "rule": [rule for _, rule, _ in matches],
        "frame": [frame for _, _, frame in matches],
        "time": [None for _ in matches],
        "event": [frames["events"][frames["event"][frame]] if frame >= 0 else "gone#1" for _, _, frame in matches],
        "records": [1 for _ in matches],
        "group": ["" for _ in matches],
    }
    return document


def rule(title: str, level: str, *techniques: str) -> dict[str, Any]:
    """One rule as the report lists it."""
    return {
        **{"rule_id": title, "title": title, "level": level, "status": "test", "author": "us"},
        **{"techniques": list(techniques), "matches": 1},
    }


def told() -> dict[str, Any]:
    """The told document: the first scene by both, the second by the screen, one ordinary scene by a rule alone."""
    document = documents.told()
    scenes = document["frames"]["scene"]
    first = [n for n, scene in enumerate(scenes) if scene == 0]
    ordinary = [n for n, scene in enumerate(scenes) if scene == 5]
    keys = {key["event_id"] for key in document["scenes"][0]["key_frames"]}
    events = [document["frames"]["events"][n] for n in document["frames"]["event"]]
    quiet = [n for n in first if events[n] not in keys]
    rules = [rule("Office Starts Shell", "critical", "T1059.001"), rule("Odd Library", "low", "T1574")]
    return with_rules(
        document,
        [*rules, rule("Tool", "high")],
        [(0, 0, quiet[120]), (0, 1, quiet[400]), (0, 1, quiet[410]), (0, 1, -1), (5, 2, ordinary[3])],
    )


def hostile() -> dict[str, Any]:
    """Every text that a rule can fill holds an attack, one of a megabyte."""
    document = documents.hostile()
    count = len(document["frames"]["scene"])
    long = "R<script>window.owned=7</script>" * 32768
    rules = [
        rule(bad, ("high", "low", bad)[n % 3], bad) | {"rule_id": bad, "author": bad, "status": bad}
        for n, bad in enumerate((*documents.HOSTILE, long))
    ]
    made = with_rules(document, rules, [(0, n, (n * 7) % count) for n in range(len(rules))])
    made["matches"]["group"] = [*documents.HOSTILE, long]
    made["matches"]["event"] = [*documents.HOSTILE, long]
    made["matches"]["frame"][3] = 10**9
    made["matches"]["frame"][4] = "1"
    made["matches"]["rule"][5] = 999
    return made


def big(matches: int = 20_000) -> dict[str, Any]:
    """A hundred thousand frames and as many matches as a report may list."""
    document = documents.big()
    chance = random.Random(5)
    scenes = document["frames"]["scene"]
    rules = [rule(f"Rule {n}", ("low", "medium", "high", "critical")[n % 4], "T1059") for n in range(400)]
    frames = chance.sample(range(len(scenes)), matches)
    return with_rules(document, rules, [(scenes[n], chance.randrange(400), n) for n in frames])
