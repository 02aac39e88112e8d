"""The learned part: a linear chain over hashed features that decides in context what is a name, a place, an address or
which kind of number.

Made by ``lab.sensitive_train``; its weights are bytes with one scale a label.
"""

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from watchfloor.base.errors import PackError
from watchfloor.experts.sensitive import chain, clusters
from watchfloor.experts.sensitive.clusters import Clusters
from watchfloor.experts.sensitive.features import Sights, columns_of
from watchfloor.experts.sensitive.lexicon import LISTS, Lexicon
from watchfloor.experts.sensitive.patterns import Find
from watchfloor.experts.sensitive.spans import Span
from watchfloor.experts.sensitive.tokens import Token, cut, stretches

#: Stretches of about the same length that are decoded together.
_AT_ONCE: Final = 128
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Model:
    """What was learned. ``weights`` has shape (buckets, labels), as bytes; ``scales`` (labels,)."""

    labels: tuple[str, ...]
    weights: npt.NDArray[np.int8]
    scales: Floats
    between: Floats
    begin: Floats
    known: frozenset[int]
    lexicon: Lexicon
    clusters: Clusters


def read(path: Path) -> Model:
    """Read a model's file; the pack has checked its hash.

    Raises:
        PackError: it is not what ``lab.sensitive_train`` writes.
    """
    try:
        with np.load(path, allow_pickle=False) as held:
            labels = tuple(str(each) for each in held["labels"])
            lexicon = Lexicon({name: held[f"list_{name}"] for name in LISTS})
            known = frozenset(int(each) for each in held["known"])
            return Model(
                labels,
                held["weights"],
                held["scales"].astype(np.float32),
                held["between"].astype(np.float32),
                held["begin"].astype(np.float32),
                known,
                lexicon,
                clusters.read(held),
            )
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise PackError(f"the tagger's weights {path} cannot be read: {error}.") from None


class Tagger:
    """A model at work. It keeps what it knows of tokens, so one tagger should be asked again and again."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._sights = Sights(model.lexicon, model.known, model.clusters)
        self._between = model.between + chain.allowed(model.labels)
        self._begin = model.begin + chain.first(model.labels)
        self._buckets = len(model.weights)

    def tag(self, folded: Sequence[str], finds: Sequence[Sequence[Find]]) -> list[list[Span]]:
        """Spans of each folded text; finds that are sure are left as they are.

        A span's score is how much likelier its labels are than the next best ones, as a probability.
        """
        parts: list[tuple[int, Sequence[Token], bool]] = []
        for place, (text, found) in enumerate(zip(folded, finds, strict=True)):
            lower = text == text.lower()
            parts += [(place, each, lower) for each in stretches(cut(text, found))]
        order = sorted(range(len(parts)), key=lambda at: len(parts[at][1]))
        spans: list[list[Span]] = [[] for _ in folded]
        for start in range(0, len(order), _AT_ONCE):
            group = [parts[at] for at in order[start : start + _AT_ONCE]]
            for (place, tokens, _), path, sure in zip(group, *self._label(group), strict=True):
                spans[place] += self._spans(tokens, path, sure)
        return spans

    def _label(
        self, group: Sequence[tuple[int, Sequence[Token], bool]]
    ) -> tuple[list[npt.NDArray[np.intp]], list[Floats]]:
        """The best labels of each stretch, and how sure each label is by itself."""
        model = self._model
        sights = [self._sights.of([token[2] for token in tokens]) for _, tokens, _ in group]
        columns = columns_of(sights, [lower for _, _, lower in group], self._buckets)
        scores = np.zeros((len(columns), len(model.labels)), np.float32)
        for start in range(0, len(columns), 4096):
            scores[start : start + 4096] = model.weights[columns[start : start + 4096]].sum(1, dtype=np.int32)
        scores *= model.scales
        sizes = [len(each) for each in sights]
        paths = chain.best(scores, sizes, self._between, self._begin)
        odds = np.exp(scores - scores.max(1, keepdims=True))
        odds /= odds.sum(1, keepdims=True)
        sure, start = [], 0
        for size, path in zip(sizes, paths, strict=True):
            sure.append(odds[np.arange(start, start + size), path])
            start += size
        return paths, sure

    def _spans(self, tokens: Sequence[Token], path: npt.NDArray[np.intp], sure: Floats) -> list[Span]:
        found: list[Span] = []
        start = 0
        labels = [self._model.labels[each] for each in path]
        while start < len(labels):
            end = start + 1
            if labels[start] != "O":
                while end < len(labels) and labels[end].startswith("I-"):
                    end += 1
                score = float(np.exp(np.log(np.maximum(sure[start:end], 1e-4)).mean()))
                found.append(Span(tokens[start][0], tokens[end - 1][1], labels[start][2:], round(max(score, 0.3), 4)))
            start = end
        return found
