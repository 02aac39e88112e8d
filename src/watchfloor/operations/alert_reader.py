"""The reader of alerts: files, folders and archives in, Alerts out, every record kept, passed over or rejected.

Opens inputs as the intake does (gz, zst, zip, tar, limits and all); what a source is stands in its first bytes.
``records read == alerts + passed over + rejected``.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import BinaryIO

import orjson

from watchfloor.base.account import Account
from watchfloor.base.settings import MIB, Settings
from watchfloor.intake.sources import Source, find_inputs, open_sources
from watchfloor.operations.alert_columns import Columns, columns_of
from watchfloor.operations.alert_records import Passed, alert_of
from watchfloor.operations.alerts import Alert

_HEAD = 64 * 1024
#: A JSON array is parsed whole, so it may not be longer than this.
_LONGEST_ARRAY = 512 * MIB
#: Lines one quoted CSV record may span.
_SPAN = 50


class AlertReader:
    """Reads inputs and keeps the books. Nothing in the input raises.

    ``sources`` are names in the order met; an alert comes with the number of its source. ``done`` says how many
    lines of a source an earlier run has seen: they are skipped, uncounted.
    """

    def __init__(
        self,
        inputs: Sequence[str],
        settings: Settings = Settings(),  # noqa: B008  (frozen)
        *,
        mapping: dict[str, str] | None = None,
        sources: list[str] | None = None,
        done: dict[str, int] | None = None,
        on_read: Callable[[int], None] = lambda count: None,
    ) -> None:
        self.account = Account()
        self.passed: dict[str, int] = {}
        self.sources: list[str] = sources if sources is not None else []
        self.done: dict[str, int] = done if done is not None else {}
        self._inputs = list(inputs)
        self._settings = settings
        self._mapping = mapping
        self._on_read = on_read

    def alerts(self) -> Iterator[tuple[int, Alert]]:
        """Alerts with the numbers of their sources, in input order."""
        for item in find_inputs(self._inputs, self.account):
            for source in open_sources(item, self._settings, self.account, self._on_read):
                yield from self._source(source)

    def live(self, stream: BinaryIO, name: str = "-") -> Iterator[tuple[int, Alert]]:
        """Alerts of a stream that is still being written, a line at a time as it comes: JSON lines or CSV.

        After a restart it is taken to go on where the marks end, a CSV header apart.
        """
        self.account.inputs += 1
        number = self._number(name)
        first = stream.readline(self._settings.max_line_bytes)
        if not first.strip():
            self.account.reject_source(name, "file", "empty file")
            return
        yield from self._lines(_Again(first, stream), name, number, first, self.done.get(name, 0))

    def _number(self, name: str) -> int:
        if name not in self.sources:
            self.sources.append(name)
        return self.sources.index(name)

    def _source(self, source: Source) -> Iterator[tuple[int, Alert]]:
        head = source.stream.peek(_HEAD)[:_HEAD]
        name = source.name
        if not head.strip():
            self.account.reject_source(name, "file", source.guard.damage or "empty file")
            return
        if head.count(b"\0") > len(head) // 100:
            self.account.reject_source(name, "file", "binary data, no alerts")
            return
        number = self._number(name)
        if head.lstrip()[:1] == b"[":
            yield from self._array(source.stream, name, number)
        else:
            yield from self._lines(source.stream, name, number, head)
        if source.guard.damage:
            self.account.reject_source(name, f"after byte {source.guard.position}", source.guard.damage)

    def _array(self, stream: BinaryIO, name: str, number: int) -> Iterator[tuple[int, Alert]]:
        data = stream.read(_LONGEST_ARRAY + 1)
        if len(data) > _LONGEST_ARRAY:
            self.account.reject_source(name, "file", f"a JSON array longer than {_LONGEST_ARRAY} bytes: use JSON lines")
            return
        try:
            items = orjson.loads(data)
        except orjson.JSONDecodeError as error:
            self.account.reject_source(name, "file", f"a JSON array that cannot be parsed: {error}")
            return
        for place, item in enumerate(items, 1):
            if place > self.done.get(name, 0):
                yield from self._taken(alert_of(item, place), name, number, place)
        self.done[name] = max(self.done.get(name, 0), len(items))

    def _lines(
        self, stream: "BinaryIO | _Again", name: str, number: int, head: bytes, before: int = 0
    ) -> Iterator[tuple[int, Alert]]:
        """A source of lines; ``before`` lines of it were read in an earlier run and do not come again."""
        if head.lstrip()[:1] == b"{":
            yield from self._json_lines(self._numbered(stream, name, before), name, number)
            return
        header = stream.readline(self._settings.max_line_bytes)
        lines = self._numbered(stream, name, max(1, before))
        columns = columns_of(header.decode("utf-8", "replace").strip("\r\n"), self._mapping)
        if isinstance(columns, str):
            self.account.reject_source(name, "line 1", columns)
            return
        yield from self._rows(lines, columns, name, number)

    def _numbered(self, stream: "BinaryIO | _Again", name: str, place: int) -> Iterator[tuple[int, bytes]]:
        """Lines and their numbers after ``place``; one beyond the limit is one rejection, read past."""
        longest = self._settings.max_line_bytes
        while line := stream.readline(longest + 1):
            place += 1
            if len(line) > longest and not line.endswith(b"\n"):
                self.account.reject_record(name, str(place), f"line longer than {longest} bytes")
                while (rest := stream.readline(longest)) and not rest.endswith(b"\n"):
                    pass
                continue
            yield place, line

    def _json_lines(self, lines: Iterator[tuple[int, bytes]], name: str, number: int) -> Iterator[tuple[int, Alert]]:
        done = self.done.get(name, 0)
        loads = orjson.loads
        account = self.account
        for place, line in lines:
            if place <= done or not line.strip():
                continue
            self.done[name] = place
            try:
                found = alert_of(loads(line), place)
            except orjson.JSONDecodeError as error:
                account.reject_record(name, str(place), f"no JSON: {error}")
                continue
            if isinstance(found, Alert):
                account.kept += 1
                yield number, found
            else:
                yield from self._taken(found, name, number, place)

    def _rows(
        self, lines: Iterator[tuple[int, bytes]], columns: Columns, name: str, number: int
    ) -> Iterator[tuple[int, Alert]]:
        done = self.done.get(name, 0)
        account = self.account
        waiting: list[tuple[int, bytes]] = []
        while True:
            place, line = waiting.pop(0) if waiting else next(lines, (0, b""))
            if not place:
                return
            text = line.decode("utf-8", "replace").rstrip("\r\n")
            if place <= done or not text.strip():
                continue
            cells = columns.split(text)
            if cells is None and line.count(b'"') % 2:
                waiting.extend(islice(lines, max(0, _SPAN - len(waiting))))
                cells, used = _joined(columns, text, waiting)
                if cells is not None:
                    del waiting[:used]
            self.done[name] = max(self.done.get(name, 0), place)
            found = columns.alert(cells, place) if cells is not None else "quotes that do not close"
            if isinstance(found, Alert):
                account.kept += 1
                yield number, found
            else:
                account.reject_record(name, str(place), found)

    def _taken(self, found: Alert | Passed | str, name: str, number: int, place: int) -> Iterator[tuple[int, Alert]]:
        if isinstance(found, Alert):
            self.account.kept += 1
            yield number, found
        elif isinstance(found, Passed):
            self.passed[found.what] = self.passed.get(found.what, 0) + 1
        else:
            self.account.reject_record(name, str(place), found)


def _joined(columns: Columns, text: str, following: list[tuple[int, bytes]]) -> tuple[list[str] | None, int]:
    """The cells of a record whose quoted text spans lines, and how many lines more it took; None if it never ends."""
    for used, (_, line) in enumerate(following, 1):
        text = f"{text} {line.decode('utf-8', 'replace').rstrip()}"
        if line.count(b'"') % 2:
            return columns.split(text), used
    return None, 0


class _Again:
    """A line already read, then the rest of its stream."""

    def __init__(self, first: bytes, stream: BinaryIO) -> None:
        self._first = first
        self._stream = stream

    def readline(self, size: int = -1) -> bytes:
        if self._first:
            line, self._first = self._first, b""
            return line
        return self._stream.readline(size)
