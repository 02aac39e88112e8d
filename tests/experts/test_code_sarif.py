"""SARIF in and out: a log others can read, and another scanner's findings confirmed or put aside, never deleted."""

import json

import pytest

from watchfloor.base.errors import InputError
from watchfloor.experts.code import make_code, sarif


def finding(rule: str) -> dict[str, object]:
    place = {"artifactLocation": {"uri": "a.py"}, "region": {"startLine": 2}}
    return {"ruleId": rule, "message": {"text": ""}, "locations": [{"physicalLocation": place}]}


def test_our_findings_become_a_log() -> None:
    expert = make_code()
    read = expert.read("import os\nos.system(input())\n")
    log = sarif.written([("a b.py", read)], version=expert.version, chance=expert.chance)
    result = log["runs"][0]["results"][0]
    assert log["version"] == "2.1.0"
    assert result["ruleId"] == log["runs"][0]["tool"]["driver"]["rules"][result["ruleIndex"]]["id"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "a%20b.py"
    assert json.loads(json.dumps(log)) == log


def test_findings_are_confirmed_put_aside_or_left_alone() -> None:
    expert = make_code()
    texts = {"a.py": "import hashlib\nhashlib.sha256(b'x')\nimport random\nrandom.random()\n"}
    log = {"version": "2.1.0", "runs": [{"results": [finding("B324"), finding("B311"), finding("X1")]}]}
    judged = sarif.triage(log, lambda uri: expert.read(texts[uri]))
    assert dict(judged.counts) == {"aside": 1, "confirmed": 1, "unknown": 1}
    assert len(judged.log["runs"][0]["results"]) == 3
    assert judged.log["runs"][0]["results"][0]["suppressions"]


@pytest.mark.parametrize("data", [b"", b"{}", b"[" * 100_000, b'{"version":"2.1.0","runs":3}', b"\xff\xfe"])
def test_what_is_no_sarif_is_refused(data: bytes) -> None:
    with pytest.raises(InputError):
        sarif.read(data, "x")
