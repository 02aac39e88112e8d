"""What a lake costs and saves, in one run, as JSON on standard output.

    python benchmarks/lake.py INPUT [INPUT ...] [--copies 4] [--repeat 5]

Real events are read once; each copy shifts them by a day and gives every host a name of its own, so that a lake of
several days and hosts arises from few recordings. Measured: events added a second (hashing, sorting, zstd, fsync;
reading logs excluded and given beside it), the same again when every event is known already, bytes an event beside
JSON lines plain and under zstd, one host-day through ``batches`` and through SQL, all events in time order, and
one host-day by a scan of the JSON lines, the baseline. Times are medians; peak memory is of the whole process.
"""

import argparse
import json
import resource
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc
import zstandard

from watchfloor.base.events import NAMES, SCHEMA
from watchfloor.intake.reader import Reader
from watchfloor.store.lake import Lake, Limits

DAY = timedelta(days=1)


def timed(run: Callable[[], Any]) -> tuple[float, Any]:
    began = time.perf_counter()
    value = run()
    return time.perf_counter() - began, value


def median(run: Callable[[], Any], repeat: int) -> tuple[float, Any]:
    times, value = [], None
    for _ in range(repeat):
        seconds, value = timed(run)
        times.append(seconds)
    return statistics.median(times), value


def copies(batches: list[pa.RecordBatch], count: int) -> Iterator[pa.RecordBatch]:
    """The same events on other days, on other hosts and from other files."""
    for number in range(count):
        for batch in batches:
            columns = {name: batch.column(name) for name in NAMES}
            columns["time"] = pc.add(columns["time"], pa.scalar(number * DAY, pa.duration("us")))
            for name in ("device.hostname", "source"):
                columns[name] = pc.binary_join_element_wise(columns[name], str(number), ".")
            yield pa.RecordBatch.from_arrays(list(columns.values()), schema=SCHEMA)


def write_lines(batches: Iterator[pa.RecordBatch], path: Path) -> None:
    with path.open("wb") as stream:
        for batch in batches:
            for row in batch.to_pylist():
                stream.write(orjson.dumps({k: v for k, v in row.items() if v is not None}) + b"\n")


def scan_lines(path: Path, host: str, day: str) -> int:
    """The baseline: parse every line, look at host and day."""
    found = 0
    with path.open("rb") as stream:
        for line in stream:
            row = orjson.loads(line)
            found += row.get("device.hostname") == host and row.get("time", "").startswith(day)
    return found


def count(batches: Iterator[pa.RecordBatch]) -> int:
    return sum(map(len, batches))


def busiest(lake: Lake) -> tuple[str, datetime]:
    sql = 'SELECT "device.hostname" h, time::DATE d FROM events WHERE time IS NOT NULL GROUP BY ALL'
    row = lake.query(f"{sql} ORDER BY count(*) DESC, ALL LIMIT 1".replace(", ALL", ", h, d")).to_pylist()[0]
    return row["h"], datetime.combine(row["d"], datetime.min.time(), UTC)


def questions(lake: Lake, lines: Path, repeat: int) -> dict[str, Any]:
    host, day = busiest(lake)
    whole = {"since": day, "until": day + DAY, "hosts": [host]}
    select = f"SELECT * FROM events WHERE \"device.hostname\" = '{host}' AND time >= ? AND time < ?"
    limits = Limits(rows=10**8)
    counting = select.replace("*", "action, count(*)") + " GROUP BY ALL"
    bounds = [day, day + DAY]
    batches_s, rows = median(lambda: count(lake.batches(**whole)), repeat)
    counted_s, _ = median(lambda: lake.query(counting, bounds, limits=limits), repeat)
    scan_s, scanned = median(lambda: scan_lines(lines, host, f"{day:%Y-%m-%d}"), min(repeat, 3))
    assert rows == scanned, (rows, scanned)
    all_s, everything = timed(lambda: count(lake.batches()))
    return {
        "host_day_events": rows,
        "host_day_batches_s": batches_s,
        "host_day_actions_sql_s": counted_s,
        "host_day_scan_of_json_lines_s": scan_s,
        "all_in_time_order_events_per_s": everything / all_s,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("inputs", nargs="+")
    parser.add_argument("--copies", type=int, default=4)
    parser.add_argument("--repeat", type=int, default=5)
    options = parser.parse_args()
    read_s, batches = timed(lambda: list(Reader(options.inputs).batches()))
    events = sum(map(len, batches)) * options.copies
    with tempfile.TemporaryDirectory() as name:
        lake, lines = Lake.create(Path(name) / "lake"), Path(name) / "events.jsonl"
        shifted = list(copies(batches, options.copies))
        add_s, added = timed(lambda: lake.add(shifted))
        again_s, again = timed(lambda: lake.add(shifted))
        assert (added.rows, again.rows) == (events, 0), (added, again)
        shifted = []
        write_lines(copies(batches, options.copies), lines)
        packed = len(zstandard.compress(lines.read_bytes(), 3))
        summary = lake.summary()
        figures = {
            "events": events,
            "hosts": summary.host_count,
            "days": summary.days,
            "files": summary.files,
            "sources": Counter(p.suffix for p in map(Path, options.inputs)),
            "read_events_per_s": events / options.copies / read_s,
            "add_events_per_s": events / add_s,
            "add_known_events_per_s": events / again_s,
            "bytes_per_event": summary.bytes / events,
            "json_lines_bytes_per_event": lines.stat().st_size / events,
            "json_lines_zstd_bytes_per_event": packed / events,
            **questions(lake, lines, options.repeat),
            "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        }
    print(json.dumps({k: round(v, 4) if isinstance(v, float) else v for k, v in figures.items()}, indent=2))


if __name__ == "__main__":
    main()
