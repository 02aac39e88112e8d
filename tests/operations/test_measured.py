"""The measured claim on one scenario: few items, most steps, and most items true. With the shipped ranking.

The shipped ranking has seen this scenario; `docs/results/reduce.md` has the honest figure, leave one scenario out.
"""

from pathlib import Path

import pytest

from watchfloor.lab.measure_reduce import reduced
from watchfloor.lab.reduce_scenarios import members, scenario
from watchfloor.lab.reduce_scores import judged
from watchfloor.operations.ranking import bundled


@pytest.mark.shared_data
def test_one_scenario(shared_data: Path) -> None:
    data_folder = shared_data / "edr"
    member = next(name for name in members(data_folder) if "russellmitchell" in name)
    data = scenario(data_folder, member)
    floor, _ = reduced(data, bundled())
    found = judged(data, floor.ranked(), floor.books.fed)
    assert found["items_a_day"] <= 10
    assert found["reduction"] >= 100
    assert found["covered"] >= found["steps"] - 2
    assert found["precision"] >= 0.5
