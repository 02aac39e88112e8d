"""What the floor remembers between alerts: pairs, names and hosts, each bounded in number.

A pair is a *series*: one alert template on one host. The oldest are forgotten when there are too many, so hostile or
unlucky streams of ever new names cost accuracy, not memory.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import Any

from watchfloor.operations.alerts import Alert, template
from watchfloor.operations.baseline import (
    FRESH_HALF_LIFE_HOURS,
    GAP,
    HostPast,
    Past,
    observed_hours,
    surprise,
)
from watchfloor.operations.groups import Group, Member, Surroundings
from watchfloor.operations.kinds import Kind, detector_of, kind_of

MOST_SERIES, MOST_NAMES, MOST_HOSTS, MOST_ALIASES = 300_000, 100_000, 100_000, 500_000
#: Seconds within which the same new name on another host counts as the same event.
TOGETHER = 180.0
_RECENT_STARTS = 32


@dataclass(slots=True)
class Series:
    """One template on one host: its past, and the run it is in."""

    name: str
    host: str
    kind: Kind
    detector: str
    past: Past = field(default_factory=Past)
    last: float = float("-inf")
    run: int = 0
    peak: int = 0
    look: int = 0
    surprise: float = 0.0
    member: Member | None = None
    group: Group | None = None

    def to_state(self) -> list[Any]:
        """For a checkpoint; member and group are found again by their names."""
        last = None if self.last == float("-inf") else self.last
        return [
            self.name, self.host, list(self.kind), self.detector, self.past.count, self.past.at, last, self.run,
            self.peak, self.look, self.surprise,
        ]  # fmt: skip


@dataclass(slots=True)
class NameFacts:
    """One template on any host: its past, and where it lately began as something new."""

    past: Past = field(default_factory=Past)
    recent: "deque[tuple[float, str]]" = field(default_factory=lambda: deque(maxlen=_RECENT_STARTS))


class Memory:
    """Pairs, names and hosts of one stream."""

    def __init__(self) -> None:
        self.series: dict[tuple[str, str], Series] = {}
        self.names: dict[str, NameFacts] = {}
        self.hosts: dict[str, HostPast] = {}
        self.site_fresh = Past()
        self.start = 0.0
        self.forgotten = 0
        self._aliases: dict[tuple[str, str], Series] = {}

    def find(self, alert: Alert) -> Series:
        """The series of an alert, made if it is new."""
        alias = (alert.name, alert.host)
        found = self._aliases.get(alias)
        if found is None:
            found = self._made(alert)
            if len(self._aliases) >= MOST_ALIASES:
                self._aliases.clear()
            self._aliases[alias] = found
        return found

    def _made(self, alert: Alert) -> Series:
        key = (template(alert.name), alert.host)
        found = self.series.get(key)
        if found is None:
            kind = kind_of(key[0], alert.severity, alert.tactics)
            found = self.series[key] = Series(key[0], alert.host, kind, detector_of(key[0]))
            if len(self.series) > MOST_SERIES:
                self._forget()
        return found

    def _forget(self) -> None:
        """Drop the tenth of the series that has been quiet longest, but none in a live group."""
        idle = sorted((s.last, key) for key, s in self.series.items() if s.group is None)
        for _, key in idle[: MOST_SERIES // 10]:
            del self.series[key]
            self.forgotten += 1
        self._aliases.clear()

    def name(self, name: str) -> NameFacts:
        """The facts of a template."""
        found = self.names.get(name)
        if found is None:
            if len(self.names) >= MOST_NAMES:
                for old in list(self.names)[: MOST_NAMES // 10]:
                    del self.names[old]
            found = self.names[name] = NameFacts()
        return found

    def host(self, host: str) -> HostPast:
        """The past of a host."""
        found = self.hosts.get(host)
        if found is None:
            if len(self.hosts) >= MOST_HOSTS:
                for old in list(self.hosts)[: MOST_HOSTS // 10]:
                    del self.hosts[old]
            found = self.hosts[host] = HostPast()
        return found

    def begin(self, series: Series, now: float) -> float:
        """Bits of surprise of a new episode of a series, asked before it is counted."""
        name = self.name(series.name)
        hours = observed_hours(self.start, now)
        return surprise(series.past.value(now), name.past.value(now), hours, len(self.hosts))

    def count(self, series: Series, now: float, *, novel: bool) -> None:
        """Count an episode; ``novel`` ones also as new lately."""
        name = self.name(series.name)
        host = self.host(series.host)
        series.past.add(now)
        name.past.add(now)
        host.episodes.add(now)
        if novel:
            host.fresh.add(now, FRESH_HALF_LIFE_HOURS)
            self.site_fresh.add(now, FRESH_HALF_LIFE_HOURS)
            name.recent.append((now, series.host))

    def surroundings(self, host: str, now: float) -> Surroundings:
        """What is going on around a host, before what begins now is counted."""
        past = self.host(host)
        hours = observed_hours(self.start, now)
        return Surroundings(
            hours=hours,
            host_fresh=past.fresh.value(now, FRESH_HALF_LIFE_HOURS),
            site_fresh=self.site_fresh.value(now, FRESH_HALF_LIFE_HOURS) / max(1, len(self.hosts)),
            busy=past.episodes.value(now) / (hours + 1.0),
        )

    def elsewhere(self, group: Group) -> int:
        """Other hosts where a name that is new in the group began as new at the same time."""
        others = {
            host
            for member in group.members.values()
            if (facts := self.names.get(member.name)) is not None
            for moment, host in facts.recent
            if abs(group.last - moment) <= TOGETHER and host != group.host and member.excess > 0
        }
        return len(others)

    def to_state(self) -> dict[str, Any]:
        """For a checkpoint."""
        return {
            "start": self.start,
            "forgotten": self.forgotten,
            "site_fresh": [self.site_fresh.count, self.site_fresh.at],
            "series": [series.to_state() for series in self.series.values()],
            "names": [[key, n.past.count, n.past.at, list(n.recent)] for key, n in self.names.items()],
            "hosts": [
                [key, h.episodes.count, h.episodes.at, h.fresh.count, h.fresh.at] for key, h in self.hosts.items()
            ],
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> "Memory":
        """Out of a checkpoint."""
        made = cls()
        made.start = state["start"]
        made.forgotten = state["forgotten"]
        made.site_fresh = Past(*state["site_fresh"])
        for name, host, kind, detector, count, at, last, run, peak, look, bits in state["series"]:
            made.series[name, host] = Series(
                name, host, Kind(*kind), detector, Past(count, at), float("-inf") if last is None else last, run,
                peak, look, bits,
            )  # fmt: skip
        for key, count, at, recent in state["names"]:
            facts = made.names[key] = NameFacts(Past(count, at))
            facts.recent.extend((moment, host) for moment, host in recent)
        for key, count, at, fresh, fresh_at in state["hosts"]:
            made.hosts[key] = HostPast(Past(count, at), Past(fresh, fresh_at))
        return made


def in_run(series: Series, when: float) -> bool:
    """Whether an alert at ``when`` belongs to the run the series is in."""
    return abs(when - series.last) <= GAP
