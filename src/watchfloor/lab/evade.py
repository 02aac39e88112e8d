"""Disguises: an attack's Events as they would be if the attacker had taken more care, without losing function.

``disguised`` rewrites only the rows a mask names, by a seed; ordinary rows stay equal, and what they also name or run
is the host's own and keeps its name. Shares nothing with the augmentation of training (``lab.clips``): that forgets
words of frames, this writes other Events. Disguised rows have no ``raw_data``.

- rename: other names for tools, files, services and tasks the attack brought; a version resource stays
- repath: the same in other folders
- reencode: command lines and scripts encoded, split, quoted or spelled otherwise
- users: other accounts, addresses, sites; other hosts and domains where the whole recording is the attack's
- pad: arguments, remarks and spaces that change nothing
- pace: slower
- insert: ordinary commands in between

Beyond what an attacker is free to do everywhere, and no part of "all together":

- copy: the system's own tools copied elsewhere and run under other names
- shelltext: Unix command lines as typed, in base64, split or with IFS; the kernel's log never shows them so
"""

from collections.abc import Callable, Collection, Sequence
from random import Random
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from watchfloor.base.events import SCHEMA, Row, to_batch
from watchfloor.lab import evade_shell, evade_windows
from watchfloor.lab.evade_accounts import accounts
from watchfloor.lab.evade_company import company, slowed
from watchfloor.lab.evade_copies import STAYS, copies
from watchfloor.lab.evade_names import Own, base, moves, own

#: Which rows of a batch belong to the attack, ``(len(batch),)``.
Mask = Callable[[pa.RecordBatch], npt.NDArray[np.bool_]]

DISGUISES: Final = ("rename", "repath", "reencode", "users", "pad", "pace", "insert")
HARDER: Final = ("copy", "shelltext")

_COMMANDS: Final = ("process.cmd_line", "actor.process.cmd_line")
#: What is asked of ordinary rows.
_NAMING: Final = [
    "device.hostname", "file.path", *_COMMANDS,
    *(f"{who}{what}" for who in ("process.", "actor.process.", "actor.process.parent_process.")
      for what in ("pid", "file.path")),
]  # fmt: skip
_UNIX: Final = ("linux", "macos")


def everything(batch: pa.RecordBatch) -> npt.NDArray[np.bool_]:
    """The mask of a recording that was cropped to its attack."""
    return np.ones(len(batch), np.bool_)


def disguised(
    batches: Sequence[pa.RecordBatch], kinds: Collection[str], seed: int, mask: Mask = everything
) -> list[pa.RecordBatch]:
    """The batches with the attack's rows disguised in every way of ``kinds``, inserted rows in a batch at the end.

    Raises:
        ValueError: a kind that is none of DISGUISES or HARDER.
    """
    if unknown := set(kinds) - {*DISGUISES, *HARDER}:
        raise ValueError(f"unknown disguises: {sorted(unknown)}")
    masks = [mask(batch) for batch in batches]
    attack = [row for batch, mine in zip(batches, masks, strict=True) for row in rows_of(batch, mine)]
    rest = [batch.select(_NAMING) for batch in batches]
    others = [row for batch, mine in zip(rest, masks, strict=True) for row in batch.filter(pa.array(~mine)).to_pylist()]
    inserted = disguise(attack, others, kinds, seed)
    out, at = [], 0
    for batch, mine in zip(batches, masks, strict=True):
        size = int(mine.sum())
        out.append(_replaced(batch, mine, attack[at : at + size]))
        at += size
    return [*out, to_batch(inserted)] if inserted else out


def rows_of(batch: pa.RecordBatch, mine: npt.NDArray[np.bool_]) -> list[Row]:
    """Chosen rows as dictionaries, times as integers: a hostile time fits no datetime."""
    place = batch.schema.get_field_index("time")
    plain = batch.set_column(place, "time", batch.column("time").cast(pa.int64()))
    rows: list[dict[str, Any]] = plain.filter(pa.array(mine)).to_pylist()
    return rows


def disguise(rows: list[Row], others: list[Row], kinds: Collection[str], seed: int) -> list[Row]:
    """Disguise an attack's rows in place, among ``others``; returns rows to insert."""
    if not rows or not kinds:
        return []
    host = own(others)
    salt = f"{seed}/{base(rows[0].get('source') or '')}"
    for row in rows:
        row["raw_data"] = None
    if {"rename", "repath"} & set(kinds):
        rng = _rng(salt, "moves")
        moves(rows, host, rng, rename="rename" in kinds, repath="repath" in kinds).rows(rows)
    if "copy" in kinds:
        copies(rows, _rng(salt, "copy"))
    if "users" in kinds:
        accounts(rows, _rng(salt, "users"), whole=not others)
    for kind in ("reencode", "shelltext", "pad"):
        if kind in kinds:
            _Texts(kind, salt, host).rows(rows)
    if "pace" in kinds:
        slowed(rows, others, _rng(salt, "pace"))
    return company(rows, _rng(salt, "insert")) if "insert" in kinds else []


def _rng(salt: str, name: str) -> Random:
    return Random(f"{salt}/{name}")


class _Texts:
    """Rewrites command lines and scripts, the same text always alike, so that columns agree."""

    def __init__(self, kind: str, salt: str, host: Own) -> None:
        self._kind, self._salt, self._host = kind, salt, host
        self._done: dict[tuple[str, bool], str] = {}

    def rows(self, rows: Sequence[Row]) -> None:
        for row in rows:
            unix = row.get("device.os") in _UNIX
            for column in _COMMANDS:
                if row.get(column):
                    row[column] = self._command(row[column], unix)
            if row.get("script.content") and not unix and row.get("action") == "script.run":
                row["script.content"] = self._script(row["script.content"])

    def _command(self, text: str, unix: bool) -> str:
        if text in self._host.commands:
            return text
        found = self._done.get((text, unix))
        if found is None:
            found = self._done[text, unix] = self._written(text, unix)
        return found

    def _written(self, text: str, unix: bool) -> str:
        rng = _rng(self._salt, text)
        if self._kind == "shelltext":
            kept = not unix or STAYS.match(base(text.split(" ", 1)[0]))
            return text if kept else evade_shell.as_text(text, rng)
        if self._kind == "pad":
            return evade_shell.padded(text, rng) if unix else evade_windows.padded(text, rng)
        return evade_shell.encoded(text, rng) if unix else evade_windows.encoded(text, rng)

    def _script(self, text: str) -> str:
        rng = _rng(self._salt, text)
        if self._kind == "pad":
            return evade_windows.remarked(text, rng)
        return evade_windows.script(text, rng) if self._kind == "reencode" else text


def _replaced(batch: pa.RecordBatch, mine: npt.NDArray[np.bool_], rows: list[Row]) -> pa.RecordBatch:
    """The batch with its chosen rows replaced."""
    if not rows:
        return batch
    table = pa.Table.from_batches([batch.cast(SCHEMA), to_batch(rows)])
    order = np.arange(len(batch))
    order[mine] = len(batch) + np.arange(len(rows))
    return table.take(pa.array(order)).combine_chunks().to_batches()[0]
