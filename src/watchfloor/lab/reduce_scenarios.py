"""The AIT alert data set as scenarios: alerts as the reducer reads them, and the labels apart from them.

Which label: ``event_label`` names the alerts an attack step caused, one by one; ``time_label`` marks every alert of
any host while a step ran, ClamAV updates and mail log-ins among them. What counts as a step here is an
``event_label``; figures by ``time_label`` are reported beside it. Labels never reach the reducer: it is fed what
`operations.alert_reader` makes of the mapped columns, and labels are read by line number here.
"""

import csv
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from watchfloor.operations.alerts import Alert

ARCHIVE = "ait_ads/alerts_csv.zip"
#: Alerts of one (name, host) kept in a quarter of an hour where floods are capped.
CAP = 40


@dataclass(frozen=True, slots=True)
class Scenario:
    """One scenario: alerts in time order; labels by line. ``lines`` counts the file's alerts, capped or not."""

    name: str
    alerts: list[Alert]
    event: dict[int, str]
    time: dict[int, str]
    lines: int

    @property
    def days(self) -> float:
        """From the first alert to the last."""
        return max((self.alerts[-1].time - self.alerts[0].time) / 86_400.0, 1e-9)


def members(data: Path) -> list[str]:
    """Names of the scenarios' files in the archive under ``data`` (the ``edr`` folder)."""
    with zipfile.ZipFile(data / ARCHIVE) as archive:
        return sorted(name for name in archive.namelist() if name.endswith("_alerts.txt"))


def scenario(data: Path, member: str, *, cap: int = 0) -> Scenario:
    """Read one scenario; ``cap`` keeps at most so many alerts of a (name, host) in each quarter of an hour."""
    alerts: list[Alert] = []
    event: dict[int, str] = {}
    time: dict[int, str] = {}
    kept: dict[tuple[str, str, int], int] = {}
    line = 1
    for line, row in _rows(data, member):
        moment = float(row[0])
        if cap:
            key = (row[1], row[3], int(moment // 900))
            kept[key] = kept.get(key, 0) + 1
            if kept[key] > cap:
                continue
        alerts.append(Alert(moment, row[1], row[3], line, row[2]))
        if row[6] != "-":
            event[line] = row[6]
        if row[5] != "false_positive":
            time[line] = row[5]
    alerts.sort(key=lambda alert: alert.time)
    return Scenario(Path(member).stem.removesuffix("_alerts"), alerts, event, time, line - 1)


def _rows(data: Path, member: str) -> Iterator[tuple[int, list[str]]]:
    with zipfile.ZipFile(data / ARCHIVE) as archive, archive.open(member) as stream:
        rows = csv.reader(io.TextIOWrapper(stream, encoding="utf-8", newline=""))
        next(rows)
        yield from enumerate(rows, 2)
