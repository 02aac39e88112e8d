"""What anyone could do without us: the baselines `watchfloor reduce` has to beat.

An item is what an analyst opens; each baseline says which alerts its items hold. The data gives no severities, so the
severity threshold uses those of our lexicon (`operations.kinds`), high and above.
"""

from collections.abc import Callable, Hashable
from typing import Any

from watchfloor.lab.reduce_scenarios import Scenario
from watchfloor.lab.reduce_scores import covered, firsts
from watchfloor.operations.alerts import Alert
from watchfloor.operations.kinds import kind_of

_HIGH = 3
_WINDOW = 900.0
_DAY = 86_400.0


def _scored(data: Scenario, items: dict[Hashable, list[int]]) -> dict[str, Any]:
    steps = firsts(data, data.event)
    met: set[str] = set()
    true = 0
    for lines in items.values():
        here = covered(data.event, lines)
        met |= here
        true += bool(here)
    return {
        "items_a_day": round(len(items) / data.days, 3),
        "coverage": len(met) / max(len(steps), 1),
        "precision": true / max(len(items), 1),
    }


def _keyed(data: Scenario, key: Callable[[Alert], Hashable | None]) -> dict[str, Any]:
    items: dict[Hashable, list[int]] = {}
    for alert in data.alerts:
        place = key(alert)
        if place is not None:
            items.setdefault(place, []).append(alert.line)
    return _scored(data, items)


def severity(data: Scenario) -> dict[str, Any]:
    """Every alert of a name that sounds grave, by itself."""
    known: dict[str, int] = {}

    def key(alert: Alert) -> Hashable | None:
        if alert.name not in known:
            known[alert.name] = kind_of(alert.name).severity
        return alert.line if known[alert.name] >= _HIGH else None

    return _keyed(data, key)


def duplicates(data: Scenario) -> dict[str, Any]:
    """Equal alerts (name, host) of one day folded to one item."""
    return _keyed(data, lambda alert: (alert.name, alert.host, int(alert.time // _DAY)))


def windows(data: Scenario) -> dict[str, Any]:
    """All alerts of one host without a pause of a quarter of an hour are one item."""
    last: dict[str, float] = {}
    number: dict[str, int] = {}

    def key(alert: Alert) -> Hashable:
        if alert.time - last.get(alert.host, float("-inf")) > _WINDOW:
            number[alert.host] = number.get(alert.host, 0) + 1
        last[alert.host] = alert.time
        return alert.host, number[alert.host]

    return _keyed(data, key)


def first_seen(data: Scenario) -> dict[str, Any]:
    """The first alert of each (name, host), once a day of learning has passed."""
    start = data.alerts[0].time
    seen: set[tuple[str, str]] = set()

    def key(alert: Alert) -> Hashable | None:
        pair = (alert.name, alert.host)
        if pair in seen:
            return None
        seen.add(pair)
        return pair if alert.time - start > _DAY else None

    return _keyed(data, key)


BASELINES: dict[str, Callable[[Scenario], dict[str, Any]]] = {
    "severity threshold": severity,
    "exact duplicates folded": duplicates,
    "time windows a host": windows,
    "first seen after a day": first_seen,
}
