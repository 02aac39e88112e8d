"""Rules written for Sysmon read logs that have none: which Event becomes which record of Sigma's taxonomy."""

import csv
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.intake.test_macos import elastic
from tests.intake.test_tables import RAW_PROCESS
from tests.rules.events import compiled, written
from tests.rules.shipped_samples import audit, launch
from watchfloor.base.settings import Settings
from watchfloor.intake.reader import Reader
from watchfloor.rules.hunting import Hunt

ALONE = Settings(workers=1)


def rule(product: str, category: str, detection: Mapping[str, Any], title: str = "Rule") -> dict[str, Any]:
    """One rule of one selection, all of whose fields must hold."""
    source = {"product": product, "category": category} if product else {"category": category}
    return {"title": title, "logsource": source, "detection": {"s": dict(detection), "condition": "s"}}


def fired(rules: Iterable[Mapping[str, Any]], *paths: Path) -> list[str]:
    """Titles of the rules that hold, one an event."""
    ruleset = compiled(*rules)
    assert ruleset.faults == ()
    reader = Reader([str(path) for path in paths], ALONE)
    titles = [finding.title for finding in Hunt(ruleset).over(reader.batches(), ALONE)]
    assert not reader.account.rejections
    return titles


def log(tmp_path: Path, *lines: str, name: str = "audit.log") -> Path:
    path = tmp_path / name
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    return path


def security(**fields: Any) -> dict[str, Any]:
    return {"Channel": "Security", "SubjectUserName": "ann", "SubjectDomainName": "LAB", **fields}


def test_a_launch_of_the_security_log(tmp_path: Path) -> None:
    path = written(
        tmp_path / "security.json",
        [
            security(
                EventID=4688,
                NewProcessId="0x1f4",
                NewProcessName="C:\\Windows\\System32\\whoami.exe",
                ProcessId="0x190",
                ParentProcessName="C:\\Windows\\System32\\cmd.exe",
                CommandLine="whoami /all",
            )
        ],
    )
    asked = {
        "Image|endswith": "\\whoami.exe",
        "ParentImage|endswith": "\\cmd.exe",
        "CommandLine|contains": "/ALL",
        "ProcessId": 500,
        "User|endswith": "ann",
        "Computer|startswith": "ws1",
    }
    assert fired([rule("windows", "process_creation", asked)], path) == ["Rule"]
    assert fired([rule("linux", "process_creation", asked)], path) == []
    native = {
        "title": "By its own names",
        "logsource": {"product": "windows", "service": "security"},
        "detection": {"s": {"EventID": 4688, "NewProcessName|endswith": "\\whoami.exe"}, "condition": "s"},
    }
    assert fired([native], path) == ["By its own names"]


def test_a_sysmon_launch_is_one_match_not_two(tmp_path: Path) -> None:
    """The record is a process creation itself; none is put together from the Event beside it."""
    path = written(tmp_path / "sysmon.json", [{"Image": "C:\\a.exe", "CommandLine": "a", "ProcessId": "7"}])
    assert fired([rule("windows", "process_creation", {"Image|endswith": "a.exe"})], path) == ["Rule"]


def test_a_parent_is_named_across_files_of_a_linux_log(tmp_path: Path) -> None:
    """The parent's launch stands in another file, and that file is read later."""
    child = log(tmp_path, *launch(11, "/usr/bin/id", "id", pid=600, ppid=500, second=5), name="a.log")
    parent = log(tmp_path, *launch(10, "/usr/sbin/nginx", "nginx", "-g", "x y", pid=500), name="b.log")
    asked = {"Image": "/usr/bin/id", "ParentImage": "/usr/sbin/nginx", "ParentCommandLine|contains": "x y"}
    assert fired([rule("linux", "process_creation", asked)], child, parent) == ["Rule"]
    assert fired([rule("linux", "process_creation", asked)], child) == []


def test_a_fork_is_no_process_creation(tmp_path: Path) -> None:
    """The child of a fork has its parent's image, and a rule for that image would fire twice."""
    fork = audit(
        "SYSCALL",
        12,
        "arch=c000003e syscall=57 success=yes exit=601 a0=0 a1=0 a2=0 a3=0 items=0 ppid=400 pid=500 auid=1000 uid=0"
        ' gid=0 euid=0 tty=pts0 ses=3 comm="id" exe="/usr/bin/id" key=(null)\x1dSYSCALL=fork UID="root"',
        second=9,
    )
    path = log(tmp_path, *launch(11, "/usr/bin/id", "id"), fork)
    batch = next(iter(Reader([str(path)], ALONE).batches()))
    assert batch.column("action").to_pylist() == ["process.launch", "process.launch"]
    assert fired([rule("linux", "process_creation", {"Image|endswith": "/id"})], path) == ["Rule"]


def test_audit_lines_are_read_one_by_one_under_their_own_names(tmp_path: Path) -> None:
    path = log(tmp_path, *launch(11, "/usr/bin/chmod", "chmod", "u+s", "/tmp/x y"))
    native = {
        "title": "Audit",
        "logsource": {"product": "linux", "service": "auditd"},
        "detection": {"s": {"type": "EXECVE", "a0": "chmod", "a2|endswith": "x y"}, "condition": "s"},
    }
    call = {**native, "title": "Call", "detection": {"s": {"type": "SYSCALL", "SYSCALL": "execve"}, "condition": "s"}}
    mixed = {**native, "title": "Mixed", "detection": {"s": {"type": "CWD", "a0": "chmod"}, "condition": "s"}}
    assert sorted(fired([native, call, mixed], path)) == ["Audit", "Call"]


def test_a_defender_table(tmp_path: Path) -> None:
    path = tmp_path / "DeviceProcessEvents.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(RAW_PROCESS))
        writer.writeheader()
        writer.writerow(RAW_PROCESS)
    asked = {
        "Image|endswith": "\\cmd.exe",
        "ParentImage|endswith": "\\mshta.exe",
        "ParentCommandLine": "mshta x",
        "IntegrityLevel": "Medium",
        "Hashes|contains": "SHA256=B99D",
        "User": "CORP\\ann",
    }
    assert fired([rule("windows", "process_creation", asked)], path) == ["Rule"]


@pytest.mark.parametrize("product", ["macos", "linux", "windows"])
def test_an_elastic_document_of_each_system(product: str, tmp_path: Path) -> None:
    document = elastic("process", "exec", os=product, type=["start"])
    path = log(tmp_path, json.dumps(document), name="elastic.json")
    asked = {"Image": "/usr/sbin/dsenableroot", "ParentImage|endswith": "/zsh", "CommandLine|contains": "-u eve"}
    others = {"macos", "linux", "windows"} - {product}
    rules = [rule(name, "process_creation", asked, name) for name in (product, *sorted(others))]
    assert fired([*rules, rule("", "process_creation", asked, "any")], path) == [product, "any"]


def test_an_elastic_fork_is_no_process_creation(tmp_path: Path) -> None:
    path = log(tmp_path, json.dumps(elastic("process", "fork", type=["start"])), name="elastic.json")
    assert fired([rule("macos", "process_creation", {"Image|contains": "a"})], path) == []


def test_files_connections_and_lookups_of_other_logs(tmp_path: Path) -> None:
    documents = [
        elastic("file", "creation", file={"path": "/Library/LaunchAgents/x.plist"}),
        elastic("network", "connection_attempted", destination={"ip": "10.0.0.1", "port": 443}),
        elastic("network", "lookup_requested", dns={"question": {"name": "evil.example"}}),
    ]
    path = log(tmp_path, *map(json.dumps, documents), name="elastic.json")
    asked: dict[str, dict[str, Any]] = {
        "file_event": {"TargetFilename|contains": "/LaunchAgents/", "Image|endswith": "/dsenableroot"},
        "network_connection": {"DestinationIp|cidr": "10.0.0.0/8", "DestinationPort": 443, "Initiated": "true"},
        "dns_query": {"QueryName|endswith": ".example"},
    }
    rules = [rule("macos", category, detection, category) for category, detection in asked.items()]
    assert sorted(fired(rules, path)) == sorted(asked)


def test_a_registry_value_of_the_security_log(tmp_path: Path) -> None:
    path = written(
        tmp_path / "security.json",
        [
            security(
                EventID=4657,
                ObjectName="\\REGISTRY\\USER\\S-1-5-21\\Software\\Microsoft\\Windows\\CurrentVersion\\Run",
                ObjectValueName="updater",
                NewValue="C:\\Users\\Public\\a.exe",
                ProcessName="C:\\Windows\\regedit.exe",
                ProcessId="0x10",
            )
        ],
    )
    asked = {
        "TargetObject|endswith": "\\CurrentVersion\\Run\\updater",
        "Details|contains": "\\Users\\Public\\",
        "EventType": "SetValue",
        "Image|endswith": "\\regedit.exe",
    }
    rules = [rule("windows", name, asked, name) for name in ("registry_set", "file_event")]
    assert fired(rules, path) == ["registry_set"]


def test_a_file_written_on_linux(tmp_path: Path) -> None:
    from tests.rules.shipped_samples import written as touched

    path = log(tmp_path, *touched(20, "/usr/bin/tee", "/etc/cron.d/x"))
    asked = {"TargetFilename": "/etc/cron.d/x", "Image": "/usr/bin/tee"}
    assert fired([rule("linux", "file_event", asked)], path) == ["Rule"]


def test_a_rule_for_a_log_nobody_reads_is_counted_and_breaks_nothing(tmp_path: Path) -> None:
    cloud = {**rule("aws", "x", {"eventName": "a"}, "Cloud"), "logsource": {"product": "aws", "service": "cloudtrail"}}
    ruleset = compiled(cloud, rule("windows", "process_creation", {"Image|endswith": "a.exe"}))
    assert ruleset.unreadable() == 1
    path = written(tmp_path / "sysmon.json", [{"Image": "C:\\a.exe", "eventName": "a"}])
    found = list(Hunt(ruleset).over(Reader([str(path)], ALONE).batches(), ALONE))
    assert [finding.title for finding in found] == ["Rule"]
