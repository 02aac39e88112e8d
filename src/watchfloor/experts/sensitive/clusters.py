"""Which words are alike: a cluster a word, kept by 24 bits of the word's hash, and a coarser one of each cluster.

Made by ``lab.sensitive_clusters``. One strange word in eight hundred seems to be a known one.
"""

import zlib
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

_MASK: Final = 0xFFFFFF


def _key(word: str) -> int:
    return zlib.crc32(word.encode("utf-8", "replace")) & _MASK


class Clusters:
    """Clusters of lower-case words: the fine one and the coarse one."""

    def __init__(
        self, gaps: npt.NDArray[np.uint32], fine: npt.NDArray[np.uint16], coarse: npt.NDArray[np.uint8]
    ) -> None:
        """Keys in order as their differences, each key's cluster, each cluster's coarse one.

        Raises:
            ValueError: they do not fit each other.
        """
        if len(gaps) != len(fine) or (len(fine) and int(fine.max()) >= len(coarse)):
            raise ValueError("clusters of words do not fit their keys")
        self._of = dict(zip(np.cumsum(gaps, dtype=np.int64).tolist(), fine.tolist(), strict=True))
        self._coarse = [int(each) for each in coarse]

    def of(self, word: str) -> tuple[int, int] | None:
        """A word's fine and coarse cluster, or nothing."""
        fine = self._of.get(_key(word))
        return None if fine is None else (fine, self._coarse[fine])


def packed(clusters: Mapping[str, int], coarse: Any) -> dict[str, Any]:
    """What a pack holds of clusters of words, and of the coarse cluster of each."""
    keyed = {_key(word): of for word, of in sorted(clusters.items(), reverse=True)}
    keys = sorted(keyed)
    return {
        "cluster_gaps": np.diff(np.array([0, *keys], np.int64)).astype(np.uint32),
        "cluster_fine": np.array([keyed[key] for key in keys], np.uint16),
        "cluster_coarse": np.asarray(coarse, np.uint8),
    }


def read(held: Mapping[str, Any]) -> Clusters:
    """Clusters out of a pack's arrays.

    Raises:
        KeyError: there are none.
        ValueError: they do not fit each other.
    """
    return Clusters(held["cluster_gaps"], held["cluster_fine"], held["cluster_coarse"])
