"""Key frames: the few runs of a scene that say what happened, under a budget.

Chosen greedily by relevance (the screen's logit), novelty (rare patterns first) and coverage (each further
frame of the same process or action counts less), as in adaptive key-frame sampling for long video
(Tang et al., CVPR 2025).
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from watchfloor.film.strip import Runs

#: Only this many of a scene's strongest distinct runs are considered.
_CANDIDATES: Final = 256


def choose(runs: Runs, rarity: npt.NDArray[np.float32], budget: int) -> npt.NDArray[np.int64]:
    """Indices into ``runs`` (one scene's) of at most ``budget`` key frames, in time order.

    ``rarity`` is ``(len(runs),)``: 1 for a pattern seen once in the recording, towards 0 for common ones.
    """
    strongest = np.lexsort((runs["time"], -rarity, -runs["logit"]))
    _, first = np.unique(runs["pattern"][strongest], return_index=True)
    candidates = strongest[np.sort(first)][:_CANDIDATES]
    relevance = 1.0 / (1.0 + np.exp(-np.clip(runs["logit"][candidates], -30, 30)))
    value = (0.05 + relevance) * (0.6 + 0.4 * rarity[candidates])
    owner, action = runs["owner"][candidates], runs["action"][candidates]
    chosen: list[int] = []
    worth = value.copy()
    for step in range(min(budget, len(candidates))):
        best = int(np.argmax(worth)) if step else 0  # the frame that made the verdict is always shown
        chosen.append(best)
        worth[(owner == owner[best]) & (action == action[best])] *= 0.7
        worth[owner == owner[best]] *= 0.9
        worth[best] = -np.inf
    picked = candidates[np.asarray(chosen, np.int64)] if chosen else np.zeros(0, np.int64)
    return np.asarray(picked[np.argsort(runs["time"][picked], kind="stable")])


def weights(logits: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Share of the verdict each chosen frame carries: a softmax of logits, ``(K,)`` summing to 1."""
    if not len(logits):
        return np.zeros(0, np.float32)
    e = np.exp(logits - logits.max())
    return np.asarray(e / e.sum(), np.float32)


def rarity(patterns: npt.NDArray[np.uint64]) -> npt.NDArray[np.float32]:
    """``1 / sqrt(runs with this pattern)`` for each run of a recording."""
    _, inverse, count = np.unique(patterns, return_inverse=True, return_counts=True)
    return np.asarray(1.0 / np.sqrt(count[inverse]), np.float32)
