"""What is usual: episodes of each (alert name, host) pair, learned online from the stream's own past.

An *episode* is a run of equal alerts with gaps of at most ``GAP`` seconds. The surprise of a new episode is
``-log2`` of the rate it was to be expected at, in episodes an hour, under a two-level Gamma-Poisson model: the
pair's rate shrinks to the name's rate on any host, which shrinks to a rate for names never seen. So a name that is
noisy everywhere damps its first appearance on one more host, and at the start of a stream little is surprising.
"""

from dataclasses import dataclass, field
from math import log2

#: Seconds without an equal alert that end an episode.
GAP = 900.0
#: Hours of pretended observation of a pair at its name's rate, and of a name at the rate of unseen names.
PAIR_HOURS, NAME_HOURS = 8.0, 24.0
#: Episodes an hour on one host expected of a name never seen.
UNSEEN_RATE = 0.02
#: Fewer hosts are counted as this many, so that a lone host's names are not taken for universal.
FEWEST_HOSTS = 8
#: Hours over which a pair's past fades to half: a site changes.
HALF_LIFE_HOURS = 24.0 * 14
#: The same for "new lately".
FRESH_HALF_LIFE_HOURS = 12.0


@dataclass(slots=True)
class Past:
    """The faded past of something countable: ``count`` episodes as of ``at`` (seconds)."""

    count: float = 0.0
    at: float = 0.0

    def value(self, now: float, half_life: float = HALF_LIFE_HOURS) -> float:
        """Episodes, faded to ``now``; the half-life is in hours."""
        hours = (now - self.at) / 3600.0
        return self.count if hours <= 0 else self.count * float(0.5 ** (hours / half_life))

    def add(self, now: float, half_life: float = HALF_LIFE_HOURS) -> None:
        """One more episode."""
        self.count = self.value(now, half_life) + 1.0
        self.at = max(self.at, now)


@dataclass(slots=True)
class HostPast:
    """A host's past: all its episodes, and those that were new to it lately."""

    episodes: Past = field(default_factory=Past)
    fresh: Past = field(default_factory=Past)


def observed_hours(start: float, now: float) -> float:
    """Hours of past, as far as it has not faded."""
    hours = max(0.0, (now - start) / 3600.0)
    scale = HALF_LIFE_HOURS / 0.6931471805599453
    return float(scale * (1.0 - 0.5 ** (hours / HALF_LIFE_HOURS)))


def surprise(pair: float, name: float, hours: float, hosts: int) -> float:
    """Bits of surprise of one more episode, 0 or more.

    ``pair`` and ``name`` are faded episode counts, ``hours`` the observed past, ``hosts`` the hosts known.
    """
    spread = max(hosts, FEWEST_HOSTS)
    name_rate = (name + NAME_HOURS * UNSEEN_RATE) / (hours * spread + NAME_HOURS)
    rate = (pair + PAIR_HOURS * name_rate) / (hours + PAIR_HOURS)
    return max(0.0, -log2(rate)) if rate > 0 else 0.0
