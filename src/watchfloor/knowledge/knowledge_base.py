"""The knowledge base as other floors see it: open, search, get, neighbours, paths."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from watchfloor.base.embeddings import TextEncoder
from watchfloor.base.errors import UsageError
from watchfloor.knowledge import searching
from watchfloor.knowledge.database import connect
from watchfloor.knowledge.documents import KINDS, Origin, Passage, kind_named
from watchfloor.knowledge.graph import Graph, Link, Node, Way
from watchfloor.knowledge.searching import Blend, Found, Shown
from watchfloor.knowledge.vectors import Vectors, path_of

_SNIPPET: Final = 400
_LATEST: Final = -1


@dataclass(frozen=True, slots=True)
class Answer:
    """A document that answers a question, with the passage that says so and where both are from.

    ``score`` is 0 to 1, falling; ``exact`` where the question names it. ``evidence`` is the id of the document the
    passage stands in, which for a technique may be a procedure.
    """

    id: str
    kind: str
    title: str
    score: float
    exact: bool
    snippet: str
    place: str
    evidence: str
    origin: Origin
    since: str
    until: str
    facts: dict[str, Any] = field(default_factory=dict)

    def record(self) -> dict[str, Any]:
        """Plain data for JSON."""
        found: dict[str, Any] = {"id": self.id, "kind": self.kind, "title": self.title, "score": round(self.score, 4)}
        found |= {"exact": self.exact, "passage": self.snippet, "place": self.place, "evidence": self.evidence}
        found |= self.origin.record() | {"since": self.since} | ({"until": self.until} if self.until else {})
        return found | ({"facts": self.facts} if self.facts else {})


@dataclass(frozen=True, slots=True)
class Kept:
    """One version of a document: whole text, and from when to when it was in force (``until`` empty: still)."""

    id: str
    kind: str
    title: str
    passages: tuple[Passage, ...]
    origin: Origin
    since: str
    until: str
    facts: dict[str, Any]


class KnowledgeBase:
    """An open knowledge base, for reading. One thread each."""

    def __init__(self, folder: Path, encoder: TextEncoder | None = None) -> None:
        self._folder = folder
        self._base = connect(folder)
        self._graph = Graph(self._base)
        self._vectors: dict[int, Vectors] = {}
        self._allowed: dict[tuple[int, tuple[str, ...]], npt.NDArray[np.bool_]] = {}
        self._editions: dict[int, str] = dict(self._base.execute("SELECT n, at FROM editions ORDER BY n").fetchall())
        #: Why no vectors are used, or empty.
        self.without_vectors = ""
        self.use(encoder)

    @property
    def has_vectors(self) -> bool:
        """Whether it was built with vectors."""
        return bool(self._meta("encoder"))

    def use(self, encoder: TextEncoder | None) -> None:
        """Read questions with this encoder from now on; one that did not make the vectors is not used."""
        self._encoder = encoder
        made_by = self._meta("encoder")
        if not made_by:
            self.without_vectors = "it was built without vectors"
        elif encoder is None:
            self.without_vectors = "no encoder was given"
        else:
            self.without_vectors = (
                "" if made_by == encoder.version else "its vectors are another backbone's: build again"
            )

    @classmethod
    def open(cls, folder: Path | str, encoder: TextEncoder | None = None) -> Self:
        """Open the knowledge base in a folder; without an encoder words alone are searched.

        Raises:
            UsageError: there is none.
            InputError: it is damaged.
        """
        return cls(Path(folder), encoder)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the files."""
        self._vectors.clear()
        self._base.close()

    def search(
        self, text: str, kinds: tuple[str, ...] = (), limit: int = 10, *, as_of: str = "", blend: Blend | None = None
    ) -> list[Answer]:
        """The best ``limit`` answers to a question, of some kinds or all but procedures and tests.

        ``as_of`` is a day or time (ISO 8601, UTC) or an edition's number: what was in force then is searched.

        Raises:
            UsageError: a kind or time that is not there.
        """
        text = text.encode("utf-8", "replace").decode("utf-8")  # half a surrogate pair is no text
        shown = Shown(self._at(as_of), tuple(map(self._kind, kinds)))
        blend = blend or Blend()
        vectors, vector, allowed = self._vectors_at(shown), None, None
        if self._encoder is not None and not self.without_vectors and blend.vectors and text.strip():
            vector = np.asarray(self._encoder.vectors([text])[0], dtype=np.float32)
            allowed = self._allowed_at(shown, vectors)
        found = searching.search(self._base, vectors, text, vector, allowed, shown, blend, limit)
        return [self._answer(each) for each in found]

    def get(self, id: str, *, versions: bool = False) -> list[Kept]:
        """What is kept under an id, one a kind; with ``versions`` also what it said before, newest first."""
        only = "" if versions else "AND until IS NULL"
        rows = self._base.execute(
            "SELECT n, kind, title, facts, origin, since, until FROM documents "
            f"WHERE id = ? {only} ORDER BY since DESC, n",
            (id,),
        ).fetchall()
        found = []
        for n, kind, title, facts, origin, since, until in rows:
            said = self._base.execute("SELECT text, place FROM passages WHERE document = ? ORDER BY n", (n,))
            passages = tuple(Passage(*row) for row in said)
            dates = self._editions[since], self._editions.get(until, "")
            found.append(Kept(id, kind, title, passages, self._origin(origin), *dates, json.loads(facts)))
        return found

    def neighbours(self, id: str) -> list[tuple[Link, Node]]:
        """Every edge at an id with what stands at its other end."""
        return [
            (link, self._graph.node(link.end if link.start == id else link.start)) for link in self._graph.links(id)
        ]

    def resolve(self, word: str) -> str:
        """The id a person means by an id or a name; see ``Graph.resolve``."""
        return self._graph.resolve(word)

    def node(self, id: str) -> Node:
        """What an id stands for."""
        return self._graph.node(id)

    def paths(self, a: str, b: str, limit: int = 5, *, via: tuple[str, ...] = ()) -> list[Way]:
        """The best ways from ``a`` to ``b``, an id, a name or a kind; ``via`` names the kinds that may lie between.

        Raises:
            UsageError: one of them is not there.
        """
        start = self._graph.resolve(a)
        kinds = frozenset(map(self._kind, via)) if via else None
        kind = kind_named(b)
        if kind is not None:
            return self._graph.ways(start, lambda node: node.kind == kind, most=limit, via=kinds)
        end = self._graph.resolve(b)
        return self._graph.ways(start, lambda node: node.id == end, most=limit, via=kinds)

    def counts(self) -> dict[str, int]:
        """Documents in force, by kind, and edges."""
        rows = self._base.execute(
            "SELECT kind, count(*) FROM documents WHERE until IS NULL GROUP BY kind ORDER BY kind"
        )
        edges = self._base.execute("SELECT count(*) FROM edges WHERE until IS NULL").fetchone()[0]
        return dict(rows.fetchall()) | {"edges": int(edges)}

    @property
    def editions(self) -> dict[int, str]:
        """When each edition was written, by number."""
        return dict(self._editions)

    def _kind(self, word: str) -> str:
        kind = kind_named(word)
        if kind is None:
            raise UsageError(f"there is no kind {word!r}.", hint=f"There are: {', '.join(KINDS)}.")
        return kind

    def _at(self, as_of: str) -> int | None:
        if not as_of:
            return None
        if as_of.isdecimal():
            if int(as_of) not in self._editions:
                known = ", ".join(map(str, list(self._editions)[-10:]))
                raise UsageError(f"there is no edition {as_of}.", hint=f"There are: {known}.")
            return int(as_of)
        # "2026-11-28" means its end, and times are written alike, so text order is time order.
        until = as_of + "T23:59:59" if len(as_of) == 10 else as_of
        earlier = [n for n, at in self._editions.items() if at[: len(until)] <= until]
        if not earlier:
            raise UsageError(
                f"there was no edition by {as_of}.", hint="Give a day, YYYY-MM-DD, or an edition's number."
            )
        return max(earlier)

    def _vectors_at(self, shown: Shown) -> Vectors:
        key = _LATEST if shown.at is None else shown.at
        if key not in self._vectors:
            rows = self._base.execute(
                "SELECT v.passage, v.row FROM placed v JOIN passages p ON p.n = v.passage "
                "JOIN documents d ON d.n = p.document "
                f"WHERE {shown.where()} ORDER BY v.row"
            ).fetchall()
            both = np.asarray(rows, dtype=np.int64).reshape(-1, 2)
            path = path_of(self._folder, self._meta("encoder"))
            self._vectors[key] = Vectors(path, int(self._meta("width") or 0), both[:, 0], both[:, 1])
        return self._vectors[key]

    def _allowed_at(self, shown: Shown, vectors: Vectors) -> npt.NDArray[np.bool_] | None:
        kinds = searching.kinds_of(shown)
        if kinds is None:
            return None
        key = (_LATEST if shown.at is None else shown.at, kinds)
        if key not in self._allowed:
            self._allowed[key] = searching.allowed_of(self._base, vectors.passages.tolist(), kinds)
        return self._allowed[key]

    def _meta(self, name: str) -> str:
        row = self._base.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return str(row[0]) if row else ""

    def _origin(self, number: int) -> Origin:
        row = self._base.execute(
            "SELECT collection, repository, version, licence, address FROM origins WHERE n = ?", (number,)
        ).fetchone()
        return Origin(*row)

    def _answer(self, found: Found) -> Answer:
        id, kind, title, facts, origin, since, until = self._base.execute(
            "SELECT id, kind, title, facts, origin, since, until FROM documents WHERE n = ?", (found.document,)
        ).fetchone()
        where = "p.n = ?" if found.passage else "p.document = ? ORDER BY p.n LIMIT 1"
        text, place, evidence = self._base.execute(
            f"SELECT p.text, p.place, d.id FROM passages p JOIN documents d ON d.n = p.document WHERE {where}",
            (found.passage or found.document,),
        ).fetchone()
        snippet = text if len(text) <= _SNIPPET else text[:_SNIPPET] + "…"
        dates = self._editions[since], self._editions.get(until, "")
        return Answer(
            id,
            kind,
            title,
            found.score,
            found.exact,
            snippet,
            place,
            evidence,
            self._origin(origin),
            *dates,
            json.loads(facts),
        )
