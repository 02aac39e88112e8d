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
    """The deep path as it is learned. ``sizes``: labels of each facet.

    ``offsets`` ``(sources, labels)``: how much more or less often than the first each source says a label, in logs, to
    begin with; the first ``spoken`` are spoken for.
    """

    def __init__(self, upper: Block, width: int, sizes: list[int], offsets: Floats, spoken: int = 1) -> None:
        super().__init__()
        labels = sum(sizes)
        self.sizes, self.spoken = sizes, spoken
        self.upper = [upper]  # in a list: it is not learned and not saved
        self.down = nn.ParameterDict({n: nn.Parameter(torch.randn(i * width, RANK) / (i * width) ** 0.5)
                                      for n, (i, _) in MAPS.items()})  # fmt: skip
        self.up = nn.ParameterDict({n: nn.Parameter(torch.zeros(RANK, o * width)) for n, (_, o) in MAPS.items()})
        self.query = nn.Parameter(torch.zeros(width))
        self.head = nn.Linear(2 * width + SHAPE, labels)
        nn.init.zeros_(self.head.weight)
        self.offsets = nn.Parameter(torch.from_numpy(offsets))
        #: What the sources spoken for make of the features beside what all do, where there are others.
        self.mine = nn.Parameter(torch.zeros(2 * width + SHAPE, labels), requires_grad=len(offsets) > spoken)

    def features(self, x: Tensor, there: Tensor, *, lora: bool) -> Tensor:
        """Windows ``(B, T, width)`` -> features ``(B, 2 * width)``."""
        pairs = {name: (self.down[name], self.up[name]) for name in MAPS} if lora else None
        y = self.upper[0](x, there, pairs)
        return torch.cat([pooled(y, there), attended(y, there, self.query)[0]], -1)

    def logits(self, features: Tensor, source: Tensor | None = None) -> Tensor:
        """Logits ``(B, labels)`` of features with shapes, as each text's source says them, or as the first does."""
        said: Tensor = self.head(features)
        if source is None:
            return said + features @ self.mine
        leaning = self.offsets[source] * (source > 0)[:, None]
        return said + leaning + (features @ self.mine) * (source < self.spoken)[:, None]

    def loss(self, logits: Tensor, targets: Tensor, weight: Tensor) -> Tensor:
        """Weighed cross entropy over all facets: ``(B, facets)`` numbers of labels, or shares ``(B, labels)``."""
        total = torch.zeros((), device=logits.device)
        for place, part in enumerate(torch.split(logits, self.sizes, -1)):
            wanted = targets if targets.is_floating_point() else targets[:, place]
            each = functional.cross_entropy(part, wanted, reduction="none", label_smoothing=0.02)
            total = total + (each * weight).mean()
        return total

    def adapter(self, lexicon: Lexicon | SparseLexicon) -> Adapter:
        """What was learned, as the runtime holds it, the lexical path beside it."""

        def array(value: Tensor) -> Floats:
            return value.detach().float().cpu().numpy().copy()

        lora = {name: (array(self.down[name]), array(self.up[name])) for name in MAPS}
        return Adapter(lora, array(self.query), array(self.head.weight.T + self.mine), array(self.head.bias), lexicon)
