"""The figures that docs/results/sensitive.md claims, measured again on the data."""

from pathlib import Path
from typing import Final

import pytest

from watchfloor.experts.sensitive import BUNDLED
from watchfloor.experts.sensitive.expert import Sensitive
from watchfloor.lab.sensitive_data import presidio
from watchfloor.lab.sensitive_measure import measured, secrets_measured

#: What was reached on the test part, cut to two digits. The goals were 0.90 (overlap), 0.95 (recall of secrets) and
#: 0.90 (their precision): the first two were missed.
CLAIMED: Final = {"overlap": 0.83, "strict": 0.63, "recall": 0.94, "precision": 0.93}
#: The same of Nosey Parker's rules of the test part alone, which no rule or weight was learned from.
CLAIMED_UNSEEN: Final = {"recall": 0.71, "precision": 0.92}


@pytest.fixture(scope="module")
def expert() -> Sensitive:
    return Sensitive(BUNDLED)


@pytest.mark.shared_data
@pytest.mark.timeout(120)
def test_spans_of_unseen_templates(expert: Sensitive, shared_data: Path) -> None:
    unseen = [each for each in presidio(shared_data) if each.part == "test"]
    spans = measured(unseen, expert.spans([each.text for each in unseen]))
    assert spans["overlap"] >= CLAIMED["overlap"]
    assert spans["strict"] >= CLAIMED["strict"]


@pytest.mark.shared_data
@pytest.mark.timeout(120)
def test_secrets(expert: Sensitive, shared_data: Path) -> None:
    every = secrets_measured(expert, shared_data, ("train", "dev", "test"), disputed=False)
    assert every["recall"] >= CLAIMED["recall"]
    assert every["precision"] >= CLAIMED["precision"]
    unseen = secrets_measured(expert, shared_data, ("test",), disputed=False)
    assert unseen["recall"] >= CLAIMED_UNSEEN["recall"]
    assert unseen["precision"] >= CLAIMED_UNSEEN["precision"]


def test_the_pack_is_small() -> None:
    assert sum(each.stat().st_size for each in BUNDLED.iterdir()) < 600_000
