"""Fit an adapter over what the frozen trunk made of labelled texts, in three stages, on a CPU or a GPU.

First the lexical path alone, from all texts, for it needs no trunk; then the head beside it over the untouched upper
block, whose output never changes and is computed once; then LoRA, query, head and lexical path together. The best state
on the development part is kept. Where the lexical path has learned from many more texts than the trunk read, it knows
those by heart and leaves nothing to learn beside it: then the deep path is learned alone, and development texts say
how much each path weighs (late fusion). Which window of a long alarm text carries its label is not known: each round it
is the one that is loudest (multiple-instance learning).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from watchfloor.experts.adapter import Adapter
from watchfloor.lab.encoder import Block
from watchfloor.lab.finetune_learner import Learner
from watchfloor.lab.finetune_texts import Texts, Wide, row_of, rows_of, vocabulary_of
from watchfloor.lab.temperature import log_loss, temperature

BATCH: Final = 32
#: Texts seen by the upper block in training at most, however many there are: minutes on two cores.
VISITS: Final = 8_000
ROUNDS: Final = 8
PATIENCE: Final = 3
#: Rounds between two looks for the loudest windows: each costs as much as a round.
LISTENED: Final = 3
_RATE = {"words": 4e-3, "head": 1e-3, "lora": 5e-4, "lexicon": 5e-4}
#: Share of features, and of a text's n-grams, that are left out at each step.
_DROPPED, _DROPPED_GRAMS = 0.1, 0.3
_WIDE_EPOCHS, _WIDE_BATCH = 20, 256
#: Where the paths are learned apart: rounds of the lexical one, its rate falling, and the n-grams left out.
_APART_EPOCHS, _APART_DROPPED = 8, 0.5

#: The lexical path has learned from this many times the texts the trunk read: the paths are learned apart.
APART: Final = 1.5
#: What the lexical path may weigh beside the deep one.
_WEIGHTS: Final = (0.0, 0.15, 0.3, 0.45, 0.6, 0.8, 1.0, 1.3, 1.7)

Floats = npt.NDArray[np.float32]
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Fitted:
    """An adapter, its logits for the development texts ``(texts, labels)``, and how it came about."""

    adapter: Adapter
    dev_logits: Floats
    history: list[dict[str, float]]


def fit(upper: Block, sizes: list[int], wide: Wide, train: Texts, dev: Texts, *, alarm: int = -1, seed: int = 0,
        visits: int = VISITS, say: Say = print) -> Fitted:  # fmt: skip
    """Learn an adapter from all texts' words and what the trunk read. ``alarm``: the label whose loudest window

    speaks for a text, or -1.
    """
    torch.manual_seed(seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    upper = upper.to(device).eval().requires_grad_(False)
    width = train.x[0][0].shape[1]
    learner = Learner(upper, width, sizes, vocabulary_of(wide.grams)).to(device)
    job = _Job(learner, train, dev, alarm, np.random.default_rng(seed), say, device)
    job.apart = alarm < 0 and len(wide.grams) > APART * len(train.x)
    job.hear(wide)
    job.warm_up()
    job.learn(visits)
    if job.apart:
        job.fuse()
    logits = job.score(dev, job.dev_rows, lora=True)
    return Fitted(learner.adapter(), logits, job.history)


class _Job:
    def __init__(self, learner: Learner, train: Texts, dev: Texts, alarm: int, draw: np.random.Generator, say: Say,
                 device: torch.device) -> None:  # fmt: skip
        self.learner, self.train, self.dev, self.alarm, self.draw, self.say = learner, train, dev, alarm, draw, say
        self.device = device
        self.rows, self.dev_rows = rows_of(train, learner.vocabulary), rows_of(dev, learner.vocabulary)
        self.history: list[dict[str, float]] = []
        self.apart = self.hearing = False
        self._best: tuple[float, dict[str, Tensor]] = (np.inf, {})
        self._worse = 0

    def hear(self, wide: Wide) -> None:
        """The lexical path alone, until the development loss rises."""
        learner = self.learner
        rows = [row_of(each, learner.vocabulary) for each in wide.grams]
        words = [*learner.lexicon.parameters(), *([learner.out] if learner.out is not None else [])]
        optimizer = torch.optim.Adam(words, lr=_RATE["words"])
        silent = torch.zeros(1, sum(learner.sizes), device=self.device)
        self.hearing = True
        epochs, dropped = (_APART_EPOCHS, _APART_DROPPED) if self.apart else (_WIDE_EPOCHS, _DROPPED_GRAMS)
        for number in range(epochs):
            optimizer.param_groups[0]["lr"] = _RATE["words"] * (1 - number / epochs if self.apart else 1)
            order, losses = self.draw.permutation(len(rows)), []
            for start in range(0, len(order), _WIDE_BATCH):
                chosen = order[start : start + _WIDE_BATCH]
                kept = [row[torch.rand(len(row)) > dropped] for row in (rows[i] for i in chosen)]
                deep = silent.expand(len(chosen), -1)
                losses.append(self._step(optimizer, deep, kept, wide.targets[chosen], wide.weight[chosen]))
            if self._judge(number - 100, float(np.mean(losses)), lambda: silent):
                break
        self._restore()
        self.hearing = False
        if self.apart:  # what follows is another model's loss
            self._best = (np.inf, self._best[1])

    def warm_up(self) -> None:
        """Head beside the lexical path over features that do not change, until the development loss rises."""
        learner = self.learner
        plain, plain_dev = self._plain(self.train), self._plain(self.dev)
        optimizer = torch.optim.AdamW([
            {"params": learner.head.parameters(), "lr": _RATE["head"], "weight_decay": 0.02},
            {"params": [*learner.lexicon.parameters(), *([learner.out] if learner.out is not None else [])],
             "lr": _RATE["lexicon"], "weight_decay": 0.01},
        ])  # fmt: skip
        size = 256 if len(plain) > 8_000 else 64
        most = int(np.clip(400_000 / max(len(plain), 1), 6, 40))
        for number in range(most):
            order, losses = self.draw.permutation(len(plain)), []
            for start in range(0, len(order), size):
                chosen = order[start : start + size]
                deep = learner.head(functional.dropout(plain[chosen], _DROPPED))
                losses.append(self._step(optimizer, deep, *self._chosen(chosen)))
            if self._judge(number, float(np.mean(losses)), lambda: learner.head(plain_dev).detach()):
                break
        self._restore()

    def learn(self, visits: int) -> None:
        """All together, for as many visits of texts as there is time for."""
        learner, count = self.learner, len(self.train.x)
        rounds = int(np.clip(visits // max(min(count, visits // ROUNDS), 1), 1, 12))
        each = min(count, visits // rounds)
        lora = [*learner.down.values(), *learner.up.values(), learner.query]
        rest = [*learner.head.parameters(), *learner.lexicon.parameters()]
        optimizer = torch.optim.AdamW([
            {"params": lora, "lr": _RATE["lora"], "weight_decay": 0.01},
            {"params": rest, "lr": _RATE["head"] / 4, "weight_decay": 0.01},
        ])  # fmt: skip
        steps = rounds * (each // BATCH + 1)
        pace = torch.optim.lr_scheduler.OneCycleLR(optimizer, [_RATE["lora"], _RATE["head"] / 4], total_steps=steps + 1,
                                                   pct_start=0.1)  # fmt: skip
        self._worse, order = 0, np.zeros(0, dtype=np.int64)
        for number in range(rounds):
            if number % LISTENED == 0:
                self._listen()
            if len(order) < each:
                order = np.r_[order, self._by_length()]
            losses = []
            part, order = order[:each], order[each:]
            for start in range(0, len(part), BATCH):
                chosen = part[start : start + BATCH]
                x, there = self._laid(self.train, chosen)
                shapes = torch.from_numpy(self.train.shapes[chosen]).to(self.device)
                features = torch.cat([learner.features(x, there, lora=True), shapes], -1)
                deep = learner.head(functional.dropout(features, _DROPPED))
                losses.append(self._step(optimizer, deep, *self._chosen(chosen)))
                pace.step()
            if self._judge(100 + number, float(np.mean(losses)), lambda: self._deep(self.dev, lora=True)):
                break
        self._restore()

    @torch.no_grad()
    def fuse(self) -> None:
        """Weigh the lexical path of each facet by what is best for the development texts, at the best temperature."""
        learner, dev = self.learner, self.dev
        learner.eval()
        deep = self._deep(dev, lora=True)
        words = learner.words([rows[0] for rows in self.dev_rows])
        weights = []
        for place, (d, w) in enumerate(zip(*(torch.split(x, learner.sizes, -1) for x in (deep, words)), strict=True)):
            losses = [self._tempered(d + share * w, dev.targets[:, place]) for share in _WEIGHTS]
            weights.append(_WEIGHTS[int(np.argmin(losses))])
            self.say(
                f"facet {place}: words weigh {weights[-1]:g}; loss {min(losses):.4f}, deep path alone {losses[0]:.4f}"
            )
        each = torch.cat([torch.full((size,), w) for size, w in zip(learner.sizes, weights, strict=True)]).to(
            self.device
        )
        (learner.lexicon.weight if learner.out is None else learner.out).mul_(each)

    def _tempered(self, logits: Tensor, targets: npt.NDArray[np.int64]) -> float:
        table = logits.cpu().numpy().astype(np.float64)
        return log_loss(table / temperature([(table, targets)]), targets)

    def _by_length(self) -> npt.NDArray[np.int64]:
        """Texts in an order that is drawn, those of a batch of like length."""
        order = self.draw.permutation(len(self.train.x))
        lengths = np.asarray([len(windows[0]) for windows in self.train.x])
        found = []
        for start in range(0, len(order), 32 * BATCH):
            part = order[start : start + 32 * BATCH]
            part = part[np.argsort(lengths[part], kind="stable")]
            blocks = [part[place : place + BATCH] for place in range(0, len(part), BATCH)]
            found += [blocks[place] for place in self.draw.permutation(len(blocks))]
        return np.concatenate(found)

    def _chosen(self, chosen: npt.NDArray[np.int64]) -> tuple[list[Tensor], npt.NDArray[np.int64], Floats]:
        """N-grams of the windows that speak, some of them left out; targets and weights."""
        texts = self.train
        spoken = (self.rows[i][texts.speaks[i]] for i in chosen)
        kept = [row[torch.rand(len(row)) > _DROPPED_GRAMS] for row in spoken]
        return kept, texts.targets[chosen], texts.weight[chosen]

    def _step(self, optimizer: torch.optim.Optimizer, deep: Tensor, kept: list[Tensor],
              targets: npt.NDArray[np.int64], weight: Floats) -> float:  # fmt: skip
        wanted, counted = torch.from_numpy(targets).to(self.device), torch.from_numpy(weight).to(self.device)
        words = None if self.apart and not self.hearing else self.learner.words(kept)
        loss = self.learner.loss(deep, words, wanted, counted)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.learner.parameters(), 5.0)
        optimizer.step()
        return float(loss.detach())

    def _judge(self, number: int, train_loss: float, deep: Callable[[], Tensor]) -> bool:
        """Note how the development part fares; True when it has been getting worse for long enough."""
        dev, learner = self.dev, self.learner
        with torch.no_grad():
            learner.eval()
            logits = deep()
            if self.hearing or not self.apart:
                logits = logits + learner.words([rows[dev.speaks[i]] for i, rows in enumerate(self.dev_rows)])
            targets = torch.from_numpy(dev.targets).to(self.device)
            weight = torch.from_numpy(dev.weight).to(self.device)
            parts = torch.split(logits, learner.sizes, -1)
            each = [functional.cross_entropy(p, targets[:, i], reduction="none") * weight for i, p in enumerate(parts)]
            loss = float(torch.stack(each).mean())
            if self.apart:  # both paths are brought to their temperature in the end
                loss = float(np.mean([self._tempered(p, dev.targets[:, i]) for i, p in enumerate(parts)]))
            right = float(torch.stack([(p.argmax(-1) == targets[:, i]).float() for i, p in enumerate(parts)]).mean())
            learner.train()
        self.history.append({"epoch": number, "train_loss": train_loss, "dev_loss": loss, "dev_accuracy": right})
        self.say(f"round {number}  loss {train_loss:.4f}  held-out loss {loss:.4f}  held-out accuracy {right:.4f}")
        if loss < self._best[0]:
            self._best = (loss, {name: value.detach().clone() for name, value in learner.state_dict().items()})
            self._worse = 0
            return False
        self._worse += 1
        return self._worse >= PATIENCE

    def _restore(self) -> None:
        """Back to the best state; the next stage begins to count anew."""
        self._worse = 0
        self.learner.load_state_dict(self._best[1])

    @torch.no_grad()
    def _plain(self, texts: Texts) -> Tensor:
        """Features of the untouched upper block with the shapes, of each text's first window."""
        found: list[Any] = [None] * len(texts.x)
        for chosen in _even(texts):
            x, there = self._laid(texts, chosen)
            features = self.learner.features(x, there, lora=False)
            for row, i in enumerate(chosen):
                found[i] = features[row]
        return torch.cat([torch.stack(found), torch.from_numpy(texts.shapes).to(self.device)], -1)

    @torch.no_grad()
    def _deep(self, texts: Texts, *, lora: bool) -> Tensor:
        found: list[Any] = [None] * len(texts.x)
        for chosen in _even(texts):
            x, there = self._laid(texts, chosen)
            shapes = torch.from_numpy(texts.shapes[chosen]).to(self.device)
            logits = self.learner.head(torch.cat([self.learner.features(x, there, lora=lora), shapes], -1))
            for row, i in enumerate(chosen):
                found[i] = logits[row]
        return torch.stack(found)

    @torch.no_grad()
    def _listen(self) -> None:
        """Of each long alarm text, find the window that is loudest now."""
        if self.alarm < 0:
            return
        self.learner.eval()
        for texts, rows in ((self.train, self.rows), (self.dev, self.dev_rows)):
            for i, loud in self._margins(texts, rows).items():
                alarmed = texts.targets[i, 0] == self.alarm
                texts.speaks[i] = int(np.argmax(loud)) if alarmed else int(self.draw.integers(len(loud)))
        self.learner.train()

    def _margins(self, texts: Texts, rows: list[list[Tensor]]) -> dict[int, list[float]]:
        """The alarm's logit of each window of texts with several, windows of like length together."""
        jobs = [(i, place) for i, each in enumerate(texts.x) if len(each) > 1 for place in range(len(each))]
        jobs.sort(key=lambda job: len(texts.x[job[0]][job[1]]))
        found: dict[int, list[float]] = {i: [0.0] * len(texts.x[i]) for i, _ in jobs}
        for start in range(0, len(jobs), 64):
            part = jobs[start : start + 64]
            x, there = self._stacked([texts.x[i][place] for i, place in part])
            shapes = torch.from_numpy(texts.shapes[[i for i, _ in part]]).to(self.device)
            deep = self.learner.head(torch.cat([self.learner.features(x, there, lora=True), shapes], -1))
            logits = (deep + self.learner.words([rows[i][place] for i, place in part]))[:, self.alarm]
            for (i, place), logit in zip(part, logits.tolist(), strict=True):
                found[i][place] = logit
        return found

    def score(self, texts: Texts, rows: list[list[Tensor]], *, lora: bool) -> Floats:
        """Logits ``(texts, labels)`` of both paths together, of the window that speaks."""
        self.learner.eval()
        self._listen_dev(texts, rows)
        with torch.no_grad():
            words = self.learner.words([each[texts.speaks[i]] for i, each in enumerate(rows)])
            return np.asarray((self._deep(texts, lora=lora) + words).cpu().numpy(), dtype=np.float32)

    @torch.no_grad()
    def _listen_dev(self, texts: Texts, rows: list[list[Tensor]]) -> None:
        """In judging, the loudest window speaks whatever the truth is."""
        if self.alarm >= 0:
            for i, loud in self._margins(texts, rows).items():
                texts.speaks[i] = int(np.argmax(loud))

    def _laid(self, texts: Texts, chosen: npt.NDArray[np.int64]) -> tuple[Tensor, Tensor]:
        return self._stacked([texts.x[i][texts.speaks[i]] for i in chosen])

    def _stacked(self, windows: list[Any]) -> tuple[Tensor, Tensor]:
        longest = max(len(each) for each in windows)
        x = np.zeros((len(windows), longest, windows[0].shape[1]), dtype=np.float32)
        there = np.zeros((len(windows), longest), dtype=np.bool_)
        for row, each in enumerate(windows):
            x[row, : len(each)] = each
            there[row, : len(each)] = True
        return torch.from_numpy(x).to(self.device), torch.from_numpy(there).to(self.device)


def _even(texts: Texts) -> list[npt.NDArray[np.int64]]:
    """Batches of texts of like length."""
    order = np.argsort([len(texts.x[i][texts.speaks[i]]) for i in range(len(texts.x))], kind="stable")
    return [order[start : start + 64] for start in range(0, len(order), 64)]
