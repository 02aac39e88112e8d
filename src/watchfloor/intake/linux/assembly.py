"""Records joined to audit events, in a bounded window."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from watchfloor.intake.linux import clock
from watchfloor.intake.linux.records import Record
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

    def of(self, type_: str) -> Fields | None:
        """Fields of the first record of a type."""
        for record in self.records:
            if record.type == type_:
                return record.fields
        return None

    def all_of(self, type_: str) -> list[Fields]:
        """Fields of every record of a type, in order."""
        return [record.fields for record in self.records if record.type == type_]

    @property
    def raw(self) -> str:
        """The original lines."""
        return "\n".join(record.line for record in self.records)


class Assembly:
    """The window of open events."""

    def __init__(self) -> None:
        self._open: dict[tuple[str | None, str], AuditEvent] = {}

    def add(self, record: Record) -> Sequence[AuditEvent]:
        """Take a record; returns the events that are complete now.

        Raises:
            OverflowError: the event has grown past `EVENT_CHARS`, the record was not taken.
        """
        key = (record.node, record.stamp)
        event = self._open.get(key)
        if record.type == "EOE":
            return (self._open.pop(key),) if event is not None else ()
        is_new = event is None
        if event is None:
            event = AuditEvent(record.stamp, record.node, record.interpreted, clock.micros(record.stamp))
            self._open[key] = event
        event.chars += len(record.line)
        if event.chars > EVENT_CHARS:
            event.chars -= len(record.line)
            raise OverflowError
        event.records.append(record)
        done: Sequence[AuditEvent] = ()
        if is_new:
            if record.type.startswith(_ALONE):
                done = (self._open.pop(key),)
        elif record.type == "PROCTITLE" and event.of("SYSCALL") is not None:
            # last of its event in a log; ausearch prints it first, where the call is still to come
            done = (self._open.pop(key),)
        return done if len(self._open) < 2 else (*done, *self._overdue(event.time))

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
