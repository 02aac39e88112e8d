"""Hunting over stored history: the event lake gives exactly what the files gave."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
import zstandard

from tests.rules.events import written
from tests.rules.shipped_samples import LINUX, WINDOWS
from watchfloor.base.settings import Settings
from watchfloor.cli.main import main
from watchfloor.intake.reader import Reader
from watchfloor.rules.shipped import OWN_RULES
from watchfloor.store.lake import Lake

RECORDING = OWN_RULES.parent / "recording" / "linux-host.audit.log.zst"

#: Its lines with most of the intrusion; an event begins at the first.
INTRUSION = (64_001, 87_000)

#: Small recordings in which shipped rules match.
RECORDINGS = 12

CHILD_OF_NGINX = """
title: Child of a web server
id: 6a0b1c7e-52a5-4a7e-8d8a-1f9d1d5a0d01
logsource: {product: linux, category: process_creation}
detection: {s: {Image|endswith: /id, ParentImage|endswith: /nginx}, condition: s}
"""
TWO_LAUNCHES = """
title: Launch
id: 6a0b1c7e-52a5-4a7e-8d8a-1f9d1d5a0d02
logsource: {product: windows, category: process_creation}
detection: {s: {Image|endswith: .exe}, condition: s}
---
title: Two launches
correlation:
  type: event_count
  rules: [6a0b1c7e-52a5-4a7e-8d8a-1f9d1d5a0d02]
  group-by: [Computer]
  timespan: 1h
  condition: {gte: 2}
"""
START = 1_772_400_000

Matches = Counter[tuple[str, tuple[str, ...]]]


def launch(serial: int, pid: int, parent: int, image: str, at: int = 0) -> str:
    head = f"msg=audit({START + at}.000:{serial}): "
    return (
        f"type=SYSCALL {head}arch=c000003e syscall=59 success=yes exit=0 a0=0 a1=0 a2=0 a3=0 items=1 ppid={parent} "
        f'pid={pid} auid=1000 uid=33 gid=33 euid=33 tty=(none) ses=4 comm="x" exe="{image}" key=(null)\n'
        f'type=EXECVE {head}argc=1 a0="{image}"\n'
        f"type=PROCTITLE {head}proctitle={image.encode().hex().upper()}\n"
    )


def since(at: int) -> str:
    return datetime.fromtimestamp(START + at, UTC).isoformat()


@contextmanager
def environment(cache: Path) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WATCHFLOOR_CACHE_DIR", str(cache))
        patch.setenv("WATCHFLOOR_WORKERS", "1")
        yield


def run(out: Path, *arguments: str) -> list[dict[str, Any]]:
    """The lines of one run of ``rules match`` with the shipped rules, the summary last."""
    with environment(out / "cache"):
        target = out / "out.jsonl"
        assert main(["rules", "match", *arguments, "--rules", "own", "--quiet", "--json", str(target)]) == 0
        return [json.loads(line) for line in target.read_text().splitlines()]


def multiset(lines: list[dict[str, Any]]) -> Matches:
    return Counter((line["rule_id"], tuple(line["event_ids"])) for line in lines if line["type"] == "match")


def lake_of(folder: Path, *sources: str) -> str:
    Lake.create(folder).add(Reader(list(sources), Settings(workers=1)).batches())
    return str(folder)


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Made-up logs of both systems in which every kind of shipped rule matches."""
    folder = tmp_path_factory.mktemp("logs")
    paths = []
    for name, chosen in (("linux", LINUX), ("windows", WINDOWS)):
        for n, sample in enumerate(chosen):
            path = folder / f"{name}-{n}.log"
            path.write_text("\n".join(sample.attack) + "\n", encoding="utf-8")
            paths.append(str(path))
    return paths


def test_made_up_logs_of_both_systems(samples: list[str], tmp_path: Path) -> None:
    over_files = run(tmp_path, *samples)
    over_lake = run(tmp_path, lake_of(tmp_path / "lake", *samples))
    assert multiset(over_lake) == multiset(over_files)
    assert len({line["rule_id"] for line in over_lake[:-1]}) > 20
    for name in ("matches", "rules_loaded", "events_kept"):
        assert over_lake[-1][name] == over_files[-1][name]
    key = ("rule_id", "event_ids", "host", "time", "techniques", "level")
    facts = [sorted(json.dumps([line[k] for k in key]) for line in lines[:-1]) for lines in (over_files, over_lake)]
    assert facts[0] == facts[1]


@pytest.fixture(scope="module")
def intrusion(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The part of the bundled recording in which most of its intrusion happens."""
    path = tmp_path_factory.mktemp("recording") / "audit.log"
    with zstandard.open(RECORDING, "rt", encoding="utf-8", errors="replace") as file:
        path.write_text("".join(islice(file, *INTRUSION)), encoding="utf-8")
    return str(path)


def test_the_bundled_recording(intrusion: str, tmp_path: Path) -> None:
    over_files = run(tmp_path, intrusion)
    lake = lake_of(tmp_path / "lake", intrusion)
    over_lake = run(tmp_path, lake)
    assert multiset(over_lake) == multiset(over_files)
    assert sum(multiset(over_lake).values()) > 50
    assert any(len(ids) > 1 for _, ids in multiset(over_lake)), "correlations too"


def test_a_stretch_of_time_is_what_the_files_gave_within_it(tmp_path: Path) -> None:
    """The first moment is wanted, the last is not; a time without a zone is UTC."""
    launch = {"Image": "C:\\Windows\\System32\\vssadmin.exe", "CommandLine": "vssadmin delete shadows /all /quiet"}
    launches = [{**launch, "EventTime": f"2026-03-01 10:00:{n:02}", "Hostname": f"ws{n % 3}"} for n in range(30)]
    log = str(written(tmp_path / "log.json", reversed(launches)))
    over_files = run(tmp_path, log)[:-1]
    assert len(over_files) == 30
    lake = lake_of(tmp_path / "lake", log)
    for since, until in (("10:00:07", "10:00:19"), ("10:00:07", None), (None, "10:00:19"), ("11:00", None)):
        bounds = [("--since", since), ("--until", until)]
        arguments = [word for option, clock in bounds if clock for word in (option, f"2026-03-01T{clock}")]
        within = [
            line
            for line in over_files
            if (since or "") <= line["time"].partition("T")[2] and line["time"].partition("T")[2] < (until or "Z")
        ]
        assert multiset(run(tmp_path, lake, *arguments)) == multiset(within)
    shifted = run(tmp_path, lake, "--since", "2026-03-01T12:00:07+02:00", "--until", "2026-03-02")
    assert len(shifted) - 1 == 23


def test_one_host_alone(samples: list[str], tmp_path: Path) -> None:
    lines = run(tmp_path, lake := lake_of(tmp_path / "lake", *samples))
    hosts = sorted({line["host"] for line in lines[:-1]})
    assert len(hosts) > 1
    for host in hosts[:2]:
        assert {line["host"] for line in run(tmp_path, lake, "--host", host.upper())[:-1]} == {host}


def test_added_twice_or_in_parts_it_is_found_once(samples: list[str], tmp_path: Path) -> None:
    folder = tmp_path / "lake"
    lake = Lake.create(folder)
    for sources in (samples[:5], samples, samples[3:9]):
        lake.add(Reader(sources, Settings(workers=1)).batches())
    assert multiset(run(tmp_path, str(folder))) == multiset(run(tmp_path, *samples))


def test_a_time_that_is_none_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lake = str(tmp_path / "lake")
    Lake.create(Path(lake))
    with environment(tmp_path / "cache"):
        assert main(["rules", "match", lake, "--rules", "own", "--since", "yesterday"]) == 2
    assert "--since takes a date or time such as" in capsys.readouterr().err


def test_bounds_without_a_lake_are_refused(
    samples: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with environment(tmp_path / "cache"):
        assert main(["rules", "match", samples[0], "--rules", "own", "--since", "2026-03-01"]) == 2
    assert "choose from an event lake" in capsys.readouterr().err


def test_a_parent_from_before_the_bounds_is_known(tmp_path: Path) -> None:
    """The shell that a web server started is known by its parent, though the server started last week."""
    log = tmp_path / "audit.log"
    log.write_text(launch(1, 100, 10, "/usr/sbin/nginx") + launch(2, 200, 100, "/usr/bin/id", at=60), encoding="utf-8")
    rule = tmp_path / "rule.yml"
    rule.write_text(CHILD_OF_NGINX)
    lake = lake_of(tmp_path / "lake", str(log))
    for bounds in ([], ["--since", since(30)]):
        out = tmp_path / "out.jsonl"
        with environment(tmp_path / "cache"):
            arguments = ["rules", "match", lake, *bounds, "--rules", str(rule), "--quiet", "--json", str(out)]
            assert main(arguments) == 0
        assert [json.loads(line)["type"] for line in out.read_text().splitlines()] == ["match", "summary"]


def test_a_correlation_reaches_from_the_lake_to_a_file(tmp_path: Path) -> None:
    old = written(tmp_path / "old.json", [{"Image": "C:\\a.exe"}])
    new = written(tmp_path / "new.json", [{"Image": "C:\\b.exe"}])
    rules = tmp_path / "rules.yml"
    rules.write_text(TWO_LAUNCHES)
    lake = lake_of(tmp_path / "lake", str(old))
    for inputs, matches in ([lake], 0), ([str(new)], 0), ([lake, str(new)], 1), ([str(old), str(new)], 1):
        out = tmp_path / "out.jsonl"
        with environment(tmp_path / "cache"):
            assert main(["rules", "match", *inputs, "--rules", str(rules), "--quiet", "--json", str(out)]) == 0
        summary = json.loads(out.read_text().splitlines()[-1])
        assert summary["matches"] == matches
        assert summary["events_read"] == summary["events_kept"] == len(inputs)


@pytest.mark.shared_data
def test_attack_recordings_of_windows(shared_data: Path, tmp_path: Path) -> None:
    folder = tmp_path / "evtx"
    with ZipFile(shared_data / "edr" / "evtx_attack_samples" / "evtx.zip") as archive:
        named = [name for name in archive.namelist() if "rundll32" in name.lower() or "lsass" in name.lower()]
        for name in sorted(named)[:RECORDINGS]:
            archive.extract(name, folder)
    over_files = run(tmp_path, str(folder))
    over_lake = run(tmp_path, lake_of(tmp_path / "lake", str(folder)))
    assert multiset(over_lake) == multiset(over_files)
    assert len(over_lake) > 3
