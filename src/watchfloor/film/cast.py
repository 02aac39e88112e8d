"""The cast: every process that plays in a recording, and who else owns events (logon sessions, logs).

An Event belongs to one owner: a launched process owns its own launch, any other operation belongs to its
actor; an event without a process belongs to its logon session, or to its host's log.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Ints = npt.NDArray[np.int64]


@dataclass(slots=True)
class Owner:
    """One process, logon session or log that events belong to."""

    uid: str
    host: str
    pid: int | None = None
    image: str = ""
    command_line: str = ""
    user: str = ""
    parent_uid: str = ""
    start: datetime | None = None
    kind: str = "process"


@dataclass(slots=True)
class Cast:
    """Numbers owners in order of appearance; ``owners[i]`` is owner number ``i``."""

    owners: list[Owner] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    _numbers: dict[str, int] = field(default_factory=dict)

    def number_of(self, uid: str) -> int | None:
        """Number of a process by its uid."""
        return self._numbers.get(uid)

    def assign(self, batch: pa.RecordBatch) -> Ints:
        """The owner's number of each Event, ``(len(batch),)`` int64; new owners are added."""
        coded = owner_keys(batch).dictionary_encode()
        codes = coded.indices.to_numpy(zero_copy_only=False)
        keys = coded.dictionary.to_pylist()
        first = np.full(len(keys), -1, np.int64)
        first[codes[::-1]] = np.arange(len(codes) - 1, -1, -1)
        numbers = np.empty(len(keys), np.int64)
        for i, key in enumerate(keys):
            known = self._numbers.get(key)
            numbers[i] = self._add(key, batch, int(first[i])) if known is None else known
        return np.asarray(numbers[codes])

    def _add(self, key: str, batch: pa.RecordBatch, row: int) -> int:
        def value(name: str) -> Any:
            return batch.column(name)[row].as_py()

        host = value("device.hostname") or ""
        owner = Owner(key, host)
        if key.startswith("session|"):
            owner.kind, owner.user = "session", value("actor.user.name") or value("user.name") or ""
        elif key.startswith("log|"):
            owner.kind, owner.image = "log", value("metadata.log_name") or ""
        elif value("action") == "process.launch" and value("process.uid") == key:
            owner.pid = value("process.pid")
            owner.image = value("process.file.path") or ""
            owner.command_line = value("process.cmd_line") or ""
            owner.parent_uid = value("actor.process.uid") or ""
        elif value("actor.process.uid") == key:
            owner.pid = value("actor.process.pid")
            owner.image = value("actor.process.file.path") or ""
            owner.command_line = value("actor.process.cmd_line") or ""
            owner.user = value("actor.user.name") or ""
            owner.parent_uid = value("actor.process.parent_process.uid") or ""
        else:
            owner.pid = value("process.pid")
            owner.image = value("process.file.path") or ""
        return self._append(owner, value("source"))

    def _append(self, owner: Owner, source: str) -> int:
        number = len(self.owners)
        self._numbers[owner.uid] = number
        self.owners.append(owner)
        self.sources.append(source)
        return number

    def complete(self, processes: pa.Table) -> None:
        """Fill in what the process table knows, and add the parents that own no events themselves.

        ``processes`` has the columns of ``intake.identity.PROCESSES``, one row a process.
        """
        place = {uid: i for i, uid in enumerate(processes.column("uid").to_pylist())}
        number = 0
        while number < len(self.owners):  # parents are appended as we go
            owner = self.owners[number]
            row = place.get(owner.uid)
            if row is not None:
                self._fill(owner, processes, row)
            if owner.parent_uid and owner.parent_uid not in self._numbers and owner.parent_uid in place:
                self._append(Owner(owner.parent_uid, owner.host), self.sources[number])
            number += 1

    @staticmethod
    def _fill(owner: Owner, processes: pa.Table, row: int) -> None:
        def value(name: str) -> Any:
            return processes.column(name)[row].as_py()

        owner.image = value("image") or owner.image
        owner.command_line = value("cmd_line") or owner.command_line
        owner.user = value("user") or owner.user
        owner.parent_uid = value("parent_uid") or owner.parent_uid
        owner.start = value("start")
        pid = value("pid")
        owner.pid = owner.pid if pid is None else pid


def owner_keys(batch: pa.RecordBatch) -> pa.Array:
    """The owner's uid of each Event: a process uid, ``session|host|id`` or ``log|host|name``."""
    launch = pc.equal(batch.column("action"), "process.launch")
    actor, target = batch.column("actor.process.uid"), batch.column("process.uid")
    process = pc.if_else(pc.fill_null(launch, False), pc.coalesce(target, actor), pc.coalesce(actor, target))
    if process.null_count == 0:
        return process
    host = batch.column("device.hostname").fill_null("")
    session = pc.binary_join_element_wise("session", host, batch.column("actor.session.uid"), "|")
    log = pc.binary_join_element_wise("log", host, batch.column("metadata.log_name").fill_null(""), "|")
    return pc.coalesce(process, session, log)
