"""Regular expressions and wildcards: as Sigma means them, and bounded in time whatever the text."""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchfloor.rules import expressions
from watchfloor.rules.expressions import TooSlowError, longest_literal, search, usable, wildcards
from watchfloor.rules.faults import RuleFault

#: Needs back-tracking for the look-ahead, and takes exponential time over a run of one letter.
CATASTROPHE = r"^(?!x)(a|aa)+$"


@pytest.mark.parametrize(
    ("expression", "text", "found"),
    [
        ("who", "cmd /c whoami", True),
        ("^who", "cmd /c whoami", False),
        ("WHO", "whoami", False),
        ("(?i)WHO", "whoami", True),
        ("^b$", "a\nb\nc", False),
        ("(?m)^b$", "a\nb\nc", True),
        ("a.b", "a\nb", False),
        ("(?s)a.b", "a\nb", True),
        (r"\\[a-z]{4}\.exe$", "C:\\x\\calc.exe", True),
        (r"\x{4e2d}|中", "中文", True),
        ("", "", True),
    ],
)
def test_an_expression_is_searched_anywhere_with_its_flags(expression: str, text: str, found: bool) -> None:
    assert search(expression)(text) is found


@pytest.mark.parametrize(
    ("expression", "text", "found"),
    [
        (r"run(?!dll32)", "rundll32 x", False),
        (r"run(?!dll32)", "runas", True),
        (r"(?i)(?<=/)C\s", "cmd /c x", True),
        (r"(\w)\1{3}", "xaaaa", True),
        (r"(?i)(?=.*ENC)(?=.*hidden)", "-w Hidden -enc", True),
        (r"(?s)^(?=a).*z$", "a\nz", True),
    ],
)
def test_look_around_and_back_references_work_too(expression: str, text: str, found: bool) -> None:
    assert search(expression)(text) is found


@pytest.mark.parametrize("expression", ["(", "[z-a]", "(?P<x>a)(?P=y)", "*a"])
def test_an_expression_nobody_understands_is_a_fault_with_a_reason(expression: str) -> None:
    with pytest.raises(RuleFault, match="regular expression nobody understands"):
        usable(expression)


def test_an_expression_without_end_is_refused() -> None:
    with pytest.raises(RuleFault, match="20,001 characters"):
        usable("a" * 20_001)


def test_a_text_made_to_take_for_ever_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expressions, "_SECONDS", 0.1)
    ask = search(CATASTROPHE)
    began = time.monotonic()
    with pytest.raises(TooSlowError, match="takes too long over a text"):
        ask("a" * 4_000 + "b")
    assert time.monotonic() - began < 5
    assert ask("aaa"), "another text is still answered"


def test_what_re2_reads_takes_linear_time() -> None:
    began = time.monotonic()
    assert not search(r"^(a|a)*$")("a" * 200_000 + "b")
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("pattern", "text", "holds"),
    [
        ("a*z", "az", True),
        ("a*z", "a\n\nz", True),
        ("a*z", "a\nzz ", False),
        ("a?z", "az", False),
        ("a?z", "a\nz", True),
        ("a?z", "a中z", True),
        (r"a\*z", "a*z", True),
        (r"a\*z", "axz", False),
        (r"a\?z", "a?z", True),
        (r"c:\\x\\*", "c:\\x\\y", True),
        ("(a+)[b]$", "(a+)[b]$", True),
        ("a.c", "abc", False),
        ("*", "", True),
        ("?*", "", False),
        ("a\\", "a\\", True),
        ("*\x00*", "a\x00b", True),
    ],
)
def test_wildcards_ask_about_the_whole_text(pattern: str, text: str, holds: bool) -> None:
    assert wildcards(pattern)(text) is holds


@settings(max_examples=200, deadline=None)
@given(pattern=st.text("ab*?\\.+\n", max_size=8), text=st.text("ab\\.+\n*", max_size=10))
def test_wildcards_are_what_python_says_of_the_same_pattern(pattern: str, text: str) -> None:
    known = {"*": ".*", "?": "."}
    parts = re.findall(r"\\.|.", pattern, re.DOTALL)
    same = "".join(known.get(part) or re.escape(part[1:] if len(part) == 2 else part) for part in parts)
    holds = re.fullmatch(same, text, re.DOTALL) is not None
    assert wildcards(pattern)(text) is holds
    if holds:
        assert longest_literal(pattern) in text


@pytest.mark.parametrize(
    ("pattern", "literal"),
    [("*a?bcd*e", "bcd"), ("***", ""), (r"a\*b*cc", "a*b"), ("", ""), ("plain", "plain"), ("a\\", "a\\")],
)
def test_the_longest_literal_of_a_pattern(pattern: str, literal: str) -> None:
    assert longest_literal(pattern) == literal
