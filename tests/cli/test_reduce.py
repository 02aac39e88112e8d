"""``watchfloor reduce``: the command contract, feedback, checkpoints, and what it says when something is wrong."""

import csv
import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.operations.streams import HOUR, START, attack, background, numbered

from watchfloor.cli.main import main

AT = START + 80 * HOUR


@pytest.fixture(autouse=True)
def ranking(monkeypatch: pytest.MonkeyPatch) -> None:
    """A ranking of the tests' own, so that a newly learned one changes nothing here."""
    from tests.operations.streams import RANKING

    from watchfloor.cli import reduce_run

    monkeypatch.setattr(reduce_run, "bundled", lambda: RANKING)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "alerts.csv"
    path.write_text(text(numbered(background() + attack(AT))))
    return path


def text(alerts: list[Any]) -> str:
    """Alerts as a CSV whose lines are one more than theirs, for its header."""
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(["time", "name", "host", "ip", "event_label"])
    rows.writerows([one.time, one.name, one.host, one.entity, "secret"] for one in alerts)
    return out.getvalue()


def reduced(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> tuple[list[Any], dict[str, Any]]:
    """Lines before the summary, and the summary."""
    assert main(["reduce", *arguments, "--json", "-"]) == code
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return records[:-1], records[-1]


def test_the_lines_of_the_contract(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    incidents, summary = reduced(capsys, str(log))
    assert len(incidents) == 1
    one = incidents[0]
    assert {
        "type",
        "incident_id",
        "start",
        "end",
        "hosts",
        "alerts",
        "alert_ids",
        "priority",
        "story",
        "stages",
    } <= set(one)
    assert one["type"] == "incident"
    assert one["alerts"] == len(one["alert_ids"])
    rows = log.read_text().splitlines()
    shown = [rows[int(identity.removeprefix(f"{log}:")) - 1] for identity in one["alert_ids"]]
    assert sum("203.0.113.9" in row for row in shown) == 4
    assert summary["type"] == "summary"
    assert summary["alerts_in"] == len(rows) - 1
    assert summary["alerts_in"] == summary["alerts_in_incidents"] + sum(summary["put_aside"].values())
    assert summary["records_read"] == summary["alerts_in"]
    assert "secret" not in json.dumps([incidents, summary])


def test_words(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reduce", str(log), "--quiet"]) == 0
    assert capsys.readouterr().out == ""
    assert main(["reduce", str(log)]) == 0
    said = capsys.readouterr().out
    assert "1 to open" in said
    assert "put aside" in said


def test_two_files_are_put_in_time_order(tmp_path: Path, log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    alerts = numbered(background() + attack(AT))
    for place, name in enumerate(("a.csv", "b.csv")):
        (tmp_path / name).write_text(text(alerts[place::2]))
    expected, _ = reduced(capsys, str(log))
    found, summary = reduced(capsys, str(tmp_path / "b.csv"), str(tmp_path / "a.csv"))
    assert [one["alerts"] for one in found] == [one["alerts"] for one in expected]
    assert summary["late"] == 0


def test_bad_records_are_named_and_the_rest_is_done(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log.write_text(log.read_text() + "never,x,y,z,l\n")
    incidents, summary = reduced(capsys, str(log), str(log.parent / "none"), code=3)
    assert len(incidents) == 1
    assert summary["records_rejected"] == 1
    assert {one["why"] for one in summary["rejected"]} == {"no time that can be read", "no such file or folder"}


def test_going_on_from_a_checkpoint_is_as_never_having_stopped(
    tmp_path: Path, log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    expected, whole = reduced(capsys, str(log))
    rows = log.read_text().splitlines(keepends=True)
    state = str(tmp_path / "state")
    log.write_text("".join(rows[: int(len(rows) * 0.8)]))
    reduced(capsys, str(log), "--state", state)
    log.write_text("".join(rows))
    found, summary = reduced(capsys, str(log), "--state", state)
    assert found == expected
    assert summary["put_aside"] == whole["put_aside"]


def test_a_damaged_checkpoint_is_one_clear_line(tmp_path: Path, log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "floor.json").write_text('{"version": 1')
    assert main(["reduce", str(log), "--state", str(tmp_path)]) == 3
    assert "Move" in capsys.readouterr().err


def test_feedback_proposes_shows_and_is_undone(tmp_path: Path, log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plain, _ = reduced(capsys, str(log))
    said = tmp_path / "said.jsonl"
    said.write_text(
        json.dumps({"incident_id": plain[0]["incident_id"], "verdict": "false_positive", "reason": "a test"})
    )
    lines, _ = reduced(capsys, str(log), "--feedback", str(said))
    proposal = next(line for line in lines if line["type"] == "proposal")
    assert proposal["incidents_hidden"] == [plain[0]["incident_id"]]
    assert proposal["alerts_put_aside"] >= 4
    learned = next(line for line in lines if line["type"] == "learned")
    assert all(vote["logits"] < 0 for vote in learned["votes"])
    said.write_text("")
    assert reduced(capsys, str(log), "--feedback", str(said))[0][:1] == plain


def test_a_suppression_that_hides_what_was_true_is_refused(
    tmp_path: Path, log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plain, _ = reduced(capsys, str(log))
    said = tmp_path / "said.jsonl"
    names = {(one["name"], one["host"]) for one in plain[0]["evidence"]}
    verdicts: list[dict[str, Any]] = [
        {"incident_id": plain[0]["incident_id"], "verdict": "true_positive", "reason": "real"}
    ]
    verdicts += [
        {"alert": {"name": name, "host": host}, "verdict": "false_positive", "suppress": True, "reason": "noise"}
        for name, host in sorted(names)
    ]
    said.write_text("\n".join(map(json.dumps, verdicts)))
    assert main(["reduce", str(log), "--feedback", str(said), "--json", "-"]) == 4
    record = json.loads(capsys.readouterr().out)
    assert record["code"] == 4
    assert plain[0]["incident_id"] in record["message"]


class _Stdin:
    def __init__(self, data: str) -> None:
        self.buffer = io.BytesIO(data.encode())


def test_following_writes_incidents_as_they_open(
    log: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", _Stdin(log.read_text()))
    lines, summary = reduced(capsys, "-", "--follow")
    assert [line["status"] for line in lines] == ["open", "closed"]
    assert lines[0]["incident_id"] == lines[1]["incident_id"]
    assert summary["incidents"] == 1
    assert summary["alerts_in"] == summary["alerts_in_incidents"] + sum(summary["put_aside"].values())


def test_following_needs_standard_input(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reduce", str(log), "--follow", "--json", "-"]) == 2
    assert main(["reduce", "-", "--follow"]) == 2
    capsys.readouterr()
