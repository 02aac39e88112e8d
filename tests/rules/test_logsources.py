"""Log sources: the bundled tables are pySigma's and ours, and rules find the records they mean by them."""

import json
from pathlib import Path

import pytest

from watchfloor.lab.logsource_tables import OUT, build, main
from watchfloor.rules.logsources import Kind, LogSource, channel_of, readable, reads

SYSMON = "microsoft-windows-sysmon/operational"


def test_the_bundled_tables_are_what_pysigma_says_and_what_it_lacks() -> None:
    assert json.loads(OUT.read_text(encoding="utf-8")) == build(), (
        "out of date: run python -m watchfloor.lab.logsource_tables"
    )


def test_the_command_writes_the_bundled_file_as_it_stands(tmp_path: Path) -> None:
    main([str(tmp_path / "tables.json")])
    assert (tmp_path / "tables.json").read_bytes() == OUT.read_bytes()


@pytest.mark.parametrize(
    ("source", "kind", "read"),
    [
        (LogSource("windows", "process_creation"), Kind("windows", SYSMON, 1), True),
        (LogSource("windows", "process_creation"), Kind("windows", SYSMON, 3), False),
        (LogSource("windows", "process_creation"), Kind("linux", "linux-sysmon/operational", 1), False),
        (LogSource("linux", "process_creation"), Kind("linux", "linux-sysmon/operational", 1), True),
        (LogSource("windows", "file_delete"), Kind("windows", SYSMON, 23), True),
        (LogSource("windows", "file_delete"), Kind("windows", SYSMON, 26), True),
        (LogSource("windows", "", "security"), Kind("windows", "security", 4688), True),
        (LogSource("windows", "", "security"), Kind("windows", "system", 7045), False),
        (LogSource("windows", "", "ntfs"), Kind("windows", "microsoft-windows-ntfs/operational", 98), True),
        (LogSource("windows", "ps_script"), Kind("windows", "microsoft-windows-powershell/operational", 4104), True),
        (LogSource("windows", "ps_script"), Kind("windows", "microsoft-windows-powershell/operational", 4103), False),
        (LogSource("linux", "", "auditd"), Kind("linux", "auditd"), True),
        (LogSource("windows", "process_creation"), Kind("windows", category="process_creation"), True),
        (LogSource("windows"), Kind("windows", "anything", 9), True),
        (LogSource(), Kind("windows", "security", 4688), False),
    ],
)
def test_a_rule_reads_the_records_its_log_source_means(source: LogSource, kind: Kind, read: bool) -> None:
    assert reads(source, kind) is read


def test_rules_for_logs_that_no_input_holds_are_told_apart() -> None:
    assert readable(LogSource("windows", "process_creation"))
    assert readable(LogSource("windows", "", "ldap"))
    assert not readable(LogSource("aws", "", "cloudtrail"))
    assert not readable(LogSource("windows", "", "no-such-service"))
    assert not readable(LogSource("", "webserver"))


def test_a_provider_stands_for_its_channel_where_the_exporter_left_that_out() -> None:
    assert channel_of("Microsoft-Windows-Sysmon") == SYSMON
    assert channel_of("Security") == "security"
    assert channel_of(None) == ""
