"""Kinds of text: what the router's space is learned to tell apart, and which kinds are nobody's.

Training parts alone; sources that ``lab.measure_council`` tests foreign text with are not read (BenchmarkPython,
SySeVR, presidio's synthetic sentences).
"""

import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import zstandard
from sklearn.cluster import KMeans

from watchfloor.experts.domain import Domain
from watchfloor.lab.examples import json_lines, part
from watchfloor.lab.tasks import TASKS
from watchfloor.lab.tasks_command import HOSTS, RECORDINGS, WRITTEN

#: Texts of one kind at most, and characters of a text.
MOST, LONGEST = 160, 600
#: Clusters of one kind that is nobody's, and the least spread of a cluster.
CLUSTERS, LEAST_SPREAD = 3, 0.25
#: Share of the mean variance that is added to every axis: some kinds have few texts.
_SHRUNK: Final = 0.1

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Kind:
    """Texts of one kind; ``task`` is the expert's whose texts they are, or empty: then they are nobody's."""

    name: str
    task: str
    texts: list[str]


def kinds(data: Path) -> list[Kind]:
    """All kinds with at least twenty texts, drawn with seed 0."""
    found: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for task in sorted(TASKS):
        for example in TASKS[task](data):
            if example.part == "train":
                found[task, f"{task} {example.source}"].append(example.text[:LONGEST])
    for name, text in _nobodys(data):
        if len(text.strip()) > 20 and part(text) == "train":
            found["", name].append(text[:LONGEST])
    draw = random.Random(0)
    for texts in found.values():
        draw.shuffle(texts)
    return [Kind(name, task, texts[:MOST]) for (task, name), texts in sorted(found.items()) if len(texts) >= 20]


def _nobodys(data: Path) -> Iterator[tuple[str, str]]:
    text = data / "text"
    for path, field in (
        ("securityeval/dataset", "Insecure_code"), ("bandit_examples/examples", "code"),
        ("cyberseceval/insecure_code_instruct", "origin_code"), ("semgrep_rules/test_files", "code"),
        ("secrets/noseyparker_examples", "text"),
    ):  # fmt: skip
        for record in json_lines(text / f"{path}.jsonl.zst"):
            code = str(record.get(field) or "")
            kind = f"code {record.get('language') or record.get('lang') or path.partition('/')[0]}"
            yield kind, code
            if len(code) > 2 * LONGEST:  # the middle of a file looks unlike its head
                yield kind, code[len(code) // 2 :]
    for path in ("sigma/sigma_rules", "nuclei/templates_info", "secrl/alerts", "semgrep_rules/rules"):
        for record in json_lines(text / f"{path}.jsonl.zst"):
            yield f"fields {path}", "\n".join(f"{key}: {value}" for key, value in record.items() if value)
    for name in ("sensitive_templates.txt", "sensitive_templates_zh.txt"):
        for line in (WRITTEN / name).read_text("utf-8").splitlines():
            if line and not line.startswith("#"):
                yield f"people {name}", line
    yield from _logs()


def _logs() -> Iterator[tuple[str, str]]:
    """Lines of the training hosts' audit logs."""
    for host in HOSTS:
        for path in sorted((RECORDINGS / host).glob("*.log.zst")):
            with zstandard.open(path, "rt", encoding="utf-8", errors="replace",
                                dctx=zstandard.ZstdDecompressor(max_window_size=1 << 27)) as file:  # fmt: skip
                for number, line in enumerate(file):
                    if number >= 40_000:
                        break
                    if number % 400 == 0:
                        yield "log audit", line


def space_of(means: list[Floats]) -> tuple[Floats, Floats]:
    """Centre ``(width,)`` and map ``(width, axes)`` to where kinds lie apart and each has about unit variance.

    ``means``: a kind's trunk means ``(texts, width)`` each (Fisher's linear discriminants, every kind weighing alike).
    """
    centre = np.mean([each.mean(0) for each in means], 0)
    within = np.mean([np.cov(each.T) for each in means], 0)
    within += np.eye(len(centre)) * _SHRUNK * np.trace(within) / len(centre)
    values, vectors = np.linalg.eigh(within)
    whiten = vectors / np.sqrt(values)
    between = np.stack([each.mean(0) - centre for each in means]) @ whiten
    _, _, axes = np.linalg.svd(between, full_matrices=False)
    return centre.astype(np.float32), np.asarray(whiten @ axes[: len(means) - 1].T, dtype=np.float32)


def clusters_of(places: Floats, count: int, seed: int = 0) -> Domain:
    """Gaussian clusters of places ``(texts, axes)``."""
    found = KMeans(count, n_init=2, random_state=seed).fit(places)
    spreads = [np.maximum(places[found.labels_ == each].std(0), LEAST_SPREAD) for each in range(count)]
    return Domain(found.cluster_centers_.astype(np.float32), np.stack(spreads).astype(np.float32))


def nobodys(kinds_: list[Kind], places: list[Floats]) -> Domain:
    """The clusters of all kinds that are nobody's."""
    found = [clusters_of(where, min(CLUSTERS, len(where) // 15 or 1))
             for kind, where in zip(kinds_, places, strict=True) if not kind.task]  # fmt: skip
    return Domain(np.concatenate([each.centres for each in found]), np.concatenate([each.spreads for each in found]))


def arrays(kinds_: list[Kind], means: list[Floats]) -> dict[str, Any]:
    """What the backbone's pack keeps of it: centre, map, and the clusters of what is nobody's."""
    centre, whiten = space_of(means)
    others = nobodys(kinds_, [np.asarray((each - centre) @ whiten, dtype=np.float32) for each in means])
    return {"centre": centre, "whiten": whiten, "nobodys_centres": others.centres, "nobodys_spreads": others.spreads}
