"""The screen: a linear first look at every frame, a network that watches the clips it chooses, one verdict from both.

A frame's first-look logit is the sum of its pixels' weights. A scene is a bag of frames of which most are harmless
even when it is malicious (multiple-instance learning, Dietterich et al. 1997), so its probability is a calibrated
function of its strongest distinct frames, as the first look and the network see them, and of the network's word on
the whole clip. Knows nothing of training; the lab writes the pack.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from watchfloor.base.errors import PackError
from watchfloor.base.scenes import Scored, VerdictName
from watchfloor.film.clips import Vocabulary
from watchfloor.film.company import KINDS, NO_COMPANY, Weights
from watchfloor.film.frames import CHANNELS, ROWS
from watchfloor.film.net import UNSEEN, Net
from watchfloor.film.odds import probability
from watchfloor.film.pixels import PIXELS, Pixels
from watchfloor.store.packs import open_pack

Floats = npt.NDArray[np.float32]

#: Raised when frames, pooling or the network's inputs change meaning: an older pack is then refused, not misread.
FORMAT_VERSION: Final = 4
#: Files of a pack beside its manifest; the first two pack a number for each pixel, ``pixels``, for most are 0.
FILES: Final = ("weights.npz", "vocabulary.npz", "watcher.onnx")
NAME: Final = "screen"
BUNDLED: Final = Path(__file__).resolve().parent.parent / "bundled" / "screen"

#: What a bag is judged by, see ``features``; only scenes have the last one.
POOLED: Final = (
    "strongest at first look",
    "mean of three strongest at first look",
    "log distinct frames",
    "strongest watched",
    "mean of three strongest watched",
    "clip watched",
)
#: Logits beyond this say no more.
_SURE: Final = 8.0


@dataclass(frozen=True, slots=True)
class Calibration:
    """From features of bags to probabilities: ``weights`` ``(features,)`` and ``bias``, a logistic regression."""

    weights: Floats
    bias: float

    def logit(self, found: Floats) -> Floats:
        """``(B, features)`` to log-odds ``(B,)``."""
        return np.asarray(found @ self.weights + np.float32(self.bias), np.float32)

    def probability(self, found: Floats) -> Floats:
        """``(B, features)`` to ``(B,)``."""
        return probability(self.logit(found))


@dataclass(frozen=True, slots=True)
class Family:
    """How one family of operating systems is judged: their logs differ too much for one calibration."""

    scenes: Calibration
    processes: Calibration  # of all features but the last
    suspicious: float
    malicious: float
    unfamiliar: float = 1.0  # a share of unknown words beyond which nothing is called benign
    company: Weights = NO_COMPANY  # what other scenes of the host count, ``film.company``

    def verdict(self, probability: float, unfamiliar: float = 0.0) -> VerdictName:
        """The word for a probability, in a scene of which a share of words is unknown (``film.usual.unfamiliar``)."""
        if probability >= self.malicious:
            return "malicious"
        if probability >= self.suspicious:
            return "suspicious"
        return "unsure" if unfamiliar > self.unfamiliar else "benign"


#: Families of operating systems, by number: see ``film.viewing.families``.
FAMILIES: Final = ("windows", "unix")


@dataclass(frozen=True, slots=True)
class Screen:
    """A loaded pack: first-look weights, network, and a ``Family`` for each of ``FAMILIES``."""

    weights: Floats  # (PIXELS,) float32, weights[0] == 0
    bias: float
    net: Net | None  # None: nothing is watched and nothing named
    families: tuple[Family, ...]
    card: dict[str, Any]

    @property
    def labels(self) -> tuple[str, ...]:
        """ATT&CK technique and tactic ids the network can name."""
        return self.net.labels if self.net is not None else ()

    def logits(self, frames: Pixels) -> Floats:
        """First-look logit of each frame being part of an attack. ``(N, ROWS, CHANNELS)`` → ``(N,)`` float32."""
        flat = frames.reshape(len(frames), ROWS * CHANNELS)
        return np.asarray(self.weights[flat].sum(axis=1, dtype=np.float32) + np.float32(self.bias))


def features(
    bag: npt.NDArray[np.int64],
    bags: int,
    pattern: npt.NDArray[np.uint64],
    look: Floats,
    frame: Floats,
    whole: Floats | None = None,
) -> Floats:
    """What bags of frames are judged by, ``(bags, len(POOLED))``, one less without ``whole``.

    ``bag``, ``pattern`` and the logits ``look`` and ``frame`` (``UNSEEN`` where not watched) are ``(frames,)``;
    ``whole`` is the network's logit of each bag's clip, ``(bags,)``.
    """
    seen = frame > UNSEEN
    first = pool(bag, bags, pattern, look)
    second = pool(bag[seen], bags, pattern[seen], frame[seen])[:, :2]
    found: Floats = np.c_[first, second]
    if whole is not None:
        found = np.c_[found, whole]
    size = found[:, 2].copy()
    clipped = np.clip(found, -_SURE, _SURE).astype(np.float32)
    clipped[:, 2] = size
    return clipped


def pool(bag: npt.NDArray[np.int64], bags: int, pattern: npt.NDArray[np.uint64], logit: Floats) -> Floats:
    """Strongest frame, mean of the three strongest and log of distinct frames of each bag, ``(bags, 3)``.

    Equal frames of a bag count once, so that repetition alone never raises a verdict. An empty bag gets
    ``UNSEEN``.
    """
    pooled = np.zeros((bags, 3), np.float32)
    pooled[:, :2] = UNSEEN
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
    try:
        weights, words = (np.load(pack.path(name), allow_pickle=False)["pixels"] for name in FILES[:2])
    except (KeyError, ValueError, OSError, BadZipFile) as error:
        raise PackError(f"model pack {folder} cannot be read: {error}.", hint="Reinstall watchfloor.") from None
    facts = pack.manifest
    families = tuple(_family(facts["families"][name]) for name in FAMILIES)
    sizes = {(len(f.scenes.weights), len(f.processes.weights), len(f.company.each)) for f in families}
    expected = {(len(POOLED), len(POOLED) - 1, len(KINDS))}
    if (weights.shape, words.shape) != ((PIXELS,), (PIXELS,)) or sizes != expected:
        raise PackError(f"model pack {folder} holds arrays of the wrong size.", hint="Reinstall watchfloor.")
    return Screen(
        weights=weights.astype(np.float32),
        bias=float(facts["bias"]),
        net=Net(pack.path("watcher.onnx"), Vocabulary(words.astype(np.uint16)), tuple(facts["labels"])),
        families=families,
        card=dict(facts.get("card", {})),
    )


def _family(facts: dict[str, Any]) -> Family:
    scenes, processes = (
        Calibration(np.asarray(facts[name]["weights"], np.float32), float(facts[name]["bias"]))
        for name in ("scenes", "processes")
    )
    limits = facts["thresholds"]
    # packs made before scenes heard of each other say nothing of it
    company = facts.get("company", {"weights": NO_COMPANY.each, "outstanding": NO_COMPANY.outstanding})
    return Family(
        scenes,
        processes,
        float(limits["suspicious"]),
        float(limits["malicious"]),
        float(limits["unfamiliar"]),
        Weights(tuple(map(float, company["weights"])), float(company["outstanding"])),
    )


def blank() -> Screen:
    """A screen that finds nothing: for filming without judging."""
    scenes, processes = (Calibration(np.zeros(size, np.float32), 0.0) for size in (len(POOLED), len(POOLED) - 1))
    weights = np.zeros(PIXELS, np.float32)
    return Screen(weights, 0.0, None, tuple(Family(scenes, processes, 1.0, 1.0) for _ in FAMILIES), {})


def best_labels(labels: Sequence[str], scores: Floats, *, prefix: str, floor: float, most: int) -> tuple[Scored, ...]:
    """Labels starting with ``prefix`` that score at least ``floor``, best first."""
    high = np.flatnonzero(scores >= floor).tolist()
    chosen = [Scored(labels[i], float(scores[i])) for i in high if labels[i].startswith(prefix)]
    return tuple(sorted(chosen, key=lambda s: -s.score)[:most])
