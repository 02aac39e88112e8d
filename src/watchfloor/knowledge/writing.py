"""Editions: what a reading of sources adds to a knowledge base, what it replaces and what it withdraws."""

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from watchfloor.knowledge.documents import Document, Edge, Origin, Piece
from watchfloor.knowledge.wording import terms


@dataclass(slots=True)
class Changes:
    """What an edition did, in documents; ``repeated`` counts those another source of the same run had told already."""

    added: int = 0
    replaced: int = 0
    withdrawn: int = 0
    unchanged: int = 0
    repeated: int = 0
    edges_added: int = 0
    edges_withdrawn: int = 0

    @property
    def any(self) -> bool:
        """Whether there is anything new."""
        return bool(self.added or self.replaced or self.withdrawn or self.edges_added or self.edges_withdrawn)


@dataclass(slots=True)
class Edition:
    """One run of writing, inside one transaction. Feed it collections, then ``close`` it."""

    base: sqlite3.Connection
    what: str
    changes: Changes = field(default_factory=Changes)
    number: int = 0
    _seen: set[tuple[str, str]] = field(default_factory=set)
    _edges_seen: set[tuple[str, str, str]] = field(default_factory=set)

    def __post_init__(self) -> None:
        at = datetime.now(UTC).isoformat(timespec="seconds")
        self.number = self.base.execute("INSERT INTO editions (at, what) VALUES (?, ?)", (at, self.what)).lastrowid or 0

    def take(self, pieces: Iterable[Piece], origin: Origin) -> None:
        """Write what one collection says. The first source of an edition to tell of a document is believed."""
        place = self._origin(origin)
        for piece in pieces:
            if isinstance(piece, Document):
                self._document(piece, place)
            else:
                own = self._origin(Origin(origin.collection, piece.source)) if piece.source else place
                self._edge(piece, own, origin.collection)

    def withdraw(self, collections: Iterable[str]) -> None:
        """Close what these collections told of before and no longer do. Only for collections that were read whole."""
        for collection in collections:
            gone = self.base.execute(
                "SELECT d.n, d.kind, d.id FROM documents d JOIN origins o ON o.n = d.origin "
                "WHERE o.collection = ? AND d.until IS NULL AND d.since < ?", (collection, self.number),
            ).fetchall()  # fmt: skip
            for number, kind, id in gone:
                if (kind, id) not in self._seen:
                    self.base.execute("UPDATE documents SET until = ? WHERE n = ?", (self.number, number))
                    self.changes.withdrawn += 1
            edges = self.base.execute(
                "SELECT n, start, relation, end FROM edges WHERE collection = ? AND until IS NULL AND since < ?",
                (collection, self.number),
            ).fetchall()
            for number, *ends in edges:
                if tuple(ends) not in self._edges_seen:
                    self.base.execute("UPDATE edges SET until = ? WHERE n = ?", (self.number, number))
                    self.changes.edges_withdrawn += 1

    def close(self) -> None:
        """End the edition; one that changed nothing leaves no trace."""
        if not self.changes.any:
            self.base.execute("DELETE FROM editions WHERE n = ?", (self.number,))

    def _origin(self, origin: Origin) -> int:
        row = (origin.collection, origin.repository, origin.version, origin.licence, origin.address)
        self.base.execute(
            "INSERT OR IGNORE INTO origins (collection, repository, version, licence, address) VALUES (?, ?, ?, ?, ?)",
            row,
        )
        where = "collection = ? AND repository = ? AND version = ? AND licence = ? AND address = ?"
        return int(self.base.execute(f"SELECT n FROM origins WHERE {where}", row).fetchone()[0])

    def _document(self, piece: Document, origin: int) -> None:
        key = (piece.kind, piece.id)
        if key in self._seen:
            self.changes.repeated += 1
            return
        self._seen.add(key)
        digest = piece.digest()
        present = self.base.execute(
            "SELECT n, digest FROM documents WHERE id = ? AND kind = ? AND until IS NULL", (piece.id, piece.kind)
        ).fetchone()
        if present is not None and present[1] == digest:
            # The newest source that still says the same is the one to name.
            self.base.execute("UPDATE documents SET origin = ? WHERE n = ?", (origin, present[0]))
            self.changes.unchanged += 1
            return
        if present is not None:
            self.base.execute("UPDATE documents SET until = ? WHERE n = ?", (self.number, present[0]))
            self.changes.replaced += 1
        else:
            self.changes.added += 1
        self._insert(piece, digest, origin)

    def _insert(self, piece: Document, digest: bytes, origin: int) -> None:
        execute = self.base.execute
        facts = json.dumps(piece.facts | ({"names": list(piece.names)} if piece.names else {}), ensure_ascii=True)
        number = execute(
            "INSERT INTO documents (kind, id, title, about, facts, digest, origin, since) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (piece.kind, piece.id, _clean(piece.title), piece.about, facts, digest, origin, self.number),
        ).lastrowid
        title = " ".join(terms(" ".join((piece.id, piece.title, *piece.names))))
        for passage in piece.passages:
            row = execute(
                "INSERT INTO passages (document, place, text) VALUES (?, ?, ?)",
                (number, _clean(passage.place), _clean(passage.text)),
            ).lastrowid
            body = " ".join(terms(passage.text))
            execute("INSERT INTO words (rowid, title, body) VALUES (?, ?, ?)", (row, title, body))
        for name in dict.fromkeys((piece.title, *piece.names)):
            execute("INSERT INTO names VALUES (?, ?, ?)", (_clean(name).casefold(), piece.id, number))

    def _edge(self, edge: Edge, origin: int, collection: str) -> None:
        key = (edge.start, edge.relation, edge.end)
        if key in self._edges_seen or edge.start == edge.end:
            return
        self._edges_seen.add(key)
        present = self.base.execute(
            "SELECT n, said FROM edges WHERE start = ? AND relation = ? AND end = ? AND until IS NULL", key
        ).fetchone()
        said = _clean(edge.said)
        if present is not None and present[1] == said:
            self.base.execute(
                "UPDATE edges SET origin = ?, collection = ? WHERE n = ?", (origin, collection, present[0])
            )
            return
        if present is not None:
            self.base.execute("UPDATE edges SET until = ? WHERE n = ?", (self.number, present[0]))
        self.base.execute(
            "INSERT INTO edges (start, relation, end, said, origin, collection, since) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (*key, said, origin, collection, self.number),
        )
        self.changes.edges_added += 1


def _clean(text: str) -> str:
    """Half a surrogate pair is no text; SQLite would refuse the whole edition for it."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "\ufffd")
