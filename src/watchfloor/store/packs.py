"""Model packs: a folder with ``pack.json`` that names every file of a model by sha256 and size.

A file that does not have the hash the pack gives it is never loaded.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import zstandard

from watchfloor.base.errors import PackError

MANIFEST = "pack.json"
#: Bytes such a file has at the most, unpacked: ten times the largest that ships.
_MOST_BYTES: Final = 128 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Pack:
    """One verified pack: its folder and manifest (name, version, format, card facts, files)."""

    folder: Path
    manifest: dict[str, Any]

    def path(self, name: str) -> Path:
        """The path of a file that the manifest names."""
        if name not in self.manifest["files"]:
            raise PackError(f"model pack {self.folder} has no file {name}.")
        return self.folder / name

    def unpacked(self, name: str) -> bytes:
        """What a file that is stored compressed holds.

        Raises:
            PackError: it cannot be read, does not say how large it is, or is larger than any model of ours.
        """
        try:
            packed = self.path(name).read_bytes()
            if not 0 <= (size := zstandard.frame_content_size(packed)) <= _MOST_BYTES:
                raise ValueError(f"{size:,} bytes unpacked, of at most {_MOST_BYTES:,}")
            return zstandard.ZstdDecompressor().decompress(packed)
        except (OSError, ValueError, zstandard.ZstdError) as error:
            raise PackError(f"file {name} of model pack {self.folder} cannot be read: {error}.") from None


def packed(raw: bytes) -> bytes:
    """``raw`` as ``Pack.unpacked`` reads it."""
    return zstandard.ZstdCompressor(level=19).compress(raw)


def sha256_of(path: Path) -> str:
    """Hex sha256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def open_pack(folder: Path, *, name: str, format_version: int) -> Pack:
    """Read and verify a pack.

    Raises:
        PackError: no such pack, another model or format, or a file is missing or altered.
    """
    manifest_path = folder / MANIFEST
    try:
        manifest = json.loads(manifest_path.read_text("utf-8"))
        files = dict(manifest["files"])
        found = (manifest["name"], manifest["format"])
    except FileNotFoundError:
        raise PackError(
            f"no model pack at {folder}.", hint="Reinstall watchfloor or set WATCHFLOOR_MODEL_PACK."
        ) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PackError(f"model pack manifest {manifest_path} cannot be read: {error}.") from None
    if found != (name, format_version):
        raise PackError(f"model pack {folder} is {found[0]} format {found[1]}, not {name} format {format_version}.")
    for file, sha256 in files.items():
        path = folder / file
        if Path(file).name != file or not path.is_file() or sha256_of(path) != sha256:
            raise PackError(f"file {file} of model pack {folder} is missing or altered.", hint="Reinstall watchfloor.")
    return Pack(folder, manifest)


def write_pack(folder: Path, manifest: dict[str, Any], files: tuple[str, ...]) -> None:
    """Write ``pack.json`` for files that already lie in ``folder``."""
    body = dict(manifest) | {"files": {name: sha256_of(folder / name) for name in files}}
    (folder / MANIFEST).write_text(json.dumps(body, indent=2, ensure_ascii=False, sort_keys=True) + "\n", "utf-8")
