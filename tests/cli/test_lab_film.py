"""`watchfloor lab film`: the lab works in a process of its own, and its exit code is ours."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from watchfloor.cli import lab_process
from watchfloor.cli.main import main

RECORDING = Path(__file__).parents[2] / "src" / "watchfloor" / "bundled" / "recording"


class Lab:
    """Stands for the child process: notes its command, answers with a code."""

    def __init__(self, code: int) -> None:
        self.code, self.command = code, [""]

    def __call__(self, command: list[str], **_: Any) -> "subprocess.CompletedProcess[bytes]":
        self.command = command
        return subprocess.CompletedProcess(command, self.code)


def words(tmp_path: Path, *more: str) -> list[str]:
    return ["lab", "film", "--recordings", "logs", "--labels", "l.csv", "--out", str(tmp_path / "pack"), *more]


@pytest.mark.parametrize("code", [0, 1, 3, 4])
def test_the_exit_code_of_the_lab_is_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    lab = Lab(code)
    monkeypatch.setattr(subprocess, "run", lab)
    assert main(words(tmp_path, "--seed", "7", "--json", "-", "--base", "other")) == code
    assert lab.command[1:3] == ["-m", "watchfloor.lab.adapt"]
    assert {"--seed=7", "--json=-", "--base=other", "--recordings=logs", "--labels=l.csv"} <= set(lab.command)
    assert not any(word.startswith("--report") for word in lab.command)


def test_without_the_extra_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(lab_process, "find_spec", lambda name: None)
    assert main(words(tmp_path)) == 2
    said = capsys.readouterr().err
    assert "pip install 'watchfloor[lab]'" in said
    assert said.count("\n") == 1


def test_outputs_are_checked_before_the_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lab = Lab(0)
    monkeypatch.setattr(subprocess, "run", lab)
    assert main(words(tmp_path, "--report", str(tmp_path / "gone" / "r.html"))) == 2
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "r.html").touch()
    inside = words(tmp_path, "--report", str(tmp_path / "logs" / "r.html"))
    inside[3] = str(tmp_path / "logs")
    assert main(inside) == 2
    assert main(words(tmp_path, "--seed", "many")) == 2
    assert main(["lab", "film"]) == 2
    assert lab.command == [""]


def test_the_real_lab_names_a_bad_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    labels = tmp_path / "labels.csv"
    labels.write_text("scene_id,label\nhost/1,odd\n")
    command = ["lab", "film", "--recordings", str(RECORDING), "--labels", str(labels), "--out", str(tmp_path / "pack")]
    assert main([*command, "--json", "-"]) == 3
    out, err = capfd.readouterr()
    assert json.loads(out) == {
        "type": "error",
        "code": 3,
        "message": "labels cannot be used: line 2: label 'odd' is neither malicious nor benign.",
        "hint": "",
    }
    assert "line 2" in err
    assert not (tmp_path / "pack").exists()
