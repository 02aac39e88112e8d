"""Which texts an expert was made from, as sorted hashes in its pack: enough to tell that a text was, not what it said.

Where there are more texts than the sketch may hold it keeps the lowest hashes (a bottom-k sketch, Broder 1997): of a
text with a higher hash nobody knows, and how many those are is told.
"""

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from watchfloor.base.errors import PackError
from watchfloor.experts.card import FORMAT_VERSION, NAME
from watchfloor.lab.near_duplicates import normalised
from watchfloor.store.packs import open_pack

TEXTS: Final = "texts.npy"
#: 100 kB. With so many, one text in 170,000 that was never seen is taken for one that was.
MOST: Final = 25_000

Hashes = npt.NDArray[np.uint32]
Flags = npt.NDArray[np.bool_]


def hashes(texts: Iterable[str]) -> Hashes:
    """A 32-bit hash of each text as it is compared ``(texts,)``."""
    found = [hashlib.blake2b(normalised(text).encode("utf-8", "replace"), digest_size=4).digest() for text in texts]
    return np.frombuffer(b"".join(found), dtype="<u4").astype(np.uint32)


def sketch(texts: Iterable[str]) -> Hashes:
    """The lowest distinct hashes, sorted, as many as there is room for."""
    return np.asarray(np.unique(hashes(texts))[:MOST])


def sketch_of(folder: Path) -> Hashes | None:
    """The sketch in a pack, or none: it was made without.

    Raises:
        PackError: the pack or its sketch is damaged.
    """
    pack = open_pack(folder, name=NAME, format_version=FORMAT_VERSION)
    if TEXTS not in pack.manifest["files"]:
        return None
    try:
        found = np.load(pack.path(TEXTS), allow_pickle=False)
    except (OSError, ValueError) as error:
        raise PackError(f"{TEXTS} of {folder} cannot be read: {error}.") from None
    if found.dtype != np.uint32 or found.ndim != 1:
        raise PackError(f"{TEXTS} of {folder} is no list of hashes.")
    return np.asarray(found, dtype=np.uint32)


def stood_in(texts: Sequence[str], known: Hashes) -> tuple[Flags, int]:
    """Which texts stood in training ``(texts,)``, and of how many it cannot be told."""
    mine = hashes(texts)
    untold = int((mine > known[-1]).sum()) if len(known) >= MOST else 0
    return np.isin(mine, known), untold
