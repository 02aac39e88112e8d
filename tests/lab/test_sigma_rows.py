"""A staged rule shows what the rule looks for, under the right action and technique."""

import io
import zipfile
from pathlib import Path

from watchfloor.lab.sigma_rows import MOST, sigma_rows

RULE = """
title: Staged
level: high
tags: [attack.execution, attack.t1059.001]
logsource: {product: windows, category: process_creation}
detection:
  tool:
    Image|endswith: ['\\\\powershell.exe', '\\\\pwsh.exe']
  words:
    CommandLine|contains|all: ['-enc', 'hidden']
  filter_main:
    ParentImage|endswith: '\\\\good.exe'
  condition: tool and words and not filter_main
"""


def _archive(path: Path, *rules: str) -> Path:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for number, rule in enumerate(rules):
            archive.writestr(f"rules/{number}.yml", rule)
    path.write_bytes(buffer.getvalue())
    return path


def test_selections_become_launches_and_filters_do_not(tmp_path: Path) -> None:
    ((facts, rows),) = list(sigma_rows(_archive(tmp_path / "r.zip", RULE)))
    assert facts["techniques"] == ["T1059.001"]
    assert {r["process.file.path"] for r in rows} == {
        "C:\\Windows\\System32\\powershell.exe",
        "C:\\Windows\\System32\\pwsh.exe",
    }
    assert all(r["action"] == "process.launch" and r["process.cmd_line"] == "-enc hidden" for r in rows)
    assert not any("good.exe" in str(r) for r in rows)
    assert len(rows) <= MOST


def test_rules_of_low_level_other_products_or_no_fields_are_left_out(tmp_path: Path) -> None:
    others = (RULE.replace("high", "low"), RULE.replace("windows", "aws"), "title: nothing\nlevel: high\n", "[]")
    assert list(sigma_rows(_archive(tmp_path / "r.zip", *others))) == []
