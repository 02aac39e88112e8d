"""Measure the investigator against the truth of range recordings.

    python -m watchfloor.lab.investigate_cache range/recordings CACHE --hosts atlas-11,quay-12,mill-13
    python -m watchfloor.lab.measure_investigate range/recordings CACHE --hosts HOSTS [--seeds 3] [--json OUT]

The hosts are one index, as a fleet's lake would be. An intrusion is all its events on these hosts. Cases start from
what the product itself raises (scenes of the screen, matches of our rules that hit an intrusion), from true events
drawn at random, and from benign alerts. Intervals are bootstraps over intrusions (2,000 draws, seed 0).
"""

import argparse
import csv
import json
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import zstandard

from watchfloor.agent.case import Alert
from watchfloor.agent.checking import complaint
from watchfloor.agent.index import Index
from watchfloor.agent.investigating import Investigator, alerts_of
from watchfloor.agent.recording import Played, Recording
from watchfloor.lab.investigate_cache import Kept, load
from watchfloor.lab.truth import truth_of

Figures = dict[str, Any]
#: Parts of trees with an attack of which a spoilt screen still speaks, and of others that it calls odd.
KEPT, FALSE = 0.45, 0.015
#: A case that began with a false alarm and holds this part of true attack events has found an attack.
LEADS = 0.5


@dataclass(slots=True)
class Fleet:
    """Hosts under one index with the truth of each row; ``step`` is 0 where a row is no intrusion's."""

    index: Index
    label: list[str]
    step: list[int]
    kept: list[Kept]
    odd: dict[str, float]


def fleet_of(recordings: Path, cache: Path, hosts: list[str]) -> Fleet:
    """Read the caches of hosts and lay their truth beside the rows."""
    kept = [load(cache, host) for host in hosts]
    tables: list[pa.Table] = []
    processes: list[Played] = []
    label: list[str] = []
    step: list[int] = []
    scenes = 0
    for host, one in zip(hosts, kept, strict=True):
        table = one.recording.table
        moved = pa.array(np.asarray(table["owner"]) + len(processes), pa.int64())
        tables.append(table.set_column(table.schema.get_field_index("owner"), "owner", moved))
        processes += [_moved(played, scenes) for played in one.recording.processes]
        scenes = max((p.scene for p in processes), default=0) + 1
        truth, steps = truth_of(recordings / host), _steps(recordings / host)
        for record in table["record"].to_pylist():
            label.append(truth[record].intrusion if record in truth else "")
            step.append(steps.get(record, 0))
    odd = {p["guid"]: p["score"] for one in kept for scene in one.scenes for p in scene["processes"]}
    return Fleet(Index(Recording(pa.concat_tables(tables), tuple(processes))), label, step, kept, odd)


def _moved(played: Played, scenes: int) -> Played:
    return replace(played, scene=played.scene + scenes)


def _steps(folder: Path) -> dict[str, int]:
    with zstandard.open(folder / "truth.csv.zst", "rt", encoding="utf-8") as file:
        return {row["event_id"]: int(row["step"]) for row in csv.DictReader(file) if row["step"].isdecimal()}


def rows_of(fleet: Fleet) -> dict[str, list[int]]:
    """Rows of each intrusion."""
    found: dict[str, list[int]] = defaultdict(list)
    for row, name in enumerate(fleet.label):
        if name:
            found[name].append(row)
    return dict(sorted(found.items()))


def drawn(fleet: Fleet, seeds: int) -> list[tuple[str, Alert]]:
    """True events drawn at random, ``seeds`` an intrusion."""
    return [
        (name, Alert(f"{name}/{n}", (fleet.index.id_of(random.Random(f"{name}{n}").choice(rows)),)))
        for name, rows in rows_of(fleet).items() for n in range(seeds)
    ]  # fmt: skip


def raised(fleet: Fleet, most: int) -> tuple[list[tuple[str, Alert]], list[tuple[str, Alert]]]:
    """Alerts the product raises: those that hit an intrusion, at most ``most`` each, and all false ones."""
    lines = [s for one in fleet.kept for s in one.scenes if s["verdict"] in ("malicious", "suspicious")]
    lines += [m for one in fleet.kept for m in one.matches if m["level"] in ("high", "critical")]
    true: dict[str, list[Alert]] = defaultdict(list)
    false: list[tuple[str, Alert]] = []
    for alert in alerts_of(lines):
        rows = [row for i in alert.event_ids if (row := fleet.index.row_of(i)) is not None]
        names = Counter(fleet.label[row] for row in rows if fleet.label[row])
        if names:
            true[names.most_common(1)[0][0]].append(alert)
        elif rows:
            false.append(("", alert))
    picked = [
        (n, a) for n, alerts in sorted(true.items()) for a in random.Random(n).sample(alerts, min(most, len(alerts)))
    ]
    return picked, false


def benign_scenes(fleet: Fleet, count: int) -> list[tuple[str, Alert]]:
    """Ordinary scenes of five and more processes, drawn at random."""
    bad = {fleet.index.actors[fleet.index.owners[row]].played.scene for row, name in enumerate(fleet.label) if name}
    good = [s for s, members in fleet.index.scenes.items() if s not in bad and len(members) >= 5]
    picked = random.Random(0).sample(sorted(good), min(count, len(good)))
    found = []
    for scene in picked:
        rows = [row for n in fleet.index.scenes[scene] for row in fleet.index.actors[n].rows]
        ids = tuple(fleet.index.id_of(row) for row in random.Random(scene).sample(rows, min(3, len(rows))))
        found.append(("", Alert(f"scene {scene}", ids)))
    return found


def spoilt(fleet: Fleet, seed: int) -> dict[str, float]:
    """What the screen says made worse, tree by tree, for hosts it was trained on.

    Of KEPT of the trees with an attack it stays; of FALSE of the others most processes are called odd.
    """
    draw, index = random.Random(seed), fleet.index
    found: dict[str, float] = {}
    for members in index.trees.values():
        labels = Counter(fleet.label[row] for n in members for row in index.actors[n].rows)
        uids = [index.actors[n].played.uid for n in members]
        if labels and labels.most_common(1)[0][0]:
            kept = draw.random() < KEPT
            found.update({uid: fleet.odd[uid] for uid in uids if kept and uid in fleet.odd})
        elif draw.random() < FALSE:
            found.update({uid: 0.9 for uid in uids if draw.random() < 0.6})
    return found


def worked(fleet: Fleet, alerts: Iterable[tuple[str, Alert]], odd: dict[str, float]) -> list[Figures]:
    """Figures of each case."""
    investigator = Investigator(fleet.index, odd)
    truth = rows_of(fleet)
    first = {name: min(fleet.step[row] for row in rows) for name, rows in truth.items()}
    found = []
    for name, alert in alerts:
        case = investigator.investigate(alert)
        rows = [fleet.index.row_of(i) for i in case.operations]
        hit = sum(row is not None and fleet.label[row] == name for row in rows) if name else 0
        any_hit = sum(row is not None and bool(fleet.label[row]) for row in rows)
        root = case.root_cause.event_ids[0] if case.root_cause else ""
        at = fleet.index.row_of(root)
        found.append({
            "intrusion": name, "verdict": case.verdict, "recall": hit / len(truth[name]) if name else 0.0,
            "precision": hit / len(rows) if rows else 0.0, "any precision": any_hit / len(rows) if rows else 0.0,
            "root": at is not None and fleet.label[at] == name and fleet.step[at] == first.get(name),
            "events": len(rows),
            "unsupported": sum(bool(complaint(fleet.index, claim)) for claim in case.claims()),
            "refused": len(case.rejected), "claims": len(case.claims()), "steps": case.steps, "seconds": case.seconds,
        })  # fmt: skip
    return found


def baselines(fleet: Fleet, alerts: list[tuple[str, Alert]]) -> dict[str, list[Figures]]:
    """The scene alone, the process tree of the session, everything on the host within a quarter of an hour."""
    index, truth = fleet.index, rows_of(fleet)
    by_host: dict[str, list[int]] = defaultdict(list)
    for row, owner in enumerate(index.owners):
        by_host[index.actors[owner].played.host].append(row)

    def within(row: int) -> list[int]:
        host = index.actors[index.owners[row]].played.host
        return [r for r in by_host[host] if abs(index.times[r] - index.times[row]) <= 900]

    def tree(row: int) -> list[int]:
        return [r for n in index.trees[index.actors[index.owners[row]].tree] for r in index.actors[n].rows]

    def scene(row: int) -> list[int]:
        return [r for n in index.scenes[index.actors[index.owners[row]].played.scene] for r in index.actors[n].rows]

    ways: dict[str, Callable[[int], list[int]]] = {
        "the scene alone": scene,
        "the tree of the session": tree,
        "the host ±15 minutes": within,
    }
    found: dict[str, list[Figures]] = {name: [] for name in ways}
    for name, alert in alerts:
        start = next(
            (r for i in alert.event_ids if (r := index.row_of(i)) is not None and fleet.label[r] == name), None
        )
        for way, rows_at in ways.items():
            rows = rows_at(start) if start is not None else []
            hit = sum(fleet.label[r] == name for r in rows)
            found[way].append(
                {"intrusion": name, "recall": hit / len(truth[name]), "precision": hit / max(1, len(rows))}
            )
    return found


def interval(cases: list[Figures], key: str) -> list[float]:
    """Mean over intrusions with its 95% bootstrap interval."""
    by: dict[str, list[float]] = defaultdict(list)
    for case in cases:
        by[case["intrusion"]].append(float(case[key]))
    means = np.asarray([np.mean(values) for values in by.values()])
    if not len(means):
        return []
    draws = np.random.default_rng(0).choice(means, (2_000, len(means))).mean(axis=1)
    return [round(float(v), 3) for v in (means.mean(), np.quantile(draws, 0.025), np.quantile(draws, 0.975))]


def summary(cases: list[Figures]) -> Figures:
    """The table's row."""
    keys = [
        k
        for k in ("root", "recall", "precision", "any precision", "unsupported", "steps", "seconds")
        if cases and k in cases[0]
    ]
    told: Figures = {key: interval(cases, key) for key in keys}
    told["cases"] = len(cases)
    if cases and "verdict" in cases[0]:
        told["verdicts"] = dict(Counter(case["verdict"] for case in cases))
        told["slowest"] = round(max(case["seconds"] for case in cases), 2)
        told["claims"], told["refused"] = sum(c["claims"] for c in cases), sum(c["refused"] for c in cases)
    return told


def closing(cases: list[Figures]) -> Figures:
    """The table's row of cases that began with nothing of an attack: verdicts of those that led into one apart."""
    told = summary(cases)
    leads = [case for case in cases if case["any precision"] >= LEADS]
    told["led into an attack"] = dict(Counter(case["verdict"] for case in leads))
    told["led into none"] = dict(Counter(case["verdict"] for case in cases if case["any precision"] < LEADS))
    told["events"] = sorted(case["events"] for case in cases)
    return told


def _by_intrusion(cases: list[Figures]) -> dict[str, list[float]]:
    """Root cause found, recall and precision of each intrusion."""
    return {
        name: [
            round(float(np.mean([c[k] for c in cases if c["intrusion"] == name])), 2)
            for k in ("root", "recall", "precision")
        ]
        for name in sorted({c["intrusion"] for c in cases})
    }


def main() -> None:
    """Command line of this module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recordings", type=Path)
    parser.add_argument("cache", type=Path)
    parser.add_argument("--hosts", required=True)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--blind", action="store_true", help="without what the screen says of processes")
    parser.add_argument("--spoilt", type=int, metavar="SEED", help="with what the screen says made worse")
    parser.add_argument("--benign", type=int, default=60, help="ordinary scenes worked at most")
    parser.add_argument("--false", default="60", metavar="N[,N]", help="false alarms worked at most; several draws")
    parser.add_argument("--baselines", action="store_true", help="of the attacks only the baselines")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    fleet = fleet_of(options.recordings, options.cache, options.hosts.split(","))
    odd = {} if options.blind else fleet.odd if options.spoilt is None else spoilt(fleet, options.spoilt)
    random_ones = drawn(fleet, options.seeds)
    own, false = raised(fleet, options.seeds)
    across = {
        n
        for n, rows in rows_of(fleet).items()
        if len({fleet.index.actors[fleet.index.owners[r]].played.host for r in rows}) > 1
    }
    figures: Figures = {}
    for name, alerts in (("drawn true events", random_ones), ("alerts of the product", own)):
        for way, baseline in baselines(fleet, alerts).items():
            figures[f"{name}: {way}"] = summary(baseline)
        if not options.baselines:
            cases = worked(fleet, alerts, odd)
            figures[name] = summary(cases) | {"by intrusion": _by_intrusion(cases)}
            figures[f"{name}, over several hosts"] = summary([c for c in cases if c["intrusion"] in across])
        print(name, json.dumps({k: v for k, v in figures.items() if k.startswith(name)}), flush=True)
    draws = [int(count) for count in options.false.split(",")]
    picked = {f"false alarms, {n} of {len(false)}": random.Random(0).sample(false, min(n, len(false))) for n in draws}
    for name, alerts in {"ordinary scenes": benign_scenes(fleet, options.benign), **picked}.items():
        figures[name] = closing(worked(fleet, alerts, odd))
        print(name, json.dumps(figures[name]), flush=True)
    text = json.dumps(figures, indent=1)
    print(text)
    if options.json:
        options.json.write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
