"""DuckDB over the files of a lake: one engine to read with, and one locked in for questions asked from outside."""

import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa

from watchfloor.base.errors import InputError, RefusedError, UsageError, WatchfloorError
from watchfloor.base.events import NAMES
from watchfloor.base.settings import MIB
from watchfloor.store.lake_parquet import DAMAGED

Parameters = Sequence[object] | Mapping[str, object]

#: What DuckDB may hold; beyond it a reader spills to a temporary folder and a question is refused.
MEMORY = "1GB"
#: Rows in one batch handed out.
BATCH_ROWS = 8_192
_RESULT_BYTES = 256 * MIB

_CONFIG: dict[str, Any] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    "allow_persistent_secrets": "false",
    "python_enable_replacements": "false",
    "memory_limit": MEMORY,
}


@dataclass(frozen=True, slots=True)
class Limits:
    """What one question may cost."""

    seconds: float = 60.0
    rows: int = 100_000


@contextmanager
def engine(temp_dir: str = "") -> Iterator[duckdb.DuckDBPyConnection]:
    """A database in memory; ``temp_dir`` is where it may spill, nowhere if empty."""
    connection = duckdb.connect(":memory:", config=_CONFIG | {"temp_directory": temp_dir})
    try:
        connection.execute("SET TimeZone = 'UTC'")
        yield connection
    finally:
        connection.close()


@contextmanager
def spilling_engine(temp_dir: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database in memory for reading in order; what does not fit goes to a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="watchfloor-", dir=temp_dir or None) as folder, engine(folder) as opened:
        try:
            yield opened
        except duckdb.Error as error:
            raise _damaged(error) from error


def scan(paths: Sequence[str]) -> str:
    """The FROM clause over these files."""
    quoted = ", ".join(quote_text(path) for path in paths)
    return f"read_parquet([{quoted}], hive_partitioning = false)"


def quote_text(text: str) -> str:
    """A text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


def quote_name(name: str) -> str:
    """A column name as SQL writes it; ours have dots in them."""
    return '"' + name.replace('"', '""') + '"'


COLUMNS = ", ".join(quote_name(name) for name in NAMES)


def stream(connection: duckdb.DuckDBPyConnection, sql: str, parameters: Parameters = ()) -> Iterator[pa.RecordBatch]:
    """Rows of a SELECT, a batch at a time."""
    bound = dict(parameters) if isinstance(parameters, Mapping) else list(parameters)
    relation = connection.sql(sql, params=bound or None)
    yield from relation.to_arrow_reader(BATCH_ROWS)


def answer(paths: Sequence[str], empty: pa.Table, sql: str, parameters: Parameters, limits: Limits) -> pa.Table:
    """Answer one SELECT over ``events``; it can reach these files, nothing else, and only so long.

    Raises:
        UsageError: the SQL makes no sense.
        RefusedError: it is no single SELECT, wants what it may not have, or costs more than the limits.
    """
    with engine() as connection:
        try:
            if paths:
                connection.execute(f"CREATE VIEW events AS SELECT {COLUMNS} FROM {scan(paths)}")
            else:
                connection.register("no_events", empty)
                connection.execute("CREATE VIEW events AS SELECT * FROM no_events")
            _lock(connection, paths, limits)
            _refuse_all_but_select(connection, sql)
            return _collect(connection, sql, parameters, limits)
        except duckdb.Error as error:
            raise _explained(error, limits) from None


def _lock(connection: duckdb.DuckDBPyConnection, paths: Sequence[str], limits: Limits) -> None:
    for setting in (
        f"allowed_paths = [{', '.join(quote_text(path) for path in paths)}]",
        f"max_execution_time = {max(1, int(limits.seconds * 1000))}",
        "enable_external_access = false",
        "lock_configuration = true",
    ):
        connection.execute(f"SET {setting}")


def _refuse_all_but_select(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    statements = connection.extract_statements(sql)
    if len(statements) != 1:
        raise RefusedError(f"one SELECT at a time, not {len(statements)} statements.", hint="Ask them one by one.")
    if statements[0].type != duckdb.StatementType.SELECT:
        kind = statements[0].type.name
        raise RefusedError(f"{kind} is refused: a lake is only read.", hint="Use SELECT over the view events.")


def _collect(connection: duckdb.DuckDBPyConnection, sql: str, parameters: Parameters, limits: Limits) -> pa.Table:
    bound = dict(parameters) if isinstance(parameters, Mapping) else list(parameters)
    deadline = time.monotonic() + limits.seconds
    connection.execute("BEGIN TRANSACTION READ ONLY")
    reader = connection.sql(sql, params=bound or None).to_arrow_reader(BATCH_ROWS)
    parts: list[pa.RecordBatch] = []
    rows = size = 0
    for batch in reader:
        parts.append(batch)
        rows += len(batch)
        size += batch.nbytes
        if rows > limits.rows:
            raise RefusedError(f"the answer has more than {limits.rows:,} rows.", hint="Narrow it or add LIMIT.")
        if size > _RESULT_BYTES:
            raise RefusedError(f"the answer is larger than {_RESULT_BYTES // MIB} MiB.", hint="Ask for fewer columns.")
        if time.monotonic() > deadline:
            raise _too_long(limits)
    return pa.Table.from_batches(parts, schema=reader.schema)


def _explained(error: duckdb.Error, limits: Limits) -> WatchfloorError:
    first = str(error).strip().partition("\n")[0]
    if isinstance(error, duckdb.InterruptException):
        return _too_long(limits)
    if isinstance(error, duckdb.OutOfMemoryException):
        return RefusedError(f"the question needs more than {MEMORY} of memory.", hint="Narrow it by time or host.")
    if isinstance(error, duckdb.PermissionException):
        return RefusedError(f"refused: {first}", hint="Only the view events can be read.")
    if isinstance(error, duckdb.IOException) or ".parquet'" in first:
        return _damaged(error)
    columns = 'Names with dots are quoted: "device.hostname". `DESCRIBE events` lists them.'
    return UsageError(f"the question is not understood: {first}", hint=columns)


def _damaged(error: duckdb.Error) -> InputError:
    first = str(error).strip().partition("\n")[0]
    return InputError(f"the lake cannot be read: {first}.", hint=DAMAGED)


def _too_long(limits: Limits) -> RefusedError:
    return RefusedError(f"the question took longer than {limits.seconds:g} s.", hint="Narrow it by time or host.")
