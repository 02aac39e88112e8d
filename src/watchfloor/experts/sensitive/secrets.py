"""Secrets in one text: known shapes as they are, other values as a small logistic model judges them."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from watchfloor.experts.sensitive.secret_shapes import INFRASTRUCTURE, shaped
from watchfloor.experts.sensitive.secret_signs import Candidate, Floats, candidates, signs
from watchfloor.experts.sensitive.spans import Span

#: From which probability a value counts as a secret.
THRESHOLD: Final = 0.5
#: Most candidates of one text that are judged: a text of a million names is no reason to think for hours.
MOST: Final = 20_000


@dataclass(frozen=True, slots=True)
class SecretModel:
    """Weights of the signs, shape (signs,); the first is the bias."""

    weights: Floats

    def probability(self, each: Candidate) -> float:
        """How likely a candidate is a secret, 0 to 1."""
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, float(np.dot(self.weights, signs(each)))))))


def secrets_of(data: bytes, folded: str, model: SecretModel) -> tuple[list[Span], list[Span]]:
    """Secrets, surest kinds first, and what only says how a site is built; spans may overlap."""
    shapes = list(shaped(data))
    found = list(shapes)
    taken = bytearray(len(data))
    for shape in shapes:
        taken[shape.start : shape.end] = b"\1" * (shape.end - shape.start)
    for count, each in enumerate(candidates(data, folded)):
        if count >= MOST:
            break
        if any(taken[each.start : each.end]):
            continue
        score = model.probability(each)
        if score >= THRESHOLD:
            found.append(Span(each.start, each.end, _kind(each), round(score, 4)))
    return found, list(shaped(data, INFRASTRUCTURE))


def _kind(each: Candidate) -> str:
    name = each.name.lower()
    if "pass" in name or "pwd" in name:
        return "password"
    return "generic-api-key" if "key" in name or "token" in name or not name else "generic-secret"
