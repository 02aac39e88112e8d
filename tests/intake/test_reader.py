"""Inputs of every kind: files, folders, standard input, archives, and workers in between."""

import bz2
import gzip
import io
import json
import lzma
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest
import zstandard

from tests.intake import windows_samples as samples
from watchfloor.base.account import Account
from watchfloor.base.events import SCHEMA
from watchfloor.base.settings import Settings
from watchfloor.intake import crew, reader
from watchfloor.intake.parsing import Task
from watchfloor.intake.reader import Progress, Reader

LINES = b"".join(json.dumps(samples.nxlog(RecordNumber=n)).encode() + b"\n" for n in range(50))


def zipped(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def tarred(form: int = tarfile.PAX_FORMAT, **members: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form) as archive:
        folder = tarfile.TarInfo("folder")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


PACKINGS: dict[str, tuple[bytes, str]] = {
    "plain": (LINES, ""),
    "gzip": (gzip.compress(LINES), ""),
    "two gzip members": (gzip.compress(LINES[: len(LINES) // 2]) + gzip.compress(LINES[len(LINES) // 2 :]), ""),
    "bzip2": (bz2.compress(LINES), ""),
    "xz": (lzma.compress(LINES), ""),
    "zstd": (zstandard.compress(LINES), ""),
    "gzip in zstd": (zstandard.compress(gzip.compress(LINES)), ""),
    "zip": (zipped(a=LINES), "::a"),
    "tar": (tarred(a=LINES), "::a"),
    "gnu tar": (tarred(tarfile.GNU_FORMAT, **{"x" * 150: LINES}), "::" + "x" * 150),
    "ustar tar": (tarred(tarfile.USTAR_FORMAT, **{"d" * 80 + "/" + "x" * 80: LINES}), "::" + "d" * 80 + "/" + "x" * 80),
    "pax tar": (tarred(**{"x" * 150: LINES}), "::" + "x" * 150),
    "tar.gz": (gzip.compress(tarred(a=LINES)), "::a"),
    "tar.zst": (zstandard.compress(tarred(a=LINES)), "::a"),
    "zip in tar.gz in zip": (zipped(a=gzip.compress(tarred(b=zipped(c=LINES)))), "::a::b::c"),
}


@pytest.mark.parametrize("packing", PACKINGS)
def test_packings(packing: str, tmp_path: Path, read: Any) -> None:
    content, suffix = PACKINGS[packing]
    path = tmp_path / "input.pdf"  # content decides, not names
    path.write_bytes(content)
    rows, account = read(path)
    assert len(rows) == 50
    assert {row["source"] for row in rows} == {f"{path}{suffix}"}
    assert [row["record"] for row in rows] == [str(n) for n in range(1, 51)]
    assert not account.rejections
    assert account.inputs == 1


def test_batches_have_the_schema(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(LINES)
    assert [batch.schema for batch in Reader([str(path)]).batches()] == [SCHEMA]


def test_folders_are_walked_in_order(tmp_path: Path, read: Any) -> None:
    for name in ("b/2", "b/1", "a/3", "LICENSE"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(LINES if name != "LICENSE" else b"MIT License\n")
    rows, account = read(tmp_path)
    assert list(dict.fromkeys(row["source"] for row in rows)) == [str(tmp_path / n) for n in ("a/3", "b/1", "b/2")]
    assert [(r.source, r.why) for r in account.rejections] == [
        (str(tmp_path / "LICENSE"), "not an event log (plain text)")
    ]
    assert account.inputs == 4


def test_several_inputs_in_the_order_given(tmp_path: Path, read: Any) -> None:
    for name in "ab":
        (tmp_path / name).write_bytes(LINES)
    rows, _ = read(tmp_path / "b", tmp_path / "a")
    assert [row["source"][-1] for row in rows] == ["b"] * 50 + ["a"] * 50


@pytest.mark.parametrize("packing", ["plain", "zip", "tar.gz", "gzip"])
def test_standard_input(packing: str) -> None:
    code = (
        "from watchfloor.intake.reader import Reader\n"
        "r = Reader(['-'])\n"
        "print(sum(b.num_rows for b in r.batches()), r.account.rejections, r.account.inputs)"
    )
    done = subprocess.run([sys.executable, "-c", code], input=PACKINGS[packing][0], capture_output=True)
    assert done.stdout.decode().strip() == "50 [] 1", done.stderr.decode()


def test_progress_reaches_the_end(tmp_path: Path) -> None:
    for name, (content, _) in PACKINGS.items():
        (tmp_path / name).write_bytes(content)
    seen: list[Progress] = []
    reading = Reader([str(tmp_path)], on_progress=seen.append)
    for _ in reading.batches():
        pass
    assert [p.bytes_done for p in seen] == sorted(p.bytes_done for p in seen)
    total = sum(len(content) for content, _ in PACKINGS.values())
    assert seen[-1].bytes_done == seen[-1].bytes_total == total
    assert seen[-1].events == 50 * len(PACKINGS)


def test_clocks_are_counted(tmp_path: Path, read: Any) -> None:
    times = ["2024-03-01 10:00:02", "2024-03-01 10:00:01", None, "2024-03-01 10:00:03"]
    records = []
    for time in times:
        record = samples.winlogbeat(event_data={**samples.sysmon_data(), "UtcTime": time})
        record["@timestamp"] = "no time"
        records.append(json.dumps(record))
    for name in "ab":
        (tmp_path / name).write_text("\n".join(records))
    rows, account = read(tmp_path)
    assert "time" not in rows[2]
    assert (account.missing_times, account.out_of_order) == (2, 2)


# ---- workers


def test_workers_give_the_same_events_in_the_same_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "_SMALL", 0)
    folder = tmp_path / "in"
    folder.mkdir()
    for n in range(4):
        (folder / str(n)).write_bytes(LINES * 400 + b"{broken\n")
    (folder / "array").write_text(json.dumps([samples.nxlog()] * 20))
    answers = []
    for workers in (1, 2):
        reading = Reader([str(folder)], Settings(workers=workers))
        keys = [
            list(zip(batch.column("source").to_pylist(), batch.column("record").to_pylist(), strict=True))
            for batch in reading.batches()
        ]
        answers.append((sum(keys, []), reading.account))  # noqa: RUF017
    assert answers[0] == answers[1]
    assert answers[0][1].kept == 80_020
    assert answers[0][1].rejected_records == 4


def fatal(task: Task, folder: str) -> tuple[bytes, Account]:
    """A parser that dies on one task."""
    import os

    if b"deadly" in task.payload:
        os._exit(11)
    return task.payload, Account(kept=1)


def stuck(task: Task, folder: str) -> tuple[bytes, Account]:
    """A parser that never comes back from one task."""
    import time

    if b"deadly" in task.payload:
        time.sleep(60)
    return task.payload, Account(kept=1)


@pytest.mark.parametrize("work", [fatal, stuck])
def test_a_run_that_kills_its_worker_is_one_rejection(work: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crew, "work", work)
    monkeypatch.setattr(crew, "_PATIENCE_SECONDS", 5.0)
    hands = crew.Crew(2)
    try:
        hands.submit(Task("x", "s", b"first", 1))
        answers = [hands.take()]
        for payload in (b"a", b"deadly", b"b"):
            hands.submit(Task("x", "s", payload, 7))
        answers.extend(hands.take_all())
    finally:
        hands.close()
    assert [payload for payload, _ in answers] == [b"first", b"a", b"", b"b"]
    rejections = answers[2][1].rejections
    assert [(r.source, r.where) for r in rejections] == [("s", "from record 7")]
    assert "on this part" in rejections[0].why


def test_a_script_without_a_main_guard_is_not_run_again(tmp_path: Path) -> None:
    path = tmp_path / "in"
    path.write_bytes(LINES * 400)
    script = tmp_path / "unguarded.py"
    script.write_text(
        "import watchfloor.intake.reader as reader\n"
        "from watchfloor.base.settings import Settings\n"
        "reader._SMALL = 0\n"
        f"print(sum(b.num_rows for b in reader.Reader([{str(path)!r}], Settings(workers=2)).batches()))\n"
    )
    done = subprocess.run([sys.executable, str(script)], capture_output=True, timeout=120)
    assert (done.stdout, done.stderr) == (b"20000\n", b"")


def test_where_no_worker_can_start_the_work_is_done_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(workers: int) -> None:
        raise OSError("no semaphores here")

    monkeypatch.setattr(reader, "_SMALL", 0)
    monkeypatch.setattr(crew, "_new_pool", refused)
    path = tmp_path / "in"
    path.write_bytes(LINES * 400)
    assert sum(batch.num_rows for batch in Reader([str(path)], Settings(workers=2)).batches()) == 20_000


def test_an_abandoned_reading_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "_SMALL", 0)
    path = tmp_path / "in"
    path.write_bytes(LINES * 2_000)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    batches = Reader([str(path)], Settings(workers=2, temp_dir=str(temporary))).batches()
    next(batches)
    batches.close()  # type: ignore[attr-defined]
    assert not list(temporary.iterdir())
