"""What an expert must beat: the commonest label, and linear models over words or over MiniLM's vectors.

All are fed the very same parts, calibrated on development texts by one temperature (Guo et al., arXiv 1706.04599), and
held to the same share of false alarms.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion
from sklearn.svm import LinearSVC

from watchfloor.base.errors import UsageError
from watchfloor.lab.answers import Answers, facets_of, truth_of
from watchfloor.lab.examples import Example
from watchfloor.lab.temperature import alarm_offset, log_loss, temperature

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Say = Callable[[str], None]

MAJORITY, WORDS, MINILM = "majority", "TF-IDF + linear", "MiniLM + linear"
NAMES: Final = (MAJORITY, WORDS, MINILM)
#: Strengths that development texts choose from; with more labels than these, which take minutes, one must do.
_STRENGTHS, _ONE, _FEW_LABELS = (0.3, 3.0), (0.5,), 30
#: Texts MiniLM reads at most: 100 a second on two cores.
_MOST_READ: Final = 30_000


@dataclass(frozen=True, slots=True)
class Task:
    """The parts and labels an expert was made with. ``alarm`` and ``false_alarms`` bound alarms as its options do."""

    train: Sequence[Example]
    dev: Sequence[Example]
    test: Sequence[Example]
    labels: tuple[str, ...]
    kind: str
    alarm: str = ""
    false_alarms: float = 0.02
    seed: int = 0

    @property
    def facets(self) -> tuple[tuple[int, ...], ...]:
        """The columns of each facet."""
        return facets_of(self.labels, self.kind)

    def given(self, dev: Floats, test: Floats) -> Answers:
        """Answers out of logits of development and test texts ``(texts, labels)``, calibrated on the former."""
        never = np.zeros(len(self.test), dtype=np.bool_)
        probability = self.probabilities(dev, test)
        return Answers(self.labels, self.facets, truth_of(self.test, self.labels), probability, never)

    def probabilities(self, dev: Floats, other: Floats) -> Floats:
        """Probabilities ``(others, labels)`` out of logits, calibrated on those of the development texts.

        A text counts there what it counts in learning, as it does for the expert.
        """
        probability = np.zeros((len(other), len(self.labels)))
        truth = truth_of(self.dev, self.labels)
        weight = np.asarray([each.weight for each in self.dev])
        weight = weight / weight.mean()
        for number, facet in enumerate(self.facets):
            places = list(facet)
            target = _within(truth[:, number], facet)
            divided = temperature([(dev[:, places], target)], weight)
            mine, theirs = dev[:, places] / divided, other[:, places] / divided
            if self.alarm in self.labels:
                at = self.labels.index(self.alarm)
                theirs[:, at] += alarm_offset(mine, target, at, self.false_alarms, weight)
            probability[:, places] = softmax(theirs)
        return probability


def measured(task: Task, names: Sequence[str], say: Say) -> tuple[dict[str, Answers], dict[str, str]]:
    """Answers of each baseline, and why those are missing that are."""
    found: dict[str, Answers] = {}
    missing: dict[str, str] = {}
    for name in names:
        if name == MINILM and len(task.train) > _MOST_READ:
            missing[name] = f"left out: {len(task.train):,} training texts are more than {_MOST_READ:,}"
            continue
        say(f"baseline: {name}")
        try:
            found[name] = {MAJORITY: majority, WORDS: words, MINILM: minilm}[name](task)
        except UsageError as error:
            missing[name] = f"left out: {error}"
    return found, missing


def majority(task: Task) -> Answers:
    """Always the commonest label of training, with the shares of training for probabilities."""
    truth = truth_of(task.train, task.labels)
    row = np.zeros(len(task.labels))
    for number, facet in enumerate(task.facets):
        counts = np.bincount(truth[:, number], minlength=len(task.labels))[list(facet)]
        row[list(facet)] = counts / counts.sum()
    probability = np.tile(row, (len(task.test), 1))
    never = np.zeros(len(task.test), dtype=np.bool_)
    return Answers(task.labels, task.facets, truth_of(task.test, task.labels), probability, never)


def words(task: Task) -> Answers:
    """TF-IDF of words (1 to 2) and of characters (3 to 5) under a linear model."""
    return task.given(*word_logits(task))


def word_logits(task: Task) -> tuple[Floats, Floats]:
    """What ``words`` thinks of development and of test texts ``(texts, labels)``, before it is calibrated."""
    vectors = FeatureUnion([
        ("words", TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=1, max_features=200_000,
                                  token_pattern=r"(?u)\S+")),
        ("characters", TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True, min_df=2,
                                       max_features=300_000)),
    ])  # fmt: skip
    train = vectors.fit_transform(_texts(task.train))
    return _linear(task, train, vectors.transform(_texts(task.dev)), vectors.transform(_texts(task.test)), _margins)


def minilm(task: Task) -> Answers:
    """Vectors of all-MiniLM-L6-v2 under logistic regression.

    Raises:
        UsageError: its weights are not installed.
    """
    return task.given(*vector_logits(task, *map(minilm_vectors, (task.train, task.dev, task.test))))


def minilm_vectors(examples: Sequence[Example]) -> Floats:
    """MiniLM's vectors ``(texts, 384)``.

    Raises:
        UsageError: its weights are not installed.
    """
    from watchfloor.lab.minilm import Teacher

    teacher = Teacher()
    texts = [text[:2_000] for text in _texts(examples)]
    order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
    found = np.zeros((len(texts), 384))
    for start in range(0, len(order), 64):
        chosen = order[start : start + 64]
        found[chosen] = teacher.vectors([texts[place] for place in chosen]).numpy()
    return found


def vector_logits(task: Task, train: Floats, dev: Floats, test: Floats) -> tuple[Floats, Floats]:
    """What logistic regression over vectors thinks of development and of test texts ``(texts, labels)``."""
    return _linear(task, train, dev, test, _logistic)


def _texts(examples: Sequence[Example]) -> list[str]:
    return [each.text for each in examples]


def _linear(
    task: Task, train: Any, dev: Any, test: Any, models: Callable[[Task, int], list[Any]]
) -> tuple[Floats, Floats]:
    """One model a facet, the best of several on development texts; logits of labels it never saw are low."""
    truth, held = truth_of(task.train, task.labels), truth_of(task.dev, task.labels)
    scores = [np.full((each.shape[0], len(task.labels)), -30.0) for each in (dev, test)]
    for number, facet in enumerate(task.facets):
        best: tuple[float, Any] = (np.inf, None)
        for model in models(task, len(facet)):
            model.fit(train, truth[:, number])
            logits = _scores(model, dev, len(task.labels))[:, list(facet)]
            target = _within(held[:, number], facet)
            loss = log_loss(logits / temperature([(logits, target)]), target)
            best = min(best, (loss, model), key=lambda each: each[0])
        for place, part in enumerate((dev, test)):
            scores[place][:, list(facet)] = _scores(best[1], part, len(task.labels))[:, list(facet)]
    return scores[0], scores[1]


def _margins(task: Task, labels: int) -> list[Any]:
    weight = "balanced" if task.alarm else None
    strengths = _STRENGTHS if labels <= _FEW_LABELS else _ONE
    return [LinearSVC(C=each, class_weight=weight, random_state=task.seed) for each in strengths]


def _logistic(task: Task, labels: int) -> list[Any]:
    weight = "balanced" if task.alarm else None
    strengths = _STRENGTHS if labels <= _FEW_LABELS else _ONE
    return [LogisticRegression(C=10 * each, class_weight=weight, max_iter=300, tol=1e-3) for each in strengths]


def _scores(model: Any, part: Any, labels: int) -> Floats:
    """Logits ``(texts, labels)`` of a scikit-learn model whose classes are label numbers."""
    raw = np.asarray(model.decision_function(part))
    if raw.ndim == 1:
        raw = np.stack([-raw / 2, raw / 2], 1)
    found = np.full((raw.shape[0], labels), -30.0)
    found[:, model.classes_] = raw
    return found


def _within(truth: Ints, facet: Sequence[int]) -> Ints:
    """Label numbers as places in their facet."""
    place = {number: order for order, number in enumerate(facet)}
    return np.asarray([place[int(number)] for number in truth], dtype=np.int64)


def softmax(logits: Floats) -> Floats:
    """Probabilities of rows of logits."""
    raised = np.exp(logits - logits.max(1, keepdims=True))
    return np.asarray(raised / raised.sum(1, keepdims=True))
