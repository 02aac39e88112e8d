"""Records as a table: for each field a rule asks about, the distinct values and which record has which.

A *record* is what a rule is matched against: a source's own record (a Sysmon event, one line of an audit
event), or one put together from an Event's columns under Sigma's names. Several may belong to one Event.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa

from watchfloor.intake.native import native_records
from watchfloor.intake.native_columns import LEAST, native_columns
from watchfloor.rules.logsources import Kind, channel_of, has_own_category
from watchfloor.rules.prefilter import Prefilter
from watchfloor.rules.taxonomy import taxonomy_records

Indexes = npt.NDArray[np.int32]

#: Values of one field for some records: as the source has them, or texts in an Arrow array.
Values = Any

#: What a source's own record is read from.
_RAW = ["device.os", "metadata.log_name", "metadata.event_code", "raw_data"]

_AUDIT = Kind("linux", "auditd")


def text_of(value: Any) -> str | None:
    """A value as the text rules see; None where the field counts as absent."""
    if type(value) is str:
        return value if value.isascii() else value.encode("utf-8", "replace").decode("utf-8")
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, list):
        return "\n".join(part for part in map(text_of, value) if part is not None)
    if isinstance(value, dict):
        return text_of(value["#text"]) if "#text" in value else _json(value)
    return str(value)


def _json(value: Any) -> str:
    try:
        return orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
    except (TypeError, orjson.JSONEncodeError, RecursionError):
        return str(value)


@dataclass(slots=True)
class Column:
    """One field: ``values[codes[row]]`` is the text of a record's field, -1 where it is absent.

    ``codes`` is ``(records,)`` int32.
    """

    codes: Indexes
    values: list[str]


@dataclass(slots=True)
class Records:
    """Records of a batch: ``event`` ``(records,)`` is the row of the Event each belongs to.

    ``kinds`` gives the records of each kind, in order; ``columns`` the fields under the names rules give them;
    ``texts`` the text of those records whose kind has rules with keywords.
    """

    event: Indexes
    kinds: dict[Kind, Indexes]
    columns: dict[str, Column]
    texts: Column

    def __len__(self) -> int:
        return len(self.event)


@dataclass(slots=True)
class _Group:
    """Records of one kind as they come: their rows in the table and their fields."""

    kind: Kind
    wanted: frozenset[str]
    rows: list[int] = field(default_factory=list)
    fields: list[Mapping[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class _Sheet:
    """The records of a batch while they are gathered."""

    groups: dict[Any, _Group] = field(default_factory=dict)
    events: list[int] = field(default_factory=list)
    texts: dict[int, str] = field(default_factory=dict)
    blocks: list[tuple[Kind, Indexes, dict[str, pa.Array]]] = field(default_factory=list)

    def add_block(
        self, kind: Kind, events: list[int], columns: dict[str, pa.Array], kept: npt.NDArray[np.int64]
    ) -> None:
        """Put down many records, whose fields stand in columns at the places ``kept``."""
        if events:
            rows = np.arange(len(self.events), len(self.events) + len(events), dtype=np.int32)
            self.events.extend(events)
            places = pa.array(kept)
            self.blocks.append((kind, rows, {name: column.take(places) for name, column in columns.items()}))

    def add(self, key: Any, kind: Kind, filter_: Prefilter, event: int, fields: Mapping[str, Any]) -> int:
        """Put down one record; returns its row."""
        group = self.groups.get(key)
        if group is None:
            group = self.groups[key] = _Group(kind, filter_.fields)
        row = len(self.events)
        self.events.append(event)
        group.rows.append(row)
        group.fields.append(fields)
        return row


@dataclass(frozen=True, slots=True)
class _Chosen:
    """Raw records of one source and kind that some rule may hold for: their Events' rows ``(n,)`` and texts."""

    kind: Kind
    filter: Prefilter
    rows: npt.NDArray[np.int64]
    raws: pa.StringArray

    def sorted_out(self) -> "_Chosen":
        """Without the records for which no rule can hold."""
        if self.kind is _AUDIT:
            return self  # a value of an audit line may be written in hexadecimal, which no literal is found in
        keep = self.filter.kept(self.raws)
        return self if keep.all() else replace(self, rows=self.rows[keep], raws=self.raws.filter(pa.array(keep)))

    def together(self, sheet: _Sheet, log: str | None) -> Iterator[tuple[int, "_Chosen", bool]]:
        """Put down what can be read as columns; gives the other rows, and whether their text is searched."""
        searched = self.filter.needs_text(self.raws)
        alone = np.ones(len(self.rows), np.bool_)
        if len(self.rows) >= LEAST and self.kind.product == "windows":
            found = native_columns(self.raws, log, self.kind.code, self.filter.fields)
            if found is not None:
                alone = found.left | searched
                kept = np.flatnonzero(~alone)
                sheet.add_block(self.kind, self.rows[kept].tolist(), found.columns, kept)
        for row, text in zip(self.rows[alone].tolist(), searched[alone].tolist(), strict=True):
            yield row, self, text


class Recorder:
    """Makes Records of batches: only records some rule can hold for, of them only the fields asked.

    ``prefilter`` says how records of a kind are read, None where no rule reads them.
    """

    def __init__(self, prefilter: Callable[[Kind], Prefilter | None]) -> None:
        self._prefilter = prefilter
        self._spellings: dict[frozenset[str], _Spellings] = {}

    def records(self, batch: pa.RecordBatch) -> Records:
        """The records of a batch of Events."""
        sheet = _Sheet()
        own = self._native(batch, sheet)
        self._taxonomy(batch, own, sheet)
        count = len(sheet.events)
        kinds: dict[Kind, list[Indexes]] = {}
        parts: dict[str, list[tuple[Indexes, Values]]] = {}
        for kind, rows, columns in sheet.blocks:
            kinds.setdefault(kind, []).append(rows)
            for slot, column in columns.items():
                parts.setdefault(slot, []).append((rows, column))
        for group in sheet.groups.values():
            rows = np.array(group.rows, np.int32)
            kinds.setdefault(group.kind, []).append(rows)
            for slot, names in self._names(group).items():
                parts.setdefault(slot, []).append((rows, _values(group.fields, names)))
        return Records(
            np.array(sheet.events, np.int32),
            {kind: rows[0] if len(rows) == 1 else np.sort(np.concatenate(rows)) for kind, rows in kinds.items()},
            {slot: _column(given, count) for slot, given in parts.items()},
            _column([(np.array(list(sheet.texts), np.int32), list(sheet.texts.values()))], count),
        )

    def _native(self, batch: pa.RecordBatch, sheet: _Sheet) -> set[int]:
        """The source's own records; returns the Events that are already what a category of Sigma means."""
        codes, kinds = _kinds(batch)
        chosen = self._chosen(batch, codes, kinds)
        logs = batch.column("metadata.log_name")
        one_by_one: list[tuple[int, _Chosen, bool]] = []
        for group in map(_Chosen.sorted_out, chosen):
            if len(group.rows):
                one_by_one.extend(group.together(sheet, logs[int(group.rows[0])].as_py()))
        one_by_one.sort(key=lambda one: one[0])
        rows = pa.array([row for row, _, _ in one_by_one], pa.int64())
        for place, fields, text in native_records(batch.select(_RAW).take(rows)):
            event, group, searched = one_by_one[place]
            # lines of an audit event differ in what fields they have by their type
            key = (group.kind, fields["type"] if group.kind is _AUDIT else "")
            row = sheet.add(key, group.kind, group.filter, event, fields)
            if searched:
                sheet.texts[row] = text if text is not None else whole_text(fields)
        own = np.array([has_own_category(kind) for kind in kinds], np.bool_)
        return set(np.flatnonzero(own[codes]).tolist())

    def _chosen(self, batch: pa.RecordBatch, codes: npt.NDArray[np.int64], kinds: Sequence[Kind]) -> Iterator[_Chosen]:
        """Raw records of the kinds some rule reads, by source and kind, in order of appearance."""
        filters = [self._prefilter(kind) for kind in kinds]
        texts = batch.column("raw_data")
        picked = np.array([filter_ is not None for filter_ in filters], np.bool_)[codes]
        rows = np.flatnonzero(picked & texts.is_valid().to_numpy(zero_copy_only=False))
        _, first, group = np.unique(
            _sources(batch)[rows] * len(kinds) + codes[rows], return_index=True, return_inverse=True
        )
        order = np.argsort(group, kind="stable")
        bounds = np.searchsorted(group[order], np.arange(len(first) + 1))
        for place in np.argsort(first).tolist():
            mine = rows[order[bounds[place] : bounds[place + 1]]]
            code = int(codes[mine[0]])
            filter_ = filters[code]
            assert filter_ is not None
            yield _Chosen(kinds[code], filter_, mine, texts.take(pa.array(mine)))

    def _taxonomy(self, batch: pa.RecordBatch, own: set[int], sheet: _Sheet) -> None:
        """Records put together from Events, of the categories some rule reads."""
        systems = batch.column("device.os").to_pylist()
        filters: dict[tuple[str, str], Prefilter | None] = {}
        for event, category, fields in taxonomy_records(batch, own):
            key = (systems[event] or "", category)
            if key not in filters:
                filters[key] = self._prefilter(Kind(key[0], category=category))
            filter_ = filters[key]
            if filter_ is None:
                continue
            row = sheet.add(key, Kind(key[0], category=category), filter_, event, fields)
            if filter_.searches_text:
                sheet.texts[row] = whole_text(fields)

    def _names(self, group: _Group) -> dict[str, list[str]]:
        spellings = self._spellings.get(group.wanted)
        if spellings is None:
            spellings = self._spellings[group.wanted] = _Spellings(group.wanted)
        return spellings.of(group.fields)


class _Spellings:
    """Which spellings in records stand for which wanted fields."""

    def __init__(self, wanted: frozenset[str]) -> None:
        self._by_lower: dict[str, tuple[str, ...]] = {}
        for name in sorted(wanted):
            self._by_lower[name.lower()] = (*self._by_lower.get(name.lower(), ()), name)
        self._known: dict[str, tuple[str, ...]] = {}

    def of(self, records: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
        """Wanted fields that these records have, with the spellings they have them in, the rule's own first.

        Audit lines have ``syscall`` (a number) beside ``SYSCALL`` (its name); elsewhere case means nothing.
        """
        found: dict[str, list[str]] = {}
        for name in dict.fromkeys(name for record in _distinct_shapes(records) for name in record):
            slots = self._known.get(name)
            if slots is None:
                slots = self._stands_for(name)
            for slot in slots:
                names = found.setdefault(slot, [])
                if slot == name:
                    names.insert(0, name)
                else:
                    names.append(name)
        return found

    def _stands_for(self, name: str) -> tuple[str, ...]:
        lower = name.lower()
        slots = self._by_lower.get(lower, ())
        if not slots and " " in lower:
            slots = self._by_lower.get(lower.replace(" ", ""), ())  # Defender writes "Process Name"
        if len(self._known) < 65_536:  # spellings are input
            self._known[name] = slots
        return slots


def _distinct_shapes(records: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Records that have a name none before them had; those of one kind mostly have the same."""
    seen: set[str] = set()
    for record in records:
        if not record.keys() <= seen:
            seen.update(record)
            yield record


def _values(records: Sequence[Mapping[str, Any]], names: Sequence[str]) -> list[Any]:
    if len(names) == 1:
        name = names[0]
        return [record.get(name) for record in records]
    return [next((v for v in map(record.get, names) if v is not None), None) for record in records]


def _column(parts: Sequence[tuple[Indexes, Values]], count: int) -> Column:
    """Distinct texts and codes of values given for some rows."""
    rows = parts[0][0] if len(parts) == 1 else np.concatenate([rows for rows, _ in parts])
    arrays = [_texts(values) for _, values in parts]
    coded = (arrays[0] if len(arrays) == 1 else pa.concat_arrays(arrays)).dictionary_encode()
    codes = np.full(count, -1, np.int32)
    codes[rows] = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return Column(codes, coded.dictionary.to_pylist())


def _texts(values: Values) -> pa.Array:
    if isinstance(values, pa.Array):
        return values
    try:
        return pa.array(values, pa.string())
    except (pa.ArrowException, UnicodeEncodeError, TypeError):
        # numbers, lists, text that is no Unicode: one by one
        return pa.array([text_of(value) for value in values], pa.string())


def whole_text(fields: Mapping[str, Any]) -> str:
    """The text of a record: the texts of all its values, a line each."""
    return "\n".join(text for text in map(text_of, fields.values()) if text is not None)


def _kinds(batch: pa.RecordBatch) -> tuple[npt.NDArray[np.int64], list[Kind]]:
    """The kind of the record behind each Event, as codes into a list of kinds."""
    codes = np.zeros(len(batch), np.int64)
    parts: list[list[str | None]] = []
    for name in ("device.os", "metadata.log_name", "metadata.event_code"):
        coded = batch.column(name).dictionary_encode()
        texts = [*coded.dictionary.to_pylist(), None]
        codes = codes * len(texts) + coded.indices.fill_null(len(texts) - 1).to_numpy(zero_copy_only=False)
        parts.append(texts)
    distinct, codes = np.unique(codes, return_inverse=True)
    kinds: dict[Kind, int] = {}
    places = []
    for whole in distinct.tolist():
        rest, third = divmod(whole, len(parts[2]))
        first, second = divmod(rest, len(parts[1]))
        kind = _kind(parts[0][first], parts[1][second], parts[2][third])
        places.append(kinds.setdefault(kind, len(kinds)))
    return np.array(places, np.int64)[codes], list(kinds)


def _sources(batch: pa.RecordBatch) -> npt.NDArray[np.int64]:
    """Codes of the sources of a batch's Events."""
    coded = batch.column("source").dictionary_encode()
    return np.asarray(coded.indices.fill_null(-1).to_numpy(zero_copy_only=False), np.int64)


def _kind(system: str | None, log: str | None, code: str | None) -> Kind:
    if system == "linux" and log == "auditd":
        return _AUDIT
    if system not in ("windows", "linux"):
        return Kind(system or "")
    return Kind(system, channel_of(log), int(code) if code is not None and code.isdecimal() else -1)
