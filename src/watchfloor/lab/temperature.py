"""Two numbers that make logits an answer: a temperature (Guo et al., arXiv 1706.04599) and an alarm's offset.

Experts and the baselines they must beat are calibrated by the same code, on the same development texts.
"""

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def log_loss(logits: Floats, target: Ints, weight: Floats | None = None) -> float:
    """Mean cross entropy of logits ``(texts, labels)`` against label numbers ``(texts,)``, in nats."""
    part = logits - logits.max(1, keepdims=True)
    part = part - np.log(np.exp(part).sum(1, keepdims=True))
    each = -part[np.arange(len(part)), target]
    return float(each.mean() if weight is None else (each * weight).mean())


def temperature(facets: list[tuple[Floats, Ints]], weight: Floats | None = None) -> float:
    """What logits are best divided by: the least loss over all facets together."""
    found = minimize_scalar(
        lambda log: sum(log_loss(logits / np.exp(log), target, weight) for logits, target in facets),
        bounds=(-2.5, 2.0), method="bounded",
    )  # fmt: skip
    return float(np.exp(found.x))


def alarm_offset(logits: Floats, target: Ints, at: int, share: float, weight: Floats | None = None) -> float:
    """What is added to the alarm's calibrated logit so that at most ``share`` of quiet texts, by weight, raise it.

    Only ever stricter: where fewer raise it than may, the probability stays what it is.
    """
    quiet = target != at
    if not quiet.any():
        return 0.0
    margin = logits[quiet][:, at] - np.delete(logits[quiet], at, 1).max(1)
    order = np.argsort(margin)
    below = np.cumsum(np.ones(len(order)) if weight is None else weight[quiet][order])
    # The rounding of a sum must not let one text more through.
    limit = int(np.searchsorted(below, (1 - share) * below[-1] - 1e-9 * below[-1]))
    return min(0.0, -float(margin[order[min(limit, len(order) - 1)]]) - 1e-6)
