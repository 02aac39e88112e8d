"""The space that tells kinds of text apart: what is somebody's is told from what is nobody's, over drawn vectors."""

import numpy as np
import pytest

from watchfloor.experts.domain import Domain
from watchfloor.lab.kinds import Kind, arrays, clusters_of

WIDTH = 24


def _means(seed: int) -> tuple[list[Kind], list[np.ndarray]]:
    """Six kinds around centres of their own, all spread far along the same axes, which say nothing of the kind."""
    draw = np.random.default_rng(seed)
    loud = draw.standard_normal((6, WIDTH)) * 2
    kinds, means = [], []
    for number in range(6):
        centre = draw.standard_normal(WIDTH) * 1.5
        means.append((centre + draw.standard_normal((90, 6)) @ loud + draw.standard_normal((90, WIDTH)) * 0.3).astype(
            np.float32))  # fmt: skip
        kinds.append(Kind(f"kind {number}", "mine" if number == 0 else "other" if number == 1 else "", [""] * 90))
    return kinds, means


def _domain(kind: np.ndarray, found: dict[str, np.ndarray]) -> Domain:
    return clusters_of((kind - found["centre"]) @ found["whiten"], 2)


@pytest.mark.parametrize("seed", range(5))
def test_evidence_tells_an_experts_texts_from_everybody_elses(seed: int) -> None:
    kinds, means = _means(seed)
    found = arrays(kinds, [each[:60] for each in means])
    nobodys = Domain(found["nobodys_centres"], found["nobodys_spreads"])
    mine, other = (_domain(means[number][:60], found) for number in (0, 1))
    held = [(each[60:] - found["centre"]) @ found["whiten"] for each in means]
    assert (mine.evidence(held[0], nobodys) > other.evidence(held[0], nobodys)).mean() > 0.95
    assert (other.evidence(held[1], nobodys) > mine.evidence(held[1], nobodys)).mean() > 0.95
    for foreign in held[2:]:
        assert (mine.evidence(foreign, nobodys) < 0).mean() > 0.95


def test_no_axis_blows_up_where_a_kind_has_few_texts() -> None:
    kinds, means = _means(0)
    found = arrays(kinds, [each[:20] for each in means])
    assert all(np.isfinite(each).all() for each in found.values())
    assert found["nobodys_spreads"].min() > 0
