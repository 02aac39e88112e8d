"""The time inside ``audit(…)``: seconds since 1970, or what ``ausearch -i`` makes of it."""

import re
from datetime import UTC, datetime

_PRINTED = re.compile(r"(\d{1,4})([/.\-])(\d{1,2})[/.\-](\d{1,4}) (\d{1,2}):(\d\d):(\d\d)(?:\.(\d{1,6}))?(?: ([AP]M))?")
#: 9999-12-31: past it a time is nonsense, and Python has none.
_LAST_SECOND = 253_402_300_799


def micros(stamp: str) -> int | None:
    """Microseconds since 1970 UTC of ``clock:serial``; None when the clock cannot be read.

    The interpreted form holds local time in the locale's order without a zone: it is taken as UTC, with
    the month first after a slash (unless that cannot be) and the day first after a dot.
    """
    clock = stamp.rpartition(":")[0]
    seconds, _, fraction = clock.partition(".")
    if seconds.isdecimal() and seconds.isascii() and len(seconds) <= 12:
        if fraction and not (fraction.isdecimal() and fraction.isascii()):
            return None
        whole = int(seconds)
        return whole * 1_000_000 + int((fraction + "000000")[:6]) if whole <= _LAST_SECOND else None
    return _printed(clock)


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
    hour = int(match[5])
    if match[9]:
        hour = hour % 12 + (12 if match[9] == "PM" else 0)
    try:
        moment = datetime(
            year + 2000 if year < 100 else year, month, day, hour, int(match[6]), int(match[7]), tzinfo=UTC
        )
    except ValueError:
        return None
    return int(moment.timestamp()) * 1_000_000 + int(((match[8] or "") + "000000")[:6])
