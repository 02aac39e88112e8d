"""Screen and rules are measured on the same recordings; what a rule made or an intruder did is never ordinary work."""

import csv
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from watchfloor.base.settings import Settings
from watchfloor.lab import (
    catalogue,
    corpus,
    cross,
    measure_rules,
    measure_rules_figures,
    measure_rules_hunting,
    measure_rules_screen,
)
from watchfloor.lab.measure_rules_figures import Sight
from watchfloor.lab.measure_rules_hunting import Hunters, State
from watchfloor.rules.cache import ruleset

RULE = """title: Shadow Copies Deleted
id: 11111111-2222-3333-4444-555555555555
status: test
level: {level}
logsource: {{category: process_creation, product: windows}}
tags: [attack.t1490]
detection:
    selection:
        CommandLine|contains: {words}
    condition: selection
"""
CALM = ("notepad a.txt", "calc", "mspaint b.png", "winver")
DELETED = "vssadmin delete shadows /all"
COLUMNS = ("source", "path", "n_events", "label", "tactics", "techniques", "dup_of", "lab")


def launch(number: int, command: str) -> dict[str, Any]:
    return {
        "EventID": 1,
        "Channel": "Microsoft-Windows-Sysmon/Operational",
        "Hostname": "ws1",
        "EventTime": f"2026-01-01 10:{number:02}:00",
        "UtcTime": f"2026-01-01 10:{number:02}:00.000",
        "Image": f"C:\\Windows\\System32\\{command.split()[0]}.exe",
        "CommandLine": command,
        "ProcessGuid": f"{{{number:036d}}}",
        "ProcessId": str(100 + number),
        "ParentProcessGuid": f"{{{900 + number:036d}}}",
        "ParentProcessId": str(5000 + number),
        "ParentImage": "C:\\Windows\\explorer.exe",
        "User": "corp\\mlind",
    }


def written(path: Path, commands: tuple[str, ...]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(launch(n, c)) + "\n" for n, c in enumerate(commands)), "utf-8")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two labs with an attack and ordinary work each, and a recording that exists because a rule fires on it."""
    folder = tmp_path / "data" / "edr"
    rows = []
    for lab in ("alpha", "beta"):
        written(folder / lab / "attack.json", (*CALM, DELETED))
        written(folder / lab / "calm.json", CALM)
        rows += [(lab, f"{lab}/attack.json", "malicious"), (lab, f"{lab}/calm.json", "benign")]
    written(folder / "beta" / "quiet.json", ("net user eve /add",))
    written(folder / "sigma_regression" / "one.json", (DELETED,))
    rows += [("beta", "beta/quiet.json", "malicious"), ("sigma_regression", "sigma_regression/one.json", "malicious")]
    with (folder / "index.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, COLUMNS)
        table.writeheader()
        for source, path, label in rows:
            known = {"source": source, "path": path, "n_events": 5, "label": label, "lab": "", "tactics": ""}
            table.writerow(known | {"techniques": "T1490" if label == "malicious" else "", "dup_of": ""})
    return folder


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "high.yml").write_text(RULE.format(level="high", words="delete shadows"), "utf-8")
    (folder / "low.yml").write_text(RULE.format(level="low", words="winver").replace("1111", "9999"), "utf-8")
    return folder


@pytest.fixture
def hunters(rules: Path, tmp_path: Path) -> Hunters:
    found = ruleset([str(rules)], Settings(cache_dir=str(tmp_path / "cache")))
    return Hunters({measure_rules.THEIRS: found, measure_rules.OURS: found})


def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, *words: str) -> dict[str, Any]:
    out = tmp_path / "out.json"
    monkeypatch.setenv("WATCHFLOOR_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(sys, "argv", ["measure_rules", *words, "--json", str(out)])
    measure_rules.main()
    found: dict[str, Any] = json.loads(out.read_text("utf-8"))
    return found


def test_rules_alone_need_no_corpus(
    data: Path, rules: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = run(monkeypatch, tmp_path, "--data", str(data), "--rules", str(rules))
    assert found["attack recordings"] == 3, "what a rule made is not measured"
    assert found["detection"]["rules, high or worse"]["share"] == pytest.approx(2 / 3)
    assert found["naming"]["rules, high or worse"]["share"] == pytest.approx(2 / 3)
    alarmed = found["false alarms"]["third-party"]["alarmed"]
    assert (alarmed["rules, low or worse"]["alarms"], alarmed["rules, low or worse"]["launches"]) == (2, 8)
    assert alarmed["rules, medium or worse"]["alarms"] == 0
    assert not any("screen" in name for name in found["detection"])
    assert "| rules, high or worse | 66.7%" in capsys.readouterr().out


def test_screen_rules_and_both_on_the_same_recordings(
    data: Path, rules: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, state = tmp_path / "corpus.npz", tmp_path / "state.jsonl"
    words = ["corpus", str(data.parent), str(made), "--source", "alpha", "--source", "beta"]
    monkeypatch.setattr(sys, "argv", words)
    corpus.main()
    own = tmp_path / "own"
    written(own / "host.log", (*CALM, DELETED))
    words = ["--data", str(data), "--rules", str(rules), "--corpus", str(made), "--state", str(state)]
    monkeypatch.setattr(sys, "argv", ["cross", str(made), str(tmp_path / "scores"), "--by", "lab"])
    cross.main()
    words += ["--scores", str(tmp_path / "scores"), "--ordinary", str(own)]
    found = run(monkeypatch, tmp_path, *words)
    square = found["screen malicious, rules high or worse"]["all"]
    assert sum(cell["count"] for cell in square.values()) == 3
    assert "own" in found["false alarms"]
    detection = found["detection"]
    both, either = (detection[f"{w} (malicious, rules high)"]["share"] for w in ("both agree", "either"))
    alone = [detection[name]["share"] for name in ("screen, malicious", "rules, high or worse")]
    assert both + either == pytest.approx(sum(alone))
    monkeypatch.setattr(measure_rules, "hunt_attack", None)
    monkeypatch.setattr(measure_rules, "hunt_folder", None)
    monkeypatch.setattr(measure_rules_screen, "out_of_lab", None)
    assert run(monkeypatch, tmp_path, *words) == found, "a second run does nothing again"


def test_a_line_cut_short_is_done_again(tmp_path: Path) -> None:
    path = tmp_path / "state.jsonl"
    State.open(path).add({"kind": "attack", "name": "one"})
    path.write_bytes(path.read_bytes() + b'{"kind":"attack","na')
    state = State.open(path)
    assert list(state.kept) == [("attack", "one")]
    state.add({"kind": "attack", "name": "two"})
    assert list(State.open(path).kept) == [("attack", "one"), ("attack", "two")]


def test_ordinary_work_ends_where_the_intruder_comes(
    data: Path, hunters: Hunters, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = datetime(2026, 1, 1, 10, 3, tzinfo=UTC)
    monkeypatch.setitem(catalogue.ORDINARY_UNTIL, "alpha/calm.json", moment)
    (calm,) = [r for r in measure_rules.measured(data) if r.name == "alpha/calm.json"]
    hunted = measure_rules_hunting.hunt_benign(calm, hunters)
    scenes = measure_rules.scenes_of(hunted, "alpha", "left out")
    assert len(scenes) == 3
    assert not any(measure_rules_figures.at_least(measure_rules.THEIRS, "low")(scene) for scene in scenes)


def test_a_fork_is_no_process_creation(tmp_path: Path) -> None:
    from watchfloor.base.events import to_batch

    rows = [
        {"action": "process.launch", "status_detail": "fork"},
        {"action": "process.launch"},
        {"action": "file.read"},
    ]
    assert measure_rules_hunting.launches(to_batch(rows)).tolist() == [False, True, False]


def test_verdicts_of_another_corpus_are_refused() -> None:
    scenes = [{"number": 4}, {"number": 6}]
    measure_rules_screen.join(scenes, {"0": [0.1, False, False, 0.2], "2": [0.9, True, True, 0.3]})
    assert [scene["left out"][1] for scene in scenes] == [False, True]
    with pytest.raises(ValueError, match="make the corpus again"):
        measure_rules_screen.join(scenes, {"0": [0.1, False, False, 0.2], "1": [0.9, True, True, 0.3]})


def sight(p: float, level: str | None, lab: str = "a", launches: int = 1) -> Sight:
    rules = [["id", "title", level, 2, ["T1490.001"]]] if level else []
    return Sight("n", lab, launches, ("T1490",), (p, p >= 0.8, p >= 0.5, 1 - p), {"rules": rules})


def test_intervals_are_the_published_ones() -> None:
    none, three = measure_rules_figures.rate(0, 1000), measure_rules_figures.rate(3, 1000)
    assert (none["low"], none["high"]) == (0, pytest.approx(3.689, abs=1e-3))
    assert (three["low"], three["high"]) == (pytest.approx(0.6187, abs=1e-4), pytest.approx(8.7673, abs=1e-4))
    assert measure_rules_figures.rate(2, 0)["rate"] is None
    low, high = measure_rules_figures.over_labs(np.asarray([True, True, False]), ["a", "a", "b"])
    assert (low, high) == (0, 1)


def test_who_sees_what_is_counted_once() -> None:
    attacks = [sight(0.9, "high"), sight(0.9, "low"), sight(0.1, "critical"), sight(0.6, None, "b")]
    high = measure_rules_figures.at_least("rules", "high")
    square = measure_rules_figures.two_by_two(attacks, measure_rules_figures.malicious, high)
    assert [square["all"][k]["count"] for k in ("both", "only first", "only second", "neither")] == [1, 1, 1, 1]
    assert square["b"]["neither"]["count"] == 1
    seers = measure_rules_figures.watchers(["rules"], screened=True)
    seen = measure_rules_figures.detection(attacks, seers)
    assert seen["either (suspicious, rules medium)"]["share"] == 1
    assert seen["both agree (suspicious, rules high)"]["share"] == 0.25
    sides = measure_rules_figures.one_sided(attacks, measure_rules_figures.malicious, high, "rules")
    assert [len(sides[k]) for k in ("only screen", "only rules")] == [1, 1]
    assert measure_rules_figures.naming(attacks, "rules")["rules, high or worse"]["share"] == 0.5


def test_a_log_the_lab_cleared_itself_can_be_set_aside() -> None:
    cleared = [["id", "Security Eventlog Cleared", "high", 1, []]]
    attacks = [Sight("n", "a", 1, (), None, {"rules": cleared}), sight(0, "high")]
    seen = measure_rules_figures.detection(attacks, measure_rules_figures.watchers(["rules"], screened=False))
    assert seen["rules, high or worse"]["share"] == 1.0
    assert seen["rules, high or worse, log clearing aside"]["share"] == 0.5


def test_scores_are_compared_at_the_same_number_of_false_alarms() -> None:
    attacks = [sight(0.9, None), sight(0.55, None)]
    calm = [sight(0.6, None), sight(0.5, None), sight(0.1, None)]
    assert measure_rules_figures.at_alarms(attacks, calm, 0)["share"] == 0.5
    assert measure_rules_figures.at_alarms(attacks, calm, 1)["share"] == 1.0
    assert measure_rules_figures.at_alarms(attacks, calm, 3)["share"] == 1.0


def test_long_recordings_hit_an_alarm_by_chance() -> None:
    false = {"alarmed": {"rules": {"rate": 1000.0}, "none": {"rate": None}}}
    chance = measure_rules_figures.by_chance([sight(0, None, launches=0), sight(0, None, launches=50)], false)
    assert chance == {"rules": pytest.approx(0.5), "none": 0.0}
