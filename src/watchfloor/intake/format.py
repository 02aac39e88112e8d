"""The seam between sources and formats: what a format must offer, stated from both sides.

The source side (``intake.reader``) opens files, unpacks archives, sniffs the content and hands the
decompressed bytes to one format. The format side turns bytes into rows. Neither knows the other.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Literal, Protocol

from watchfloor.base.account import Account
from watchfloor.base.events import Row


class Lines(Protocol):
    """A format whose records are single lines: any run of lines can be parsed on its own, in any worker."""

    def __call__(self, lines: list[bytes], first: int, source: str, account: Account) -> list[Row]:
        """Parse lines numbered from ``first`` (1-based); blank lines are no records.

        Returns one row per Event, with ``record`` set to the line number as text, ``source`` left out.
        A line that is not an Event is handed to ``account.reject_record(source, str(n), why)``; this
        never raises for bad content. Example: ``[b'{"EventID":1,…}']`` → ``[{"action": …}]``.
        """
        ...


class Stream(Protocol):
    """A format that needs its bytes in order: arrays, EVTX, XML documents, CSV, multi-line audit events."""

    def __call__(self, stream: BinaryIO, source: str, account: Account) -> Iterator[Row]:
        """Yield rows in file order, in bounded memory; same rules for ``record`` and rejections.

        The stream may be truncated or garbage after the sniffed head: what was read stays, the loss
        is named with ``account.reject_source(source, where, why)``.
        """
        ...


@dataclass(frozen=True, slots=True)
class Format:
    """One entry of the registry. ``sniff`` gets the first 64 KiB (decompressed) and answers fast.

    Exactly one of ``lines`` and ``stream`` is called, per ``kind``.
    """

    name: str
    describes: str
    kind: Literal["lines", "stream"]
    sniff: Callable[[bytes], bool]
    lines: Lines | None = None
    stream: Stream | None = None
