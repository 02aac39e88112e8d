"""`watchfloor lab finetune`, `evaluate`, `promote`, `pretrain`, `key`: the lab works in a process of its own."""

import json
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest

from watchfloor.cli import lab_process
from watchfloor.cli.main import main


class Lab:
    """Stands for the child process: notes its command, answers with a code."""

    def __init__(self, code: int) -> None:
        self.code, self.command = code, [""]

    def __call__(self, command: list[str], **_: Any) -> "subprocess.CompletedProcess[bytes]":
        self.command = command
        return subprocess.CompletedProcess(command, self.code)


@pytest.fixture
def lab(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Lab:
    stands_in = Lab(0)
    monkeypatch.setattr(subprocess, "run", stands_in)
    monkeypatch.chdir(tmp_path)
    return stands_in


@pytest.mark.parametrize("code", [0, 1, 3, 4])
def test_two_options_are_enough_and_the_exit_code_is_the_labs(lab: Lab, code: int) -> None:
    lab.code = code
    assert main(["lab", "finetune", "--task", "phishing", "--data", "mails.csv"]) == code
    assert lab.command[1:] == ["-m", "watchfloor.lab.finetune", "--task=phishing", "--data=mails.csv", "--seed=0"]


def test_all_options_reach_the_lab(lab: Lab) -> None:
    words = ["--out=o", "--text=body", "--label=team", "--split=none", "--kind=facets", "--alarm=bad", "--seed=7",
             "--false-alarms=0.01", "--baselines=words", "--full-minutes=0", "--sign-with=k", "--json=-"]  # fmt: skip
    assert main(["lab", "finetune", "--task", "t", "--data", "d", "--leave-out-rare", *words]) == 0
    given = set(lab.command)
    assert {word for word in words if "minutes" not in word} | {"--leave-out-rare", "--full-minutes=0.0"} <= given
    assert "--keep-contradictions" not in given


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["finetune", "--data", "d"], "--task"),
        (["finetune", "--task", "two words", "--data", "d"], "is no name"),
        (["finetune", "--task", "t", "--data", "d", "--false-alarms", "3"], "between 0 and 1"),
        (["finetune", "--task", "t", "--data", "d", "--seed", "many"], "whole number"),
        (["finetune", "--task", "t", "--data", "d", "--report", "gone/r.html"], "does not exist"),
        (["finetune", "--task", "taken", "--data", "d"], "is there already"),
        (["evaluate", "command"], "--data"),
        (["promote", "new", "--over", "old", "--data", "d"], "--into"),
        (["promote", "new", "--over", "old", "--data", "d", "--into", "f", "--margin", "2"], "--margin"),
        (["pretrain", "--data", "d", "--out", "o", "--minutes", "0"], "--minutes"),
    ],
)
def test_what_makes_no_sense_is_said_before_the_work(
    lab: Lab, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("taken.expert").mkdir()
    Path("taken.expert/pack.json").touch()
    assert main(["lab", *words]) == 2
    assert said in capsys.readouterr().err
    assert lab.command == [""]


def test_a_report_never_overwrites_the_data(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    Path("d.csv").touch()
    assert main(["lab", "finetune", "--task", "t", "--data", "d.csv", "--report", "d.csv"]) == 2
    assert "would be overwritten" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "module"),
    [
        (["evaluate", "command", "--data", "d"], "evaluate"),
        (["promote", "new", "--over", "old", "--data", "d", "--into", "f"], "promote"),
        (["pretrain", "--data", "d", "--out", "o"], "pretrain"),
    ],
)
def test_the_others_hand_over_too(lab: Lab, words: list[str], module: str) -> None:
    assert main(["lab", *words]) == 0
    assert lab.command[1:3] == ["-m", f"watchfloor.lab.{module}"]
    if words[0] != "pretrain":
        assert lab.command[-2:] == ["--", words[1]]


def test_a_language_model_is_trained_by_the_same_command(lab: Lab) -> None:
    words = ["finetune", "--task", "t", "--data", "d", "--causal", "m", "--instruction", "Is it?", "--out", "o"]
    assert main(["lab", *words]) == 0
    assert lab.command[1:3] == ["-m", "watchfloor.lab.causal"]
    assert {"--model=m", "--name=t", "--instruction=Is it?", "--out=o", "--data=d"} <= set(lab.command)
    for wrong in (
        ["--causal", "m"],
        ["--instruction", "Is it?"],
        ["--causal", "m", "--instruction", "i", "--report", "r.html"],
    ):
        assert main(["lab", "finetune", "--task", "t", "--data", "d", *wrong]) == 2


@pytest.mark.parametrize("command", ["finetune --task t --data d", "evaluate e --data d", "pretrain --data d --out o"])
def test_without_the_extra_it_says_what_to_install(
    lab: Lab, command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(lab_process, "find_spec", lambda name: None)
    assert main(["lab", *command.split()]) == 2
    said = capsys.readouterr().err
    assert "pip install 'watchfloor[lab]'" in said
    assert said.count("\n") == 1


def test_a_key_pair_is_made_and_never_overwritten(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lab", "key", "maker.key"]) == 0
    assert "maker.pub" in capsys.readouterr().out
    assert stat.S_IMODE(Path("maker.key").stat().st_mode) == 0o600
    before = Path("maker.key").read_bytes()
    assert main(["lab", "key", "maker.key"]) == 2
    assert main(["lab", "key", "other.key", "--public", "maker.pub"]) == 2
    assert Path("maker.key").read_bytes() == before and not Path("other.key").exists()


def test_the_real_lab_refuses_in_words_and_in_json(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    data = tmp_path / "d.csv"
    data.write_text("text,label\n" + "".join(f"text number {n},bad\n" for n in range(30)))
    command = ["lab", "finetune", "--task", "t", "--data", str(data), "--out", str(tmp_path / "t.expert")]
    assert main([*command, "--json", "-"]) == 4
    out, err = capfd.readouterr()
    found = json.loads(out)
    assert found["made"] is False
    assert "one-sided" in found["reasons"][0]["what"]
    assert "one-sided" in err and "Refused" in err
    data.write_text("no header here,at all\n")
    assert main([*command, "--json", "-"]) == 3
    assert json.loads(capfd.readouterr().out)["type"] == "error"
    assert not (tmp_path / "t.expert").exists()
