"""Building: every format is understood, nothing is lost in silence, older versions stay, nothing is encoded twice."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.knowledge import sources
from tests.knowledge.sources import WordCounter, feeds, zipped
from watchfloor.base.errors import InputError, RefusedError, UsageError
from watchfloor.base.settings import Settings
from watchfloor.knowledge.building import Built, add, build
from watchfloor.knowledge.database import connect, transaction
from watchfloor.knowledge.knowledge_base import KnowledgeBase

SETTINGS = Settings()


def built(tmp_path: Path, **settings: int) -> Built:
    return build(tmp_path / "kb", [str(tmp_path / "feeds")], replace(SETTINGS, **settings), WordCounter())


def why(done: Built) -> str:
    return " | ".join(each.why for each in done.account.rejections)


def test_every_public_format_is_understood(tmp_path: Path) -> None:
    feeds(tmp_path / "feeds")
    done = built(tmp_path)
    assert done.account.rejections == []
    assert done.by_kind == {
        "binary": 2, "countermeasure": 1, "exploited": 1, "group": 1, "mitigation": 1, "pattern": 1, "procedure": 2,
        "rule": 1, "software": 1, "technique": 4, "vulnerability": 2, "weakness": 1,
    }  # fmt: skip
    assert [Path(name.partition("::")[2]).name for name in done.passed_over] == ["README.md"]
    with KnowledgeBase.open(tmp_path / "kb") as base:
        (lsass,) = base.get("T1003.001")
        assert lsass.passages[0].text == sources.LSASS.partition("(")[0]
        assert lsass.origin.version == "18.1"
        assert base.get("CWE-502")[0].origin.version == "4.18"
        assert "JNDI" in {each.kind: each for each in base.get("CVE-2021-44228")}["vulnerability"].passages[0].text
        links = {
            (each.start, each.relation, each.end) for id in ("CWE-502", "T1003.001") for each, _ in base.neighbours(id)
        }
        assert ("CVE-2021-44228", "has-weakness", "CWE-502") in links
        assert ("CAPEC-586", "exploits-weakness", "CWE-502") in links
        assert ("aaaaaaaa-0000-4000-8000-000000000001", "detects", "T1003.001") in links


def test_quiet_cves_get_no_vector_unless_asked(tmp_path: Path) -> None:
    feeds(tmp_path / "feeds")
    assert built(tmp_path).passages_left == 1
    everything = build(tmp_path / "kb", [str(tmp_path / "feeds")], SETTINGS, WordCounter(), encode="all")
    assert (everything.encoded, everything.passages_left) == (1, 0)


def test_a_second_build_encodes_nothing_and_makes_no_edition(tmp_path: Path) -> None:
    feeds(tmp_path / "feeds")
    first, encoder = built(tmp_path), WordCounter()
    again = build(tmp_path / "kb", [str(tmp_path / "feeds")], SETTINGS, encoder)
    assert (first.edition, again.edition, again.changes.unchanged, encoder.texts) == (1, 0, 18, 0)


def test_a_newer_source_keeps_what_it_said_before(tmp_path: Path) -> None:
    place = feeds(tmp_path / "feeds") / "enterprise-attack.json"
    built(tmp_path)
    place.write_text(
        json.dumps(sources.bundle("19.0", "Adversaries may read LSASS with a driver.", without="malware--1"))
    )
    newer = built(tmp_path)
    assert (newer.changes.replaced, newer.changes.withdrawn) == (1, 2)  # the software, and its procedure
    with KnowledgeBase.open(tmp_path / "kb") as base:
        now, before = base.get("T1003.001", versions=True)
        assert "driver" in now.passages[0].text
        assert not now.until
        assert "dump the memory" in before.passages[0].text
        assert before.until == now.since
        assert base.get("S9001") == []
        assert [each.id for each in base.search("Grabber", as_of="1")][:1] == ["S9001"]
        assert "S9001" not in {each.id for each in base.search("Grabber")}
        assert base.search("T1003.001")[0].origin.version == "19.0"
        assert "dump" in base.search("T1003.001", as_of="1")[0].snippet


def test_a_source_that_was_read_in_part_withdraws_nothing(tmp_path: Path) -> None:
    place = feeds(tmp_path / "feeds") / "enterprise-attack.json"
    built(tmp_path)
    place.write_text(json.dumps(sources.bundle())[:-20])
    cut = built(tmp_path)
    assert "is no JSON" in why(cut)
    assert cut.changes.withdrawn == 0
    assert cut.by_kind["technique"] == 4


def test_another_encoder_makes_all_vectors_anew(tmp_path: Path) -> None:
    feeds(tmp_path / "feeds")
    first = built(tmp_path)
    again = build(tmp_path / "kb", [str(tmp_path / "feeds")], SETTINGS, WordCounter("words-2"))
    assert again.encoded == first.encoded
    assert len(list((tmp_path / "kb").glob("vectors-*.f16"))) == 1
    with KnowledgeBase.open(tmp_path / "kb", WordCounter()) as base:
        assert "another backbone" in base.without_vectors
        assert base.search("procdump")  # by words


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.json", b'{"type": "bundle", "objects": [', "is no JSON"),
        (
            "a.json",
            b'{"type": "bundle", "objects": [{"type": "malware", "id": "x", "external_references": [7]}]}',
            "shape",
        ),
        ("a.xml", b'<!DOCTYPE x [<!ENTITY a "b">]><Weakness_Catalog>&a;</Weakness_Catalog>', "is no XML"),
        ("a.xml", b"<Weakness_Catalog><Weakness", "is no XML"),
        ("a.yml", b"title: x\ndetection:\n  - [" + b"[" * 5000, "nested too deeply"),
        ("a.yml", b"title: x\ndetection: &a\n  b: !!python/object/apply:os.system [id]\n", "is no YAML"),
        ("a.yml", b"detection:\n" + b"  - *a\n" * 200, "more aliases"),
        ("a.yml", b"title: no id\ndetection: {}\n", "without id or title"),
        ("kev.json", b'{"vulnerabilities": [{"cveID": "rm -rf", "vulnerabilityName": "x"}]}', "is no CVE id"),
        ("a.zip", b"PK\x03\x04 and then nothing that is a zip", "zip"),
        ("rows.jsonl", b'{"id": "CVE-2020-1", "desc": "x"}\n', ""),
        ("rows.jsonl", b'{"id": "CVE-2020-10001", "desc": "x"}\n{"id": 7}\n{broken\n', "is no JSON"),
    ],
)
def test_hostile_sources_are_named_and_the_rest_is_read(tmp_path: Path, name: str, content: bytes, reason: str) -> None:
    (feeds(tmp_path / "feeds") / name).write_bytes(content)
    done = built(tmp_path)
    assert done.by_kind["technique"] == 4
    assert reason in why(done)
    assert bool(done.account.rejections) == bool(reason)
    assert done.account.records_read == done.account.kept + done.account.rejected_records


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    (feeds(tmp_path / "feeds") / "bomb.zip").write_bytes(zipped({"a.json": b'{"type": "bundle"' + b" " * 3_000_000}))
    assert "archive bomb" in why(built(tmp_path, max_expanded_bytes=1_000_000))


def test_nothing_is_written_where_the_build_fails(tmp_path: Path) -> None:
    feeds(tmp_path / "feeds")
    built(tmp_path)
    before = connect(tmp_path / "kb").execute("SELECT count(*) FROM documents").fetchone()
    base = connect(tmp_path / "kb", write=True)
    with pytest.raises(KeyboardInterrupt), transaction(base):
        base.execute("DELETE FROM documents")
        raise KeyboardInterrupt
    assert base.execute("SELECT count(*) FROM documents").fetchone() == before
    other = connect(tmp_path / "kb", write=True)
    other.execute("PRAGMA busy_timeout = 10")
    with transaction(base), pytest.raises(RefusedError, match="another build"), transaction(other):
        pass
    base.close()
    other.close()


def test_folders_that_are_none_of_ours(tmp_path: Path) -> None:
    feeds(tmp_path / "feeds")
    with pytest.raises(InputError, match="no such file"):
        build(tmp_path / "kb", [str(tmp_path / "gone")], SETTINGS, None)
    with pytest.raises(UsageError, match="holds something else"):
        build(tmp_path / "feeds" / "_gtfobins", [str(tmp_path / "feeds" / "kev.json")], SETTINGS, None)
    with pytest.raises(UsageError, match="lies in"):
        build(tmp_path / "feeds" / "kb", [str(tmp_path / "feeds")], SETTINGS, None)
    with pytest.raises(UsageError, match="no knowledge base"):
        KnowledgeBase.open(tmp_path / "gone")
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "knowledge.sqlite").write_bytes(b"not a database, however long it may be" * 99)
    with pytest.raises(InputError, match="damaged"):
        KnowledgeBase.open(tmp_path / "bad")


def test_own_documents_and_public_knowledge_stand_side_by_side(tmp_path: Path) -> None:
    feeds(tmp_path / "feeds")
    built(tmp_path)
    (tmp_path / "own.md").write_text("# Our playbook\n\nWhen LSASS is read (T1003.001), call Ada.\n")
    done = add(tmp_path / "kb", [str(tmp_path / "own.md")], SETTINGS, WordCounter())
    assert done.changes.withdrawn == 0
    with KnowledgeBase.open(tmp_path / "kb") as base:
        assert any(node.kind == "note" for _, node in base.neighbours("T1003.001"))
