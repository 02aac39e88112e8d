"""Answers of a chat completion, checked: one of the labels with a probability, or a reason why it is no answer.

Nothing a model says passes but a label that was allowed; reasons never quote it. Knows nothing of HTTP.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from watchfloor.base.judgements import Label
from watchfloor.experts.endpoint_errors import AnswerError
from watchfloor.experts.endpoint_logprobs import shares

Source = Literal["logprobs", "said"]
_FENCES: Final = ("```json", "```")


class NoLogprobsError(AnswerError):
    """The answer is valid, but brings no probabilities that can be used."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One valid answer. ``labels`` best first; ``mass``: what the model gave all labels together, of 1; -1 unknown."""

    labels: tuple[Label, ...]
    score_from: Source
    mass: float = -1.0


def completion(reply: Mapping[str, Any], model: str) -> tuple[str, Mapping[str, Any]]:
    """Text and choice of a chat completion by the model that was asked.

    Raises:
        AnswerError: it is none, another model answered, or it was cut off.
    """
    named = reply.get("model")
    if named is not None and named != model:
        raise AnswerError("another model than the one asked answered.")
    choices = reply.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    message = choice.get("message") if isinstance(choice, dict) else None
    content = message.get("content") if isinstance(message, dict) else None
    if not isinstance(choice, dict) or not isinstance(content, str):
        raise AnswerError("the server sent no chat completion.")
    if choice.get("finish_reason") == "length":
        raise AnswerError("it was longer than max_tokens allows.")
    return content, choice


def said(content: str, labels: Sequence[str], *, scored: bool) -> tuple[str, float]:
    """Label and score out of the answer's text; the score is -1 where none was asked for.

    Raises:
        AnswerError: not one JSON object with just these keys, or a label or score that is not allowed.
    """
    text = content.strip()
    if text.startswith(_FENCES) and text.endswith("```"):
        text = text.removeprefix("```json").removeprefix("```").removesuffix("```").strip()
    try:
        found = json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise AnswerError("it was not one JSON object.") from None
    if not isinstance(found, dict) or found.keys() != ({"label", "score"} if scored else {"label"}):
        raise AnswerError(f"it must hold {'label and score' if scored else 'label'} and nothing else.")
    label = found["label"]
    if not isinstance(label, str) or label not in labels:
        raise AnswerError("its label is not one of those allowed.")
    if not scored:
        return label, -1.0
    score = found["score"]
    if isinstance(score, bool) or not isinstance(score, int | float) or not 0 <= score <= 1:
        raise AnswerError("its score is not a number from 0 to 1.")
    if score < 1 / len(labels) - 1e-9:
        raise AnswerError("its score is below chance, so its label is not the likeliest.")
    return label, float(score)


def read(reply: Mapping[str, Any], labels: Sequence[str], model: str, *, scored: bool) -> Answer:
    """One answer, checked.

    Raises:
        NoLogprobsError: probabilities were to come with it and did not.
        AnswerError: it is not valid.
    """
    content, choice = completion(reply, model)
    label, score = said(content, labels, scored=scored)
    if scored:
        # Of two labels the other has the rest; among more, nobody said how the rest is shared.
        rest = [Label(each, 1 - score) for each in labels if each != label] if len(labels) == 2 else []
        return Answer((Label(label, score), *rest), "said")
    found = shares(content, _tokens(choice), label, labels)
    if found is None:
        raise NoLogprobsError("it came without probabilities.")
    by_label, mass = found
    # Among equals the label that was said comes first.
    ordered = sorted((Label(each, by_label[each]) for each in labels),
                     key=lambda each: (-round(each.score, 9), each.name != label))  # fmt: skip
    return Answer(tuple(ordered), "logprobs", mass)


def tokens_spent(reply: Mapping[str, Any], guess: int) -> int:
    """Tokens the server says it took, prompt included; ``guess`` where it does not say or says nonsense."""
    usage = reply.get("usage")
    total = usage.get("total_tokens") if isinstance(usage, dict) else None
    return total if isinstance(total, int) and not isinstance(total, bool) and total > 0 else guess


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _tokens(choice: Mapping[str, Any]) -> list[tuple[bytes, float, list[tuple[bytes, float]]]]:
    """Tokens with log-probability and alternatives; empty where any of it is not as it should be."""
    logprobs = choice.get("logprobs")
    content = logprobs.get("content") if isinstance(logprobs, dict) else None
    if not isinstance(content, list):
        return []
    try:
        return [(*_token(each), [_token(other) for other in each.get("top_logprobs") or []]) for each in content]
    except (AttributeError, KeyError, TypeError, ValueError):
        return []


def _token(entry: Mapping[str, Any]) -> tuple[bytes, float]:
    logprob = float(entry["logprob"])
    if math.isnan(logprob) or logprob > 1e-3:
        raise ValueError("no log-probability")
    raw = entry.get("bytes")
    return (bytes(raw) if isinstance(raw, list) else str(entry["token"]).encode()), min(logprob, 0.0)
