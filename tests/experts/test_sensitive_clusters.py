"""Words that are alike to the tagger of ``sensitive``, though no sentence it learned from has them."""

import numpy as np
import pytest

from watchfloor.experts.sensitive import BUNDLED
from watchfloor.experts.sensitive.clusters import Clusters, packed, read
from watchfloor.experts.sensitive.tagger import read as read_model


def test_a_word_keeps_its_clusters_through_a_pack() -> None:
    found = read(packed({"moved": 0, "relocated": 0, "münchen": 2}, [5, 6, 7]))
    assert found.of("moved") == found.of("relocated") == (0, 5)
    assert found.of("münchen") == (2, 7)
    assert found.of("elsewhere") is None


@pytest.mark.parametrize("word", ["", "\0", "\ud800", "a" * 100_000])
def test_odd_words_have_no_cluster(word: str) -> None:
    assert read(packed({"moved": 0}, [5])).of(word) is None


def test_clusters_that_do_not_fit_their_keys_are_refused() -> None:
    gaps, fine, coarse = np.array([3, 4], np.uint32), np.array([0, 1], np.uint16), np.array([5], np.uint8)
    with pytest.raises(ValueError, match="do not fit"):
        Clusters(gaps, fine, coarse)
    with pytest.raises(ValueError, match="do not fit"):
        Clusters(gaps, fine[:1], coarse)


@pytest.mark.parametrize(
    ("word", "like", "unlike"),
    [
        ("moving", "moved", "german"),
        ("finland", "poland", "said"),
        ("juan", "pedro", "road"),
        ("avenue", "street", "pedro"),
    ],
)
def test_the_pack_knows_what_is_alike(word: str, like: str, unlike: str) -> None:
    clusters = read_model(BUNDLED / "tagger.npz").clusters
    assert clusters.of(word) == clusters.of(like) is not None
    assert clusters.of(word) != clusters.of(unlike)
