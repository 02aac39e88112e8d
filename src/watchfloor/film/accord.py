"""The screen and rules heard together: what a rule that matched in a scene adds to the screen's word on it.

A rule knows one attack by heart and none of the others, so that it says much where it matches and nothing where it does
not. The gravest level that matched in a scene adds its ``BONUS`` to the logit of the screen's probability; more rules,
or more matches, add no more. Takes plain numbers and knows nothing of how either was made.
"""

from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt

from watchfloor.base.findings import LEVELS
from watchfloor.film.matches import Matches
from watchfloor.film.odds import log_odds, probability
from watchfloor.film.screen import FAMILIES, Floats
from watchfloor.film.viewing import Opinion

Ints = npt.NDArray[np.int64]

#: Systems that rules speak of, by number: the screen's families, and macOS, which the screen judges as a Unix.
SYSTEMS: Final = (*FAMILIES, "macos")

_WINDOWS: Final = {"informational": 0.0, "low": 0.0, "medium": 2.7, "high": 5.4, "critical": 5.4}

#: What the gravest level in a scene adds, by system; see ``lab.agree``, which fits it. Never falls with the level,
#: never below zero.
BONUS: Final[dict[str, dict[str, float]]] = {
    "windows": _WINDOWS,
    # fitted 0.9 and 1.8, which on the judging hosts brought nine times the false alarms for 2.6 points found
    "unix": dict.fromkeys(LEVELS, 0.0),
    # borrowed, not fitted: no ordinary work on macOS was at hand, so neither this nor its false alarms were measured
    "macos": _WINDOWS,
}


def added(level: Ints, system: Ints) -> Floats:
    """The logit that rules add: ``level`` is 0 for none, 1 informational to 5 critical, ``system`` as ``SYSTEMS``."""
    table = np.asarray([[0.0, *(BONUS[name][one] for one in LEVELS)] for name in SYSTEMS], np.float32)
    return np.asarray(table[system, level], np.float32)


def joined(alone: Floats, bonus: Floats) -> Floats:
    """Probabilities with logits added; where nothing is added they stay as they are."""
    return np.where(bonus > 0, probability(log_odds(alone, 1e-6) + bonus), alone)


def heard(told: Opinion, matches: Matches) -> Opinion:
    """The screen's opinion of scenes with what rules add; processes and families stay the screen's."""
    system = np.where(told.macos, SYSTEMS.index("macos"), told.family)
    return replace(told, scene=joined(told.scene, added(matches.levels(), system)))
