"""The watching network of a model pack, run by ONNX Runtime: clips in, logits of scenes and frames and labels out.

The graph is made by ``lab.export``; its inputs are those of ``film.clips.Batch``. Knows nothing of calibration.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from watchfloor.base.errors import PackError
from watchfloor.base.inference import runtime
from watchfloor.film.clips import Batch, Ints, Stock, Vocabulary, padded, portions

Floats = npt.NDArray[np.float32]

#: Names of the graph's inputs and outputs, in order.
INPUTS: Final = ("words", "place", "shown", "owner", "parent", "numbers")
OUTPUTS: Final = ("scene", "frame", "labels")
#: The logit of what was not watched.
UNSEEN: Final = -20.0


@dataclass(frozen=True, slots=True)
class Seen:
    """What watching gave: logits of clips ``(C,)`` and of rows ``(rows,)``, ``UNSEEN`` where no clip showed the row."""

    scene: Floats
    frame: Floats


class Net:
    """One network with its words and labels. Opened when the first clip is watched."""

    def __init__(self, path: Path, vocabulary: Vocabulary, labels: tuple[str, ...]) -> None:
        self.vocabulary, self.labels = vocabulary, labels
        self._path = path
        self._session: Any = None

    def _run(self, batch: Batch, outputs: tuple[str, ...]) -> list[npt.NDArray[Any]]:
        if self._session is None:
            self._session = _open(self._path)
        given = (batch.words.astype(np.int64), batch.place, batch.shown, batch.owner, batch.parent, batch.numbers)
        found: list[npt.NDArray[Any]] = self._session.run(list(outputs), dict(zip(INPUTS, given, strict=True)))
        return found

    def watch(self, stock: Stock, clips: list[Ints]) -> Seen:
        """Watch clips, each given as rows of the stock in time order."""
        seen = Seen(np.full(len(clips), UNSEEN, np.float32), np.full(len(stock.owner), UNSEEN, np.float32))
        for part in portions(np.asarray([len(c) for c in clips], np.int64)):
            batch = padded(stock, [clips[int(i)] for i in part])
            scene, frame = self._run(batch, OUTPUTS[:2])
            seen.scene[part] = scene
            seen.frame[batch.rows[batch.shown]] = frame[batch.shown]
        return seen

    def name(self, stock: Stock, clip: Ints) -> Floats:
        """Probability of each label for each row of one clip, ``(len(clip), labels)``.

        Tactics sum to one, and so do techniques.
        """
        if not len(clip):
            return np.zeros((0, len(self.labels)), np.float32)
        (labels,) = self._run(padded(stock, [clip]), OUTPUTS[2:])
        return np.asarray(labels[0, : len(clip)], np.float32)


def _open(path: Path) -> Any:
    onnxruntime = runtime()
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    # threads that wait by spinning burn as much processor time as the network needs, and slow it where cores are shared
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime raises classes of its own, derived from Exception alone
        raise PackError(f"network {path} cannot be run: {error}.", hint="Reinstall watchfloor.") from None
