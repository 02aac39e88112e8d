"""``watchfloor lake`` from logs to answers, and what it says when it cannot."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from watchfloor.cli.main import main

LINE = (
    'type=USER_CMD msg=audit(17723{n:05d}.123:{n}): pid={n} uid=1000 auid=1000 ses=1 msg=\'cwd="/" cmd=6964 '
    "terminal=pts/0 res=success'\n"
)


def log(path: Path, numbers: range) -> Path:
    path.write_text("".join(LINE.format(n=n) for n in numbers))
    return path


@pytest.fixture
def lake(tmp_path: Path) -> str:
    return str(tmp_path / "lake")


def said(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_logs_are_added_shown_asked_compacted_and_forgotten(
    tmp_path: Path, lake: str, capsys: pytest.CaptureFixture[str]
) -> None:
    source = str(log(tmp_path / "audit.log", range(10, 30)))
    assert main(["lake", "add", source, source, "--lake", lake]) == 0
    assert "Added 20 events" in capsys.readouterr().out
    log(tmp_path / "audit.log", range(10, 40))
    assert main(["lake", "add", source, "--lake", lake, "--json", "-"]) == 0
    (summary,) = said(capsys)
    assert (summary["events_added"], summary["events_known"], summary["events_kept"]) == (10, 20, 30)
    assert main(["lake", "show", "--lake", lake]) == 0
    assert "30 events in 1 days" in capsys.readouterr().out
    assert main(["lake", "show", "--lake", lake, "--json", "-"]) == 0
    assert said(capsys)[0]["events"] == 30
    sql = "SELECT record, time FROM events ORDER BY time LIMIT 1"
    assert main(["lake", "query", sql, "--lake", lake, "--json", "-"]) == 0
    row, last = said(capsys)
    assert row["row"] == {"record": "1772300010.123:10", "time": "2026-02-28T17:33:30.123000+00:00"}
    assert last["rows"] == 1
    assert main(["lake", "compact", "--lake", lake]) == 0
    assert "2 files" in capsys.readouterr().out
    assert main(["lake", "forget", "--before", "2026-03-05", "--lake", lake]) == 4
    assert "Would remove 30 events" in capsys.readouterr().out
    assert main(["lake", "forget", "--before", "2026-03-05", "--lake", lake, "--yes"]) == 0
    assert "Removed 30 events" in capsys.readouterr().out
    assert main(["lake", "forget", "--before", "2026-03-05", "--lake", lake, "--yes"]) == 0
    assert "No day before 2026-03-05" in capsys.readouterr().out


def test_what_cannot_be_read_is_named_and_the_rest_is_kept(
    tmp_path: Path, lake: str, capsys: pytest.CaptureFixture[str]
) -> None:
    source = str(log(tmp_path / "audit.log", range(10, 30)))
    (tmp_path / "empty").touch()
    assert main(["lake", "add", source, str(tmp_path / "empty"), "--lake", lake]) == 3
    out = capsys.readouterr().out
    assert "Added 20 events" in out
    assert "empty file" in out


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["lake"], 2, "required: COMMAND"),
        (["lake", "drain"], 2, "invalid choice"),
        (["lake", "add", "x"], 2, "--lake"),
        (["lake", "show", "--lake", "missing"], 2, "is not a lake"),
        (["lake", "query", "SELECT 1", "--lake", "missing"], 2, "is not a lake"),
        (["lake", "query", "SELECT 1", "--lake", "x", "--seconds", "0"], 2, "whole number"),
        (["lake", "forget", "--before", "yesterday", "--lake", "x"], 2, "takes a date"),
        (["lake", "add", "x", "--lake", "."], 2, "not empty"),
    ],
)
def test_errors_are_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    code: int,
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").touch()
    assert main(words) == code
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_a_refused_question_is_code_four_and_json(
    tmp_path: Path, lake: str, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["lake", "add", str(log(tmp_path / "audit.log", range(10, 12))), "--lake", lake, "--quiet"])
    assert main(["lake", "query", "DROP VIEW events", "--lake", lake, "--json", "-"]) == 4
    (error,) = said(capsys)
    assert (error["type"], error["code"]) == ("error", 4)


def test_values_of_every_kind_become_json_and_text(
    tmp_path: Path, lake: str, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["lake", "add", str(log(tmp_path / "audit.log", range(10, 12))), "--lake", lake, "--quiet"])
    sql = (
        "SELECT 1.5::DECIMAL(4,1) a, 170141183460469231731687303715884105727 b, 'x'::BLOB c, DATE '2026-01-01' d, "
        "{'k': [1, NULL]} e, 'nan'::DOUBLE f, 1 g, 2 g, chr(27) || '[2J' h, INTERVAL 1 DAY i"
    )
    assert main(["lake", "query", sql, "--lake", lake, "--json", "-"]) == 0
    assert said(capsys)[0]["type"] == "row"
    assert main(["lake", "query", sql, "--lake", lake]) == 0
    assert "\x1b" not in capsys.readouterr().out


def test_help_stays_fast() -> None:
    program = (
        "import sys\nfrom watchfloor.cli.main import main\nmain(['lake', 'add', '--help'])\n"
        "print([m for m in ('duckdb', 'pyarrow', 'numpy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip().endswith("[]"), done.stdout + done.stderr
