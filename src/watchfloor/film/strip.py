"""The film strip: frames run-length coded per owner, with what is needed to choose and find them again.

A run is the same frame shown again and again by one owner inside one batch; it keeps the address
``(batch, row)`` of its first Event and how often it repeats.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

Column = npt.NDArray[np.generic]

#: One run of equal frames: 40 bytes.
RUN: Final = np.dtype(
    [
        ("owner", np.int32),
        ("time", np.int64),  # microseconds since 1970 UTC, NO_TIME when unknown
        ("action", np.int16),
        ("logit", np.float32),
        ("pattern", np.uint64),
        ("repeats", np.int32),
        ("batch", np.int32),
        ("row", np.int32),
    ]
)

NO_TIME: Final = np.iinfo(np.int64).min

#: Runs held before the least relevant half is dropped (160 MB); totals per owner stay exact.
MOST_RUNS: Final = 4_000_000

Runs = npt.NDArray[np.void]


class Strip:
    """Collects runs batch by batch in bounded memory; ``runs()`` gives them in one array."""

    def __init__(self, most_runs: int = MOST_RUNS) -> None:
        self._parts: list[Runs] = []
        self._held = 0
        self._most = most_runs
        self.dropped = 0
        self._events = np.zeros(0, np.int64)
        self._frames = np.zeros(0, np.int64)
        self._first = np.zeros(0, np.int64)
        self._last = np.zeros(0, np.int64)

    def append(
        self,
        number: int,
        owner: npt.NDArray[np.int64],
        time: npt.NDArray[np.int64],
        action: npt.NDArray[np.int64],
        logit: npt.NDArray[np.float32],
        pattern: npt.NDArray[np.uint64],
    ) -> None:
        """Add one batch's frames; all arrays are ``(len(batch),)``, in batch order."""
        if not len(owner):
            return
        order = np.lexsort((time, owner))
        o, p = owner[order], pattern[order]
        starts = np.flatnonzero(np.r_[True, (o[1:] != o[:-1]) | (p[1:] != p[:-1])])
        picked = order[starts]
        runs = np.empty(len(starts), RUN)
        runs["owner"], runs["time"], runs["action"] = owner[picked], time[picked], action[picked]
        runs["logit"], runs["pattern"] = logit[picked], pattern[picked]
        runs["repeats"] = np.diff(np.r_[starts, len(order)])
        runs["batch"], runs["row"] = number, picked
        self._count(owner, time, runs["owner"])
        self._parts.append(runs)
        self._held += len(runs)
        if self._held > self._most:
            self._thin()

    def _count(self, owner: npt.NDArray[np.int64], time: npt.NDArray[np.int64], run_owner: Column) -> None:
        size = max(int(owner.max()) + 1, len(self._events))
        if size > len(self._events):
            more = max(size, 2 * len(self._events)) - len(self._events)
            self._events = np.r_[self._events, np.zeros(more, np.int64)]
            self._frames = np.r_[self._frames, np.zeros(more, np.int64)]
            self._first = np.r_[self._first, np.full(more, np.iinfo(np.int64).max)]
            self._last = np.r_[self._last, np.full(more, NO_TIME)]
        np.add.at(self._events, owner, 1)
        np.add.at(self._frames, run_owner.astype(np.int64), 1)
        timed = time != NO_TIME
        np.minimum.at(self._first, owner[timed], time[timed])
        np.maximum.at(self._last, owner[timed], time[timed])

    def _thin(self) -> None:
        runs = self.runs()
        keep = np.argpartition(runs["logit"], len(runs) // 2)[len(runs) // 2 :]
        self.dropped += len(runs) - len(keep)
        self._parts = [runs[np.sort(keep)]]
        self._held = len(keep)

    def runs(self) -> Runs:
        """All runs held, in order of appearance."""
        if len(self._parts) != 1:
            self._parts = [np.concatenate(self._parts) if self._parts else np.empty(0, RUN)]
        return self._parts[0]

    def totals(self, owners: int) -> tuple[Column, Column, Column, Column]:
        """Events, runs, first and last time (microseconds, NO_TIME unknown) per owner, ``(owners,)`` each."""

        def fit(values: npt.NDArray[np.int64], empty: int) -> npt.NDArray[np.int64]:
            full = np.full(owners, empty, np.int64)
            size = min(owners, len(values))
            full[:size] = values[:size]
            return full

        first = fit(self._first, NO_TIME)
        first[first == np.iinfo(np.int64).max] = NO_TIME
        return fit(self._events, 0), fit(self._frames, 0), first, fit(self._last, NO_TIME)
