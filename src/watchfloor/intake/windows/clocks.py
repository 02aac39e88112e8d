"""Times of flat exports, whose clocks are often local, zoneless or twelve-hour: set right where evidence allows."""

from typing import Any

from watchfloor.base.events import Row
from watchfloor.intake.windows.fields import micros

_MINUTE = 60_000_000
_QUARTER = 15 * _MINUTE
_HALF_HOUR = 30 * _MINUTE

#: Fields that say when it happened, most trustworthy first, after NXLog's pair.
_CLAIMS = (
    "TimeGenerated",
    "@timestamp",
    "TimeCreated",
    "SystemTime",
    "EventTime",
    "UtcTime",
    "timestamp",
    "_time",
    "TimeCollected",
    "date",
)

#: Further from a whole quarter than this, two clocks differ for another reason than their zone.
_TOLERANCE = _MINUTE

#: Zones reach fourteen hours from UTC, and a twelve-hour clock is off by twelve more.
_FARTHEST = 26 * 60 * _MINUTE

#: Sysmon writes its record some seconds after what it saw.
_DELAY = 2 * _MINUTE


def sysmon_time(utc: int | None, claimed: int | None, certain: bool) -> int | None:
    """When a Sysmon event happened: its own UtcTime, unless that clock has drifted.

    Sysmon keeps time from the boot on; after a virtual machine slept it is off, by hours or days, while
    the record's time is right. ``certain`` says that the claimed time is the record's own, in UTC; if
    not, a difference of whole quarter hours speaks of zones and of a claim that is wrong.
    """
    if utc is None or claimed is None:
        return claimed if utc is None else utc
    difference = utc - claimed
    if certain:
        return utc if abs(difference) <= _DELAY else claimed
    off = (difference + _QUARTER // 2) // _QUARTER * _QUARTER
    return utc if abs(difference - off) <= _TOLERANCE and abs(off) <= _FARTHEST else claimed


def claimed_time(record: dict[str, Any]) -> int | None:
    """When a flat record says it happened.

    NXLog's EventTime is local time and its ``@timestamp`` the moment the collector received it: the
    zone is what is left of their difference in half hours, the rest is delay.
    """
    local = record.get("EventTime")
    if local is not None:
        occurred = micros(local)
        received = micros(record.get("@timestamp"))
        if occurred is not None and received is not None:
            zone = (received - occurred + _MINUTE) // _HALF_HOUR * _HALF_HOUR
            return occurred + zone if abs(zone) <= _FARTHEST else occurred
    for name in _CLAIMS:
        time = record.get(name)
        if time is not None:
            found = micros(time)
            if found is not None:
                return found
    return None


class Clock:
    """Learns from Sysmon events, which carry UTC, by how much the exporter's clock is off.

    One is used per run of lines. Exports seen in the wild write a twelve-hour clock without AM or PM,
    in local time, marked as UTC; the events around each Sysmon event are off by as much as it is.
    """

    def __init__(self) -> None:
        self._off: int | None = None
        self._early: list[Row] = []

    def settle(self, row: Row, claimed: int | None) -> None:
        """Set a row's time right, now or, if nothing is known yet, when the first Sysmon event comes."""
        if claimed is None:
            return
        time = row.get("time")
        if time is None:
            return
        if time != claimed:  # the row has its own UTC time
            self._off = (time - claimed + _QUARTER // 2) // _QUARTER * _QUARTER
            for early in self._early:
                early["time"] += self._off
            self._early.clear()
        elif self._off is None:
            self._early.append(row)
        elif self._off:
            row["time"] = claimed + self._off
