"""What many experts on one base cost: memory, time, exactness, and changing them while they answer.

    python -m watchfloor.lab.tasks cwe ../shared/data cwe.jsonl
    python benchmarks/coe.py --texts cwe.jsonl [--json OUT.json]

The figures are of the shipped backbone and of adapters of its shape with drawn weights and 230 labels each, so that six
or sixty-four of them weigh what real ones weigh. Times are ratios within one run: machines are noisy.
"""

import argparse
import itertools
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from watchfloor.experts import bundled
from watchfloor.experts.adapter import MAPS, Adapter
from watchfloor.experts.backbone import RANK, Backbone
from watchfloor.experts.card import Calibration, Card, Windows
from watchfloor.experts.domain import Domain
from watchfloor.experts.floor import ExpertFloor
from watchfloor.experts.lexicon import SparseLexicon
from watchfloor.experts.packs import Plugged, load, save
from watchfloor.experts.pieces import SHAPE

LABELS = 230
#: N-grams, and labels that one of them speaks for: 896 weights a label, as `lab finetune` keeps.
GRAMS, SPEAKS_FOR = 32_768, 7


def drawn(backbone: Backbone, name: str, seed: int) -> Plugged:
    """An expert of real size with drawn weights."""
    draw = np.random.default_rng(seed)
    width, axes = len(backbone.background.centre), backbone.background.whiten.shape[1]

    def some(*shape: int) -> np.ndarray:
        return (draw.standard_normal(shape) * 0.02).astype(np.float32)

    lora = {key: (some(i * width, RANK), some(RANK, o * width)) for key, (i, o) in MAPS.items()}
    grams = np.sort(draw.choice(2**32, GRAMS, replace=False).astype(np.uint32))
    starts = np.arange(0, GRAMS * SPEAKS_FOR + 1, SPEAKS_FOR, dtype=np.int32)
    which = draw.integers(0, LABELS, GRAMS * SPEAKS_FOR).astype(np.uint16)
    weights = draw.integers(-100, 100, GRAMS * SPEAKS_FOR).astype(np.int8)
    lexicon = SparseLexicon(grams, starts, which, weights, some(LABELS))
    adapter = Adapter(lora, some(width), some(2 * width + SHAPE, LABELS), some(LABELS), lexicon)
    labels = tuple(f"L{number}" for number in range(LABELS))
    card = Card(name, "choice", labels, "drawn", backbone.version, Windows(), Calibration(1.0, (0.0,) * LABELS, 0.0),
                "", {}, {}, "2026-01-01")  # fmt: skip
    domain = Domain(some(8, axes), np.ones((8, axes), np.float32), 99.0)
    return Plugged(card, adapter, domain, f"v{seed}", Path(), "")


def own_bytes(process: int | str = "self") -> int:
    """Memory of a process that is in use now, each page divided by those who share it."""
    for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    raise OSError("no Pss")


CHILD = """
import sys
sys.path.insert(0, {benchmarks!r})
import tokenizers
from watchfloor.base.inference import runtime
runtime()
from coe import drawn, own_bytes
from watchfloor.experts import bundled
from watchfloor.experts.backbone import Backbone
from watchfloor.experts.floor import ExpertFloor
before = own_bytes()
text = "a remote attacker sends a crafted request and executes code " * 3
kept = []
for number in range({bases}):
    floor = ExpertFloor(Backbone(bundled.BACKBONE, threads=2, remembered_bytes=0))
    names = []
    for place in range({experts}):
        expert = drawn(floor.backbone, f"e{{place}}", place)
        floor.plug(expert)
        names.append(expert.name)
    floor.ask_all(names, [text] * 8)
    kept.append(floor)
print(before, flush=True)
sys.stdin.read()
"""


def memory() -> dict[str, float]:
    """MiB of one base with one expert, of one with six, and of six models: in one process, and served by one each.

    ``own``: without what Python, ONNX Runtime and the tokenizer take before any model is there.
    """

    def measured(processes: int, bases: int, experts: int) -> tuple[float, float]:
        program = CHILD.format(benchmarks=str(Path(__file__).parent), bases=bases, experts=experts)
        running = [subprocess.Popen([sys.executable, "-c", program], text=True, stdin=subprocess.PIPE,
                                    stdout=subprocess.PIPE) for _ in range(processes)]  # fmt: skip
        without = [int(each.stdout.readline()) if each.stdout else 0 for each in running]
        whole = sum(own_bytes(each.pid) for each in running) / 2**20
        for each in running:
            each.communicate("")
        return whole, whole - sum(without) / 2**20

    (one, own_one), (six, own_six) = measured(1, 1, 1), measured(1, 1, 6)
    (apart, own_apart), (served, _) = measured(1, 6, 1), measured(6, 1, 1)
    return {
        "one_base_one_expert_mib": one, "one_base_six_experts_mib": six, "six_bases_in_one_process_mib": apart,
        "six_processes_mib": served, "own": {"one_base_one_expert_mib": own_one, "one_base_six_experts_mib": own_six,
        "six_bases_mib": own_apart}, "six_to_one": six / one, "own_six_to_one": own_six / own_one,
        "saved_against_six_in_one_process": 1 - six / apart, "own_saved_against_six": 1 - own_six / own_apart,
        "saved_against_six_processes": 1 - six / served,
    }  # fmt: skip


def timed(*works, repeat: int = 15) -> list[float]:
    """The median of several runs of each, in seconds; they take turns, for a machine's speed changes by the minute."""
    for work in works:
        work()
    found: list[list[float]] = [[] for _ in works]
    for _ in range(repeat):
        for place, work in enumerate(works):
            began = time.perf_counter()
            work()
            found[place].append(time.perf_counter() - began)
    return [statistics.median(each) for each in found]


def together(texts: list[str]) -> dict[str, object]:
    """k experts on the same texts against one, on single texts and on thirty-two; the memory of the trunk is off."""
    backbone = Backbone(bundled.BACKBONE, threads=2, remembered_bytes=0)
    floor = ExpertFloor(backbone)
    names = [f"e{number}" for number in range(6)]
    for number, name in enumerate(names):
        floor.plug(drawn(backbone, name, number))
    found: dict[str, object] = {}
    for many in (1, 32):
        asked, several = texts[:many], (1, 2, 3, 4, 6)
        one, *rest = timed(*(partial(floor.ask_all, names[:k], asked) for k in several))
        found[f"one_expert_ms_{many}_texts"] = one * 1e3
        for k, taken in zip(several[1:], rest, strict=True):
            ratio = taken / one
            found[f"ratio_{k}_experts_{many}_texts"] = ratio
            found[f"share_each_{k}_experts_{many}_texts"] = (ratio - 1) / (k - 1)
    shared = floor.ask_all(names, texts[:32])
    gap = 0.0
    for name in names:
        for text, judged in zip(texts[:32], shared[name], strict=True):
            alone = floor.ask(name, [text])[0]
            mine = {label.name: label.score for label in judged.labels}
            gap = max(gap, *(abs(mine.get(each.name, 0) - each.score) for each in alone.labels[:3]))
    found["largest_gap_shared_against_alone"] = gap
    kept = ExpertFloor(Backbone(bundled.BACKBONE, threads=2))
    kept.plug(drawn(kept.backbone, "e0", 0))
    again, new = timed(*(partial(each.ask, "e0", texts[:32]) for each in (kept, floor)))
    found["remembered_to_new"] = again / new
    return found


def loading() -> dict[str, float]:
    """Milliseconds to verify, read and plug one expert of full size."""
    backbone = Backbone(bundled.BACKBONE, threads=2)
    floor = ExpertFloor(backbone)
    expert = drawn(backbone, "e0", 0)
    with tempfile.TemporaryDirectory() as folder:
        save(Path(folder), expert.card, expert.adapter, expert.domain)
        size = sum(path.stat().st_size for path in Path(folder).iterdir())
        shipped = bundled.experts()

        def plug(path: Path) -> None:
            floor.plug(load(path, base=backbone.version))

        drawn_one, *real = timed(*(partial(plug, path) for path in (Path(folder), *shipped)), repeat=40)
    found = {path.name: seconds * 1e3 for path, seconds in zip(shipped, real, strict=True)}
    return {"hot_load_ms": drawn_one * 1e3, "pack_bytes": size, "shipped_hot_load_ms": found}


def swapping(texts: list[str], seconds: float = 8.0) -> dict[str, int]:
    """Experts replaced without pause while two threads ask: answers, and those that are none or not of one version."""
    backbone = Backbone(bundled.BACKBONE, threads=1)
    floor = ExpertFloor(backbone)
    versions = [drawn(backbone, "e", seed) for seed in range(4)]
    expected = {}
    for each in versions:
        floor.plug(each)
        expected[each.version] = floor.ask("e", texts[:8])
    until = time.monotonic() + seconds
    counts = {"answers": 0, "dropped": 0, "wrong": 0, "swaps": 0}
    lock = threading.Lock()

    def asks() -> None:
        while time.monotonic() < until:
            try:
                judged = floor.ask("e", texts[:8])
            except Exception:
                with lock:
                    counts["dropped"] += 1
                continue
            right = expected[judged[0].version]
            same = all(
                (a.version, a.labels[0].name) == (b.version, b.labels[0].name)
                and abs(a.labels[0].score - b.labels[0].score) < 1e-4
                for a, b in zip(judged, right, strict=True)
            )
            with lock:
                counts["answers"] += len(judged)
                counts["wrong"] += not same

    threads = [threading.Thread(target=asks) for _ in range(2)]
    for each in threads:
        each.start()
    while time.monotonic() < until:
        floor.plug(versions[counts["swaps"] % len(versions)])
        counts["swaps"] += 1
        time.sleep(0.002)
    for each in threads:
        each.join()
    return counts


def many(texts: list[str]) -> dict[str, float]:
    """Texts a second, each for an expert drawn among 1, 8, 64 that are resident; asked in groups as they come."""
    backbone = Backbone(bundled.BACKBONE, threads=2, remembered_bytes=0)
    found = {}
    for resident in (1, 8, 64):
        floor = ExpertFloor(backbone)
        base = drawn(backbone, "e0", 0)
        for number in range(resident):
            each = drawn(backbone, f"e{number}", number) if number < 8 else base
            floor.plug(replace(each, card=replace(each.card, name=f"e{number}")))
        draw = np.random.default_rng(0)
        jobs = [(f"e{draw.integers(resident)}", text) for text in texts[:128]]

        def work(floor: ExpertFloor = floor, jobs: list[tuple[str, str]] = jobs) -> None:
            floor.ask_each(jobs)

        found[f"texts_a_second_{resident}_resident"] = len(jobs) / timed(work, repeat=5)[0]
    found["of_64_against_1"] = found["texts_a_second_64_resident"] / found["texts_a_second_1_resident"]
    return found


def main() -> None:
    """Measure all and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--texts", type=Path, required=True, help="JSON lines with text, as lab.tasks writes them")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with options.texts.open(encoding="utf-8") as file:
        texts = [json.loads(line)["text"] for line in itertools.islice(file, 2_000)]
    texts = [text for text in texts if 80 < len(text) < 600][:256]
    found = {"memory": memory(), "together": together(texts), "loading": loading(), "swapping": swapping(texts),
             "many": many(texts)}  # fmt: skip
    print(json.dumps(found, indent=2))
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
