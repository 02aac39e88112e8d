"""Which launch records, GUIDs and bare pids are the same process: the merging behind `intake.identity`.

Everything here works on numpy codes, in any input order, and knows nothing of batches.

Rules, each vectorised over all hosts at once:

- a launch with a GUID is an anchor; a bare launch of that pid and image within ``MERGE_US`` is the same
  process (Sysmon 1 and Security 4688 of one start);
- a GUID that was only mentioned is bound to the bare launch it can only have come from (its start time
  is inside a Sysmon GUID; else the image must agree);
- bare launches left over start a process each, except that an exec on Linux or macOS goes on with the
  process its pid already was.
"""

import base64
import re
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

SECOND_US = 1_000_000
#: Two records of one process start are at most this far apart.
MERGE_US = 2 * SECOND_US
#: A launch may be logged this much later than what the new process did first.
JITTER_US = 1 * SECOND_US
#: An exec with the same parent this long after the last one is still taken for the same process when no
#: fork was recorded; past it, reuse of the pid by a long-lived parent (cron, sshd) is likelier.
EXEC_CHAIN_US = 600 * SECOND_US
#: Closer bare starts than this are never two processes, which keeps ``pid@millisecond`` unique.
SAME_INSTANT_US = 1_000
#: Stands for "no time" (and sorts last); far from overflow when a margin is added.
NO_TIME = 1 << 62
#: Stands for "since before the recording".
EVER = -(1 << 62)

_SYSMON_GUID = re.compile(r"\{?[0-9A-Fa-f]{8}-([0-9A-Fa-f]{4})-([0-9A-Fa-f]{4})-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}\}?")
_OWN = re.compile(r"@(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)$")
_ELASTIC = re.compile(r"-\d{1,10}-(\d{11})\.(\d{1,9})$")
_FROM_1601_S = 11_644_473_600
_YEAR_2010_S = 1_262_304_000


def guid_start(uid: str) -> int:
    """Start time in microseconds written inside a process identity, or ``NO_TIME``.

    Sysmon puts the start in whole seconds, little endian by halves, into the second and third group of
    its GUID: ``747f3d96-e8aa-5f8f-…`` is 0x5f8fe8aa. Elastic's is base64 of ``agent-pid-seconds`` since
    1601, and our own ``pid@start`` says it plainly.
    """
    match = _SYSMON_GUID.fullmatch(uid)
    if match is not None:
        seconds = int(match[2] + match[1], 16)
        return seconds * SECOND_US if seconds > _YEAR_2010_S else NO_TIME
    plain = _OWN.search(uid)
    if plain is not None:
        try:
            return int(datetime.fromisoformat(plain[1]).timestamp() * 1000) * 1000
        except (ValueError, OverflowError):
            return NO_TIME
    return _elastic_start(uid)


def _elastic_start(uid: str) -> int:
    if not 40 <= len(uid) <= 200:
        return NO_TIME
    try:
        text = base64.b64decode(uid, validate=True).decode("ascii")
    except ValueError:
        return NO_TIME
    match = _ELASTIC.search(text)
    if match is None:
        return NO_TIME
    seconds = int(match[1]) - _FROM_1601_S
    return seconds * SECOND_US + int((match[2] + "000000")[:6]) if seconds > _YEAR_2010_S else NO_TIME


class Pairs:
    """Codes for the (host, pid) pairs that occur; -1 for any other pair."""

    def __init__(self, host: Ints, pid: Ints) -> None:
        self._pids = np.unique(pid)
        self._keys = np.unique(self._key(host, pid)[0])

    def __len__(self) -> int:
        return len(self._keys)

    def _key(self, host: Ints, pid: Ints) -> tuple[Ints, Bools]:
        if not len(self._pids):
            return np.zeros(len(pid), np.int64), np.zeros(len(pid), np.bool_)
        at = np.minimum(np.searchsorted(self._pids, pid), len(self._pids) - 1)
        return host * len(self._pids) + at, self._pids[at] == pid

    def codes(self, host: Ints, pid: Ints) -> Ints:
        """One code a row, -1 where the pair never occurred."""
        key, known = self._key(host, pid)
        if not len(self._keys):
            return np.full(len(pid), -1, np.int64)
        at = np.minimum(np.searchsorted(self._keys, key), len(self._keys) - 1)
        return np.where(known & (self._keys[at] == key), at, -1)


class Timeline:
    """Entries sorted by (pair, time); finds the last entry at or before a time, per pair."""

    def __init__(self, pair: Ints, time: Ints) -> None:
        self.order: Ints = np.lexsort((time, pair))
        self.pair = pair[self.order]
        self.time = time[self.order]
        self._times = np.unique(time)
        self._base = len(self._times) + 1
        self._keys = self.pair * self._base + np.searchsorted(self._times, self.time) + 1

    def before(self, pair: Ints, time: Ints) -> Ints:
        """Sorted position of the last entry of ``pair`` at or before ``time``; -1 when there is none."""
        if not len(self._keys):
            return np.full(len(pair), -1, np.int64)
        key = pair * self._base + np.searchsorted(self._times, time, side="right")
        at = np.searchsorted(self._keys, key, side="right") - 1
        return np.where((at >= 0) & (pair >= 0) & (self.pair[at] == pair), at, -1)

    def after(self, pair: Ints, time: Ints) -> Ints:
        """Sorted position of the first entry of ``pair`` later than ``time``; -1 when there is none."""
        if not len(self._keys):
            return np.full(len(pair), -1, np.int64)
        key = pair * self._base + np.searchsorted(self._times, time, side="right")
        at = np.searchsorted(self._keys, key, side="right")
        inside = np.minimum(at, len(self._keys) - 1)
        return np.where((at < len(self._keys)) & (pair >= 0) & (self.pair[inside] == pair), at, -1)


@dataclass(slots=True)
class Launches:
    """Launch records that have a time, as codes; ``uid`` is -1 for a bare pid.

    ``image`` is the file name alone: two logs may write one folder in two ways.
    """

    pair: Ints
    time: Ints
    uid: Ints
    image: Ints
    parent_pid: Ints
    unix: Bools
    fork: Bools
    session: Ints  # the audit session, -1 for none
    glimpse: Bools  # no launch: an act of a bare pid that shows its parent, image and session
    fresh: Bools  # a pid that is another process than before, see ``newcomers``


#: A parent's pid that this many processes moved to has adopted orphans.
ADOPTS = 3


def newcomers(launches: Launches, host: Ints, pid: Ints) -> Bools:
    """Which rows show that their pid had become another process; ``host`` and ``pid`` are each row's.

    Audit logs seldom record forks and exits, and pids come round again within minutes. A process keeps its parent
    unless it is orphaned, its image unless it executes another, and its audit session once it has one.
    """
    # the kernel's clock is coarse: within one tick, what entered a session came after what had none
    order = np.lexsort((launches.session, launches.glimpse, launches.time, launches.pair))
    found = np.zeros(len(order), np.bool_)
    if not launches.glimpse.any():
        return found
    pair, parent, glimpse = launches.pair[order], launches.parent_pid[order], launches.glimpse[order]
    image, session = launches.image[order], launches.session[order]
    inside = np.concatenate([[False], pair[1:] == pair[:-1]])
    before = _last_known(pair, np.stack([parent, image, session]))
    moved = inside & (parent >= 0) & (before[0] >= 0) & (parent != before[0])
    other_image = inside & glimpse & (image >= 0) & (before[1] >= 0) & (image != before[1])
    other_session = inside & _other_session(before[2], session)
    orphan = moved & ~other_image & ~other_session
    adopted = orphan & _adopts(host[order], pid[order], parent, image, orphan)
    executes = np.bincount(host[(~launches.glimpse) & launches.unix & ~launches.fork], minlength=int(host.max()) + 1)
    found[order] = (moved & ~adopted) | other_session | (other_image & (executes[host[order]] > 0))
    return found & launches.unix


def _last_known(pair: Ints, facts: Ints) -> Ints:
    """What the rows of a pair before each row last said of each fact ``(facts, rows)``; -1 where they did not.

    A session is what the row just before said, none included: leaving one is what counts.
    """
    index = np.arange(len(pair))
    start = np.maximum.accumulate(np.where(np.concatenate([[True], pair[1:] != pair[:-1]]), index, 0))
    known = np.empty_like(facts)
    for number, fact in enumerate(facts):
        said = np.maximum.accumulate(np.where((fact >= 0) | (number == len(facts) - 1), index, -1))
        last = np.concatenate([[-1], said[:-1]])
        known[number] = np.where(last >= start, fact[last], -1)
    return known


def _other_session(before: Ints, now: Ints) -> Bools:
    """A process enters an audit session once and never leaves it."""
    return np.asarray((before >= 0) & (now != before), np.bool_)


def _adopts(host: Ints, pid: Ints, parent: Ints, image: Ints, orphan: Bools) -> Bools:
    """Whether each row's parent takes in orphans: pid 1, or one that several moved to and that is another program.

    A server whose forks reuse each other's pids is no orphanage: its forks run what it runs.
    """
    width = 1 << 32
    own, above = host * width + np.clip(pid, 0, width - 1), host * width + np.clip(parent, 0, width - 1)
    keys, inverse = np.unique(above, return_inverse=True)
    moves = np.unique(np.stack([inverse[orphan], own[orphan]]), axis=1)
    count = np.bincount(moves[0], minlength=len(keys))
    shown = np.full(len(keys), -1, np.int64)
    at = np.minimum(np.searchsorted(keys, own), len(keys) - 1)
    mine = (keys[at] == own) & (image >= 0)
    shown[at[mine]] = image[mine]
    return np.asarray((parent == 1) | ((count[inverse] >= ADOPTS) & (shown[inverse] != image)), np.bool_)


def merge_with_anchors(launches: Launches) -> Ints:
    """GUID code of every launch: its own, that of the anchor it duplicates, or -1."""
    uid = launches.uid.copy()
    bare = np.flatnonzero(uid < 0)
    anchors = np.flatnonzero(uid >= 0)
    if not len(bare) or not len(anchors):
        return uid
    line = Timeline(launches.pair[anchors], launches.time[anchors])
    pair, time, image = launches.pair[bare], launches.time[bare], launches.image[bare]

    def gap(at: Ints) -> Ints:
        """How far the anchor is; a pid reused within seconds shows by its image."""
        other = launches.image[anchors[line.order[at]]]
        agrees = (other == image) | (other < 0) | (image < 0)
        return np.where((at >= 0) & agrees, np.abs(time - line.time[at]), NO_TIME)

    before, after = line.before(pair, time), line.after(pair, time)
    gap_before, gap_after = gap(before), gap(after)
    nearest = np.where(gap_before <= gap_after, before, after)
    close = np.minimum(gap_before, gap_after) <= MERGE_US
    uid[bare[close]] = uid[anchors[line.order[nearest[close]]]]
    return uid


@dataclass(slots=True)
class Mentioned:
    """GUIDs without a launch record: one row each, with what was seen of them."""

    uid: Ints
    pair: Ints
    first: Ints
    born: Ints  # from the GUID itself, NO_TIME where it does not say
    image: Ints


def bind_mentions(launches: Launches, uid: Ints, mentioned: Mentioned) -> Ints:
    """Give bare launches the GUID of the process they must have started; returns the new ``uid``."""
    uid = uid.copy()
    bare = np.flatnonzero((uid < 0) & ~launches.fork)
    usable = np.flatnonzero((mentioned.first < NO_TIME) & (mentioned.pair >= 0))
    if not len(bare) or not len(usable):
        return uid
    usable = usable[np.lexsort((mentioned.uid[usable], mentioned.first[usable]))]
    line = Timeline(launches.pair[bare], launches.time[bare])
    born, first = mentioned.born[usable], mentioned.first[usable]
    told = born < NO_TIME
    when = np.where(told, born + SECOND_US, first) + MERGE_US
    at = line.before(mentioned.pair[usable], when)
    row = bare[line.order[at]]
    start, image, seen = launches.time[row], launches.image[row], mentioned.image[usable]
    fits = np.where(told, np.abs(start - born) <= MERGE_US + SECOND_US, (image >= 0) & (image == seen))
    fits &= at >= 0
    rows, firsts = np.unique(row[fits], return_index=True)
    uid[rows] = mentioned.uid[usable][fits][firsts]
    return uid


def cluster_bare(launches: Launches, rows: Ints, ends_pair: Ints, ends_time: Ints) -> Ints:
    """Process number (0, 1, …, in time order per pair) of each bare launch in ``rows``."""
    count = len(rows)
    pair = np.concatenate([launches.pair[rows], ends_pair])
    time = np.concatenate([launches.time[rows], ends_time])
    is_end = np.concatenate([np.zeros(count, np.bool_), np.ones(len(ends_pair), np.bool_)])
    # at one instant: fork, then exec, then exit
    step = np.concatenate([np.where(launches.fork[rows], 0, 1), np.full(len(ends_pair), 2)])
    order = np.lexsort((step, time, pair))
    ended = np.cumsum(is_end[order])
    kept = ~is_end[order]
    order, ended = order[kept], ended[kept]
    if not len(order):
        return np.zeros(0, np.int64)
    at = rows[order]
    pair, time, fork = launches.pair[at], launches.time[at], launches.fork[at]
    same_pair = np.concatenate([[False], pair[1:] == pair[:-1]])
    gap = np.concatenate([[0], np.diff(time)])
    alive = np.concatenate([[False], ended[1:] == ended[:-1]])
    parent = launches.parent_pid[at]
    same_parent = np.concatenate([[False], parent[1:] == parent[:-1]])
    # an exec belongs to the last fork of its pid whatever happened to its parent since
    index = np.arange(len(at))
    last_fork = np.maximum.accumulate(np.where(fork, index, -1))
    first_of_pair = np.maximum.accumulate(np.where(same_pair, 0, index))
    forked = last_fork >= first_of_pair
    # what an act showed of a pid's parent or session counts where the log records no forks
    recorded = forked & ~launches.glimpse[at][last_fork]
    fresh = launches.fresh[at] & ~recorded
    chain = alive & ~fork & ~fresh & (forked | (same_parent & (gap <= EXEC_CHAIN_US)))
    image = launches.image[at]
    same_image = np.concatenate([[False], (image[1:] == image[:-1]) | (image[1:] < 0) | (image[:-1] < 0)])
    twice_logged = (gap <= MERGE_US) & same_image
    goes_on = np.where(launches.unix[at], chain, twice_logged) | (gap < SAME_INSTANT_US)
    number = np.cumsum(~(same_pair & goes_on)) - 1
    result = np.empty(count, np.int64)
    result[order] = number
    return result


def without_cycles(parent: Ints) -> Ints:
    """Cut (set to -1) one link of every loop, so that walking up from any process ends."""
    links = parent.tolist()
    state = bytearray(len(links))  # 0 unseen, 1 on the walk, 2 known to end
    for start in range(len(links)):
        walk = []
        node = start
        while node >= 0 and state[node] == 0:
            state[node] = 1
            walk.append(node)
            node = links[node]
        if node >= 0 and state[node] == 1:
            # cut where the loop enters its lowest number: the same link whatever order rows came in
            loop = walk[walk.index(node) :]
            links[min(loop)] = -1
        for seen in walk:
            state[seen] = 2
    return np.array(links, dtype=np.int64)
