"""The likeliest sequence of labels: Viterbi over a linear chain (Lafferty et al., ICML 2001), in batches."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
_FORBIDDEN = -1e4


def allowed(labels: Sequence[str]) -> Floats:
    """Zero where a label may follow another, else a very negative number: ``I-x`` only follows ``B-x`` and ``I-x``.

    Shape (labels, labels), from row to column.
    """
    rules = np.zeros((len(labels), len(labels)), np.float32)
    for column, after in enumerate(labels):
        for row, before in enumerate(labels):
            if after.startswith("I-") and before[2:] != after[2:]:
                rules[row, column] = _FORBIDDEN
    return rules


def first(labels: Sequence[str]) -> Floats:
    """The same for the label a stretch begins with. Shape (labels,)."""
    return np.array([_FORBIDDEN if each.startswith("I-") else 0.0 for each in labels], np.float32)


def laid(scores: Floats, sizes: Sequence[int]) -> Floats:
    """Rows of all tokens laid side by side: shape (longest, stretches, labels), zeros behind the shorter ones."""
    out = np.zeros((max(sizes), len(sizes), scores.shape[1]), np.float32)
    start = 0
    for place, size in enumerate(sizes):
        out[:size, place] = scores[start : start + size]
        start += size
    return out


def best(scores: Floats, sizes: Sequence[int], between: Floats, begin: Floats) -> list[npt.NDArray[np.intp]]:
    """The likeliest labels of each stretch.

    ``scores`` has shape (tokens of all stretches, labels), ``between`` (labels, labels), ``begin`` (labels,).
    """
    if not sizes:
        return []
    emitted = laid(scores, sizes)
    longest, count, labels = emitted.shape
    back = np.zeros((longest, count, labels), np.intp)
    so_far = emitted[0] + begin
    ends = np.asarray(sizes)
    for at in range(1, longest):
        ways = so_far[:, :, None] + between[None]
        back[at] = ways.argmax(1)
        ahead = ways.max(1) + emitted[at]
        so_far = np.where((at < ends)[:, None], ahead, so_far)
    last = so_far.argmax(1)
    paths = []
    for place, size in enumerate(sizes):
        path = np.empty(size, np.intp)
        label = last[place]
        for at in range(size - 1, -1, -1):
            path[at] = label
            label = back[at, place, label]
        paths.append(path)
    return paths
