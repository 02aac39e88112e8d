"""The deep path of an adapter as it is learned: LoRA, query and head as one torch module."""

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from watchfloor.experts.adapter import MAPS, Adapter, Below
from watchfloor.experts.backbone import RANK
from watchfloor.experts.lexicon import Lexicon, SparseLexicon
from watchfloor.experts.pieces import SHAPE
from watchfloor.lab.encoder import Block, Lora, Trunk, attended, pooled

Floats = npt.NDArray[np.float32]


class Learner(nn.Module):
    """The deep path as it is learned. ``sizes``: labels of each facet; ``trunk``: changed too, where it is given.

    ``offsets`` ``(sources, labels)``: how much more or less often than the first each source says a label, in logs, to
    begin with; the first ``spoken`` are spoken for.
    """

    def __init__(self, upper: Block, width: int, sizes: list[int], offsets: Floats, spoken: int = 1,
                 trunk: Trunk | None = None) -> None:  # fmt: skip
        super().__init__()
        labels = sum(sizes)
        self.sizes, self.spoken = sizes, spoken
        self.upper, self.trunk = [upper], [trunk] if trunk is not None else []  # in lists: not learned, not saved
        blocks = 1 if trunk is None else 1 + len(trunk.blocks)
        # Of the blocks that are changed, the upper one first.
        self.downs = nn.ModuleList(_downs(width) for _ in range(blocks))
        self.ups = nn.ModuleList(_ups(width) for _ in range(blocks))
        self.query = nn.Parameter(torch.zeros(width))
        self.head = nn.Linear(2 * width + SHAPE, labels)
        nn.init.zeros_(self.head.weight)
        self.offsets = nn.Parameter(torch.from_numpy(offsets))
        #: What the sources spoken for make of the features beside what all do, where there are others.
        self.mine = nn.Parameter(torch.zeros(2 * width + SHAPE, labels), requires_grad=len(offsets) > spoken)

    def features(self, x: Tensor, there: Tensor, *, lora: bool) -> Tensor:
        """Windows ``(B, T, width)``, or words ``(B, T)`` where the trunk is changed -> features ``(B, 2 * width)``."""
        upper, *below = self._pairs() if lora else [None]
        if self.trunk:
            x = self.trunk[0](x, there, below)
        y = self.upper[0](x, there, upper)
        return torch.cat([pooled(y, there), attended(y, there, self.query)[0]], -1)

    def _pairs(self) -> list[Lora]:
        pairs = zip(self.downs, self.ups, strict=True)
        return [{name: (down.get_parameter(name), up.get_parameter(name)) for name in MAPS} for down, up in pairs]

    @property
    def changes(self) -> list[nn.Parameter]:
        """What is learned of the blocks."""
        return [*self.downs.parameters(), *self.ups.parameters(), self.query]

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

        upper, *below = [
            {name: (array(down), array(up)) for name, (down, up) in pairs.items()} for pairs in self._pairs()
        ]
        return Adapter(upper, array(self.query), array(self.head.weight.T + self.mine), array(self.head.bias), lexicon,
                       Below.of(below) if below else None)  # fmt: skip


def _downs(width: int) -> nn.ParameterDict:
    return nn.ParameterDict({name: nn.Parameter(torch.randn(inputs * width, RANK) / (inputs * width) ** 0.5)
                             for name, (inputs, _) in MAPS.items()})  # fmt: skip


def _ups(width: int) -> nn.ParameterDict:
    return nn.ParameterDict({name: nn.Parameter(torch.zeros(RANK, outputs * width))
                             for name, (_, outputs) in MAPS.items()})  # fmt: skip
