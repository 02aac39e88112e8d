"""The attack–defence graph: what stands beside a thing, and the few best ways from one thing to another.

A way through something that everything touches says little, so a step costs more the more neighbours its end has
(as in Adamic & Adar, "Friends and neighbors on the Web", 2003). The best ways are found as Yen's k shortest loopless
paths (1971) are.
"""

import heapq
import math
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final

from watchfloor.base.errors import UsageError

#: Neighbours of a node that a search for ways looks at; a node with more is no way to anywhere.
_MOST_NEIGHBOURS: Final = 3_000
#: Nodes a search for one way may visit.
_MOST_VISITED: Final = 20_000
#: Steps of a way at most.
_LONGEST: Final = 8
#: Only ends of a way, never between: two CVEs of one weakness, or two notes of one technique, are not related by that.
_ENDS_ONLY: Final = frozenset({"vulnerability", "exploited", "note", "rule", "test", "tactic", "control", "asset"})
#: Between two of one kind these say next to nothing (two techniques one mitigation helps against) …
_NO_BRIDGE: Final = frozenset({"mitigation", "countermeasure", "detection", "binary"})
#: … and anything else little: what such a step costs more.
_BRIDGE: Final = 1.5


@dataclass(frozen=True, slots=True)
class Link:
    """An edge as it is shown: ``start`` stands in ``relation`` to ``end``, says ``source``."""

    start: str
    relation: str
    end: str
    said: str
    source: str
    version: str

    def record(self) -> dict[str, str]:
        """Plain data for JSON."""
        found = {"start": self.start, "relation": self.relation, "end": self.end, "source": self.source}
        return found | {name: value for name, value in (("version", self.version), ("said", self.said)) if value}


@dataclass(frozen=True, slots=True)
class Node:
    """A thing in the graph; one that is only spoken of has no title."""

    id: str
    kind: str
    title: str


@dataclass(frozen=True, slots=True)
class Way:
    """A path: nodes, the links between them in order, and what it cost (less is better)."""

    nodes: tuple[Node, ...]
    links: tuple[Link, ...]
    cost: float


class Graph:
    """Edges in force, read from the knowledge base as they are asked for."""

    def __init__(self, base: sqlite3.Connection) -> None:
        self._base = base
        self._node = lru_cache(maxsize=100_000)(self._look)
        self._beside: dict[str, list[str]] | None = None

    def node(self, id: str) -> Node:
        """What an id stands for."""
        return self._node(id)

    def links(self, id: str) -> list[Link]:
        """All edges at a node, those from it first."""
        rows = self._base.execute(
            "SELECT e.start, e.relation, e.end, e.said, o.repository, o.collection, o.version FROM edges e "
            "JOIN origins o ON o.n = e.origin WHERE (e.start = ? OR e.end = ?) AND e.until IS NULL "
            "ORDER BY e.start <> ?, e.relation, e.end, e.start", (id, id, id),
        )  # fmt: skip
        return [Link(a, b, c, said, owner or place, version) for a, b, c, said, owner, place, version in rows]

    def resolve(self, word: str) -> str:
        """The id a person means: an id in any case, an older one's successor, or a name.

        Raises:
            UsageError: nothing is called so, or several things are.
        """
        wanted = word.strip()
        for id in dict.fromkeys((wanted, wanted.upper(), wanted.lower())):
            later = self._base.execute(
                "SELECT end FROM edges WHERE start = ? AND relation = 'revoked-by' AND until IS NULL", (id,)
            ).fetchone()
            if later is not None:
                return str(later[0])
            if self._look(id).kind:
                return id
        rows = self._base.execute(
            "SELECT DISTINCT d.id FROM names n JOIN documents d ON d.n = n.document WHERE n.name = ? "
            "AND d.until IS NULL "
            "AND d.kind NOT IN ('procedure', 'test') LIMIT 6", (" ".join(wanted.split()).casefold(),),
        ).fetchall()  # fmt: skip
        if len(rows) == 1:
            return str(rows[0][0])
        if rows:
            raise UsageError(f"{word!r} is the name of {', '.join(row[0] for row in rows)}.", hint="Give an id.")
        raise UsageError(f"nothing is called {word!r} here.", hint=f"Try: watchfloor knowledge search {word!r}")

    def ways(
        self, start: str, goal: Callable[[Node], bool], *, most: int = 5, via: frozenset[str] | None = None
    ) -> list[Way]:
        """The best ``most`` ways from a node to any that is a goal; ``via`` names the kinds a way may lead through."""
        found: list[list[str]] = []
        waiting: list[tuple[float, list[str]]] = []
        first = self._shortest([start], goal, frozenset(), frozenset(), via)
        if first is not None:
            heapq.heappush(waiting, first)
        seen: set[tuple[str, ...]] = set()
        while waiting and len(found) < most:
            _, path = heapq.heappop(waiting)
            if tuple(path) in seen:
                continue
            seen.add(tuple(path))
            found.append(path)
            for turn in range(len(path) - 1):
                front = path[: turn + 1]
                closed = frozenset(
                    (known[turn], known[turn + 1])
                    for known in found
                    if known[: turn + 1] == front and len(known) > turn + 1
                )
                further = self._shortest(front, goal, closed, frozenset(front[:-1]), via)
                if further is not None and tuple(further[1]) not in seen:
                    heapq.heappush(waiting, further)
        return sorted((self._way(path) for path in found), key=lambda way: way.cost)

    def _shortest(
        self,
        front: list[str],
        goal: Callable[[Node], bool],
        closed: frozenset[tuple[str, str]],
        barred: frozenset[str],
        via: frozenset[str] | None,
    ) -> tuple[float, list[str]] | None:
        """Dijkstra's algorithm from the last node of ``front``, without closed steps and barred nodes."""
        begun = self._cost(front)
        heap: list[tuple[float, int, str]] = [(begun, len(front), front[-1])]
        cost = {front[-1]: begun}
        came: dict[str, str] = {}
        done: set[str] = set()
        while heap and len(done) < _MOST_VISITED:
            so_far, length, here = heapq.heappop(heap)
            if here in done:
                continue
            done.add(here)
            if here != front[-1] and here not in front and goal(self._node(here)):
                path = [here]
                while path[-1] != front[-1]:
                    path.append(came[path[-1]])
                return so_far, front[:-1] + path[::-1]
            if length > _LONGEST or not self._passable(here, front, via):
                continue
            before = came.get(here) or (front[-2] if len(front) > 1 and here == front[-1] else None)
            for other in self._neighbours(here)[:_MOST_NEIGHBOURS]:
                if other in done or other in barred or (here, other) in closed:
                    continue
                bridge = self._bridge(before, here, other)
                total = so_far + self._step(here, other) + bridge
                if total < cost.get(other, math.inf):
                    cost[other], came[other] = total, here
                    heapq.heappush(heap, (total, length + 1, other))
        return None

    def _passable(self, here: str, front: list[str], via: frozenset[str] | None) -> bool:
        if here == front[0]:
            return True
        kind = self._node(here).kind
        return kind in via if via is not None else kind not in _ENDS_ONLY

    def _step(self, here: str, other: str) -> float:
        return 1.0 + 0.25 * math.log1p(len(self._neighbours(other)))

    def _bridge(self, before: str | None, here: str, other: str) -> float:
        """What it costs more to come from one thing to another of its kind by way of something both touch."""
        if before is None or self._node(before).kind != self._node(other).kind:
            return 0.0
        return math.inf if self._node(here).kind in _NO_BRIDGE else _BRIDGE

    def _neighbours(self, id: str) -> list[str]:
        """Ids beside one; the whole graph is read at the first question."""
        if self._beside is None:
            beside: dict[str, list[str]] = {}
            for start, end in self._base.execute("SELECT DISTINCT start, end FROM edges WHERE until IS NULL"):
                beside.setdefault(start, []).append(end)
                beside.setdefault(end, []).append(start)
            self._beside = beside
        return self._beside.get(id, [])

    def _look(self, id: str) -> Node:
        row = self._base.execute(
            "SELECT kind, title FROM documents WHERE id = ? AND until IS NULL ORDER BY kind = 'exploited' LIMIT 1",
            (id,),
        ).fetchone()
        if row is None:
            told = "SELECT 1 FROM edges WHERE (start = ? OR end = ?) AND until IS NULL LIMIT 1"
            spoken_of = self._base.execute(told, (id, id)).fetchone() is not None
            return Node(id, _kind_by_id(id) if spoken_of else "", "")
        return Node(id, row[0], row[1] if row[1] != id else "")

    def _way(self, path: list[str]) -> Way:
        links = []
        for one, other in pairwise(path):
            links.append(
                min((each for each in self.links(one) if other in (each.start, each.end)), key=lambda e: not e.said)
            )
        return Way(tuple(map(self._node, path)), tuple(links), round(self._cost(path), 3))

    def _cost(self, path: list[str]) -> float:
        steps = sum(self._step(one, other) for one, other in pairwise(path))
        return steps + sum(self._bridge(*three) for three in zip(path, path[1:], path[2:], strict=False))


def _kind_by_id(id: str) -> str:
    """What an id that is only spoken of looks like."""
    starts = {
        "CVE-": "vulnerability", "CWE-": "weakness", "CAPEC-": "pattern", "D3-": "countermeasure", "TA": "tactic",
        "T": "technique", "S": "software", "G": "group", "M": "mitigation",
    }  # fmt: skip
    return next((kind for start, kind in starts.items() if id.startswith(start)), "unknown")
