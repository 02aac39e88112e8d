"""Vectors of passages: half precision, one row a distinct text, appended to a file that is mapped into memory.

A text that comes again, in a newer edition or another document, is not encoded again.
"""

import hashlib
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from watchfloor.base.embeddings import TextEncoder
from watchfloor.knowledge.database import transaction

Floats = npt.NDArray[np.float32]
#: Texts encoded between two commits: what an interruption costs.
_BATCH: Final = 256
#: Rows of one multiplication, so that their single-precision copy stays small.
_BLOCK: Final = 16_384


def spoken(title: str, text: str) -> str:
    """What the encoder reads of a passage: its document's title comes along."""
    return text if text.startswith(title) else f"{title}: {text}"


def path_of(folder: Path, version: str) -> Path:
    """The file of one encoder's vectors."""
    return folder / f"vectors-{hashlib.sha256(version.encode()).hexdigest()[:16]}.f16"


def encode(
    base: sqlite3.Connection,
    folder: Path,
    encoder: TextEncoder,
    todo: Sequence[tuple[int, str]],
    on_progress: Callable[[int, int], None] | None = None,
) -> int:
    """Place a vector for each of ``todo`` (passage, text); returns how many texts were encoded.

    Each batch is kept for itself, so an interrupted run is taken up where it stopped.
    """
    encoded, done = 0, 0
    ordered = sorted(todo, key=lambda each: len(each[1]))  # alike lengths: little is padding
    for start in range(0, len(ordered), _BATCH):
        part = ordered[start : start + _BATCH]
        encoded += _encode_batch(base, path_of(folder, encoder.version), encoder, part)
        done += len(part)
        if on_progress is not None:
            on_progress(done, len(ordered))
    return encoded


def _encode_batch(base: sqlite3.Connection, path: Path, encoder: TextEncoder, part: Sequence[tuple[int, str]]) -> int:
    digests = {passage: hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:16] for passage, text in part}
    with transaction(base):
        rows: dict[bytes, int] = {}
        fresh: dict[bytes, str] = {}
        for passage, text in part:
            digest = digests[passage]
            found = base.execute("SELECT row FROM vectors WHERE digest = ?", (digest,)).fetchone()
            if found is None:
                fresh[digest] = text
            else:
                rows[digest] = found[0]
        if fresh:
            made = np.asarray(encoder.vectors(list(fresh.values())), dtype=np.float16)
            width = made.shape[1]
            (used,) = base.execute("SELECT coalesce(max(row) + 1, 0) FROM vectors").fetchone()
            _append(path, made, used)
            base.execute("INSERT OR REPLACE INTO meta VALUES ('width', ?)", (str(width),))
            for place, digest in enumerate(fresh):
                rows[digest] = used + place
                base.execute("INSERT INTO vectors VALUES (?, ?)", (digest, used + place))
        base.executemany(
            "INSERT OR REPLACE INTO placed VALUES (?, ?)",
            [(passage, rows[digest]) for passage, digest in digests.items()],
        )
    return len(fresh)


def _append(path: Path, made: npt.NDArray[np.float16], used: int) -> None:
    """Write rows after the ``used`` first; what a run that was cut off left behind those is overwritten."""
    with path.open("r+b" if path.exists() else "w+b") as stream:
        stream.seek(used * made.shape[1] * 2)
        stream.truncate()
        stream.write(np.ascontiguousarray(made).tobytes())


def forget(base: sqlite3.Connection, folder: Path) -> None:
    """Drop all vectors, since another encoder is to make them."""
    with transaction(base):
        base.execute("DELETE FROM vectors")
        base.execute("DELETE FROM placed")
    for path in folder.glob("vectors-*.f16"):
        path.unlink(missing_ok=True)


class Vectors:
    """The vectors of some passages, ready to be compared with a question."""

    def __init__(self, path: Path, width: int, passages: npt.NDArray[np.int64], rows: npt.NDArray[np.int64]) -> None:
        self.passages = passages
        self._rows = rows
        self._mapped: npt.NDArray[np.float16] | None = None
        if len(rows) and width and path.exists():
            self._mapped = np.memmap(path, dtype=np.float16, mode="r").reshape(-1, width)

    def __len__(self) -> int:
        return len(self.passages) if self._mapped is not None else 0

    def likeness(self, question: Floats) -> Floats:
        """The cosine of each passage with a vector of length one, ``(passages,)``."""
        found = np.zeros(len(self), dtype=np.float32)
        if self._mapped is None:
            return found
        for start in range(0, len(found), _BLOCK):
            block = self._mapped[self._rows[start : start + _BLOCK]].astype(np.float32)
            found[start : start + _BLOCK] = block @ question
        return found
