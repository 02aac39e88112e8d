"""What the experts ``cwe`` and ``cvss`` are worth on CVEs they never saw, and one final look at CTI-RCM-2021.

    python -m watchfloor.lab.measure_cves ../shared/data --json OUT.json [--final]

Test part of both tasks (``lab.examples``: drawn by CVE), by the source of the label, for the sources disagree. The mean
absolute deviation is between the base score of the vector that is answered and that of the true one (CTIBench's VSP).
``--final`` asks ``cwe`` the thousand questions of CTI-RCM-2021 as well: no choice was made by it. Intervals: 95%
bootstrap over CVEs, seed 0.
"""

import argparse
import csv
import io
import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import zstandard

from watchfloor.experts.cvss import base_score
from watchfloor.experts.floor import ExpertFloor
from watchfloor.lab.examples import Example
from watchfloor.lab.tasks import TASKS

#: Test texts of each task, and draws of the bootstrap.
MANY, DRAWS = 1_500, 1_000
Floats = npt.NDArray[np.float64]


def main() -> None:
    """Ask and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--final", action="store_true", help="also CTI-RCM-2021, once")
    options = parser.parse_args()
    floor = ExpertFloor.open(["cwe", "cvss"])
    found: dict[str, Any] = {"cwe": weaknesses(floor, _drawn("cwe", options.data)),
                             "cvss": vectors(floor, _drawn("cvss", options.data))}  # fmt: skip
    if options.final:
        found["CTI-RCM-2021"] = final(floor, options.data)
    print(json.dumps(found, indent=1))
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n", "utf-8")


def weaknesses(floor: ExpertFloor, examples: Sequence[Example]) -> dict[str, Any]:
    """Share right: all, among the first three, and by source; the commonest weakness beside it."""
    judged = floor.ask("cwe", [each.text for each in examples])
    truth = [each.labels[0] for each in examples]
    first = np.asarray([said.labels[0].name == label for said, label in zip(judged, truth, strict=True)], dtype=float)
    three = np.asarray([label in [each.name for each in said.labels[:3]]
                        for said, label in zip(judged, truth, strict=True)], dtype=float)  # fmt: skip
    commonest = max(set(truth), key=truth.count)
    return {
        "texts": len(truth), "right": _interval(first), "among three": _interval(three),
        "commonest": _interval(np.asarray([label == commonest for label in truth], dtype=float)),
        "by source": {name: _interval(first[mine]) for name, mine in _by_source(examples).items()},
    }  # fmt: skip


def vectors(floor: ExpertFloor, examples: Sequence[Example]) -> dict[str, Any]:
    """Mean absolute deviation of the base score, exact vectors, each metric; the median score beside it."""
    judged = floor.ask("cvss", [each.text for each in examples])
    true = [dict(label.split(":", 1) for label in each.labels) for each in examples]
    said = [dict(part.split(":", 1) for part in each.labels[0].name.split("/")[1:]) for each in judged]
    scores = np.asarray([base_score(each) for each in true])
    gaps = np.abs(scores - [base_score(each) for each in said])
    exact = np.asarray([a == b for a, b in zip(true, said, strict=True)], dtype=float)
    return {
        "texts": len(true), "mean absolute deviation": _interval(gaps), "exact vectors": _interval(exact),
        "always the median score": _interval(np.abs(scores - np.median(scores))),
        "each metric right": {name: float(np.mean([a[name] == b[name] for a, b in zip(true, said, strict=True)]))
                              for name in true[0]},
        "by source": {name: _interval(gaps[mine]) for name, mine in _by_source(examples).items()},
    }  # fmt: skip


def final(floor: ExpertFloor, data: Path) -> dict[str, Any]:
    """Share right of CTI-RCM-2021 (CTIBench, arXiv 2406.07599)."""
    with zstandard.open(data / "text" / "ctibench" / "cti-rcm-2021.tsv.zst", "rb") as file:
        rows = list(csv.DictReader(io.TextIOWrapper(file, "utf-8"), delimiter="\t"))
    judged = floor.ask("cwe", [row["Description"] for row in rows])
    right = [said.labels[0].name == row["GT"].strip() for said, row in zip(judged, rows, strict=True)]
    return {"texts": len(rows), "right": _interval(np.asarray(right, dtype=float))}


def _drawn(name: str, data: Path) -> list[Example]:
    examples = [each for each in TASKS[name](data) if each.part == "test"]
    random.Random(0).shuffle(examples)
    return examples[:MANY]


def _by_source(examples: Sequence[Example]) -> dict[str, npt.NDArray[np.int64]]:
    names = sorted({each.source for each in examples})
    return {name: np.flatnonzero([each.source == name for each in examples]) for name in names}


def _interval(values: Floats) -> list[float]:
    """Mean, its interval and how many."""
    draw = np.random.default_rng(0)
    means = [values[draw.integers(0, len(values), len(values))].mean() for _ in range(DRAWS)]
    return [float(values.mean()), *map(float, np.quantile(means, (0.025, 0.975))), len(values)]


if __name__ == "__main__":
    main()
