"""Labelled texts out of a customer's file: which column is what, and what each record says.

Nothing is dropped in silence: kept + rejected = records, each rejection with its line. Knows nothing of splits.
"""

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from watchfloor.base.account import Account
from watchfloor.base.errors import InputError, UsageError
from watchfloor.experts.pieces import MOST_CHARACTERS
from watchfloor.lab.examples import Example
from watchfloor.lab.finetune_table import Record, read_table

#: What columns are commonly called, the likeliest first.
NAMES: Final[dict[str, tuple[str, ...]]] = {
    "text": ("text", "prompt", "command", "command_line", "commandline", "cmdline", "cmd", "description", "message",
             "content", "body", "sentence", "question", "query", "input", "payload", "log", "code", "summary", "title",
             "文本", "内容", "命令", "命令行", "描述", "消息"),
    "label": ("label", "labels", "class", "verdict", "category", "target", "classification", "tag", "severity",
              "technique", "malicious", "is_malicious", "is_attack", "y", "type",
              "标签", "类别", "标注", "分类", "结论"),
    "group": ("group", "group_id", "组", "分组"),
    "source": ("source", "origin", "dataset", "来源"),
    "weight": ("weight", "sample_weight"),
    "split": ("split", "part", "subset", "partition"),
}  # fmt: skip
#: Words of a split column, for our parts.
PARTS: Final = {
    "train": "train", "training": "train", "dev": "dev", "val": "dev", "valid": "dev", "validation": "dev",
    "test": "test", "testing": "test", "heldout": "test", "held_out": "test", "holdout": "test",
}  # fmt: skip
#: For a column option: there is none, whatever the columns are called.
NONE: Final = "none"
#: What separates the facets of one cell, and what may stand before them.
_FACETS = re.compile(r"[/;,|\s]+")
_PREFIX = re.compile(r"^CVSS:3\.[01]/")
_FACET = re.compile(r"[^:\s/;,|]+:[^:\s/;,|]+")
_SHOWN: Final = 12


@dataclass(frozen=True, slots=True)
class Line:
    """One labelled text as it was given: its line, the part it is given to, empty where none is, and what it counts."""

    number: int
    text: str
    labels: tuple[str, ...]
    group: str
    source: str
    part: str
    weight: float = 1.0

    def example(self, group: str) -> Example:
        """As trainers take it."""
        return Example(self.text, self.labels, group, self.source, self.weight)


@dataclass(frozen=True, slots=True)
class Read:
    """What a file holds. ``columns`` says which column was taken for what; ``kind`` is an expert's, ``choice`` or

    ``facets``; ``form`` and ``encoding`` are the file's.
    """

    lines: list[Line]
    columns: dict[str, str]
    kind: str
    form: str
    encoding: str
    account: Account

    def words(self) -> str:
        """One line on what was read."""
        taken = ", ".join(f"{what} from column {name!r}" for what, name in self.columns.items())
        rejected = self.account.rejected_records
        return (f"{self.account.records_read:,} records of {self.form} ({self.encoding}): {self.account.kept:,} kept, "
                f"{rejected:,} rejected; {taken}")  # fmt: skip


def read(path: Path, wanted: dict[str, str] | None = None, kind: str = "") -> Read:
    """Read labelled texts. ``wanted`` names columns by what they are for; ``kind`` is found out where it is empty.

    Raises:
        InputError: the file cannot be read, or no record has text and label.
        UsageError: a named column is missing, or it cannot be told which columns are meant.
    """
    table = read_table(path)
    columns = chosen(table.columns, wanted or {}, path)
    kind = kind or _kind(table.records, columns["label"])
    account = table.account
    lines, facets = [], _facets_of(table.records, columns["label"]) if kind == "facets" else ()
    for record in table.records:
        found = _line(record, columns, facets)
        if isinstance(found, Line):
            lines.append(found)
        else:
            account.reject_record(str(path), f"line {record.line}", found)
    account.kept = len(lines)
    if not lines:
        reasons = ", ".join(sorted({why for _, why in account.reasons})[:3])
        raise InputError(f"{path} holds no labelled text: {reasons}.", hint=f"Columns taken: {columns}.")
    return Read(lines, columns, kind, table.form, table.encoding, account)


def chosen(columns: Sequence[str], wanted: dict[str, str], path: Path) -> dict[str, str]:
    """Which column is what: as wanted, else by its common names.

    Raises:
        UsageError: a wanted column is missing, or there is none for text or label.
    """
    known = {name.casefold().strip().replace(" ", "_").replace("-", "_"): name for name in reversed(columns)}
    shown = ", ".join(name[:40] for name in columns[:_SHOWN]) + (", …" if len(columns) > _SHOWN else "")
    found: dict[str, str] = {}
    for what, names in NAMES.items():
        asked = wanted.get(what, "")
        if asked and asked != NONE:
            name = asked if asked in columns else known.get(asked.casefold())
            if name is None:
                raise UsageError(f"{path} has no column {asked!r}.", hint=f"It has: {shown}.")
            found[what] = name
        elif asked != NONE:
            name = next((known[each] for each in names if each in known and known[each] not in found.values()), None)
            if name is not None:
                found[what] = name
    missing = [what for what in ("text", "label") if what not in found]
    if missing:
        raise UsageError(
            f"it cannot be told which column of {path} holds the {' and the '.join(missing)}; it has: {shown}.",
            hint="Say --text COLUMN --label COLUMN; a CSV needs a first line with names.",
        )
    return found


def _line(record: Record, columns: dict[str, str], facets: tuple[str, ...]) -> Line | str:
    """A labelled text, or why it is none."""
    text, label = record.fields.get(columns["text"]), record.fields.get(columns["label"])
    if not isinstance(text, str) or not text.strip():
        return "no text" if text is None or isinstance(text, str) else "the text is no string"
    if "\0" in text:
        return "holds a NUL"
    if len(text) > MOST_CHARACTERS:
        return f"the text is longer than {MOST_CHARACTERS:,} characters"
    labels = _facets(label) if facets else _choice(label)
    if not labels:
        return "no label"
    if facets:
        by = {each.partition(":")[0]: each for each in labels}
        lacks = [facet for facet in facets if facet not in by]
        if lacks or len(by) != len(facets):
            return f"its label lacks {lacks[0]}" if lacks else "its label has facets that others lack"
        labels = tuple(by[facet] for facet in facets)
    elif len(labels) > 1:
        return 'several labels, and an expert chooses one: give one, or facets such as ["AV:N", "AC:L"]'
    rest = {what: _cell(record.fields.get(columns[what])) if what in columns else "" for what in ("group", "source")}
    said = _cell(record.fields.get(columns["split"])) if "split" in columns else "train"
    part = PARTS.get(said.casefold().replace("-", "_").replace(" ", "_"), "")
    if not part:
        return f"split {said[:30]!r} is none of train, dev, test" if said else "no split"
    part = part if "split" in columns else ""
    weight = _number(record.fields.get(columns["weight"], 1)) if "weight" in columns else 1.0
    if not 0 < weight < math.inf:
        return "its weight is no number above zero"
    return Line(record.line, _clean(text), tuple(map(_clean, labels)), rest["group"], rest["source"], part, weight)


def _number(value: Any) -> float:
    """A cell as a number, NaN where it is none; an empty one is 1."""
    said = _cell(value)
    try:
        return float(said) if said else 1.0
    except ValueError:
        return math.nan


def _clean(text: str) -> str:
    """Half a surrogate pair cannot be written anywhere."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def _cell(value: Any) -> str:
    """A value as a word: 1 and 1.0 and "1" are one label, true and "true" another."""
    if value is None or isinstance(value, dict | list):
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return _clean(str(value).strip())


def _choice(value: Any) -> tuple[str, ...]:
    words = tuple(_cell(each) for each in value) if isinstance(value, list) else (_cell(value),)
    return tuple(dict.fromkeys(word for word in words if word))


def _facets(value: Any) -> tuple[str, ...]:
    if isinstance(value, list):
        return _choice(value)
    return tuple(each for each in _FACETS.split(_PREFIX.sub("", _cell(value))) if each)


def _kind(records: Sequence[Record], column: str) -> str:
    """``facets`` where nearly all labels are several, each named before a colon; else ``choice``."""
    looked = [found for record in records[:2_000] if (found := _facets(record.fields.get(column)))]
    several = sum(len(found) > 1 and all(_FACET.fullmatch(each) for each in found) for found in looked)
    return "facets" if looked and several >= 0.9 * len(looked) else "choice"


def _facets_of(records: Sequence[Record], column: str) -> tuple[str, ...]:
    """The facets most labels have, in the order they are given in."""
    orders = Counter(tuple(each.partition(":")[0] for each in _facets(record.fields.get(column))) for record in records)
    orders.pop((), None)
    return orders.most_common(1)[0][0] if orders else ()
