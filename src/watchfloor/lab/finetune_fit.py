"""Fit an adapter over what the frozen trunk made of labelled texts, or over their words, on a CPU or a GPU.

First the head over the untouched encoder, whose output never changes and is computed once; then LoRA (of the upper
block, and of the trunk's blocks where words are given), query and head together; the best state on the development part
is kept. The lexical path is another model (``lab.finetune_lexical``), learned apart: learned together, it knows the
trunk's texts by heart and leaves nothing to learn beside it. Development texts say how much each path weighs (late
fusion). Which window of a long alarm text carries its label is not known: each round it is the one that is loudest
(multiple-instance learning).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from watchfloor.experts.adapter import Adapter
from watchfloor.lab.encoder import Encoder
from watchfloor.lab.finetune_learner import Learner
from watchfloor.lab.finetune_lexical import lexical
from watchfloor.lab.finetune_many import priors
from watchfloor.lab.finetune_texts import Texts, Wide
from watchfloor.lab.temperature import log_loss, temperature

BATCH: Final = 32
#: Texts seen by the upper block in training at most, however many there are: minutes on two cores.
VISITS: Final = 8_000
ROUNDS: Final = 8
PATIENCE: Final = 3
#: Texts that the head begins with where the trunk is changed too.
_WARM: Final = 6_000
#: Rounds between two looks for the loudest windows: each costs as much as a round.
LISTENED: Final = 3
#: Rates of learning; ``deep``: of changes to all blocks.
_RATE = {"head": 1e-3, "lora": 5e-4, "deep": 1e-3}
#: Share of features that are left out at each step.
_DROPPED: Final = 0.1
#: What the lexical path may weigh, of one, beside the deep one.
_SHARES: Final = tuple(place / 20 for place in range(21))

Floats = npt.NDArray[np.float32]
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Fitted:
    """An adapter, its logits for the development texts ``(texts, labels)``, and how it came about."""

    adapter: Adapter
    dev_logits: Floats
    history: list[dict[str, float]]


def fit(encoder: Encoder, sizes: list[int], wide: tuple[Wide, Wide], train: Texts, dev: Texts,
        chosen: npt.NDArray[np.int64], *, alarm: int = -1, seed: int = 0, visits: int = VISITS,
        say: Say = print) -> Fitted:  # fmt: skip
    """Learn an adapter from all texts' words and what the trunk read. ``wide``: words of texts to learn from, of which

    ``train`` are those at ``chosen``, and of the texts of ``dev``; where ``train`` holds words, the trunk is changed
    too; ``alarm``: the label whose loudest window speaks
    for a text, or -1.
    """
    said = lexical(*wide, sizes, say, seed)
    words = np.stack([said.of(*each) for each in zip(wide[1].grams, dev.source.tolist(), strict=True)])
    torch.manual_seed(seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    encoder = encoder.to(device).eval().requires_grad_(False)
    offsets = _offsets(wide[0], sizes, said.meant)
    trunk = encoder.trunk if train.x[0][0].ndim == 1 else None
    learner = Learner(encoder.upper, encoder.shape.width, sizes, offsets, train.spoken, trunk).to(device)
    meant = None if said.meant is None else said.meant[chosen]
    job = _Job(learner, train, dev, meant, alarm, np.random.default_rng(seed), say, device)
    job.warm_up()
    job.learn(visits)
    deep = job.score(dev)
    share = _fused(deep, words, dev, sizes, say)
    lexicon = replace(said.lexicon, scale=said.lexicon.scale * share)
    adapter = learner.adapter(lexicon)
    bias = adapter.bias * (1 - share) + said.biases[0] * share
    adapter = replace(adapter, head=adapter.head * (1 - share), bias=bias)
    return Fitted(adapter, deep * (1 - share) + words * share, job.history)


def _offsets(wide: Wide, sizes: list[int], meant: Floats | None) -> Floats:
    """How often each source says each label, against the first ``(sources, labels)``, in logs."""
    said = [priors(wide.targets[:, place] if meant is None else meant, wide.source, size)
            for place, size in enumerate(sizes)]  # fmt: skip
    found = np.concatenate(said, 1)
    return np.asarray(found - found[0], dtype=np.float32)


def _fused(deep: Floats, words: Floats, dev: Texts, sizes: list[int], say: Say) -> Floats:
    """What the lexical path weighs ``(labels,)``, of one: in each facet what is best for development texts."""
    found, first = [], 0
    for place, size in enumerate(sizes):
        facet = slice(first, first + size)
        d, w = deep[:, facet], words[:, facet]
        losses = [_tempered(d * (1 - share) + w * share, dev, place) for share in _SHARES]
        best = int(np.argmin(losses))
        say(f"facet {place}: words weigh {_SHARES[best]:g} of 1; loss {losses[best]:.4f}, deep path alone "
            f"{losses[0]:.4f}, words alone {losses[-1]:.4f}")  # fmt: skip
        found.append(np.full(size, _SHARES[best], dtype=np.float32))
        first += size
    return np.concatenate(found)


def _tempered(logits: Floats, dev: Texts, place: int) -> float:
    """Loss at the best temperature."""
    table, targets, weight = logits.astype(np.float64), dev.targets[:, place], dev.weight.astype(np.float64)
    return log_loss(table / temperature([(table, targets)], weight), targets, weight)


class _Job:
    def __init__(self, learner: Learner, train: Texts, dev: Texts, meant: Floats | None, alarm: int,
                 draw: np.random.Generator, say: Say, device: torch.device) -> None:  # fmt: skip
        self.learner, self.train, self.dev, self.alarm, self.draw, self.say = learner, train, dev, alarm, draw, say
        self.device = device
        #: What is learned: a label's number in each facet, or shares of labels.
        self.wanted = train.targets if meant is None else meant
        self.history: list[dict[str, float]] = []
        self._best: tuple[float, dict[str, Tensor]] = (np.inf, {})
        self._worse = 0

    def warm_up(self) -> None:
        """The head over features that do not change, until the development loss rises."""
        learner = self.learner
        # The trunk under each text is dear: the head begins well with fewer.
        some = self.draw.permutation(len(self.train.x))[: _WARM if learner.trunk else None]
        plain, plain_dev = self._plain(self.train, some), self._plain(self.dev, np.arange(len(self.dev.x)))
        source = self._sources(self.dev, np.arange(len(plain_dev)))
        optimizer = torch.optim.AdamW(
            [*learner.head.parameters(), learner.offsets, learner.mine], lr=_RATE["head"], weight_decay=0.02
        )
        size = 256 if len(plain) > 8_000 else 64
        most = int(np.clip(400_000 / max(len(plain), 1), 6, 40))
        for number in range(most):
            order, losses = self.draw.permutation(len(plain)), []
            for start in range(0, len(order), size):
                chosen = order[start : start + size]
                texts = some[chosen]
                deep = learner.logits(functional.dropout(plain[chosen], _DROPPED), self._sources(self.train, texts))
                losses.append(self._step(optimizer, deep, texts))
            if self._judge(number, float(np.mean(losses)), lambda: learner.logits(plain_dev, source).detach()):
                break
        self._restore()

    def learn(self, visits: int) -> None:
        """All together, for as many visits of texts as there is time for."""
        learner, count = self.learner, len(self.train.x)
        rounds = int(np.clip(visits // max(min(count, visits // ROUNDS), 1), 1, 12))
        each = min(count, visits // rounds)
        head = [*learner.head.parameters(), learner.offsets, learner.mine]
        rate = _RATE["deep" if learner.trunk else "lora"]
        optimizer = torch.optim.AdamW([
            {"params": learner.changes, "lr": rate, "weight_decay": 0.01},
            {"params": head, "lr": _RATE["head"] / 4, "weight_decay": 0.01},
        ])  # fmt: skip
        steps = rounds * (each // BATCH + 1)
        pace = torch.optim.lr_scheduler.OneCycleLR(optimizer, [rate, _RATE["head"] / 4], total_steps=steps + 1,
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
                deep = learner.logits(functional.dropout(features, _DROPPED), self._sources(self.train, chosen))
                losses.append(self._step(optimizer, deep, chosen))
                pace.step()
            if self._judge(100 + number, float(np.mean(losses)), lambda: self._deep(self.dev)):
                break
        self._restore()

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

    def _sources(self, texts: Texts, chosen: npt.NDArray[np.int64]) -> Tensor:
        return torch.from_numpy(texts.source[chosen]).to(self.device)

    def _step(self, optimizer: torch.optim.Optimizer, logits: Tensor, chosen: npt.NDArray[np.int64]) -> float:
        targets, weight = self.wanted[chosen], self.train.weight[chosen]
        wanted, counts = torch.from_numpy(targets).to(self.device), torch.from_numpy(weight).to(self.device)
        loss = self.learner.loss(logits, wanted, counts)
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
            targets = torch.from_numpy(dev.targets).to(self.device)
            parts = torch.split(logits, learner.sizes, -1)
            loss = float(np.mean([_tempered(p.cpu().numpy(), dev, place) for place, p in enumerate(parts)]))
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
    def _plain(self, texts: Texts, places: npt.NDArray[np.int64]) -> Tensor:
        """Features of the untouched encoder with the shapes, of the first window of texts at ``places``."""
        found: list[Any] = [None] * len(places)
        for part in _even(texts, places):
            x, there = self._laid(texts, places[part])
            features = self.learner.features(x, there, lora=False)
            for row, i in enumerate(part):
                found[i] = features[row]
        return torch.cat([torch.stack(found), torch.from_numpy(texts.shapes[places]).to(self.device)], -1)

    @torch.no_grad()
    def _deep(self, texts: Texts) -> Tensor:
        found: list[Any] = [None] * len(texts.x)
        for chosen in _even(texts, np.arange(len(texts.x))):
            x, there = self._laid(texts, chosen)
            shapes = torch.from_numpy(texts.shapes[chosen]).to(self.device)
            features = torch.cat([self.learner.features(x, there, lora=True), shapes], -1)
            logits = self.learner.logits(features, self._sources(texts, chosen))
            for row, i in enumerate(chosen):
                found[i] = logits[row]
        return torch.stack(found)

    @torch.no_grad()
    def _listen(self) -> None:
        """Of each long alarm text, find the window that is loudest now; of others draw one."""
        if self.alarm < 0:
            return
        self.learner.eval()
        for texts in (self.train, self.dev):
            alarmed = texts.targets[:, 0] == self.alarm
            for i, windows in enumerate(texts.x):
                texts.speaks[i] = 0 if alarmed[i] else self.draw.integers(len(windows))
            for i, loud in self._margins(texts, alarmed).items():
                texts.speaks[i] = int(np.argmax(loud))
        self.learner.train()

    def _margins(self, texts: Texts, wanted: npt.NDArray[np.bool_]) -> dict[int, list[float]]:
        """The alarm's logit of each window of the texts wanted that have several, windows of like length together."""
        jobs = [
            (i, place) for i, each in enumerate(texts.x) if wanted[i] and len(each) > 1 for place in range(len(each))
        ]
        jobs.sort(key=lambda job: len(texts.x[job[0]][job[1]]))
        found: dict[int, list[float]] = {i: [0.0] * len(texts.x[i]) for i, _ in jobs}
        for start in range(0, len(jobs), 64):
            part = jobs[start : start + 64]
            x, there = self._stacked([texts.x[i][place] for i, place in part])
            shapes = torch.from_numpy(texts.shapes[[i for i, _ in part]]).to(self.device)
            deep = self.learner.logits(torch.cat([self.learner.features(x, there, lora=True), shapes], -1))
            for (i, place), logit in zip(part, deep[:, self.alarm].tolist(), strict=True):
                found[i][place] = logit
        return found

    @torch.no_grad()
    def score(self, texts: Texts) -> Floats:
        """Logits ``(texts, labels)`` of the deep path. In judging, the loudest window speaks whatever the truth is."""
        self.learner.eval()
        if self.alarm >= 0:
            for i, loud in self._margins(texts, np.ones(len(texts.x), dtype=np.bool_)).items():
                texts.speaks[i] = int(np.argmax(loud))
        return np.asarray(self._deep(texts).cpu().numpy(), dtype=np.float32)

    def _laid(self, texts: Texts, chosen: npt.NDArray[np.int64]) -> tuple[Tensor, Tensor]:
        return self._stacked([texts.x[i][texts.speaks[i]] for i in chosen])

    def _stacked(self, windows: list[Any]) -> tuple[Tensor, Tensor]:
        longest = max(len(each) for each in windows)
        kind = np.float32 if windows[0].ndim > 1 else np.int64
        x = np.zeros((len(windows), longest, *windows[0].shape[1:]), dtype=kind)
        there = np.zeros((len(windows), longest), dtype=np.bool_)
        for row, each in enumerate(windows):
            x[row, : len(each)] = each
            there[row, : len(each)] = True
        return torch.from_numpy(x).to(self.device), torch.from_numpy(there).to(self.device)


def _even(texts: Texts, places: npt.NDArray[np.int64]) -> list[npt.NDArray[np.int64]]:
    """Batches of like length, as numbers of ``places``."""
    order = np.argsort([len(texts.x[i][texts.speaks[i]]) for i in places], kind="stable")
    return [order[start : start + 64] for start in range(0, len(order), 64)]
