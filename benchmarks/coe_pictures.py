"""Draw what many experts cost, and whether their probabilities hold, from what was measured.

python benchmarks/coe_pictures.py docs/results/coe.json docs/results/council.json docs/results/pictures
"""

import argparse
import json
from pathlib import Path

from charts import line_chart

#: What each further expert may cost, in shares of the first.
ALLOWED = 0.35


def main() -> None:
    """Read both files and write the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("coe", type=Path, help="made by benchmarks/coe.py")
    parser.add_argument("council", type=Path, help="made by lab.measure_council")
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    together = json.loads(options.coe.read_text("utf-8"))["together"]
    several = (2, 3, 4, 6)
    cost = [
        (words, [(1.0, 1.0), *((float(k), together[f"ratio_{k}_experts_{texts}_texts"]) for k in several)])
        for words, texts in (("one text", 1), ("32 texts", 32))
    ]
    allowed = [(float(k), 1 + ALLOWED * (k - 1)) for k in (1, *several)]
    chart = line_chart("time of k experts, one being 1", "experts", "times one", [*cost, ("allowed", allowed)])
    (options.folder / "coe-experts.svg").write_text(chart, "utf-8")
    tasks = json.loads(options.council.read_text("utf-8"))["tasks"]
    held = [(name, [(said, so) for _, said, so in task["reliability"]]) for name, task in tasks.items()]
    chart = line_chart(
        "what is said and what is so", "probability said", "share right", [*held, ("as said", [(0, 0), (1, 1)])]
    )
    (options.folder / "coe-reliability.svg").write_text(chart, "utf-8")


if __name__ == "__main__":
    main()
