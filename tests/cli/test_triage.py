"""``watchfloor triage`` on the bundled recording: every subtask is settled by somebody, with a reason and records."""

import json
from pathlib import Path

import pytest

from watchfloor.cli.main import main
from watchfloor.operations.subtasks import TABLE

RECORDING = Path(__file__).resolve().parents[2] / "src" / "watchfloor" / "bundled" / "recording"


def test_the_table_is_printed_in_full(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["triage", "--table"]) == 0
    said = capsys.readouterr().out
    assert all(f"{name}: {row.question}?" in said for name, row in TABLE.items())


def test_without_input_it_says_what_to_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["triage"]) == 2
    assert "Name an INPUT" in capsys.readouterr().err


def test_every_subtask_of_every_scene_is_settled_with_a_reason(tmp_path: Path) -> None:
    out = tmp_path / "triage.jsonl"
    assert main(["triage", str(next(RECORDING.glob("*.log.zst"))), "--most-cases", "1", "--json", str(out)]) == 0
    lines = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    *scenes, summary = lines
    assert scenes and summary["type"] == "summary" and summary["triaged"] == len(scenes)
    for scene in scenes:
        assert [each["subtask"] for each in scene["settled"]] == list(TABLE)
        for each in scene["settled"]:
            assert each["why"] and each["mind"] in ("fast", "slow", "person")
    verdicts = [next(e for e in scene["settled"] if e["subtask"] == "verdict") for scene in scenes]
    assert any(each["answer"] == "malicious" and each["event_ids"] for each in verdicts)
    assert all(
        next(e for e in scene["settled"] if e["subtask"] == "response choice")["mind"] == "person" for scene in scenes
    )
    counted = summary["subtasks"]["verdict"]
    assert sum(counted.get(mind, 0) for mind in ("fast", "slow", "person")) == len(scenes)


def test_fast_only_asks_no_investigator(tmp_path: Path) -> None:
    out = tmp_path / "triage.jsonl"
    assert main(["triage", str(next(RECORDING.glob("*.log.zst"))), "--fast-only", "--json", str(out)]) == 0
    *scenes, _ = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert all(each["mind"] != "slow" for scene in scenes for each in scene["settled"])
