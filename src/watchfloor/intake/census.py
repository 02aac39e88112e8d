"""The census of processes: launches, exits and sightings become one row a process and a way to find it."""

from dataclasses import dataclass, fields, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from watchfloor.intake import lineage
from watchfloor.intake.lineage import (
    EVER,
    JITTER_US,
    NO_TIME,
    Bools,
    Ints,
    Launches,
    Mentioned,
    Pairs,
    Timeline,
)
from watchfloor.intake.roster import FACTS, Roster
from watchfloor.intake.sightings import SIGHTING, coded, numbers, present, take

_TEXT = pa.string()
_TIME = pa.timestamp("us", tz="UTC")

LAUNCH = pa.schema(
    [
        ("uid", _TEXT),
        ("host", pa.int64()),
        ("pid", pa.int64()),
        ("time", pa.int64()),
        ("image", _TEXT),
        ("cmd_line", _TEXT),
        ("user", _TEXT),
        ("parent_uid", _TEXT),
        ("parent_pid", pa.int64()),
        ("unix", pa.bool_()),
        ("fork", pa.bool_()),
        ("session", pa.int64()),
        ("glimpse", pa.bool_()),  # no launch: an act of a bare pid, see ``lineage.newcomers``
    ]
)
END = pa.schema([("uid", _TEXT), ("host", pa.int64()), ("pid", pa.int64()), ("time", pa.int64())])
PROCESSES = pa.schema(
    [
        ("uid", _TEXT),
        ("host", _TEXT),
        ("pid", pa.int64()),
        ("image", _TEXT),
        ("cmd_line", _TEXT),
        ("user", _TEXT),
        ("parent_uid", _TEXT),
        ("start", _TIME),
        ("end", _TIME),
    ]
)


@dataclass(frozen=True, slots=True)
class Census:
    """Every process, numbered. A *version* is a stretch of one process' life with one image."""

    number: dict[str, int]
    uid: pa.Array
    pid: Ints
    has_pid: Bools
    end: Ints
    unlaunched: Bools  # the pid@? processes
    parent: Ints
    image: pa.Array  # of each process, then of each version
    cmd_line: pa.Array
    pairs: Pairs
    line: Timeline
    version_of: Ints  # process of each version, in the timeline's order
    table: pa.Table

    def lookup(self, host: Ints, pid: Ints, time: Ints) -> tuple[Ints, Ints]:
        """Process and version each (host, pid) was at ``time``, -1 for a pair nobody mentioned.

        The last launch at or before the time counts; a launch up to a second later does when the pid
        had no live process (clocks of two logs differ, and a log may be written late).
        """
        if not len(self.version_of):
            nothing = np.full(len(pid), -1, np.int64)
            return nothing, nothing
        pair = self.pairs.codes(host, pid)
        at, after = self.line.before(pair, time), self.line.after(pair, time)
        process = np.where(at >= 0, self.version_of[at], -1)
        soon = (after >= 0) & (self.line.time[after] - time <= JITTER_US)
        dead = (process < 0) | self.unlaunched[process] | (self.end[process] <= time)
        at = np.where(soon & dead, after, at)
        return np.where(at >= 0, self.version_of[at], -1), at


def _one_batch(batches: list[pa.RecordBatch], schema: pa.Schema) -> pa.RecordBatch:
    table = pa.Table.from_batches(batches, schema).combine_chunks()
    found = table.to_batches()
    return found[0] if found else pa.RecordBatch.from_arrays([pa.nulls(0, f.type) for f in schema], schema=schema)


def _sorted_launches(batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    """Launches in an order that does not depend on the order of input."""
    batch = _one_batch(batches, LAUNCH)
    keys = [("time", "ascending"), ("fork", "descending")]
    keys += [(name, "ascending") for name in LAUNCH.names if name not in ("time", "fork")]
    return batch.take(pc.sort_indices(batch, sort_keys=keys))


def _codes_in(column: pa.Array, number: dict[str, int]) -> Ints:
    code, dictionary = coded(column)
    known = np.array([number.get(u, -1) for u in dictionary.to_pylist()] or [-1], np.int64)
    return np.where(code >= 0, known[code], -1)


def _image_codes(launches: pa.RecordBatch, seen: pa.RecordBatch) -> tuple[Ints, Ints]:
    """File names as codes, one code book for both; -1 for none."""
    both = pa.concat_arrays([launches.column("image"), seen.column("image")])
    names = pc.replace_substring_regex(pc.utf8_lower(both), r"^.*[\\/]", "")
    code = coded(names)[0]
    return code[: len(launches)], code[len(launches) :]


def _iso(times: Ints) -> list[str]:
    return [f"{t}Z" for t in np.datetime_as_string((times // 1000).astype("datetime64[ms]"))]


def take_census(
    names: list[str],
    shown: list[str | None],
    launch_batches: list[pa.RecordBatch],
    end_batches: list[pa.RecordBatch],
    seen: pa.RecordBatch,
) -> Census:
    """Merge everything observed. ``names`` are the host names used in uids, ``shown`` those in the table."""
    launches = _sorted_launches(launch_batches)
    ends = _one_batch(end_batches, END)
    texts = [launches.column("uid"), seen.column("uid"), ends.column("uid")]
    texts += [launches.column("parent_uid"), seen.column("parent_uid")]
    guids = sorted(set(pc.unique(pa.concat_arrays(texts)).to_pylist()) - {None})
    number = {uid: n for n, uid in enumerate(guids)}
    processes = Roster(guids)
    pairs = Pairs(*_every_pair(launches, seen, ends))
    launches, facts = _with_newcomers(launches, _launch_facts(launches, seen, pairs, number))

    uid = lineage.merge_with_anchors(facts)
    seen_uid = _codes_in(seen.column("uid"), number)
    processes.learn(seen_uid, seen)  # gives GUIDs their pids, which binding needs
    guid = seen_uid >= 0
    np.minimum.at(processes.first, seen_uid[guid], numbers(seen.column("first"), NO_TIME)[guid])
    mentioned = _mentioned(processes, seen, seen_uid, uid, pairs, _image_codes(launches, seen)[1])
    uid = lineage.bind_mentions(facts, uid, mentioned)
    bare = np.flatnonzero(uid < 0)
    end_pair = pairs.codes(numbers(ends.column("host"), -1), numbers(ends.column("pid"), -1))
    end_time = numbers(ends.column("time"), NO_TIME)
    cluster = lineage.cluster_bare(facts, bare, end_pair, end_time)
    uid[bare] = _bare_processes(processes, names, launches, facts, bare, cluster)

    processes.learn(uid, launches, last=True)  # an exec on Linux renames its process
    np.minimum.at(processes.start, uid, facts.time)
    processes.first = np.minimum(processes.first, processes.start)
    versions = _Versions(facts.pair, facts.time, uid, launches.column("image"), launches.column("cmd_line"))
    _add_guid_versions(versions, processes, mentioned, uid)
    unlaunched = _add_unlaunched(versions, processes, names, seen, pairs)
    return _finish(processes, versions, unlaunched, pairs, (_codes_in(ends.column("uid"), number), ends), shown)


def _every_pair(launches: pa.RecordBatch, seen: pa.RecordBatch, ends: pa.RecordBatch) -> tuple[Ints, Ints]:
    host, pid = [], []
    for batch, column in ((launches, "pid"), (seen, "pid"), (ends, "pid")):
        usable = present(batch.column(column))
        host.append(numbers(batch.column("host"), -1)[usable])
        pid.append(numbers(batch.column(column), -1)[usable])
    return np.concatenate(host), np.concatenate(pid)


def _launch_facts(launches: pa.RecordBatch, seen: pa.RecordBatch, pairs: Pairs, number: dict[str, int]) -> Launches:
    return Launches(
        pair=pairs.codes(numbers(launches.column("host"), -1), numbers(launches.column("pid"), -1)),
        time=numbers(launches.column("time"), NO_TIME),
        uid=_codes_in(launches.column("uid"), number),
        image=_image_codes(launches, seen)[0],
        parent_pid=numbers(launches.column("parent_pid"), -1),
        unix=np.asarray(launches.column("unix").to_numpy(zero_copy_only=False), np.bool_),
        fork=np.asarray(launches.column("fork").to_numpy(zero_copy_only=False), np.bool_),
        session=numbers(launches.column("session"), -1),
        glimpse=np.asarray(launches.column("glimpse").to_numpy(zero_copy_only=False), np.bool_),
        fresh=np.zeros(len(launches), np.bool_),
    )


def _with_newcomers(launches: pa.RecordBatch, facts: Launches) -> tuple[pa.RecordBatch, Launches]:
    """Launches and, as forks, the glimpses that show a new process; the other glimpses have served."""
    host, pid = numbers(launches.column("host"), -1), numbers(launches.column("pid"), -1)
    facts.fresh = lineage.newcomers(facts, host, pid)
    keep = ~facts.glimpse | facts.fresh
    kept = {field.name: getattr(facts, field.name)[keep] for field in fields(facts)}
    return launches.filter(pa.array(keep)), Launches(**kept)


def _mentioned(
    processes: Roster, seen: pa.RecordBatch, seen_uid: Ints, launched: Ints, pairs: Pairs, image: Ints
) -> Mentioned:
    """GUIDs with a pid and a first sighting, but no launch."""
    has_launch = np.zeros(len(processes.uid) + 1, np.bool_)
    has_launch[launched] = True
    has_launch[-1] = False  # where -1, "no GUID", was noted
    rows = np.flatnonzero((seen_uid >= 0) & ~has_launch[seen_uid])
    uid = seen_uid[rows]
    pair = np.where(processes.has_pid[uid], pairs.codes(processes.host[uid], processes.pid[uid]), -1)
    first = numbers(seen.column("first"), NO_TIME)[rows]
    born = np.array([lineage.guid_start(processes.uid[u]) for u in uid.tolist()], np.int64)
    born = np.where(born <= first + lineage.MERGE_US, born, NO_TIME)
    return Mentioned(uid, pair, first, born, image[rows])


def _bare_processes(
    processes: Roster,
    names: list[str],
    launches: pa.RecordBatch,
    facts: Launches,
    bare: Ints,
    cluster: Ints,
) -> Ints:
    """Add one process a cluster of bare launches; returns the process of each bare launch."""
    if not len(bare):
        return bare
    count = int(cluster.max()) + 1
    start = np.full(count, NO_TIME, np.int64)
    np.minimum.at(start, cluster, facts.time[bare])
    row = np.zeros(count, np.int64)
    row[cluster] = bare
    host, pid = numbers(launches.column("host"), -1)[row], numbers(launches.column("pid"), -1)[row]
    uids = [f"{names[h]}/{p}@{t}" for h, p, t in zip(host.tolist(), pid.tolist(), _iso(start), strict=True)]
    new = processes.grow(_unused(uids, processes), host, pid, start)
    return new[cluster]


def _unused(uids: list[str], processes: Roster) -> list[str]:
    """A source may have called a process by the very name we would give another one."""
    taken = set(processes.uid)
    return [uid if uid not in taken else f"{uid}+" for uid in uids]


class _Versions:
    """What a (host, pid) was from when on; unsorted."""

    def __init__(self, pair: Ints, time: Ints, process: Ints, image: pa.Array, cmd_line: pa.Array) -> None:
        usable = pair >= 0
        keep = pa.array(usable)
        self.pair, self.time, self.process = pair[usable], time[usable], process[usable]
        self.image, self.cmd_line = image.filter(keep), cmd_line.filter(keep)

    def add(self, pair: Ints, time: Ints, process: Ints, processes: Roster) -> None:
        """Add versions that show what their process shows."""
        self.pair = np.concatenate([self.pair, pair])
        self.time = np.concatenate([self.time, time])
        self.process = np.concatenate([self.process, process])
        self.image = pa.concat_arrays([self.image, take(processes.facts["image"], process)])
        self.cmd_line = pa.concat_arrays([self.cmd_line, take(processes.facts["cmd_line"], process)])


def _add_guid_versions(versions: _Versions, processes: Roster, mentioned: Mentioned, launched: Ints) -> None:
    """Let bare pids find GUIDs without a launch: from their start, else from the first sighting on.

    The first process of a pid without a known start has been there since before the recording.
    """
    unbound = ~np.isin(mentioned.uid, launched)
    keep = np.flatnonzero(unbound & (mentioned.pair >= 0) & (mentioned.first < NO_TIME))
    if not len(keep):
        return
    uid, pair = mentioned.uid[keep], mentioned.pair[keep]
    born = mentioned.born[keep]
    told = born < NO_TIME
    processes.start[uid[told]] = born[told]
    time = np.where(told, born, mentioned.first[keep])
    order = np.lexsort((uid, time, pair))
    uid, pair, time, told = uid[order], pair[order], time[order], told[order]
    first = np.concatenate([[True], pair[1:] != pair[:-1]])
    earlier = Timeline(versions.pair, versions.time).before(pair, time) >= 0
    versions.add(pair, np.where(first & ~earlier & ~told, EVER, time), uid, processes)


def _add_unlaunched(
    versions: _Versions, processes: Roster, names: list[str], seen: pa.RecordBatch, pairs: Pairs
) -> Bools:
    """One ``pid@?`` process for every bare pid that did something before its first known launch."""
    bare = np.flatnonzero(~present(seen.column("uid")) & present(seen.column("pid")))
    host, pid = numbers(seen.column("host"), -1)[bare], numbers(seen.column("pid"), -1)[bare]
    pair = pairs.codes(host, pid)
    first_version = np.full(len(pairs), NO_TIME, np.int64)
    np.minimum.at(first_version, versions.pair, versions.time)
    first = numbers(seen.column("first"), NO_TIME)[bare]
    needed = first < first_version[pair] - JITTER_US
    needed |= first_version[pair] == NO_TIME
    bare, host, pid, pair = bare[needed], host[needed], pid[needed], pair[needed]
    before = len(processes.uid)
    uids = [f"{names[h]}/{p}@?" for h, p in zip(host.tolist(), pid.tolist(), strict=True)]
    new = processes.grow(_unused(uids, processes), host, pid, np.full(len(bare), NO_TIME, np.int64))
    processes.first[new] = first[needed]
    # a fact seen after the pid was launched anew is not about this process
    alone = first_version[pair] == NO_TIME
    limit = first_version[pair] - JITTER_US
    early = {
        name: numbers(seen.column(at), NO_TIME)[bare] < limit
        for name, at in (("image", "image_at"), ("parent_pid", "parent_at"))
    }
    facts = seen.take(pa.array(bare))
    for name in (*FACTS, "parent_pid"):
        own = early.get(name, alone)
        column = facts.column(name)
        masked = pc.if_else(pa.array(own | alone), column, pa.scalar(None, column.type))
        facts = facts.set_column(SIGHTING.get_field_index(name), name, masked)
    processes.learn(new, facts)
    versions.add(pair, np.full(len(bare), EVER, np.int64), new, processes)
    return np.arange(len(processes.uid)) >= before


def _finish(
    processes: Roster,
    versions: _Versions,
    unlaunched: Bools,
    pairs: Pairs,
    ends: tuple[Ints, pa.RecordBatch],
    shown: list[str | None],
) -> Census:
    """Link parents, date the ends, write the table."""
    line = Timeline(versions.pair, versions.time)
    version_of = versions.process[line.order]
    order = pa.array(line.order)
    texts = {}
    for name, of_version in (("image", versions.image), ("cmd_line", versions.cmd_line)):
        own = processes.facts[name]
        texts[name] = pa.concat_arrays([own, pc.coalesce(of_version.take(order), take(own, version_of))])
    count = len(processes.uid)
    census = Census(
        number={uid: n for n, uid in enumerate(processes.uid)},
        uid=pa.array(processes.uid, _TEXT),
        pid=processes.pid,
        has_pid=processes.has_pid,
        end=np.full(count, NO_TIME, np.int64),
        unlaunched=unlaunched,
        parent=np.full(count, -1, np.int64),
        image=texts["image"],
        cmd_line=texts["cmd_line"],
        pairs=pairs,
        line=line,
        version_of=version_of,
        table=PROCESSES.empty_table(),
    )
    if not count:
        return census
    end = _ends(census, *ends)
    parent = _parents(census, processes)
    table = _table(processes, parent, end, shown)
    return replace(census, end=end, parent=parent, table=table)


def _ends(census: Census, uid: Ints, ends: pa.RecordBatch) -> Ints:
    """When each process ended; of several exits (a pid reused without a launch record) the last."""
    time = numbers(ends.column("time"), NO_TIME)
    found, _ = census.lookup(numbers(ends.column("host"), -1), numbers(ends.column("pid"), -1), time)
    process = np.where(uid >= 0, uid, found)
    usable = (process >= 0) & (time < NO_TIME)
    end = np.full(len(census.uid), EVER, np.int64)
    np.maximum.at(end, process[usable], time[usable])
    return np.where(end == EVER, NO_TIME, end)


def _parents(census: Census, processes: Roster) -> Ints:
    by_uid = _codes_in(processes.facts["parent_uid"], census.number)
    found, _ = census.lookup(processes.host, processes.parent_pid, processes.first)
    by_pid = np.where(processes.has_parent_pid, found, -1)
    return lineage.without_cycles(np.where(by_uid >= 0, by_uid, by_pid))


def _table(processes: Roster, parent: Ints, end: Ints, shown: list[str | None]) -> pa.Table:
    uid = pa.array(processes.uid, _TEXT)
    host = pa.array(shown, _TEXT) if shown else pa.array([None], _TEXT)
    columns = [
        uid,
        take(host, processes.host),
        pa.array(processes.pid, mask=~processes.has_pid),
        processes.facts["image"],
        processes.facts["cmd_line"],
        processes.facts["user"],
        take(uid, parent),
        pa.array(processes.start, mask=processes.start >= NO_TIME).cast(_TIME),
        pa.array(end, mask=end >= NO_TIME).cast(_TIME),
    ]
    return pa.Table.from_arrays(columns, schema=PROCESSES)
