"""Facets are not independent of each other: how much likelier labels are together than each by itself would have it.

What the marginals leave out is taken from how often labels go together in the texts learned from, as far as
development texts bear it out.
"""

from dataclasses import replace
from itertools import product
from typing import Final

import numpy as np
import numpy.typing as npt

from watchfloor.experts.card import Card
from watchfloor.experts.judging import probabilities

#: Texts that independence is worth, nats a text that must be gained, and shares of the whole effect that are tried.
_APART, _LEAST = 20, 0.002
_SHARES: Final = tuple(place / 10 for place in range(11))

Places = npt.NDArray[np.int64]


def together(card: Card, logits: npt.NDArray[np.float32], dev: Places, train: Places) -> Card:
    """The card with what its facets have to do with each other. ``dev``, ``train``: targets ``(texts, facets)``."""
    facets = list(card.facets().values())
    sizes = [len(each) for each in facets]
    rows = np.asarray(list(product(*map(range, sizes))))
    seen = np.zeros(len(rows))
    np.add.at(seen, np.ravel_multi_index(tuple(train.T), sizes), 1)
    shares = [np.bincount(train[:, place], minlength=size) / len(train) for place, size in enumerate(sizes)]
    apart = np.prod([share[rows[:, place]] for place, share in enumerate(shares)], 0)
    rest = float(np.log(_APART / (len(train) + _APART)))
    counted = (seen + _APART * apart) / np.maximum((len(train) + _APART) * apart, 1e-300)
    likelier = np.where(seen > 0, np.log(np.maximum(counted, 1e-300)), rest)
    marginal = np.log(np.maximum(probabilities(card, logits), 1e-12))
    alone = np.asarray(sum(marginal[:, many][:, rows[:, place]] for place, many in enumerate(facets)), dtype=np.float64)
    truth = np.ravel_multi_index(tuple(dev.T), sizes)
    losses = [_loss(alone + each * likelier, truth) for each in _SHARES]
    share = _SHARES[int(np.argmin(losses))]
    if losses[0] - min(losses) < _LEAST:
        return card
    names = ["/".join(card.labels[many[place]] for many, place in zip(facets, row, strict=True)) for row in rows]
    found = [("", round(share * rest, 3))]
    found += [(name, round(float(share * each), 3)) for name, each, n in zip(names, likelier, seen, strict=True) if n]
    return replace(card, calibration=replace(card.calibration, together=tuple(found)))


def _loss(logits: npt.NDArray[np.float64], truth: Places) -> float:
    top = logits.max(1)
    return float(np.mean(top + np.log(np.exp(logits - top[:, None]).sum(1)) - logits[np.arange(len(truth)), truth]))
