"""Files of public knowledge, told apart by content: which reader takes them, and what is passed over.

A file nobody here knows is passed over by name; a record of a known format that cannot be read is a rejection.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import PurePath
from typing import Any, Final

import orjson

from watchfloor.base.account import Account
from watchfloor.base.settings import MIB, Settings
from watchfloor.intake.sources import Source
from watchfloor.knowledge.documents import Piece
from watchfloor.knowledge.readers import attack, defences, mitre_xml, rules, vulnerabilities, yaml_text

Row = dict[str, Any]
#: A file read whole may be this large: NVD's largest year is 150 MB, ATT&CK's bundle 45 MB.
MOST_WHOLE: Final = 512 * MIB
_HEAD: Final = 65_536

#: Rows of JSON lines: the columns that tell them, and what reads one.
ROWS: Final[tuple[tuple[frozenset[str], Callable[[Row], Iterator[Piece]]], ...]] = (
    (frozenset({"rel", "src", "src_type", "dst", "dst_type", "text", "dead"}), attack.relation_row),
    (frozenset({"id", "name", "description", "tactics", "is_sub"}), attack.technique_row),
    (frozenset({"type", "id", "name", "description", "analytic_refs"}), attack.object_row),
    (frozenset({"id", "name", "description", "cwe", "attack", "likelihood"}), attack.pattern_row),
    (frozenset({"technique", "technique_name", "name", "description", "command"}), attack.as_test),
    (frozenset({"CWE-ID", "Name", "Description"}), mitre_xml.weakness_row),
    (frozenset({"iri", "label", "definition", "d3fend_id"}), defences.term_row),
    (frozenset({"attack_object_id", "attack_object_name"}), defences.mapping_row),
    (frozenset({"id", "title", "logsource", "detection", "tags"}), rules.sigma_row),
)
#: Rows of which several make one document.
GROUPED: Final[tuple[tuple[frozenset[str], Callable[[list[Row]], Iterator[Piece]]], ...]] = (
    (frozenset({"binary", "function", "code"}), rules.gtfobins_rows),
    (frozenset({"name", "command", "usecase", "category"}), rules.lolbas_rows),
)
#: Headers of CSV tables.
TABLES: Final[tuple[tuple[frozenset[str], Callable[[Row], Iterator[Piece]]], ...]] = (
    (frozenset({"cveID", "vulnerabilityName", "requiredAction"}), vulnerabilities.exploited),
    (frozenset({"def_tech_id", "off_tech_id"}), defences.inferred_row),
    (frozenset({"CVE ID", "Primary Impact", "Exploitation Technique"}), defences.impact_row),
)
_CVE = re.compile(r"CVE-\d{4}-\d{4,8}")
_FRONT = re.compile(r"\A---\s*\n(.*?)^(?:---|\.\.\.)\s*$", re.DOTALL | re.MULTILINE)
#: What one bad record of a stranger's format may raise in a reader.
_BAD: Final = (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError)


@dataclass(slots=True)
class Reading:
    """One file being read: what it says, and the version of it where it names one."""

    name: str
    pieces: Iterable[Piece]
    version: str = ""


@dataclass(slots=True)
class Library:
    """Reads files into pieces and keeps the books: ``passed_over`` names what is no knowledge this knows."""

    settings: Settings
    account: Account
    passed_over: list[str] = field(default_factory=list)

    def read(self, source: Source) -> Reading | None:
        """What a file says; None where it is passed over or rejected. To be consumed before the next is read."""
        head = source.stream.peek(_HEAD)[:_HEAD]
        suffix = PurePath(source.name.removesuffix(".zst").removesuffix(".gz")).suffix.lower()
        start = head.lstrip()[:1]
        if not head:
            if not source.guard.damage:
                self.passed_over.append(source.name)
        elif start == b"<" and re.search(rb"<(?:\w+:)?(Weakness_Catalog|Attack_Pattern_Catalog)\b", head):
            return self._xml(source)
        elif start == b"{" and _is_lines(head):
            return self._lines(source, head)
        elif start in (b"{", b"["):
            return self._json(source, head)
        elif suffix == ".csv":
            return self._table(source, head)
        elif suffix in (".yml", ".yaml"):
            return self._yaml(source)
        elif "_gtfobins/" in source.name or (suffix == ".md" and re.search(rb"(?m)\A---\s*$[^#]*^functions:", head)):
            return self._gtfobins(source)
        else:
            self.passed_over.append(source.name)
        self._damage(source)
        return None

    def _damage(self, source: Source) -> bool:
        if source.guard.damage:
            self.account.reject_source(source.name, f"byte {source.guard.position}", source.guard.damage)
        return bool(source.guard.damage)

    def _whole(self, source: Source) -> bytes | None:
        """All bytes of a file, or None and a rejection."""
        content = source.stream.read(MOST_WHOLE + 1)
        if len(content) > MOST_WHOLE:
            self.account.reject_source(source.name, "file", f"larger than {MOST_WHOLE // MIB} MiB")
            return None
        return None if self._damage(source) else content

    def _pieces(self, source: str, records: Iterable[tuple[str, Callable[[], Iterator[Piece]]]]) -> Iterator[Piece]:
        """The pieces of records, each whole or rejected."""
        for where, make in records:
            try:
                pieces = list(make())
            except _BAD as error:
                why = str(error) if isinstance(error, ValueError) else f"not of the shape expected: {_shape(error)}"
                self.account.reject_record(source, where, why)
                continue
            self.account.kept += 1
            yield from pieces

    def _rejected(self, source: Source, why: str) -> None:
        self.account.reject_source(source.name, "file", why)

    def _xml(self, source: Source) -> Reading | None:
        if (content := self._whole(source)) is None:
            return None
        try:
            root = mitre_xml.parsed(content)
        except ValueError as error:
            self._rejected(source, str(error))
            return None
        pieces = self._pieces(source.name, [("catalogue", lambda: mitre_xml.catalogue(root))])
        return Reading(source.name, pieces, str(root.get("Version") or ""))

    def _json(self, source: Source, head: bytes) -> Reading | None:
        if not any(mark in head for mark in _JSON_MARKS) and len(head) >= _HEAD:
            self.passed_over.append(source.name)
            return None
        if (content := self._whole(source)) is None:
            return None
        try:
            raw = orjson.loads(content)
        except ValueError as error:
            self._rejected(source, f"is no JSON: {error}")
            return None
        found = json_records(raw)
        if found is None:
            self.passed_over.append(source.name)
            return None
        version, records = found
        return Reading(source.name, self._pieces(source.name, records), version)

    def _lines(self, source: Source, head: bytes) -> Reading | None:
        try:
            first = orjson.loads(head.lstrip().partition(b"\n")[0])
        except ValueError:
            first = {}  # a first line that is cut off or broken: the rest may tell
        columns = first.keys() if isinstance(first, dict) else set()
        row = next((make for wanted, make in ROWS if wanted <= columns), None)
        if row is None and {"id", "desc"} <= columns and _CVE.fullmatch(str(first["id"])):
            row = vulnerabilities.row
        if row is not None:
            make = row
            each = ((where, lambda found=found: make(found)) for where, found in self._rows(source))
            return Reading(source.name, self._pieces(source.name, each))
        grouped = next((make for wanted, make in GROUPED if wanted <= columns), None)
        if grouped is None:
            self.passed_over.append(source.name)
            return None
        many = [found for _, found in self._rows(source)]
        return Reading(source.name, self._pieces(source.name, [("all rows", lambda: grouped(many))]))

    def _rows(self, source: Source) -> Iterator[tuple[str, Row]]:
        limit = self.settings.max_line_bytes
        number = 0
        while line := source.stream.readline(limit + 1):
            number += 1
            if len(line) > limit:
                while line and not line.endswith(b"\n"):
                    line = source.stream.readline(limit)
                self.account.reject_record(source.name, f"line {number}", f"longer than {limit} bytes")
                continue
            if not line.strip():
                continue
            try:
                row = orjson.loads(line)
            except ValueError as error:
                self.account.reject_record(source.name, f"line {number}", f"is no JSON: {error}")
                continue
            if isinstance(row, dict):
                yield f"line {number}", row
            else:
                self.account.reject_record(source.name, f"line {number}", "is no JSON object")
        self._damage(source)

    def _table(self, source: Source, head: bytes) -> Reading | None:
        header = head.removeprefix(b"\xef\xbb\xbf").partition(b"\n")[0].decode("utf-8", "replace")
        columns = {column.strip().strip('"') for column in header.split(",")}
        make = next((make for wanted, make in TABLES if wanted <= columns), None)
        if make is None:
            self.passed_over.append(source.name)
            return None
        if (content := self._whole(source)) is None:
            return None
        rows = vulnerabilities.table(content.decode("utf-8", "replace"))
        each = ((f"row {number}", lambda row=row: make(row)) for number, row in enumerate(rows, 1))
        return Reading(source.name, self._pieces(source.name, each))

    def _yaml(self, source: Source) -> Reading | None:
        if (content := self._whole(source)) is None:
            return None
        text = content.decode("utf-8", "replace")
        sigma = bool(re.search(r"(?m)^(?:detection|correlation):", text))
        if not sigma and not re.search(r"(?m)^Commands:", text):
            self.passed_over.append(source.name)
            return None
        try:
            found = [each for each in yaml_text.documents(text) if isinstance(each, dict)]
        except ValueError as error:
            self.account.reject_record(source.name, "file", str(error))
            return None
        records = [
            (f"document {number}", lambda each=each: rules.sigma_text(each, text) if sigma else rules.lolbas(each))
            for number, each in enumerate(found, 1)
        ]
        return Reading(source.name, self._pieces(source.name, records))

    def _gtfobins(self, source: Source) -> Reading | None:
        if (content := self._whole(source)) is None:
            return None
        text = content.decode("utf-8", "replace")
        front = _FRONT.match(text)
        try:
            found = yaml_text.documents(front[1] if front else text)
        except ValueError as error:
            self.account.reject_record(source.name, "front matter", str(error))
            return None
        if not found or not isinstance(found[0], dict) or "functions" not in found[0]:
            self.passed_over.append(source.name)
            return None
        name = PurePath(source.name).name.removesuffix(".md")
        return Reading(
            source.name, self._pieces(source.name, [("front matter", lambda: rules.gtfobins(name, found[0]))])
        )


#: Words one of which stands in the first bytes of every JSON document that is read; larger others are not loaded.
_JSON_MARKS: Final = (
    b'"bundle"', b'"objects"', b'"vulnerabilities"', b'"CVE_RECORD"', b'"@graph"', b'"@context"', b'"mapping_objects"',
    b'"metadata"',
)  # fmt: skip


def json_records(raw: Any) -> tuple[str, list[tuple[str, Callable[[], Iterator[Piece]]]]] | None:
    """Version and records of a JSON document, or None for one that is no knowledge of a kind known here."""
    if not isinstance(raw, dict):
        return None
    if raw.get("type") == "bundle" and isinstance(raw.get("objects"), list):
        return attack.version_of(raw), [("bundle", lambda: attack.bundle(raw))]
    if raw.get("dataType") == "CVE_RECORD":
        return str(raw.get("dataVersion", "")), [("record", lambda: vulnerabilities.cve5(raw))]
    if isinstance(raw.get("@graph"), list):
        return "", [("ontology", lambda: defences.ontology(raw))]
    for key, make in (("vulnerabilities", _vulnerability), ("mapping_objects", defences.mapping_row)):
        if isinstance(raw.get(key), list):
            version = str(raw.get("catalogVersion") or raw.get("timestamp") or "")
            each: list[tuple[str, Callable[[], Iterator[Piece]]]]
            each = [(f"{key}[{place}]", partial(make, row)) for place, row in enumerate(raw[key])]
            return version, each
    return None


def _vulnerability(row: Row) -> Iterator[Piece]:
    return vulnerabilities.exploited(row) if "cveID" in row else vulnerabilities.nvd(row["cve"])


def _is_lines(head: bytes) -> bool:
    """JSON lines have a whole object in their first line; a document has one over many lines, or one line."""
    first, newline, rest = head.lstrip().partition(b"\n")
    if first.rstrip().endswith(b"}") and newline and rest.lstrip()[:1] in (b"{", b""):
        return bool(rest.strip()) or not any(mark in first for mark in _JSON_MARKS)
    return False


def _shape(error: BaseException) -> str:
    return f"{type(error).__name__} {error}"[:120]
