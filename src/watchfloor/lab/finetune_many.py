"""The lexical path where there are many labels: the same linear model, learned in passes, and only what speaks kept.

Adagrad (Duchi et al., JMLR 2011) takes long steps for rare n-grams; a share of a text's n-grams is left out at each
visit (dropout as the regulariser: Wager et al., arXiv 1307.1493). Where texts are labelled by several sources that
disagree, each source has an offset a label, so that what differs between them is not put down to the words; and the
sources that are spoken for have weights of their own beside those of all (Daume III, ACL 2007), added up in the end.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from watchfloor.experts.lexicon import SparseLexicon

#: Texts a step, the first rate, and the share of n-grams left out.
BATCH, RATE, DROPPED = 256, 0.15, 0.5
#: Visits of texts that passes are made for, and how few and many passes may be.
VISITS, FEWEST, MOST = 545_000, 6, 14
#: Passes after the least speaking weights are gone, in which the others make up for them.
MENDING: Final = 2
#: Weights that ship for each label, in the mean.
ENTRIES_A_LABEL: Final = 896
_SMOOTHING: Final = 0.02
_SPECK: Final = 1e-4
#: Texts that the shares of all sources are worth beside a source's own.
_LEANING: Final = 20

Floats = npt.NDArray[np.float32]
Places = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Rows:
    """Texts as places of their known n-grams, with label, weight and source (below ``spoken``: one spoken for).

    ``target`` is a label's number ``(texts,)`` or shares of labels ``(texts, labels)``.
    """

    places: list[Places]
    target: Places | Floats
    weight: Floats
    source: Places
    spoken: int = 1


@dataclass(frozen=True, slots=True)
class State:
    """Weights ``(n-grams, labels)``, rarity folded in; what the sources spoken for say without a word

    ``(sources, labels)``; and whether all but the weights that ship are gone.
    """

    weights: Floats
    biases: Floats
    ships: bool


class _Linear(nn.Module):
    def __init__(self, rarity: Floats, labels: int, priors: Floats, spoken: int) -> None:
        super().__init__()
        self.rarity = torch.from_numpy(rarity)
        self.spoken = spoken
        #: What is so for all sources, and what is so for those spoken for beside it, where there are others.
        bags = 2 if len(priors) > spoken else 1
        self.bags = [nn.EmbeddingBag(len(rarity), labels, mode="sum", sparse=True) for _ in range(bags)]
        for each in self.bags:
            nn.init.zeros_(each.weight)
        self.bias = nn.Parameter(torch.from_numpy(priors[0]))
        self.offsets = nn.Parameter(torch.from_numpy(priors - priors[0]))

    def forward(self, places: list[Places], lengths: Places, source: Places) -> Tensor:
        """Logits ``(B, labels)`` of texts given as places of n-grams, each of so many known ones, by their sources."""
        logits = self._said(0, places, lengths) + self.bias + self.offsets[torch.from_numpy(source)]
        mine = np.flatnonzero(source < self.spoken)
        if len(self.bags) == 1 or not len(mine):
            return logits
        return logits.index_add(0, torch.from_numpy(mine), self._said(1, [places[i] for i in mine], lengths[mine]))

    def weights(self) -> Tensor:
        """What n-grams add for the sources spoken for ``(n-grams, labels)``."""
        return sum((each.weight.detach() for each in self.bags), torch.zeros(())) * self.rarity[:, None]

    def _said(self, bag: int, places: list[Places], lengths: Places) -> Tensor:
        counts = np.asarray([len(each) for each in places])
        flat = torch.from_numpy(np.concatenate(places))
        share = np.repeat(1 / np.sqrt(np.maximum(lengths, 1)), counts).astype(np.float32)
        starts = torch.from_numpy(np.cumsum(counts) - counts)
        said: Tensor = self.bags[bag](flat, starts, per_sample_weights=self.rarity[flat] * torch.from_numpy(share))
        return said


def learned(rows: Rows, rarity: Floats, labels: int, seed: int, entries: int = 0) -> Iterator[State]:
    """The state after each pass; the last are sparse, of ``entries`` weights, or nothing is dropped where it is 0."""
    torch.manual_seed(seed)
    torch.sparse.check_sparse_tensor_invariants.disable()  # type: ignore[no-untyped-call]
    draw = np.random.default_rng(seed)
    net = _Linear(rarity, labels, priors(rows.target, rows.source, labels), rows.spoken)
    words = torch.optim.Adagrad([each.weight for each in net.bags], lr=RATE, initial_accumulator_value=_SPECK)
    rest = torch.optim.Adagrad([net.bias, net.offsets], lr=RATE / 2, initial_accumulator_value=_SPECK)
    often = np.bincount(np.concatenate(rows.places), minlength=len(rarity))
    kept: Tensor | None = None
    passes = int(np.clip(VISITS // len(rows.places), FEWEST, MOST))
    for number in range(passes + (MENDING if entries else 0)):
        if number == passes:
            kept = _speaking(net.weights(), often, entries)
        for group in words.param_groups:
            group["lr"] = RATE * max(1 - 0.8 * number / passes, 0.2)
        _pass(net, rows, draw, words, rest, kept)
        weights = net.weights().numpy()
        shown = weights if kept is None else weights * kept.numpy()
        biases = (net.bias + net.offsets[: rows.spoken]).detach().numpy().copy()
        yield State(shown, biases, kept is not None)


def priors(target: Places | Floats, source: Places, labels: int) -> Floats:
    """Log shares of labels in each source ``(sources, labels)``, leaning on those of all where a source has few."""
    counts = np.zeros((int(source.max(initial=0)) + 1, labels))
    if np.issubdtype(target.dtype, np.integer):
        np.add.at(counts, (source, target.astype(np.int64)), 1)
    else:
        np.add.at(counts, source, target)
    overall = (counts.sum(0) + 1) / (counts.sum() + labels)
    found = counts + _LEANING * overall
    return np.asarray(np.log(found / found.sum(1, keepdims=True)), dtype=np.float32)


def _pass(net: _Linear, rows: Rows, draw: np.random.Generator, words: torch.optim.Optimizer,
          rest: torch.optim.Optimizer, kept: Tensor | None) -> None:  # fmt: skip
    lengths = np.asarray([len(each) for each in rows.places])
    order = draw.permutation(len(rows.places))
    for start in range(0, len(order), BATCH):
        chosen = order[start : start + BATCH]
        some = [rows.places[i][draw.random(lengths[i]) >= DROPPED] for i in chosen]
        if kept is not None:
            with torch.no_grad():
                touched = torch.from_numpy(np.unique(np.concatenate(some)))
                for bag in net.bags:
                    bag.weight[touched] *= kept[touched]
        logits = net(some, lengths[chosen] * (1 - DROPPED), rows.source[chosen])
        missed = functional.cross_entropy(
            logits, torch.from_numpy(rows.target[chosen]), reduction="none", label_smoothing=_SMOOTHING
        )
        loss = (missed * torch.from_numpy(rows.weight[chosen])).mean()
        for each in (words, rest):
            each.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        for each in (words, rest):
            each.step()


def _speaking(weights: Tensor, often: npt.NDArray[np.int64], most: int) -> Tensor:
    """Which of the weights move answers most: as large, and as often met."""
    moves = weights.abs() * torch.from_numpy(np.sqrt(often).astype(np.float32))[:, None]
    if moves.numel() <= most:
        return torch.ones_like(moves)
    # A sample tells the limit well enough, and sorting all of them takes longer than learning.
    limit = torch.quantile(moves.flatten()[:: max(moves.numel() // 1_000_000, 1)], 1 - most / moves.numel())
    return (moves > limit).float()


def sparse(vocabulary: npt.NDArray[np.uint32], weights: Floats) -> SparseLexicon:
    """Weights ``(n-grams, labels)`` as they ship: bytes, those that are not zero."""
    scale = np.maximum(np.abs(weights).max(0, initial=0.0), 1e-12).astype(np.float32) / 127
    vectors = np.round(weights / scale).astype(np.int8)
    row, which = np.nonzero(vectors)
    spoken = np.flatnonzero(np.bincount(row, minlength=len(vectors)))
    starts = np.concatenate([np.searchsorted(row, spoken), [len(row)]]).astype(np.int32)
    return SparseLexicon(vocabulary[spoken], starts, which.astype(np.uint16), vectors[row, which], scale)
