"""Many records of one kind at once: the wanted fields as columns, read by Arrow's JSON parser.

``native_records`` makes a dictionary of every record; where a source writes thousands of records of one event id as
JSON, all alike, that is most of the work of matching rules. Here Arrow parses only the fields asked for. It says
the same as ``native_records`` or leaves a record to it: a record whose wanted field is missing though its name stands
in the record in some spelling, one with escapes that could spell a name, one of another shape.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from watchfloor.intake.windows.flat import HOST_NAMES, PROVIDER_NAMES, plain_flat
from watchfloor.intake.windows.mapping import sign_of

#: Escapes in JSON, in lower case, that can spell a plain character: of those beyond ASCII, İ and the Kelvin sign are
#: i and k in lower case.
ESCAPES = ("\\u00", "\\u0130", "\\u212a")

#: Records of one kind below which columns do not pay.
LEAST = 64
_SAMPLE = 8
_BLOCK = 1 << 20

_TYPES: dict[type, pa.DataType] = {str: pa.string(), int: pa.int64(), bool: pa.bool_()}

#: Fields that are put together, or may come from the head of an EVTX record: read one by one.
_PUT_TOGETHER = frozenset(
    (
        "md5", "sha1", "sha256", "imphash", "level", "task", "opcode", "keywords", "version", "eventrecordid",
        "provider_guid", "eventsourcename", "executionprocessid", "executionthreadid", "userid", "systemtime", "data",
    )
)  # fmt: skip
_SYSTEM = {
    "channel": ("Event", "System", "Channel"),
    "computer": ("Event", "System", "Computer"),
    "provider_name": ("Event", "System", "Provider", "#attributes", "Name"),
}

#: Where a field stands in the record: names from the outermost object inwards.
Path = tuple[str, ...]


class NativeColumns(NamedTuple):
    """Wanted fields of records: text by field, null where absent, and which records must be read one by one.

    Columns and ``left`` are ``(records,)``.
    """

    columns: dict[str, pa.Array]
    left: npt.NDArray[np.bool_]


def native_columns(
    raws: Sequence[str], lowers: Sequence[str], log: str | None, code: int, wanted: frozenset[str]
) -> NativeColumns | None:
    """The wanted fields of JSON records of one source, log and event id; None where each must be read by itself.

    ``lowers`` are the raw records in lower case, which the caller has.
    """
    places = sorted({round(n * (len(raws) - 1) / (_SAMPLE - 1)) for n in range(_SAMPLE)})
    try:
        sample = [orjson.loads(raws[place]) for place in places]
    except orjson.JSONDecodeError:
        return None
    layout = _layout(sample, log, code, wanted)
    if layout is None:
        return None
    paths, sign, tree = layout
    table = _parsed(raws, {path: kind for path, kind in (*paths.values(), *([sign] if sign else []))})
    if table is None:
        return None
    left = np.array([any(e in lower for e in ESCAPES) or (tree and '"message"' in lower) for lower in lowers], np.bool_)
    columns: dict[str, pa.Array] = {}
    for field, (path, _) in paths.items():
        column = _column(table, path)
        missing = pc.is_null(column).to_numpy(zero_copy_only=False)
        if field.lower() in _SYSTEM:
            # told from elsewhere in the record
            left |= missing | pc.equal(column, "").fill_null(False).to_numpy(zero_copy_only=False)
        elif missing.any():
            name = f'"{path[-1].lower()}"'
            places_missing = np.flatnonzero(missing)
            left[places_missing] |= np.array([name in lowers[n] for n in places_missing.tolist()], np.bool_)
        columns[field] = column
    if sign is not None:
        left |= pc.is_null(_column(table, sign[0])).to_numpy(zero_copy_only=False)
    if "EventID" in wanted:
        columns["EventID"] = pa.array([str(code)] * len(raws), pa.string())
    return NativeColumns(columns, left)


#: A field's path and type.
Typed = tuple[Path, pa.DataType]


class _Shape(NamedTuple):
    """Sampled records of one shape: the objects that hold the fields, the path to those, and whether it is a tree."""

    roots: Sequence[dict[str, Any]]
    base: Path
    tree: bool


def _shape(sample: Sequence[Any]) -> _Shape | None:
    if all(type(record) is dict and plain_flat(record) for record in sample):
        return _Shape(sample, (), False)
    if all(_plain_tree(record) for record in sample):
        return _Shape([record["Event"]["EventData"] for record in sample], ("Event", "EventData"), True)
    return None


def _layout(
    sample: Sequence[Any], log: str | None, code: int, wanted: frozenset[str]
) -> tuple[dict[str, Typed], Typed | None, bool] | None:
    """Where the wanted fields stand, the field without which a record is read from its rendered message, and
    whether the records are trees.
    """
    shape = _shape(sample) if _PUT_TOGETHER.isdisjoint(name.lower() for name in wanted) else None
    if shape is None or any(" " in name for root in shape.roots for name in root):
        return None
    spelled: dict[str, set[str]] = {}
    for root in shape.roots:
        for name in root:
            spelled.setdefault(name.lower(), set()).add(name)
    paths: dict[str, Typed] = {}
    for field in wanted - {"EventID"}:
        typed = _place(field, spelled.get(field.lower(), set()), sample, shape)
        if typed is None:
            return None
        paths[field] = typed
    channel, provider = _origin(sample[0], log, shape.tree)
    sign = sign_of(channel, provider, code)
    if not sign:
        return paths, None, shape.tree
    kind = _type_of([root.get(sign) for root in shape.roots])
    return None if kind is None else (paths, ((*shape.base, sign), kind), shape.tree)


def _place(field: str, names: set[str], sample: Sequence[Any], shape: _Shape) -> Typed | None:
    """A field's path and type; None where the sample does not agree on them."""
    lower = field.lower()
    if len(names) > 1 or lower == "eventid":
        return None
    if not names and lower in _SYSTEM:
        if shape.tree:
            return _SYSTEM[lower], pa.string()
        told = {"provider_name": PROVIDER_NAMES, "computer": HOST_NAMES}.get(lower, ())
        keys = {next((n for n in told if type(r.get(n)) is str and r[n]), "") for r in sample}
        key = keys.pop()
        return None if keys or not key else ((key,), pa.string())
    if names and lower in _SYSTEM and shape.tree:
        return None  # event data that says what its head says too
    name = next(iter(names), field)
    kind = _type_of([root.get(name) for root in shape.roots])
    return None if kind is None else ((*shape.base, name), kind)


def _type_of(values: Sequence[Any]) -> pa.DataType | None:
    kinds = {type(value) for value in values if value is not None}
    if not kinds:
        return pa.string()
    return _TYPES.get(kinds.pop()) if len(kinds) == 1 else None


def _plain_tree(record: Any) -> bool:
    """An EVTX record with nothing but named values in its event data."""
    if type(record) is not dict or record.keys() != {"Event"}:
        return False
    event = record["Event"]
    if type(event) is not dict or type(event.get("System")) is not dict or "UserData" in event:
        return False
    data = event.get("EventData")
    if type(data) is not dict or not data or "Data" in data or "Message" in data or "xmlns" in data:
        return False
    channel = event["System"].get("Channel")
    return type(channel) is str and not any(isinstance(value, dict | list) for value in data.values())


def _origin(record: dict[str, Any], log: str | None, tree: bool) -> tuple[str | None, str | None]:
    if tree:
        system = record["Event"]["System"]
        provider = system.get("Provider")
        attributes = provider.get("#attributes") if type(provider) is dict else None
        return log, attributes.get("Name") if type(attributes) is dict else None
    return log, next((record[n] for n in PROVIDER_NAMES if type(record.get(n)) is str and record[n]), None)


def _parsed(raws: Sequence[str], types: dict[Path, pa.DataType]) -> pa.Table | None:
    """The records as a table of the wanted paths, or None where they do not all fit."""
    import pyarrow.json as pj

    try:
        text = "\n".join([raw.replace("\n", " ") if "\n" in raw else raw for raw in raws]).encode()
        options = pj.ReadOptions(block_size=max(_BLOCK, 2 * max(map(len, raws)) * 4))
        schema = pj.ParseOptions(explicit_schema=_schema(types), unexpected_field_behavior="ignore")
        table = pj.read_json(pa.BufferReader(text), read_options=options, parse_options=schema)
    except (pa.ArrowException, UnicodeEncodeError):
        return None
    return table if len(table) == len(raws) else None


def _schema(types: dict[Path, pa.DataType]) -> pa.Schema:
    tree: dict[str, Any] = {}
    for path, kind in types.items():
        node = tree
        for name in path[:-1]:
            node = node.setdefault(name, {})
        node[path[-1]] = kind
    return pa.schema(_fields_of(tree))


def _fields_of(tree: dict[str, Any]) -> list[pa.Field]:
    return [
        pa.field(name, pa.struct(_fields_of(node)) if isinstance(node, dict) else node) for name, node in tree.items()
    ]


def _column(table: pa.Table, path: Path) -> pa.Array:
    column = table.column(path[0])
    for name in path[1:]:
        column = pc.struct_field(column, name)
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    whole = pa.concat_arrays(whole.chunks) if isinstance(whole, pa.ChunkedArray) else whole
    return whole if whole.type == pa.string() else whole.cast(pa.string())
