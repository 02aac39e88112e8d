"""An adapter as it is learned: LoRA, query, head and lexical path as one torch module."""

from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from watchfloor.experts.adapter import MAPS, Adapter, Lexicon
from watchfloor.experts.backbone import RANK
from watchfloor.experts.pieces import SHAPE
from watchfloor.lab.encoder import Block, attended, pooled
from watchfloor.lab.encoder_graph import as_bytes

#: With more labels than this the lexical path goes through as many axes, not straight to the labels.
AXES: Final = 64
SHIPPED_GRAMS: Final = 24_576

Floats = npt.NDArray[np.float32]


class Learner(nn.Module):
    """The adapter as it is learned. ``sizes``: labels of each facet."""

    def __init__(self, upper: Block, width: int, sizes: list[int], vocabulary: npt.NDArray[np.uint32]) -> None:
        super().__init__()
        labels = sum(sizes)
        self.sizes, self.vocabulary = sizes, vocabulary
        self.upper = [upper]  # in a list: it is not learned and not saved
        self.down = nn.ParameterDict({n: nn.Parameter(torch.randn(i * width, RANK) / (i * width) ** 0.5)
                                      for n, (i, _) in MAPS.items()})  # fmt: skip
        self.up = nn.ParameterDict({n: nn.Parameter(torch.zeros(RANK, o * width)) for n, (_, o) in MAPS.items()})
        self.query = nn.Parameter(torch.zeros(width))
        self.head = nn.Linear(2 * width + SHAPE, labels)
        nn.init.zeros_(self.head.weight)
        axes = labels if labels <= AXES else AXES
        self.lexicon = nn.EmbeddingBag(len(vocabulary) + 1, axes, mode="sum", padding_idx=len(vocabulary))
        self.out: nn.Parameter | None = None
        if axes < labels:
            nn.init.normal_(self.lexicon.weight, std=0.1)
            self.out = nn.Parameter(torch.randn(axes, labels) * 0.1)
        else:
            nn.init.zeros_(self.lexicon.weight)

    def features(self, x: Tensor, there: Tensor, *, lora: bool) -> Tensor:
        """Windows ``(B, T, width)`` -> features ``(B, 2 * width)``."""
        pairs = {name: (self.down[name], self.up[name]) for name in MAPS} if lora else None
        y = self.upper[0](x, there, pairs)
        return torch.cat([pooled(y, there), attended(y, there, self.query)[0]], -1)

    def words(self, rows: list[Tensor]) -> Tensor:
        """Logits of the lexical path alone ``(B, labels)``."""
        device = self.query.device
        counts = torch.tensor([max(len(each), 1) for each in rows], dtype=torch.float32, device=device)
        flat = torch.cat(rows).to(device) if rows else torch.zeros(0, dtype=torch.long, device=device)
        starts = torch.tensor(np.cumsum([0, *(len(each) for each in rows[:-1])]), device=device)
        summed = self.lexicon(flat, starts) / counts.sqrt()[:, None]
        logits: Tensor = summed @ self.out if self.out is not None else summed
        return logits

    def loss(self, deep: Tensor, words: Tensor | None, targets: Tensor, weight: Tensor) -> Tensor:
        """Weighed cross entropy over all facets: of both paths together, and a little of each alone; or of one."""
        total = torch.zeros((), device=deep.device)
        paths = ((deep, 1.0),) if words is None else ((deep + words, 1.0), (deep, 0.2), (words, 0.2))
        for logits, share in paths:
            for place, part in enumerate(torch.split(logits, self.sizes, -1)):
                each = functional.cross_entropy(part, targets[:, place], reduction="none", label_smoothing=0.02)
                total = total + share * (each * weight).mean()
        return total

    def adapter(self) -> Adapter:
        """What was learned, as the runtime holds it; the lexical path in bytes."""

        def array(value: Tensor) -> Floats:
            return value.detach().float().cpu().numpy().copy()

        vectors, scale = as_bytes(self.lexicon.weight.detach().cpu()[:-1].T.contiguous())
        labels = self.head.out_features
        out = array(self.out) if self.out is not None else np.eye(labels, dtype=np.float32)
        # The shortest vectors say least: without them a pack is a third smaller and answers alike.
        lengths = np.abs(vectors.numpy().astype(np.int32)).sum(0)
        kept = np.sort(np.argsort(-lengths, kind="stable")[:SHIPPED_GRAMS])
        lexicon = Lexicon(self.vocabulary[kept], np.ascontiguousarray(vectors.numpy().T[kept]), array(scale[:, 0]), out)
        lora = {name: (array(self.down[name]), array(self.up[name])) for name in MAPS}
        return Adapter(lora, array(self.query), array(self.head.weight.T), array(self.head.bias), lexicon)
