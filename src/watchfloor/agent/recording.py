"""A recording as the investigator sees it: Events with identities, and the processes that own them.

Made from a reel the film already holds, or from batches of Events (an event lake, say) in two passes of the same
kind. What the film judged stays out: an investigation must not depend on who raised the alert.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import pyarrow as pa

from watchfloor.film.cast import Cast
from watchfloor.film.casting import Casting, cast_scenes
from watchfloor.film.filming import Reel
from watchfloor.film.links import Linker
from watchfloor.intake.identity import ProcessTable
from watchfloor.store.spool import Spool

#: Columns of an Event that an investigation reads, besides ``owner``, the place of the process that owns it.
COLUMNS: Final = (
    "source", "record", "time", "device.hostname", "device.os", "metadata.event_code", "action", "status",
    "actor.process.uid", "actor.process.pid", "actor.process.file.path", "actor.process.cmd_line",
    "actor.user.name", "actor.session.uid", "process.uid", "process.pid", "process.file.path", "process.cmd_line",
    "process.working_directory", "file.path", "file.hashes", "reg_key.path", "reg_value.data", "src_endpoint.ip",
    "src_endpoint.port", "dst_endpoint.ip", "dst_endpoint.port", "dst_endpoint.hostname", "user.name",
    "service.name", "job.name", "script.content", "status_detail",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Played:
    """One process (or log-on session, or log) that owns Events. ``scene`` is the film's scene number."""

    uid: str
    host: str
    pid: int | None
    image: str
    command_line: str
    user: str
    parent_uid: str
    start: datetime | None
    kind: str
    session: str
    scene: int


@dataclass(frozen=True, slots=True)
class Recording:
    """Events of one or several hosts. ``table`` has COLUMNS and ``owner`` (int64, place in ``processes``)."""

    table: pa.Table
    processes: tuple[Played, ...]


def from_reel(reel: Reel) -> Recording:
    """The recording behind a reel that ``film`` made."""
    parts = (reel.table.resolve(batch) for batch in reel.spool)
    return _recording(parts, reel.cast, reel.casting)


def from_batches(batches: Iterable[pa.RecordBatch], spool: Spool) -> Recording:
    """The recording of batches of Events in any order, kept in ``spool`` between the two passes."""
    table = ProcessTable()
    for batch in batches:
        table.observe(batch)
        spool.append(batch)
    table.freeze()
    cast, linker = Cast(), Linker()
    for batch in spool:
        resolved = table.resolve(batch)
        linker.observe(resolved, cast.assign(resolved).tolist())
    cast.complete(table.processes())
    return _recording((table.resolve(batch) for batch in spool), cast, cast_scenes(cast, linker.links(cast)))


def _recording(parts: Iterable[pa.RecordBatch], cast: Cast, casting: Casting) -> Recording:
    def owned() -> Iterator[pa.RecordBatch]:
        for part in parts:
            owners = pa.array(cast.assign(part), pa.int64())
            yield part.select(list(COLUMNS)).append_column("owner", owners)

    kept = list(owned())
    table = pa.Table.from_batches(kept) if kept else pa.table({})
    scenes = casting.scene.tolist()
    processes = tuple(
        Played(o.uid, o.host, o.pid, o.image, o.command_line, o.user, o.parent_uid, o.start, o.kind, o.session, s)
        for o, s in zip(cast.owners, scenes, strict=True)
    )
    return Recording(table, processes)
