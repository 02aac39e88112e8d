"""What a language model writes about personal data is read fairly, and texts are drawn over families."""

from collections import Counter

import pytest

from watchfloor.lab.measure_sensitive_peer import drawn, spans_of
from watchfloor.lab.sensitive_data import Tagged

TEXT = "Mail Ada Byron (ada@example.org) in Leeds; Leeds knows her."


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("Ada Byron\nLeeds", ["Ada Byron", "Leeds"]),
        ("1. Name: Ada Byron\n- ada@example.org.", ["Ada Byron", "ada@example.org"]),
        ("Leeds\nLeeds\nLeeds", ["Leeds", "Leeds"]),  # named as often as it stands there, and no more
        ("NONE", []),
        ("Grace Hopper\n\n\n-", []),  # made up, or nothing
        ("", []),
    ],
)
def test_what_a_model_names_is_found_in_the_text(said: str, found: list[str]) -> None:
    assert [TEXT[each.start : each.end] for each in spans_of(said, TEXT)] == found


def test_each_family_has_its_turn_before_any_has_two() -> None:
    many = [Tagged(f"{group} {number}", (), group, "made") for group in "abc" for number in range(5)]
    assert sorted(each.group for each in drawn(many, 3)) == ["a", "b", "c"]
    assert sorted(Counter(each.group for each in drawn(many, 4)).values()) == [1, 1, 2]
    assert sorted(Counter(each.group for each in drawn(many, 8)).values()) == [2, 3, 3]
    assert len({each.text for each in drawn(many, 99)}) == 15
