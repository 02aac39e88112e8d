"""ATT&CK labels of recordings and of single frames, as the network is taught them."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from watchfloor.base import attack
from watchfloor.lab.bags import Bags

#: A label is learned when this many recordings, or this many intrusions, show it.
LEAST: Final = 4

Table = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Labels:
    """``names`` are sorted, techniques before tactics. ``recordings`` is ``(recordings, labels)``, 0 and 1.

    ``rows`` are frames with labels of their own, from lineage or from rules; ``frames`` is ``(len(rows), labels)``.
    """

    names: tuple[str, ...]
    recordings: Table
    rows: npt.NDArray[np.int64]
    frames: Table

    @property
    def techniques(self) -> int:
        """How many of the labels are techniques; they come first."""
        return sum(not name.startswith("TA") for name in self.names)


def label_sets(bags: Bags) -> list[set[str]]:
    """ATT&CK ids of each recording: techniques, their parents and their tactics."""
    return [attack.closed(facts["techniques"]) | set(facts["tactics"]) for facts in bags.facts]


def labels_of(bags: Bags) -> Labels:
    """Labels of a corpus, with the frames that have labels of their own. A small corpus keeps even rare ones.

    Raises:
        ValueError: nothing is labelled at all.
    """
    sets = label_sets(bags)
    own = _own(bags)
    counts: dict[str, int] = {}
    for found in sets:
        for label in found:
            counts[label] = counts.get(label, 0) + 1
    shown: dict[str, set[Any]] = {}
    for row, techniques in own.items():
        place = bags.intrusion[row] or int(bags.recording[row])
        for label in attack.closed(techniques):
            shown.setdefault(label, set()).add(place)
    for label, places in shown.items():
        counts[label] = counts.get(label, 0) + len(places)
    names = tuple(sorted(label for label, count in counts.items() if count >= LEAST)) or tuple(sorted(counts))
    if not names:
        raise ValueError("no recording of this corpus names a technique or a tactic")
    place = {name: i for i, name in enumerate(names)}
    rows = np.asarray(sorted(own), np.int64)
    frames = np.zeros((len(rows), len(names)), np.float32)
    for i, row in enumerate(rows.tolist()):
        frames[i, [place[label] for label in attack.closed(own[row]) if label in place]] = 1
    table = np.zeros((len(sets), len(names)), np.float32)
    for r, found in enumerate(sets):
        table[r, [place[label] for label in found if label in place]] = 1
    return Labels(names, table, rows, frames)


def _own(bags: Bags) -> dict[int, list[str]]:
    """Techniques of single frames: what the intruder's journal says, else what the rules that match are tagged with."""
    found: dict[int, list[str]] = {}
    attacked = bags.prior() > 0
    for row in np.flatnonzero((bags.technique != b"") | ((bags.rule_techniques != b"") & attacked)).tolist():
        told = (bags.technique[row] or bags.rule_techniques[row]).decode().split()
        known = [t for t in map(attack.normalise, told) if t]
        if known:
            found[row] = known
    return found
