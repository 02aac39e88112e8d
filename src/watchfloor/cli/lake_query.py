"""``watchfloor lake query``: one SELECT over the events of a lake."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from watchfloor.base.errors import UsageError
from watchfloor.cli import outputs

if TYPE_CHECKING:
    import pyarrow as pa

NAME = "query"
SUMMARY = "ask a lake a question in SQL"
DESCRIPTION = """Answer one SELECT (DuckDB's SQL) over the view events. Column names have dots in them and are quoted;
`DESCRIBE events` lists them. Nothing but the events can be read, and nothing is written.

examples:
  watchfloor lake query 'SELECT "device.hostname", count(*) FROM events GROUP BY ALL' --lake history
  watchfloor lake query 'DESCRIBE events' --lake history
  watchfloor lake query "SELECT time, \\"process.cmd_line\\" FROM events WHERE action = 'process.launch'
      AND time >= '2026-03-01' ORDER BY time LIMIT 50" --lake history --json -"""

_CELL = 120
_SHOWN_ROWS = 1_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The question, the lake and what the answer may cost."""
    add = parser.add_argument
    add("sql", metavar="SQL", help="one SELECT over the view events")
    add("--lake", metavar="DIR", required=True, help="folder of the lake")
    add("--json", metavar="FILE", help="write one JSON line a row and a summary line; - is standard output")
    add("--most-rows", metavar="N", type=_whole, default=100_000, help="refuse a longer answer; default 100000")
    add("--seconds", metavar="N", type=_whole, default=60, help="refuse a question that takes longer; default 60")


def run(options: argparse.Namespace) -> int:
    """Answer the question."""
    from watchfloor.cli.terminal import Terminal
    from watchfloor.store.lake import Lake, Limits

    outputs.check([options.json] if options.json not in (None, "-") else [], [])
    limits = Limits(seconds=options.seconds, rows=options.most_rows)
    table = Lake(Path(options.lake)).query(options.sql, limits=limits)
    if options.json == "-":
        sys.stdout.buffer.writelines(json_lines(table))
        sys.stdout.buffer.flush()
        return 0
    if options.json is not None:
        outputs.write(options.json, json_lines(table))
    terminal = Terminal(sys.stdout)
    shown = table.slice(0, _SHOWN_ROWS)
    terminal.table(table.column_names, [[_cell(value) for value in row] for row in _rows(shown)])
    rest = len(table) - len(shown)
    terminal.line(f"{len(table):,} rows" + (f", {rest:,} of them not shown: see --json." if rest else "."))
    return 0


def json_lines(table: "pa.Table") -> Iterator[bytes]:
    """The rows, then how many they were."""
    for row in _rows(table):
        pairs = zip(table.column_names, row, strict=True)
        yield outputs.json_line({"type": "row", "row": {name: _plain(value) for name, value in pairs}})
    yield outputs.json_line({"type": "summary", "columns": table.column_names, "rows": len(table)})


def _rows(table: "pa.Table") -> Iterator[tuple[Any, ...]]:
    """Rows as values; by place, since SQL may give two columns one name."""
    for batch in table.to_batches():
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def _plain(value: object) -> object:
    """A value JSON has; anything else as text."""
    if value is None or isinstance(value, bool | str | float):
        return value
    if isinstance(value, int):
        return value if -(2**63) <= value < 2**64 else str(value)
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    isoformat = getattr(value, "isoformat", None)
    return isoformat() if isoformat else str(value)


def _cell(value: object) -> str:
    from watchfloor.film.story import clip

    return "" if value is None else clip(str(_plain(value)), _CELL)


def _whole(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= 10**9:
        raise UsageError(f"a whole number from 1 is needed, not {text!r}.")
    return int(text)
