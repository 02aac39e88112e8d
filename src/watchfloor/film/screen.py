"""The screen: a linear model over hashed features that judges frames, and pools frames into verdicts.

A frame's logit is the sum of its pixels' weights. A scene is a bag of frames of which most are harmless
even when it is malicious (multiple-instance learning, Dietterich et al. 1997), so a bag's probability is a
calibrated function of its strongest distinct frames. Knows nothing of training; the lab writes the pack.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from watchfloor.base.errors import PackError
from watchfloor.base.scenes import Scored, VerdictName
from watchfloor.film.frames import CHANNELS, ROWS
from watchfloor.film.pixels import PIXELS, Pixels
from watchfloor.store.packs import Pack, open_pack

Floats = npt.NDArray[np.float32]

#: Raised when frames or pooling change meaning: an older pack is then refused instead of misread.
FORMAT_VERSION: Final = 1
NAME: Final = "screen"
BUNDLED: Final = Path(__file__).resolve().parent.parent / "bundled" / "screen"

#: What a bag is judged by, see ``pool``.
POOLED: Final = ("strongest", "mean of three strongest", "log distinct frames")


@dataclass(frozen=True, slots=True)
class Screen:
    """A loaded pack: frame weights, attribution weights, calibration and thresholds."""

    weights: Floats  # (PIXELS,) float32, weights[0] == 0
    bias: float
    pool_weights: Floats  # (len(POOLED),)
    pool_bias: float
    suspicious: float
    malicious: float
    labels: tuple[str, ...]  # ATT&CK tactic and technique ids
    label_start: npt.NDArray[np.int64]  # (PIXELS + 1,): attribution weights of pixel p are [start[p], start[p+1])
    label_index: npt.NDArray[np.uint16]
    label_weight: Floats
    label_bias: Floats  # (len(labels),)
    card: dict[str, Any]

    def logits(self, frames: Pixels) -> Floats:
        """Logit of each frame being part of an attack. ``(N, ROWS, CHANNELS)`` → ``(N,)`` float32."""
        flat = frames.reshape(len(frames), ROWS * CHANNELS)
        return np.asarray(self.weights[flat].sum(axis=1, dtype=np.float32) + np.float32(self.bias))

    def probability(self, pooled: Floats) -> Floats:
        """Calibrated probability of each bag. ``(B, len(POOLED))`` → ``(B,)``."""
        z = pooled @ self.pool_weights + np.float32(self.pool_bias)
        return np.asarray(1.0 / (1.0 + np.exp(-np.clip(z, -30, 30))), np.float32)

    def verdict(self, probability: float) -> VerdictName:
        """The word for a probability."""
        if probability >= self.malicious:
            return "malicious"
        return "suspicious" if probability >= self.suspicious else "benign"

    def attribute(self, frames: Pixels) -> Floats:
        """Probability of each label for each frame. ``(N, ROWS, CHANNELS)`` → ``(N, len(labels))``."""
        scores = np.tile(self.label_bias, (len(frames), 1)).astype(np.float32)
        flat = frames.reshape(len(frames), ROWS * CHANNELS)
        row, _ = np.nonzero(flat)
        pixel = flat[flat != 0].astype(np.int64)
        start, count = self.label_start[pixel], self.label_start[pixel + 1] - self.label_start[pixel]
        owner = np.repeat(row, count)
        offset = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        entry = np.repeat(start, count) + offset
        np.add.at(scores, (owner, self.label_index[entry].astype(np.int64)), self.label_weight[entry])
        return np.asarray(1.0 / (1.0 + np.exp(-np.clip(scores, -30, 30))), np.float32)


def pool(bag: npt.NDArray[np.int64], bags: int, pattern: npt.NDArray[np.uint64], logit: Floats) -> Floats:
    """Bag features from runs. ``bag``, ``pattern``, ``logit`` are ``(runs,)``; returns ``(bags, len(POOLED))``.

    Equal frames of a bag count once, so that repetition alone never raises a verdict. An empty bag gets a
    logit of -20.
    """
    pooled = np.zeros((bags, len(POOLED)), np.float32)
    pooled[:, :2] = -20.0
    if not len(bag):
        return pooled
    order = np.lexsort((-logit, pattern, bag))
    b, p = bag[order], pattern[order]
    distinct = order[np.r_[True, (b[1:] != b[:-1]) | (p[1:] != p[:-1])]]
    order = distinct[np.lexsort((-logit[distinct], bag[distinct]))]
    b, z = bag[order], logit[order]
    starts = np.flatnonzero(np.r_[True, b[1:] != b[:-1]])
    sizes = np.diff(np.r_[starts, len(b)])
    rank = np.arange(len(b)) - np.repeat(starts, sizes)
    pooled[b[starts], 0] = z[starts]
    total = np.zeros(bags, np.float64)
    np.add.at(total, b[rank < 3], z[rank < 3])
    pooled[b[starts], 1] = total[b[starts]] / np.minimum(sizes, 3)
    pooled[b[starts], 2] = np.log1p(sizes)
    return pooled


def load(folder: Path = BUNDLED) -> Screen:
    """Load a screen pack.

    Raises:
        PackError: no pack there, an altered file, another format, or arrays that do not fit together.
    """
    pack = open_pack(folder, name=NAME, format_version=FORMAT_VERSION)
    arrays = {n: np.load(pack.path(f"{n}.npy"), allow_pickle=False) for n in ARRAYS}
    weights = arrays["weights"].astype(np.float32)
    start = np.cumsum(np.r_[0, arrays["label_count"].astype(np.int64)])
    labels = tuple(pack.manifest["labels"])
    sound = weights.shape == (PIXELS,) and len(start) == PIXELS + 1 and start[-1] == len(arrays["label_index"])
    if not sound or len(arrays["label_bias"]) != len(labels):
        raise PackError(f"model pack {folder} holds arrays of the wrong size.", hint="Reinstall watchfloor.")
    return _screen(pack, arrays, weights, start, labels)


def _screen(
    pack: Pack, arrays: dict[str, Any], weights: Floats, start: npt.NDArray[np.int64], labels: tuple[str, ...]
) -> Screen:
    facts = pack.manifest
    return Screen(
        weights=weights,
        bias=float(facts["bias"]),
        pool_weights=np.asarray(facts["pool_weights"], np.float32),
        pool_bias=float(facts["pool_bias"]),
        suspicious=float(facts["thresholds"]["suspicious"]),
        malicious=float(facts["thresholds"]["malicious"]),
        labels=labels,
        label_start=start,
        label_index=arrays["label_index"],
        label_weight=arrays["label_weight"].astype(np.float32),
        label_bias=arrays["label_bias"].astype(np.float32),
        card=dict(facts.get("card", {})),
    )


def blank() -> Screen:
    """A screen that finds nothing: for filming without judging."""
    none = np.zeros(0, np.float32)
    return Screen(
        weights=np.zeros(PIXELS, np.float32), bias=0.0, pool_weights=np.zeros(len(POOLED), np.float32), pool_bias=0.0,
        suspicious=1.0, malicious=1.0, labels=(), label_start=np.zeros(PIXELS + 1, np.int64),
        label_index=np.zeros(0, np.uint16), label_weight=none, label_bias=none, card={},
    )  # fmt: skip


#: Arrays of a pack, one ``.npy`` file each.
ARRAYS: Final = ("weights", "label_count", "label_index", "label_weight", "label_bias")


def best_labels(labels: Sequence[str], scores: Floats, *, prefix: str, floor: float, most: int) -> tuple[Scored, ...]:
    """Labels starting with ``prefix`` that score at least ``floor``, best first."""
    chosen = [
        Scored(label, float(s))
        for label, s in zip(labels, scores, strict=True)
        if label.startswith(prefix) and s >= floor
    ]
    return tuple(sorted(chosen, key=lambda s: -s.score)[:most])
