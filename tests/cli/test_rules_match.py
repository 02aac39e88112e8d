"""``watchfloor rules match``: the command contract of matches, and what it says when something is wrong."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.rules.events import written

from watchfloor.cli.main import main

IDS = {name: f"00000000-0000-4000-8000-00000000000{n}" for n, name in enumerate(("launch", "user", "low"), 1)}
RULES = {
    "launch.yml": f"""
title: Odd Launch
id: {IDS["launch"]}
status: test
author: Ada
level: high
tags: [attack.discovery, attack.t1033]
logsource: {{product: windows, category: process_creation}}
detection: {{s: {{Image|endswith: '\\odd.exe'}}, condition: s}}
""",
    "low.yml": f"""
title: Any Launch
id: {IDS["low"]}
level: low
logsource: {{product: windows, category: process_creation}}
detection: {{s: {{Image|endswith: .exe}}, condition: s}}
""",
    "admins.yml": f"""
title: Administrator
id: {IDS["user"]}
level: medium
logsource: {{product: windows, category: process_creation}}
detection: {{s: {{User|expand: '%admins%'}}, condition: s}}
""",
    "broken.yml": "title: Broken\nlogsource: {product: windows}\ndetection: {s: {A|nosuch: x}, condition: s}\n",
    "cloud.yml": "title: Cloud\nlogsource: {product: aws}\ndetection: {s: {A: x}, condition: s}\n",
}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHFLOOR_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("WATCHFLOOR_WORKERS", "1")


@pytest.fixture
def rules(tmp_path: Path) -> str:
    folder = tmp_path / "rules"
    folder.mkdir()
    for name, text in RULES.items():
        (folder / name).write_text(text)
    (folder / "README.md").write_text("no rule")
    return str(folder)


@pytest.fixture
def log(tmp_path: Path) -> str:
    records = [
        {"Image": "C:\\odd.exe", "User": "LAB\\ada"},
        {"Image": "C:\\even.exe", "User": "LAB\\bob", "Hostname": "ws2", "EventTime": "2026-03-01 10:00:09"},
    ]
    return str(written(tmp_path / "log.json", records))


def matched(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> tuple[list[Any], dict[str, Any]]:
    """Match lines and the summary of a run with ``--json -``."""
    assert main(["rules", "match", *arguments, "--json", "-"]) == code
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return records[:-1], records[-1]


def test_the_lines_of_the_contract(rules: str, log: str, capsys: pytest.CaptureFixture[str]) -> None:
    matches, summary = matched(capsys, log, "--rules", rules)
    odd = next(match for match in matches if match["level"] == "high")
    assert odd == {
        "type": "match",
        "rule_id": IDS["launch"],
        "title": "Odd Launch",
        "level": "high",
        "status": "test",
        "author": "Ada",
        "source": log,
        "host": "ws1.corp.example",
        "time": "2026-03-01T10:00:00.000000Z",
        "event_ids": [f"{log}#1"],
        "techniques": ["T1033"],
        "tactics": ["TA0007"],
        "group": [],
    }
    assert [match["title"] for match in matches].count("Any Launch") == 2
    assert len(matches) == 3
    assert {match["type"] for match in matches} == {"match"}
    assert summary["type"] == "summary"
    told = {name: summary[name] for name in ("matches", "rules_loaded", "rules_failed", "rules_without_input")}
    assert told == {"matches": 3, "rules_loaded": 3, "rules_failed": 2, "rules_without_input": 1}
    assert (summary["inputs"], summary["events_read"], summary["events_kept"], summary["events_rejected"]) == (
        1,
        2,
        2,
        0,
    )
    assert (summary["rejected"], summary["disabled"], summary["excepted"]) == ([], [], [])


def test_each_rule_that_cannot_be_used_is_named_with_the_reason(
    rules: str, log: str, capsys: pytest.CaptureFixture[str]
) -> None:
    _, summary = matched(capsys, log, "--rules", rules)
    failed = {one["title"]: one for one in summary["failed"]}
    assert failed.keys() == {"Broken", "Administrator"}
    assert failed["Broken"]["path"].endswith("broken.yml")
    assert "nosuch" in failed["Broken"]["why"]
    assert "%admins%" in failed["Administrator"]["why"]
    assert main(["rules", "match", log, "--rules", rules]) == 0
    out = capsys.readouterr().out
    assert "2 rules could not be used" in out
    assert "Broken: " in out


def test_rules_are_ranked_by_how_often_they_match(rules: str, log: str, capsys: pytest.CaptureFixture[str]) -> None:
    _, summary = matched(capsys, log, "--rules", rules)
    first, second = summary["by_rule"]
    assert first == {
        "rule_id": IDS["low"],
        "title": "Any Launch",
        "level": "low",
        "status": "",
        "author": "",
        "matches": 2,
        "excepted": 0,
        "hosts": 2,
        "share": 0.6667,
        "noisy": False,
        "first": "2026-03-01T10:00:00.000000Z",
        "last": "2026-03-01T10:00:09.000000Z",
    }
    assert (second["title"], second["matches"], second["share"]) == ("Odd Launch", 1, 0.3333)


def test_a_noisy_rule_is_called_noisy(rules: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    many = str(written(tmp_path / "many.json", [{"Image": f"C:\\{n}.exe"} for n in range(30)]))
    _, summary = matched(capsys, many, "--rules", rules)
    assert [row["noisy"] for row in summary["by_rule"]] == [True]
    assert main(["rules", "match", many, "--rules", rules]) == 0
    assert "30  noisy" in capsys.readouterr().out


def test_the_same_lines_in_a_file_and_words_on_the_screen(
    rules: str, log: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines, _ = matched(capsys, log, "--rules", rules)
    target = tmp_path / "matches.jsonl"
    assert main(["rules", "match", log, "--rules", rules, "--json", str(target)]) == 0
    *written_lines, summary = (json.loads(line) for line in target.read_text().splitlines())
    assert written_lines == lines
    assert summary["matches"] == len(lines)
    out = capsys.readouterr().out
    assert "3 matches of 2 rules." in out
    assert out.index("Odd Launch") < out.index("Any Launch"), "the gravest first"
    assert f"{log}#1" in out
    assert str(target) in out
    assert main(["rules", "match", log, "--rules", rules, "--json", str(target), "--quiet"]) == 0
    assert capsys.readouterr().out == ""


def test_mild_rules_are_left_out_by_level(rules: str, log: str, capsys: pytest.CaptureFixture[str]) -> None:
    matches, summary = matched(capsys, log, "--rules", rules, "--level", "medium")
    assert [match["title"] for match in matches] == ["Odd Launch"]
    assert summary["rules_loaded"] == 2  # the one for a cloud has no level, which counts as medium
    assert main(["rules", "match", log, "--rules", rules, "--level", "critical"]) == 0
    assert "No rule matched." in capsys.readouterr().out


def test_placeholders_load_a_rule(rules: str, log: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    site = tmp_path / "site.yml"
    for text in ("admins: ['*\\ada', '*\\eve']", "admins: '*\\ada'"):
        site.write_text(text)
        matches, summary = matched(capsys, log, "--rules", rules, "--placeholders", str(site))
        assert [match["event_ids"] for match in matches if match["title"] == "Administrator"] == [[f"{log}#1"]]
        assert [one["title"] for one in summary["failed"]] == ["Broken"]


def test_exceptions_are_counted_and_told(
    rules: str, log: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site = tmp_path / "site.yml"
    site.write_text(
        "exceptions:\n"
        f"- {{rule: {IDS['launch']}, disable: true, reason: reviewed}}\n"
        "- {rule: Any Launch, hosts: ws2, reason: a test machine}\n"
        "- {rule: Any Launch, hosts: ws1*, reason: over, until: 2020-01-01}\n"
        "- {rule: No Such Rule, disable: true, reason: gone}\n"
    )
    arguments = [log, "--rules", rules, "--exceptions", str(site)]
    matches, summary = matched(capsys, *arguments)
    assert [(match["title"], match["host"]) for match in matches] == [("Any Launch", "ws1.corp.example")]
    assert summary["disabled"] == [{"rule_id": IDS["launch"], "title": "Odd Launch", "reason": "reviewed"}]
    assert summary["excepted"] == [{"rule": "Any Launch", "reason": "a test machine", "matches": 1}]
    assert summary["exceptions_expired"] == ["Any Launch"]
    assert summary["exceptions_unused"] == ["No Such Rule"]
    assert [(row["matches"], row["excepted"]) for row in summary["by_rule"]] == [(1, 1)]
    assert main(["rules", "match", *arguments]) == 0
    out = capsys.readouterr().out
    for line in (
        "Excepted: 1 matches of Any Launch (a test machine).",
        "Switched off: Odd Launch (reviewed).",
        "An exception for Any Launch has expired",
        "An exception is about No Such Rule, which no rule is called.",
    ):
        assert line in out


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["{log}"], 2, "--rules"),
        (["--rules", "{rules}"], 2, "INPUT"),
        (["{log}", "--rules", "{rules}", "--level", "grave"], 2, "invalid choice"),
        (["{log}", "--rules", "{rules}", "--exceptions", "{tmp}/none.yml"], 2, "cannot be read"),
        (["{log}", "--rules", "{rules}", "--placeholders", "{tmp}/none.yml"], 2, "cannot be read"),
        (["{log}", "--rules", "{rules}", "--placeholders", "{tmp}/list.yml"], 2, "no mapping of placeholders"),
        (["{log}", "--rules", "{rules}", "--json", "{log}"], 2, "is among the inputs and would be overwritten"),
        (["{log}", "--rules", "{tmp}/none"], 3, "no Sigma rules at"),
        (["{log}", "--rules", "{tmp}/empty"], 3, "no Sigma rules at"),
        (["{tmp}/none.evtx", "--rules", "{rules}"], 3, ""),
    ],
)
def test_what_makes_no_sense_is_one_line_and_a_code(
    words: list[str], code: int, message: str, rules: str, log: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "list.yml").write_text("- a\n")
    before = Path(log).read_bytes()
    filled = [word.format(log=log, rules=rules, tmp=tmp_path) for word in words]
    assert main(["rules", "match", *filled]) == code
    err = capsys.readouterr().err
    assert message in err
    assert err.count("\n") <= 1
    assert Path(log).read_bytes() == before


def test_a_missing_rules_path_beside_a_good_one_is_named_and_the_rest_done(
    rules: str, log: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = str(tmp_path / "none")
    matches, summary = matched(capsys, log, "--rules", rules, "--rules", missing)
    assert len(matches) == 3
    assert missing in [one["path"] for one in summary["failed"]]


def test_an_input_that_cannot_be_read_is_code_3_with_the_rest_done(
    rules: str, log: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad.evtx").write_bytes(b"ElfFile\x00" + b"\xff" * 5_000)
    missing = str(tmp_path / "none.evtx")
    matches, summary = matched(capsys, missing, str(tmp_path / "bad.evtx"), log, "--rules", rules, code=3)
    assert len(matches) == 3
    assert {str(tmp_path / "bad.evtx"), missing} <= {one["source"] for one in summary["rejected"]}
    assert main(["rules", "match", missing, log, "--rules", rules]) == 3
    assert f"Not read: {missing}" in capsys.readouterr().out


def test_an_error_for_a_program_is_json(rules: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "match", "x", "--rules", str(tmp_path / "none"), "--json", "-"]) == 3
    error = json.loads(capsys.readouterr().out)
    assert (error["type"], error["code"]) == ("error", 3)
    assert "no Sigma rules" in error["message"]
    assert ".yml" in error["hint"]


def test_a_second_run_takes_the_rules_from_the_cache(
    rules: str, log: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, one = matched(capsys, log, "--rules", rules)
    kept = list((tmp_path / "cache" / "rules").iterdir())
    assert len(kept) == 1
    again, two = matched(capsys, log, "--rules", rules)
    assert (again, two["failed"]) == (first, one["failed"])
    kept[0].write_bytes(b"damaged")
    assert matched(capsys, log, "--rules", rules)[0] == first, "a damaged cache is as good as none"
    (Path(rules) / "low.yml").write_text(RULES["low.yml"].replace("Any Launch", "Changed"))
    assert "Changed" in [match["title"] for match in matched(capsys, log, "--rules", rules)[0]]


def test_hostile_titles_cannot_drive_the_terminal(rules: str, log: str, capsys: pytest.CaptureFixture[str]) -> None:
    text = RULES["launch.yml"].replace("Odd Launch", '"\\x1b[2J\\u202e all is well"')
    (Path(rules) / "launch.yml").write_text(text)
    assert main(["rules", "match", log, "--rules", rules]) == 0
    assert not {"\x1b", "\u202e"} & set(capsys.readouterr().out)


def test_who_stops_reading_is_no_fault(rules: str, tmp_path: Path) -> None:
    """More lines than a pipe holds, and nobody who reads them."""
    many = str(written(tmp_path / "many.json", [{"Image": f"C:\\{n}.exe"} for n in range(2_000)]))
    command = [sys.executable, "-m", "watchfloor.cli.main", "rules", "match", many, "--rules", rules, "--json", "-"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stderr is not None
        assert process.stdout.read(10) == b'{"type":"m'
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 141
