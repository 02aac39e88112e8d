"""Our rule engine and a per-rule SQL peer over the same rules and events, in one run.

``python benchmarks/rules.py --rules RULES INPUT... [--repeat N] [--json FILE]``

For each INPUT the two take turns, and the best of N is kept: the machine's speed changes from minute to minute, so only
the ratio means something. Reading is timed apart from matching on both sides: the peer loads a SQLite table, we read
Events; matching begins there, and for us includes taking the raw records apart. ``--growth`` adds the cost and memory
of more rules and more events.
"""

import argparse
import gc
import json
import multiprocessing
import resource
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow as pa

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import rules_peer
from benchmarks.charts import line_chart

from watchfloor.base.settings import Settings
from watchfloor.intake.reader import Reader
from watchfloor.rules.cache import ruleset
from watchfloor.rules.compiling import compile_rules
from watchfloor.rules.files import read_files
from watchfloor.rules.hunting import Hunt
from watchfloor.rules.loading import load
from watchfloor.rules.ruleset import RuleSet

SHARES = (0.125, 0.25, 0.5, 1.0)


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    gc.collect()
    began = time.perf_counter()
    result = work()
    return time.perf_counter() - began, result


def read(path: str) -> list[pa.RecordBatch]:
    return list(Reader([path], Settings()).batches())


def hunt(prepared: Hunt, batches: list[pa.RecordBatch]) -> int:
    return sum(1 for _ in prepared.over(batches, Settings()))


def compare(path: str, rules: RuleSet, queries: list[Any], repeat: int) -> dict[str, Any]:
    """Best times of both sides over one input."""
    ours: list[float] = []
    theirs: list[float] = []
    start, prepared = timed(lambda: Hunt(rules))
    reading, batches = timed(lambda: read(path))
    loading, connection = timed(lambda: rules_peer.load_events([Path(path)]))
    rules_peer.add_missing_columns(connection, queries)
    counted: dict[str, int] = {}
    matches = 0
    for _ in range(repeat):
        seconds, (counted, _) = timed(lambda: rules_peer.match(connection, queries))
        theirs.append(seconds)
        seconds, matches = timed(lambda: hunt(prepared, batches))
        ours.append(seconds)
    events = sum(map(len, batches))
    return {
        "input": Path(path).name,
        "events": events,
        "ours": {
            "read_s": reading,
            "prepare_s": start,
            "match_s": min(ours),
            "events_per_s": events / min(ours),
            "matches": matches,
        },
        "peer": {
            "load_s": loading,
            "match_s": min(theirs),
            "events_per_s": events / min(theirs),
            "matches": sum(counted.values()),
        },
        "match_ratio": min(theirs) / min(ours),
        "whole_ratio": (loading + min(theirs)) / (reading + min(ours)),
    }


def ours(path: str, rules: RuleSet, repeat: int) -> dict[str, Any]:
    """Our processor time alone, which a busy neighbour disturbs less; best of the repeats."""
    batches = read(path)
    prepared = Hunt(rules)
    spent = []
    for _ in range(repeat):
        gc.collect()
        began = time.process_time()
        hunt(prepared, batches)
        spent.append(time.process_time() - began)
    events = sum(map(len, batches))
    return {"input": Path(path).name, "events": events, "cpu_s": min(spent), "events_per_cpu_s": events / min(spent)}


def compiling(path: str) -> tuple[dict[str, Any], RuleSet]:
    reading, (files, _) = timed(lambda: read_files([path], Settings()))
    parsing, loaded = timed(lambda: load(files))
    compiled, rules = timed(lambda: compile_rules(loaded))
    packed = json.dumps(rules.to_json())
    cached, _ = timed(lambda: RuleSet.from_json(json.loads(packed)))
    figures = {
        "files": len(files),
        "rules": len(rules.rules),
        "predicates": len(rules.predicates),
        "faults": len(rules.faults),
        "read_s": reading,
        "parse_s": parsing,
        "compile_s": compiled,
        "from_cache_s": cached,
    }
    return figures, rules


def growth(path: str, folder: str, pictures: Path | None) -> list[dict[str, Any]]:
    """Time and peak memory as rules and events grow, each alone and in a process of its own."""
    steps = [(share, 1.0) for share in SHARES] + [(1.0, share) for share in SHARES]
    context = multiprocessing.get_context("spawn")
    found: list[dict[str, Any]] = []
    for step in steps:
        with ProcessPoolExecutor(1, mp_context=context) as pool:
            found.append(pool.submit(grown, path, folder, *step).result())
        print(json.dumps(found[-1]), file=sys.stderr, flush=True)
    if pictures is not None:
        draw(found, pictures)
    return found


def grown(path: str, folder: str, of_rules: float, of_events: float) -> dict[str, Any]:
    """One point of the curves: this share of the rules over this share of the events."""
    everything = ruleset([folder], Settings())
    rules = RuleSet(everything.predicates, everything.rules[:: round(1 / of_rules)])
    whole = pa.Table.from_batches(read(path)).combine_chunks().to_batches()[0]
    events = whole.slice(0, int(len(whole) * of_events))
    before = peak()
    prepared = Hunt(rules)
    seconds = min(timed(lambda: hunt(prepared, [events]))[0] for _ in range(2))
    return {
        "rules": len(rules.rules),
        "events": len(events),
        "match_s": seconds,
        "peak_mb": peak(),
        "of_matching_mb": peak() - before,
    }


def draw(found: list[dict[str, Any]], folder: Path) -> None:
    half = len(found) // 2
    for name, points, grows in (("rules", found[:half], "rules"), ("events", found[half:], "events")):
        for figure, words in (("match_s", "seconds to match"), ("of_matching_mb", "MB beside what was there before")):
            curve = [(float(point[grows]), float(point[figure])) for point in points]
            chart = line_chart(f"{words}, as {name} grow", grows, words, [(name, curve)])
            (folder / f"rules-{name}-{'time' if figure == 'match_s' else 'memory'}.svg").write_text(chart, "utf-8")


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("inputs", nargs="+", metavar="INPUT")
    parser.add_argument("--rules", required=True, metavar="FOLDER")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--ours", action="store_true", help="leave the peer out; processor time instead of seconds")
    parser.add_argument("--growth", action="store_true")
    parser.add_argument("--pictures", metavar="FOLDER", help="where --growth draws its curves")
    parser.add_argument("--json", metavar="FILE")
    options = parser.parse_args()
    figures, rules = compiling(options.rules)
    report: dict[str, Any] = {"compile": figures, "inputs": []}
    if options.growth:
        pictures = Path(options.pictures) if options.pictures else None
        report["growth"] = growth(options.inputs[0], options.rules, pictures)
    elif options.ours:
        report["inputs"] = [ours(path, rules, options.repeat) for path in options.inputs]
    else:
        seconds, (queries, failures) = timed(lambda: rules_peer.convert(Path(options.rules)))
        report["peer"] = {"convert_s": seconds, "queries": len(queries), "failed": sum(failures.values())}
        for path in options.inputs:
            report["inputs"].append(compare(path, rules, queries, options.repeat))
            print(json.dumps(report["inputs"][-1]), file=sys.stderr, flush=True)
    text = json.dumps(report, indent=2)
    if options.json:
        Path(options.json).write_text(text + "\n", "utf-8")
    else:
        print(text)


if __name__ == "__main__":
    main()
