"""`watchfloor rules explain`: what a person and a program are told."""

import json
from pathlib import Path

import pytest
from tests.rules.events import batch_of, written

from watchfloor.cli.main import main

RULE = """title: Whoami Execution
id: 00000000-0000-4000-8000-000000000001
name: whoami
status: test
author: Ada
description: Somebody asks who they are
level: high
tags: [attack.t1033]
logsource: {product: windows, category: process_creation}
detection:
  selection:
    Image|endswith: '\\whoami.exe'
    CommandLine|contains: [/all, /groups, /a, /b, /c, /d, /e, /f, /g, /h]
  filter: {User: SYSTEM}
  condition: selection and not filter
"""
CORRELATION = """title: Many
name: many
correlation: {type: event_count, rules: [whoami], group-by: [User], timespan: 5m, condition: {gte: 3}}
"""


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHFLOOR_CACHE_DIR", str(tmp_path / "cache"))


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "whoami.yml").write_text(RULE)
    return folder


def log_with(tmp_path: Path, **fields: object) -> tuple[Path, str]:
    """A log of one launch, and its address."""
    plain = {"Image": "C:\\whoami.exe", "CommandLine": "whoami /all"}
    log = written(tmp_path / "log.json", [{**plain, **fields}])
    return log, f"{log}#{batch_of(log).to_pylist()[0]['record']}"


def test_a_match_is_told_with_what_held(tmp_path: Path, rules: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, event = log_with(tmp_path)
    assert main(["rules", "explain", "whoami", event, "--rules", str(rules)]) == 0
    out = capsys.readouterr().out
    assert out.startswith("Whoami Execution\nhigh · test · by Ada · 00000000-0000-4000-8000-000000000001\n")
    assert "Somebody asks who they are" in out
    assert "T1033 System Owner/User Discovery." in out
    assert "✓ Image|endswith: \\whoami.exe   ← C:\\whoami.exe" in out
    assert "✗ User: system   ← absent" in out
    assert "more that do not hold" in out
    assert out.endswith("The rule matches.\n")


def test_the_same_for_a_program(tmp_path: Path, rules: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, event = log_with(tmp_path, CommandLine="whoami")
    assert main(["rules", "explain", "whoami.yml", event, "--rules", str(rules), "--json", "-"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert (record["type"], record["verdict"], record["event_id"]) == ("explanation", "does not match", event)
    assert record["records"][0]["condition"]["parts"][0]["words"] == "selection"
    target = tmp_path / "why.json"
    assert main(["rules", "explain", "whoami", event, "--rules", str(rules), "--json", str(target)]) == 0
    assert json.loads(target.read_text()) == record
    assert capsys.readouterr().out.endswith("The rule does not match.\n")


def test_a_log_the_rule_does_not_read(tmp_path: Path, rules: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, event = log_with(tmp_path, EventID=4624, Channel="Security", LogonType=3)
    assert main(["rules", "explain", "whoami", event, "--rules", str(rules)]) == 0
    out = capsys.readouterr().out
    assert "The rule reads windows/process_creation; this record is windows, channel security, event id 4624" in out
    assert "its log source does not read this event" in out
    (rules / "whoami.yml").write_text(RULE.replace("product: windows", "product: aws"))
    assert main(["rules", "explain", "whoami", event, "--rules", str(rules)]) == 0
    assert "Watchfloor reads no such log" in capsys.readouterr().out


def test_exceptions_are_told(tmp_path: Path, rules: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, event = log_with(tmp_path)
    site = tmp_path / "site.yml"
    command = ["rules", "explain", "whoami", event, "--rules", str(rules), "--exceptions", str(site)]
    site.write_text("exceptions:\n- {rule: whoami, reason: nightly job, hosts: ['ws1*']}\n")
    assert main(command) == 0
    assert "An exception takes the match away: nightly job." in capsys.readouterr().out
    site.write_text("exceptions:\n- {rule: whoami, reason: noisy, disable: true}\n")
    assert main(command) == 0
    assert "it is switched off (noisy)" in capsys.readouterr().out
    site.write_text("exceptions:\n- {rule: whoami, reason: old job, hosts: ['*'], until: 2020-01-01}\n")
    assert main(command) == 0
    out = capsys.readouterr().out
    assert "has expired and no longer holds (old job)" in out
    assert "The rule matches." in out


def test_a_correlation(tmp_path: Path, rules: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, event = log_with(tmp_path)
    (rules / "many.yml").write_text(CORRELATION)
    assert main(["rules", "explain", "many", event, "--rules", str(rules)]) == 0
    out = capsys.readouterr().out
    assert "asks for at least 3 matches of “Whoami Execution”, within 5 minutes, with the same User." in out
    assert "The rule matches." in out
    assert main(["rules", "explain", "many", event, "--rules", str(rules), "--json", "-"]) == 0
    assert json.loads(capsys.readouterr().out)["correlation"]["title"] == "Many"


def test_hostile_values_cannot_drive_the_terminal(
    tmp_path: Path, rules: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, event = log_with(tmp_path, CommandLine="\x1b[2J\u202e/all\nThe rule does not match.")
    assert main(["rules", "explain", "whoami", event, "--rules", str(rules)]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "\u202e" not in out
    assert "\nThe rule does not match." not in out


def test_what_cannot_be_explained(tmp_path: Path, rules: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log, event = log_with(tmp_path)
    assert main(["rules", "explain", "nothing", event, "--rules", str(rules)]) == 2
    assert main(["rules", "explain", "whoami", "no address", "--rules", str(rules)]) == 2
    assert main(["rules", "explain", "whoami", f"{log}#99", "--rules", str(rules)]) == 3
    assert main(["rules", "explain", "whoami", f"{tmp_path}/gone#1", "--rules", str(rules)]) == 3
    assert "--input" in capsys.readouterr().err
    log.rename(tmp_path / "moved.json")
    moved = ["rules", "explain", "whoami", event, "--rules", str(rules), "--input", str(tmp_path / "moved.json")]
    assert main(moved) == 0
    assert main([*moved, "--json", str(tmp_path / "moved.json")]) == 2
    assert "among the inputs" in capsys.readouterr().err


def test_a_record_of_a_lake(tmp_path: Path, rules: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log, event = log_with(tmp_path)
    lake = str(tmp_path / "history")
    assert main(["lake", "add", str(log), "--lake", lake]) == 0
    log.unlink()
    assert main(["rules", "explain", "whoami", event, "--rules", str(rules), "--input", lake]) == 0
    assert capsys.readouterr().out.endswith("The rule matches.\n")
