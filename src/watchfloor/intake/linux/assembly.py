"""Records joined to audit events, in a bounded window."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from watchfloor.intake.linux.records import Fields, Record

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

    def add(self, record: Record, time: int | None) -> Iterator[AuditEvent]:
        """Take a record; yields the events that are complete now.

        Raises:
            OverflowError: the event has grown past `EVENT_CHARS`, the record was not taken.
        """
        key = (record.node, record.stamp)
        if record.type == "EOE":
            event = self._open.get(key)
            if event is not None:
                yield self._close(key)
            return
        event = self._open.get(key)
        if event is None:
            event = AuditEvent(record.stamp, record.node, record.interpreted, time)
            self._open[key] = event
        if event.chars + len(record.line) > EVENT_CHARS:
            raise OverflowError
        event.chars += len(record.line)
        event.records.append(record)
        if record.type.startswith(_ALONE) and len(event.records) == 1:
            yield self._close(key)
        elif record.type == "PROCTITLE" and event.of("SYSCALL") is not None:
            # last of its event in a log; ausearch prints it first, where the call is still to come
            yield self._close(key)
        while len(self._open) > OPEN_EVENTS or self._oldest_is_past(time):
            yield self._close(next(iter(self._open)))

    def flush(self) -> Iterator[AuditEvent]:
        """Everything still open: at the end, and where ausearch draws a line."""
        while self._open:
            yield self._close(next(iter(self._open)))

    def _close(self, key: tuple[str | None, str]) -> AuditEvent:
        return self._open.pop(key)

    def _oldest_is_past(self, time: int | None) -> bool:
        if time is None or len(self._open) < 2:
            return False
        oldest = next(iter(self._open.values()))
        return oldest.time is not None and time - oldest.time > AGE_US
