"""From labelled texts to an expert that can be plugged in: read by the trunk, fitted, calibrated, its domain drawn.

The floor below which it abstains keeps all but a few of the right answers of
the development part; the domain's limit all but a few of its texts (split conformal, arXiv 2107.07511).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from watchfloor.experts.backbone import Backbone
from watchfloor.experts.card import Calibration, Card, Windows
from watchfloor.experts.cvss import scored
from watchfloor.experts.domain import Domain
from watchfloor.experts.judging import probabilities
from watchfloor.experts.packs import Plugged
from watchfloor.experts.pieces import grams, shape
from watchfloor.lab.base_weights import encoder_of
from watchfloor.lab.examples import Example
from watchfloor.lab.finetune_fit import VISITS, Fitted, Say, fit
from watchfloor.lab.finetune_texts import Texts, Wide
from watchfloor.lab.finetune_together import together
from watchfloor.lab.kinds import clusters_of
from watchfloor.lab.temperature import alarm_offset, temperature

#: Shares of right answers, and of texts of its own kind, that an expert may refuse.
RIGHT_LOST, OWN_LOST = 0.02, 0.005
CLUSTERS: Final = 16
#: Development texts that are enough to choose and calibrate by.
MOST_DEV: Final = 2_000
#: Texts whose places among kinds of text draw the domain.
PLACED: Final = 20_000
#: Pieces a window where any window may raise an alarm, and windows at most.
_ALARM: Final = Windows(size=128, overlap=24, most=64, join="alarm")
#: Evidence, in nats an axis, that texts of other customers may lie further out.
_SLACK: Final = 0.05

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Options:
    """How an expert is made. ``alarm``: the label whose loudest window speaks for a long text, and whose false alarms

    are bounded to ``false_alarms`` on the development part. ``none_label``: the label that means no label fits.
    ``most_texts``: training texts the trunk reads at most (the lexical path learns from all), 0 for all; ``visits``:
    of texts by the upper block in training; ``unmask``: read what an alarm text says under a disguise too;
    ``voice``: sources whose labels it answers with where sources disagree, empty for no one's; ``deep``: the trunk's
    blocks are changed too, so that it is computed for this expert alone.
    """

    name: str
    task: str = ""
    kind: str = "choice"
    seed: int = 0
    alarm: str = ""
    none_label: str = ""
    false_alarms: float = 0.02
    most_texts: int = 0
    visits: int = VISITS
    unmask: bool = False
    voice: tuple[str, ...] = ()
    deep: bool = False


@dataclass(frozen=True, slots=True)
class Made:
    """An expert that can be plugged in, and a line an epoch of how it was learned."""

    plugged: Plugged
    history: list[dict[str, float]]


def make_expert(backbone: Backbone, train: Sequence[Example], dev: Sequence[Example], options: Options,
                say: Say = print, calibration: Calibration | None = None) -> Made:  # fmt: skip
    """Learn, calibrate where no calibration is given, and draw the domain.

    Raises:
        ValueError: a facet is missing in a text, or there is only one label.
    """
    labels = labels_of([*train, *dev], options)
    if options.voice:  # it is chosen and calibrated by what it is to say
        dev = [each for each in dev if each.source in options.voice]
    if len(dev) > MOST_DEV:
        dev = [dev[place] for place in np.random.default_rng(options.seed).permutation(len(dev))[:MOST_DEV]]
    card = blank_card(backbone, labels, options)
    wide = (wide_of(backbone, card, train, options), wide_of(backbone, card, dev, options))
    chosen = thinned(train, options)
    say(f"reading {len(chosen) + len(dev):,} texts with the frozen trunk")
    read, places = texts_of(backbone, card, [train[place] for place in chosen], options)
    read_dev, places_dev = texts_of(backbone, card, dev, options)
    sizes = [len(each) for each in card.facets().values()]
    alarm = labels.index(options.alarm) if options.alarm else -1
    fitted = fit(encoder_of(backbone), sizes, wide, read, read_dev, np.asarray(chosen), alarm=alarm, seed=options.seed,
                 visits=options.visits, say=say)  # fmt: skip
    card = replace(card, calibration=calibration or calibrated(card, fitted, read_dev, options))
    if calibration is None and scored(card):
        own = wide[0].source < wide[0].spoken
        card = together(card, fitted.dev_logits, read_dev.targets, wide[0].targets[own])
    domain = domain_of(backbone, places, places_dev, options.seed)
    return Made(Plugged(card, fitted.adapter, domain, "", Path(), ""), fitted.history)


def again(backbone: Backbone, twin: Made, texts: Sequence[Example], options: Options, say: Say = print) -> Made:
    """An expert learned from every text there is, calibrated as its twin was on texts the twin had never seen.

    When to stop is told by texts drawn at random, whatever their group, so that no program or document is left out.
    """
    order = np.random.default_rng(options.seed).permutation(len(texts))
    held = min(max(len(texts) // 12, 100), MOST_DEV // 2)
    train, dev = ([texts[place] for place in part] for part in (order[held:], order[:held]))
    return make_expert(backbone, train, dev, options, say, twin.plugged.card.calibration)


def labels_of(examples: Sequence[Example], options: Options) -> tuple[str, ...]:
    """All labels; the facets of one kind stand together, in the order they are given in the texts."""
    if options.kind == "choice":
        return tuple(sorted({label for each in examples for label in each.labels}))
    facets = [label.partition(":")[0] for label in examples[0].labels]
    if any([label.partition(":")[0] for label in each.labels] != facets for each in examples):
        raise ValueError("every text needs one label of each facet, in the same order")
    found = {label for each in examples for label in each.labels}
    return tuple(sorted(found, key=lambda label: (facets.index(label.partition(":")[0]), label)))


def blank_card(backbone: Backbone, labels: tuple[str, ...], options: Options) -> Card:
    """The card before anything is known of how good the expert is."""
    if len(labels) < 2:
        raise ValueError("an expert needs at least two labels")
    windows = replace(_ALARM, alarm_label=options.alarm, unmask=options.unmask) if options.alarm else Windows()
    windows = replace(windows, words="text")
    windows = replace(windows, size=min(windows.size, backbone.pieces.places))
    if windows.overlap >= windows.size - 2:
        windows = replace(windows, overlap=windows.size // 4)
    calibration = Calibration(1.0, (0.0,) * len(labels), 0.0)
    made = datetime.now(UTC).strftime("%Y-%m-%d")
    return Card(options.name, options.kind, labels, options.task, backbone.version, windows, calibration,
                options.none_label, {}, {}, made)  # fmt: skip


def thinned(train: Sequence[Example], options: Options) -> list[int]:
    """Places of at most ``most_texts`` texts, drawn; what is common stays common: probabilities are about that.

    Where some sources are spoken for, half of them are theirs, if they have as many.
    """
    if not options.most_texts or len(train) <= options.most_texts:
        return list(range(len(train)))
    order = np.random.default_rng(options.seed).permutation(len(train))
    own = [int(place) for place in order if train[place].source in options.voice][: options.most_texts // 2]
    taken = set(own)
    rest = [int(place) for place in order if place not in taken][: options.most_texts - len(own)]
    return [*own, *rest]


def wide_of(backbone: Backbone, card: Card, examples: Sequence[Example], options: Options) -> Wide:
    """Texts by their n-grams alone, all of each."""
    found = []
    for start in range(0, len(examples), 4_096):
        found += [grams(each) for each in backbone.pieces.split([e.text for e in examples[start : start + 4_096]])]
    targets = targets_of(card, examples)
    return Wide(found, targets, weights_of(examples, targets, options), sources_of(examples, options), _spoken(options))


def targets_of(card: Card, examples: Sequence[Example]) -> npt.NDArray[np.int64]:
    """Label numbers within their facet ``(texts, facets)``."""
    facets = list(card.facets().values())
    place = {card.labels[p]: (f, n) for f, many in enumerate(facets) for n, p in enumerate(many)}
    found = np.zeros((len(examples), len(facets)), dtype=np.int64)
    for row, each in enumerate(examples):
        for label in each.labels:
            facet, number = place[label]
            found[row, facet] = number
    return found


def texts_of(backbone: Backbone, card: Card, examples: Sequence[Example], options: Options) -> tuple[Texts, Floats]:
    """Texts as the trunk leaves them, or as words where it is changed too, and where they lie ``(texts, axes)``: then

    the first of them alone.
    """
    x: list[list[Any]] = []
    means = []
    windows = card.windows
    for start in range(0, len(examples), 512):
        pieces = backbone.pieces.split([each.text for each in examples[start : start + 512]])
        # Of a text with no label for its windows only so many are worth a training step.
        most = min(windows.most, 4) if windows.join == "alarm" else 1
        cut = [backbone.pieces.windows(each, windows.size, windows.overlap, most) for each in pieces]
        if options.deep:
            x += [[each.words for each in many] for many in cut]
            first = [many[0] for many in cut] if start < PLACED else []
            means += list(backbone.places(backbone.see(first)))
            continue
        seen = iter(backbone.see([window for many in cut for window in many]))
        for many in cut:
            here = [next(seen) for _ in many]
            x.append([each.x.astype(np.float16) for each in here])
            means.append(backbone.places(here[:1])[0])
    shapes = np.stack([shape(each.text) for each in examples])
    targets = targets_of(card, examples)
    weight, source = weights_of(examples, targets, options), sources_of(examples, options)
    return Texts(x, shapes, targets, weight, source, _spoken(options)), np.stack(means)


def sources_of(examples: Sequence[Example], options: Options) -> npt.NDArray[np.int64]:
    """The number of each text's source ``(texts,)``: those spoken for first, as given; 0 for all where none is."""
    if not options.voice:
        return np.zeros(len(examples), dtype=np.int64)
    others = sorted({each.source for each in examples} - set(options.voice))
    number = {name: place for place, name in enumerate([*options.voice, *others])}
    return np.asarray([number[each.source] for each in examples], dtype=np.int64)


def _spoken(options: Options) -> int:
    return max(len(options.voice), 1)


def weights_of(examples: Sequence[Example], targets: npt.NDArray[np.int64], options: Options) -> Floats:
    """What each text counts ``(texts,)``, one in the mean: where an alarm is raised, every label weighs the same."""
    given = np.asarray([each.weight for each in examples], dtype=np.float32)
    found = given * balanced(targets[:, 0]) if options.alarm else given
    return np.asarray(found / found.mean(), dtype=np.float32)


def balanced(target: npt.NDArray[np.int64]) -> Floats:
    """Weights ``(texts,)`` of mean one under which every label weighs the same."""
    counts = np.bincount(target)
    return np.asarray(len(target) / (np.count_nonzero(counts) * counts[target]), dtype=np.float32)


def calibrated(card: Card, fitted: Fitted, dev: Texts, options: Options) -> Calibration:
    """Temperature, the alarm's offset and the floor, on the development part."""
    facets = list(card.facets().values())
    logits = fitted.dev_logits.astype(np.float64)
    divided = temperature(
        [(logits[:, many], dev.targets[:, place]) for place, many in enumerate(facets)], dev.weight.astype(float)
    )
    offsets = np.zeros(len(card.labels))
    if options.alarm:
        at = card.labels.index(options.alarm)
        offsets[at] = alarm_offset(
            logits / divided, dev.targets[:, 0], at, options.false_alarms, dev.weight.astype(float)
        )
    found = Calibration(divided, tuple(map(float, offsets)), 0.0)
    probability = probabilities(replace(card, calibration=found), fitted.dev_logits)
    best = np.stack([probability[:, many].max(1) for many in facets], 1)
    right = np.all([probability[:, many].argmax(1) == dev.targets[:, place] for place, many in enumerate(facets)], 0)
    sure = best.prod(1)[right] ** (1 / len(facets))
    floor = float(np.quantile(sure, RIGHT_LOST)) if len(sure) >= 50 and not options.alarm else 0.0
    return replace(found, floor=min(floor, 0.9))


def domain_of(backbone: Backbone, places: Floats, places_dev: Floats, seed: int) -> Domain:
    """Clusters of the training texts, and the evidence below which no answer is given."""
    found = clusters_of(places[:PLACED], int(np.clip(len(places) // 40, 1, CLUSTERS)), seed)
    measured = found.evidence(places_dev if len(places_dev) >= 100 else places, backbone.nobodys)
    return replace(found, limit=float(np.quantile(measured, OWN_LOST)) - _SLACK)
