"""A sentence stands only where its records exist and hold what it says."""

import pytest

from tests.agent.staging import ATTACKER, backdoor
from watchfloor.agent.case import Claim
from watchfloor.agent.checking import complaint, quoted


@pytest.fixture(scope="module")
def told():
    stage, ids = backdoor()
    return stage.index(), ids


def test_a_sentence_that_its_record_holds_stands(told):
    index, ids = told
    assert not complaint(index, Claim("It ran `cat /etc/shadow`.", (ids["shadow"],)))


@pytest.mark.parametrize(
    ("text", "seed", "why"),
    [
        ("It ran `cat /etc/gshadow`.", "shadow", "no cited record holds"),
        ("It ran `cat /etc/shadow`.", "cron", "no cited record holds"),
        (f"It spoke to {ATTACKER}.", "fetch", "without quoting"),
        ("It read /root/.ssh/id_rsa.", "shadow", "without quoting"),
        ("It ran ``.", "shadow", "no cited record holds"),
    ],
)
def test_a_sentence_that_says_more_is_refused(told, text, seed, why):
    index, ids = told
    assert why in complaint(index, Claim(text, (ids[seed],)))


def test_a_sentence_without_records_or_with_foreign_ones_is_refused(told):
    index, _ = told
    assert complaint(index, Claim("All is well.", ())) == "cites no record"
    assert "not there" in complaint(index, Claim("All is well.", ("made.log#999999",)))


def test_a_hostile_value_is_quoted_so_that_it_cannot_close_its_quotes():
    assert quoted("a`b\x1b[2J\u202e") == "`a'b\\u{001B}[2J\\u{202E}`"
    assert len(quoted("x" * 100_000)) < 200
