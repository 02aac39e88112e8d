"""CVSS 3.1 base scores as FIRST's examples give them, and the vector that loses least."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import zstandard

from watchfloor.experts.card import Calibration, Card, Windows
from watchfloor.experts.cvss import base_score, vector

LABELS = tuple(
    f"{metric}:{value}"
    for metric, values in (("AV", "NALP"), ("AC", "LH"), ("PR", "NLH"), ("UI", "NR"), ("S", "UC"), ("C", "HLN"),
                           ("I", "HLN"), ("A", "HLN"))
    for value in values
)  # fmt: skip


def card() -> Card:
    return Card("cvss", "facets", LABELS, "", "", Windows(), Calibration(1.0, (0.0,) * 22, 0.0), "", {}, {}, "")


def surely(text: str) -> np.ndarray:
    found = np.zeros(len(LABELS), np.float32)
    found[[LABELS.index(each) for each in text.split("/")]] = 1
    return found


@pytest.mark.parametrize(("metrics", "score"), [
    ("AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 9.8), ("AV:N/AC:L/PR:L/UI:N/S:C/C:L/I:L/A:N", 6.4),
    ("AV:N/AC:H/PR:N/UI:R/S:U/C:L/I:N/A:N", 3.1), ("AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", 6.1),
    ("AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H", 7.8), ("AV:P/AC:L/PR:N/UI:N/S:U/C:N/I:H/A:N", 4.6),
    ("AV:N/AC:L/PR:L/UI:N/S:C/C:H/I:H/A:H", 9.9), ("AV:A/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", 8.8),
    ("AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", 0.0), ("AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", 10.0),
])  # fmt: skip
def test_scores_are_those_of_the_specification(metrics: str, score: float) -> None:
    assert base_score(dict(each.split(":") for each in metrics.split("/"))) == score


def test_a_sure_answer_is_its_own_vector() -> None:
    labels, facts = vector(card(), surely("AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N"))
    assert labels[0].name == "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N"
    assert labels[0].score == pytest.approx(1)
    assert facts["value"] == 6.1


def test_metrics_that_go_together_outweigh_what_each_says_alone() -> None:
    """C, I and A are a little likelier to be high than none, each; all three are never lost apart from each other."""
    probability = surely("AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H")
    for name, high in (("C", 0.4), ("I", 0.4), ("A", 0.7)):
        probability[[LABELS.index(f"{name}:{value}") for value in "HN"]] = high, 1 - high
    none, every = (f"AV:N/AC:L/PR:N/UI:N/S:U/C:{value}/I:{value}/A:{value}" for value in "NH")
    met = replace(card().calibration, together=(("", -9.0), (every, 0.0), (none, 0.0)))
    apart, together = (vector(each, probability) for each in (card(), replace(card(), calibration=met)))
    assert apart[0][0].name.endswith("C:N/I:N/A:H")
    assert together[0][0].name.endswith("C:H/I:H/A:H") and together[0][0].score == pytest.approx(0.51, abs=0.01)


@pytest.mark.parametrize("seed", range(8))
def test_no_other_score_has_a_smaller_expected_deviation(seed: int) -> None:
    draw = np.random.default_rng(seed)
    probability = np.zeros(len(LABELS), np.float32)
    for many in card().facets().values():
        probability[many] = draw.dirichlet(np.ones(len(many)))
    _, facts = vector(card(), probability)
    samples = []
    for _ in range(3_000):
        row = {}
        for name, many in card().facets().items():
            place = draw.choice(many, p=probability[many] / probability[many].sum())
            row[name] = LABELS[place].split(":")[1]
        samples.append(base_score(row))
    loss = {value: float(np.abs(np.asarray(samples) - value).mean()) for value in np.arange(0, 10.1, 0.1)}
    mine = float(np.abs(np.asarray(samples) - facts["value"]).mean())
    assert mine <= min(loss.values()) + 0.03


@pytest.mark.shared_data
def test_scores_agree_with_the_published_ones(shared_data: Path) -> None:
    """Scores of the open CVE records that came with a 3.1 vector; sources that are wrong are few."""
    total = agreed = 0
    with zstandard.open(shared_data / "text" / "cve" / "cve_labelled.jsonl.zst", "rt", encoding="utf-8") as file:
        for line in file:
            record = json.loads(line)
            found = record.get("cvss3") or ""
            metrics = dict(each.split(":") for each in found.removeprefix("CVSS:3.1/").split("/") if ":" in each)
            if len(metrics) != 8 or record.get("score") is None:  # with temporal metrics the score is another
                continue
            total += 1
            agreed += abs(base_score(metrics) - float(record["score"])) < 0.05
    assert total > 10_000
    assert agreed / total > 0.997
