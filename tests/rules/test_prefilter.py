"""A record is left unread only where no rule can hold for it."""

import json
from unittest.mock import patch

import numpy as np
import pyarrow as pa
import pytest

from watchfloor.rules import prefilter
from watchfloor.rules.prefilter import Prefilter


def kept(*raws: str, needed: frozenset[str] | None) -> list[bool]:
    with patch.multiple(prefilter, _WAIT=0, _TRIAL=1):
        filter_ = Prefilter(lambda common: needed - common if needed is not None else None, None)
        filter_.kept(pa.array(["nothing of interest"]))
        found = filter_.kept(pa.array(raws))
    return [bool(keep) for keep in np.asarray(found)]


def test_records_without_a_literal_are_left_out() -> None:
    raws = ('{"Image": "C:\\\\Mimikatz.exe"}', '{"Image": "C:\\\\calc.exe"}')
    assert kept(*raws, needed=frozenset(("mimikatz",))) == [True, False]


def test_where_no_literal_can_be_told_all_are_kept() -> None:
    assert kept("{}", "<Event/>", needed=None) == [True, True]


@pytest.mark.parametrize(
    "hidden", ["mimi\\u006batz", "mimi\\u212aatz", "m\\u0130mikatz", "mimi&#107;atz", "&#x6D;imikatz"]
)
def test_what_an_escape_may_hide_is_read(hidden: str) -> None:
    assert kept(f'{{"Image": "{hidden}"}}', needed=frozenset(("mimikatz",))) == [True]


def test_the_signs_that_look_like_letters_are_the_ones_known() -> None:
    """Only these characters beyond ASCII are plain letters in lower case; JSON may spell them as escapes."""
    alike = {chr(n) for n in range(128, 0x110000) if any(c.isascii() for c in chr(n).lower())}
    assert alike == set(prefilter.FOLDED)
    assert {json.dumps(sign).strip('"').lower() for sign in alike} <= set(prefilter.ESCAPES)


@pytest.mark.parametrize("many", [0, 500])
@pytest.mark.parametrize(
    "text", ["MimiKatZmi", "mimi\u212aatzmi", "mimikatzM\u0130", "a\x00mimikatzmi", "x" * 100_000 + "mimikatzmi"]
)
def test_a_literal_in_whatever_case_and_letters_is_found(text: str, many: int) -> None:
    needed = frozenset(("mimikatzmi", *(f"word{n}end" for n in range(many))))
    assert kept(text, "mimi katzmi", needed=needed) == [True, False]


@pytest.mark.parametrize("many", [3, 500])
def test_few_literals_and_many_are_found_alike(many: int) -> None:
    needed = frozenset(f"word{n}end" for n in range(many))
    assert kept("x word2end y", "x word y", "", needed=needed) == [True, False, False]
