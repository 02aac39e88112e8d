"""Runs: pieces of a source that can be parsed on their own, in any worker, a few MiB each."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from watchfloor.base.account import Account
from watchfloor.base.events import Row
from watchfloor.base.settings import MIB
from watchfloor.intake.format import Format

RUN_BYTES = 4 * MIB


@dataclass(frozen=True, slots=True)
class Run:
    """Bytes and the number of the first line, item or chunk in them."""

    payload: bytes
    first: int


#: Cuts a source into runs, in order, in bounded memory. The last argument is the longest record.
Divide = Callable[[BinaryIO, str, Account, int], Iterator[Run]]

#: Parses one run; the same rules as for `format.Lines`.
Parse = Callable[[bytes, int, str, Account], list[Row]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Divisible(Format):
    """A stream format that can be cut: EVTX at its chunks, XML between events."""

    divide: Divide
    parse: Parse


def line_runs(stream: BinaryIO, source: str, account: Account, longest: int) -> Iterator[Run]:
    """Whole lines, about RUN_BYTES at a time; a line beyond ``longest`` is one rejection, read past."""
    first = 1
    waiting: list[bytes] = []
    held = 0
    while block := stream.read(RUN_BYTES):
        cut = block.rfind(b"\n") + 1
        if len(block) < RUN_BYTES and held + len(block) <= longest:
            cut = len(block)  # the end: a last line without its end belongs to the same run
        if cut:
            payload = b"".join((*waiting, block[:cut]))
            yield Run(payload, first)
            first += payload.count(b"\n")
            waiting, held = [block[cut:]], len(block) - cut
            continue
        waiting.append(block)
        held += len(block)
        if held > longest:
            rest, found = _past_line(stream)
            account.reject_record(source, str(first), f"line longer than {longest} bytes")
            first += found
            waiting, held = [rest], len(rest)
    last = b"".join(waiting)
    if last:
        yield Run(last, first)


def _past_line(stream: BinaryIO) -> tuple[bytes, int]:
    """Read past the end of the line; what follows it in the same block, and whether it ended at all."""
    while block := stream.read(RUN_BYTES):
        cut = block.find(b"\n") + 1
        if cut:
            # The rest may hold line ends of its own; the caller joins it to the next block.
            return block[cut:], 1
    return b"", 0


def parse_lines(form: Format, payload: bytes, first: int, source: str, account: Account) -> list[Row]:
    """Parse a run of lines, whichever way its lines end."""
    assert form.lines is not None
    if b"\r" in payload:
        payload = payload.replace(b"\r\n", b"\n")
    lines = payload.split(b"\n")
    if not lines[-1]:
        lines.pop()
    return form.lines(lines, first, source, account)
