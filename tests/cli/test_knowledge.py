"""``watchfloor knowledge``: words, JSON lines, exit codes and pictures."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.knowledge.sources import WordCounter, feeds

from watchfloor.base.errors import InputError, UsageError
from watchfloor.cli import knowledge_shelf
from watchfloor.cli.knowledge_lookup import knowledge_at
from watchfloor.cli.main import main
from watchfloor.knowledge import fetching


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty knowledge base by setting, and an encoder that needs no backbone."""
    monkeypatch.setattr(knowledge_shelf, "open_encoder", lambda _: WordCounter())
    monkeypatch.setenv("WATCHFLOOR_KNOWLEDGE_DIR", str(tmp_path / "kb"))
    feeds(tmp_path / "feeds")
    return tmp_path


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_build_search_add_and_path_in_json_lines(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["knowledge", "build", "--from", str(place / "feeds"), "--json", "-"]) == 0
    (summary,) = lines(capsys)
    assert (summary["type"], summary["edition"], summary["records_rejected"]) == ("summary", 1, 0)
    (place / "own.md").write_text("# Playbook\nWhen LSASS is read, call Ada.")
    assert main(["knowledge", "add", str(place / "own.md"), "--json"]) == 0
    assert lines(capsys)[0]["documents"]["note"] == 1
    assert (
        main(["knowledge", "search", "dump lsass memory", "--kind", "technique,sigma", "--limit", "2", "--json", "-"])
        == 0
    )
    *answers, last = lines(capsys)
    assert [(each["type"], each["rank"]) for each in answers] == [("answer", 1), ("answer", 2)]
    assert {"id", "kind", "title", "passage", "evidence", "source", "score", "since"} <= answers[0].keys()
    assert (last["type"], last["answers"], last["words_only"]) == ("summary", 2, False)
    assert main(["knowledge", "path", "S9001", "d3fend", "--json", "-", "--html", str(place / "p.html")]) == 0
    way, last = lines(capsys)
    assert [node["id"] for node in way["nodes"]] == ["S9001", "T1003.001", "M1043", "D3-CTS"]
    assert all(link["source"] for link in way["links"])
    assert last["found"] == 1
    assert "<svg" in (place / "p.html").read_text()


def test_in_words(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["knowledge", "build", "--from", str(place / "feeds")])
    out = capsys.readouterr().out
    assert "Edition 1" in out
    assert "Passed over" in out
    main(["knowledge", "search", "T1003.001"])
    out = capsys.readouterr().out
    assert "1. T1003.001  LSASS Memory  (technique, named)" in out
    assert "enterprise-attack.json, 18.1" in out
    main(["knowledge", "path", "T1003.001", "--dot", str(place / "g.dot")])
    out = capsys.readouterr().out
    assert "← mitigates M1043  Credential Access Protection" in out
    assert (place / "g.dot").read_text().startswith("digraph")
    main(["knowledge", "search", "T1003.001", "--versions"])
    assert "in force" in capsys.readouterr().out


def test_exit_codes(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["knowledge", "search", "x"]) == 2
    assert "watchfloor knowledge build" in capsys.readouterr().err
    assert main(["knowledge", "build", "--from", str(place / "gone")]) == 3
    (place / "feeds" / "bad.json").write_text('{"type": "bundle", ')
    assert main(["knowledge", "build", "--from", str(place / "feeds"), "--json", "-"]) == 3
    assert lines(capsys)[-1]["rejected"][0]["why"].startswith("is no JSON")
    assert main(["knowledge", "build", "--from", str(place / "feeds"), "--only", "cwe"]) == 2
    assert main(["knowledge", "path", "nobody", "rule"]) == 2
    assert main(["knowledge", "search", "x", "--kind", "poem"]) == 2
    assert main(["knowledge", "path", "T1003.001", "CWE-502", "--via", "rule"]) == 0
    assert "No way leads to CWE-502" in capsys.readouterr().out


def test_a_build_without_a_network_says_what_to_do(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def unreachable(*_: object, **__: object) -> None:
        raise InputError("https://example.org cannot be reached: no network.")

    monkeypatch.setattr(fetching, "download", unreachable)
    assert main(["knowledge", "build"]) == 3
    assert "--from" in capsys.readouterr().err
    assert not (place / "kb").exists()


def test_an_investigator_looks_things_up_where_a_base_was_built(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert knowledge_at(None) is None  # the setting names a folder where nothing was built yet
    assert main(["knowledge", "build", "--from", str(place / "feeds"), "--json", "-"]) == 0
    capsys.readouterr()
    found = knowledge_at(None)
    assert found is not None
    passages = found.look_up("dump lsass memory", 3)
    assert 0 < len(passages) <= 3
    assert all(each["title"] and each["text"] and each["source"] for each in passages)
    with pytest.raises(UsageError):
        knowledge_at(str(place / "nothing here"))
