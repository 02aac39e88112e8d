"""A later recording of other hosts goes beside the kept one; nothing that was kept changes."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "range"))

import join

SHEET = """# Datasheet: {count} Linux hosts, kernel auditing

{minutes} minutes of hosts. Every event has its truth.

| file | what |
|---|---|
| `HOST` | a log |

## Figures

| host | suite | split | log |
|---|---|---|---|
{rows}

## How it was made

- By people.

## Limits

- {minutes} only.

## Rules

```
-a always
```
"""


def recording(folder: Path, hosts: dict[str, str], minutes: int) -> Path:
    told: dict[str, Any] = {"begin": minutes, "end": 2 * minutes, "hosts": sorted(hosts)}
    told["intrusions"] = [{"id": f"tale#0@{host}", "hosts": [host]} for host in hosts]
    folder.mkdir()
    words = ["zstd", "-q", "-o", str(folder / "storylines.json.zst")]
    subprocess.run(words, check=True, input=json.dumps(told).encode())
    rows = "\n".join(f"| {host} | {suite} | test | raw |" for host, suite in hosts.items())
    text = SHEET.format(count=len(hosts), minutes=minutes, rows=rows)
    (folder / "DATASHEET.md").write_text(text, encoding="utf-8")
    for host in hosts:
        (folder / host).mkdir()
        (folder / host / "DATASHEET.md").write_text(f"# {host}\n", encoding="utf-8")
    return folder


@pytest.fixture
def both(tmp_path: Path) -> tuple[Path, Path]:
    kept = recording(tmp_path / "kept", {"old-01": "bookworm", "old-02": "trixie"}, 62)
    return recording(tmp_path / "later", {"new-03": "trixie"}, 60), kept


def test_hosts_and_intrusions_of_both_are_told_and_those_kept_stay_as_they_were(both: tuple[Path, Path]) -> None:
    later, kept = both
    before = json.loads(join.stories_of(kept))
    join.join(later, kept)
    after = json.loads(join.stories_of(kept))
    assert after["hosts"] == ["new-03", "old-01", "old-02"]
    assert after["intrusions"][:2] == before["intrusions"]
    assert after["intrusions"][2]["id"] == "tale#0@new-03"
    assert (after["begin"], after["end"]) == (before["begin"], before["end"])
    assert after["later"] == [{"begin": 60, "end": 120, "hosts": ["new-03"]}]
    assert (kept / "new-03" / "DATASHEET.md").is_file()


def test_the_datasheet_names_every_host_and_says_which_came_later(both: tuple[Path, Path]) -> None:
    later, kept = both
    before = (kept / "DATASHEET.md").read_text(encoding="utf-8")
    join.join(later, kept)
    text = (kept / "DATASHEET.md").read_text(encoding="utf-8")
    assert text.startswith("# Datasheet: 3 Linux hosts, kernel auditing\n")
    first, mark, second = text.partition("# Recorded later\n")
    assert mark and before.partition("\n\n")[2].strip() in first
    assert "new-03 were recorded on their own" in first or "new-03 was recorded on its own" in first
    assert "60 minutes of hosts." in second and "| new-03 | trixie |" in second and "- 60 only." in second
    assert "By people" not in second and "-a always" not in second


def test_a_host_that_is_there_already_is_refused_and_nothing_is_written(both: tuple[Path, Path]) -> None:
    later, kept = both
    join.join(later, kept)
    before = {path: path.read_bytes() for path in sorted(kept.rglob("*")) if path.is_file()}
    with pytest.raises(ValueError, match="new-03"):
        join.join(later, kept)
    assert {path: path.read_bytes() for path in sorted(kept.rglob("*")) if path.is_file()} == before
