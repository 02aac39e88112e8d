"""The folder of a knowledge base: one SQLite file with full-text search, and its vectors beside it.

Nothing is ever overwritten: a document that changes is closed at an edition and a new row begins there.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from watchfloor.base.errors import InputError, RefusedError, UsageError, WatchfloorError

FILE: Final = "knowledge.sqlite"
FORMAT_VERSION: Final = "1"

_SCHEMA: Final = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE editions (n INTEGER PRIMARY KEY, at TEXT NOT NULL, what TEXT NOT NULL);
CREATE TABLE origins (n INTEGER PRIMARY KEY, collection TEXT, repository TEXT, version TEXT, licence TEXT, address TEXT,
    UNIQUE (collection, repository, version, licence, address));
CREATE TABLE documents (n INTEGER PRIMARY KEY, kind TEXT NOT NULL, id TEXT NOT NULL, title TEXT NOT NULL,
    about TEXT NOT NULL, facts TEXT NOT NULL, digest BLOB NOT NULL, origin INTEGER NOT NULL,
    since INTEGER NOT NULL, until INTEGER);
CREATE INDEX documents_id ON documents (id, kind);
CREATE TABLE passages (n INTEGER PRIMARY KEY, document INTEGER NOT NULL, place TEXT NOT NULL, text TEXT NOT NULL);
CREATE INDEX passages_document ON passages (document);
CREATE VIRTUAL TABLE words USING fts5 (title, body, content='',
    tokenize="unicode61 remove_diacritics 0 tokenchars '._-'");
CREATE VIRTUAL TABLE vocabulary USING fts5vocab (words, 'row');
CREATE TABLE vectors (digest BLOB PRIMARY KEY, row INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE placed (passage INTEGER PRIMARY KEY, row INTEGER NOT NULL);
CREATE TABLE names (name TEXT NOT NULL, id TEXT NOT NULL, document INTEGER NOT NULL);
CREATE INDEX names_name ON names (name);
CREATE TABLE edges (n INTEGER PRIMARY KEY, start TEXT NOT NULL, relation TEXT NOT NULL, end TEXT NOT NULL,
    said TEXT NOT NULL, origin INTEGER NOT NULL, collection TEXT NOT NULL, since INTEGER NOT NULL, until INTEGER);
CREATE INDEX edges_start ON edges (start, relation, end);
CREATE INDEX edges_end ON edges (end);
"""


def connect(folder: Path, *, write: bool = False) -> sqlite3.Connection:
    """Open a knowledge base; for writing it is made where the folder is missing or empty.

    Raises:
        UsageError: there is none, or the folder holds something else.
        RefusedError: permission denied.
        InputError: it is damaged, or of another version.
    """
    path = folder / FILE
    fresh = not path.exists()
    if fresh and not write:
        raise UsageError(f"there is no knowledge base in {folder}.", hint="Make one: watchfloor knowledge build.")
    try:
        if fresh:
            if folder.exists() and any(folder.iterdir()):
                raise UsageError(f"{folder} holds something else.", hint="Name a new or empty folder.")
            folder.mkdir(parents=True, exist_ok=True)
        base = _opened(path, "mode=rwc" if write else "mode=ro")
    except PermissionError as error:
        raise RefusedError(f"{folder} cannot be opened: permission denied.") from error
    except sqlite3.OperationalError as error:
        raise RefusedError(f"{path} cannot be opened: {error}.") from error
    try:
        if fresh:
            base.execute("PRAGMA journal_mode = WAL")
            base.executescript("BEGIN;" + _SCHEMA)
            base.execute("INSERT INTO meta VALUES ('format', ?)", (FORMAT_VERSION,))
            base.execute("COMMIT")
        base.execute("PRAGMA synchronous = NORMAL")
        base.execute("PRAGMA cache_size = -65536")
        found = base.execute("SELECT value FROM meta WHERE name = 'format'").fetchone()
    except sqlite3.DatabaseError as error:
        base.close()
        raise InputError(f"{path} is damaged or no knowledge base: {error}.", hint="Build it anew.") from error
    if found is None or found[0] != FORMAT_VERSION:
        base.close()
        raise InputError(f"{path} is of another version of Watchfloor.", hint="Build it anew in a new folder.")
    return base


def _opened(path: Path, mode: str) -> sqlite3.Connection:
    base = sqlite3.connect(f"{path.resolve().as_uri()}?{mode}", uri=True, isolation_level=None)
    if mode == "mode=ro":
        try:
            base.execute("SELECT 1 FROM sqlite_master").fetchone()
        except sqlite3.OperationalError:
            # A folder one may not write to has no place for the log of a writer, and nobody writes there.
            base.close()
            return sqlite3.connect(f"{path.resolve().as_uri()}?immutable=1", uri=True, isolation_level=None)
        except sqlite3.DatabaseError:
            pass  # said by the caller
    return base


@contextmanager
def transaction(base: sqlite3.Connection) -> Iterator[None]:
    """All of what is written inside, or none of it.

    Raises:
        RefusedError: somebody else is writing.
        WatchfloorError: it cannot be written.
    """
    try:
        base.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        raise RefusedError(
            f"the knowledge base cannot be written: {error}.", hint="Is another build running?"
        ) from error
    try:
        yield
    except sqlite3.DatabaseError as error:
        base.execute("ROLLBACK")
        raise WatchfloorError(f"the knowledge base could not be written: {error}.", hint="Is the disk full?") from error
    except BaseException:
        base.execute("ROLLBACK")
        raise
    base.execute("COMMIT")
