"""Nothing leaves the site: the library that runs the models reports to nobody and leaves no identifier behind."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import watchfloor

ROOT = Path(watchfloor.__file__).resolve().parents[2]
RECORDING = next((Path(watchfloor.__file__).parent / "bundled" / "recording").glob("*.log.zst"))


def _command(*words: str) -> tuple[str, str]:
    return "-c", f"import sys; from watchfloor.cli.main import main; sys.exit(main({list(words)!r}))"


def _left(home: Path, *words: str, given: str = "") -> list[str]:
    """Files of Microsoft's that a command leaves in a fresh home folder."""
    silent = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "ORT_"))}
    environment = silent | {"HOME": str(home), "XDG_CACHE_HOME": str(home / ".cache")}
    subprocess.run([sys.executable, *words], env=environment, input=given, text=True, check=True, capture_output=True)
    return [str(path) for path in home.rglob("*") if re.search("Microsoft|deviceid", str(path))]


def test_watching_leaves_no_identifier_and_reports_to_nobody(tmp_path: Path) -> None:
    assert not _left(tmp_path, *_command("watch", str(RECORDING), "--quiet"))


def test_asking_leaves_no_identifier_and_reports_to_nobody(tmp_path: Path) -> None:
    assert not _left(tmp_path, *_command("ask", "command", "--json"), given="whoami\n")


def test_the_switch_is_what_keeps_it_silent(tmp_path: Path) -> None:
    """So that a version which no longer listens to the switch, or no longer reports, is noticed."""
    model = next(Path(watchfloor.__file__).parent.glob("bundled/screen/*.onnx"))
    loud = f"import onnxruntime as o; o.InferenceSession({str(model)!r}, providers=['CPUExecutionProvider'])"
    if not _left(tmp_path, "-c", loud):
        pytest.skip("this build of ONNX Runtime keeps no identifier")


def test_nobody_loads_the_library_but_the_module_that_silences_it() -> None:
    loads = re.compile(r"^\s*(?:import|from)\s+onnxruntime\b", re.MULTILINE)
    found = {
        path.name
        for folder in ("src", "benchmarks")
        for path in (ROOT / folder).rglob("*.py")
        if loads.search(path.read_text("utf-8"))
    }
    assert found == {"inference.py"}
