"""What the documents promise is there: commands, settings, exit codes, the version, the demo's words."""

import argparse
import re
import subprocess
import sys
import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

import watchfloor
from watchfloor.base.errors import EXIT_CODES
from watchfloor.base.settings import Settings
from watchfloor.cli.main import COMMANDS, build_parser, main

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
FIRST_SCREEN_LINES = 45
RECORDING = ROOT / "src" / "watchfloor" / "bundled" / "recording"


def repository_files() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, text=True
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / line for line in listed.stdout.split("\0") if line and (ROOT / line).is_file()]


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def test_the_first_screen_has_the_two_commands() -> None:
    screen = "\n".join(README.splitlines()[:FIRST_SCREEN_LINES])
    assert "make demo" in screen
    assert "make test" in screen
    assert "<!-- demo-output -->" in screen


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_a_command_that_is_written_down_exists(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for target in re.findall(r"\bmake ([a-z]+)\b(?=`|\n|  |$)", "\n".join(code_of(text))):
        assert target in make_targets(), f"{path.name}: make {target}"
    options = all_options()
    for line in code_of(text):
        for command in re.findall(r"(?:^|[\s|(])watchfloor ([^|#\n]*)", line):
            words = command.split()
            if words and re.fullmatch(r"[a-z]+", words[0]):
                assert words[0] in {module.NAME for module in COMMANDS}, f"{path.name}: watchfloor {command}"
            for option in re.findall(r"(?<![\w.])--[a-z-]+", command):
                assert option in options, f"{path.name}: {option}"


def code_of(text: str) -> list[str]:
    """Lines of fenced blocks and spans of inline code."""
    blocks = re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    rest = re.sub(r"^```\w*\n.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines()] + re.findall(r"`([^`\n]+)`", rest)


def all_options() -> set[str]:
    return options_of(build_parser())


def options_of(parser: argparse.ArgumentParser) -> set[str]:
    found = {option for action in parser._actions for option in action.option_strings}
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            found |= {option for each in action.choices.values() for option in options_of(each)}
    return found


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_between_documents_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\((?!https?://|#|mailto:)([^)#]+)", path.read_text(encoding="utf-8")):
        assert (path.parent / target).exists(), f"{path.name} links to {target}"


def test_every_setting_is_documented_as_it_is() -> None:
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    expected = [
        f"| `WATCHFLOOR_{f.name.upper()}` | {f'`{f.default}`' if f.default != '' else ''} | {f.metadata['meaning']} |"
        for f in fields(Settings)
    ]
    written = [line for line in page.splitlines() if line.startswith("| `WATCHFLOOR_")]
    assert written == expected, "docs/settings.md should read:\n" + "\n".join(expected)


def test_every_exit_code_is_documented() -> None:
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    for code, meaning in EXIT_CODES.items():
        assert f"| {code} | {meaning} |" in page


def test_the_version_is_one() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    newest = re.search(r"^## (\d+\.\d+\.\d+)", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert newest
    assert newest[1] == project["version"] == watchfloor.__version__


def test_no_file_names_this_machine_or_its_writer() -> None:
    # Spelled apart, so that this file does not break its own rule.
    words = re.compile("|".join(("clau" + "de", "anth" + "ropic", "as an " + "ai ", "co-auth" + "ored")), re.I)
    here = str(ROOT.parent)
    machine = re.compile(rf"(?<![\w.~]){re.escape(here)}/") if here != "/" else re.compile("(?!)")
    for path in repository_files():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # a recording or a model
        assert not machine.search(text), f"{path.name} names a path of this machine"
        found = words.search(text)
        assert not found, f"{path.name}: {found and found[0]}"


def test_the_demo_prints_what_the_readme_says(capsys: pytest.CaptureFixture[str]) -> None:
    """Loosely: the same words line by line, whatever the times, counts and scores."""
    shown = re.search(r"<!-- demo-output -->\n```\w*\n(.*?)```", README, re.DOTALL)
    if not (shown and RECORDING.is_dir()):
        pytest.skip("no demo output in the README, or no bundled recording")
    assert main(["watch", str(next(RECORDING.glob("*.log.zst"))), "--rules", "own"]) == 0
    printed = skeleton(capsys.readouterr().out)
    for line in skeleton(shown[1]):
        if "make demo" not in line and line != "…":
            assert any(line in real for real in printed), f"the demo no longer prints: {line}"


def skeleton(text: str) -> list[str]:
    """Lines without their figures and spacing; a cut-off line counts up to its ellipsis."""
    lines = (re.sub(r"\s+", " ", re.sub(r"[\d.,:]+", "#", line)).strip() for line in text.splitlines())
    return [line.removesuffix(" …") or line for line in lines if line]


def test_the_makefile_names_what_is_missing(tmp_path: Path) -> None:
    """A Python that cannot make environments must give one line on what to install."""
    fake = tmp_path / "python"
    fake.write_text("#!/bin/sh\nexit 1\n")
    fake.chmod(0o755)
    environment = tmp_path / "venv"
    command = ["make", f"VENV={environment}", f"PYTHON={fake}", f"{environment}/bin/python"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode != 0
    assert "python3-venv" in done.stderr
    assert not environment.exists()


def test_this_python_is_supported() -> None:
    assert sys.version_info >= (3, 11)
