"""The text encoder of the experts in torch: a frozen trunk, one upper block that adapters change, and its teacher.

The blocks are BERT's (Devlin et al., arXiv 1810.04805), so that they can start from all-MiniLM-L6-v2. An adapter
is low-rank matrices beside each linear map of the upper block, or of all blocks (LoRA, Hu et al., arXiv 2106.09685),
and one query that says which words matter. Knows nothing of tasks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from watchfloor.experts.adapter import MAPS

#: Added to attention where there is no word.
_NOWHERE: Final = -1e4

Lora = Mapping[str, tuple[Tensor, Tensor]]


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of an encoder: words known, width of a word's vector, attention heads, blocks, words of a text."""

    vocabulary: int
    width: int = 384
    heads: int = 12
    blocks: int = 4
    places: int = 256

    def facts(self) -> dict[str, int]:
        """The sizes, as a pack's manifest names them."""
        return asdict(self)


class Block(nn.Module):
    """One transformer block, normalised after each half."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        for name, (inputs, outputs) in MAPS.items():
            self.add_module(name, nn.Linear(inputs * width, outputs * width))
        self.mixed = nn.LayerNorm(width, eps=1e-12)
        self.narrowed = nn.LayerNorm(width, eps=1e-12)

    def forward(self, x: Tensor, there: Tensor, lora: Lora | None = None) -> Tensor:
        """Words ``(B, T, width)`` and which of them are there ``(B, T)`` -> words ``(B, T, width)``."""
        batch, time, width = x.shape

        def heads(name: str) -> Tensor:
            return self._map(name, x, lora).view(batch, time, self.heads, width // self.heads).transpose(1, 2)

        nowhere = (~there)[:, None, None, :].to(x.dtype) * _NOWHERE
        attention = heads("query") @ heads("key").transpose(-1, -2) / (width // self.heads) ** 0.5 + nowhere
        seen = (attention.softmax(-1) @ heads("value")).transpose(1, 2).reshape(batch, time, width)
        x = self.mixed(x + self._map("mix", seen, lora))
        out: Tensor = self.narrowed(x + self._map("narrow", functional.gelu(self._map("widen", x, lora)), lora))
        return out

    def _map(self, name: str, x: Tensor, lora: Lora | None) -> Tensor:
        straight: Tensor = self.get_submodule(name)(x)
        if lora is None:
            return straight
        down, up = lora[name]
        return straight + (x @ down) @ up


class Trunk(nn.Module):
    """The part all experts share: words to vectors, then all blocks but the last."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.words = nn.Embedding(shape.vocabulary, shape.width)
        self.places = nn.Embedding(shape.places, shape.width)
        self.normed = nn.LayerNorm(shape.width, eps=1e-12)
        self.blocks = nn.ModuleList(Block(shape.width, shape.heads) for _ in range(shape.blocks - 1))

    def forward(self, words: Tensor, there: Tensor, lora: Sequence[Lora] = ()) -> Tensor:
        """Word numbers ``(B, T)`` -> vectors ``(B, T, width)``; ``lora`` changes each block, where it is given."""
        place = torch.arange(words.shape[1], device=words.device)
        x: Tensor = self.normed(self.words(words) + self.places(place)[None])
        for number, block in enumerate(self.blocks):
            x = block(x, there, lora[number] if lora else None)
        return x


class Encoder(nn.Module):
    """Trunk and upper block: a text's vector is the mean of its words'."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.trunk = Trunk(shape)
        self.upper = Block(shape.width, shape.heads)

    def forward(self, words: Tensor, there: Tensor, lora: Lora | None = None) -> Tensor:
        """Word numbers ``(B, T)`` -> vectors of words after the upper block ``(B, T, width)``."""
        upper: Tensor = self.upper(self.trunk(words, there), there, lora)
        return upper


def pooled(x: Tensor, there: Tensor) -> Tensor:
    """Mean over the words that are there: ``(B, T, width)`` -> ``(B, width)``."""
    weight = there.to(x.dtype)[..., None]
    return (x * weight).sum(1) / weight.sum(1).clamp(min=1)


def attended(x: Tensor, there: Tensor, query: Tensor) -> tuple[Tensor, Tensor]:
    """Words weighed by a query ``(width,)`` or ``(B, width)``: the sum ``(B, width)`` and the weights ``(B, T)``."""
    asked = (x * (query[:, None] if query.ndim == 2 else query)).sum(-1) / x.shape[-1] ** 0.5
    weight = asked.masked_fill(~there, _NOWHERE).softmax(-1)
    return (x * weight[..., None]).sum(1), weight


#: Names of MiniLM's tensors inside one of its layers, for ours.
_THEIRS: Final = {
    "query": "attention.self.query", "key": "attention.self.key", "value": "attention.self.value",
    "mix": "attention.output.dense", "mixed": "attention.output.LayerNorm", "widen": "intermediate.dense",
    "narrow": "output.dense", "narrowed": "output.LayerNorm",
}  # fmt: skip


def from_minilm(shape: Shape, tensors: Mapping[str, Tensor], layers: Sequence[int], words: Tensor) -> Encoder:
    """An encoder that begins as chosen layers of MiniLM, with vectors for its own words ``(vocabulary, width)``."""
    encoder = Encoder(shape)
    state = {
        "trunk.words.weight": words,
        "trunk.places.weight": tensors["embeddings.position_embeddings.weight"][: shape.places]
        + tensors["embeddings.token_type_embeddings.weight"][:1],
        "trunk.normed.weight": tensors["embeddings.LayerNorm.weight"],
        "trunk.normed.bias": tensors["embeddings.LayerNorm.bias"],
    }
    for place, layer in enumerate(layers):
        ours = "upper" if place == len(layers) - 1 else f"trunk.blocks.{place}"
        for mine, theirs in _THEIRS.items():
            for part in ("weight", "bias"):
                state[f"{ours}.{mine}.{part}"] = tensors[f"encoder.layer.{layer}.{theirs}.{part}"]
    encoder.load_state_dict(state)
    return encoder
