"""A shipped expert beside what it must beat, on the texts that were held out of making it.

    python -m watchfloor.lab.measure_peers technique DATA.jsonl [--full-minutes 10] [--most 30000] [--json FILE]

DATA is what the expert was made from (its card names the command); its groups are dealt as they were then, so that the
test part is the expert's. Peers learn from the same training part, of which at most ``--most`` texts are drawn: MiniLM
reads 100 a second. The expert itself learned from all.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from watchfloor.experts import bundled
from watchfloor.experts.backbone import Backbone
from watchfloor.experts.floor import ExpertFloor
from watchfloor.experts.packs import load
from watchfloor.lab import baselines
from watchfloor.lab.answers import Answers, answers, asked
from watchfloor.lab.examples import Example
from watchfloor.lab.finetune import drawn
from watchfloor.lab.finetune_data import read
from watchfloor.lab.finetune_full import full_finetune
from watchfloor.lab.finetune_measure import EXPERT, FULL, Measured, by_source
from watchfloor.lab.finetune_split import split
from watchfloor.lab.outputs import progress, save_json

#: Texts the peers learn from, at most, unless told otherwise.
MOST: Final = 30_000


def measured(name: str, data: Path, full_minutes: float, most: int = MOST, seed: int = 0) -> Measured:
    """Answers of the expert and its peers on the test part."""
    say = progress()
    backbone = Backbone(bundled.BACKBONE)
    floor = ExpertFloor(backbone)
    expert = load(bundled.EXPERTS / name, base=backbone.version)
    floor.plug(expert)
    taken = read(data, {}, expert.card.kind)
    parts = split(taken, keep_contradictions=True)
    # labels too rare to learn were left out when the expert was made
    test, train, dev = ([e for e in part if set(e.labels) <= set(expert.card.labels)]
                        for part in (parts.test, parts.train, parts.dev))  # fmt: skip
    test, train = drawn(test, seed), _thinned(train, most, seed)
    task = baselines.Task(train, dev, test, expert.card.labels, expert.card.kind, seed=seed)
    say(f"{len(train):,} texts to learn from, {len(test):,} to measure on")
    everybody: dict[str, Answers] = {EXPERT: asked(floor, name, test)}
    given, missing = baselines.measured(task, baselines.NAMES, say)
    everybody |= given
    if full_minutes > 0:
        probability = full_finetune(
            backbone, expert.card, train, test, minutes=full_minutes, balance=False, seed=seed, say=say
        )
        everybody[FULL] = answers(expert.card.labels, expert.card.kind, test, probability)
    return Measured(test, everybody, "", 0.02, seed, missing)


def _thinned(train: Sequence[Example], most: int, seed: int) -> list[Example]:
    kept = np.sort(np.random.default_rng(seed).permutation(len(train))[:most])
    return [train[place] for place in kept.tolist()]


def main() -> None:
    """Command line of this module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("expert")
    parser.add_argument("data", type=Path)
    parser.add_argument("--full-minutes", type=float, default=10.0)
    parser.add_argument("--most", type=int, default=MOST, help="texts the peers learn from, at most")
    parser.add_argument("--json", default="", help="- is standard output")
    options = parser.parse_args()
    result = measured(options.expert, options.data, options.full_minutes, options.most)
    found = result.found() | {"expert": options.expert}
    found["by source"] = {name: by_source(given, result.test) for name, given in result.answers.items()}
    for name, one in found["scores"].items():
        print(name, {key: one[key] for key in ("accuracy", "right among three", "macro F1") if key in one}, flush=True)
    save_json(options.json, found)


if __name__ == "__main__":
    main()
