"""Records joined to audit events, in a bounded window."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from watchfloor.intake.linux import clock
from watchfloor.intake.linux.records import Record, Whole
from watchfloor.intake.linux.shapes import Fields

#: Events held open at once; the kernel interleaves a few at most, one per processor.
OPEN_EVENTS = 128
#: Text of one event; the kernel's own limit on arguments is 2 MiB, twice that in hexadecimal.
EVENT_CHARS = 16 * 1024 * 1024
#: Serial numbers further behind than this are taken for complete.
AGE_US = 5_000_000

#: Records that are an event of their own: user space sends one record, never a group.
_ALONE = ("USER_", "CRED_", "ADD_", "DEL_", "SERVICE_", "DAEMON_", "GRP_", "ACCT_", "SYSTEM_", "CRYPTO_", "VIRT_")


@dataclass(slots=True)
class AuditEvent:
    """All records with one (node, timestamp, serial)."""

    stamp: str
    node: str | None
    interpreted: bool
    time: int | None
    records: list[Record] = field(default_factory=list)
    chars: int = 0
    text: str | None = None

    def of(self, type_: str) -> Fields | None:
        """Fields of the first record of a type."""
        for record in self.records:
            if record.type == type_:
                return record.fields
        return None

    def has(self, type_: str) -> bool:
        """Whether there is a record of a type."""
        return type_ in [record.type for record in self.records]

    def all_of(self, type_: str) -> list[Fields]:
        """Fields of every record of a type, in order."""
        return [record.fields for record in self.records if record.type == type_]

    @property
    def raw(self) -> str:
        """The original lines."""
        if self.text is not None:
            return self.text
        return "\n".join([record.line for record in self.records])


class Assembly:
    """The window of open events."""

    def __init__(self) -> None:
        self._open: dict[tuple[str | None, str], AuditEvent] = {}

    def add(self, record: Record) -> Sequence[AuditEvent]:
        """Take a record; returns the events that are complete now.

        Raises:
            OverflowError: the event has grown past `EVENT_CHARS`, the record was not taken.
        """
        open_ = self._open
        type_ = record.type
        key = (record.node, record.stamp)
        event = open_.get(key)
        done: Sequence[AuditEvent] = ()
        if type_ == "EOE":
            return (open_.pop(key),) if event is not None else done
        length = len(record.line)
        if event is None:
            event = AuditEvent(record.stamp, record.node, record.interpreted, clock.micros(record.stamp))
            event.chars = length
            event.records.append(record)
            if type_.startswith(_ALONE):
                done = (event,)
            else:
                open_[key] = event
        else:
            if event.chars + length > EVENT_CHARS:
                raise OverflowError
            event.chars += length
            event.records.append(record)
            if type_ == "PROCTITLE" and event.has("SYSCALL"):
                # last of its event in a log; ausearch prints it first, where the call is still to come
                done = (open_.pop(key),)
        if len(open_) > 1 and (len(open_) > OPEN_EVENTS or self._oldest_is_past(event.time)):
            done = (*done, *self._overdue(event.time))
        return done

    def add_whole(self, whole: Whole) -> Sequence[AuditEvent] | None:
        """Take an event that is complete; None, and nothing is taken, when a part of it is open already."""
        first = whole.records[0]
        key = (first.node, first.stamp)
        open_ = self._open
        if key in open_:
            return None
        event = AuditEvent(first.stamp, first.node, False, clock.micros(first.stamp), whole.records, 0, whole.text)
        if not open_:
            return (event,)
        open_[key] = event  # it counts among those open until its last record
        overdue = tuple(self._overdue(event.time))
        del open_[key]
        return (*overdue, event)

    def flush(self) -> Sequence[AuditEvent]:
        """Everything still open: at the end, and where ausearch draws a line."""
        events = list(self._open.values())
        self._open.clear()
        return events

    def _overdue(self, time: int | None) -> Iterator[AuditEvent]:
        while len(self._open) > OPEN_EVENTS or self._oldest_is_past(time):
            yield self._open.pop(next(iter(self._open)))

    def _oldest_is_past(self, time: int | None) -> bool:
        if time is None or len(self._open) < 2:
            return False
        oldest = next(iter(self._open.values()))
        return oldest.time is not None and time - oldest.time > AGE_US
