"""What incidents are worth against the labels of a scenario.

A step is covered when an incident holds one of its labelled alerts. An incident is true when it holds one labelled
alert; *strictly* true when the member that tells most in it has one. ``labelled_share`` is how many of all alerts in
incidents are labelled, so that an incident cannot earn its truth by taking in much.
"""

from collections.abc import Iterable, Sequence
from statistics import median
from typing import Any

from watchfloor.lab.reduce_scenarios import Scenario
from watchfloor.operations.groups import LINE_BITS
from watchfloor.operations.incidents import Incident

_MASK = (1 << LINE_BITS) - 1


def lines_of(incident: Incident) -> list[int]:
    """Line numbers of an incident's alerts."""
    return [line & _MASK for member in incident.members for line in member.ids]


def firsts(data: Scenario, labels: dict[int, str]) -> dict[str, float]:
    """The time of each step's first alert."""
    found: dict[str, float] = {}
    for alert in data.alerts:
        step = labels.get(alert.line)
        if step is not None and step not in found:
            found[step] = alert.time
    return found


def covered(labels: dict[int, str], lines: Iterable[int]) -> set[str]:
    """The steps some lines belong to."""
    return {labels[line] for line in lines if line in labels}


def judged(data: Scenario, incidents: Sequence[Incident], alerts: int) -> dict[str, Any]:
    """Figures of one scenario."""
    steps = firsts(data, data.event)
    met: dict[str, float] = {}
    true = strict = inside = labelled = largest = 0
    times: set[str] = set()
    for incident in incidents:
        lines = lines_of(incident)
        here = covered(data.event, lines)
        true += bool(here)
        lead = incident.told_members()[0]
        strict += bool(covered(data.event, [line & _MASK for line in lead.ids]))
        inside += len(lines)
        labelled += sum(line in data.event for line in lines)
        largest = max(largest, len(lines))
        times |= covered(data.time, lines)
        for step in here:
            # An alert that joined an incident already open is seen when it comes.
            seen = min(
                member.first
                for member in incident.members
                if covered(data.event, [i & _MASK for i in member.ids]) >= {step}
            )
            met[step] = min(met.get(step, float("inf")), max(incident.opened, seen))
    items = len(incidents)
    delays = {step: round(max(0.0, moment - steps[step]), 1) for step, moment in met.items()}
    return {
        "alerts": alerts,
        "days": round(data.days, 3),
        "items": items,
        "items_a_day": round(items / data.days, 3),
        "reduction": round(alerts / max(items, 1), 1),
        "steps": len(steps),
        "covered": len(met),
        "coverage": len(met) / max(len(steps), 1),
        "missed": sorted(set(steps) - set(met)),
        "true": true,
        "precision": true / max(items, 1),
        "strict_precision": strict / max(items, 1),
        "labelled_share": labelled / max(inside, 1),
        "largest_share": largest / max(alerts, 1),
        "seconds_to_incident": delays,
        "median_seconds_to_incident": median(delays.values()) if delays else None,
        "time_label_steps": len(set(data.time.values())),
        "time_label_covered": len(times),
        "time_label_missed": sorted(set(data.time.values()) - times),
    }
