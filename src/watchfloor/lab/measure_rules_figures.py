"""Figures of screen and rules side by side, from what the state holds."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy.stats import chi2

from watchfloor.base.findings import LEVELS, rank
from watchfloor.lab.measure_recording import wilson
from watchfloor.lab.measure_rules_hunting import gravest

Flags = npt.NDArray[np.bool_]

#: Levels that a threshold can be at.
THRESHOLDS: Final = LEVELS[1:]

#: Words of rules on a cleared log. Labs clear the log before they record, so such a match may show the lab's work.
LOG_CLEARED: Final = re.compile(r"event ?log.*clear|clear.*event ?log", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Sight:
    """What screen and rules say of one attack recording or one scene.

    ``screen`` is ``[probability, malicious, suspicious, ...]``, None where no screen judged it; ``rules`` has the
    rules of each set as the state holds them.
    """

    name: str
    lab: str
    launches: int
    techniques: tuple[str, ...]
    screen: Sequence[Any] | None
    rules: dict[str, list[list[Any]]] = field(default_factory=dict)


Watcher = Callable[[Sight], bool]


def at_least(name: str, level: str) -> Watcher:
    """A rule of this set, of this level or above, matched."""
    least = rank(level)
    return lambda sight: gravest(sight.rules[name]) >= least


def log_clearing_aside(name: str, level: str) -> Watcher:
    """As `at_least`, without rules on a cleared log."""
    least = rank(level)
    return lambda sight: any(rank(row[2]) >= least and not LOG_CLEARED.search(row[1]) for row in sight.rules[name])


def malicious(sight: Sight) -> bool:
    """The screen's verdict is malicious."""
    return sight.screen is not None and bool(sight.screen[1])


def suspicious(sight: Sight) -> bool:
    """The screen's verdict is suspicious or malicious."""
    return sight.screen is not None and bool(sight.screen[2])


def watchers(sets: Iterable[str], screened: bool) -> dict[str, Watcher]:
    """Everyone who may see an attack, alone and together."""
    found: dict[str, Watcher] = {}
    if screened:
        found |= {"screen, malicious": malicious, "screen, suspicious or worse": suspicious}
    for name in sets:
        found |= {f"{name}, {level} or worse": at_least(name, level) for level in THRESHOLDS}
        aside = {level: log_clearing_aside(name, level) for level in ("medium", "high")}
        found |= {f"{name}, {level} or worse, log clearing aside": watcher for level, watcher in aside.items()}
        if screened:
            for word, watcher in (("malicious", malicious), ("suspicious", suspicious)):
                for level in ("high", "medium"):
                    found |= _together(f"{word}, {name} {level}", watcher, at_least(name, level))
    return found


def _together(words: str, one: Watcher, other: Watcher) -> dict[str, Watcher]:
    return {
        f"either ({words})": lambda sight: one(sight) or other(sight),
        f"both agree ({words})": lambda sight: one(sight) and other(sight),
    }


def share(flags: Flags) -> dict[str, Any]:
    """A share with Wilson's 95% interval."""
    low, high = wilson(int(flags.sum()), len(flags))
    return {"share": float(flags.mean()) if len(flags) else None, "low": max(low, 0.0), "high": high, "n": len(flags)}


def over_labs(flags: Flags, labs: Sequence[str]) -> tuple[float, float]:
    """95% bootstrap interval of a share, resampling whole labs (10,000 draws, seed 7)."""
    _, cluster = np.unique(labs, return_inverse=True)
    total, size = np.bincount(cluster, weights=flags), np.bincount(cluster)
    picks = np.random.default_rng(7).integers(0, len(size), (10_000, len(size)))
    low, high = np.quantile(total[picks].sum(axis=1) / size[picks].sum(axis=1), (0.025, 0.975))
    return float(low), float(high)


def rate(count: int, started: int) -> dict[str, Any]:
    """Alarms per 1,000 process creations with the exact Poisson 95% interval (Garwood 1936)."""
    if not started:
        return {"alarms": count, "launches": 0, "rate": None, "low": None, "high": None}
    low = float(chi2.ppf(0.025, 2 * count) / 2) if count else 0.0
    high = float(chi2.ppf(0.975, 2 * count + 2) / 2)
    scale = 1000 / started
    return {
        "alarms": count, "launches": started, "rate": count * scale, "low": low * scale, "high": high * scale
    }  # fmt: skip


def detection(attacks: Sequence[Sight], seers: dict[str, Watcher]) -> dict[str, Any]:
    """Who sees which share of the attack recordings."""
    labs = [sight.lab for sight in attacks]
    result = {}
    for name, watcher in seers.items():
        flags = np.asarray([watcher(sight) for sight in attacks], np.bool_)
        result[name] = share(flags) | {"over labs": over_labs(flags, labs)}
    return result


def false_alarms(groups: dict[str, list[Sight]], seers: dict[str, Watcher]) -> dict[str, Any]:
    """Alarmed scenes per 1,000 process creations in ordinary work, group by group."""
    result: dict[str, Any] = {}
    for group, scenes in groups.items():
        started = sum(scene.launches for scene in scenes)
        result[group] = {"scenes": len(scenes), "launches": started, "alarmed": {}}
        for name, watcher in seers.items():
            result[group]["alarmed"][name] = rate(sum(map(watcher, scenes)), started)
    return result


def matches(groups: dict[str, list[Sight]], sets: Iterable[str]) -> dict[str, Any]:
    """Single matches per 1,000 process creations, which is what a rule engine without scenes would show."""
    result: dict[str, Any] = {}
    for group, scenes in groups.items():
        started = sum(scene.launches for scene in scenes)
        result[group] = {}
        for name in sets:
            for level in THRESHOLDS:
                rows = [row for scene in scenes for row in scene.rules[name] if rank(row[2]) >= rank(level)]
                result[group][f"{name}, {level} or worse"] = rate(sum(row[3] for row in rows), started)
    return result


def two_by_two(attacks: Sequence[Sight], one: Watcher, other: Watcher) -> dict[str, Any]:
    """Attack recordings that only the first, only the second, both or neither sees, in all and by lab."""
    names = ("both", "only first", "only second", "neither")
    place = np.asarray([(0 if other(s) else 1) if one(s) else (2 if other(s) else 3) for s in attacks], np.int64)
    labs = np.asarray([sight.lab for sight in attacks])

    def counted(mine: Flags) -> dict[str, Any]:
        return {
            name: share(place[mine] == n) | {"count": int((place[mine] == n).sum())} for n, name in enumerate(names)
        }

    return {"all": counted(np.ones(len(place), np.bool_))} | {str(lab): counted(labs == lab) for lab in np.unique(labs)}


def by_chance(attacks: Sequence[Sight], false: dict[str, Any]) -> dict[str, float]:
    """Share of attack recordings that as many alarms a launch as in ordinary work would hit by chance."""
    started = np.asarray([sight.launches for sight in attacks])
    return {
        name: float((1 - np.exp(-(found["rate"] or 0) / 1000 * started)).mean())
        for name, found in false["alarmed"].items()
    }


def naming(attacks: Sequence[Sight], name: str) -> dict[str, Any]:
    """Share of labelled attack recordings where a matching rule names a labelled technique or its family."""
    labelled = [sight for sight in attacks if sight.techniques]
    result = {}
    for level in THRESHOLDS:
        flags = []
        for sight in labelled:
            wanted = {_family(technique) for technique in sight.techniques}
            rows = [row for row in sight.rules[name] if rank(row[2]) >= rank(level)]
            flags.append(any(wanted & {_family(technique) for technique in row[4]} for row in rows))
        result[f"{name}, {level} or worse"] = share(np.asarray(flags, np.bool_))
    return result


def _family(technique: str) -> str:
    return technique.partition(".")[0]


def at_alarms(attacks: Sequence[Sight], ordinary: Sequence[Sight], alarms: int, column: int = 0) -> dict[str, Any]:
    """Attacks found where the ``column`` score of verdicts flags this many ordinary scenes."""
    good = sorted((s.screen[column] for s in ordinary if s.screen is not None), reverse=True)
    limit = good[alarms] if alarms < len(good) else -1.0
    scores = np.asarray([s.screen[column] if s.screen is not None else 0.0 for s in attacks])
    return share(scores > limit) | {"alarms": int(sum(value > limit for value in good))}


def one_sided(attacks: Sequence[Sight], one: Watcher, other: Watcher, name: str) -> dict[str, list[dict[str, Any]]]:
    """Recordings that only the screen, and that only the rules of a set see, with what matched."""
    found: dict[str, list[dict[str, Any]]] = {"only screen": [], "only rules": []}
    for sight in attacks:
        if one(sight) != other(sight):
            rules = sorted(sight.rules[name], key=lambda row: -rank(row[2]))
            found["only screen" if one(sight) else "only rules"].append(
                {
                    "name": sight.name,
                    "lab": sight.lab,
                    "launches": sight.launches,
                    "techniques": sight.techniques,
                    "probability": sight.screen[0] if sight.screen is not None else None,
                    "rules": [f"{row[2]}: {row[1]} x{row[3]}" for row in rules[:6]],
                }
            )
    return found


def table(found: dict[str, Any]) -> str:
    """Detection and false alarms as a Markdown table."""
    false = found["false alarms"]
    groups = [name for name in false if false[name]["launches"]]
    lines = [
        "| who | attack recordings seen | " + " | ".join(groups) + " |",
        "|---|---|" + "---|" * len(groups),
    ]
    for name, seen in found["detection"].items():
        cells = [f"{_percent(seen['share'])} ({_percent(seen['low'])} to {_percent(seen['high'])})"]
        for group in groups:
            alarm = false[group]["alarmed"][name]
            cells.append(f"{alarm['rate']:.1f} ({alarm['low']:.1f} to {alarm['high']:.1f})")
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _percent(value: float | None) -> str:
    return "" if value is None else f"{value:.1%}"
