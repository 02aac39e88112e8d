"""The growing columns of the census: what is known of each process while it is taken."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from watchfloor.intake.lineage import NO_TIME, Bools, Ints
from watchfloor.intake.sightings import earliest, numbers, present, take

_TEXT = pa.string()
FACTS = ("image", "cmd_line", "user", "parent_uid")


class Roster:
    """Growing columns of the census while it is taken."""

    def __init__(self, guids: list[str]) -> None:
        count = len(guids)
        self.uid: list[str] = guids
        self.host: Ints = np.full(count, -1, np.int64)
        self.pid: Ints = np.full(count, -1, np.int64)
        self.has_pid: Bools = np.zeros(count, np.bool_)
        self.start: Ints = np.full(count, NO_TIME, np.int64)
        self.parent_pid: Ints = np.full(count, -1, np.int64)
        self.has_parent_pid: Bools = np.zeros(count, np.bool_)
        self.first: Ints = np.full(count, NO_TIME, np.int64)  # first sighting
        self.facts: dict[str, pa.Array] = {name: pa.nulls(count, _TEXT) for name in FACTS}

    def grow(self, uids: list[str], host: Ints, pid: Ints, start: Ints) -> Ints:
        """Add processes known by pid; returns their numbers."""
        base, count = len(self.uid), len(uids)
        self.uid = self.uid + uids
        self.host = np.concatenate([self.host, host])
        self.pid = np.concatenate([self.pid, pid])
        self.has_pid = np.concatenate([self.has_pid, np.ones(count, np.bool_)])
        self.start = np.concatenate([self.start, start])
        self.parent_pid = np.concatenate([self.parent_pid, np.full(count, -1, np.int64)])
        self.has_parent_pid = np.concatenate([self.has_parent_pid, np.zeros(count, np.bool_)])
        self.first = np.concatenate([self.first, start])
        self.facts = {k: pa.concat_arrays([v, pa.nulls(count, _TEXT)]) for k, v in self.facts.items()}
        return np.arange(base, base + count, dtype=np.int64)

    def learn(self, process: Ints, facts: pa.RecordBatch, *, last: bool = False) -> None:
        """Fill what is still unknown from rows about ``process`` (-1: about none).

        The first row that knows a fact decides. With ``last``, for launches, the last one does, also over what
        is known: a process that rewrites its own image path in memory cannot rename its launch. Its parent
        stays the first launch's, whatever it executes later.
        """
        row = np.arange(len(process), dtype=np.int64)
        for name in FACTS:
            column = facts.column(name)
            order = row[::-1] if last and name != "parent_uid" else row
            chosen = self._chosen(process, order, present(column))
            told = take(column, chosen)
            self.facts[name] = pc.coalesce(told, self.facts[name]) if last else pc.coalesce(self.facts[name], told)
        self.parent_pid, self.has_parent_pid = self._number(
            process, row, facts.column("parent_pid"), self.parent_pid, self.has_parent_pid
        )
        self.pid, self.has_pid = self._number(process, row, facts.column("pid"), self.pid, self.has_pid)
        anywhere = self._chosen(process, row, np.ones(len(process), np.bool_))
        host = numbers(facts.column("host"), -1)
        self.host = _where(self.host, (self.host < 0) & (anywhere >= 0), host, anywhere)

    def _chosen(self, process: Ints, order: Ints, usable: Bools) -> Ints:
        return earliest(process, len(self.uid), order, usable & (process >= 0))

    def _number(self, process: Ints, order: Ints, column: pa.Array, value: Ints, known: Bools) -> tuple[Ints, Bools]:
        chosen = self._chosen(process, order, present(column))
        new = ~known & (chosen >= 0)
        return _where(value, new, numbers(column, -1), chosen), known | new


def _where(value: Ints, which: Bools, source: Ints, row: Ints) -> Ints:
    value = value.copy()
    value[which] = source[row[which]]
    return value
