"""A hunt: rules over a stream of Events; Findings out, exceptions applied, correlations last, tallies kept."""

import gc
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from watchfloor.base.events import event_id
from watchfloor.base.findings import Finding
from watchfloor.base.settings import Settings
from watchfloor.intake.identity import ProcessTable
from watchfloor.rules.correlation import Correlated, Correlator, Occurrence
from watchfloor.rules.correlation_plan import needed_fields
from watchfloor.rules.matching import Hit, Matcher
from watchfloor.rules.records import Records
from watchfloor.rules.ruleset import Correlation, Fault, Rule, RuleSet
from watchfloor.rules.tuning import Tuning, TuningEntry
from watchfloor.store.spool import Spool

#: Events matched at once: a batch costs a few milliseconds whatever its size, and many files hold one event.
_AT_ONCE = 32_768
_MOST_HOSTS = 10_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

#: Batches with their numbers, as the spool or the lake counts them.
Numbered = Iterable[tuple[int, pa.RecordBatch]]


@dataclass(slots=True)
class Tally:
    """What became of one rule: matches that stand, matches taken away by an exception, hosts seen on."""

    matches: int = 0
    excepted: int = 0
    hosts: set[str] = field(default_factory=set)
    first: datetime | None = None
    last: datetime | None = None

    def count(self, host: str, time: datetime | None) -> None:
        """Count one match."""
        self.matches += 1
        if len(self.hosts) < _MOST_HOSTS:
            self.hosts.add(host)
        if time is not None:
            self.first = time if self.first is None else min(self.first, time)
            self.last = time if self.last is None else max(self.last, time)


class Hunt:
    """Rules applied to Events. Feed it with `over` or `over_spooled`, then read the books.

    ``tallies`` are by rule key; ``exceptions`` counts what each tuning entry took away; ``disabled`` are rules
    switched off; ``events`` and ``records`` count what was looked at; ``ungrouped`` and ``untimed`` count
    matches that no correlation could place.
    """

    def __init__(self, rules: RuleSet, tuning: Tuning | None = None) -> None:
        self.rules = rules
        self.tuning = tuning or Tuning()
        self.disabled = self.tuning.disabled(rules)
        self.disabled_correlations = self.tuning.disabled_correlations(rules)
        plans = [one.plan for one in rules.correlations if one.key not in self.disabled_correlations]
        needed = needed_fields(plans)
        more = {name for names in needed.values() for name in names} | self.tuning.fields
        self._matcher = Matcher(rules, more_fields=more, skip=self.disabled)
        self._correlator = Correlator(plans)
        self._correlations = {correlation.key: correlation for correlation in rules.correlations}
        self._needed = needed
        self.tallies: dict[str, Tally] = {}
        self.exceptions: dict[TuningEntry, int] = {}
        self.events = 0
        self.records = 0

    @property
    def faults(self) -> list[Fault]:
        """Rules that could not be loaded, those given up on the way, and those that left texts undecided."""
        troubled = {place: f"{n} texts took too long and count as no match" for place, n in self._matcher.undecided()}
        troubled |= self._matcher.faults
        rules = self.rules.rules
        return [*self.rules.faults, *(Fault(rules[n].path, rules[n].title, why) for n, why in sorted(troubled.items()))]

    @property
    def ungrouped(self) -> int:
        """Matches without a field their correlation groups by."""
        return int(self._correlator.ungrouped)

    @property
    def untimed(self) -> int:
        """Matches without a time, which no correlation can place."""
        return int(self._correlator.untimed)

    def over(
        self, batches: Iterable[pa.RecordBatch], settings: Settings, before: Iterable[pa.RecordBatch] = ()
    ) -> Iterator[Finding]:
        """Findings of a stream as the Reader gives it; correlations come last.

        ``before`` are earlier Events that only tell who the processes are.

        Windows records carry what rules ask for and are matched as they come. Other logs name a process
        where it starts and no more: they wait in a spool until all is read and every process is known.
        """
        with Spool(settings.spool_bytes, settings.temp_dir) as waiting:
            numbers: list[int] = []
            table = ProcessTable()
            yield from self._matches(self._at_once(batches, waiting, numbers, table))
            if len(waiting):
                for batch in before:
                    table.observe(batch)
                table.freeze()
                named = (table.resolve(batch) for batch in waiting)
                yield from self._matches(zip(numbers, named, strict=True))
        yield from self.correlated()

    def over_spooled(self, spool: Spool, table: ProcessTable) -> Iterator[Finding]:
        """The same findings of Events that wait in a spool, their processes known; correlations come last."""
        numbered = ((n, batch if only_windows(batch) else table.resolve(batch)) for n, batch in enumerate(spool))
        yield from self._matches(numbered)
        yield from self.correlated()

    def _at_once(
        self, batches: Iterable[pa.RecordBatch], waiting: Spool, numbers: list[int], table: ProcessTable
    ) -> Iterator[tuple[int, pa.RecordBatch]]:
        for number, batch in enumerate(batches):
            if not len(batch):
                continue
            if only_windows(batch):
                yield number, batch
            else:
                table.observe(batch)
                waiting.append(batch)
                numbers.append(number)

    def _matches(self, numbered: Numbered) -> Iterator[Finding]:
        held: list[tuple[int, pa.RecordBatch]] = []
        size = 0
        for number, batch in numbered:
            held.append((number, batch))
            size += len(batch)
            if size >= _AT_ONCE:
                yield from self._together(held)
                held, size = [], 0
        if held:
            yield from self._together(held)

    def _together(self, held: Sequence[tuple[int, pa.RecordBatch]]) -> Iterator[Finding]:
        """Match small batches as one."""
        whole = held[0][1]
        if len(held) > 1:
            whole = pa.Table.from_batches([batch for _, batch in held]).combine_chunks().to_batches()[0]
        starts = np.cumsum([0, *(len(batch) for _, batch in held)])
        # Rules are half a million objects that stay: looking through them for garbage is a fifth of a hunt's time.
        gc.freeze()
        try:
            records, hits = self._matcher.match(whole)
        finally:
            gc.unfreeze()
        self.events += len(whole)
        self.records += len(records)
        if not hits:
            return
        hosts = whole.column("device.hostname").to_pylist()
        kept, taken = self.tuning.split(self.rules, records, hits, hosts)
        for hit, entry in taken:
            self._tally(hit).excepted += 1
            self.exceptions[entry] = self.exceptions.get(entry, 0) + 1
        place = np.searchsorted(starts, [hit.event for hit in kept], side="right") - 1
        addresses = [(held[at][0], hit.event - int(starts[at])) for at, hit in zip(place.tolist(), kept, strict=True)]
        yield from self._findings(whole, records, kept, addresses)

    def _tally(self, hit: Hit) -> Tally:
        return self.tallies.setdefault(self.rules.rules[hit.rule].key, Tally())

    def _findings(
        self, batch: pa.RecordBatch, records: Records, hits: Sequence[Hit], addresses: Sequence[tuple[int, int]]
    ) -> Iterator[Finding]:
        rows = pa.array([hit.event for hit in hits], pa.int64())
        sources, numbers, hosts = (
            batch.column(name).take(rows).to_pylist() for name in ("source", "record", "device.hostname")
        )
        times = batch.column("time").cast(pa.int64()).take(rows).to_pylist()
        for n, hit in enumerate(hits):
            rule, host, time = self.rules.rules[hit.rule], hosts[n] or "", _moment(times[n])
            address = event_id(sources[n] or "", numbers[n] or "")
            if rule.key in self._needed:
                self._correlator.add([self._occurrence(rule, hit, records, times[n], (*addresses[n], address, host))])
            if rule.silent:
                continue
            self._tally(hit).count(host, time)
            yield _finding(rule, sources[n] or "", host, time, (address,), (addresses[n],), 1)

    def _occurrence(
        self, rule: Rule, hit: Hit, records: Records, time: int | None, event: tuple[int, int, str, str]
    ) -> Occurrence:
        fields: dict[str, str | None] = {}
        for name in self._needed[rule.key]:
            column = records.columns.get(name)
            code = int(column.codes[hit.record]) if column is not None else -1
            fields[name] = column.values[code] if column is not None and code >= 0 else None
        return Occurrence(rule.key, time, event, fields)

    def correlated(self) -> Iterator[Finding]:
        """Findings of correlation rules, over all matches so far."""
        for found in self._correlator.finish():
            correlation = self._correlations[found.plan.key]
            finding = _of_correlation(correlation, found)
            entry = self.tuning.exception_of(correlation, {host for *_, host in found.events})
            if entry is not None:
                self.tallies.setdefault(correlation.key, Tally()).excepted += 1
                self.exceptions[entry] = self.exceptions.get(entry, 0) + 1
                continue
            self.tallies.setdefault(correlation.key, Tally()).count(finding.host, finding.time)
            yield finding


def only_windows(batch: pa.RecordBatch) -> bool:
    """Whether all Events are of Windows, whose records carry what rules ask for."""
    return bool(pc.all(pc.equal(batch.column("device.os"), "windows").fill_null(False)).as_py())


def _of_correlation(correlation: Correlation, found: Correlated) -> Finding:
    events = found.events
    hosts = sorted({host for *_, host in events if host})
    source = events[0][2].rpartition("#")[0]
    return _finding(
        correlation,
        source,
        ", ".join(hosts[:5]),
        _moment(found.first),
        tuple(event[2] for event in events),
        tuple((event[0], event[1]) for event in events),
        len(events),
        found.group,
    )


def _finding(
    rule: Rule | Correlation,
    source: str,
    host: str,
    time: datetime | None,
    ids: tuple[str, ...],
    rows: tuple[tuple[int, int], ...],
    count: int,
    group: tuple[str, ...] = (),
) -> Finding:
    return Finding(
        rule_id=rule.id or rule.key,
        title=rule.title,
        level=rule.level,
        status=rule.status,
        author=rule.author,
        source=source,
        host=host,
        time=time,
        event_ids=ids,
        techniques=rule.techniques,
        tactics=rule.tactics,
        rows=rows,
        count=count,
        group=group,
    )


def _moment(time: int | None) -> datetime | None:
    return None if time is None else _EPOCH + timedelta(microseconds=time)
