"""Learning of an adapter on a causal model: rounds over the texts until the held-out loss rises. Only answers count."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from watchfloor.base.errors import UsageError
from watchfloor.experts.endpoint_prompt import answer_text
from watchfloor.lab.causal_base import Base, library
from watchfloor.lab.causal_texts import Question, Texts
from watchfloor.lab.examples import Example
from watchfloor.lab.outputs import Say

#: Rounds that may be worse than the best before it ends, and the share of steps in which the rate rises.
_PATIENCE: Final = 2
_RISING: Final = 0.1
#: What no loss is taken of.
_IGNORED: Final = -100


@dataclass(frozen=True, slots=True)
class Pace:
    """How an adapter learns. ``longest`` is tokens of question and answer, ``batch`` texts a step."""

    rounds: int = 6
    rate: float = 5e-4
    batch: int = 8
    longest: int = 1024
    rank: int = 8
    seed: int = 0

    def __post_init__(self) -> None:
        """Raises UsageError where a number makes no sense."""
        if min(self.rounds, self.batch, self.longest, self.rank) < 1 or not 0 < self.rate < 1:
            raise UsageError("rounds, batch, longest and rank are at least 1, and the rate is between 0 and 1.")


@dataclass(frozen=True, slots=True)
class _Row:
    """One text as token ids; the answer is the last ``told`` of them."""

    ids: list[int]
    told: int


def learn(base: Base, model: Any, question: Question, texts: Texts, pace: Pace, say: Say) -> list[dict[str, float]]:
    """Learn; the model is left as it was at its best. Each round with its loss on both parts."""
    torch = library("torch")
    draw = random.Random(pace.seed)
    weights = [each for each in model.parameters() if each.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=pace.rate, weight_decay=0.01)
    steps = pace.rounds * -(-len(texts.train) // pace.batch)
    rate = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _slope(step, steps))
    # Boundaries of the held-out questions stay the same, so that rounds can be compared.
    dev = _rows(base, question, texts.dev, random.Random(pace.seed + 1))
    best, worse, kept, history = float("inf"), 0, [each.detach().clone() for each in weights], []
    for number in range(pace.rounds):
        rows = _rows(base, question, texts.train, draw)
        draw.shuffle(rows)
        losses = []
        model.train()
        for start in range(0, len(rows), pace.batch):
            loss = _loss(base, model, rows[start : start + pace.batch])
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(weights, 1.0)
            optimizer.step()
            rate.step()
            losses.append(float(loss.detach()))
        held_out = _held_out(base, model, dev, pace.batch)
        history.append({"round": number + 1, "loss": sum(losses) / len(losses), "dev_loss": held_out})
        say(f"round {number + 1}/{pace.rounds}  loss {history[-1]['loss']:.4f}  held-out loss {held_out:.4f}")
        if held_out < best:
            best, worse, kept = held_out, 0, [each.detach().clone() for each in weights]
        elif (worse := worse + 1) >= _PATIENCE:
            say(f"stopped: the held-out loss was {best:.4f} at its best")
            break
    with torch.no_grad():
        for each, value in zip(weights, kept, strict=True):
            each.copy_(value)
    model.eval()
    return history


def _slope(step: int, steps: int) -> float:
    """The rate's share at a step: up over the first tenth, then down to a tenth of it."""
    rising = max(1, int(steps * _RISING))
    return (step + 1) / rising if step < rising else 1 - 0.9 * (step - rising) / max(1, steps - rising)


def _rows(base: Base, question: Question, part: Sequence[Example], draw: random.Random) -> list[_Row]:
    found = []
    for each in part:
        answer = [*base.answer(answer_text(each.labels[0])), base.end]
        found.append(_Row([*question.prompt(base, each.text, draw), *answer], len(answer)))
    return found


def _loss(base: Base, model: Any, rows: Sequence[_Row]) -> Any:
    """Mean cross entropy over the answers' tokens."""
    torch = library("torch")
    width, told = max(len(each.ids) for each in rows), max(each.told for each in rows)
    # Padding stands to the left: answers end together, and logits are needed of the last few places alone.
    ids = torch.full((len(rows), width), base.end)
    there = torch.zeros((len(rows), width), dtype=torch.long)
    targets = torch.full((len(rows), told), _IGNORED)
    for row, each in enumerate(rows):
        ids[row, width - len(each.ids) :] = torch.tensor(each.ids)
        there[row, width - len(each.ids) :] = 1
        targets[row, told - each.told :] = torch.tensor(each.ids[-each.told :])
    positions = (there.cumsum(-1) - 1).clamp(min=0)
    ids, there, positions, targets = (each.to(base.device) for each in (ids, there, positions, targets))
    logits = model(input_ids=ids, attention_mask=there, position_ids=positions, use_cache=False,
                   logits_to_keep=told + 1).logits[:, :-1].float()  # fmt: skip
    return torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten(), ignore_index=_IGNORED)


def _held_out(base: Base, model: Any, rows: Sequence[_Row], batch: int) -> float:
    torch = library("torch")
    model.eval()
    total = 0.0
    with torch.no_grad():
        for start in range(0, len(rows), batch):
            part = rows[start : start + batch]
            total += float(_loss(base, model, part)) * len(part)
    return total / len(rows)
