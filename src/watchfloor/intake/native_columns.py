"""Many records of one kind at once: the wanted fields as columns, read by Arrow's JSON parser.

``native_records`` makes a dictionary of every record; where a source writes thousands of records of one event id as
JSON, all alike, that is most of the work of matching rules. Here Arrow parses only the fields asked for. It says
the same as ``native_records`` or leaves a record to it: a record in which the name of a wanted field that seems to be
missing stands in some spelling, one that holds names which would give its fields another place, one with escapes that
could spell a name.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from watchfloor.intake.windows.fields import number
from watchfloor.intake.windows.flat import (
    BARE_CODE,
    HOST_NAMES,
    INSIDE,
    NOT_BARE,
    PROVIDER_NAMES,
    SYSMON,
    SYSMON_TIME,
    plain_bare,
    plain_flat,
)
from watchfloor.intake.windows.mapping import sign_of

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

#: Fields that flat records tell under other names, the first that is there.
_TOLD_BY = {"provider_name": PROVIDER_NAMES, "computer": HOST_NAMES}

#: Names that an EVTX record with nothing but named values in its event data does not have.
_NOT_A_TREE = frozenset(("Data", "UserData", "Message", "winlog", "event_data", "log_name"))
#: Names that JSON writes in one way, escapes of their own characters aside, and those escapes: beyond ASCII, İ and the
#: Kelvin sign are i and k in lower case.
_PLAIN_NAME = re.compile(r"[\w .@#$-]+", re.ASCII)
_SPELLS = r"\\u(?:00(?:2[034de]|3[0-9]|[4-7])|0130|212a)"
#: What makes a text in quotes a name; a name with a space stands for the one without.
_COLON = r"[ \t\r\n]*:"
_SPACED = r'[^"\\]* [^"\\]*'

#: Where a field stands in the record: names from the outermost object inwards.
Path = tuple[str, ...]
#: A field's path and type.
Typed = tuple[Path, pa.DataType]
Mask = npt.NDArray[np.bool_]


class NativeColumns(NamedTuple):
    """Wanted fields of records: text by field, null where absent, and which records must be read one by one.

    Columns and ``left`` are ``(records,)``.
    """

    columns: dict[str, pa.Array]
    left: Mask


class _Shape(NamedTuple):
    """Sampled records of one shape: the objects that hold the fields and the path to those.

    A record that has one of the names ``foreign`` is of another shape. ``told`` are fields, in lower case, that all
    such records leave out and the reader tells; ``coded`` holds the event id where it has to be looked at, ``shown``
    must not be null.
    """

    roots: Sequence[dict[str, Any]]
    base: Path
    foreign: frozenset[str]
    told: Mapping[str, str | None] = MappingProxyType({})
    coded: Typed | None = None
    shown: Typed | None = None


class _Layout(NamedTuple):
    """Where the wanted fields stand in records of a shape; one without its ``sign`` may be read from its message."""

    paths: dict[str, Typed]
    shape: _Shape
    sign: Typed | None


def native_columns(raws: pa.StringArray, log: str | None, code: int, wanted: frozenset[str]) -> NativeColumns | None:
    """The wanted fields of JSON records of one source, log and event id; None where each must be read by itself."""
    places = sorted({round(n * (len(raws) - 1) / (_SAMPLE - 1)) for n in range(_SAMPLE)})
    try:
        sample = [orjson.loads(raws[place].as_py()) for place in places]
    except orjson.JSONDecodeError:
        return None
    layout = _layout(sample, log, code, wanted)
    if layout is None:
        return None
    shape = layout.shape
    table = _parsed(raws, dict([*layout.paths.values(), *filter(None, (layout.sign, shape.coded, shape.shown))]))
    if table is None:
        return None
    columns = {field: _column(table, path) for field, (path, _) in layout.paths.items()}
    left = _incomplete(raws, columns, layout)
    if shape.shown is not None:
        left |= _mask(pc.is_null(_column(table, shape.shown[0])))
    if layout.sign is not None and (unsure := _mask(pc.is_null(_column(table, layout.sign[0])))).any():
        left[unsure] |= _named(raws.filter(pa.array(unsure)), ("Message",))
    if shape.coded is not None:
        left |= ~_mask(pc.equal(_column(table, shape.coded[0]), str(code)).fill_null(False))
    told = {"eventid": str(code), **shape.told}
    for field in wanted - columns.keys():
        columns[field] = pa.repeat(pa.scalar(told[field.lower()], pa.string()), len(raws))
    return NativeColumns(columns, left)


def _incomplete(raws: pa.StringArray, columns: Mapping[str, pa.Array], layout: _Layout) -> Mask:
    """Records in which a wanted field may stand elsewhere than in its column."""
    left = np.zeros(len(raws), np.bool_)
    nowhere, foreign = set(layout.shape.told), set(layout.shape.foreign)
    for field, column in columns.items():
        name = layout.paths[field][0][-1]
        missing = _mask(pc.is_null(column))
        if field.lower() in _SYSTEM:
            left |= missing | _mask(pc.equal(column, "").fill_null(False))  # told from elsewhere in the record
            if name.lower() != field.lower() and not layout.shape.base:
                nowhere.add(field)  # the field itself would go first, and so would names told before this one
                order = _TOLD_BY[field.lower()]
                foreign.update(order[: order.index(name)])
            continue
        if missing.all():
            nowhere.add(name)
        elif missing.any():
            left[missing] |= _named(raws.filter(pa.array(missing)), (name,))
        if name != field:
            foreign.add(field)  # the rule's own spelling would go first
    return left | _odd(raws, nowhere, foreign)


def _odd(raws: pa.StringArray, nowhere: Iterable[str], foreign: Iterable[str]) -> Mask:
    """Records with escapes that can spell names, and those with a name that they should not have.

    Of ``nowhere`` in whatever case, of ``foreign`` exactly; one with a space stands for the one without.
    """
    names = f"(?i:{_either(nowhere)})|{_either(foreign)}|{_SPACED}"
    return _mask(pc.match_substring_regex(raws, f'(?i:{_SPELLS})|"(?:{names})"{_COLON}'))


def _named(raws: pa.StringArray, names: Iterable[str]) -> Mask:
    """Records in which one of some names stands, in whatever case; as a value it may."""
    return _mask(pc.match_substring_regex(raws, f'(?i:"(?:{_either(names)})"{_COLON})'))


def _either(names: Iterable[str]) -> str:
    # a quote between quotes stands nowhere: an expression for no name at all
    return "|".join(map(re.escape, sorted(names))) or '"'


def _mask(found: pa.Array) -> Mask:
    return np.asarray(found.to_numpy(zero_copy_only=False), np.bool_)


def _shape(sample: Sequence[Any], log: str | None, code: int) -> _Shape | None:
    if not all(type(record) is dict for record in sample):
        return None
    if all(map(plain_flat, sample)):
        return _Shape(sample, (), INSIDE)
    if all(plain_bare(record) and number(record[BARE_CODE]) == code for record in sample):
        coded, timed = (_type_of([record[name] for record in sample]) for name in (BARE_CODE, SYSMON_TIME))
        if coded is None or timed is None:
            return None
        told = {"channel": None if log == SYSMON else log, "provider_name": SYSMON, "computer": None}
        return _Shape(sample, (), NOT_BARE, told, ((BARE_CODE,), coded), ((SYSMON_TIME,), timed))
    if all(map(_plain_tree, sample)):
        return _Shape([record["Event"]["EventData"] for record in sample], ("Event", "EventData"), _NOT_A_TREE)
    return None


def _layout(sample: Sequence[Any], log: str | None, code: int, wanted: frozenset[str]) -> _Layout | None:
    """The layout of records of one shape, of which ``sample`` are some."""
    if not all(map(_PLAIN_NAME.fullmatch, wanted)) or not _PUT_TOGETHER.isdisjoint(map(str.lower, wanted)):
        return None
    shape = _shape(sample, log, code)
    if shape is None or any(" " in name for root in shape.roots for name in root):
        return None
    spelled: dict[str, set[str]] = {}
    for root in shape.roots:
        for name in root:
            spelled.setdefault(name.lower(), set()).add(name)
    paths: dict[str, Typed] = {}
    for field in wanted - {"EventID"}:
        if field.lower() in shape.told:
            continue
        typed = _place(field, spelled.get(field.lower(), set()), sample, shape)
        if typed is None:
            return None
        paths[field] = typed
    channel, provider = _origin(sample[0], log, shape)
    sign = sign_of(channel, provider, code)
    if not sign:
        return _Layout(paths, shape, None)
    kind = _type_of([root.get(sign) for root in shape.roots])
    return None if kind is None else _Layout(paths, shape, ((*shape.base, sign), kind))


def _place(field: str, names: set[str], sample: Sequence[Any], shape: _Shape) -> Typed | None:
    """A field's path and type; None where the sample does not agree on them."""
    lower = field.lower()
    if len(names) > 1 or lower == "eventid":
        return None
    if not names and lower in _SYSTEM:
        if shape.base:
            return _SYSTEM[lower], pa.string()
        told = _TOLD_BY.get(lower, ())
        keys = {next((n for n in told if type(r.get(n)) is str and r[n]), "") for r in sample}
        key = keys.pop()
        return None if keys or not key else ((key,), pa.string())
    if names and lower in _SYSTEM and shape.base:
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


def _origin(record: dict[str, Any], log: str | None, shape: _Shape) -> tuple[str | None, str | None]:
    """Channel and provider of such records, as the record of one says."""
    if shape.base:
        system = record["Event"]["System"]
        provider = system.get("Provider")
        attributes = provider.get("#attributes") if type(provider) is dict else None
        return log, attributes.get("Name") if type(attributes) is dict else None
    if shape.told:
        return None, shape.told["provider_name"]
    return log, next((record[n] for n in PROVIDER_NAMES if type(record.get(n)) is str and record[n]), None)


def _parsed(raws: pa.StringArray, types: Mapping[Path, pa.DataType]) -> pa.Table | None:
    """The records as a table of the wanted paths, or None where they do not all fit."""
    import pyarrow.json as pj

    longest = pc.max(pc.binary_length(raws)).as_py()
    try:
        options = pj.ReadOptions(block_size=max(_BLOCK, 2 * longest))
        schema = pj.ParseOptions(explicit_schema=_schema(types), unexpected_field_behavior="ignore")
        table = pj.read_json(pa.BufferReader(_lines(raws)), read_options=options, parse_options=schema)
    except pa.ArrowException:
        return None
    return table if len(table) == len(raws) else None


def _lines(raws: pa.StringArray) -> pa.Buffer:
    """The records, a line each."""
    lines = _joined(raws)
    characters = np.frombuffer(lines, np.uint8)
    if np.count_nonzero(characters == ord("\n")) < len(raws) and not (characters == ord("\r")).any():
        return lines
    return _joined(pc.replace_substring_regex(raws, r"[\r\n]", " "))  # between values: inside, JSON escapes them


def _joined(raws: pa.StringArray) -> pa.Buffer:
    return pc.binary_join(pa.ListArray.from_arrays(pa.array([0, len(raws)], pa.int32()), raws), "\n")[0].as_buffer()


def _schema(types: Mapping[Path, pa.DataType]) -> pa.Schema:
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
