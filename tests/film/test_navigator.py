"""The Navigator layer: the shape its format 4.5 asks for, scores and evidence."""

import json
import re
from datetime import UTC, datetime

from watchfloor.base.scenes import KeyFrame, Process, Scene, Scored, VerdictName
from watchfloor.film.matches import Claim
from watchfloor.film.navigator import NAMED_EVENTS, NAMED_RULES, layer

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def frame(event: str, *techniques: str) -> KeyFrame:
    return KeyFrame(event, NOON, "a.exe", "process.launch", "b.exe", 0.5, techniques=techniques)


def scene(
    verdict: VerdictName, techniques: tuple[Scored, ...], frames: tuple[KeyFrame, ...] = (), name: str = "s1"
) -> Scene:
    root = Process("{1}", 1, "a.exe", "a.exe", NOON, 0.9)
    return Scene(name, "log", "lab-1", root, NOON, NOON, 1, 1, verdict, 0.9, (), techniques, (root,), frames)


def test_the_layer_has_the_shape_of_format_4_5() -> None:
    made = layer([scene("malicious", (Scored("T1059.001", 0.97),), (frame("log#1", "T1059.001"),))], name="x")
    assert json.loads(json.dumps(made)) == made
    assert made["name"] == "x"
    assert made["domain"] == "enterprise-attack"
    assert made["versions"]["layer"] == "4.5"
    assert tuple(map(int, made["versions"]["navigator"].split("."))) >= (4, 9, 0)
    assert made["versions"]["attack"].isdecimal()
    gradient = made["gradient"]
    assert gradient["maxValue"] > gradient["minValue"]
    assert len(gradient["colors"]) >= 2
    assert all(re.fullmatch(r"#[0-9a-f]{6}", color) for color in gradient["colors"])
    assert made["sorting"] in range(4)
    (technique,) = made["techniques"]
    assert set(technique) <= {
        *("techniqueID", "tactic", "score", "comment", "enabled", "color", "metadata", "links"),
        "showSubtechniques",
    }
    assert technique["techniqueID"] == "T1059.001"
    assert technique["score"] == 97
    assert technique["comment"].splitlines() == ["lab-1 s1: malicious", "log#1"]


def test_the_best_score_of_all_scenes_counts_and_benign_ones_do_not() -> None:
    made = layer(
        [
            scene("malicious", (Scored("T1055", 0.4),)),
            scene("suspicious", (Scored("T1055", 0.71),), name="s2"),
            scene("benign", (Scored("T1003", 0.9),), name="s3"),
        ],
        name="x",
    )
    assert [(t["techniqueID"], t["score"]) for t in made["techniques"]] == [("T1055", 71)]


def test_ids_of_other_versions_are_brought_home_and_unknown_ones_are_named() -> None:
    made = layer([scene("malicious", (Scored("T1086", 0.5), Scored("T9999", 0.6)))], name="x")
    assert [t["techniqueID"] for t in made["techniques"]] == ["T1059.001"]
    assert made["metadata"] == [{"name": "not in this ATT&CK version: T9999", "value": "score 60"}]


def test_a_comment_names_the_frames_that_show_the_technique_else_the_scenes() -> None:
    both = (Scored("T1055", 0.9), Scored("T1003", 0.8))
    made = layer([scene("malicious", both, (frame("log#1", "T1055"), frame("log#2")))], name="x")
    comments = {t["techniqueID"]: t["comment"].splitlines()[1:] for t in made["techniques"]}
    assert comments == {"T1055": ["log#1"], "T1003": ["log#1", "log#2"]}


def test_a_long_comment_is_counted_not_dropped() -> None:
    frames = tuple(frame(f"log#{n}", "T1055") for n in range(40))
    made = layer([scene("malicious", (Scored("T1055", 0.9),), frames)], name="x")
    comment = made["techniques"][0]["comment"]
    assert comment.count("log#") == NAMED_EVENTS
    assert comment.endswith(f"and {40 - NAMED_EVENTS} more events")


def test_nothing_found_is_an_empty_layer() -> None:
    assert layer([], name="x")["techniques"] == []


def claim(level: str, *techniques: str, title: str = "Odd Tool", matches: int = 3) -> Claim:
    return Claim("r-1", title, level, "", "", techniques, matches, {"log#7": None})


def test_rules_and_screen_weigh_together_and_the_rule_is_named() -> None:
    found = scene("malicious", (Scored("T1055", 0.5),), (frame("log#1", "T1055"),))
    made = layer([found], name="x", claims=[claim("high", "T1055", "T1003"), claim("low", "T1055", title="Mild")])
    scores = {t["techniqueID"]: t["score"] for t in made["techniques"]}
    assert scores == {"T1055": 85, "T1003": 70}, "1 - (1 - 0.5) * (1 - 0.7), and the rule alone"
    comment = made["techniques"][1]["comment"].splitlines()
    assert comment == [
        "rule: Odd Tool (high, 3 matches) log#7",
        "rule: Mild (low, 3 matches) log#7",
        "lab-1 s1: malicious",
        "log#1",
    ]
    assert made["description"].endswith("and 2 rules that matched.")


def test_many_rules_in_one_comment_are_counted_and_hostile_titles_are_visible() -> None:
    claims = [claim("medium", "T1003", title=f"\u202eRule {n}\n") for n in range(20)]
    (technique,) = layer([], name="x", claims=claims)["techniques"]
    assert technique["comment"].count("rule: ") == NAMED_RULES
    assert technique["comment"].endswith(f"and {20 - NAMED_RULES} more rules")
    assert "\u202e" not in technique["comment"]
