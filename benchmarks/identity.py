"""Events a second through both passes of process identity, on one core.

    python benchmarks/identity.py [EVENTS]

The events are made up in the proportions of a busy Windows host with Sysmon and Security logs side by
side: one launch per 40 events, a third of the events with a bare pid only. Same seed, same events.
"""

import random
import sys
import time

import pyarrow as pa

from watchfloor.base.events import Row, to_batch
from watchfloor.intake.identity import ProcessTable

START = 1_603_266_730_000_000
BATCH = 8192


def events(count: int) -> list[pa.RecordBatch]:
    """``count`` events of four hosts in batches, as the reader would hand them on."""
    chance = random.Random(11)
    alive: list[list[tuple[int, str, str]]] = [[(4, f"{{ever-{h}}}", "System")] for h in range(4)]
    batches, rows, now = [], [], START
    for n in range(count):
        now += chance.randrange(20_000)
        h = chance.randrange(4)
        pid, guid, image = chance.choice(alive[h][-60:])
        row: Row = {"source": "a.evtx", "record": str(n), "time": now, "raw_data": "x" * 400}
        row |= {"device.hostname": f"host{h}", "device.os": "windows"}
        row |= {
            "device.os": "windows",
            "action": "registry.value",
            "actor.process.pid": pid,
            "raw_data": "x" * 400,
        }
        if chance.random() < 0.67:
            row |= {"actor.process.uid": guid, "actor.process.file.path": image}
        if n % 40 == 0:
            new = chance.randrange(4, 20_000, 4)
            image = rf"C:\Windows\System32\program{chance.randrange(300)}.exe"
            seconds = now // 1_000_000
            uid = f"{{747f3d96-{seconds & 0xFFFF:04x}-{seconds >> 16:04x}-{h:04x}-{n:012x}}}"
            alive[h].append((new, uid, image))
            row |= {"action": "process.launch", "process.pid": new, "process.file.path": image}
            row |= {"process.uid": uid, "process.cmd_line": image + " -k"} if n % 80 else {}
        rows.append(row)
        if len(rows) == BATCH:
            batches.append(to_batch(rows))
            rows = []
    return [*batches, to_batch(rows)]


def main() -> None:
    """Measure and print."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 400_000
    batches = events(count)
    table = ProcessTable()
    began = time.perf_counter()
    for batch in batches:
        table.observe(batch)
    observed = time.perf_counter()
    table.freeze()
    frozen = time.perf_counter()
    for batch in batches:
        table.resolve(batch)
    done = time.perf_counter()
    print(f"{count:,} events, {table.processes().num_rows:,} processes")
    for name, seconds in (
        ("observe", observed - began),
        ("freeze", frozen - observed),
        ("resolve", done - frozen),
    ):
        print(f"{name:8} {seconds:6.2f} s  {count / seconds:12,.0f} events/s")
    print(f"{'all':8} {done - began:6.2f} s  {count / (done - began):12,.0f} events/s")


if __name__ == "__main__":
    main()
