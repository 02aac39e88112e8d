"""Reading alerts: each product's shape, hostile input, and the count of records."""

import gzip
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from watchfloor.base.errors import InputError, UsageError
from watchfloor.base.settings import Settings
from watchfloor.operations.alert_columns import mapping_from
from watchfloor.operations.alert_reader import AlertReader
from watchfloor.operations.alert_records import alert_of, seconds
from watchfloor.operations.alerts import Alert

CSV = "time,name,ip,host,short,time_label,event_label\n"
ROW = "1642552682,Wazuh: ClamAV database update,10.0.0.1,mail,W,false_positive,-\n"
EVE = {
    "timestamp": "2022-01-19T00:38:02.5+0000", "event_type": "alert", "src_ip": "203.0.113.9", "dest_ip": "10.0.0.5",
    "host": "sensor", "alert": {"signature": "ET SCAN Nmap", "severity": 1},
}  # fmt: skip
WAZUH = {
    "timestamp": "2022-01-19T00:38:02.5+0000",
    "rule": {"level": 12, "description": "Brute force", "mitre": {"id": ["T1110"]}},
    "agent": {"name": "web"}, "data": {"srcip": "203.0.113.9"},
}  # fmt: skip
OCSF = {
    "class_uid": 2004, "time": 1642552682500, "severity_id": 5, "finding_info": {"title": "Web shell"},
    "device": {"hostname": "web"}, "attacks": [{"tactic": {"uid": "TA0003"}}],
}  # fmt: skip
MATCH = {
    "type": "match", "rule_id": "x", "title": "LSASS dump", "level": "high", "host": "ws1",
    "time": "2022-01-19T00:38:02.500000Z", "techniques": ["T1003.001"], "tactics": [],
}  # fmt: skip
SCENE = {
    "type": "scene", "host": "ws1", "verdict": "malicious", "start": "2022-01-19T00:38:02.500000Z",
    "root_process": {"image": "C:\\tmp\\odd.exe"}, "tactics": [{"id": "TA0002", "score": 0.9}],
}  # fmt: skip
AMINER = {
    "AnalysisComponent": {"AnalysisComponentName": "New event type.", "Message": "m"}, "AMiner": {"ID": "10.0.0.5"},
    "LogData": {"Timestamps": [1642552682.5]},
}  # fmt: skip


def read(*paths: Path, **options: Any) -> tuple[list[Alert], AlertReader]:
    reader = AlertReader([str(path) for path in paths], Settings(max_line_bytes=4096), **options)
    return [alert for _, alert in reader.alerts()], reader


@pytest.mark.parametrize(
    ("record", "name", "host", "severity"),
    [
        (EVE, "Suricata: Alert - ET SCAN Nmap", "10.0.0.5", 3),
        (WAZUH, "Wazuh: Brute force", "web", 3),
        ({"_source": WAZUH}, "Wazuh: Brute force", "web", 3),
        (OCSF, "Web shell", "web", 4),
        (MATCH, "LSASS dump", "ws1", 3),
        (SCENE, "Watchfloor: malicious scene of odd.exe", "ws1", 4),
        (AMINER, "AMiner: New event type.", "10.0.0.5", 0),
    ],
)
def test_each_product(record: dict[str, Any], name: str, host: str, severity: int) -> None:
    found = alert_of(record, 7)
    assert isinstance(found, Alert)
    assert (found.name, found.host, found.severity, found.line) == (name, host, severity, 7)
    assert found.time == 1642552682.5


def test_tactics_come_from_tactics_or_techniques() -> None:
    assert alert_of(WAZUH, 1).tactics == ("TA0006",)  # type: ignore[union-attr]
    assert alert_of(OCSF, 1).tactics == ("TA0003",)  # type: ignore[union-attr]


def test_csv_by_its_usual_header_and_labels_unread(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(CSV + ROW + ROW)
    alerts, reader = read(path)
    assert [alert.line for alert in alerts] == [2, 3]
    assert alerts[0] == Alert(1642552682.0, "Wazuh: ClamAV database update", "mail", 2, "10.0.0.1")
    other = tmp_path / "b.csv"
    other.write_text(CSV + ROW.replace("false_positive,-", "dirb,dirb") * 2)
    assert read(other)[0] == alerts
    assert reader.account.kept == 2


def test_csv_with_a_mapping(tmp_path: Path) -> None:
    mapping = tmp_path / "map.json"
    mapping.write_text(json.dumps({"time": "when", "name": "what", "host": "where", "severity": "how"}))
    path = tmp_path / "a.txt"
    path.write_text('when;what;where;how\n2022-01-19 00:38:02;"a; b";web;High\n')
    alerts, _ = read(path, mapping=mapping_from(str(mapping)))
    assert alerts == [Alert(1642552682.0, "a; b", "web", 2, "", 3)]


def test_a_mapping_that_makes_no_sense_is_told(tmp_path: Path) -> None:
    path = tmp_path / "map.json"
    for text in ("{", "[]", '{"time": "t"}', '{"time": "t", "name": "n", "label": "l"}', '{"time": 1, "name": "n"}'):
        path.write_text(text)
        with pytest.raises(UsageError):
            mapping_from(str(path))
    with pytest.raises(InputError):
        mapping_from(str(tmp_path / "none"))


def test_every_bad_record_is_rejected_by_place_and_costs_only_itself(tmp_path: Path) -> None:
    lines = [
        json.dumps(EVE), "{broken", "[1]", '"text"', json.dumps(EVE | {"event_type": "flow"}), "",
        json.dumps(EVE | {"timestamp": "yesterday"}), json.dumps(EVE | {"alert": {"signature": 5}}),
        json.dumps(EVE | {"pad": "x" * 9000}), json.dumps({"a": 1}), '{"time": NaN}', json.dumps(WAZUH | {"rule": []}),
        json.dumps(WAZUH),
    ]  # fmt: skip
    path = tmp_path / "a.json"
    path.write_bytes("\n".join(lines).encode() + b'\n{"event_type": "\xff\xfe"}')
    alerts, reader = read(path)
    assert [alert.line for alert in alerts] == [1, 13]
    assert reader.passed == {"EVE flow record": 1}
    where = {one.where for one in reader.account.rejections}
    assert where == {"2", "3", "4", "7", "8", "9", "10", "11", "12", "14"}
    assert reader.account.records_read + 1 == 13


def test_bad_csv_rows(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    rows = ["1642552682,only,three", "never,name,1,h,s,l,e", "1642552682,,1,h,s,l,e", '1642552682,"open,1,h,s,l,e']
    spanning = '1642552682,"two\nlines",1,h,s,l,e\n'
    path.write_text(CSV + spanning + "\n".join(rows) + "\n" + ROW)
    alerts, reader = read(path)
    assert [(alert.name, alert.line) for alert in alerts] == [
        ("two lines", 2),
        ("Wazuh: ClamAV database update", 8),
    ]
    assert [one.where for one in reader.account.rejections] == ["4", "5", "6", "7"]


def test_packed_inputs_and_what_is_no_alerts_at_all(tmp_path: Path) -> None:
    (tmp_path / "a.gz").write_bytes(gzip.compress((CSV + ROW).encode()))
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr("in/c.csv", CSV + ROW)
    (tmp_path / "c.json").write_text(json.dumps([EVE, WAZUH, 5]))
    (tmp_path / "d").write_bytes(bytes(range(256)) * 40)
    (tmp_path / "e").write_text("no header here")
    (tmp_path / "f").write_text("")
    (tmp_path / "g.csv").write_text("a,b\n1,2\n")
    (tmp_path / "h.gz").write_bytes(gzip.compress((CSV + ROW * 500).encode())[:60])
    alerts, reader = read(tmp_path)
    assert len(alerts) >= 4
    refused = {Path(one.source.split("::")[0]).name for one in reader.account.rejections}
    assert refused == {"c.json", "d", "e", "f", "g.csv", "h.gz"}
    assert any(name.endswith("b.zip::in/c.csv") for name in reader.sources)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1642552682, 1642552682.0), ("1642552682", 1642552682.0), (1642552682500, 1642552682.5),
        ("2022-01-19T00:38:02Z", 1642552682.0), ("2022-01-19T01:38:02+01:00", 1642552682.0), ("", None), (True, None),
        (None, None), (float("nan"), None), ("inf", None), (-1, None), ("9" * 400, None), ("0001-01-01", None),
    ],
)  # fmt: skip
def test_times(value: Any, expected: float | None) -> None:
    assert seconds(value) == expected


def test_lines_an_earlier_run_saw_are_skipped(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(CSV + ROW)
    _, reader = read(path)
    path.write_text(CSV + ROW * 3)
    alerts, again = read(path, sources=reader.sources, done=reader.done)
    assert [alert.line for alert in alerts] == [3, 4]
    assert again.done == {str(path): 4}
