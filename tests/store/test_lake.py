"""The lake keeps what it was given, once, in order, and is never seen half written."""

import multiprocessing
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from watchfloor.base.errors import InputError, RefusedError, UsageError
from watchfloor.base.events import SCHEMA, to_batch
from watchfloor.store import lake_arrival, lake_manifest, lake_order
from watchfloor.store.lake import Lake

DAY = 86_400_000_000
START = 20_500 * DAY


def row(number: int, *, source: str = "a.evtx", time: int | None = -1, **more: Any) -> dict[str, Any]:
    when = START + number * 1_000_000 if time == -1 else time
    return {"source": source, "record": str(number), "time": when, "raw_data": f"raw {number}"} | more


def batch(numbers: range, **more: Any) -> pa.RecordBatch:
    return to_batch([row(number, **more) for number in numbers])


def rows_of(batches: Iterator[pa.RecordBatch]) -> list[dict[str, Any]]:
    return [event for part in batches for event in part.to_pylist()]


def records(lake: Lake, **wanted: Any) -> list[str]:
    return [event["record"] for event in rows_of(lake.batches(**wanted))]


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake.create(tmp_path / "lake")


def files_on_disk(lake: Lake) -> list[Path]:
    return [path for path in (lake.folder / "events").rglob("*") if path.is_file()]


def test_events_come_back_as_they_went_in_and_in_time_order(lake: Lake) -> None:
    rows = [row(n, time=START + (n * 7919 % 50) * DAY // 10, **{"process.pid": n}) for n in range(500)]
    rows += [row(n, time=None) for n in range(500, 510)]
    added = lake.add([to_batch(rows[:300]), to_batch(rows[300:])])
    assert (added.rows, added.known, len(added.parts)) == (510, 0, 6)
    back = list(lake.batches())
    assert all(part.schema.equals(SCHEMA) for part in back)
    expected = sorted(rows, key=lambda r: (r["time"] is None, r["time"] or 0))
    assert pa.Table.from_batches(back).to_pylist() == to_batch(expected).to_pylist()


def test_at_one_moment_events_keep_the_order_of_their_source(lake: Lake) -> None:
    for numbers in (range(0, 40), range(0, 90)):
        lake.add([batch(numbers, source=source, time=START) for source in ("b", "a")])
    order = [(event["source"], event["record"]) for event in rows_of(lake.batches())]
    assert order == [(source, str(n)) for source in ("a", "b") for n in range(90)]


def test_adding_again_or_in_part_again_keeps_each_event_once(lake: Lake) -> None:
    assert lake.add([batch(range(0, 60))]).rows == 60
    again = lake.add([batch(range(0, 60))])
    assert (again.rows, again.known) == (0, 60)
    assert lake.add([batch(range(40, 100))]).rows == 40
    assert lake.add([batch(range(0, 100), source="other")]).rows == 100, "another source is another event"
    assert lake.add([to_batch([row(5) | {"raw_data": "rotated"}])]).rows == 1, "so is another content"
    assert len(lake.add([]).parts) == 0


def test_a_record_that_stands_in_a_log_twice_is_kept_twice_and_known_again(lake: Lake) -> None:
    twins = to_batch([row(1), row(1), row(2), row(1)])
    assert lake.add([twins]).rows == 4
    assert (lake.add([twins]).rows, lake.add([twins]).known) == (0, 4)


def test_one_source_read_twice_in_one_add_is_kept_once(lake: Lake) -> None:
    assert lake.add([batch(range(9)), batch(range(3), source="b"), batch(range(9))]).rows == 12


def test_small_buffers_change_nothing(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lake_arrival, "_MOST_IDS", 10)
    days = [to_batch([row(n, time=START + n % 3 * DAY) for n in range(k, k + 30)]) for k in (0, 30, 60, 0, 30)]
    added = lake.add([*days[:3], batch(range(1), source="b"), *days[3:]], buffer_bytes=1)
    assert (added.rows, added.known) == (91, 60)
    assert len(records(lake)) == 91


def test_events_without_raw_data_are_told_apart_by_their_columns(lake: Lake) -> None:
    bare = [{"source": "s", "record": "1", "time": START, "file.path": path} for path in ("a", "b")]
    assert lake.add([to_batch(bare)]).rows == 2
    assert lake.add([to_batch(bare)]).rows == 0


def test_filters(lake: Lake) -> None:
    rows = [
        row(n, action=("process.launch", "file.write")[n % 2], **{"device.hostname": f"h{n % 3}"}) for n in range(60)
    ]
    lake.add([to_batch([*rows, row(99, time=None)])])
    at = datetime.fromtimestamp(START / 1e6, UTC)
    assert records(lake, hosts=["H1"], actions=["file.write"]) == [str(n) for n in range(60) if n % 6 == 1]
    assert records(lake, since=at + timedelta(seconds=10), until=at + timedelta(seconds=12)) == ["10", "11"]
    assert records(lake, since=(at + timedelta(seconds=59)).replace(tzinfo=None)) == ["59"]
    assert records(lake, log_names=["x"]) == records(lake, sources=["' OR true --"]) == []
    assert len(records(lake)) == 61


def test_slices_hide_nothing(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    for start in range(4):
        lake.add([to_batch([row(n, time=START + n // 5 * 1000) for n in range(start, 4000, 4)])])
    monkeypatch.setattr(lake_order, "SLICE_ROWS", 1)
    monkeypatch.setattr(lake_order, "GROUP_ROWS", 1)
    assert len(list(lake_order.slices(lake_manifest.load(lake.folder).files))) > 1
    order = [(event["time"], int(event["record"]) % 4) for event in rows_of(lake.batches())]
    assert len(order) == 4000
    assert [time for time, _ in order] == sorted(time for time, _ in order)


def test_hostile_names_and_clocks_stay_inside_the_lake(lake: Lake) -> None:
    names = ["../../../etc/cron.d/x", "a/b\0c", "", "'; DROP TABLE x; --", "\x1b[2J", "x" * 100_000, ".", "h*[?]"]
    clocks = [-(2**63) + 1, 2**63 - 1, 0, -62_135_596_800_000_000, 253_402_300_800_000_000]
    rows = [row(n, **{"device.hostname": name}, source=name) for n, name in enumerate(names)]
    rows += [row(100 + n, time=clock) for n, clock in enumerate(clocks)]
    assert lake.add([to_batch(rows)]).rows == len(rows)
    assert {path.parent.name for path in files_on_disk(lake)} == {"2026-02-16", "early", "late"}
    assert lake.add([to_batch(rows)]).rows == 0
    count = sum(len(part) for part in lake.batches())
    assert count == len(rows)
    assert records(lake, hosts=["../../../etc/cron.d/x"]) == ["0"]
    assert lake.summary().events == count
    assert {path.name for path in lake.folder.parent.iterdir()} == {"lake"}


def test_compaction_changes_no_event_and_still_knows_each(lake: Lake) -> None:
    for n in range(6):
        lake.add([to_batch([row(m, time=START + m % 2 * DAY) for m in range(n * 10, n * 10 + 15)])])
    before = rows_of(lake.batches())
    done = lake.compact()
    assert (done.files_before, done.files_after, len(done.parts)) == (12, 2, 2)
    assert len(files_on_disk(lake)) == 2
    assert rows_of(lake.batches()) == before
    assert lake.add([batch(range(0))]).rows == 0
    assert lake.add([to_batch([row(m, time=START + m % 2 * DAY) for m in range(65)])]).rows == 0
    assert lake.compact().parts == ()


def test_compaction_splits_what_is_too_large_for_one_file(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("watchfloor.store.lake.FULL_ROWS", 40)
    for n in range(5):
        lake.add([batch(range(n * 20, n * 20 + 20))])
    assert lake.compact().files_after == 3
    assert records(lake) == [str(n) for n in range(100)]
    assert lake.compact().parts == ()


def test_forgetting_removes_whole_days_and_says_which(lake: Lake) -> None:
    lake.add([to_batch([row(n, time=START + n * DAY) for n in range(4)] + [row(9, time=None)])])
    first = date(1970, 1, 1) + timedelta(days=20_500)
    told = lake.forget(first + timedelta(days=2), really=False)
    assert told.parts == (first.isoformat(), (first + timedelta(days=1)).isoformat())
    assert (told.events, len(records(lake))) == (2, 5)
    assert lake.forget(first + timedelta(days=2)).events == 2
    assert records(lake) == ["2", "3", "9"]
    assert len(files_on_disk(lake)) == 3


@pytest.mark.parametrize("step", ["write_day", "commit", "batches"])
def test_a_crash_at_any_point_shows_nothing_half_and_loses_nothing(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    lake.add([batch(range(10))])

    class Crashed(BaseException):
        pass

    def crash(*_: object, **__: object) -> None:
        raise Crashed

    def batches() -> Iterator[pa.RecordBatch]:
        yield to_batch([row(n, time=START + n * DAY) for n in range(10, 20)])
        if step == "batches":
            raise Crashed

    with monkeypatch.context() as patch:
        patch.setattr(lake_manifest, "sweep", lambda *_: 0)  # a dead process cleans nothing
        if step == "commit":
            patch.setattr(lake_manifest, "commit", crash)
        elif step == "write_day":
            patch.setattr(lake_arrival, "write_day", crash)
        with pytest.raises(Crashed):
            lake.add(batches(), buffer_bytes=1)
    assert records(Lake(lake.folder)) == [str(n) for n in range(10)]
    lake.add([to_batch([row(n, time=START + n * DAY) for n in range(10, 20)])])
    assert records(lake) == [str(n) for n in range(20)]
    assert len(files_on_disk(lake)) == len(lake_manifest.load(lake.folder).files), "the stray files are gone"


def test_what_is_being_read_stays_until_it_is_read(lake: Lake) -> None:
    for n in range(3):
        lake.add([batch(range(n * 10, n * 10 + 10))])
    reading = lake.batches()
    head = next(reading)
    lake.compact()
    assert lake.forget(date(2100, 1, 1)).waiting > 0
    assert len(head) + sum(map(len, reading)) == 30
    assert records(lake) == []
    lake.add([batch(range(1))])
    assert len(files_on_disk(lake)) == 1


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(UsageError, match="not empty"):
        Lake.create(tmp_path)
    for folder in (tmp_path, tmp_path / "missing", tmp_path / "thesis.txt"):
        assert not Lake.is_lake(folder)
        with pytest.raises(UsageError, match="is not a lake"):
            Lake(folder)
    with pytest.raises(UsageError, match="is not a folder"):
        Lake.create(tmp_path / "thesis.txt")
    with pytest.raises(UsageError, match="cannot lie"):
        Lake.create(tmp_path / "a*")
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"", InputError),
        (b"{}", InputError),
        (b"[]", InputError),
        (b'{"format":"other","version":1}', UsageError),
        (b'{"format":"watchfloor lake","version":2}', UsageError),
        (
            b'{"format":"watchfloor lake","version":1,"key":"00","files":[{"name":"../../../etc/passwd","day":1,'
            b'"rows":1,"bytes":1,"first":1,"last":1,"cuts":[]}]}',
            InputError,
        ),
    ],
)
def test_a_damaged_or_foreign_manifest_is_an_error_with_a_hint(lake: Lake, body: bytes, error: type) -> None:
    (lake.folder / "lake.json").write_bytes(body)
    with pytest.raises(error) as raised:
        Lake(lake.folder)
    assert raised.value.hint


def test_a_lost_or_damaged_file_is_named(lake: Lake) -> None:
    lake.add([batch(range(5))])
    (path,) = files_on_disk(lake)
    for break_it in (lambda: path.write_bytes(b"PAR1 no"), path.unlink):
        break_it()
        for ask in (lambda: list(lake.batches()), lake.summary, lambda: lake.query("SELECT * FROM events")):
            with pytest.raises(InputError, match="cannot be read"):
                ask()
        with pytest.raises(InputError, match="cannot be read"):
            lake.add([batch(range(5))])


def test_a_second_writer_is_told(lake: Lake) -> None:
    def slow() -> Iterator[pa.RecordBatch]:
        with pytest.raises(RefusedError, match="another process is writing"):
            Lake(lake.folder).add([batch(range(3))], patience=0.1)
        yield batch(range(5))

    assert lake.add(slow()).rows == 5


def _adds(folder: Path, start: int) -> None:
    for n in range(start, start + 50, 10):
        Lake(folder).add([batch(range(n, n + 15))])


def test_two_processes_adding_at_once(lake: Lake) -> None:
    spawn = multiprocessing.get_context("spawn")
    processes = [spawn.Process(target=_adds, args=(lake.folder, start)) for start in (0, 25)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0]
    assert records(lake) == [str(n) for n in range(80)]


@pytest.mark.shared_data
def test_real_logs_come_back_as_the_reader_gives_them(lake: Lake, shared_data: Path) -> None:
    from watchfloor.intake.reader import Reader

    source = str(shared_data / "edr" / "evtx_attack_samples" / "evtx.zip")
    given = pa.Table.from_batches(list(Reader([source]).batches()))
    assert lake.add(Reader([source]).batches(), buffer_bytes=1 << 20).rows == len(given)
    assert lake.add(Reader([source]).batches()).rows == 0
    given = given.append_column("place", pa.array(range(len(given))))
    given = given.sort_by([("time", "ascending"), ("source", "ascending"), ("place", "ascending")]).drop(["place"])
    assert pa.Table.from_batches(list(lake.batches())).combine_chunks() == given.combine_chunks()
    lake.compact()
    assert pa.Table.from_batches(list(lake.batches())).combine_chunks() == given.combine_chunks()
