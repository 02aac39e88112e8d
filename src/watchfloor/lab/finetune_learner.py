"""The deep path of an adapter as it is learned: LoRA, query and head as one torch module."""

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from watchfloor.experts.adapter import MAPS, Adapter
from watchfloor.experts.backbone import RANK
from watchfloor.experts.lexicon import Lexicon, SparseLexicon
from watchfloor.experts.pieces import SHAPE
from watchfloor.lab.encoder import Block, attended, pooled

Floats = npt.NDArray[np.float32]


class Learner(nn.Module):
    """The deep path as it is learned. ``sizes``: labels of each facet."""

    def __init__(self, upper: Block, width: int, sizes: list[int]) -> None:
        super().__init__()
        labels = sum(sizes)
        self.sizes = sizes
        self.upper = [upper]  # in a list: it is not learned and not saved
        self.down = nn.ParameterDict({n: nn.Parameter(torch.randn(i * width, RANK) / (i * width) ** 0.5)
                                      for n, (i, _) in MAPS.items()})  # fmt: skip
        self.up = nn.ParameterDict({n: nn.Parameter(torch.zeros(RANK, o * width)) for n, (_, o) in MAPS.items()})
        self.query = nn.Parameter(torch.zeros(width))
        self.head = nn.Linear(2 * width + SHAPE, labels)
        nn.init.zeros_(self.head.weight)

    def features(self, x: Tensor, there: Tensor, *, lora: bool) -> Tensor:
        """Windows ``(B, T, width)`` -> features ``(B, 2 * width)``."""
        pairs = {name: (self.down[name], self.up[name]) for name in MAPS} if lora else None
        y = self.upper[0](x, there, pairs)
        return torch.cat([pooled(y, there), attended(y, there, self.query)[0]], -1)

    def loss(self, logits: Tensor, targets: Tensor, weight: Tensor) -> Tensor:
        """Weighed cross entropy over all facets."""
        total = torch.zeros((), device=logits.device)
        for place, part in enumerate(torch.split(logits, self.sizes, -1)):
            each = functional.cross_entropy(part, targets[:, place], reduction="none", label_smoothing=0.02)
            total = total + (each * weight).mean()
        return total

    def adapter(self, lexicon: Lexicon | SparseLexicon) -> Adapter:
        """What was learned, as the runtime holds it, with the lexical path beside it."""

        def array(value: Tensor) -> Floats:
            return value.detach().float().cpu().numpy().copy()

        lora = {name: (array(self.down[name]), array(self.up[name])) for name in MAPS}
        return Adapter(lora, array(self.query), array(self.head.weight.T), array(self.head.bias), lexicon)
