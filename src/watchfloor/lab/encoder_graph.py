"""Write the backbone as ``experts.backbone`` runs it: two ONNX graphs, its words, and what ordinary text looks like.

Weights are kept as signed bytes with one scale an output (symmetric, per channel). ONNX Runtime unfolds the linear maps
once, when it loads the graph; the table of words stays bytes.
"""

import warnings
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn
from torch.nn import functional

from watchfloor.experts.adapter import MAPS, trunk_inputs
from watchfloor.experts.backbone import FORMAT_VERSION, NAME, PARTS, RANK
from watchfloor.lab.encoder import Encoder, attended, pooled
from watchfloor.store.packs import packed, write_pack

_BYTE: Final = 127.0
_OPSET: Final = 18


class ByteLinear(nn.Module):
    """A linear map whose weights are bytes ``(out, in)`` with a scale an output."""

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        weight, scale = as_bytes(linear.weight.detach())
        self.register_buffer("weight", weight)
        self.register_buffer("scale", scale)
        self.register_buffer("bias", linear.bias.detach().clone())

    def forward(self, x: Tensor) -> Tensor:
        """As ``nn.Linear``."""
        return functional.linear(x, self.weight.float() * self.scale, self.bias)  # type: ignore[operator, arg-type]


class ByteWords(nn.Module):
    """An embedding whose vectors are bytes with a scale a word."""

    def __init__(self, words: nn.Embedding) -> None:
        super().__init__()
        weight, scale = as_bytes(words.weight.detach())
        self.register_buffer("weight", weight)
        self.register_buffer("scale", scale)

    def forward(self, number: Tensor) -> Tensor:
        """As ``nn.Embedding``."""
        return self.weight[number].float() * self.scale[number]  # type: ignore[index]


def as_bytes(weight: Tensor) -> tuple[Tensor, Tensor]:
    """Rows as signed bytes and a scale a row ``(rows, 1)``."""
    scale = weight.abs().amax(1, keepdim=True).clamp(min=1e-8) / _BYTE
    return (weight / scale).round().clamp(-_BYTE, _BYTE).to(torch.int8), scale


def in_bytes(encoder: Encoder) -> Encoder:
    """The encoder with its weights as they will be shipped, changed in place: adapters are learned on this one."""
    with torch.no_grad():
        for module in encoder.modules():
            if isinstance(module, nn.Linear | nn.Embedding) and module is not encoder.trunk.places:
                weight, scale = as_bytes(module.weight)
                module.weight.copy_(weight.float() * scale)
    return encoder


class TrunkGraph(nn.Module):
    """Words ``(B, T)`` -> their vectors and the vectors' mean, as one graph; ``pairs`` change its blocks."""

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.trunk = encoder.trunk

    def forward(self, words: Tensor, there: Tensor, *pairs: Tensor) -> tuple[Tensor, Tensor]:
        """Vectors ``(B, T, width)`` and their mean ``(B, width)``."""
        down, up = iter(pairs[::2]), iter(pairs[1::2])
        lora = [{name: (next(down), next(up)) for name in MAPS} for _ in self.trunk.blocks] if pairs else []
        x = self.trunk(words, there, lora)
        return x, pooled(x, there)


class _Upper(nn.Module):
    """The upper block under adapters of several experts at once: each text names its own by number."""

    def __init__(self, encoder: Encoder) -> None:
        super().__init__()
        self.upper = encoder.upper

    def forward(self, x: Tensor, there: Tensor, which: Tensor, query: Tensor, *pairs: Tensor) -> tuple[Tensor, ...]:
        lora = {name: (pairs[2 * i][which], pairs[2 * i + 1][which]) for i, name in enumerate(MAPS)}
        y = self.upper(x, there, lora)
        summed, weight = attended(y, there, query[which])
        return torch.cat([pooled(y, there), summed], -1), weight, y


def _replace(module: nn.Module) -> nn.Module:
    for name, child in list(module.named_children()):
        if isinstance(child, nn.Linear):
            setattr(module, name, ByteLinear(child))
        elif isinstance(child, nn.Embedding) and name == "words":
            setattr(module, name, ByteWords(child))
        else:
            _replace(child)
    return module


def export(encoder: Encoder, words_json: str, background: dict[str, npt.NDArray[Any]], facts: dict[str, Any],
           out: Path) -> None:  # fmt: skip
    """Write the pack; the encoder is used up. ``background`` holds arrays for ``experts.backbone.Background``."""
    out.mkdir(parents=True, exist_ok=True)
    shape = encoder.shape
    _replace(encoder)
    there = torch.tensor([[True] * 7, [True] * 4 + [False] * 3])
    time = {0: "texts", 1: "words"}
    x = torch.randn(2, 7, shape.width)
    pairs, names = [], []
    for name, (inputs, outputs) in MAPS.items():
        pairs += [torch.zeros(3, inputs * shape.width, RANK), torch.zeros(3, RANK, outputs * shape.width)]
        names += [f"{name}_down", f"{name}_up"]
    query = torch.randn(3, shape.width)
    free: dict[str, dict[int, str]] = {name: {0: "experts"} for name in ("query", *names)}
    free |= {"x": time, "there": time, "which": {0: "texts"}, "features": {0: "texts"}, "weights": time, "y": time}
    upper = graph(_Upper(encoder), (x, there, torch.tensor([0, 2]), query, *pairs),
                  ("x", "there", "which", "query", *names), ("features", "weights", "y"), free)  # fmt: skip
    (out / PARTS.trunk).write_bytes(packed(trunk_graph(encoder)))
    (out / PARTS.upper).write_bytes(packed(upper))
    (out / PARTS.words).write_bytes(packed(words_json.encode()))
    np.savez(out / PARTS.background, **background)  # type: ignore[arg-type]
    manifest = {"name": NAME, "format": FORMAT_VERSION, "shape": shape.facts(), "rank": RANK} | facts
    write_pack(out, manifest, PARTS)


def trunk_graph(encoder: Encoder) -> bytes:
    """The trunk as ONNX. Changes to its blocks are inputs that may be left out: they have no columns then."""
    width, free = encoder.shape.width, {0: "texts", 1: "words"}
    varying = {"words": free, "there": free, "x": free, "mean": {0: "texts"}}
    pairs: list[Tensor] = []
    names: list[str] = []
    for block in range(encoder.shape.blocks - 1):
        for change, (inputs, outputs) in MAPS.items():
            down, up = trunk_inputs(block, change)
            names += [down, up]
            pairs += [torch.zeros(inputs * width, RANK), torch.zeros(RANK, outputs * width)]
            varying |= {down: {1: "rank"}, up: {0: "rank"}}
    words = torch.randint(5, 99, (2, 7))
    there = torch.tensor([[True] * 7, [True] * 4 + [False] * 3])
    raw = graph(TrunkGraph(encoder), (words, there, *pairs), ("words", "there", *names), ("x", "mean"), varying)
    model = onnx.load_from_string(raw)
    for name, pair in zip(names, pairs, strict=True):
        none = pair.numpy()[:, :0] if name.endswith("_down") else pair.numpy()[:0]
        model.graph.initializer.append(numpy_helper.from_array(none, name))
    return bytes(model.SerializeToString())


def graph(module: nn.Module, example: tuple[Tensor, ...], inputs: Sequence[str], outputs: Sequence[str],
          free: dict[str, dict[int, str]]) -> bytes:  # fmt: skip
    """The ONNX graph of a module, traced on an example; ``free`` names the dimensions of tensors that vary."""
    out = BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tracing exporter warns that a newer one exists, which needs more packages
        torch.onnx.export(
            module.eval(), example, out,  # type: ignore[arg-type]  # the tracing exporter takes files too
            input_names=list(inputs), output_names=list(outputs), dynamic_axes=free,
            opset_version=_OPSET, dynamo=False, do_constant_folding=False,
        )  # fmt: skip
    return out.getvalue()
