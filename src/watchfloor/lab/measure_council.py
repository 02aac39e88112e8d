"""How good the router is beside one that knows which expert a text belongs to, and what it does with foreign text.

    python -m watchfloor.lab.measure_council ../shared/data --json OUT.json

Test texts of every bundled expert's own task, mixed; the router sees the text alone. Routed accuracy counts a text as
right when the expert of its task was asked and is right; the oracle asks that expert always. Foreign texts are program
code, C slices and sentences about people (presidio-research), which no bundled expert learned from; the guard may read
anything, for that is its trade, so its being asked alone is no fault. Abstention is measured the same way.
"""

import argparse
import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from watchfloor.base.judgements import Judgement
from watchfloor.experts.artefacts import recognise
from watchfloor.experts.council import consult
from watchfloor.experts.floor import ExpertFloor
from watchfloor.experts.router import route
from watchfloor.lab.examples import Example, json_lines
from watchfloor.lab.measure_recording import wilson
from watchfloor.lab.scores import reliability
from watchfloor.lab.tasks import TASKS

#: Texts of each task and of each foreign source.
MANY, MANY_FOREIGN = 400, 100
#: Bins in which what is said is held against what is so.
BINS: Final = 8
#: Experts that know the same texts: either is a right route.
_SAME: Final = {"cwe": {"cwe", "cvss"}, "cvss": {"cwe", "cvss"}}
_READS_ALL: Final = "guard"


def foreign(data: Path) -> Iterator[tuple[str, str]]:
    """Texts of nobody's subject, with their source."""
    text = data / "text"
    for path, field in (
        ("owasp_benchmark/benchmark_python_0.1", "code"), ("sysevr/Array_usage", "code"),
        ("pii_presidio/synth_dataset_v2", "text"),
    ):  # fmt: skip
        for number, record in enumerate(json_lines(text / f"{path}.jsonl.zst")):
            if number >= MANY_FOREIGN:
                break
            found = record.get(field) or record.get("text") or ""
            if len(found) > 20:
                yield found[:600], path.partition("/")[0]


def right(judged: Judgement, example: Example) -> bool:
    """Whether an answer is right: its label, or with facets the whole vector."""
    if not judged.labels:
        return not judged.labels and example.labels == ("none",)
    said = judged.labels[0].name
    if len(example.labels) > 1:
        return all(label in said.split("/") for label in example.labels)
    if example.labels == ("none",):
        return bool(judged.abstained)
    return said == example.labels[0]


def main() -> None:
    """Route, ask, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    floor = ExpertFloor.open()
    found: dict[str, Any] = {"tasks": {}, "foreign": {}}
    oracle_right = routed_right = total = 0
    for name in sorted(set(TASKS) & set(floor.names)):
        examples = _test_texts(name, options.data)
        routes = route(floor, [recognise(each.text) for each in examples])
        judged = floor.ask(name, [each.text for each in examples])
        sent = [bool(set(each.names) & _SAME.get(name, {name})) for each in routes]
        good = [right(said, each) for said, each in zip(judged, examples, strict=True)]
        both = sum(s and g for s, g in zip(sent, good, strict=True))
        found["tasks"][name] = {
            "texts": len(examples), "routed to it": _share(sum(sent), len(examples)), "sent to nobody":
            _share(sum(not each.names for each in routes), len(examples)), "oracle right": _share(sum(good), len(good)),
            "routed right": _share(both, len(good)), "experts asked a text":
            sum(len(r.names) for r in routes) / len(routes),
            "abstained": _share(sum(bool(each.abstained) for each in judged), len(judged)),
            "reliability": _reliability(judged, good),
        }  # fmt: skip
        oracle_right, routed_right, total = oracle_right + sum(good), routed_right + both, total + len(good)
        print(name, found["tasks"][name], flush=True)
    found["routed to oracle"] = routed_right / max(oracle_right, 1)
    found["oracle accuracy"], found["routed accuracy"] = oracle_right / max(total, 1), routed_right / max(total, 1)
    texts = list(foreign(options.data))
    for source in sorted({source for _, source in texts}):
        found["foreign"][source] = _foreign(floor, [text for text, where in texts if where == source])
    print(json.dumps(found, indent=1))
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n", "utf-8")


def _reliability(judged: Sequence[Judgement], good: Sequence[bool]) -> list[list[float]]:
    """Of answers that were given: bins of equal weight, each texts, mean probability said, share that was right."""
    given = [(said.labels[0].score, right) for said, right in zip(judged, good, strict=True) if not said.abstained]
    said, so = (np.asarray(column, np.float64) for column in zip(*given, strict=True)) if given else (np.zeros(0),) * 2
    bins = reliability(said, so, np.ones(len(said)), BINS, adaptive=True)
    return [row for row in bins.round(4).tolist() if row[0]]


def _test_texts(name: str, data: Path) -> list[Example]:
    examples = [each for each in TASKS[name](data) if each.part == "test"]
    random.Random(0).shuffle(examples)
    return examples[:MANY]


def _foreign(floor: ExpertFloor, texts: Sequence[str]) -> dict[str, Any]:
    routes = route(floor, [recognise(text) for text in texts])
    held = sum(not set(each.names) - {_READS_ALL} for each in routes)
    found: dict[str, Any] = {"texts": len(texts), "sent to nobody or the guard alone": _share(held, len(texts))}
    said = [[judged for judged in each.answers if judged.expert != _READS_ALL and not judged.abstained]
            for each in consult(floor, texts)]  # fmt: skip
    found["answered by nobody or the guard alone"] = _share(sum(not each for each in said), len(texts))
    for name in floor.names:
        judged = floor.ask(name, texts)
        found[f"{name} abstains"] = _share(sum(bool(each.abstained) for each in judged), len(texts))
    return found


def _share(hits: int, count: int) -> list[float]:
    return [hits / max(count, 1), *wilson(hits, count)]


if __name__ == "__main__":
    main()
