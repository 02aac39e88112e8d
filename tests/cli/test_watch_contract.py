"""The command contract of ``watchfloor watch``: JSON shapes, files, exit codes."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from cli_stage import FakeWatched, Stage, make_account, make_scene

from watchfloor.base.account import Account
from watchfloor.cli.main import main


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture
def three(stage: Stage) -> Stage:
    scenes = (make_scene("malicious"), make_scene("suspicious"), make_scene("benign"))
    stage.watched = FakeWatched(scenes=scenes)
    return stage


def test_json_goes_to_standard_output_and_nothing_else_does(three: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["watch", "a.evtx", "b/", "--json", "-"]) == 0
    out, err = capsys.readouterr()
    assert [record["type"] for record in lines(out)] == ["scene", "scene", "summary"]
    assert err == ""
    assert three.inputs == ["a.evtx", "b/"]


def test_a_scene_line_has_the_contracts_keys(three: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    main(["watch", "a", "--json", "-"])
    scene = lines(capsys.readouterr().out)[0]
    assert scene["verdict"] == "malicious"
    assert scene["root_process"]["pid"] == 4242
    assert set(scene) >= {
        *("scene_id", "source", "host", "start", "end", "events", "frames", "score"),
        *("tactics", "techniques", "processes", "key_frames"),
    }
    assert scene["start"] == "2026-03-01T12:00:00.000000Z"
    assert scene["techniques"] == [{"id": "T1033", "score": 0.88}]
    assert set(scene["key_frames"][0]) >= {"event_id", "time", "actor", "action", "object", "weight"}
    assert set(scene["processes"][0]) >= {"pid", "guid", "image", "start", "score"}


def test_the_summary_line_keeps_the_books(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    books = make_account(inputs=2, missing_times=1)
    books.reject_record("a.json", "7", "not JSON")
    books.reject_source("b.pcap", "0", "a packet capture, not events")
    stage.watched = FakeWatched(scenes=(make_scene("benign"),), account=books)
    assert main(["watch", "a.json", "b.pcap", "--json", "-"]) == 3
    (summary,) = lines(capsys.readouterr().out)
    assert summary["events_read"] == summary["events_kept"] + summary["events_rejected"] == 4
    assert (summary["inputs"], summary["scenes"], summary["scenes_written"]) == (2, 1, 0)
    assert summary["rejected"] == [
        {"source": "a.json", "where": "7", "why": "not JSON"},
        {"source": "b.pcap", "where": "0", "why": "a packet capture, not events"},
    ]
    assert summary["rejected_reasons"][0] == {"source": "a.json", "why": "not JSON", "count": 1}
    assert (summary["missing_times"], summary["verdicts"]) == (1, {"benign": 1})
    assert isinstance(summary["seconds"], float)


def test_every_key_is_documented(three: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    main(["watch", "a", "--json", "-"])
    records = lines(capsys.readouterr().out)
    page = (Path(__file__).resolve().parents[2] / "docs" / "settings.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"`(\w+)`", page))
    nested = [*records[0]["processes"], *records[0]["key_frames"], *records[0]["techniques"]]
    for record in (*records, records[0]["root_process"], *nested):
        assert set(record) <= documented


def test_all_scenes_writes_the_benign_ones_too(three: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    main(["watch", "a", "--json", "-", "--all-scenes"])
    records = lines(capsys.readouterr().out)
    assert [record.get("verdict") for record in records] == ["malicious", "suspicious", "benign", None]
    assert records[-1]["scenes_written"] == 3


def test_files_are_written_and_named(three: Stage, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    film, scenes, layer = (tmp_path / name for name in ("film.html", "scenes.jsonl", "layer.json"))
    code = main(["watch", "a", "--report", str(film), "--json", str(scenes), "--navigator", str(layer)])
    assert code == 0
    assert film.read_text().startswith("<html>")
    assert three.watched.closed, "temporary files are freed"
    assert [record["type"] for record in lines(scenes.read_text())] == ["scene", "scene", "summary"]
    assert json.loads(layer.read_text())["techniques"][0]["techniqueID"] == "T1033"
    assert capsys.readouterr().out.rstrip().endswith(str(film))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["film.html", "layer.json", "scenes.jsonl"]


def test_quiet_prints_nothing(three: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["watch", "a", "--quiet"]) == 0
    assert capsys.readouterr() == ("", "")


def test_workers_reach_the_settings(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHFLOOR_WORKERS", "7")
    main(["watch", "a", "--quiet"])
    assert stage.settings.workers == 7
    main(["watch", "a", "--quiet", "--workers", "2"])
    assert stage.settings.workers == 2


def test_no_event_at_all_is_said_not_hidden(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    empty = Account(inputs=1)
    empty.reject_source("empty.log", "0", "an empty file")
    stage.watched = FakeWatched(account=empty, hosts=())
    assert main(["watch", "empty.log"]) == 3
    out = capsys.readouterr().out
    assert "nothing was judged" in out
    assert "1 × empty.log: an empty file" in out


def test_a_file_name_that_is_no_text_still_gives_json(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    stage.watched = FakeWatched(scenes=(make_scene(source="caf\udce9.log"),))
    assert main(["watch", "a", "--json", "-"]) == 0
    assert lines(capsys.readouterr().out)[0]["source"] == "caf\\udce9.log"
