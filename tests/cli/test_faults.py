"""Every way to fail has an exit code and one clear line; start-up stays quick."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from cli_stage import Stage

from watchfloor import __version__
from watchfloor.base.errors import EXIT_CODES, InputError, PackError
from watchfloor.cli.main import COMMANDS, main


@pytest.mark.parametrize(
    "arguments",
    [
        ["watch"],
        ["watch", "a", "--no-such-option"],
        ["watch", "a", "--rep", "abbreviated.html"],
        ["watch", "a", "--report", "-"],
        ["watch", "a", "--workers", "0"],
        ["watch", "a", "--lang", "fr"],
        ["no-such-command"],
    ],
)
def test_usage_is_one_line_and_exit_2(arguments: list[str], stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("watchfloor: ")
    assert err.count("\n") == 1


def test_no_command_shows_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "watchfloor COMMAND --help" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InputError("the archive is damaged.", hint="Fetch it again."), 3),
        (PackError("the model pack is of another version."), 1),
        (PermissionError(13, "Permission denied", "x.json"), 4),
        (KeyError("oops"), 1),
        (KeyboardInterrupt(), 130),
    ],
)
def test_each_error_has_its_exit_code(
    error: BaseException, code: int, stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    stage.error = error
    assert main(["watch", "a"]) == code
    err = capsys.readouterr().err
    assert err.startswith("watchfloor: ")
    assert err.count("\n") == 1
    assert code in EXIT_CODES or code == 130


def test_a_fault_of_ours_says_what_to_do_next(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    stage.error = ValueError("bad \x1b[31mcell")
    assert main(["watch", "a"]) == 1
    err = capsys.readouterr().err
    assert "run again with --debug" in err
    assert "Traceback" not in err
    assert main(["watch", "a", "--debug"]) == 1
    err = capsys.readouterr().err
    assert "Traceback (most recent call last)" in err
    assert "\x1b" not in err


@pytest.mark.parametrize(("destination", "stream"), [("-", "out"), ("scenes.jsonl", "err")])
def test_json_mode_gives_errors_as_json(
    destination: str,
    stream: str,
    stage: Stage,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    stage.error = InputError("the archive is damaged.", hint="Fetch it again.")
    assert main(["watch", "a", "--json", destination]) == 3
    record = json.loads(getattr(capsys.readouterr(), stream))
    assert record == {
        "type": "error",
        "code": 3,
        "message": "the archive is damaged.",
        "hint": "Fetch it again.",
    }
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_setting_is_a_usage_error(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WATCHFLOOR_WORKER", "3")
    assert main(["watch", "a"]) == 2
    assert "WATCHFLOOR_WORKERS" in capsys.readouterr().err


def test_version_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"watchfloor {__version__}\n"
    for module in COMMANDS:
        assert main([module.NAME, "--help"]) == 0
        assert module.DESCRIPTION.splitlines()[0] in capsys.readouterr().out


def test_settings_are_listed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WATCHFLOOR_MAX_DEPTH", "5")
    assert main(["settings"]) == 0
    row = next(line for line in capsys.readouterr().out.splitlines() if "WATCHFLOOR_MAX_DEPTH" in line)
    assert row.split()[1:3] == ["5", "3"]


def test_formats_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    from watchfloor.intake.registry import FORMATS

    assert main(["formats"]) == 0
    out = capsys.readouterr().out
    assert all(entry.name in out and entry.describes in out for entry in FORMATS)


def test_a_reader_that_goes_away_is_no_fault(tmp_path: Path) -> None:
    script = tmp_path / "many.py"
    script.write_text(
        "import sys; from watchfloor.cli import main, settings\n"
        "def run(_):\n"
        "    sys.stdout.write('x' * 10_000_000)\n"
        "    return 0\n"
        "settings.run = run\n"
        "sys.exit(main.main(['settings']))\n"
    )
    process = subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=_environment()
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    errors = process.stderr.read()
    process.stderr.close()
    assert process.wait() == 141
    assert errors == b""


def test_starting_up_imports_nothing_heavy() -> None:
    heavy = ("numpy", "pyarrow", "rich", "orjson", "evtx", "zstandard", "sklearn", "torch", "multiprocessing")
    code = f"import sys, watchfloor.cli.main; print(sorted(set({heavy!r}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=_environment())
    assert done.stdout.strip() == "[]", done.stderr


def _environment() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if not key.startswith("WATCHFLOOR_")}
