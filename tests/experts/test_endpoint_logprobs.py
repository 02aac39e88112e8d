"""Probabilities of labels out of token log-probabilities, however a model cuts its words."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchfloor.experts.endpoint_logprobs import Token, shares
from watchfloor.experts.endpoint_prompt import answer_text


def token(text: str, probability: float, **others: float) -> Token:
    told = {text: probability} | {word.replace("_", " "): share for word, share in others.items()}
    return text.encode(), math.log(probability), [(word.encode(), math.log(share)) for word, share in told.items()]


def test_labels_that_begin_alike_part_where_they_differ() -> None:
    tokens = [token('{"label": "CWE-', 1.0), token("7", 0.8, **{"8": 0.2}), token("9", 0.75, **{"87": 0.25}),
              token('"}', 1.0)]  # fmt: skip
    found = shares(answer_text("CWE-79"), tokens, "CWE-79", ["CWE-79", "CWE-787", "CWE-89"])
    assert found is not None
    assert {name: round(share, 6) for name, share in found[0].items()} == {
        "CWE-79": 0.6, "CWE-787": 0.2, "CWE-89": 0.2,
    }  # fmt: skip


def test_a_label_that_is_the_beginning_of_another_ends_with_its_quote() -> None:
    tokens = [token('{"label": "CWE-7', 1.0), token("9", 1.0), token('"', 0.7, **{"0": 0.3}), token("}", 1.0)]
    found = shares(answer_text("CWE-79"), tokens, "CWE-79", ["CWE-79", "CWE-790"])
    assert found is not None
    assert math.isclose(found[0]["CWE-79"], 0.7)


def test_a_token_may_hold_the_quote_and_the_beginning_of_the_label() -> None:
    tokens = [token('{"label":', 1.0), token(' "mal', 0.6, **{' "ben': 0.2, "nothing": 0.2}), token('icious"}', 1.0)]
    found = shares(answer_text("malicious"), tokens, "malicious", ["malicious", "benign"])
    assert found is not None
    assert math.isclose(found[0]["malicious"], 0.75)
    assert math.isclose(found[1], 0.8)


def test_a_label_that_was_not_told_may_have_as_much_as_the_least_that_was() -> None:
    unlikely = [token('{"label": "', 1.0), token("benign", 0.01, Hello=0.9), token('"}', 1.0)]
    found = shares(answer_text("benign"), unlikely, "benign", ["malicious", "benign"])
    assert found is not None
    assert math.isclose(found[0]["benign"], 0.5)
    sure = [token('{"label": "', 1.0), token("benign", 0.98, Hello=0.001), token('"}', 1.0)]
    found = shares(answer_text("benign"), sure, "benign", ["malicious", "benign"])
    assert found is not None
    assert found[0]["benign"] > 0.99


@pytest.mark.parametrize("tokens", [[], [token("{", 1.0)], [(b'{"label": "a"}', 0.0, [])]])
def test_tokens_that_are_not_the_answers_give_nothing(tokens: list[Token]) -> None:
    assert shares(answer_text("a"), tokens, "a", ["a", "b"]) is None


@given(
    st.sets(st.text('ab恶意"\\', min_size=1, max_size=5), min_size=2, max_size=5).map(sorted),
    st.randoms(use_true_random=False),
)
def test_shares_are_probabilities_whatever_the_labels_and_wherever_tokens_end(labels: list[str], draw: object) -> None:
    text = answer_text(labels[0]).encode()
    tokens: list[Token] = []
    while text:
        size = draw.randint(1, 4)  # type: ignore[attr-defined]
        piece, text = text[:size], text[size:]
        share = draw.uniform(0.3, 1.0)  # type: ignore[attr-defined]
        others = [(bytes([draw.randint(97, 98)]), math.log((1 - share) / 2 + 1e-9))]  # type: ignore[attr-defined]
        tokens.append((piece, math.log(share), [(piece, math.log(share)), *others]))
    found = shares(answer_text(labels[0]), tokens, labels[0], labels)
    assert found is not None
    assert math.isclose(sum(found[0].values()), 1.0, abs_tol=1e-9)
    assert all(0 <= each <= 1 for each in found[0].values())
