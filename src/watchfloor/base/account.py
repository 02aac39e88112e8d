"""Accounting: records in = kept + rejected, each rejection with file, place and reason."""

from dataclasses import dataclass, field

#: Rejections kept word for word; beyond this they are still counted, per source and reason.
DETAILED_REJECTIONS = 10_000


@dataclass(frozen=True, slots=True)
class Rejection:
    """One piece of input that did not become an Event. ``where`` is a record, line or byte offset."""

    source: str
    where: str
    why: str

    def to_json(self) -> dict[str, str]:
        """The shape of the command contract's ``rejected`` list."""
        return {"source": self.source, "where": self.where, "why": self.why}


@dataclass(slots=True)
class Account:
    """The books of one run. ``records_read == kept + rejected_records`` holds at all times.

    A rejection of a *record* counts against records read; a rejection of a whole source (an empty
    file, a folder without permission, the lost rest of a truncated archive) does not, since nobody
    knows how many records it held: it is listed all the same.
    """

    kept: int = 0
    rejected_records: int = 0
    inputs: int = 0
    missing_times: int = 0
    out_of_order: int = 0
    rejections: list[Rejection] = field(default_factory=list)
    reasons: dict[tuple[str, str], int] = field(default_factory=dict)

    @property
    def records_read(self) -> int:
        """Records met in the input."""
        return self.kept + self.rejected_records

    def reject_record(self, source: str, where: str, why: str) -> None:
        """Count and note one record that cannot become an Event."""
        self.rejected_records += 1
        self._note(source, where, why)

    def reject_source(self, source: str, where: str, why: str) -> None:
        """Note a source, or the rest of one, that cannot be read."""
        self._note(source, where, why)

    def _note(self, source: str, where: str, why: str) -> None:
        key = (source, why)
        self.reasons[key] = self.reasons.get(key, 0) + 1
        if len(self.rejections) < DETAILED_REJECTIONS:
            self.rejections.append(Rejection(source, where, why))

    def add(self, other: "Account") -> None:
        """Add the books of a worker to these."""
        self.kept += other.kept
        self.rejected_records += other.rejected_records
        self.inputs += other.inputs
        self.missing_times += other.missing_times
        self.out_of_order += other.out_of_order
        room = DETAILED_REJECTIONS - len(self.rejections)
        self.rejections.extend(other.rejections[:room])
        for key, count in other.reasons.items():
            self.reasons[key] = self.reasons.get(key, 0) + count
