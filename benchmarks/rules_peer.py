"""The peer of the rule engine: every Sigma rule as one SQL query over one wide table, in the manner of Zircolite.

    python benchmarks/rules_peer.py --rules sigma/rules INPUT [INPUT ...] [--limit-rules N] [--json FILE]

pySigma's own SQLite backend and its Sysmon and Windows pipelines write the queries; this file only loads events
and runs them, as kindly as it can: an index on channel and event id, short columns first, one transaction,
counts instead of rows, and an empty column for every field that a rule names and no event has. With
--as-published a rule that names such a field is lost, as it is for a user of the bare backend. Keyword searches
have no SQL form there and count as failed.
"""

import argparse
import functools
import io
import json
import re
import sqlite3
import sys
import tarfile
import time
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import orjson
from evtx import PyEvtxParser
from sigma.backends.sqlite import sqliteBackend
from sigma.collection import SigmaCollection
from sigma.pipelines.sysmon import sysmon_pipeline
from sigma.pipelines.windows import windows_logsource_pipeline

Value = str | int | float
_DATA = ("EventData", "UserData", "event_data", "user_data")
_HEAD = ("channel", "eventid", "provider_name", "computer")
_NAMES = {  # the same four fields as other shippers call them
    "channel": "channel", "log_name": "channel", "event_id": "eventid", "computer_name": "computer",
    "hostname": "computer", "provider_name": "provider_name", "source_name": "provider_name",
    "sourcename": "provider_name",
}  # fmt: skip
_LARGEST_INTEGER = 2**63 - 1


class Query(NamedTuple):
    """One rule as SQL, and the fields it names."""

    rule: str
    title: str
    sql: str
    fields: frozenset[str]


class Backend(sqliteBackend):
    """The published backend, noting the fields it writes."""

    named: set[str] | None = None

    def escape_and_quote_field(self, field: str) -> str:
        if self.named is not None:
            self.named.add(field.lower())
        return str(super().escape_and_quote_field(field))

    def resolve_table(self, state: Any = None) -> str:
        return str(self.table)


def convert(rules_folder: Path, product: str = "windows", limit: int = 0) -> tuple[list[Query], Counter[str]]:
    """The rules of a product as SQL ("any" for all), and the reasons of those that have none."""
    backend = Backend(sysmon_pipeline() + windows_logsource_pipeline())
    queries: list[Query] = []
    failures: Counter[str] = Counter()
    taken = 0
    for path in sorted(rules_folder.rglob("*.yml")):
        if limit and taken >= limit:
            break
        backend.named = set()
        try:
            rules = SigmaCollection.from_yaml(path.read_text(encoding="utf-8"))
            logsources = [getattr(rule, "logsource", None) for rule in rules]
            if product != "any" and all(source is None or source.product != product for source in logsources):
                continue
            taken += 1
            ruled = [rule for rule in rules if rule._output]
            found = backend.convert(rules)
        except Exception as e:  # a rule may fail in any way; the next must not suffer
            failures[f"{type(e).__name__}: {str(e)[:100]}"] += 1
            continue
        rule = ruled[-1]
        queries += (Query(str(rule.id), rule.title, sql, frozenset(backend.named)) for sql in found)
    return queries, failures


def load_events(paths: Iterable[Path]) -> sqlite3.Connection:
    """Every event of EVTX files and of JSON lines, packed or not, as a row of an in-memory table."""
    rows = [flatten(record) for path in paths for record in records(path)]
    sizes: dict[str, int] = defaultdict(int)
    texts: set[str] = set()
    for row in rows:
        for name, value in row.items():
            if isinstance(value, int):
                sizes[name] += 4
            else:
                sizes[name] += len(str(value))
                texts.add(name)
    # A long column moves those behind it to overflow pages, so the long ones come last.
    columns = [*_HEAD, *sorted(sizes.keys() - set(_HEAD), key=lambda name: sizes[name])]
    connection = sqlite3.connect(":memory:", isolation_level=None, cached_statements=0)
    for pragma in ("page_size = 65536", "journal_mode = OFF", "synchronous = OFF", "temp_store = MEMORY"):
        connection.execute(f"PRAGMA {pragma}")
    connection.create_function("REGEXP", 2, _regexp, deterministic=True)
    types = (f"{_quote(c)} {'TEXT' if c in texts else 'INTEGER'} COLLATE NOCASE" for c in columns)
    connection.execute("BEGIN")
    connection.execute(f"CREATE TABLE logs ({', '.join(types)})")
    places = ", ".join("?" * len(columns))
    connection.executemany(f"INSERT INTO logs VALUES ({places})", (tuple(map(row.get, columns)) for row in rows))
    connection.execute("CREATE INDEX by_kind ON logs (channel, eventid)")
    connection.execute("ANALYZE")
    connection.execute("COMMIT")
    return connection


def records(path: Path) -> Iterator[dict[str, Any]]:
    """The events of a folder, an archive or a file."""
    if path.is_dir():
        for below in sorted(p for p in path.rglob("*") if p.is_file()):
            yield from records(below)
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                yield from _parsed(name, archive.read(name))
    elif path.name.endswith(".gz"):
        with tarfile.open(path) as tar:
            for member in tar:
                if (packed := tar.extractfile(member)) is not None:
                    yield from _parsed(member.name, packed.read())
    else:
        yield from _parsed(path.name, path.read_bytes())


def _parsed(name: str, data: bytes) -> Iterator[dict[str, Any]]:
    if name.lower().endswith(".evtx"):
        texts = iter(PyEvtxParser(io.BytesIO(data)).records_json())
        while True:
            try:
                yield orjson.loads(next(texts)["data"])
            except StopIteration:
                return
            except (RuntimeError, orjson.JSONDecodeError):
                continue
    elif name.lower().endswith(".json"):
        for line in data.splitlines():
            try:
                record = orjson.loads(line)
            except orjson.JSONDecodeError:
                continue
            if isinstance(record, dict):
                yield record


def flatten(record: dict[str, Any]) -> dict[str, Value]:
    """One level of lower-case names; what the event is about goes before what the system says of it."""
    event = record.get("Event", record)
    winlog = event.get("winlog")
    flat: dict[str, Value] = {}
    for holder in (event, winlog if isinstance(winlog, dict) else {}):
        for section in _DATA:
            for name, value in _leaves(holder.get(section), "data"):
                flat.setdefault(name, value)
    for name, value in _leaves(event, ""):
        name = _NAMES.get(name, name)
        if name in _HEAD:
            flat[name] = value
        else:
            flat.setdefault(name, value)
    return flat


def _leaves(node: Any, name: str) -> Iterator[tuple[str, Value]]:
    if isinstance(node, dict):
        for key, below in node.items():
            if key == "#attributes":
                yield from _attributes(below, name)
            elif key not in _DATA:
                yield from _leaves(below, name if key == "#text" else _plain(key))
    elif isinstance(node, list):
        if node:
            yield name, "\n".join(str(each) for each in node if each is not None)
    elif isinstance(node, bool):
        yield name, "true" if node else "false"
    elif isinstance(node, int):
        yield name, node if abs(node) <= _LARGEST_INTEGER else str(node)
    elif node is not None:
        yield name, node


def _attributes(node: dict[str, Any], name: str) -> Iterator[tuple[str, Value]]:
    for key, value in node.items():
        if key != "xmlns":
            yield from _leaves(value, f"{name}_name" if key == "Name" else _plain(key))


@functools.cache
def _plain(name: str) -> str:
    """Rules write "Product Name" as ProductName."""
    return re.sub(r"[^\w.]", "", name).lower()


def _quote(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def add_missing_columns(connection: sqlite3.Connection, queries: Iterable[Query]) -> int:
    """An empty column for each field that rules name and no event has."""
    there = {row[1].lower() for row in connection.execute("PRAGMA table_info(logs)")}
    missing = sorted(set().union(*(query.fields for query in queries)) - there)
    for name in missing:
        connection.execute(f"ALTER TABLE logs ADD COLUMN {_quote(name)} TEXT COLLATE NOCASE")
    return len(missing)


def match(connection: sqlite3.Connection, queries: Iterable[Query]) -> tuple[dict[str, int], Counter[str]]:
    """How many events each rule matches, and why the queries that do not run do not."""
    counts: Counter[str] = Counter()
    lost: Counter[str] = Counter()
    connection.execute("BEGIN")
    for query in queries:
        try:
            (count,) = connection.execute(f"SELECT COUNT(*) FROM ({query.sql})").fetchone()
        except sqlite3.Error as e:
            lost[str(e)[:100]] += 1
            continue
        if count:
            counts[query.rule] += count
    connection.execute("COMMIT")
    return dict(counts), lost


@functools.cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def _regexp(pattern: str, value: Any) -> bool:
    return value is not None and _compiled(pattern).search(str(value)) is not None


def main() -> None:
    parser = argparse.ArgumentParser(description="Match Sigma rules as SQL queries, one by one, and time it.")
    parser.add_argument("inputs", nargs="+", type=Path)
    parser.add_argument("--rules", type=Path, required=True)
    parser.add_argument("--product", default="windows", help='rules of this product only; "any" for all')
    parser.add_argument("--limit-rules", type=int, default=0)
    parser.add_argument("--as-published", action="store_true", help="add no columns: such rules are lost")
    parser.add_argument("--json", default="-", help="where the result goes; - for standard output")
    chosen = parser.parse_args()
    times = [time.perf_counter()]
    queries, failures = convert(chosen.rules, chosen.product, chosen.limit_rules)
    times.append(time.perf_counter())
    connection = load_events(chosen.inputs)
    times.append(time.perf_counter())
    added = 0 if chosen.as_published else add_missing_columns(connection, queries)
    counts, lost = match(connection, queries)
    times.append(time.perf_counter())
    result = {
        "events": connection.execute("SELECT COUNT(*) FROM logs").fetchone()[0],
        "rules_converted": len({query.rule for query in queries}),
        "rules_failed": sum(failures.values()),
        "failures": dict(failures.most_common()),
        "queries_lost": sum(lost.values()),
        "lost": dict(lost.most_common()),
        "columns_added": added,
        "seconds": {stage: round(times[n + 1] - times[n], 3) for n, stage in enumerate(("convert", "load", "match"))},
        "matches": sum(counts.values()),
        "rules_matched": len(counts),
        "counts": dict(sorted(counts.items())),
    }
    text = json.dumps(result, indent=2) + "\n"
    if chosen.json == "-":
        sys.stdout.write(text)
    else:
        Path(chosen.json).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
