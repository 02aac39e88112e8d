"""Company: what the other scenes of its host say of a scene.

Most of what an intruder does are single harmless-looking commands in scenes of their own; what gives them away is who
else did what. Two meetings speak for an attack: a scene runs what another that stands out had put there, or it serves a
visitor whose other requests look bad. One speaks against it: everything in it is done all the time here, and nobody put
it there. Evidence of neighbours in a provenance graph, after NoDoze (Hassan et al., NDSS 2019) and HOLMES (Milajerdi et
al., S&P 2019); paths and addresses are compared with each other and never known by name.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, product
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from watchfloor.base.actions import ACTIONS, WRITES
from watchfloor.film.cast import Cast
from watchfloor.film.casting import Casting
from watchfloor.film.lexicon import INSTALLERS, JOB_DAEMONS, LAUNCHERS
from watchfloor.film.odds import log_odds, probability
from watchfloor.film.strip import Runs
from watchfloor.film.traces import COMMON, elsewhere, ran
from watchfloor.film.visitors import SERVERS, Switchboard, shape_of
from watchfloor.film.words import base_name

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

#: What ``evidence`` weighs, column by column.
KINDS: Final = ("planted", "visitor", "habit")
#: Scenes that write one file, at most: what more write is a state everybody leaves, not a thing put there.
MOST_WRITERS: Final = 2
#: What a visitor's other requests are drawn towards, in requests of an ordinary scene, and by how much more than usual
#: they have to look bad, in log-odds: half of the ordinary visitors are a little over what is usual.
SHRUNK: Final = 2.0
BAD_COMPANY: Final = 0.5
#: Scenes a habit is counted to: beyond, more say no more.
MOST_ALIKE: Final = 1_000
#: Seconds a file may be run before its writing is on record.
SKEW: Final = 1.0
_LAUNCH: Final = tuple(ACTIONS).index("process.launch")


@dataclass(frozen=True, slots=True)
class Planted:
    """Scene number ``runner`` ran ``path``, which scene number ``writer`` had put there."""

    writer: int
    runner: int
    path: str


@dataclass(frozen=True, slots=True)
class Meetings:
    """Which scenes met. ``visitor`` names the remote address behind a scene that served one; ``habit`` ``(scenes,)``
    is the log of how many scenes show the rarest of what a scene started, 0 where nothing is known; ``host``
    ``(scenes,)`` numbers hosts; ``linux`` names those that run Linux.
    """

    planted: tuple[Planted, ...]
    visitor: Mapping[int, str]
    habit: Floats
    host: Ints
    linux: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Weights:
    """What company counts: a weight for each column of ``evidence``, none below 0. Whoever is over ``outstanding``, in
    log-odds, stands out.
    """

    each: tuple[float, ...]
    outstanding: float


NO_COMPANY: Final = Weights((0.0,) * len(KINDS), 0.0)


class Gathering:
    """Watches batches of Events for what lets scenes meet. Only Linux: elsewhere there was no truth to learn from."""

    def __init__(self) -> None:
        self._writes: dict[tuple[str, str], dict[int, float]] = defaultdict(dict)
        self._runs: dict[tuple[str, str], dict[int, float]] = defaultdict(dict)
        self._clock: dict[str, float] = {}
        self._rows = 0
        self._first: dict[int, tuple[int, float]] = {}
        self._linux: set[str] = set()
        self._talk: list[tuple[int, str, str, str, int, float, str]] = []

    def observe(self, batch: pa.RecordBatch, owners: Ints) -> None:
        """Remember what matters of this batch. ``owners`` as ``Cast.assign`` gave them."""
        linux = pc.equal(batch.column("device.os"), "linux").fill_null(False)
        if pc.any(linux).as_py():
            hosts = [name or "" for name in batch.column("device.hostname").to_pylist()]
            self._linux.update(host for host, here in zip(hosts, linux.to_pylist(), strict=True) if here)
            now = self._times(batch, hosts)
            known, first = np.unique(owners, return_index=True)
            for owner, row in zip(known.tolist(), first.tolist(), strict=True):
                self._first.setdefault(owner, (self._rows + row, float(now[row])))
            self._observe_files(batch, linux, hosts, owners, now)
            self._observe_talk(batch, linux, hosts, owners, now)
        self._rows += len(batch)

    def _times(self, batch: pa.RecordBatch, hosts: list[str]) -> npt.NDArray[np.float64]:
        """The latest time each row's host has shown so far, seconds since 1970."""
        seconds = batch.column("time").cast(pa.int64()).fill_null(0).to_numpy(zero_copy_only=False) / 1e6
        names, place = np.unique(np.asarray(hosts, np.object_).astype(str), return_inverse=True)
        for number, name in enumerate(names.tolist()):
            mine = np.flatnonzero(place == number)
            seconds[mine] = np.maximum(np.maximum.accumulate(seconds[mine]), self._clock.get(name, 0.0))
            self._clock[name] = float(seconds[mine[-1]])
        return np.asarray(seconds, np.float64)

    def _observe_files(
        self, batch: pa.RecordBatch, linux: pa.Array, hosts: list[str], owners: Ints, now: npt.NDArray[np.float64]
    ) -> None:
        wrote = pc.and_(pc.is_in(batch.column("action"), pa.array(WRITES)), linux)
        rows = _where(wrote)
        paths = _values(batch, "file.path", rows)
        writers = _values(batch, "actor.process.file.path", rows)
        for row, path, writer in zip(rows, paths, writers, strict=True):
            name = base_name(writer or "")
            if path and path.startswith("/") and name not in INSTALLERS and name not in LAUNCHERS:
                self._writes[hosts[row], path.rstrip("/")].setdefault(int(owners[row]), float(now[row]))
        launched = pc.and_(pc.equal(batch.column("action"), "process.launch").fill_null(False), linux)
        rows = _where(pc.and_(launched, pc.not_equal(batch.column("status").fill_null(""), "failure")))
        columns = (_values(batch, f"process.{name}", rows) for name in ("cmd_line", "file.path", "working_directory"))
        for row, command, image, folder in zip(rows, *columns, strict=True):
            own = (image,) if image and not image.startswith(COMMON) else ()
            for path in {*ran(command or "", folder or ""), *own}:
                self._runs[hosts[row], path].setdefault(int(owners[row]), float(now[row]))

    def _observe_talk(
        self, batch: pa.RecordBatch, linux: pa.Array, hosts: list[str], owners: Ints, now: npt.NDArray[np.float64]
    ) -> None:
        action = batch.column("action")
        for name, column in (("network.connect", "dst_endpoint.ip"), ("network.listen", "src_endpoint.ip")):
            rows = _where(pc.and_(pc.equal(action, name).fill_null(False), linux))
            addresses = _values(batch, column, rows)
            users = _values(batch, "actor.user.name", rows)
            for row, address, user in zip(rows, addresses, users, strict=True):
                if address and (name == "network.listen" or address.startswith("127.")):
                    owner = int(owners[row])
                    self._talk.append((self._rows + row, name, hosts[row], user or "", owner, float(now[row]), address))

    def meetings(self, cast: Cast, casting: Casting, runs: Runs, runs_scene: Ints) -> Meetings:
        """Which scenes met, once all is seen."""
        scenes = len(casting.roots)
        names = sorted({owner.host for owner in cast.owners})
        place = {name: number for number, name in enumerate(names)}
        host = np.asarray([place[cast.owners[int(root)].host] for root in casting.roots], np.int64)
        if not self._first:
            return Meetings((), {}, np.zeros(scenes, np.float32), host)
        known = np.asarray([name in self._linux for name in names])[host]
        habit = np.where(known, _habit(runs, runs_scene, host), 0).astype(np.float32)
        linux = frozenset(self._linux)
        return Meetings(tuple(self._planted(casting)), self._visitors(cast, casting), habit, host, linux)

    def _planted(self, casting: Casting) -> Iterator[Planted]:
        scene = casting.scene
        for key, started in self._runs.items():
            wrote: dict[int, float] = {}
            for owner, then in self._writes.get(key, {}).items():
                writer = int(scene[owner])
                wrote[writer] = min(wrote.get(writer, then), then)
            if not 0 < len(wrote) <= MOST_WRITERS:
                continue
            ran_last: dict[int, float] = {}
            for owner, at in started.items():
                runner = int(scene[owner])
                ran_last[runner] = max(ran_last.get(runner, at), at)
            for writer, runner in sorted(product(wrote, ran_last)):
                if writer != runner and wrote[writer] <= ran_last[runner] + SKEW:
                    yield Planted(writer, runner, key[1])

    def _visitors(self, cast: Cast, casting: Casting) -> dict[int, str]:
        owners = cast.owners
        jobs = {int(s) for s, owner in zip(casting.scene, owners, strict=True) if base_name(owner.image) in JOB_DAEMONS}
        tops = {
            int(root): scene
            for scene, root in enumerate(casting.roots.tolist())
            if root in self._first and not owners[root].session and scene not in jobs
        }
        board = Switchboard()
        begins = ((self._first[top][0], "", "", "", top, self._first[top][1], "") for top in tops)
        for _, action, host, user, number, now, address in sorted(chain(self._talk, begins), key=lambda one: one[0]):
            owner = owners[number]
            if action == "network.connect":
                board.connects(host, number, now)
            elif action == "network.listen" and base_name(owner.image) not in SERVERS:
                board.accepts(host, user or owner.user, number, now, address)
            elif not action:
                parent = cast.number_of(owner.parent_uid) if owner.parent_uid else None
                board.starts(owner.host, owner.user, number, () if parent is None else (parent,), now)
        found = board.visitors(lambda number: shape_of(owners[number].host, owners[number].command_line))
        return {tops[number]: address for number, address in found.items() if elsewhere(address)}


def evidence(met: Meetings, logit: Floats, weights: Weights, *, judged: npt.NDArray[np.bool_]) -> Floats:
    """What company says of each scene, ``(scenes, len(KINDS))``: positive for an attack, ``habit`` never.

    ``logit`` is what the screen thinks of each scene by itself, ``(scenes,)``; ``judged`` those it speaks of: others,
    of another system or without Events, get 0. Of ``planted`` it is how far the writer stands out; of ``visitor`` how
    much the mean of the visitor's other requests exceeds that of the host's scenes by more than ``BAD_COMPANY``.
    """
    found = np.zeros((len(logit), len(KINDS)), np.float32)
    for one in met.planted:
        if judged[one.writer]:
            found[one.runner, 0] = max(found[one.runner, 0], logit[one.writer] - weights.outstanding)
    likely = probability(logit)
    for group in requests(met).values():
        mine = group[judged[group]]
        if len(mine) > 1:
            usual = likely[judged & (met.host == met.host[mine[0]])].mean()
            others = (likely[mine].sum() - likely[mine] + SHRUNK * usual) / (len(mine) - 1 + SHRUNK)
            found[mine, 1] = np.maximum(log_odds(others) - log_odds(usual) - BAD_COMPANY, 0)
    found[:, 2] = np.where(found[:, 0] > 0, 0, -met.habit)
    found[~judged] = 0
    return found


def requests(met: Meetings) -> dict[tuple[int, str], Ints]:
    """Scenes that served each visitor of each host, ``(n,)``."""
    groups: dict[tuple[int, str], list[int]] = defaultdict(list)
    for scene, address in met.visitor.items():
        groups[int(met.host[scene]), address].append(scene)
    return {key: np.asarray(scenes, np.int64) for key, scenes in groups.items()}


def _habit(runs: Runs, scene: Ints, host: Ints) -> Floats:
    """Log of how many scenes of its host show the rarest of the launches of each scene, ``(scenes,)``."""
    launch = np.flatnonzero(runs["action"] == _LAUNCH)
    pattern, place = runs["pattern"][launch], scene[launch]
    key = np.stack([pattern, host[place].astype(np.uint64), place.astype(np.uint64)], axis=1)
    shown = np.unique(key, axis=0)
    _, alike, count = np.unique(shown[:, :2], axis=0, return_inverse=True, return_counts=True)
    rarest = np.full(len(host), MOST_ALIKE, np.int64)
    np.minimum.at(rarest, shown[:, 2].astype(np.int64), count[alike.ravel()])
    started = np.zeros(len(host), np.bool_)
    started[place] = True
    return np.where(started, np.log(rarest), 0.0).astype(np.float32)


def _where(mask: pa.Array) -> list[int]:
    return list(pc.indices_nonzero(pc.fill_null(mask, False)).to_pylist())


def _values(batch: pa.RecordBatch, column: str, rows: list[int]) -> list[str | None]:
    return list(batch.column(column).take(pa.array(rows, pa.int64())).to_pylist())
