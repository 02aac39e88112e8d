"""Who breaks in where and when: every variant of every storyline, spread over the hosts of its split."""

from __future__ import annotations

import json
import random
import sys
from dataclasses import dataclass
from pathlib import Path

from plot import HostSpec, Mistake, Storyline
from stage import Cast
from switch import INTRUDERS

FIRST, LATEST, ROOM = 240.0, 0.70, 1.4  # seconds before the first; no start later than this part; room for one


@dataclass(frozen=True)
class Entry:
    """One planned intrusion; `start` in seconds from the beginning."""

    cast: Cast
    variant: int
    address: str
    start: float

    @property
    def id(self) -> str:
        return f"{self.cast.story.name}#{self.variant}@{self.cast.entry.name}"

    def hosts(self) -> list[str]:
        return list(dict.fromkeys((self.cast.entry.name, self.cast.second.name)))


def make(
    stories: dict[str, Storyline], hosts: dict[str, HostSpec], seed: int, length: float, pace: float
) -> list[Entry]:
    """A plan for a recording of `length` seconds; the same seed gives the same plan."""
    rng = random.Random(f"{seed}:plan")
    jobs = [(story, variant) for story in stories.values() for variant in range(story.variants)]
    rng.shuffle(jobs)
    addresses = rng.sample(INTRUDERS, len(jobs))
    plan: list[Entry] = []
    load = dict.fromkeys(hosts, 0)
    for (story, variant), address in zip(jobs, addresses, strict=True):
        cast = _where(story, hosts, load, [entry for entry in plan if entry.cast.story is story], rng)
        if cast is None:
            print(f"no host here for {story.name}, variant {variant}", file=sys.stderr)
            continue
        for name in {cast.entry.name, cast.second.name}:
            load[name] += 1
        plan.append(Entry(cast, variant, address, _when(story, cast, plan, (length, pace), rng)))
    return sorted(plan, key=lambda entry: entry.start)


def _where(
    story: Storyline, hosts: dict[str, HostSpec], load: dict[str, int], before: list[Entry], rng: random.Random
) -> Cast | None:
    """The least busy fitting host where this storyline was least."""

    def best(allowed: tuple[str, ...], taken: str, second: bool) -> HostSpec | None:
        fit = [spec for spec in hosts.values() if spec.split == story.split and spec.name != taken]
        fit = [spec for spec in fit if not allowed or spec.name in allowed]
        used = [(entry.cast.second if second else entry.cast.entry).name for entry in before]
        rng.shuffle(fit)
        return min(fit, key=lambda spec: (used.count(spec.name), load[spec.name]), default=None)

    entry = best(story.hosts, "", False)
    if entry is None or not story.two_hosts:
        return Cast(story, entry, entry) if entry else None
    other = best(story.second_hosts, entry.name, True)
    return Cast(story, entry, other) if other else None


def _when(story: Storyline, cast: Cast, plan: list[Entry], run: tuple[float, float], rng: random.Random) -> float:
    """A start that leaves room to the end, and apart from the same storyline on the same hosts."""
    length, pace = run
    first = min(FIRST, 0.1 * length)
    last = max(first + 1, min(LATEST * length, length - story.minutes * 60 * ROOM * pace))
    mine = {cast.entry.name, cast.second.name}
    near = [entry.start for entry in plan if entry.cast.story is story and mine & set(entry.hosts())]
    tries = [rng.uniform(first, last) for _ in range(60)]
    return max(tries, key=lambda start: min([abs(start - other) for other in near], default=0) if near else 0)


def read(path: Path, stories: dict[str, Storyline], hosts: dict[str, HostSpec]) -> list[Entry]:
    """A plan from a file: a list of {storyline, variant, entry, second, address, minute}."""
    plan = []
    for line in json.loads(path.read_text(encoding="utf-8")):
        try:
            entry = hosts[line["entry"]]
            cast = Cast(stories[line["storyline"]], entry, hosts[line.get("second") or line["entry"]])
        except KeyError as missing:
            raise Mistake(f"{path}: {missing} is not known here") from None
        plan.append(Entry(cast, line["variant"], line["address"], line["minute"] * 60))
    return sorted(plan, key=lambda entry: entry.start)


def lines(plan: list[Entry]) -> list[dict[str, object]]:
    """The plan as it is written to a file."""
    return [
        {
            "minute": round(entry.start / 60, 1),
            "storyline": entry.cast.story.name,
            "variant": entry.variant,
            "entry": entry.cast.entry.name,
            "second": entry.cast.second.name if entry.cast.story.two_hosts else None,
            "address": entry.address,
        }
        for entry in plan
    ]
