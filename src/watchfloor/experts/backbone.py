"""The frozen base all experts stand on: words, trunk and upper block of a small text encoder, on ONNX Runtime.

The trunk is computed once for all experts asked about a text, and remembered. Knows nothing of labels.
"""

import os
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from watchfloor.base.inference import runtime
from watchfloor.experts.adapter import Adapter, Below, stacked
from watchfloor.experts.domain import Domain
from watchfloor.experts.pieces import Pieces, Window
from watchfloor.store.packs import MANIFEST, Pack, open_pack, sha256_of

NAME: Final = "backbone"
FORMAT_VERSION: Final = 3
#: Rank of every adapter: those of a call lie side by side in the upper block.
RANK: Final = 8
#: Words of one call of a graph, padding included: enough to fill two cores, little memory.
_WORDS_A_CALL: Final = 4_096
#: Bytes of trunk activations that are remembered.
REMEMBERED_BYTES: Final = 32 * 1024 * 1024

Floats = npt.NDArray[np.float32]
#: A window's place and an adapter's.
Job = tuple[int, int]


class Parts(NamedTuple):
    """The files of a backbone pack."""

    trunk: str = "trunk.onnx.zst"
    upper: str = "upper.onnx.zst"
    words: str = "words.json.zst"
    background: str = "background.npz"


PARTS: Final = Parts()


@dataclass(frozen=True, slots=True)
class Background:
    """Where kinds of text lie: a centre ``(width,)``, a map ``(width, axes)``, and clusters of what is nobody's.

    ``embed`` ``(width, width)`` and ``embed_bias`` map a text's mean after the upper block to the retrieval space.
    """

    centre: Floats
    whiten: Floats
    nobodys_centres: Floats
    nobodys_spreads: Floats
    embed: Floats
    embed_bias: Floats


@dataclass(frozen=True, slots=True)
class Seen:
    """What the trunk made of one window: words ``(T, width)`` and their mean ``(width,)``."""

    x: Floats
    mean: Floats


class Backbone:
    """One loaded backbone pack. Safe to use from several threads."""

    def __init__(self, folder: Path, *, threads: int = 0, remembered_bytes: int = REMEMBERED_BYTES) -> None:
        """Load and verify a pack.

        Raises:
            PackError: the pack is missing, damaged or of another version.
        """
        onnxruntime = runtime()
        self.pack: Pack = open_pack(folder, name=NAME, format_version=FORMAT_VERSION)
        #: What an adapter must have been made for.
        self.version = sha256_of(folder / MANIFEST)
        self.pieces = Pieces(self.pack.unpacked(PARTS.words), places=int(self.pack.manifest["shape"]["places"]))
        options = onnxruntime.SessionOptions()
        # As many as this process may use: with more of them than cores, threads wait for each other.
        options.intra_op_num_threads = threads or len(os.sched_getaffinity(0))
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        self._trunk, self._upper = (
            onnxruntime.InferenceSession(self.pack.unpacked(name), options, ["CPUExecutionProvider"])
            for name in (PARTS.trunk, PARTS.upper)
        )
        with np.load(self.pack.path(PARTS.background)) as arrays:
            self.background = Background(**{name: arrays[name].astype(np.float32) for name in arrays.files})
        self.nobodys = Domain(self.background.nobodys_centres, self.background.nobodys_spreads)
        self._memory = Memory(remembered_bytes)

    def see(self, windows: Sequence[Window], below: Below | None = None) -> list[Seen]:
        """Run the trunk over windows, as it is or under an expert's changes; what is remembered is not computed again.

        Where there are no changes their matrices have no columns, and cost next to nothing.
        """
        mark, changes = (b"", {}) if below is None else (below.mark, below.feeds())
        found: dict[bytes, Seen] = {}
        todo: dict[bytes, Window] = {}
        for window in windows:
            if (known := self._memory.get(mark + window.key)) is not None:
                found[window.key] = known
            else:
                todo[window.key] = window
        for part in batches(list(todo.values())):
            words, there = padded(part)
            x, mean = self._trunk.run(None, {"words": words, "there": there} | changes)
            for row, window in enumerate(part):
                seen = Seen(np.ascontiguousarray(x[row, : len(window.words)]), mean[row].copy())
                found[window.key] = seen
                self._memory.put(mark + window.key, seen)
        return [found[window.key] for window in windows]

    def read(self, seen: Sequence[Seen], adapters: Sequence[Adapter], jobs: Sequence[Job]) -> Floats:
        """The upper block: ``jobs`` say which window under which adapter; features ``(jobs, 2 * width)``.

        Features are the mean of a window's words, then their sum weighed by the adapter's query. Windows under
        different adapters go through together (S-LoRA, arXiv 2311.03285).
        """
        width = len(self.background.centre)
        found = np.zeros((len(jobs), 2 * width), dtype=np.float32)
        order = sorted(range(len(jobs)), key=lambda job: (len(seen[jobs[job][0]].x), jobs[job][1]))
        start = 0
        while start < len(order):
            end = start + 1
            while end < len(order) and len(seen[jobs[order[end]][0]].x) * (end + 1 - start) <= _WORDS_A_CALL:
                end += 1
            part = [jobs[job] for job in order[start:end]]
            # Only the adapters of this call are laid side by side: how many there are besides costs nothing.
            used = sorted({adapter for _, adapter in part})
            x, there = _laid([seen[window] for window, _ in part])
            which = np.searchsorted(used, [adapter for _, adapter in part]).astype(np.int64)
            feeds = stacked([adapters[each] for each in used])
            (features,) = self._upper.run(["features"], {"x": x, "there": there, "which": which} | feeds)
            found[order[start:end]] = features
            start = end
        return found

    def places(self, seen: Sequence[Seen]) -> Floats:
        """Where windows lie in the space that tells kinds of text apart: ``(windows, axes)``."""
        means = np.stack([each.mean for each in seen]) if seen else np.zeros((0, len(self.background.centre)))
        return np.asarray((means - self.background.centre) @ self.background.whiten, dtype=np.float32)

    def vectors(self, texts: Sequence[str]) -> Floats:
        """Vectors of length one for search ``(texts, width)``, in the space of the teacher (all-MiniLM-L6-v2)."""
        windows = [self.pieces.windows(pieces, self.pieces.places, 0, 1)[0] for pieces in self.pieces.split(texts)]
        width = len(self.background.centre)
        plain = Adapter.plain(width, RANK)
        means = self.read(self.see(windows), [plain], [(place, 0) for place in range(len(windows))])[:, :width]
        raw = means @ self.background.embed.T + self.background.embed_bias
        return np.asarray(raw / np.linalg.norm(raw, axis=1, keepdims=True), dtype=np.float32)


class Memory:
    """The latest things seen, bounded in bytes."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._held: OrderedDict[bytes, Seen] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()

    def get(self, key: bytes) -> Seen | None:
        """What is remembered under ``key``."""
        with self._lock:
            found = self._held.get(key)
            if found is not None:
                self._held.move_to_end(key)
            return found

    def put(self, key: bytes, seen: Seen) -> None:
        """Remember, and forget the oldest where there is no room."""
        with self._lock:
            if key in self._held or seen.x.nbytes > self._most_bytes:
                return
            self._held[key] = seen
            self._bytes += seen.x.nbytes
            while self._bytes > self._most_bytes:
                _, gone = self._held.popitem(last=False)
                self._bytes -= gone.x.nbytes


def batches(windows: list[Window]) -> list[list[Window]]:
    """Windows of like length together, so that little is padding."""
    order = sorted(windows, key=lambda window: len(window.words))
    found: list[list[Window]] = []
    for window in order:
        if found and len(window.words) * (len(found[-1]) + 1) <= _WORDS_A_CALL:
            found[-1].append(window)
        else:
            found.append([window])
    return found


def padded(windows: Sequence[Window]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Word numbers and which are there, both ``(windows, longest)``."""
    longest = max(len(window.words) for window in windows)
    words = np.zeros((len(windows), longest), dtype=np.int64)
    there = np.zeros((len(windows), longest), dtype=np.bool_)
    for row, window in enumerate(windows):
        words[row, : len(window.words)] = window.words
        there[row, : len(window.words)] = True
    return words, there


def _laid(seen: Sequence[Seen]) -> tuple[Floats, npt.NDArray[np.bool_]]:
    longest = max(len(each.x) for each in seen)
    x = np.zeros((len(seen), longest, seen[0].x.shape[1]), dtype=np.float32)
    there = np.zeros((len(seen), longest), dtype=np.bool_)
    for row, each in enumerate(seen):
        x[row, : len(each.x)] = each.x
        there[row, : len(each.x)] = True
    return x, there
