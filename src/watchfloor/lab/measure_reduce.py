"""Measure `watchfloor reduce` on the AIT scenarios, each judged by a ranking that never saw it.

    python -m watchfloor.lab.measure_reduce --data ../shared/data/edr --json OUT.json [--pictures docs/results/pictures]
        [--cap 40] [--only NAME ...]

``--cap`` keeps so many alerts of a (name, host) in each quarter of an hour, so that the ``dirb`` and ``wpscan`` floods
do not flatter the reduction. Intervals are 95% bootstrap intervals over scenarios (10,000 draws, seed 0).
"""

import argparse
import csv
import io
import json
import sys
import time
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from watchfloor.lab.reduce_baselines import BASELINES
from watchfloor.lab.reduce_pictures import draw
from watchfloor.lab.reduce_ranking import Sample, fit, samples, with_threshold
from watchfloor.lab.reduce_scenarios import ARCHIVE, CAP, Scenario, members, scenario
from watchfloor.lab.reduce_scores import covered, judged, lines_of
from watchfloor.operations.floor import Floor
from watchfloor.operations.incidents import Incident
from watchfloor.operations.ranking import Ranking
from watchfloor.operations.reducing import Table

#: Shifts of the threshold, in logits, that make the curve.
SHIFTS = (-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0)
DRAWS = 10_000


def reduced(data: Scenario, ranking: Ranking) -> tuple[Floor, float]:
    """A floor that has seen the whole scenario, and the seconds it took."""
    floor = Floor(ranking)
    began = time.perf_counter()
    for alert in data.alerts:
        floor.feed(alert, 0)
    floor.finish()
    return floor, time.perf_counter() - began


def measured(data: Scenario, ranking: Ranking, *, curve: Scenario | None) -> dict[str, Any]:
    """All figures of one scenario; the curve is drawn over ``curve``, its floods capped."""
    floor, seconds = reduced(data, ranking)
    found = judged(data, floor.ranked(), floor.books.fed)
    found["threshold"] = ranking.threshold
    found["opened"] = [_shown(data, incident) for incident in floor.ranked()]
    found["alerts_per_second_floor"] = round(len(data.alerts) / max(seconds, 1e-9))
    found["baselines"] = {name: baseline(data) for name, baseline in BASELINES.items()}
    if curve is not None:
        found["curve"] = []
        for shift in SHIFTS:
            moved = replace(ranking, threshold=ranking.threshold + shift)
            at = judged(curve, reduced(curve, moved)[0].ranked(), len(curve.alerts))
            found["curve"].append(
                {"shift": shift} | {key: at[key] for key in ("items_a_day", "covered", "steps", "true")}
            )
    return found


def _shown(data: Scenario, incident: Incident) -> dict[str, Any]:
    """One incident for whoever looks into the figures."""
    return {
        "hours": round((incident.start - data.alerts[0].time) / 3600.0, 2),
        "hosts": incident.hosts[:6],
        "alerts": incident.alerts,
        "score": round(incident.score, 2),
        "steps": sorted(covered(data.event, lines_of(incident))),
        "names": [member.name for member in incident.told_members()[:4]],
    }


def speed(data: Path, member: str, ranking: Ranking) -> dict[str, float]:
    """Alerts a second from packed file to incidents, beside reading the same rows with `csv` alone."""
    from watchfloor.operations.alert_reader import AlertReader

    with zipfile.ZipFile(data / ARCHIVE) as archive:
        text = archive.read(member)
    began = time.process_time()
    rows = sum(1 for _ in csv.reader(io.TextIOWrapper(io.BytesIO(text), encoding="utf-8", newline=""))) - 1
    parsing = time.process_time() - began
    began = time.process_time()
    reader = AlertReader([])
    table = Table()
    table.fill(reader.live(io.BytesIO(text), member))
    reading = time.process_time() - began
    floor = Floor(ranking)
    table.feed(floor)
    floor.finish()
    whole = time.process_time() - began
    return {
        "alerts": rows,
        "csv_alone_per_second": rows / parsing,
        "reading_per_second": rows / reading,
        "whole_per_second": rows / whole,
        "ratio_to_csv_alone": parsing / whole,
    }


def interval(values: Sequence[float]) -> list[float]:
    """Mean and its 95% bootstrap interval over scenarios."""
    drawn = np.random.default_rng(0).choice(np.array(values), size=(DRAWS, len(values))).mean(1)
    return [round(float(one), 3) for one in (np.mean(values), *np.quantile(drawn, (0.025, 0.975)))]


def overall(found: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Means over scenarios with intervals, for ours and each baseline."""
    names = ("items_a_day", "reduction", "coverage", "precision", "strict_precision", "largest_share", "labelled_share")
    figures: dict[str, Any] = {name: interval([one[name] for one in found.values()]) for name in names}
    figures["steps"] = [sum(one["covered"] for one in found.values()), sum(one["steps"] for one in found.values())]
    figures["baselines"] = {
        name: {
            key: interval([one["baselines"][name][key] for one in found.values()])
            for key in ("items_a_day", "coverage", "precision")
        }
        for name in BASELINES
    }
    return figures


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--data", type=Path, required=True, help="the edr folder")
    parser.add_argument("--json", type=Path, required=True)
    parser.add_argument("--pictures", type=Path)
    parser.add_argument("--cap", type=int, default=0)
    parser.add_argument("--only", nargs="*", default=[], help="measure these scenarios; all still teach")
    parser.add_argument("--no-curve", action="store_true")
    options = parser.parse_args(arguments)
    names = members(options.data)
    learned: list[Sample] = []
    capped: list[Scenario] = []
    for member in names:
        learned += samples(scenario(options.data, member, cap=options.cap))
        capped.append(scenario(options.data, member, cap=CAP))
        print("read", member, file=sys.stderr, flush=True)
    found: dict[str, dict[str, Any]] = {}
    small = {one.name: one for one in capped}
    for member in names:
        data = scenario(options.data, member, cap=options.cap)
        if options.only and data.name not in options.only:
            continue
        others = [one for one in capped if one.name != data.name]
        ranking = with_threshold(fit([one for one in learned if one.scenario != data.name]), others)
        found[data.name] = measured(data, ranking, curve=None if options.no_curve else small[data.name])
        print(data.name, json.dumps(found[data.name], default=str)[:400], file=sys.stderr, flush=True)
    result = {"cap": options.cap, "scenarios": found, "overall": overall(found)}
    if not options.cap:
        result["speed"] = speed(options.data, names[0], fit(learned))
    options.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    if options.pictures is not None and not options.no_curve:
        draw(found, options.pictures)
    return 0


if __name__ == "__main__":
    sys.exit(main())
