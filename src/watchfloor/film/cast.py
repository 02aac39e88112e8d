"""The cast: every process that plays in a recording, and who else owns events (logon sessions, logs).

An Event belongs to one owner: a launched process owns its own launch, any other operation belongs to its
actor; an event without a process belongs to its logon session, or to its host's log.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from watchfloor.base.events import Row

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
    #: The audit session of a Linux process, which all that one log-in, cron or at job started share.
    session: str = ""
    #: It acted outside any audit session; a process that enters one never leaves it.
    outside: bool = False
    #: The operating system its first Event names: windows, linux, macos, "" unknown.
    system: str = ""


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
        new = [i for i, key in enumerate(keys) if key not in self._numbers]
        rows = batch.select(_SEEN).take(pa.array(first[new])).to_pylist()
        for i, row in zip(new, rows, strict=True):
            self._append(_owner(keys[i], row), row["source"])
        numbers = np.asarray([self._numbers[key] for key in keys], np.int64)
        assigned: Ints = np.asarray(numbers[codes])
        self._enter_sessions(batch, assigned)
        return assigned

    def _enter_sessions(self, batch: pa.RecordBatch, assigned: Ints) -> None:
        """Note the audit sessions owners act in."""
        linux = pc.fill_null(pc.equal(batch.column("device.os"), "linux"), False)
        if not pc.any(linux).as_py():
            return
        session = pc.if_else(linux, batch.column("actor.session.uid"), pa.scalar(None, pa.string()))
        inside = session.is_valid().to_numpy(zero_copy_only=False)
        there = np.flatnonzero(inside)
        numbers, first = np.unique(assigned[there], return_index=True)
        for number, name in zip(numbers.tolist(), session.take(pa.array(there[first])).to_pylist(), strict=True):
            self.owners[number].session = self.owners[number].session or name
        for number in np.unique(assigned[linux.to_numpy(zero_copy_only=False) & ~inside]).tolist():
            self.owners[number].outside = True

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
        known = {row["uid"]: row for row in processes.to_pylist()}
        number = 0
        while number < len(self.owners):  # parents are appended as we go
            owner = self.owners[number]
            row = known.get(owner.uid)
            if row is not None:
                owner.image = row["image"] or owner.image
                owner.command_line = row["cmd_line"] or owner.command_line
                owner.user = row["user"] or owner.user
                owner.parent_uid = row["parent_uid"] or owner.parent_uid
                owner.start = row["start"]
                owner.pid = owner.pid if row["pid"] is None else row["pid"]
            if owner.parent_uid and owner.parent_uid not in self._numbers and owner.parent_uid in known:
                self._append(Owner(owner.parent_uid, owner.host), self.sources[number])
            number += 1


#: What a first Event tells of its owner.
_SEEN: Final = [
    "source", "device.hostname", "device.os", "metadata.log_name", "action", "process.uid", "process.pid",
    "process.file.path", "process.cmd_line", "user.name", "actor.user.name", "actor.process.uid", "actor.process.pid",
    "actor.process.file.path", "actor.process.cmd_line", "actor.process.parent_process.uid",
]  # fmt: skip


def _owner(key: str, row: Row) -> Owner:
    """An owner as the first Event it owns shows it."""
    owner = Owner(key, row["device.hostname"] or "", system=row["device.os"] or "")
    if key.startswith("session|"):
        owner.kind, owner.user = "session", row["actor.user.name"] or row["user.name"] or ""
    elif key.startswith("log|"):
        owner.kind, owner.image = "log", row["metadata.log_name"] or ""
    elif row["actor.process.uid"] == key and not (row["action"] == "process.launch" and row["process.uid"] == key):
        owner.pid = row["actor.process.pid"]
        owner.image = row["actor.process.file.path"] or ""
        owner.command_line = row["actor.process.cmd_line"] or ""
        owner.user = row["actor.user.name"] or ""
        owner.parent_uid = row["actor.process.parent_process.uid"] or ""
    else:
        owner.pid = row["process.pid"]
        owner.image = row["process.file.path"] or ""
        owner.command_line = row["process.cmd_line"] or ""
        owner.parent_uid = (row["actor.process.uid"] or "") if row["action"] == "process.launch" else ""
    return owner


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
