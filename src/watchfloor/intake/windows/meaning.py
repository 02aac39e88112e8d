"""A Meaning says what one kind of event is: its action, and which field fills which column."""

from collections.abc import Callable
from dataclasses import dataclass, field

from watchfloor.base.events import Row
from watchfloor.intake.windows.fields import Data, guid, number, put, summary, text

#: Finishes a row with what a plain field-to-column table cannot say.
Finish = Callable[[Data, Row], None]

#: Placeholders that are no value; kept as a literal set here because this is the hottest loop.
_NOTHING = frozenset(("", "-"))


@dataclass(frozen=True, slots=True)
class Meaning:
    """One event id of one channel.

    ``sign`` is a field that is always there when the event data is structured: without it, and with a
    rendered message at hand, the fields are read from the message. ``detail`` names the fields that
    make up ``status_detail``.
    """

    action: str
    texts: dict[str, str] = field(default_factory=dict)
    numbers: dict[str, str] = field(default_factory=dict)
    guids: dict[str, str] = field(default_factory=dict)
    finish: Finish | None = None
    detail: tuple[str, ...] = ()
    sign: str = ""

    def fill(self, data: Data, row: Row) -> None:
        """Fill the row's columns from the event data."""
        row["action"] = self.action
        get = data.get
        for name, column in self.texts.items():
            value = get(name)
            if type(value) is str:
                if value not in _NOTHING:
                    row[column] = value
            else:
                put(row, column, text(value))
        if self.numbers:
            self._fill_numbers(data, row)
        for name, column in self.guids.items():
            put(row, column, guid(get(name)))
        if self.detail:
            _put_detail(self.detail, data, row)
        if self.finish is not None:
            self.finish(data, row)

    def _fill_numbers(self, data: Data, row: Row) -> None:
        for name, column in self.numbers.items():
            whole = number(data.get(name))
            if whole is not None:
                row[column] = whole


def _put_detail(names: tuple[str, ...], data: Data, row: Row) -> None:
    put(row, "status_detail", text(data.get(names[0])) if len(names) == 1 else summary(data, names))
