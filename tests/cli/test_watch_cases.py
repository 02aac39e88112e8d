"""``watch`` opens cases on Linux: what it writes and says of them, and how they are left out."""

import csv
import io
import json
from pathlib import Path

import pytest
import zstandard
from cli_stage import FakeWatched, make_scene

from watchfloor.cli.main import main
from watchfloor.cli.summary import summarise
from watchfloor.cli.terminal import Terminal
from watchfloor.operations.gathering import MOST_CASES, Gathered

RECORDING = Path(__file__).resolve().parents[2] / "src" / "watchfloor" / "bundled" / "recording"


def told(gathered: Gathered, lang: str = "en") -> str:
    out = io.StringIO()
    summarise(FakeWatched(scenes=(make_scene(),)), Terminal(out), lang=lang, gathered=gathered)  # type: ignore[arg-type]
    return out.getvalue()


def watched(tmp_path: Path, *more: str) -> list[dict[str, object]]:
    out = tmp_path / "scenes.jsonl"
    log = str(next(RECORDING.glob("*.log.zst")))
    assert main(["watch", log, "--quiet", "--no-experts", "--all-scenes", "--json", str(out), *more]) == 0
    return [json.loads(line) for line in out.read_text("utf-8").splitlines()]


def test_a_scene_that_only_its_case_calls_malicious_is_of_the_intrusion(tmp_path: Path) -> None:
    lines = watched(tmp_path)
    scenes = [line for line in lines if line["type"] == "scene"]
    raised = [s for s in scenes if s["verdict"] == "malicious" and s["screen_verdict"] != "malicious"]
    with zstandard.open(next(RECORDING.glob("truth*.zst")), "rt", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    bad = {row["event_id"] for row in rows if row["label"] != "benign"}
    assert raised and lines[-1]["cases"] == {"opened": 1, "raised": len(raised), "left": 0}
    for scene in raised:
        told_by = scene["company"][-1]  # type: ignore[index]
        assert told_by["kind"] == "case" and told_by["scene_id"] in {s["scene_id"] for s in scenes}
        assert {frame["event_id"].rsplit("#", 1)[1] for frame in scene["key_frames"]} & bad  # type: ignore[attr-defined]


def test_with_no_cases_each_scene_stands_by_itself(tmp_path: Path) -> None:
    lines = watched(tmp_path, "--cases", "0")
    scenes = [line for line in lines if line["type"] == "scene"]
    assert all(scene["verdict"] == scene["screen_verdict"] for scene in scenes)
    assert lines[-1]["cases"] == {"opened": 0, "raised": 0, "left": 0}


def test_what_cases_brought_is_said_and_nothing_where_there_was_none() -> None:
    assert "Cases opened: 3." in told(Gathered((), 3, 41)) and "by themselves: 41." in told(Gathered((), 3, 41))
    assert "案件：展开 3 个" in told(Gathered((), 3, 41), "zh")
    assert "Cases" not in told(Gathered(()))


@pytest.mark.parametrize(("large", "words"), [(False, "--cases"), (True, "over a million events")])
def test_scenes_without_a_case_are_said_with_the_reason(large: bool, words: str) -> None:
    out = told(Gathered((), 0, 0, 7, large))
    assert "7 scenes that stand out opened no case" in out and words in out


def test_the_help_names_the_bound_that_holds(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["watch", "--help"]) == 0
    assert f"default {MOST_CASES}, 0 for none" in " ".join(capsys.readouterr().out.split())


def test_a_bound_that_is_no_number_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["watch", "a.log", "--cases", "many"]) != 0
    assert "many" in capsys.readouterr().err
