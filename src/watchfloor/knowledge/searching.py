"""Which documents answer a question: exact ids and names first, then words and vectors together.

Words: BM25 (Robertson & Zaragoza, 2009) over SQLite's full-text index. Vectors: cosine in the backbone's retrieval
space. Both are put on one scale and added (convex combination; Bruch et al., "An Analysis of Fusion Functions for
Hybrid Retrieval", 2023, which finds it better than reciprocal ranks where a few weights can be chosen).
"""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from watchfloor.knowledge.documents import WITNESSES
from watchfloor.knowledge.vectors import Vectors
from watchfloor.knowledge.wording import STOP_WORDS, ids_in, question_terms

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Blend:
    """How much each opinion counts. The defaults were chosen on development questions (``lab.measure_knowledge``).

    ``words`` and ``vectors`` weigh the two rankings; ``chorus`` is what further passages of a document add to its best
    one; ``witness`` is what a procedure's passage counts for its technique, beside one of the technique's own;
    ``mention`` is what a document gains whose name stands in the question.
    """

    words: float = 0.35
    vectors: float = 0.65
    chorus: float = 0.3
    witness: float = 1.0
    mention: float = 0.15


#: Passages each ranking may put forward.
_DEPTH: Final = 200
#: Rarest words of a question that are looked up.
_MOST_TERMS: Final = 24
#: A word in the title counts this many times one in the text.
_TITLE: Final = 2.0
#: Further passages of a document that are heard.
_CHORUS: Final = 3
#: What is no longer in force is found, but not first.
_DEAD: Final = 0.6
#: What a passage without a vector is taken to be as like the question as its words are, less this.
_UNSEEN: Final = 0.8
_MOST_CHARACTERS: Final = 4_000


@dataclass(frozen=True, slots=True)
class Found:
    """A document that answers: its row, score, and the row of the passage that speaks most for it (0: none)."""

    document: int
    score: float
    passage: int = 0
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """What a search may show: documents in force at one time, of some kinds (none named: all but witnesses)."""

    at: int | None = None
    kinds: tuple[str, ...] = ()

    def where(self, table: str = "d") -> str:
        """The condition on documents in force."""
        if self.at is None:
            return f"{table}.until IS NULL"
        return f"{table}.since <= {int(self.at)} AND ({table}.until IS NULL OR {table}.until > {int(self.at)})"

    def wanted(self, kind: str) -> bool:
        """Whether documents of a kind are shown."""
        return kind in self.kinds if self.kinds else kind not in WITNESSES


def by_words(base: sqlite3.Connection, question: str, shown: Shown) -> dict[int, float]:
    """BM25 of the passages that share words with a question, best ``_DEPTH`` of those in force."""
    counted: list[tuple[int, str]] = []
    for term in question_terms(question[:_MOST_CHARACTERS]):
        row = base.execute("SELECT doc FROM vocabulary WHERE term = ?", (term,)).fetchone()
        if row is not None:
            counted.append((row[0], term))
    if not counted:
        return {}
    query = " OR ".join(f'"{term}"' for _, term in sorted(counted)[:_MOST_TERMS])
    kinds = kinds_of(shown)
    limit = "" if kinds is None else f"AND d.kind IN ({','.join('?' * len(kinds))})"
    # A witness whose technique is not wanted is dropped later; the depth is taken before, of what may count.
    rows = base.execute(
        f"SELECT words.rowid, bm25(words, {_TITLE}, 1.0) AS score FROM words JOIN passages p ON p.n = words.rowid "
        f"JOIN documents d ON d.n = p.document WHERE words MATCH ? AND {shown.where()} {limit} "
        f"ORDER BY score LIMIT {_DEPTH}",
        (query, *(kinds or ())),
    )
    return {passage: -score for passage, score in rows}


def kinds_of(shown: Shown) -> tuple[str, ...] | None:
    """Kinds of documents whose passages may count; witnesses may speak for what is wanted."""
    return None if not shown.kinds else tuple(dict.fromkeys((*shown.kinds, *sorted(WITNESSES))))


def by_vectors(vectors: Vectors, question: Floats, allowed: npt.NDArray[np.bool_] | None) -> dict[int, float]:
    """Cosines of the ``_DEPTH`` passages most like a question."""
    if not len(vectors):
        return {}
    likeness = vectors.likeness(question)
    if allowed is not None:
        likeness = np.where(allowed, likeness, np.float32(-2))
    best = np.argsort(-likeness, kind="stable")[:_DEPTH]
    return {int(vectors.passages[each]): float(likeness[each]) for each in best if likeness[each] > 0}


def fused(words: Mapping[int, float], cosines: Mapping[int, float], blend: Blend) -> dict[int, float]:
    """One score a passage, 0 to 1: both opinions as shares of the best one's, weighed."""
    most_words = max(words.values(), default=0.0) or 1.0
    most_like = max(cosines.values(), default=0.0) or 1.0
    least_like = min(cosines.values(), default=0.0)
    total = blend.words + blend.vectors
    found: dict[int, float] = {}
    for passage in words.keys() | cosines.keys():
        said = words.get(passage, 0.0) / most_words
        like = cosines.get(passage)
        if like is not None:
            seen = like / most_like
        elif cosines:
            seen = _UNSEEN * min(said, least_like / most_like)
        else:
            seen = _UNSEEN * said
        found[passage] = (blend.words * said + blend.vectors * seen) / total
    return found


def gathered(
    base: sqlite3.Connection, passages: Mapping[int, float], shown: Shown, blend: Blend
) -> list[tuple[float, int, int]]:
    """Documents by what their passages and their witnesses' say: (score, document, best passage), best first."""
    heard: dict[int, list[tuple[float, int]]] = {}
    dead: set[int] = set()
    for passage, score in passages.items():
        document, kind, about, facts = base.execute(
            "SELECT d.n, d.kind, d.about, d.facts FROM passages p JOIN documents d ON d.n = p.document WHERE p.n = ?",
            (passage,),
        ).fetchone()
        if '"deprecated": true' in facts or '"rejected": true' in facts:
            dead.add(document)
        if shown.wanted(kind):
            heard.setdefault(document, []).append((score, passage))
        if kind in WITNESSES:
            for owner, owner_kind in base.execute(
                f"SELECT d.n, d.kind FROM documents d WHERE d.id = ? AND {shown.where()}", (about,)
            ):
                if shown.wanted(owner_kind):
                    heard.setdefault(owner, []).append((score * blend.witness, passage))
    ranked = []
    for document, said in heard.items():
        said.sort(reverse=True)
        score = said[0][0] + blend.chorus * sum(each for each, _ in said[1 : 1 + _CHORUS]) / _CHORUS
        ranked.append((score / (1 + blend.chorus) * (_DEAD if document in dead else 1.0), document, said[0][1]))
    return sorted(ranked, key=lambda each: (-each[0], each[1]))


def named(base: sqlite3.Connection, question: str, shown: Shown) -> list[int]:
    """Documents whose id stands in the question, or whose name the question is; a revoked id brings its successor."""
    ids = ids_in(question)
    if question.strip() not in ids:
        ids.append(question.strip())
    for id in list(ids):
        rows = base.execute(
            "SELECT end FROM edges WHERE start = ? AND relation = 'revoked-by' AND until IS NULL", (id,)
        )
        ids += [row[0] for row in rows]
    found: list[int] = []
    for id in dict.fromkeys(ids):
        rows = base.execute(
            f"SELECT d.n, d.kind FROM documents d WHERE d.id = ? AND {shown.where()} ORDER BY d.n", (id,)
        )
        found += [n for n, kind in rows if shown.wanted(kind) or kind in WITNESSES]
    said = " ".join(question.split()).casefold()
    rows = base.execute(
        "SELECT d.n, d.kind FROM names x JOIN documents d ON d.n = x.document "
        f"WHERE x.name = ? AND {shown.where()} LIMIT 20",
        (said,),
    )
    return list(dict.fromkeys(found + [n for n, kind in rows if shown.wanted(kind)]))


#: Words of a name that is looked for inside a question, and its least characters.
_NAME_WORDS: Final = 6
_NAME_CHARACTERS: Final = 4


def mentioned(base: sqlite3.Connection, question: str, shown: Shown) -> set[int]:
    """Documents whose name stands in the question, word for word."""
    words = question[:_MOST_CHARACTERS].casefold().replace(",", " ").replace("?", " ").replace('"', " ").split()[:120]
    words = [word.strip(".:;!()[]'’") for word in words]
    names = {
        " ".join(words[start : start + size])
        for size in range(1, _NAME_WORDS + 1)
        for start in range(len(words) - size + 1)
    }
    found: set[int] = set()
    for name in names:
        if len(name) < _NAME_CHARACTERS or name in STOP_WORDS:
            continue
        for n, kind in base.execute(
            "SELECT d.n, d.kind FROM names x JOIN documents d ON d.n = x.document "
            f"WHERE x.name = ? AND {shown.where()} AND d.kind NOT IN ('procedure', 'test', 'rule') LIMIT 20", (name,),
        ):  # fmt: skip
            if shown.wanted(kind):
                found.add(n)
    return found


def ranked(
    base: sqlite3.Connection, question: str, passages: Mapping[int, float], shown: Shown, blend: Blend
) -> list[tuple[float, int, int]]:
    """Documents by their passages' scores and by being named: (score, document, best passage), best first."""
    found = gathered(base, passages, shown, blend)
    if blend.mention and (also := mentioned(base, question, shown)):
        heard = {document for _, document, _ in found}
        found = [(score + blend.mention * (document in also), document, passage) for score, document, passage in found]
        found += [(blend.mention, document, 0) for document in also - heard]
        found.sort(key=lambda each: (-each[0], each[1]))
    return found


def search(
    base: sqlite3.Connection,
    vectors: Vectors,
    question: str,
    question_vector: Floats | None,
    allowed: npt.NDArray[np.bool_] | None,
    shown: Shown,
    blend: Blend,
    limit: int,
) -> list[Found]:
    """The best ``limit`` documents for a question, scores falling; exact ones first with score 1."""
    first = named(base, question, shown)[:limit]
    words = by_words(base, question, shown) if blend.words else {}
    cosines = by_vectors(vectors, question_vector, allowed) if question_vector is not None and blend.vectors else {}
    passages = fused(words, cosines, blend)
    found_all = ranked(base, question, passages, shown, blend)
    spoke = {document: passage for _, document, passage in found_all}
    found = [Found(document, 1.0, spoke.get(document, 0), exact=True) for document in first]
    found += [Found(n, min(score, 1.0), passage) for score, n, passage in found_all if n not in set(first)]
    return found[:limit]


def allowed_of(base: sqlite3.Connection, passages: Sequence[int], kinds: tuple[str, ...]) -> npt.NDArray[np.bool_]:
    """Which passages are of kinds that may count, ``(passages,)``."""
    marks = ",".join("?" * len(kinds))
    rows = base.execute(
        f"SELECT p.n FROM passages p JOIN documents d ON d.n = p.document WHERE d.kind IN ({marks})", kinds
    )
    wanted = {row[0] for row in rows}
    return np.fromiter((each in wanted for each in passages), dtype=np.bool_, count=len(passages))
