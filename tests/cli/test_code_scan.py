"""``watchfloor code scan``: what is found, what could not be read, and another scanner's findings judged by path."""

import json
from pathlib import Path

import pytest

from watchfloor.cli.main import main

BAD = "import os\nfrom flask import request\n\ndef f():\n    os.system(request.args.get('x'))\n"
GOOD = "import os\n\ndef f():\n    os.system('ls')\n"


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    folder = tmp_path / "src"
    (folder / "deep").mkdir(parents=True)
    (folder / "bad.py").write_text(BAD)
    (folder / "deep" / "good.py").write_text(GOOD)
    return folder


def scan(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> list[dict]:
    assert main(["code", "scan", *words, "--json", "-"]) == code
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_weakness_is_named_with_its_line_and_the_rest_is_counted(
    sources: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    *found, summary = scan(capsys, str(sources))
    assert [(Path(each["file"]).name, each["line"], each["cwe"]) for each in found] == [("bad.py", 5, "CWE-78")]
    assert (summary["files"], summary["weaknesses"], summary["rejected"]) == (2, 1, [])


def test_a_file_that_cannot_be_read_is_named_and_the_others_are_scanned(
    sources: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (sources / "binary.py").write_bytes(b"\x7fELF\0\0" + bytes(range(256)) * 40)
    *found, summary = scan(capsys, str(sources), code=3)
    assert [Path(each["source"]).name for each in summary["rejected"]] == ["binary.py"]
    assert len(found) == 1


def test_sarif_is_written_as_the_standard_has_it(sources: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.sarif"
    assert main(["code", "scan", str(sources), "--sarif", str(out)]) == 0
    log = json.loads(out.read_text())
    assert log["version"] == "2.1.0"
    (result,) = log["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["region"]["startLine"] == 5


@pytest.mark.parametrize("prefix", ["", "./"])
def test_another_scanners_findings_are_judged_by_path_and_none_is_deleted(
    sources: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], prefix: str
) -> None:
    results = [
        {"ruleId": "B605", "message": {"text": "shell"}, "locations": [{"physicalLocation": {
            "artifactLocation": {"uri": f"{prefix}{name}"}, "region": {"startLine": line}}}]}
        for name, line in (("bad.py", 5), ("deep/good.py", 4), ("absent.py", 1))
    ]  # fmt: skip
    given, out = tmp_path / "bandit.sarif", tmp_path / "judged.sarif"
    given.write_text(
        json.dumps({"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "B"}}, "results": results}]})
    )
    assert main(["code", "scan", str(sources), "--triage", str(given), "--sarif", str(out)]) == 0
    assert "1 confirmed, 1 put aside, 1 left alone" in capsys.readouterr().out
    judged = json.loads(out.read_text())["runs"][0]["results"]
    assert len(judged) == 3
    assert [bool(each.get("suppressions")) for each in judged] == [False, True, False]


@pytest.mark.parametrize("words", [["--sarif", "-"], ["--triage", "none.sarif"], ["--least", "much"]])
def test_a_command_that_makes_no_sense_is_refused(sources: Path, words: list[str]) -> None:
    assert main(["code", "scan", str(sources), *words]) == 2
