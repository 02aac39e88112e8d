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
PRIOR: Final = {"malicious": 0.6, "mixed": 0.03, "background": 0.0, "benign": 0.0}
#: Channels of Unix logs; others belong to Windows.
_UNIX: Final = frozenset(
    ("auditd", "endpoint-security", "endpoint.events.process", "endpoint.events.file", "Linux-Sysmon/Operational")
)
#: The one source of recordings of macOS.
_MACOS: Final = "macos_attack"
#: The prior of a frame that lineage says an intruder made.
TRUE_PRIOR: Final = 0.95
#: The least prior of a frame of an attack recording that a Sigma rule of medium, high or critical level matches.
RULE_PRIOR: Final = {3: 0.3, 4: 0.8, 5: 0.9}


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
    truth: npt.NDArray[np.int8]  # 1 an intruder's, 0 ordinary, -1 unknown
    intrusion: npt.NDArray[np.bytes_]  # which one, empty where truth is not 1
    technique: npt.NDArray[np.bytes_]
    time: npt.NDArray[np.int64]  # of the first of equal frames, microseconds, ``film.strip.NO_TIME`` unknown
    parent: npt.NDArray[np.int64]  # the owner's parent, -1 unknown
    host: npt.NDArray[np.int64]
    rule: npt.NDArray[np.int8]  # the highest level of the rules that match, 3 medium to 5 critical, 0 none
    rule_techniques: npt.NDArray[np.bytes_]  # what those rules are tagged with, joined by blanks
    facts: list[dict[str, Any]]
    labs: list[str]
    lab: npt.NDArray[np.int64]  # (recordings,)

    def label(self) -> npt.NDArray[np.str_]:
        """Label of each recording, ``(recordings,)``."""
        return np.asarray([f["label"] for f in self.facts])

    def prior(self) -> npt.NDArray[np.float64]:
        """Probability of each frame being part of an attack, before any model is asked."""
        known = np.asarray([PRIOR[f["label"]] for f in self.facts])[self.recording]
        for level, least in RULE_PRIOR.items():
            known = np.where((self.rule == level) & (known > 0), np.maximum(known, least), known)
        return np.where(self.truth == 1, TRUE_PRIOR, np.where(self.truth == 0, 0.0, known))

    def unix(self) -> npt.NDArray[np.bool_]:
        """Which recordings were made on a Unix, ``(recordings,)``, told by their channels."""
        return np.asarray([any(c in _UNIX for c in f.get("channels", ())) for f in self.facts])

    def macos(self) -> npt.NDArray[np.bool_]:
        """Which recordings were made on macOS, ``(recordings,)``: those of one source, whose channels Linux has too."""
        return np.asarray([f["source"] == _MACOS for f in self.facts])

    def bag(self) -> npt.NDArray[np.int64]:
        """The bag of each frame: its recording, or the process that an intruder ran, each an attack of its own."""
        return np.where(self.truth == 1, self.owner + len(self.facts), self.recording.astype(np.int64))


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
        truth=raw["truth"],
        intrusion=raw["intrusion"],
        technique=raw["technique"],
        time=raw["time"],
        parent=raw["parent"],
        host=raw["host"],
        rule=raw["rule"],
        rule_techniques=raw["rule_techniques"],
        facts=facts,
        labs=labs,
        lab=np.asarray([place[f["lab"]] for f in facts]),
    )


#: Hand-written commands and rules: they name no lab.
TEXT: Final = "text"


def always_trains(facts: dict[str, Any]) -> bool:
    """Commands and rules train every model and measure none."""
    return bool(facts["lab"] == TEXT)


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
