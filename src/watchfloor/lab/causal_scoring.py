"""What a causal model thinks of given answers: the log-likelihood of each, token by token.

The prompt and what all answers begin with are computed once; the rest of each answer goes on from there.
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from watchfloor.lab.causal_base import Base, library

#: Answers scored side by side.
_AT_ONCE: Final = 16


@dataclass(frozen=True, slots=True)
class Scored:
    """One answer. ``logprobs`` of its tokens; ``top``: at each token, ids and log-probabilities of the likeliest."""

    tokens: list[int]
    logprobs: list[float]
    top: list[list[tuple[int, float]]]

    @property
    def total(self) -> float:
        """Log-likelihood of the whole answer, natural logarithm."""
        return sum(self.logprobs)


def score(base: Base, prompt: Sequence[int], answers: Sequence[Sequence[int]], *, top: int = 0,
          model: Any = None) -> list[Scored]:  # fmt: skip
    """Score each answer (token ids, none empty) after the prompt. ``model``: an adapted form of the base's."""
    torch = library("torch")
    model = model if model is not None else base.model
    # At least one token of each answer is its own work, so that every answer has something to go on from.
    shared = 0
    while all(len(each) > shared + 1 and each[shared] == answers[0][shared] for each in answers):
        shared += 1
    begun = [*prompt, *answers[0][:shared]]
    with torch.no_grad():
        first = model(input_ids=torch.tensor([begun], device=base.device), use_cache=True, logits_to_keep=shared + 1)
        before = torch.log_softmax(first.logits[0].float(), -1)
        found: list[Scored] = []
        for start in range(0, len(answers), _AT_ONCE):
            rest = [list(each[shared:]) for each in answers[start : start + _AT_ONCE]]
            logprobs = _go_on(base, model, first.cache, before[-1], rest)
            for row, mine in enumerate(rest):
                places = torch.cat([before[:-1], logprobs[row, : len(mine)]])
                found.append(_scored([*begun[len(prompt) :], *mine], places, top))
    return found


def _go_on(base: Base, model: Any, cache: Any, last: Any, rest: list[list[int]]) -> Any:
    """Log-probabilities ``(answers, tokens, vocabulary)`` at each token of what is left of answers."""
    torch = library("torch")
    longest = max(map(len, rest))
    opening = last.expand(len(rest), 1, -1)
    if longest == 1:
        return opening
    # Padding stands to the right: nothing looks back at it.
    ids = torch.tensor([[*each, *[base.end] * (longest - len(each))] for each in rest], device=base.device)
    again = copy.deepcopy(cache)
    again.batch_repeat_interleave(len(rest))
    logits = model(input_ids=ids[:, :-1], cache=again, use_cache=True).logits
    return torch.cat([opening, torch.log_softmax(logits.float(), -1)], 1)


def _scored(tokens: list[int], places: Any, top: int) -> Scored:
    torch = library("torch")
    chosen = places.gather(1, torch.tensor(tokens, device=places.device)[:, None])[:, 0]
    likeliest: list[list[tuple[int, float]]] = [[] for _ in tokens]
    if top:
        values, ids = places.topk(top, -1)
        likeliest = [list(zip(i, v, strict=True)) for i, v in zip(ids.tolist(), values.tolist(), strict=True)]
    return Scored(tokens, chosen.tolist(), likeliest)
