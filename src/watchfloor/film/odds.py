"""Log-odds and probabilities: in the first, evidence adds up."""

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]


def probability(logit: npt.NDArray[Any]) -> Floats:
    """Probabilities of log-odds, of any shape."""
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(logit, -30, 30))), np.float32)


def log_odds(share: Any, least: float = 1e-4) -> Floats:
    """Log-odds of probabilities of any shape; none is taken for surer than ``least``."""
    kept = np.clip(np.asarray(share, np.float64), least, 1 - least)
    return np.asarray(np.log(kept / (1 - kept)), np.float32)
