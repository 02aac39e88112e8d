"""A customer's file as records: CSV with any common delimiter and encoding, JSON lines, or one JSON list.

The file is hostile until it is read: a broken line is one rejection with its number, never the end of the work. Knows
nothing of labels.
"""

import codecs
import csv
import io
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from watchfloor.base.account import Account
from watchfloor.base.errors import InputError

#: Bytes of a file at most: texts are compared with each other in memory.
MOST_BYTES: Final = 2 * 1024**3
#: Characters of one record, and line breaks in it, above which its quotation mark was never closed.
_RUNAWAY_CHARACTERS, _RUNAWAY_LINES = 1_000_000, 5_000
#: Characters read in vain, because a record ran away, after which it is no table at all.
_MOST_WASTED: Final = 100_000_000
_HEAD: Final = 65_536
_DELIMITERS: Final = ",;\t|"
#: How files begin that are no text, and what to do with them.
_MAGIC: Final = {
    b"PK\x03\x04": "a zip archive or an Excel workbook: unpack it, or save the sheet as CSV (UTF-8)",
    b"\x1f\x8b": "packed with gzip: unpack it", b"\x28\xb5\x2f\xfd": "packed with zstandard: unpack it",
    b"PAR1": "a Parquet file: write it as CSV or JSON lines",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook: save it as CSV",
    b"ElfFile": "a Windows event log: labels belong to texts, not to logs", b"%PDF": "a PDF: copy its texts into a CSV",
    b"SQLite format": "a SQLite database: export the table as CSV",
}  # fmt: skip
_BOMS: Final = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


@dataclass(frozen=True, slots=True)
class Record:
    """One record: the line it begins on, and its fields by column name."""

    line: int
    fields: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Table:
    """All records of a file, its columns in order, how it was read, and the account: kept + rejected = records."""

    records: list[Record]
    columns: tuple[str, ...]
    form: str
    encoding: str
    account: Account


def read_table(path: Path) -> Table:
    """Read a whole file.

    Raises:
        InputError: it is no text, is empty, or has no records at all.
    """
    try:
        size = path.stat().st_size
        if path.is_dir():
            raise InputError(f"{path} is a folder.", hint="Name the CSV or JSON lines file.")
        if size > MOST_BYTES:
            raise InputError(f"{path} holds {size:,} bytes, more than {MOST_BYTES:,}.", hint="Give a sample of it.")
        raw = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from None
    text, encoding = _decoded(path, raw)
    account = Account(inputs=1)
    start = text.lstrip()[:1]
    if start == "{":
        form, found = "JSON lines", _json_lines(path, text, account)
        records = list(found)
        columns = tuple(dict.fromkeys(name for record in records[:1_000] for name in record.fields))
    elif start == "[" and (listed := _json_list(text)) is not None:
        form = "a JSON list"
        records = list(_objects(path, listed, account))
        columns = tuple(dict.fromkeys(name for record in records[:1_000] for name in record.fields))
    else:
        delimiter = _delimiter(text[:_HEAD])
        form = f"CSV with {'tab' if delimiter == chr(9) else delimiter}"
        columns, records = _csv(path, text, delimiter, account)
    account.kept = len(records)
    if not records:
        why = account.rejections[0] if account.rejections else None
        said = f" {why.where}: {why.why}." if why else ""
        raise InputError(f"{path} holds no record that can be read.{said}")
    return Table(records, columns, form, encoding, account)


def _decoded(path: Path, raw: bytes) -> tuple[str, str]:
    """The text and the encoding it is in: by its mark, else UTF-8, else GB 18030 where pairs say so, else Windows'."""
    if not raw.strip():
        raise InputError(f"{path} is empty.")
    for magic, what in _MAGIC.items():
        if raw.startswith(magic):
            raise InputError(f"{path} is {what}.")
    for mark, name in _BOMS:
        if raw.startswith(mark):
            return raw.decode(name, "replace"), name
    head = raw[:_HEAD]
    odd = sum(head.count(bytes([byte])) for byte in (*range(9), *range(14, 27), *range(28, 32)))
    if odd > max(len(head) // 100, 8):
        raise InputError(f"{path} is no text: {odd:,} of its first {len(head):,} bytes are control characters.",
                         hint="CSV and JSON lines are read.")  # fmt: skip
    return _without_mark(raw)


def _without_mark(raw: bytes) -> tuple[str, str]:
    try:
        return raw.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        broken = sum(not _is_utf8(line) for line in raw.split(b"\n"))
    if broken <= max(raw.count(b"\n") // 100, 1) and not raw.isascii() and re.search(rb"[\xc2-\xf4][\x80-\xbf]", raw):
        return raw.decode("utf-8", "backslashreplace"), "utf-8 with broken bytes"
    head = raw[:_HEAD]
    high = sum(byte > 127 for byte in head)
    if 2 * len(re.findall(rb"[\xa1-\xfe]{2}", head)) > 0.9 * high:
        try:
            return raw.decode("gb18030"), "gb18030"
        except UnicodeDecodeError:
            pass
    return raw.decode("cp1252", "backslashreplace"), "cp1252"


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _json_lines(path: Path, text: str, account: Account) -> Iterator[Record]:
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            account.reject_record(str(path), f"line {number}", "no JSON")
            continue
        if isinstance(found, dict):
            yield Record(number, found)
        else:
            account.reject_record(str(path), f"line {number}", "no JSON object")


def _json_list(text: str) -> list[Any] | None:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, list) else None


def _objects(path: Path, listed: list[Any], account: Account) -> Iterator[Record]:
    for number, found in enumerate(listed, 1):
        if isinstance(found, dict):
            yield Record(number, found)
        else:
            account.reject_record(str(path), f"record {number}", "no JSON object")


def _delimiter(head: str) -> str:
    """The delimiter under which most records have as many cells as the first, and more than one."""
    best, found = (0.0, 0), ","
    for delimiter in _DELIMITERS:
        rows = [row for row in csv.reader(io.StringIO(head), delimiter=delimiter) if row]
        rows = rows[: max(len(rows) - 1, 1)]  # the last may be cut
        width = len(rows[0]) if rows else 0
        if width > 1:
            score = (sum(len(row) == width for row in rows) / len(rows), width)
            best, found = (score, delimiter) if score > best else (best, found)
    return found


class _RunawayError(Exception):
    """A record that goes on and on: its quotation mark was never closed."""


class _Lines:
    """Lines of a CSV file for the reader, which may be set back when a record has run away."""

    def __init__(self, text: str) -> None:
        # At line feeds alone: Unicode's other line marks may stand inside a text.
        lines = (text if "\n" in text else text.replace("\r", "\n")).split("\n")
        self.lines = [line + "\n" for line in lines]
        self.place = self.began = self.characters = 0

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        if self.place >= len(self.lines):
            raise StopIteration
        line = self.lines[self.place]
        self.place += 1
        self.characters += len(line)
        if self.characters > _RUNAWAY_CHARACTERS or self.place - self.began > _RUNAWAY_LINES:
            raise _RunawayError
        return line

    def begin(self) -> None:
        """A new record begins here."""
        self.began, self.characters = self.place, 0


def _csv(path: Path, text: str, delimiter: str, account: Account) -> tuple[tuple[str, ...], list[Record]]:
    # Runaway records are told by their lines and characters here; the limit is one for the whole process.
    before = csv.field_size_limit(min(sys.maxsize, 2**31 - 1))
    try:
        return _table(path, text, delimiter, account)
    finally:
        csv.field_size_limit(before)


def _table(path: Path, text: str, delimiter: str, account: Account) -> tuple[tuple[str, ...], list[Record]]:
    rows = _rows(path, _Lines(text), delimiter, account)
    header: tuple[str, ...] = ()
    for _, row in rows:
        header = tuple(name.strip().strip("\ufeff") for name in row)
        break
    if len(set(header)) != len(header):
        twice = next(name for name in header if header.count(name) > 1)
        raise InputError(f"{path}: two columns are called {twice!r}.", hint="Give each its own name.")
    records = []
    for line, row in rows:
        if len(row) != len(header):
            account.reject_record(str(path), f"line {line}", f"{len(row)} cells where the header has {len(header)}")
        elif any("\0" in cell for cell in row):
            account.reject_record(str(path), f"line {line}", "holds a NUL")
        else:
            records.append(Record(line, dict(zip(header, row, strict=True))))
    return header, records


def _rows(path: Path, lines: _Lines, delimiter: str, account: Account) -> Iterator[tuple[int, list[str]]]:
    """Rows with the number of their first line; after one whose quotation marks are wrong, from the next line on."""
    wasted = broken = 0
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        lines.begin()
        line = lines.began + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except (_RunawayError, csv.Error):
            broken, wasted = broken + 1, wasted + lines.characters
            if wasted > _MOST_WASTED:
                raise InputError(
                    f"{path} is no table: {broken:,} records have quotation marks that are never closed or stand where "
                    f"none may, line {line} among them.", hint='Inside a quoted cell write "" for a quotation mark.'
                ) from None  # fmt: skip
            account.reject_record(str(path), f"line {line}", "a quotation mark is never closed, or closed too early")
            lines.place = lines.began + 1
            reader = csv.reader(lines, delimiter=delimiter, strict=True)
            continue
        if any(cell.strip() for cell in row):
            yield line, row
