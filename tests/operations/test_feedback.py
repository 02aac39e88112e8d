"""Feedback: parsing, re-ranking, and what is refused."""

import json
from pathlib import Path

import pytest

from tests.operations.streams import HOUR, START, attack, background, fed, numbered
from tests.operations.streams import RANKING as OPENS
from watchfloor.base.errors import InputError, UsageError
from watchfloor.operations.feedback import FALSE, TRUE, Verdict, evidence_of, hides, learn, read
from watchfloor.operations.floor import Floor

ALERTS = numbered(background() + attack(START + 80 * HOUR))


def test_a_false_positive_lowers_what_looks_like_it() -> None:
    _, before = fed(ALERTS)
    known = {before[0].incident_id: evidence_of(before[0])}
    learned = learn([Verdict(1, FALSE, "test", False, before[0].incident_id)], known)
    floor = Floor(OPENS, adjust=learned.adjust)
    for alert in ALERTS:
        floor.feed(alert, 0)
    after = floor.finish()
    assert not after or after[0].priority < before[0].priority
    assert learned.shown()[0]["false"] == 1


def test_a_suppression_takes_alerts_out_and_counts_them() -> None:
    learned = learn([Verdict(1, FALSE, "ours", True, selector=("ET SCAN Nmap", ""))], {})
    floor = Floor(OPENS, suppressed=learned.suppressed)
    for alert in ALERTS:
        floor.feed(alert, 0)
    found = floor.finish()
    assert all(member.name != "ET SCAN Nmap" for one in found for member in one.members)
    assert floor.books.aside["suppressed by feedback"] == 1


def test_hiding_means_that_nothing_is_left() -> None:
    evidence = frozenset([("a", "h"), ("b", "h")])
    assert not hides([("a", "h")], evidence)
    assert hides([("a", ""), ("b", "h")], evidence)
    assert not hides([("a", "")], frozenset())


def test_the_file(tmp_path: Path) -> None:
    path = tmp_path / "f.jsonl"
    path.write_text(
        "# said on Monday\n\n"
        + json.dumps({"incident_id": "inc-1", "verdict": "TP", "reason": "real"})
        + "\n"
        + json.dumps({"alert": {"name": "n", "host": "*"}, "verdict": "false_positive", "suppress": True})
    )
    first, second = read(str(path))
    assert (first.verdict, first.line, first.reason) == (TRUE, 3, "real")
    assert (second.selector, second.suppress) == (("n", ""), True)


@pytest.mark.parametrize(
    "line",
    [
        "{", "[]", "{}", '{"verdict": "maybe", "incident_id": "i"}', '{"verdict": "tp"}',
        '{"verdict": "fp", "incident_id": "i", "alert": {"name": "n"}}', '{"verdict": "fp", "alert": {"name": 1}}',
        '{"verdict": "tp", "incident_id": "i", "suppress": true}',
    ],
)  # fmt: skip
def test_a_line_that_makes_no_sense_is_told_by_number(line: str, tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_text(line)
    with pytest.raises(UsageError, match="line 1"):
        read(str(path))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        read(str(tmp_path / "none"))
