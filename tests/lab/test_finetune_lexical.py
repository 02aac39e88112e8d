"""The lexical path is the optimum of a convex problem: it finds what tells labels, in whatever order."""

from dataclasses import replace

import numpy as np
import pytest

from watchfloor.experts.lexicon import SparseLexicon
from watchfloor.experts.pieces import grams
from watchfloor.lab import finetune_lexical, finetune_many
from watchfloor.lab.finetune_lexical import counted, lexical
from watchfloor.lab.finetune_texts import Wide


def texts(count: int, seed: int, facets: int = 1, labels: int = 3) -> Wide:
    """Of each text one piece a facet tells the label; the other pieces are drawn."""
    draw = np.random.default_rng(seed)
    targets = draw.integers(labels, size=(count, facets))
    rows = []
    for row in targets:
        telling = [10 + place * labels + label for place, label in enumerate(row)]
        rows.append(grams(draw.permutation([*telling, *draw.integers(100, 400, 12)]).astype(np.int32)))
    return Wide(rows, targets.astype(np.int64), np.ones(count, np.float32), np.zeros(count, np.int64))


def silent(_: str) -> None:
    """Nobody is listening."""


@pytest.mark.parametrize("facets", [1, 2])
def test_what_tells_a_label_is_found(facets: int) -> None:
    learned = lexical(texts(600, 0, facets), texts(200, 1, facets), [3] * facets, silent)
    fresh = texts(300, 2, facets)
    logits = np.stack([learned.of(each) for each in fresh.grams]).reshape(300, facets, 3)
    assert (logits.argmax(2) == fresh.targets).mean() > 0.97


def test_of_too_many_ngrams_those_that_tell_labels_ship_not_the_commonest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finetune_lexical, "GRAMS", 60)
    train, dev, fresh = (texts(count, seed, labels=40) for count, seed in ((1_200, 10), (300, 11), (300, 12)))
    said = lexical(train, dev, [40], silent)
    assert len(said.lexicon.grams) <= 60
    right = np.mean(
        [said.of(each).argmax() == told for each, told in zip(fresh.grams, fresh.targets[:, 0], strict=True)]
    )
    assert right > 0.9


def test_many_labels_are_learned_in_passes_and_what_speaks_least_does_not_ship(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finetune_many, "ENTRIES_A_LABEL", 11)
    train, dev, fresh = (texts(count, seed, labels=80) for count, seed in ((3_000, 5), (400, 6), (400, 7)))
    said = lexical(train, dev, [80], silent)
    assert isinstance(said.lexicon, SparseLexicon) and len(said.lexicon.weights) <= 1_000
    right = np.mean(
        [said.of(each).argmax() == target for each, target in zip(fresh.grams, fresh.targets[:, 0], strict=True)]
    )
    assert right > 0.9


def test_what_only_another_source_says_is_not_put_down_to_words() -> None:
    """Half of the texts come from a source that calls everything label 0."""
    train, dev = texts(4_000, 8, labels=70), texts(400, 9, labels=70)
    other = np.arange(4_000) % 2
    train = replace(train, targets=np.where(other[:, None] == 1, 0, train.targets), source=other)
    told = lexical(train, dev, [70], silent)
    untold = lexical(replace(train, source=np.zeros(4_000, np.int64)), dev, [70], silent)
    said = [np.mean([each.of(row).argmax() == 0 for row in dev.grams]) for each in (told, untold)]
    assert said[0] < 0.2 < said[1]


def test_sources_that_are_spoken_for_share_their_words_and_keep_their_habits_apart() -> None:
    """Sources 0 and 1 are spoken for; 1 says label 0 of half of all texts, whatever their words."""
    train, dev = texts(4_000, 8, labels=70), texts(400, 9, labels=70)
    source = np.arange(4_000) % 3
    often = (source == 1) & (np.arange(4_000) // 3 % 2 == 0)
    train = replace(train, targets=np.where(often[:, None], 0, train.targets), source=source, spoken=2)
    said = lexical(train, dev, [70], silent)
    assert said.meant is not None and said.meant.shape == (4_000, 70)
    assert np.mean([said.of(row).argmax() for row in dev.grams] == dev.targets[:, 0]) > 0.7
    assert said.biases[1, 0] > said.biases[0, 0] + 1


def test_in_every_facet_those_who_are_spoken_for_are_answered() -> None:
    """The other source, of which there are three times as many texts, turns the first facet round: a third stays."""
    train, dev = texts(1_200, 12, facets=2), texts(200, 13, facets=2)
    other = (np.arange(1_200) % 4 > 0).astype(np.int64)
    turned = train.targets.copy()
    turned[other == 1, 0] = 2 - turned[other == 1, 0]
    said = lexical(replace(train, targets=turned, source=other), dev, [3, 3], silent)
    answers = np.stack([said.of(each) for each in dev.grams]).reshape(-1, 2, 3).argmax(2)
    right = (answers == dev.targets).mean(0)
    assert right[0] > 0.55 and right[1] > 0.9


def test_the_order_of_texts_does_not_matter() -> None:
    train, dev = texts(400, 3), texts(200, 4)
    turned = Wide(train.grams[::-1], train.targets[::-1].copy(), train.weight, train.source)
    one, other = (lexical(each, dev, [3], silent) for each in (train, turned))
    shown = np.stack([[each.of(row) for row in dev.grams] for each in (one, other)])
    assert np.abs(shown[0] - shown[1]).max() < 0.2 and np.abs(shown[0]).max() > 2


def test_a_text_counts_its_known_ngrams_once_whatever_its_length() -> None:
    vocabulary = np.asarray([5, 7, 11, 13], np.uint32)
    rows = counted([np.asarray([5, 6, 7, 9, 11, 13], np.uint32), np.asarray([8], np.uint32)], vocabulary).toarray()
    np.testing.assert_allclose(rows, [[0.5] * 4, [0] * 4])
