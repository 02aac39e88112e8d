"""Train the screen and write its model pack.

    python -m watchfloor.lab.cross CORPUS.npz SCORES --by fold
    python -m watchfloor.lab.train_screen CORPUS.npz SCORES src/watchfloor/bundled/screen

The first look is found by multiple-instance EM (``lab.mil``), the network is taught by it (``lab.teach``); both see the
whole corpus. Calibration and thresholds rest on SCORES, what models said about labs they never saw.
"""

import argparse
import json
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from watchfloor.film.screen import FAMILIES, FILES, FORMAT_VERSION, NAME, POOLED
from watchfloor.lab import mil
from watchfloor.lab.bags import Bags, load, shared_pixels
from watchfloor.lab.calibration import calibrate
from watchfloor.lab.clips import load_pixels
from watchfloor.lab.cross import gather, honest_look
from watchfloor.lab.export import export
from watchfloor.lab.labels import labels_of
from watchfloor.lab.net import parameters
from watchfloor.lab.teach import Lesson, Taught, teach
from watchfloor.lab.units import Opinion, Units, process_units, units
from watchfloor.store.packs import write_pack

Floats = npt.NDArray[np.float64]

#: Ordinary scenes of unseen labs that may be called unsure.
UNSURE: Final = 0.02
#: A scene is not called unsure while it knows more of its words than this leaves: hosts of one lab are much alike.
LEAST_UNKNOWN: Final = 0.25


def calibrations(bags: Bags, said: Opinion, unfamiliar: Floats) -> dict[str, Any]:
    """The manifest's ``families``: for each, ``scenes``, ``processes`` and ``thresholds``.

    ``unfamiliar`` is the share of unknown words in each row's scene ``(rows,)``, by models that never saw its lab.
    """
    unix = bags.unix()
    found: dict[str, Any] = {}
    for name in FAMILIES:
        whole, single = (one.of(unix == (name == "unix")) for one in (units(bags, said), process_units(bags, said)))
        weights, bias, limits = calibrate(bags, whole)
        limits["unfamiliar"] = unfamiliar_limit(bags, unfamiliar, whole)
        own, own_bias, _ = calibrate(bags, single)
        found[name] = {
            "scenes": {"weights": weights.tolist(), "bias": bias},
            "processes": {"weights": own.tolist(), "bias": own_bias},
            "thresholds": limits,
        }
    return found


def unfamiliar_limit(bags: Bags, unfamiliar: Floats, found: Units) -> float:
    """The share of unknown words that few ordinary scenes of unseen labs exceed, ``LEAST_UNKNOWN`` at the least."""
    scenes, first = np.unique(bags.scene, return_index=True)
    share = unfamiliar[first[np.searchsorted(scenes, found.scene[~found.attack])]]
    return max(LEAST_UNKNOWN, float(np.quantile(share, 1 - UNSURE))) if len(share) else 1.0


def write(folder: Path, taught: Taught, families: dict[str, Any], card: dict[str, Any]) -> None:
    """Write the pack: first look, words, network, manifest with the facts of the model card."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = taught.weights.copy()
    weights[np.abs(weights) < 1e-3] = 0
    weights[0] = 0
    np.savez_compressed(folder / FILES[0], pixels=weights.astype(np.float16))
    np.savez_compressed(folder / FILES[1], pixels=taught.vocabulary.number)
    export(taught.net, taught.labels, folder / "watcher.onnx")
    facts = {
        "name": NAME,
        "format": FORMAT_VERSION,
        "version": "2",
        "bias": taught.bias,
        "pooled": POOLED,
        "labels": list(taught.labels),
        "families": families,
        "card": card,
    }
    write_pack(folder, facts, FILES)


def main() -> None:
    """Command line of this module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("scores", type=Path, help="folder that lab.cross filled")
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    bags = load(options.corpus)
    labels, lesson = labels_of(bags), Lesson(seed=options.seed)
    scores = gather(bags, "fold", options.scores, len(labels.names))
    families = calibrations(bags, Opinion(scores.look, scores.frame, scores.scene), scores.unfamiliar)
    everything = np.ones(len(bags.facts), np.bool_)
    linear = mil.fit(bags, everything[bags.recording], shared_pixels(bags, everything), mil.Settings())
    look = honest_look(bags, everything)
    taught = teach(bags, load_pixels(options.corpus), everything, lesson, labels, linear, look, say=print)
    card = {
        "task": "verdict and ATT&CK attribution of process-tree scenes",
        "training_sources": sorted({f["source"] for f in bags.facts}),
        "recordings": len(bags.facts),
        "frames": len(bags.recording),
        "parameters": parameters(taught.net),
    }
    write(options.out, taught, families, card)
    print(json.dumps(families, indent=1))


if __name__ == "__main__":
    main()
