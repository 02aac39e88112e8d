"""A pack that is not what its manifest says is never loaded."""

import json
from pathlib import Path

import pytest
import zstandard

from watchfloor.base.errors import PackError
from watchfloor.store.packs import MANIFEST, open_pack, packed, write_pack


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "weights.npy").write_bytes(b"weights")
    write_pack(tmp_path, {"name": "screen", "format": 1}, ("weights.npy",))
    return tmp_path


def test_a_sound_pack_opens(folder: Path) -> None:
    assert open_pack(folder, name="screen", format_version=1).path("weights.npy").read_bytes() == b"weights"


def test_an_altered_file_is_refused(folder: Path) -> None:
    (folder / "weights.npy").write_bytes(b"weightz")
    with pytest.raises(PackError, match="missing or altered"):
        open_pack(folder, name="screen", format_version=1)


def test_a_missing_file_is_refused(folder: Path) -> None:
    (folder / "weights.npy").unlink()
    with pytest.raises(PackError, match="missing or altered"):
        open_pack(folder, name="screen", format_version=1)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"name": 1}', "\udcff".encode("utf-8", "surrogateescape").decode("latin-1")]
)
def test_a_broken_manifest_is_one_clear_error(folder: Path, text: str) -> None:
    (folder / MANIFEST).write_text(text, "utf-8")
    with pytest.raises(PackError):
        open_pack(folder, name="screen", format_version=1)


def test_another_model_or_format_is_refused(folder: Path) -> None:
    with pytest.raises(PackError, match="not screen format 2"):
        open_pack(folder, name="screen", format_version=2)


def test_a_manifest_cannot_reach_outside_its_folder(folder: Path) -> None:
    outside = folder.parent / "outside.npy"
    outside.write_bytes(b"weights")
    body = json.loads((folder / MANIFEST).read_text())
    body["files"] = {"../outside.npy": body["files"]["weights.npy"]}
    (folder / MANIFEST).write_text(json.dumps(body))
    with pytest.raises(PackError):
        open_pack(folder, name="screen", format_version=1)


def test_no_pack_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(PackError, match="WATCHFLOOR_MODEL_PACK"):
        open_pack(tmp_path / "none", name="screen", format_version=1)


def _streamed(raw: bytes) -> bytes:
    stream = zstandard.ZstdCompressor().compressobj()
    return stream.compress(raw) + stream.flush()


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"weights",
        packed(bytes(range(256)))[:-9],
        _streamed(b"weights"),  # does not say how much is in it
        packed(b"\0" * (1 << 28)),  # 8 kB that would be 256 MB
    ],
)
def test_a_compressed_file_is_unpacked_or_refused_in_one_sentence(folder: Path, raw: bytes) -> None:
    (folder / "graph.onnx.zst").write_bytes(packed(b"graph"))
    (folder / "odd.onnx.zst").write_bytes(raw)
    write_pack(folder, {"name": "screen", "format": 1}, ("graph.onnx.zst", "odd.onnx.zst"))
    pack = open_pack(folder, name="screen", format_version=1)
    assert pack.unpacked("graph.onnx.zst") == b"graph"
    with pytest.raises(PackError, match=r"odd\.onnx\.zst"):
        pack.unpacked("odd.onnx.zst")
