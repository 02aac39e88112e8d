"""Lines and tables for a person: rich on a terminal, plain text in a pipe or a file.

Every text passes through ``visible`` here and is never read as markup, so no caller can forget it.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from types import TracebackType
from typing import TYPE_CHECKING, Any, TextIO

from watchfloor.film.story import clip, visible

if TYPE_CHECKING:
    from watchfloor.intake.reader import Progress

#: Characters a description beside the progress bar may take.
_DESCRIPTION_WIDTH = 40


class Terminal:
    """Writes to one stream, with colour where a person looks at it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._console: Any = None
        if stream.isatty():
            from rich.console import Console

            self._console = Console(file=stream, markup=False, highlight=False, emoji=False)

    def line(self, text: str = "", *, style: str = "", indent: int = 0) -> None:
        """One line of text, wrapped under its indent on a terminal."""
        if self._console is None:
            self._stream.write(" " * indent + visible(text) + "\n")
            return
        from rich.padding import Padding
        from rich.text import Text

        self._console.print(Padding(Text(visible(text), style=style), (0, 0, 0, indent)))

    def table(self, headers: Sequence[str], rows: Sequence[Sequence[str]], *, indent: int = 0) -> None:
        """A table; the last column is the one that may be long."""
        clean = [[visible(cell) for cell in row] for row in rows]
        if self._console is None:
            self._plain_table(headers, clean, indent)
            return
        from rich.padding import Padding
        from rich.table import Table
        from rich.text import Text

        table = Table(box=None, pad_edge=False, header_style="dim")
        for header in headers:
            table.add_column(Text(header), overflow="fold")
        for row in clean:
            table.add_row(*(Text(cell) for cell in row))
        self._console.print(Padding(table, (0, 0, 0, indent)))

    def _plain_table(self, headers: Sequence[str], rows: Sequence[Sequence[str]], indent: int) -> None:
        widths = [max(map(len, column)) for column in zip(headers, *rows, strict=True)]
        for row in (headers, *rows):
            cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
            self._stream.write(" " * indent + "  ".join(cells).rstrip() + "\n")


class ProgressBar(AbstractContextManager["ProgressBar"]):
    """A progress bar on stderr; draws only when told, so no thread lives beside forked workers."""

    def __init__(self, stream: TextIO) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as RichProgress

        self._bar = RichProgress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            DownloadColumn(),
            TimeRemainingColumn(),
            console=Console(file=stream, markup=False, highlight=False, emoji=False),
            auto_refresh=False,
            transient=True,
        )
        self._task = self._bar.add_task("", total=None)

    def __enter__(self) -> "ProgressBar":
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def show(self, progress: "Progress") -> None:
        """Draw how far the reading has come."""
        text = f"{progress.events:,} events  {clip(progress.source, _DESCRIPTION_WIDTH)}"
        self._bar.update(
            self._task, description=text, completed=progress.bytes_done, total=progress.bytes_total or None
        )
        self._bar.refresh()
