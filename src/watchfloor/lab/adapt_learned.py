"""What an adaptation changed, in words: whoever labels should see whether it learned the attack or a name.

A pixel is a hash; what it stands for is read off an Event that shows it.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from watchfloor.film.explain import describe
from watchfloor.film.frames import CHANNELS, ROWS
from watchfloor.film.viewing import encoded
from watchfloor.lab.adapt_fit import scenes_showing
from watchfloor.lab.adapt_footage import Footage

Floats = npt.NDArray[np.float64]

MOST: Final = 8
#: Pixels asked for words, before those that say the same are put together.
_ASKED: Final = 60


def learned(part: Footage, weights: Floats) -> dict[str, list[str]]:
    """Features that now speak more for an attack, and those that speak less, by scenes of that kind that show them."""
    change = weights - part.reel.screen.weights.astype(np.float64)
    weight = {
        "speaks for an attack": change * scenes_showing(part, part.label == 1),
        "speaks against it": -change * scenes_showing(part, part.label == 0),
    }
    return {side: _words(part, moved) for side, moved in weight.items()}


def _words(part: Footage, moved: Floats) -> list[str]:
    found: dict[str, None] = {}
    columns = part.x.tocsc()
    _, first = np.unique(part.run_pattern, return_index=True)
    for pixel in np.argsort(-moved, kind="stable")[:_ASKED].tolist():
        rows = columns.indices[columns.indptr[pixel] : columns.indptr[pixel + 1]]
        if moved[pixel] <= 0 or len(found) >= MOST:
            break
        run = part.reel.runs[first[rows[:1]]]
        event = part.reel.event_rows(run["batch"], run["row"])
        places = np.flatnonzero(encoded(part.reel, event).reshape(ROWS * CHANNELS) == pixel)
        for place in places.tolist():
            said = describe(*divmod(place, CHANNELS), event.to_pylist()[0])
            if said is not None:
                found[f"“{said.english}” in {said.quoted_in}" if said.quoted_in else said.english] = None
                break
    return list(found)
