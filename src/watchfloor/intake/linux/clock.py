"""The time inside ``audit(…)``: seconds since 1970, or what ``ausearch -i`` makes of it."""

import re
from datetime import UTC, datetime

_EPOCH = re.compile(r"([0-9]{1,12})(?:\.([0-9]*))?")
_PRINTED = re.compile(r"(\d{1,4})([/.\-])(\d{1,2})[/.\-](\d{1,4}) (\d{1,2}):(\d\d):(\d\d)(?:\.(\d{1,6}))?(?: ([AP]M))?")
#: 9999-12-31: past it a time is nonsense, and Python has none.
_LAST_SECOND = 253_402_300_799


def micros(stamp: str) -> int | None:
    """Microseconds since 1970 UTC of ``clock:serial``; None when the clock cannot be read.

    The interpreted form holds local time in the locale's order without a zone: it is taken as UTC, with
    the month first after a slash (unless that cannot be) and the day first after a dot.
    """
    clock = stamp.rpartition(":")[0]
    epoch = _EPOCH.fullmatch(clock)
    if epoch is None:
        return _printed(clock)
    whole = int(epoch[1])
    return whole * 1_000_000 + int(((epoch[2] or "") + "000000")[:6]) if whole <= _LAST_SECOND else None


def _printed(clock: str) -> int | None:
    match = _PRINTED.fullmatch(clock)
    if match is None:
        return None
    first, middle, last = int(match[1]), int(match[3]), int(match[4])
    if len(match[1]) == 4:
        year, month, day = first, middle, last
    elif match[2] == "/" and first <= 12:
        month, day, year = first, middle, last
    else:
        day, month, year = first, middle, last
    if 0 < year < 100:
        year += 2000
    hour = int(match[5])
    if match[9]:
        hour = hour % 12 + (12 if match[9] == "PM" else 0)
    try:
        moment = datetime(year, month, day, hour, int(match[6]), int(match[7]), tzinfo=UTC)
    except ValueError:
        return None
    return int(moment.timestamp()) * 1_000_000 + int(((match[8] or "") + "000000")[:6])
