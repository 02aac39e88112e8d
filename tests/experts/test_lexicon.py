"""What n-grams say: each form of a lexicon says the same, on disk and in memory, of a window or of a whole text."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.experts.staged import drawn, listening
from watchfloor.base.errors import PackError
from watchfloor.experts.backbone import Backbone
from watchfloor.experts.floor import ExpertFloor
from watchfloor.experts.lexicon import Lexicon, SparseLexicon
from watchfloor.experts.packs import load, save
from watchfloor.experts.pieces import grams

PIECES = np.arange(3, 40, dtype=np.int32)


def both(labels: int = 5, seed: int = 0) -> tuple[Lexicon, SparseLexicon]:
    """The same weights, two thirds of them zero, laid out densely and sparsely."""
    draw = np.random.default_rng(seed)
    known = grams(PIECES)[::2]
    vectors = draw.integers(-127, 128, (len(known), labels)).astype(np.int8)
    vectors[draw.random(vectors.shape) < 2 / 3] = 0
    scale = draw.random(labels).astype(np.float32)
    row, which = np.nonzero(vectors)
    starts = np.searchsorted(row, np.arange(len(known) + 1)).astype(np.int32)
    sparse = SparseLexicon(known, starts, which.astype(np.uint16), vectors[row, which], scale)
    return Lexicon(known, vectors, scale, np.eye(labels, dtype=np.float32)), sparse


@pytest.mark.parametrize("pieces", [PIECES, PIECES[5:9], PIECES[:1], PIECES[:0], PIECES + 9_000])
def test_a_sparse_lexicon_says_what_a_dense_one_says(pieces: np.ndarray) -> None:
    dense, sparse = both()
    np.testing.assert_allclose(sparse.logits(pieces), dense.logits(pieces), rtol=1e-5, atol=1e-5)
    places = np.arange(len(dense.grams))
    np.testing.assert_allclose(sparse.each(places), dense.each(places), rtol=1e-6)


@pytest.mark.parametrize("form", [0, 1])
def test_a_lexicon_comes_back_from_its_pack_bit_by_bit(backbone: Backbone, tmp_path: Path, form: int) -> None:
    made = drawn(backbone, labels=tuple("abcde"))
    lexicon = both()[form]
    save(tmp_path, made.card, replace(made.adapter, lexicon=lexicon), made.domain)
    found = load(tmp_path, base=backbone.version).adapter.lexicon
    assert type(found) is type(lexicon)
    for name in lexicon.__slots__:
        np.testing.assert_array_equal(getattr(found, name), getattr(lexicon, name))


def test_entries_that_point_nowhere_are_refused(backbone: Backbone, tmp_path: Path) -> None:
    made = drawn(backbone, labels=tuple("abcde"))
    sparse = both()[1]
    wrong = replace(sparse, which=sparse.which + np.uint16(3))
    save(tmp_path, made.card, replace(made.adapter, lexicon=wrong), made.domain)
    with pytest.raises(PackError, match="do not fit"):
        load(tmp_path, base=backbone.version)


def test_words_of_the_whole_text_are_said_to_each_of_its_windows(backbone: Backbone) -> None:
    text = " ".join(["table", "chair"] * 30) + " mimikatz"
    windows = replace(drawn(backbone).card.windows, words="text", most=64)
    expert = listening(drawn(backbone, windows=windows), "mimikatz", backbone)
    assert expert.adapter.lexicon is not None
    lexicon = replace(expert.adapter.lexicon, scale=np.full(2, 0.04, np.float32))
    floor = ExpertFloor(backbone)
    floor.plug(replace(expert, adapter=replace(expert.adapter, lexicon=lexicon)))
    (judged,) = floor.ask("one", [text])
    logits = expert.adapter.bias + lexicon.logits(backbone.pieces.split([text])[0])
    said = {each.name: each.score for each in judged.labels}
    wanted = np.exp(logits) / np.exp(logits).sum()
    assert [said[name] for name in expert.card.labels] == pytest.approx(wanted.tolist(), rel=1e-4)
