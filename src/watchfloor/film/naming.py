"""What a scene shows of ATT&CK: what the network reads in its frames, and what the rules that matched are tagged with.

A rule names its technique by heart, the network guesses it from like scenes: both are independent witnesses, so that a
label is missing only if each of them is wrong (noisy or; Pearl 1988). Takes plain numbers and claims.
"""

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np

from watchfloor.base.attack import closed
from watchfloor.film.matches import Claim
from watchfloor.film.screen import Floats

#: How likely a scene shows a rule's techniques, their parents and tactics, by the rule's level. Round numbers, chosen
#: with the folds of ``lab.measure_attribution`` in view: .2 to .5 for medium and .4 to .7 for high gave like answers.
TOLD: Final = {"informational": 0.0, "low": 0.1, "medium": 0.5, "high": 0.7, "critical": 0.7}


def named(labels: Sequence[str], scores: Floats, claims: Iterable[Claim]) -> tuple[tuple[str, ...], Floats]:
    """ATT&CK ids and how likely each is shown: the network's ``labels`` with ``scores`` ``(labels,)``, then rules'."""
    doubt = dict(zip(labels, (1.0 - np.clip(scores, 0.0, 1.0)).tolist(), strict=True))
    for claim in claims:
        for label in sorted(closed(claim.techniques)):  # equal ones in one order, run after run
            doubt[label] = doubt.get(label, 1.0) * (1.0 - TOLD[claim.level])
    return tuple(doubt), 1.0 - np.fromiter(doubt.values(), np.float32, len(doubt))
