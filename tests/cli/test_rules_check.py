"""`watchfloor rules check`: a summary first, the worst first, and an exit code a build can stop at."""

import gc
import json
from pathlib import Path

import pytest

from watchfloor.cli.main import main

RULE = """title: {title}
id: 00000000-0000-4000-8000-00000000000{number}
description: A rule
logsource: {{product: {product}, category: process_creation}}
tags: [attack.{tag}]
detection:
  selection: {{Image|endswith: '\\abc.exe'}}
  condition: selection
level: high
"""


def written(folder: Path, name: str, **changes: object) -> None:
    given = {"title": name, "number": 1, "product": "windows", "tag": "t1033"} | changes
    (folder / f"{name}.yml").write_text(RULE.format(**given))


def test_good_rules(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written(tmp_path, "good")
    assert main(["rules", "check", str(tmp_path)]) == 0
    assert capsys.readouterr().out == "1 rules in 1 files: 1 can be used.\n"
    assert gc.isenabled()


def test_the_worst_comes_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written(tmp_path, "good", tag="t1086")
    written(tmp_path, "cloud", number=2, product="aws")
    (tmp_path / "broken.yml").write_text("title: Broken\nlogsource: {product: windows}\n")
    assert main(["rules", "check", str(tmp_path)]) == 3
    out = capsys.readouterr().out
    assert out.startswith("2 rules in 3 files: 2 can be used, 1 faults. 1 are for logs that Watchfloor does not read.")
    assert out.index("error: cannot be used") < out.index("info: ATT&CK tag replaced")
    assert "  Broken  broken.yml\n" in out
    assert "attack.t1086 is now T1059.001" in out
    assert "1      aws/process_creation" in out


def test_the_same_for_a_program(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written(tmp_path, "good")
    (tmp_path / "broken.yml").write_text("title: [")
    assert main(["rules", "check", str(tmp_path), "--json", "-"]) == 3
    *issues, summary = map(json.loads, capsys.readouterr().out.splitlines())
    assert [(issue["type"], issue["severity"]) for issue in issues] == [("issue", "error")]
    assert (summary["type"], summary["usable"], summary["issues"]["error"]) == ("summary", 1, 1)
    target = tmp_path.parent / "issues.jsonl"
    assert main(["rules", "check", str(tmp_path), "--json", str(target)]) == 3
    assert len(target.read_text().splitlines()) == 2
    assert main(["rules", "check", str(tmp_path), "--json", str(tmp_path / "good.yml")]) == 2


def test_placeholders(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    written(tmp_path / "rules", "needs")
    path = tmp_path / "rules" / "needs.yml"
    path.write_text(path.read_text().replace("Image|endswith: '\\abc.exe'", "User|expand: '%admins%'"))
    (tmp_path / "site.yml").write_text("admins: [alice]")
    assert main(["rules", "check", str(path)]) == 3
    assert main(["rules", "check", str(path), "--placeholders", str(tmp_path / "site.yml")]) == 0


def test_hostile_titles_cannot_drive_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.yml").write_text('title: "\\e[2J\\u202e evil"\nlogsource: {product: windows}\n')
    assert main(["rules", "check", str(tmp_path)]) == 3
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "\u202e" not in out


def test_our_own_rules_are_clean(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "check", "own", "--json", "-"]) == 0
    *issues, summary = map(json.loads, capsys.readouterr().out.splitlines())
    assert summary["usable"] > 0
    assert [issue for issue in issues if issue["severity"] in ("error", "high", "medium")] == []


def test_nothing_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "check", str(tmp_path / "gone")]) == 3
    assert "no Sigma rules" in capsys.readouterr().err
