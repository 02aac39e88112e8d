"""Whether one who answers is better than another on the same texts: paired tests, one-sided.

McNemar's exact test (Dietterich, Neural Computation 1998) where an answer is right or wrong and all texts weigh the
same; else a sign-flip permutation test, which is exact but for the draws.
"""

from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy.stats import binomtest

#: A difference counts from this on.
LEVEL: Final = 0.05
_FLIPS: Final = 9_999
_DRAWS: Final = 2_000
_AT_ONCE: Final = 200

Floats = npt.NDArray[np.float64]


def compared(new: Floats, old: Floats, seed: int, weight: Floats | None = None) -> dict[str, Any]:
    """How much more often ``new`` is right than ``old``, ``(texts,)`` each, its 95% interval, and p of mere chance."""
    weighed = np.ones(len(new)) if weight is None else weight / max(weight.mean(), 1e-12)
    gain = (new - old) * weighed
    rng = np.random.default_rng(seed)
    better, worse = int((new > old).sum()), int((new < old).sum())
    whole = bool(np.isin(new, (0, 1)).all() and np.isin(old, (0, 1)).all())
    if weight is None and whole:
        p = float(binomtest(better, better + worse, alternative="greater").pvalue) if better + worse else 1.0
        test = "McNemar, exact"
    else:
        p, test = _flipped(gain[gain != 0], rng), f"sign flips, {_FLIPS:,} draws"
    means = [gain[rng.integers(0, len(gain), (_AT_ONCE, len(gain)))].mean(1) for _ in range(_DRAWS // _AT_ONCE)]
    low, high = np.quantile(np.concatenate(means), (0.025, 0.975)) if len(gain) else (0.0, 0.0)
    value = float(gain.mean()) if len(gain) else 0.0
    return {"difference": value, "low": float(low), "high": float(high), "p": p, "test": test, "better": better,
            "worse": worse, "texts": len(gain)}  # fmt: skip


def _flipped(gain: Floats, rng: np.random.Generator) -> float:
    if not len(gain):
        return 1.0
    seen, as_high = float(gain.sum()), 0
    for start in range(0, _FLIPS, _AT_ONCE):
        many = min(_AT_ONCE, _FLIPS - start)
        signs = rng.integers(0, 2, (many, len(gain)), dtype=np.int8) * 2 - 1
        as_high += int((signs @ gain >= seen - 1e-9).sum())
    return (as_high + 1) / (_FLIPS + 1)


def evened(truth: npt.NDArray[np.int64]) -> Floats:
    """Weights ``(texts,)`` under which every label weighs the same."""
    _, number, counts = np.unique(truth, return_inverse=True, return_counts=True)
    return np.asarray(len(truth) / (len(counts) * counts[number]), dtype=np.float64)


def said(result: dict[str, Any]) -> str:
    """The result in words."""
    gain = f"{result['difference']:+.3f} ({result['low']:+.3f} to {result['high']:+.3f})"
    return (f"{gain}, better on {result['better']:,} and worse on {result['worse']:,} of {result['texts']:,} texts, "
            f"p = {result['p']:.2g}")  # fmt: skip
