"""What the sources that are spoken for would have said of texts that other sources labelled.

Sources disagree by habit: one says heap overflow where another says out-of-bounds write. How often each of the others
says each label where those spoken for would say another is estimated together with the answers (expectation
maximisation: Dawid & Skene, 1979; with a classifier as prior: Raykar et al., JMLR 2010). All texts then teach one
language.
"""

import numpy as np
import numpy.typing as npt

#: Rounds of estimation, and how far the classifier's word is softened, for it has read these very texts.
_ROUNDS, _SOFTENED = 4, 1.2
#: Texts that the first guess of a source's habits is worth, and its share of saying what those spoken for would say.
_GUESSED, _AGREED = 3.0, 0.6

Floats = npt.NDArray[np.float32]
Places = npt.NDArray[np.int64]


def translated(logits: Floats, target: Places, source: Places, spoken: int) -> Floats:
    """Shares of labels ``(texts, labels)``: of texts of the first ``spoken`` sources what they say, of others what

    they would say. ``logits`` ``(texts, labels)`` are a model's of what the first source says.
    """
    own = source < spoken
    said = np.bincount(target[own], minlength=logits.shape[1]) > 0
    scaled = np.where(said, logits / _SOFTENED, -np.inf)
    prior = np.exp(scaled - scaled.max(1, keepdims=True))
    prior /= prior.sum(1, keepdims=True)
    found = np.asarray(prior, dtype=np.float32)
    found[own] = np.eye(logits.shape[1], dtype=np.float32)[target[own]]
    for name in np.unique(source[~own]):
        mine = np.flatnonzero(source == name)
        found[mine] = _meant(prior[mine], target[mine])
    return found


def _meant(prior: Floats, target: Places) -> Floats:
    """What one source's labels stand for ``(texts, labels)``."""
    labels = prior.shape[1]
    common = np.bincount(target, minlength=labels) / len(target)
    guess = _AGREED * np.eye(labels) + (1 - _AGREED) * common
    found = prior
    for _ in range(_ROUNDS):
        habits = _GUESSED * guess
        np.add.at(habits.T, target, found)
        habits /= habits.sum(1, keepdims=True)
        both = prior * habits[:, target].T
        found = np.asarray(both / np.maximum(both.sum(1, keepdims=True), 1e-30), dtype=np.float32)
    return found
