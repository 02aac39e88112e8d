"""From pooled features of units to probabilities and thresholds, on scores of labs unseen in training."""

from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from watchfloor.lab.bags import Bags
from watchfloor.lab.units import Units, balanced

Floats = npt.NDArray[np.float64]

#: Benign units allowed above each threshold, on out-of-lab scores.
FALSE_ALARMS: Final = {"malicious": 0.0167, "suspicious": 0.05}
#: A threshold is never below these: a verdict must also be likelier than not.
LOWEST: Final = {"malicious": 0.6, "suspicious": 0.4}
#: The column of ``film.screen.POOLED`` that counts frames, and the least weight it may get: enough to undo that the
#: strongest of many is stronger. Left free it tells cropped attacks from long ordinary logs, which is no knowledge.
_COUNT: Final = 2
_LEAST_COUNT: Final = -0.25


def calibrate(bags: Bags, found: Units) -> tuple[Floats, float, dict[str, float]]:
    """Logistic calibration of pooled features and thresholds: weights ``(features,)``, bias, thresholds.

    Signs are held: stronger frames never lower a bag's probability, more of them never raise it. Left free, the
    fit rewards bags of one frame, which crops are.
    """
    weight = balanced(bags, found)
    x, y = found.features, found.attack.astype(np.float64)

    def loss(theta: Floats) -> tuple[float, Floats]:
        z = x @ theta[:-1] + theta[-1]
        gap = weight * (1 / (1 + np.exp(-np.clip(z, -30, 30))) - y)
        value = float((weight * (np.logaddexp(0, z) - y * z)).sum() + (theta[:-1] ** 2).sum() / 2)
        return value, np.r_[x.T @ gap + theta[:-1], gap.sum()]

    signs = [(_LEAST_COUNT, 0) if column == _COUNT else (0, None) for column in range(x.shape[1])] + [(None, None)]
    start = np.asarray([1.0] + [0.0] * x.shape[1])
    fitted = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=signs)
    coefficients, intercept = np.asarray(fitted.x[:-1]), float(fitted.x[-1])
    probability = 1 / (1 + np.exp(-(found.features @ coefficients + intercept)))
    return coefficients, intercept, thresholds(probability, found.attack, weight)


def thresholds(probability: Floats, attack: npt.NDArray[np.bool_], weight: Floats) -> dict[str, float]:
    """Lowest probability above which at most the allowed weight of benign units lies; weights are by lab."""
    order = np.argsort(-probability[~attack])
    benign = probability[~attack][order]
    above = np.cumsum(weight[~attack][order]) / max(weight[~attack].sum(), 1e-9)
    found = {}
    for name, share in FALSE_ALARMS.items():
        place = min(int(np.searchsorted(above, share, side="right")), len(benign) - 1)
        found[name] = float(np.clip(benign[place] + 1e-6, LOWEST[name], 0.995))
    found["suspicious"] = min(found["suspicious"], found["malicious"])
    return found
