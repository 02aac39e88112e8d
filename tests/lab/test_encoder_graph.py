"""The backbone that ships computes what was trained, and adapters learned in torch mean the same on ONNX Runtime."""

from pathlib import Path

import numpy as np
import pytest
import torch

from tests.experts.staged import TEXT, drawn
from tests.lab.tiny_backbone import tiny_backbone
from watchfloor.experts.adapter import Lora
from watchfloor.experts.backbone import Backbone
from watchfloor.lab.base_weights import encoder_of
from watchfloor.lab.encoder import attended, pooled
from watchfloor.lab.vocabulary import UNKNOWN, chinese, learn


@pytest.fixture(scope="module")
def backbone(tmp_path_factory: pytest.TempPathFactory) -> Backbone:
    return Backbone(tiny_backbone(tmp_path_factory.mktemp("backbone")), threads=1)


@pytest.mark.parametrize("deep", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_torch_and_onnx_runtime_agree_with_and_without_an_adapter(backbone: Backbone, seed: int, deep: bool) -> None:
    encoder = encoder_of(backbone)
    expert = drawn(backbone, seed=seed, deep=deep)
    pieces = backbone.pieces.split([TEXT, "short", TEXT + " and " + TEXT])
    windows = [backbone.pieces.windows(each, 64, 0, 1)[0] for each in pieces]
    below = expert.adapter.below
    seen = backbone.see(windows, below)
    changed = [in_torch(each) for each in below.blocks] if below is not None else []
    features = backbone.read(seen, [expert.adapter], [(place, 0) for place in range(len(windows))])
    lora = in_torch(expert.adapter.lora)
    for window, mine, row in zip(windows, seen, features, strict=True):
        words = torch.from_numpy(window.words.astype(np.int64))[None]
        there = torch.ones_like(words, dtype=torch.bool)
        with torch.no_grad():
            x = encoder.trunk(words, there, changed)
            y = encoder.upper(x, there, lora)
            query = torch.from_numpy(expert.adapter.query)
            both = torch.cat([pooled(y, there), attended(y, there, query)[0]], -1)[0]
        np.testing.assert_allclose(mine.x, x[0].numpy(), atol=1e-4)
        np.testing.assert_allclose(row, both.numpy(), atol=2e-4)


def in_torch(lora: Lora) -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
    return {name: (torch.from_numpy(down), torch.from_numpy(up)) for name, (down, up) in lora.items()}


def test_vectors_for_search_have_length_one(backbone: Backbone) -> None:
    vectors = backbone.vectors([TEXT, "another text", ""])
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_every_common_chinese_character_is_a_word_of_its_own() -> None:
    tokenizer = learn(["a remote attacker", "利用漏洞执行代码"] * 5, 5_000)
    found = tokenizer.encode("".join(chinese()[:3_000]) + "漏洞", add_special_tokens=False)
    assert found.tokens.count(UNKNOWN) == 0
    assert len(found.tokens) == 3_002


def test_a_damaged_backbone_is_not_loaded(backbone: Backbone, tmp_path: Path) -> None:
    import shutil

    from watchfloor.base.errors import PackError

    folder = tmp_path / "copy"
    shutil.copytree(backbone.pack.folder, folder)
    raw = bytearray((folder / "upper.onnx.zst").read_bytes())
    raw[len(raw) // 2] ^= 0xFF
    (folder / "upper.onnx.zst").write_bytes(raw)
    with pytest.raises(PackError, match="altered"):
        Backbone(folder)
