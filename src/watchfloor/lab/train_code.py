"""Count what findings are worth, and write the pack of the expert ``code``.

    python -m watchfloor.lab.train_code ../shared/data src/watchfloor/bundled/code

A rate is ``(vulnerable + WEIGHT * prior) / (all + WEIGHT)`` over the training part of BenchmarkPython, masked; kinds it
does not hold keep their prior. Only these counts are learned from the files; none of their text is kept.
"""

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Final

from watchfloor.experts.code import model, python
from watchfloor.lab.code_data import benchmark
from watchfloor.store import packs

#: How many labelled files a prior counts as much as.
WEIGHT: Final = 8
#: What we hold before we count: by language and sureness, some kinds by themselves.
PRIORS: Final = {
    "python nothing": 0.05, "python request": 0.9, "python fact": 0.85, "python input": 0.55, "python parameter": 0.55,
    "python unknown": 0.3, "python request aside": 0.3, "python fact aside": 0.6, "python input aside": 0.3,
    "python parameter aside": 0.2, "python unknown aside": 0.1,
    "python password fact": 0.6, "python clear fact": 0.4, "python debug fact": 0.7, "python escaping fact": 0.6,
    "python permission fact": 0.7, "python temporary fact": 0.7,
    "python path parameter": 0.3, "python fetch parameter": 0.3, "python regex parameter": 0.2,
    "python regex request": 0.6, "python import parameter": 0.3, "python path input": 0.3, "python regex input": 0.2,
    "python fetch input": 0.3, "python html parameter": 0.4, "python redirect parameter": 0.4,
    "java nothing": 0.2, "java request": 0.8, "java fact": 0.8, "java parameter": 0.55, "java path parameter": 0.4,
    "c nothing": 0.3, "c fact": 0.55, "c random fact": 0.35, "c overflow fact": 0.45,
}  # fmt: skip


def rates(data: Path) -> dict[str, float]:
    """The table of rates."""
    vulnerable: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    for case in benchmark(data):
        if case.part == "train":
            for key in model.keys("python", model.top(python.analyse(case.text).findings))[:2]:
                seen[key] += 1
                vulnerable[key] += case.vulnerable
    found = {}
    for key in sorted({*PRIORS, *seen}):
        general = " ".join((key.split()[0], *key.split()[2:]))
        prior = PRIORS.get(key, PRIORS.get(general, 0.5))
        found[key] = round((vulnerable[key] + WEIGHT * prior) / (seen[key] + WEIGHT), 4)
    return found


def main(data: Path, folder: Path) -> None:
    """Write the pack."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "rates.json").write_text(json.dumps(rates(data), indent=1) + "\n", "utf-8")
    packs.write_pack(folder, {"name": model.NAME, "format": model.FORMAT, "version": 1}, ("rates.json",))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
