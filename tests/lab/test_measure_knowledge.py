"""Measuring search: what is asked of is not in the index, and the figures are what they say."""

from pathlib import Path

import pytest

from watchfloor.lab.knowledge_questions import procedure_questions, reading_questions
from watchfloor.lab.measure_knowledge import figures


def test_recall_and_mrr_of_known_ranks() -> None:
    found = figures([1.0, 2.0, 10.0, float("inf")], ["a", "a", "b", "c"])
    assert (found["questions"], found["groups"]) == (4, 3)
    assert [found[f"recall@{cut}"]["mean"] for cut in (1, 5, 10)] == [0.25, 0.5, 0.75]
    assert found["mrr"]["mean"] == pytest.approx((1 + 0.5 + 0.1) / 4)
    assert found["mrr"]["low"] <= found["mrr"]["mean"] <= found["mrr"]["high"]


@pytest.mark.shared_data
def test_no_actor_that_is_asked_of_has_a_procedure_in_the_index(shared_data: Path) -> None:
    dev, test, free = procedure_questions(shared_data, 0)
    indexed = {id.partition(">")[0] for id in free}
    asked = [{question.group for question in part} for part in (dev, test)]
    assert not indexed & (asked[0] | asked[1])
    assert not asked[0] & asked[1]
    assert min(map(len, (dev, test, free))) > 1_000


@pytest.mark.shared_data
def test_readings_have_one_right_option(shared_data: Path) -> None:
    for many in reading_questions(shared_data, 20, 0).values():
        assert len(many) == 20
        assert all(0 <= each.right < len(each.options) for each in many)
