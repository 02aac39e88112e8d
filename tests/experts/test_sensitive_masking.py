"""Masking goes there and back, whatever the text holds."""

from hypothesis import given, settings
from hypothesis import strategies as st

from watchfloor.experts.sensitive.masking import mask, unmask
from watchfloor.experts.sensitive.spans import Span

TEXTS = st.lists(
    st.one_of(st.text(st.characters(), max_size=8), st.sampled_from(["[", "]", "[A:00000000]", "\ud800", "Ann"])),
    max_size=12,
).map("".join)
SPANS = st.lists(
    st.builds(
        Span, st.integers(-3, 60), st.integers(-3, 60), st.sampled_from(["A", "B", "PERSON", "[x]", ""]), st.just(0.9)
    ),
    max_size=6,
)
KEY = b"a key of this test"


@settings(max_examples=400, deadline=None)
@given(text=TEXTS, spans=SPANS)
def test_unmask_undoes_mask(text: str, spans: list[Span]) -> None:
    masked, table = mask(text, spans, KEY)
    assert unmask(masked, table) == text


@settings(max_examples=150, deadline=None)
@given(text=TEXTS, spans=SPANS)
def test_a_masked_text_can_be_put_into_a_text_and_masked_again(text: str, spans: list[Span]) -> None:
    """The placeholders of a first masking are text to the second."""
    masked, first = mask(text, spans, KEY)
    again, second = mask(masked + text, spans, KEY)
    assert unmask(again, second) == masked + text
    assert unmask(unmask(again, second)[: len(masked)], first) == text


def test_the_same_value_has_the_same_placeholder_everywhere() -> None:
    one, _ = mask("Ann wrote", [Span(0, 3, "PERSON", 1.0)], KEY)
    two, _ = mask("to Ann", [Span(3, 6, "PERSON", 1.0)], KEY)
    assert one.removesuffix(" wrote") == two.removeprefix("to ")
    assert "Ann" not in one
    other, _ = mask("Ann wrote", [Span(0, 3, "PERSON", 1.0)], b"another key")
    assert other != one


def test_a_text_that_holds_the_placeholder_already_comes_back() -> None:
    first, _ = mask("Ann", [Span(0, 3, "PERSON", 1.0)], KEY)
    text = f"{first} is Ann"
    masked, table = mask(text, [Span(len(text) - 3, len(text), "PERSON", 1.0)], KEY)
    assert unmask(masked, table) == text


def test_lengthening_does_not_end() -> None:
    """Where every placeholder of the usual length stands in the text already, longer ones are taken."""
    text = "Ann"
    for _ in range(12):
        masked, table = mask(text + " Ann", [Span(len(text) + 1, len(text) + 4, "PERSON", 1.0)], KEY)
        assert unmask(masked, table) == text + " Ann"
        text += next(iter(table))
