"""The whole encoder fine-tuned on a task, as a yardstick: what an adapter gives up by leaving the base frozen.

Simplifications: only the first window of a text, one rate of learning, bounded by time.
"""

import time
from collections.abc import Sequence

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
from watchfloor.lab.finetune_make import targets_of

Floats = npt.NDArray[np.float32]
_BATCH, _RATE, _SHOWN = 32, 2e-4, 20


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
    torch.manual_seed(seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    facets = list(card.facets().values())
    targets = targets_of(card, train)
    counts = np.maximum(np.bincount(targets[:, 0]), 1)
    weight = len(targets) / (len(counts) * counts[targets[:, 0]]) if balance else np.ones(len(targets))
    windows, held = (_windows(backbone, card, each) for each in (train, test))
    model = Whole(encoder_of(backbone).train(), len(card.labels)).to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=_RATE, weight_decay=0.01)
    draw, began, step = np.random.default_rng(seed), time.monotonic(), 0
    order = np.zeros(0, dtype=np.int64)
    while (done := (time.monotonic() - began) / (60 * minutes)) < 1:
        if not len(order):
            order = draw.permutation(len(windows))
        chosen, order = order[:_BATCH], order[_BATCH:]
        for group in optimizer.param_groups:
            group["lr"] = _RATE * min(1.0, (step + 1) / 50) * (1 - 0.95 * done)
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
    return _probabilities(model.eval(), facets, held, device)


def _windows(backbone: Backbone, card: Card, examples: Sequence[Example]) -> list[Window]:
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
