"""Which words speak for which label: what an expert's lexical path learned, read back from its hashes.

Hashes cannot be undone; the n-grams of the training texts are hashed again and looked up.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from watchfloor.experts.backbone import PARTS, Backbone
from watchfloor.experts.packs import Plugged
from watchfloor.experts.pieces import LONGEST, grams

#: For each label, n-grams with how far one moves the label's logit from the mean of its facet, the farthest first.
Speaking = dict[str, list[tuple[str, float]]]

#: Texts whose n-grams are looked up, n-grams looked up at most, and those shown of a label.
_TEXTS, _LOOKED_UP, _SHOWN = 4_000, 30_000, 12


def speaking(backbone: Backbone, expert: Plugged, texts: Sequence[str]) -> Speaking:
    """The n-grams of these texts that speak for each label; nothing where the expert has no lexical path."""
    lexicon = expert.adapter.lexicon
    if lexicon is None or not len(lexicon.grams):
        return {}
    known = set(lexicon.grams.tolist())
    tokenizer = Tokenizer.from_buffer(backbone.pack.unpacked(PARTS.words))
    step = max(len(texts) // _TEXTS, 1)
    counts: Counter[tuple[int, ...]] = Counter()
    for pieces in backbone.pieces.split([text[:4_000] for text in texts[::step]]):
        row = pieces.tolist()
        for size in range(1, LONGEST + 1):
            counts.update({tuple(row[place : place + size]) for place in range(len(row) - size + 1)})
    said, places = [], []
    for gram, count in counts.most_common(_LOOKED_UP):
        hashed = _hash(gram) if count > 1 else None
        if hashed is not None and hashed in known:
            said.append(tokenizer.decode(list(gram), skip_special_tokens=False))
            places.append(int(np.searchsorted(lexicon.grams, np.uint32(hashed))))
    if not places:
        return {}
    moved = lexicon.each(np.asarray(places, dtype=np.int64))
    found: Speaking = {}
    for columns in expert.card.facets().values():
        part = moved[:, columns] - moved[:, columns].mean(1, keepdims=True)
        for number, column in enumerate(columns):
            best = np.argsort(-part[:, number], kind="stable")[: 4 * _SHOWN]
            found[expert.card.labels[column]] = _apart([(said[row], float(part[row, number])) for row in best])
    return found


def _hash(gram: tuple[int, ...]) -> int | None:
    """The hash of one n-gram, as the runtime makes it: what the whole has that its parts have not."""
    whole = grams(np.asarray(gram, dtype=np.int32))
    if len(gram) == 1:
        return int(whole[0])
    parts: npt.NDArray[np.uint32] = np.union1d(
        grams(np.asarray(gram[:-1], dtype=np.int32)), grams(np.asarray(gram[1:], dtype=np.int32))
    )
    own = np.setdiff1d(whole, parts)
    return int(own[0]) if len(own) == 1 else None


def _apart(ranked: list[tuple[str, float]]) -> list[tuple[str, float]]:
    """The strongest, without those that only repeat part of a stronger one."""
    kept: list[tuple[str, float]] = []
    for said, weight in ranked:
        if weight > 0 and not any(said in other or other in said for other, _ in kept):
            kept.append((said, weight))
    return kept[:_SHOWN]
