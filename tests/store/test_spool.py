"""The spool gives back what went in, in memory or on disk, and leaves nothing behind."""

from pathlib import Path

import pyarrow as pa

from watchfloor.base.events import to_batch
from watchfloor.store.spool import Spool


def _batches(count: int) -> list[pa.RecordBatch]:
    return [to_batch([{"record": f"{i}.{j}", "raw_data": "x" * 1000} for j in range(10)]) for i in range(count)]


def test_batches_come_back_in_order_from_memory_and_from_disk(tmp_path: Path) -> None:
    batches = _batches(20)
    for limit in (1 << 30, 30_000):
        with Spool(limit, str(tmp_path)) as spool:
            assert [spool.append(b) for b in batches] == list(range(20))
            assert spool.on_disk == (limit == 30_000)
            assert list(spool) == batches
            assert spool.batch(7) == batches[7]
            assert (len(spool), spool.rows) == (20, 200)
        assert list(tmp_path.iterdir()) == []


def test_a_spool_that_failed_half_way_leaves_no_files(tmp_path: Path) -> None:
    try:
        with Spool(1, str(tmp_path)) as spool:
            spool.append(_batches(1)[0])
            raise KeyboardInterrupt
    except KeyboardInterrupt:
        pass
    assert list(tmp_path.iterdir()) == []
