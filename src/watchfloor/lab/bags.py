"""The corpus as training sees it: a sparse matrix of frames, grouped in scenes, recordings and labs."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy import sparse

from watchfloor.film.pixels import PIXELS

#: A recording's label as the prior probability that one of its frames belongs to an attack.
PRIOR: Final = {"intrusion": 0.95, "malicious": 0.6, "mixed": 0.03, "background": 0.0, "benign": 0.0}


@dataclass(slots=True)
class Bags:
    """``x`` is ``(frames, PIXELS)`` 0/1 CSR; the other arrays are ``(frames,)`` unless said otherwise."""

    x: sparse.csr_matrix
    recording: npt.NDArray[np.int32]
    scene: npt.NDArray[np.int64]
    owner: npt.NDArray[np.int64]
    pattern: npt.NDArray[np.uint64]
    repeats: npt.NDArray[np.int32]
    launch: npt.NDArray[np.bool_]
    action: npt.NDArray[np.int16]
    facts: list[dict[str, Any]]
    labs: list[str]
    lab: npt.NDArray[np.int64]  # (recordings,)

    def label(self) -> npt.NDArray[np.str_]:
        """Label of each recording, ``(recordings,)``."""
        return np.asarray([f["label"] for f in self.facts])


def load(path: Path) -> Bags:
    """Read a corpus made by ``lab.corpus``; equal pixels of a frame count once."""
    raw = np.load(path)
    facts = json.loads(raw["recordings"].tobytes())
    indices = raw["indices"].astype(np.int64)
    x = sparse.csr_matrix(
        (np.ones(len(indices), np.float32), indices, raw["indptr"]), shape=(len(raw["indptr"]) - 1, PIXELS)
    )
    x.sum_duplicates()
    labs = sorted({f["lab"] for f in facts})
    place = {name: i for i, name in enumerate(labs)}
    return Bags(
        x=x,
        recording=raw["recording"],
        scene=raw["scene"],
        owner=raw["owner"],
        pattern=raw["pattern"],
        repeats=raw["repeats"],
        launch=raw["launch"],
        action=raw["action"],
        facts=facts,
        labs=labs,
        lab=np.asarray([place[f["lab"]] for f in facts]),
    )


#: Hand-written commands and rules: they name no lab.
TEXT: Final = "text"


def always_trains(facts: dict[str, Any]) -> bool:
    """Commands, rules and our own Linux work train every model and measure none; see ``measure_recording``."""
    return bool(facts["lab"] == TEXT or facts["lab"].startswith("range:"))


def shared_pixels(bags: Bags, recordings: npt.NDArray[np.bool_], least: int = 2) -> npt.NDArray[np.bool_]:
    """Pixels seen in at least ``least`` labs among ``recordings``, or in the text corpora.

    What one lab alone shows names the lab.
    """
    seen = np.zeros(PIXELS, np.int32)
    for lab, name in enumerate(bags.labs):
        rows = recordings[bags.recording] & (bags.lab[bags.recording] == lab)
        if rows.any():
            seen += (least if name == TEXT else 1) * np.asarray(bags.x[rows].sum(axis=0) > 0).ravel()
    return seen >= least
