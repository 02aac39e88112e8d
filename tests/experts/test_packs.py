"""A pack that is damaged, foreign or unsigned is never loaded."""

import json
import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import zstandard
from safetensors.numpy import load as tensors_of
from safetensors.numpy import save as tensors

from tests.experts.staged import TEXT, drawn, packed
from watchfloor.base.errors import PackError, RefusedError, UsageError
from watchfloor.experts.backbone import Backbone
from watchfloor.experts.floor import ExpertFloor
from watchfloor.experts.packs import ARRAYS, load
from watchfloor.experts.shelf import Shelf
from watchfloor.store.packs import write_pack
from watchfloor.store.signatures import make_key, sign

#: What is done to a pack's arrays.
Cut = dict[str, Callable[[np.ndarray], np.ndarray]]


@pytest.mark.parametrize("deep", [False, True])
def test_a_pack_answers_as_the_expert_it_was_made_of(backbone: Backbone, tmp_path: Path, deep: bool) -> None:
    made = drawn(backbone, deep=deep)
    loaded = load(packed(made, tmp_path / "one"), base=backbone.version)
    floor = ExpertFloor(backbone)
    answers = []
    for expert in (made, loaded):
        floor.plug(expert)
        answers.append(floor.ask("one", [TEXT])[0].labels)
    assert [each.name for each in answers[0]] == [each.name for each in answers[1]]
    np.testing.assert_allclose([e.score for e in answers[0]], [e.score for e in answers[1]], atol=1e-5)


@pytest.mark.parametrize("cut", [
    {"changes": lambda each: each[:, :-1]}, {"changes": lambda each: each[:0]},
    {"change_scales": lambda each: each[..., :-1]}, {"change_scales": lambda each: each[:1]},
    {"change_scales": lambda each: each.ravel()},
    {"change_scales": lambda each: each[:0], "changes": lambda each: each[:0]},
])  # fmt: skip
def test_changes_that_do_not_fit_the_blocks_are_refused(backbone: Backbone, tmp_path: Path, cut: Cut) -> None:
    made = drawn(backbone, deep=True)
    folder = packed(made, tmp_path / "one")
    arrays = tensors_of(zstandard.decompress((folder / ARRAYS).read_bytes()))
    arrays |= {name: np.ascontiguousarray(change(arrays[name])) for name, change in cut.items()}
    (folder / ARRAYS).write_bytes(zstandard.compress(tensors(arrays)))
    write_pack(folder, made.card.manifest(), (ARRAYS,))
    with pytest.raises(PackError, match="cannot be read"):
        load(folder, base=backbone.version)


@pytest.mark.parametrize("at", [0, 100, -1])
def test_a_changed_byte_is_found(backbone: Backbone, tmp_path: Path, at: int) -> None:
    folder = packed(drawn(backbone), tmp_path / "one")
    raw = bytearray((folder / ARRAYS).read_bytes())
    raw[at] ^= 1
    (folder / ARRAYS).write_bytes(raw)
    with pytest.raises(PackError, match="missing or altered"):
        load(folder, base=backbone.version)


def test_an_expert_for_another_backbone_is_refused(backbone: Backbone, tmp_path: Path) -> None:
    with pytest.raises(PackError, match="made for backbone"):
        load(packed(drawn(backbone), tmp_path / "one"), base="0" * 64)


@pytest.mark.parametrize(("raw", "said"), [
    (b"", "cannot be read"), (b"no zstd", "cannot be read"), (zstandard.compress(b"no tensors"), "cannot be read"),
    (zstandard.compress(tensors({"query": np.zeros(3, np.float16)})), "cannot be read"),
    (zstandard.compress(pickle.dumps({"query": [1.0]})), "cannot be read"),
    (zstandard.compress(bytes(200 << 20)), "bytes unpacked"),
], ids=["empty", "not packed", "not arrays", "arrays that are not an expert's", "a pickle", "a bomb"])  # fmt: skip
def test_arrays_that_are_none_are_refused(backbone: Backbone, tmp_path: Path, raw: bytes, said: str) -> None:
    made = drawn(backbone)
    folder = packed(made, tmp_path / "one")
    (folder / ARRAYS).write_bytes(raw)
    write_pack(folder, made.card.manifest(), (ARRAYS,))
    with pytest.raises(PackError, match=said):
        load(folder, base=backbone.version)


@pytest.mark.parametrize("change", [
    {"kind": "magic"}, {"labels": ["a"]}, {"labels": ["a", "a"]}, {"expert": "../up"}, {"calibration": {}},
    {"windows": {"size": 4, "overlap": 9, "most": 1, "join": "mean", "alarm_label": ""}}, {"labels": ["a", "b", "c"]},
])  # fmt: skip
def test_a_card_that_makes_no_sense_is_refused(backbone: Backbone, tmp_path: Path, change: dict[str, object]) -> None:
    folder = packed(drawn(backbone), tmp_path / "one")
    manifest = json.loads((folder / "pack.json").read_text())
    write_pack(folder, manifest | change, (ARRAYS,))
    with pytest.raises(PackError):
        load(folder, base=backbone.version)


def test_only_signed_packs_are_added_unless_somebody_insists(backbone: Backbone, tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "shelf")
    folder = packed(drawn(backbone), tmp_path / "one")
    with pytest.raises(RefusedError, match="no signature"):
        shelf.add(folder, backbone.version, unsigned=False)
    make_key(tmp_path / "stranger.key", tmp_path / "stranger.pub")
    sign(folder, tmp_path / "stranger.key")
    with pytest.raises(RefusedError):
        shelf.add(folder, backbone.version, unsigned=False)
    make_key(tmp_path / "site.key", shelf.trusted / "site.pub")
    sign(folder, tmp_path / "site.key")
    assert shelf.add(folder, backbone.version, unsigned=False).signed == "site"
    assert shelf.load(shelf.places()["one"], backbone.version).signed == "site"


def test_a_signature_is_of_one_manifest(backbone: Backbone, tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "shelf")
    make_key(tmp_path / "site.key", shelf.trusted / "site.pub")
    first, second = (packed(drawn(backbone, seed=seed), tmp_path / str(seed)) for seed in (1, 2))
    sign(first, tmp_path / "site.key")
    (second / "pack.sig").write_bytes((first / "pack.sig").read_bytes())
    with pytest.raises(RefusedError):
        shelf.add(second, backbone.version, unsigned=False)


def test_a_private_key_is_its_owners_and_not_overwritten(tmp_path: Path) -> None:
    make_key(tmp_path / "site.key", tmp_path / "site.pub")
    assert (tmp_path / "site.key").stat().st_mode & 0o077 == 0
    before = (tmp_path / "site.key").read_bytes()
    with pytest.raises(FileExistsError):
        make_key(tmp_path / "site.key", tmp_path / "site.pub")
    assert (tmp_path / "site.key").read_bytes() == before


def test_an_expert_is_replaced_and_taken_away(backbone: Backbone, tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "shelf")
    for seed in (1, 2):
        shelf.add(packed(drawn(backbone, "tickets", seed), tmp_path / str(seed)), backbone.version, unsigned=True)
    found = shelf.load(shelf.places()["tickets"], backbone.version)
    assert found.version == load(tmp_path / "2", base=backbone.version).version
    shelf.remove("tickets")
    assert "tickets" not in shelf.places()
    with pytest.raises(UsageError):
        shelf.remove("tickets")
    assert [path.name for path in shelf.folder.iterdir()] == []
