"""One run over files: alerts in columns, in time order through the floor, incidents and books out.

Several sources cover the same days, and exports come newest first; so a batch is put in time order before the
floor sees it. The columns take about 28 bytes an alert; the floor itself stays bounded whatever comes.
"""

import time
from array import array
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from watchfloor.operations.alerts import Alert
from watchfloor.operations.floor import Floor
from watchfloor.operations.incidents import Incident

#: Text, severity and tactics of alerts that are equal but for time and place.
Text = tuple[str, str, str, int, tuple[str, ...]]


@dataclass(slots=True)
class Table:
    """Alerts as columns; ``texts`` holds each distinct text once."""

    times: "array[float]" = field(default_factory=lambda: array("d"))
    text: "array[int]" = field(default_factory=lambda: array("I"))
    sources: "array[int]" = field(default_factory=lambda: array("I"))
    lines: "array[int]" = field(default_factory=lambda: array("Q"))
    texts: list[Text] = field(default_factory=list)

    def fill(self, alerts: Iterable[tuple[int, Alert]]) -> None:
        """Take all alerts of a reader."""
        places: dict[Text, int] = {}
        for number, (moment, name, host, line, entity, severity, tactics) in alerts:
            key = (name, host, entity, severity, tactics)
            place = places.get(key)
            if place is None:
                place = places[key] = len(self.texts)
                self.texts.append(key)
            self.times.append(moment)
            self.text.append(place)
            self.sources.append(number)
            self.lines.append(line)

    def __len__(self) -> int:
        return len(self.times)

    def feed(self, floor: Floor, on_progress: Callable[[int], None] | None = None) -> None:
        """Feed all alerts to a floor in time order; equal times in input order."""
        times = np.frombuffer(self.times, np.float64) if len(self.times) else np.empty(0)
        order: Iterable[int] = range(len(times))
        if len(times) > 1 and bool((np.diff(times) < 0).any()):
            order = np.argsort(times, kind="stable").tolist()
        feed = floor.feed
        texts, text, lines, sources, moments = self.texts, self.text, self.lines, self.sources, self.times
        for count, place in enumerate(order):
            name, host, entity, severity, tactics = texts[text[place]]
            feed(Alert(moments[place], name, host, lines[place], entity, severity, tactics), sources[place])
            if on_progress is not None and not count & 0xFFFF:
                on_progress(count)


@dataclass(slots=True)
class Outcome:
    """What a run found: incidents worth opening, highest priority first, and the floor with its books."""

    incidents: list[Incident]
    floor: Floor
    seconds: float

    def summary(self) -> dict[str, Any]:
        """The floor's part of the summary record: ``in == out + sum of put aside``."""
        books = self.floor.books
        inside = sum(incident.alerts for incident in self.incidents)
        largest = max((incident.alerts for incident in self.incidents), default=0)
        return {
            "alerts_in": books.fed,
            "alerts_in_incidents": inside,
            "put_aside": {reason: count for reason, count in books.aside.items() if count},
            "put_aside_total": sum(books.aside.values()),
            "incidents": len(self.incidents),
            "reduction": round(books.fed / len(self.incidents), 1) if self.incidents else None,
            "largest_incident_share": round(largest / books.fed, 4) if books.fed else 0.0,
            "folded": {"episodes": books.episodes, "repeats": books.repeats, "pairs": len(self.floor.memory.series)},
            "late": books.late,
            "clock_leaps": books.leaps,
            "forgotten_pairs": self.floor.memory.forgotten,
        }


def reduce_table(table: Table, floor: Floor, on_progress: Callable[[int], None] | None = None) -> Outcome:
    """Run a floor over a table to its end."""
    began = time.monotonic()
    table.feed(floor, on_progress)
    return Outcome(floor.finish(), floor, time.monotonic() - began)
