"""What the backbone is worth beside all-MiniLM-L6-v2: the same linear probe over frozen vectors, speed, and Chinese.

    python -m watchfloor.lab.measure_backbone ../shared/data --json OUT.json

A probe is a logistic regression over a text's vector (ours: mean of words after the upper block without an adapter),
strength chosen on development texts, one seed a draw of training texts. Both read at most 96 words. Speed is texts a
second on two threads of ONNX Runtime, the two encoders in turns within one run, on the same texts, in single precision.
"""

import argparse
import json
import random
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from watchfloor.base.inference import runtime
from watchfloor.experts import bundled
from watchfloor.experts.adapter import Adapter
from watchfloor.experts.backbone import RANK, Backbone
from watchfloor.lab.encoder_graph import TrunkGraph, graph
from watchfloor.lab.examples import Example
from watchfloor.lab.minilm import TOKENS, Teacher
from watchfloor.lab.tasks import TASKS

Floats = npt.NDArray[np.float32]
#: Texts of each part and draws of the training texts.
TRAIN, HELD, SEEDS = 800, 400, 1
#: Labels of fewer training texts are left out of the probe.
LEAST: Final = 10
_STRENGTHS: Final = (0.01, 0.1, 1.0)
_TASKS: Final = ("cwe", "guard", "technique")


def ours(backbone: Backbone) -> Callable[[Sequence[str]], Floats]:
    """Vectors of the backbone, without an adapter."""
    width = len(backbone.background.centre)
    plain = Adapter.plain(width, RANK)

    def vectors(texts: Sequence[str]) -> Floats:
        windows = [backbone.pieces.windows(each, TOKENS, 0, 1)[0] for each in backbone.pieces.split(texts)]
        jobs = [(place, 0) for place in range(len(windows))]
        return backbone.read(backbone.see(windows), [plain], jobs)[:, :width]

    return vectors


def theirs(teacher: Teacher) -> Callable[[Sequence[str]], Floats]:
    """MiniLM's vectors."""

    def vectors(texts: Sequence[str]) -> Floats:
        order = np.argsort([len(text) for text in texts])
        found = np.zeros((len(texts), 384), dtype=np.float32)
        for start in range(0, len(order), 32):
            part = order[start : start + 32]
            found[part] = teacher.vectors([texts[place] for place in part]).numpy()
        return found

    return vectors


def parts_of(name: str, data: Path, seed: int) -> dict[str, list[Example]]:
    """Texts of each part of a task, drawn; labels rare in training are left out everywhere."""
    found: dict[str, list[Example]] = {"train": [], "dev": [], "test": []}
    examples = list(TASKS[name](data))
    random.Random(seed).shuffle(examples)
    for each in examples:
        if len(found[each.part]) < (TRAIN if each.part == "train" else HELD):
            found[each.part].append(each)
    labels = [each.labels[0] for each in found["train"]]
    common = {label for label in labels if labels.count(label) >= LEAST}
    return {part: [each for each in many if each.labels[0] in common] for part, many in found.items()}


def probe(vectors: dict[str, Floats], parts: dict[str, list[Example]]) -> float:
    """Accuracy on the test part of the probe whose strength did best on the development part."""
    scale = StandardScaler().fit(vectors["train"])
    x = {part: scale.transform(many) for part, many in vectors.items()}
    y = {part: [each.labels[0] for each in many] for part, many in parts.items()}
    best, right = -1.0, 0.0
    for strength in _STRENGTHS:
        model = LogisticRegression(C=strength, max_iter=300).fit(x["train"], y["train"])
        dev = float(model.score(x["dev"], y["dev"]))
        if dev > best:
            best, right = dev, float(model.score(x["test"], y["test"]))
    return right


def quality(data: Path, backbone: Backbone, teacher: Teacher) -> dict[str, Any]:
    """Accuracy of the probes, mean and each seed."""
    found: dict[str, Any] = {}
    for name in _TASKS:
        accuracies: dict[str, list[float]] = {"ours": [], "minilm": []}
        for seed in range(SEEDS):
            parts = parts_of(name, data, seed)
            for who, vectors in (("ours", ours(backbone)), ("minilm", theirs(teacher))):
                seen = {part: vectors([each.text for each in many]) for part, many in parts.items()}
                accuracies[who].append(probe(seen, parts))
            print(name, seed, {who: round(many[-1], 4) for who, many in accuracies.items()}, flush=True)
        test = parts["test"]
        common = max(sum(each.labels[0] == label for each in test) for label in {each.labels[0] for each in test})
        found[name] = {
            who: {"mean": statistics.mean(many), "seeds": many} for who, many in accuracies.items()
        } | {"majority": common / len(test), "texts": len(test)}  # fmt: skip
    return found


def speed(texts: Sequence[str], backbone: Backbone, teacher: Teacher) -> dict[str, float]:
    """Texts a second of trunk and upper block against MiniLM, in turns."""
    teacher.encoder.trunk.blocks.append(teacher.encoder.upper)  # all six blocks in one graph
    words = torch.randint(5, 99, (2, 7))
    time_ = {0: "texts", 1: "words"}
    minilm = graph(TrunkGraph(teacher.encoder), (words, words > 0), ("words", "there"), ("x", "mean"),
                   {"words": time_, "there": time_, "x": time_, "mean": {0: "texts"}})  # fmt: skip
    onnxruntime = runtime()
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    session = onnxruntime.InferenceSession(minilm, options, ["CPUExecutionProvider"])
    vectors = ours(backbone)

    def mine() -> None:
        vectors(texts)

    def other() -> None:
        order = sorted(texts, key=len)
        for start in range(0, len(order), 32):
            many = teacher.tokenizer.encode_batch(order[start : start + 32])
            ids = np.asarray([each.ids for each in many], dtype=np.int64)
            there = np.asarray([each.attention_mask for each in many], dtype=np.bool_)
            session.run(None, {"words": ids, "there": there})

    times: dict[str, list[float]] = {"ours": [], "minilm": []}
    for _ in range(4):
        for who, work in (("ours", mine), ("minilm", other)):
            began = time.perf_counter()
            work()
            times[who].append(time.perf_counter() - began)
    best = {who: len(texts) / min(many) for who, many in times.items()}
    return {f"{who}_texts_a_second": value for who, value in best.items()} | {"ratio": best["ours"] / best["minilm"]}


def chinese(data: Path, backbone: Backbone, teacher: Teacher) -> dict[str, float]:
    """Share of pieces without a word in Chinese and in English texts."""
    texts = [each.text for each in TASKS["guard"](data) if each.source in ("jailbench_zh", "sevenllm", "secbench")]
    han = [text for text in texts if sum("\u4e00" <= c <= "\u9fff" for c in text) > len(text) / 3][:1_000]
    found = {"texts": float(len(han))}
    found["ours_unknown"] = float(np.mean([backbone.pieces.unknown(each) for each in backbone.pieces.split(han)]))
    many = teacher.tokenizer.encode_batch(han)
    found["minilm_unknown"] = float(np.mean([each.tokens.count("[UNK]") / sum(each.attention_mask) for each in many]))
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    backbone = Backbone(bundled.BACKBONE, threads=2, remembered_bytes=0)
    found: dict[str, Any] = {"chinese": chinese(options.data, backbone, Teacher()),
                             "quality": quality(options.data, backbone, Teacher())}  # fmt: skip
    texts = [each.text for each in parts_of("cwe", options.data, 0)["test"]][:400]
    found["speed"] = speed(texts, backbone, Teacher())
    print(json.dumps(found, indent=2))
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
