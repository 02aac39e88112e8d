"""Texts that mean harm: long, broken, nested, made to be slow."""

import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchfloor.experts.sensitive import BUNDLED
from watchfloor.experts.sensitive.expert import Sensitive
from watchfloor.experts.sensitive.folding import fold, plain
from watchfloor.experts.sensitive.patterns import find
from watchfloor.experts.sensitive.secret_shapes import INFRASTRUCTURE, SHAPES, shaped
from watchfloor.experts.sensitive.secret_signs import candidates
from watchfloor.experts.sensitive.spans import Span, resolved

#: Any text Python can hold, lone surrogates too, and pieces that look like something.
TEXTS = st.lists(
    st.one_of(
        st.text(st.characters(), max_size=20),
        st.sampled_from(
            [
                "4111111111111111",
                "\ud800",
                "\0",
                "a@b.co",
                "://",
                "password=",
                "\n",
                "[PERSON:00000000]",
                "£",
                "𝟜",
                "192.0.2.1",
                "\u200b",
                "Ann Lee",
            ]
        ),
    ),
    max_size=12,
).map("".join)


@pytest.fixture(scope="module")
def expert() -> Sensitive:
    return Sensitive(BUNDLED)


@settings(max_examples=60, deadline=None)
@given(texts=st.lists(TEXTS, max_size=4))
def test_spans_lie_in_the_text_and_over_no_other(expert: Sensitive, texts: list[str]) -> None:
    for text, spans in zip(texts, expert.spans(texts), strict=True):
        before = 0
        for each in spans:
            assert before <= each.start < each.end <= len(text)
            assert 0 <= each.score <= 1
            before = each.end


@settings(max_examples=200, deadline=None)
@given(text=TEXTS)
def test_folding_moves_nothing(text: str) -> None:
    assert len(fold(text)) == len(text) == len(plain(fold(text)))


def hostile(size: int) -> dict[str, str]:
    """Strings that make careless patterns slow."""
    return {
        "letters": "a" * size,
        "digits": "1" * size,
        "digit groups": "1 " * (size // 2),
        "dots": "a." * (size // 2),
        "at signs": "a@" * (size // 2),
        "colons": "a:" * (size // 2),
        "double colons": ":" * size,
        "dashes": "-" * size,
        "equals": "password=" * (size // 9),
        "quotes": 'secret="' * (size // 8),
        "slashes": "http://" * (size // 7),
        "dollars": "$2a$" * (size // 4),
        "brackets": "((((" * (size // 4),
        "base64": "eyJ" * (size // 3),
        "key blocks": "-----BEGIN PRIVATE KEY-----" * (size // 27),
        "basic": "authorization basic " * (size // 20),
        "net use": "net use " * (size // 8),
        "aws": "aws secret " * (size // 11),
        "blanks": " " * size,
        "lines": "\n" * size,
        "dates": "1-1-" * (size // 4),
        "machine": "machine x login y " * (size // 18),
        "chinese": "密码是" * (size // 3),
        "zero width": "1\u200b" * (size // 2),
        "curl": "curl -u a " * (size // 10),
        "keys": "x_key" * (size // 5),
    }


@pytest.mark.parametrize("name", sorted(hostile(10)))
def test_no_pattern_is_slower_than_the_text_is_long(name: str) -> None:
    """Patterns alone, a long text against one an eighth as long: the time may grow eightfold and some, not 64-fold."""

    def seconds(size: int) -> float:
        text = fold(hostile(size)[name])
        data = plain(text)
        start = time.process_time()
        find(data)
        list(shaped(data, SHAPES + INFRASTRUCTURE))
        sum(1 for _ in candidates(data, text))
        return time.process_time() - start

    short, long = seconds(8_000), seconds(64_000)
    assert long < max(24 * short, 0.5), f"{short:.3f} s for 8,000 characters, {long:.3f} s for 64,000"


def test_a_megabyte_is_read_in_seconds(expert: Sensitive) -> None:
    draw = random.Random(0)
    words = ["alpha", "Bob", "10.0.0.1", "x=1", "密", "é", "token", "4111111111111111", "\n"]
    text = " ".join(draw.choice(words) for _ in range(170_000))
    start = time.process_time()
    (spans,) = expert.spans([text])
    assert spans
    assert time.process_time() - start < 60


def test_nested_markup_hides_nothing(expert: Sensitive) -> None:
    text = "<a><b>" * 200 + "ann@example.org" + "</b></a>" * 200 + "{{[[<!--4111111111111111-->]]}}"
    kinds = {text[each.start : each.end] for each in expert.spans([text])[0]}
    assert {"ann@example.org", "4111111111111111"} <= kinds


def test_claims_on_one_place_become_one() -> None:
    first, second, third = Span(0, 5, "A", 0.9), Span(3, 9, "B", 1.0), Span(9, 12, "C", 0.5)
    assert resolved([[first], [second, third]]) == [first, third]
    assert resolved([[first, second, third]]) == [second, third]
    assert resolved([[Span(4, 4, "A", 1.0)]]) == []
