"""A tiny backbone, made once."""

from pathlib import Path

import pytest

from tests.lab.tiny_backbone import tiny_backbone
from watchfloor.experts.backbone import Backbone


@pytest.fixture(scope="session")
def backbone_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_backbone(tmp_path_factory.mktemp("backbone"))


@pytest.fixture
def backbone(backbone_folder: Path) -> Backbone:
    return Backbone(backbone_folder, threads=1)
