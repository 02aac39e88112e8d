"""What the bundled pack finds, held to floors: on letters that nothing learns from, and on data that it learned from.

How good it is on templates it has never seen cannot be measured with the pack that ships, which has seen them all:
docs/results/sensitive.md gives the figures of its twins, by ``sensitive_measure --folds 5``.
"""

import re
from pathlib import Path
from typing import Final

import pytest

from watchfloor.experts.sensitive import BUNDLED
from watchfloor.experts.sensitive.expert import Sensitive
from watchfloor.experts.sensitive.spans import Span
from watchfloor.lab.sensitive_data import Tagged, presidio
from watchfloor.lab.sensitive_folds import dealt
from watchfloor.lab.sensitive_measure import secrets_measured
from watchfloor.lab.sensitive_scores import measured

#: Texts written for this test alone.
LETTERS: Final = Path(__file__).parent / "sensitive_letters.txt"
MARK: Final = re.compile(r"\{([A-Z_]+)\|([^}]*)\}")
#: F1 by overlap and exactly, cut to two digits.
FLOORS: Final = {
    "letters": (0.88, 0.86),
    "learned": (0.98, 0.97),
}
SECRETS: Final = {"recall": 0.95, "precision": 0.94}


@pytest.fixture(scope="module")
def expert() -> Sensitive:
    return Sensitive(BUNDLED)


def letters() -> list[Tagged]:
    """The letters with their true spans."""
    found = []
    lines = [each for each in LETTERS.read_text("utf-8").splitlines() if each and not each.startswith("#")]
    for number, line in enumerate(lines):
        text, spans, start = "", [], 0
        marked = line.replace("\\n", "\n")
        for hit in MARK.finditer(marked):
            text += marked[start : hit.start()]
            spans.append(Span(len(text), len(text) + len(hit[2]), hit[1], 1.0))
            text, start = text + hit[2], hit.end()
        found.append(Tagged(text + marked[start:], tuple(spans), f"letter-{number}", "letters"))
    return found


def test_letters_that_nothing_learned_from(expert: Sensitive) -> None:
    written = letters()
    found = measured(written, expert.spans([each.text for each in written]))
    overlap, strict = FLOORS["letters"]
    assert found["overlap"] >= overlap
    assert found["strict"] >= strict


@pytest.mark.shared_data
@pytest.mark.timeout(120)
def test_it_still_knows_the_texts_that_it_learned_from(expert: Sensitive, shared_data: Path) -> None:
    """Not how good it is: that weights, features and lists belong together."""
    seen = [each for each in presidio(shared_data) if each.part == "test"]
    found = measured(seen, expert.spans([each.text for each in seen]))
    overlap, strict = FLOORS["learned"]
    assert found["overlap"] >= overlap
    assert found["strict"] >= strict


@pytest.mark.shared_data
@pytest.mark.timeout(120)
def test_secrets_of_all_rules(expert: Sensitive, shared_data: Path) -> None:
    every = secrets_measured(expert, shared_data, ("train", "dev", "test"), disputed=False)
    assert every["recall"] >= SECRETS["recall"]
    assert every["precision"] >= SECRETS["precision"]


def test_folds_share_nothing_and_leave_nothing_out() -> None:
    names = [f"family-{number % 23}" for number in range(200)]
    folds = dealt(names, 5)
    assert sorted(name for fold in folds for name in fold) == sorted(set(names))
    assert max(map(len, folds)) - min(map(len, folds)) <= 1


def test_the_pack_is_small() -> None:
    assert sum(each.stat().st_size for each in BUNDLED.iterdir()) < 640_000
