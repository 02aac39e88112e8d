"""Fast where it is sure, slow where it is not, a person where neither is; and it is always written down why."""

import time

import pytest

from watchfloor.base.errors import UsageError, WatchfloorError
from watchfloor.operations.dispatch import Answer, Dispatcher
from watchfloor.operations.subtasks import TABLE, Subtask


def said(value: str, confidence: float, by: str = "screen") -> Answer:
    return Answer(value, confidence, by, ("a.log#1",))


def test_a_sure_fast_answer_stands_and_nobody_slow_is_asked() -> None:
    asked: list[str] = []
    one = Dispatcher[str](
        {"verdict": lambda _: said("benign", 0.97)},
        {"verdict": lambda q, _: asked.append(q)},  # type: ignore[func-returns-value]
    )
    found = one.settle("verdict", "scene")
    assert (found.mind, found.answer and found.answer.value, asked) == ("fast", "benign", [])
    assert "sure" in found.why and "slow" not in found.seconds


def test_an_unsure_fast_answer_goes_to_the_slow_mind_with_its_budget() -> None:
    budgets: list[float] = []

    def slow(_: str, budget: float) -> Answer:
        budgets.append(budget)
        return said("malicious", 0.95, "investigator")

    found = Dispatcher[str]({"verdict": lambda _: said("benign", 0.6)}, {"verdict": slow}).settle("verdict", "scene")
    assert (found.mind, found.changed, budgets) == ("slow", True, [TABLE["verdict"].budget_s])
    assert "not sure: 0.60" in found.why and found.to_json()["by"] == "investigator"


@pytest.mark.parametrize(("slow", "reason"), [
    (lambda _q, _s: said("benign", 0.4, "investigator"), "not sure either"),
    (lambda _q, _s: None, "has no answer"),
    (None, "nobody slower is there"),
])  # fmt: skip
def test_what_neither_mind_settles_is_a_persons_with_the_best_guess(slow, reason) -> None:  # type: ignore[no-untyped-def]
    one = Dispatcher[str]({"verdict": lambda _: said("benign", 0.7)}, {"verdict": slow} if slow else {})
    found = one.settle("verdict", "scene")
    assert found.mind == "person" and reason in found.why
    assert found.answer and found.answer.confidence == 0.7


def test_a_mind_that_fails_is_named_and_does_not_stop_the_floor() -> None:
    def broken(*_: object) -> Answer:
        raise WatchfloorError("the lake is closed.")

    one = Dispatcher[str]({"verdict": broken}, {"verdict": broken})
    found = one.settle("verdict", "scene")
    assert found.mind == "person" and found.answer is None and "the lake is closed" in found.why


def test_an_answer_over_budget_does_not_stand() -> None:
    table = {"slow one": Subtask("slow one", "?", "", "investigator", 0.5, 0.01, "")}

    def late(_: str, budget: float) -> Answer:
        time.sleep(5 * budget)
        return said("x", 0.99, "investigator")

    found = Dispatcher[str]({}, {"slow one": late}, table).settle("slow one", "scene")
    assert found.mind == "person" and "took" in found.why


def test_a_response_is_always_a_persons() -> None:
    found = Dispatcher[str]({"response choice": lambda _: said("isolate host", 1.0)}, {}).settle("response choice", "x")
    assert found.mind == "person" and "person's to decide" in found.why


def test_all_subtasks_are_worked_in_the_tables_order_and_unknown_minds_are_refused() -> None:
    assert [each.subtask for each in Dispatcher[str]({}, {}).work("x")] == list(TABLE)
    assert [each.subtask for each in Dispatcher[str]({}, {}).work("x", ["scope", "verdict"])] == ["verdict", "scope"]
    with pytest.raises(UsageError, match="no subtask 'guess'"):
        Dispatcher[str]({"guess": lambda _: None}, {})


def test_every_row_of_the_table_makes_sense() -> None:
    for row in TABLE.values():
        assert row.question and row.reason and row.budget_s >= 0
        assert row.fast or row.slow or row.floor > 1, f"{row.name}: nobody answers, and yet no person decides"
