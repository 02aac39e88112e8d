"""Filming: Events in, run-length coded frames with owners and scenes out, in two passes over a spool.

Pass one reads and learns who the processes are; pass two names them in every Event, films and judges frames.
What is kept of an Event after that is one run of the film strip, so memory follows processes and runs.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from watchfloor.base.actions import ACTIONS
from watchfloor.film.cast import Cast
from watchfloor.film.casting import Casting, cast_scenes
from watchfloor.film.company import Gathering, Meetings
from watchfloor.film.frames import Camera, pattern
from watchfloor.film.links import Linker
from watchfloor.film.screen import Screen
from watchfloor.film.strip import NO_TIME, RUN, Runs, Strip
from watchfloor.intake.identity import ProcessTable
from watchfloor.store.spool import Spool

_ACTION_CODES: dict[str, int] = {name: i for i, name in enumerate(ACTIONS)}


@dataclass(slots=True)
class Reel:
    """A filmed recording before judgement is written down: who, which scene, which runs.

    ``runs_scene`` is ``(len(runs),)``, the scene of each run; ``meetings`` says which scenes met.
    """

    spool: Spool
    table: ProcessTable
    cast: Cast
    strip: Strip
    casting: Casting
    screen: Screen
    camera: Camera
    runs: Runs
    runs_scene: npt.NDArray[np.int64]
    meetings: Meetings

    def event_rows(self, batch: npt.NDArray[np.int32], row: npt.NDArray[np.int32]) -> pa.Table:
        """The Events at these addresses, in this order, with identities filled in."""
        parts: list[pa.RecordBatch] = []
        order: list[npt.NDArray[np.int64]] = []
        for number in np.unique(batch):
            places = np.flatnonzero(batch == number)
            picked = self.spool.batch(int(number)).take(pa.array(row[places].astype(np.int64)))
            parts.append(self.table.resolve(picked))
            order.append(places)
        if not parts:
            return pa.table({})
        back = np.argsort(np.concatenate(order), kind="stable")
        return pa.Table.from_batches(parts).take(pa.array(back)).combine_chunks()

    def scenes_at(self, batch: npt.NDArray[np.int32], row: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
        """The scene of each Event at these addresses."""
        owners = [self.cast.assign(part) for part in self.event_rows(batch, row).to_batches()]
        return self.casting.scene[np.concatenate(owners)] if owners else np.zeros(0, np.int64)

    def scene_ids(self) -> list[str]:
        """The name of each scene: its host and its root's uid."""
        roots = (self.cast.owners[int(root)] for root in self.casting.roots)
        return [f"{root.host or 'host'}/{root.uid}" for root in roots]

    def frames_of(self, batch: npt.NDArray[np.int32], row: npt.NDArray[np.int32]) -> Runs:
        """The Events at these addresses as runs of one frame each."""
        runs = np.empty(len(batch), RUN)
        at = 0
        for part in self.event_rows(batch, row).to_batches():
            frames = self.camera.encode(part)
            here = runs[at : at + len(part)]
            here["owner"], here["time"], here["action"] = self.cast.assign(part), event_times(part), action_codes(part)
            here["logit"], here["pattern"], here["repeats"] = self.screen.logits(frames), pattern(frames), 1
            at += len(part)
        runs["batch"], runs["row"] = batch, row
        return runs


def film(batches: Iterable[pa.RecordBatch], screen: Screen, spool: Spool) -> Reel:
    """Film batches of Events: both passes, up to scenes."""
    table = ProcessTable()
    for batch in batches:
        table.observe(batch)
        spool.append(batch)
    table.freeze()
    cast, strip, linker, camera, gathering = Cast(), Strip(), Linker(), Camera(), Gathering()
    for number, batch in enumerate(spool):
        resolved = table.resolve(batch)
        owners = cast.assign(resolved)
        frames = camera.encode(resolved)
        strip.append(
            number, owners, event_times(resolved), action_codes(resolved), screen.logits(frames), pattern(frames)
        )
        linker.observe(resolved, owners.tolist())
        gathering.observe(resolved, owners)
    cast.complete(table.processes())
    casting = cast_scenes(cast, linker.links(cast))
    runs = strip.runs()
    runs_scene = casting.scene[runs["owner"].astype(np.int64)]
    meetings = gathering.meetings(cast, casting, runs, runs_scene)
    return Reel(spool, table, cast, strip, casting, screen, camera, runs, runs_scene, meetings)


def event_times(batch: pa.RecordBatch) -> npt.NDArray[np.int64]:
    """Microseconds since 1970 UTC, ``NO_TIME`` where unknown."""
    return np.asarray(batch.column("time").cast(pa.int64()).fill_null(NO_TIME).to_numpy(zero_copy_only=False))


def action_codes(batch: pa.RecordBatch) -> npt.NDArray[np.int64]:
    """Place of each Event's action in ``ACTIONS``."""
    names = pa.array(list(_ACTION_CODES))
    codes = pc.index_in(batch.column("action"), names).fill_null(_ACTION_CODES["other"])
    return np.asarray(codes.to_numpy(zero_copy_only=False), np.int64)
