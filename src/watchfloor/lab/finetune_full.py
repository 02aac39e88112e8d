"""The whole encoder fine-tuned on a task, as a yardstick: what an adapter gives up by leaving the base frozen.

Simplifications: only the first window of a text, one rate of learning, bounded by time.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from watchfloor.experts.backbone import Backbone, padded
from watchfloor.experts.card import Card
from watchfloor.experts.pieces import Window
from watchfloor.lab.base_weights import encoder_of
from watchfloor.lab.encoder import Encoder, pooled
from watchfloor.lab.examples import Example
from watchfloor.lab.finetune_fit import Say
from watchfloor.lab.finetune_make import balanced, targets_of

Floats = npt.NDArray[np.float32]
#: Rate of learning of the backbone.
RATE: Final = 2e-4
_BATCH, _SHOWN = 32, 20
#: Batches that are drawn together and sorted by length.
_POOL = 16


class Whole(nn.Module):
    """Encoder and one head over the mean of a text's words."""

    def __init__(self, encoder: Encoder, labels: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = nn.Linear(encoder.shape.width, labels)

    def forward(self, words: Tensor, there: Tensor) -> Tensor:
        """Logits ``(B, labels)``."""
        logits: Tensor = self.head(pooled(self.encoder(words, there), there))
        return logits


def full_finetune(backbone: Backbone, card: Card, train: Sequence[Example], test: Sequence[Example], *, minutes: float,
                  balance: bool, seed: int, say: Say) -> Floats:  # fmt: skip
    """Probabilities ``(test texts, labels)`` of the whole encoder after at most ``minutes`` of learning."""
    windows, held = (windows_of(backbone, card, each) for each in (train, test))
    plan = Plan(minutes, RATE, balance, seed)
    return learned(encoder_of(backbone), card, train, windows, held, plan, say)[0]


@dataclass(frozen=True, slots=True)
class Plan:
    """How long is learned by ``clock``, at what rate, and whether every label weighs the same."""

    minutes: float
    rate: float
    balance: bool
    seed: int
    clock: Callable[[], float] = time.monotonic


def learned(encoder: Encoder, card: Card, train: Sequence[Example], windows: Sequence[Window], held: Sequence[Window],
            plan: Plan, say: Say) -> tuple[Floats, int]:  # fmt: skip
    """Probabilities ``(held, labels)`` of an encoder learned as a whole, and how many texts it was shown.

    ``windows`` are those of ``train``, one a text, cut by the encoder's own tokenizer.
    """
    torch.manual_seed(plan.seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    facets = list(card.facets().values())
    targets = targets_of(card, train)
    weight = np.asarray([each.weight for each in train], dtype=np.float32)
    weight = weight * balanced(targets[:, 0]) if plan.balance else weight
    weight = weight / weight.mean()
    model = Whole(encoder.train(), len(card.labels)).to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=plan.rate, weight_decay=0.01)
    batches, began, step = _batches(windows, plan.seed), plan.clock(), 0
    while (done := (plan.clock() - began) / (60 * plan.minutes)) < 1:
        chosen = next(batches)
        for group in optimizer.param_groups:
            group["lr"] = plan.rate * min(1.0, (step + 1) / 50) * (1 - 0.95 * done)
        logits = model(*_laid([windows[place] for place in chosen], device))
        loss = torch.zeros((), device=device)
        for number, places in enumerate(facets):
            target = torch.from_numpy(targets[chosen, number]).to(device)
            each = functional.cross_entropy(logits[:, places], target, reduction="none")
            loss = loss + (each * torch.from_numpy(weight[chosen]).to(device)).mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        step += 1
        if step % _SHOWN == 0:
            say(f"whole encoder  {done:.0%}  {step * _BATCH:,} texts  loss {float(loss.detach()):.4f}")
    return _probabilities(model.eval(), facets, held, device), step * _BATCH


def _batches(windows: Sequence[Window], seed: int) -> Iterator[npt.NDArray[np.int64]]:
    """Places of texts, all once before any comes again; those of a batch are about as long, for padding costs time."""
    draw = np.random.default_rng(seed)
    length = np.asarray([len(window.words) for window in windows])
    while True:
        order = draw.permutation(len(windows))
        for start in range(0, len(order), _BATCH * _POOL):
            pool = order[start : start + _BATCH * _POOL]
            pool = pool[np.argsort(length[pool], kind="stable")]
            cut = [pool[at : at + _BATCH] for at in range(0, len(pool), _BATCH)]
            for place in draw.permutation(len(cut)).tolist():
                yield cut[place]


def windows_of(backbone: Backbone, card: Card, examples: Sequence[Example]) -> list[Window]:
    """The first window of each text."""
    pieces = backbone.pieces.split([each.text for each in examples])
    return [backbone.pieces.windows(each, card.windows.size, 0, 1)[0] for each in pieces]


def _laid(windows: Sequence[Window], device: torch.device) -> tuple[Tensor, Tensor]:
    words, there = padded(windows)
    return torch.from_numpy(words).to(device), torch.from_numpy(there).to(device)


@torch.no_grad()
def _probabilities(model: Whole, facets: list[list[int]], windows: Sequence[Window], device: torch.device) -> Floats:
    found = np.zeros((len(windows), sum(map(len, facets))), dtype=np.float32)
    order = np.argsort([len(window.words) for window in windows], kind="stable")
    for start in range(0, len(order), 64):
        chosen = order[start : start + 64]
        logits = model(*_laid([windows[place] for place in chosen], device))
        for places in facets:
            found[chosen[:, None], np.asarray(places)] = logits[:, places].softmax(-1).cpu().numpy()
    return found
