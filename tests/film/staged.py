"""Events staged by hand for film tests: small, readable, with the fields a real reader would set."""

from typing import Any

import pyarrow as pa

from watchfloor.base.events import Row, to_batch

SECOND = 1_000_000
START = 1_700_000_000 * SECOND


def launch(uid: str, parent: str, image: str, command: str, at: int, **more: Any) -> Row:
    """A process launch ``at`` seconds after the start; ``parent`` is ``uid image``."""
    parent_uid, _, parent_image = parent.partition(" ")
    row: Row = {
        "action": "process.launch",
        "time": START + at * SECOND,
        "device.hostname": "ws-1",
        "device.os": "windows",
        "process.uid": uid,
        "process.pid": abs(hash(uid)) % 60_000,
        "process.file.path": image,
        "process.cmd_line": command,
        "actor.process.uid": parent_uid or None,
        "actor.process.file.path": parent_image or None,
    }
    return row | more


def did(action: str, uid: str, image: str, at: int, **more: Any) -> Row:
    """Any other operation of a process; column names with ``__`` for dots."""
    row: Row = {
        "action": action,
        "time": START + at * SECOND,
        "device.hostname": "ws-1",
        "device.os": "windows",
        "actor.process.uid": uid,
        "actor.process.file.path": image,
    }
    return row | {k.replace("__", "."): v for k, v in more.items()}


def batch(*rows: Row) -> pa.RecordBatch:
    """The rows as a batch, numbered from 1 in source ``staged``."""
    return to_batch([{"source": "staged", "record": str(i + 1)} | r for i, r in enumerate(rows)])
