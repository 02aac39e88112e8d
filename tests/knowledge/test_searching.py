"""Search: what is named comes first, words and meaning are put together, procedures speak for their technique."""

from pathlib import Path

import pytest

from tests.knowledge.sources import WordCounter, feeds
from watchfloor.base.errors import UsageError
from watchfloor.base.settings import Settings
from watchfloor.knowledge.building import build
from watchfloor.knowledge.knowledge_base import KnowledgeBase
from watchfloor.knowledge.searching import Blend, fused
from watchfloor.knowledge.wording import ids_in, question_terms, stem, terms


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("knowledge")
    build(place / "kb", [str(feeds(place / "feeds"))], Settings(), WordCounter())
    return place / "kb"


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("T1003.001", "T1003.001"),
        ("what is t1003.001?", "T1003.001"),
        ("cve-2021-44228", "CVE-2021-44228"),
        ("CWE-502", "CWE-502"),
        ("HashThief", "S9001"),
        ("test panda", "G9001"),
        ("AAAAAAAA-0000-4000-8000-000000000001", "aaaaaaaa-0000-4000-8000-000000000001"),
    ],
)
def test_what_is_named_comes_first(folder: Path, question: str, first: str) -> None:
    with KnowledgeBase.open(folder, WordCounter()) as base:
        found = base.search(question)
        assert (found[0].id, found[0].exact, found[0].score) == (first, True, 1.0)
        assert [each.score for each in found] == sorted((each.score for each in found), reverse=True)


def test_a_revoked_id_brings_its_successor(folder: Path) -> None:
    with KnowledgeBase.open(folder) as base:
        assert [each.id for each in base.search("T1086")[:2]] == ["T1086", "T1059.001"]


def test_a_procedure_speaks_for_its_technique_with_its_own_words_and_source(folder: Path) -> None:
    with KnowledgeBase.open(folder, WordCounter()) as base:
        first = base.search("reads hashes with procdump out of a running service", ("technique",))[0]
        assert (first.id, first.evidence) == ("T1003.001", "S9001>T1003.001")
        assert "procdump" in first.snippet
        assert {each.kind for each in base.search("procdump hashes")}.isdisjoint({"procedure", "test"})
        assert base.search("procdump hashes", ("procedure",))[0].id == "S9001>T1003.001"


def test_kinds_by_the_words_people_use(folder: Path) -> None:
    with KnowledgeBase.open(folder) as base:
        assert {each.kind for each in base.search("log4j jndi", ("kev", "cve"))} == {"exploited", "vulnerability"}
        with pytest.raises(UsageError, match="no kind 'nonsense'"):
            base.search("x", ("nonsense",))


@pytest.mark.parametrize(
    "question", ["", "   ", '"', "NEAR(", "a OR b AND * ^", "'; DROP TABLE documents; --", "\ud800", "x" * 99_999]
)
def test_no_question_is_a_command_of_the_database(folder: Path, question: str) -> None:
    with KnowledgeBase.open(folder, WordCounter()) as base:
        base.search(question)
        assert base.get("T1003.001")


def test_a_time_before_everything_is_refused(folder: Path) -> None:
    with KnowledgeBase.open(folder) as base:
        with pytest.raises(UsageError, match="no edition by 2001-01-01"):
            base.search("x", as_of="2001-01-01")
        with pytest.raises(UsageError, match="no edition 99"):
            base.search("x", as_of="99")
        assert base.search("procdump", as_of="2999-12-31")


def test_both_opinions_count_and_one_alone_is_itself() -> None:
    words, cosines = {1: 8.0, 2: 4.0}, {2: 0.9, 3: 0.45}
    assert fused(words, {}, Blend(1.0, 0.0)) == {1: 1.0, 2: 0.5}
    assert fused({}, cosines, Blend(0.0, 1.0)) == {2: 1.0, 3: 0.5}
    both = fused(words, cosines, Blend(0.5, 0.5))
    assert max(both, key=lambda each: both[each]) == 2


def test_words_keep_ids_whole_fold_endings_and_pair_chinese_characters() -> None:
    assert "t1059.001" in terms("See T1059.001.")
    assert stem("dumping") == stem("dumped") == stem("dumps") == stem("dump")
    assert stem("executing") == stem("executes") == stem("execute")
    assert stem("policies") == stem("policy")
    assert terms("凭据转储") == ["凭据", "据转", "转储"]
    assert {"credential", "dump"} <= set(question_terms("如何检测凭据转储"))
    assert ids_in("cve-2021-44228, CWE-79, S0154; T1003.001. 1T1003 T10031") == [
        "CVE-2021-44228",
        "CWE-79",
        "S0154",
        "T1003.001",
    ]
