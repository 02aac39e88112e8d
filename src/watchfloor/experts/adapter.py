"""An expert's own numbers: low-rank changes to the upper block, a query, a head, and what its words alone say.

LoRA: Hu et al., arXiv 2106.09685. Serving many at once over one base: S-LoRA, arXiv 2311.03285. Knows nothing of
files.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from watchfloor.experts.lexicon import Lexicon, SparseLexicon
from watchfloor.experts.pieces import SHAPE

Floats = npt.NDArray[np.float32]
#: Low-rank changes to one block: a name of ``MAPS`` and its pair ``(in, rank)``, ``(rank, out)``.
Lora = Mapping[str, tuple[Floats, Floats]]

#: Linear maps of a block, in the graph's order: inputs and outputs in widths.
MAPS: Final[dict[str, tuple[int, int]]] = {
    "query": (1, 1), "key": (1, 1), "value": (1, 1), "mix": (1, 1), "widen": (1, 4), "narrow": (4, 1),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Below:
    """Low-rank changes to the trunk's blocks, in order; ``mark`` tells what such a trunk saw from what others did."""

    blocks: tuple[Lora, ...]
    mark: bytes

    @classmethod
    def of(cls, blocks: Sequence[Lora]) -> "Below":
        """The changes, marked by their content."""
        mark = hashlib.blake2b(digest_size=16)
        for block in blocks:
            for name in MAPS:
                for each in block[name]:
                    mark.update(each.tobytes())
        return cls(tuple(blocks), mark.digest())

    def feeds(self) -> dict[str, Floats]:
        """The changes as inputs of the trunk's graph."""
        return {name: each for block, lora in enumerate(self.blocks) for change in MAPS
                for name, each in zip(trunk_inputs(block, change), lora[change], strict=True)}  # fmt: skip


def trunk_inputs(block: int, change: str) -> tuple[str, str]:
    """Names of the trunk graph's inputs for a change to one of a block's maps: down and up."""
    return f"block{block}_{change}_down", f"block{block}_{change}_up"


@dataclass(frozen=True, slots=True)
class Adapter:
    """``lora`` changes the upper block, ``below``, where there is one, the trunk; ``query`` is ``(width,)``.

    ``head`` ``(2 * width + SHAPE, labels)`` and ``bias`` ``(labels,)`` make logits of the features.
    """

    lora: Lora
    query: Floats
    head: Floats
    bias: Floats
    lexicon: Lexicon | SparseLexicon | None = None
    below: Below | None = None

    @classmethod
    def plain(cls, width: int, rank: int) -> "Adapter":
        """The adapter that changes nothing, with no labels: the base itself."""
        lora = {
            name: (np.zeros((inputs * width, rank), np.float32), np.zeros((rank, outputs * width), np.float32))
            for name, (inputs, outputs) in MAPS.items()
        }
        head = np.zeros((2 * width + SHAPE, 0), np.float32)
        return cls(lora, np.zeros(width, np.float32), head, np.zeros(0, np.float32))

    def logits(self, features: Floats, shapes: Floats, pieces: Sequence[npt.NDArray[np.int32]]) -> Floats:
        """Logits ``(windows, labels)`` before calibration, of features ``(windows, 2 * width)``.

        ``pieces`` are what the lexicon reads for each window; windows of one text may share them.
        """
        deep = np.concatenate([features, shapes], 1) @ self.head + self.bias
        if self.lexicon is not None:
            said = {id(each): each for each in pieces}
            words = {key: self.lexicon.logits(each) for key, each in said.items()}
            deep += np.stack([words[id(each)] for each in pieces])
        return np.asarray(deep, dtype=np.float32)

    @property
    def bytes(self) -> int:
        """Bytes of memory it holds."""
        changed = [self.lora, *(self.below.blocks if self.below is not None else ())]
        arrays = [self.query, self.head, self.bias]
        arrays += [each for lora in changed for pair in lora.values() for each in pair]
        return sum(each.nbytes for each in arrays) + (self.lexicon.bytes if self.lexicon is not None else 0)


def stacked(adapters: Sequence[Adapter]) -> dict[str, Floats]:
    """The adapters side by side, as inputs of the upper block's graph: each ``(experts, …)``."""
    found = {"query": np.stack([each.query for each in adapters])}
    for name in MAPS:
        found[f"{name}_down"] = np.stack([each.lora[name][0] for each in adapters])
        found[f"{name}_up"] = np.stack([each.lora[name][1] for each in adapters])
    return found
