"""What search in the knowledge base is worth beside BM25 alone, the backbone alone and MiniLM alone.

    python -m watchfloor.lab.measure_knowledge ../shared/data --keep FOLDER --json OUT.json

Two questions are asked of one index (ATT&CK enterprise techniques, procedures, a share of CWE, D3FEND):

* **procedures**: a procedure's sentence, its technique to be found among all of ATT&CK enterprise. Software,
  groups and campaigns are dealt to index, development and test as everywhere in the lab, so no sentence about an
  asked-of actor is in the index, and none was a labelled text of the backbone's.
* **named** (SecEval, sources ATT&CK, CWE and D3FEND): the question alone, without options; right is the document
  whose title stands word for word in the right option and not in the question.

And a third judges what is retrieved: **read** gives the five best passages for a question to a reader that can do
nothing but count shared words, and asks which option it would choose (SecEval of those sources, SecBench in
English; single answers).

Weights of the blend are chosen on the development part of **procedures**, MRR, and used everywhere. ``--keep``
holds the indices: run again after the backbone changes, only its vectors are made anew. All systems see the same
passages.
"""

import argparse
import json
import random
import time
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from watchfloor.base.embeddings import TextEncoder
from watchfloor.base.settings import Settings
from watchfloor.experts import bundled
from watchfloor.experts.backbone import Backbone
from watchfloor.knowledge import searching
from watchfloor.knowledge.building import build
from watchfloor.knowledge.database import connect
from watchfloor.knowledge.documents import Document, Piece
from watchfloor.knowledge.searching import Blend, Shown
from watchfloor.knowledge.vectors import Vectors, path_of
from watchfloor.knowledge.wording import terms
from watchfloor.lab.knowledge_questions import (
    Question,
    Reading,
    named_questions,
    procedure_questions,
    reading_questions,
)
from watchfloor.lab.minilm import Teacher

SEED: Final = 0
#: Sizes, for six minutes on one core.
PROCEDURES_INDEXED, WEAKNESSES_INDEXED, DEV, TEST, READ = 700, 150, 150, 400, 250
DRAWS: Final = 2_000
FILES: Final = (
    "attack/enterprise_techniques.jsonl.zst", "attack/enterprise_relations.jsonl.zst",
    "cwe/cwe_v4.9_weaknesses.jsonl.zst", "d3fend/d3fend_terms.jsonl.zst",
)  # fmt: skip
#: MiniLM reads as many words as it was made for.
_TOKENS: Final = 256
_NEAR: Final = 0.9
_CUTS: Final = (1, 5, 10)
Floats = npt.NDArray[np.float32]


class MiniLM:
    """all-MiniLM-L6-v2 as an encoder of the knowledge base."""

    version = "all-MiniLM-L6-v2"

    def __init__(self) -> None:
        self._teacher = Teacher(_TOKENS)

    def vectors(self, texts: Sequence[str]) -> Floats:
        """Vectors of length one."""
        made = [self._teacher.vectors(list(texts[start : start + 32])).numpy() for start in range(0, len(texts), 32)]
        return np.concatenate(made)


@dataclass
class Opinions:
    """One index asked by one encoder: what words and what vectors say of a question, each once."""

    folder: Path
    encoder: TextEncoder
    words_of: dict[tuple[str, tuple[str, ...]], dict[int, float]] = field(default_factory=dict)
    cosines_of: dict[tuple[str, tuple[str, ...]], dict[int, float]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=lambda: {"words": 0.0, "vectors": 0.0, "questions": 0})

    def __post_init__(self) -> None:
        self.base = connect(self.folder)
        rows = self.base.execute(
            "SELECT v.passage, v.row FROM placed v JOIN passages p ON p.n = v.passage "
            "JOIN documents d ON d.n = p.document WHERE d.until IS NULL ORDER BY v.row"
        ).fetchall()
        both = np.asarray(rows, dtype=np.int64)
        (width,) = self.base.execute("SELECT value FROM meta WHERE name = 'width'").fetchone()
        self.vectors = Vectors(path_of(self.folder, self.encoder.version), int(width), both[:, 0], both[:, 1])
        self._allowed: dict[tuple[str, ...], npt.NDArray[np.bool_] | None] = {}

    def ask(self, text: str, kinds: tuple[str, ...]) -> tuple[dict[int, float], dict[int, float]]:
        """Words' and vectors' opinion of the passages."""
        shown, key = Shown(kinds=kinds), (text, kinds)
        if key not in self.words_of:
            if kinds not in self._allowed:
                counted = searching.kinds_of(shown)
                places = self.vectors.passages.tolist()
                self._allowed[kinds] = searching.allowed_of(self.base, places, counted) if counted else None
            began = time.perf_counter()
            self.words_of[key] = searching.by_words(self.base, text, shown)
            between = time.perf_counter()
            vector = np.asarray(self.encoder.vectors([text])[0], dtype=np.float32)
            self.cosines_of[key] = searching.by_vectors(self.vectors, vector, self._allowed[kinds])
            self.seconds["words"] += between - began
            self.seconds["vectors"] += time.perf_counter() - between
            self.seconds["questions"] += 1
        return self.words_of[key], self.cosines_of[key]

    def ranked(self, text: str, kinds: tuple[str, ...], blend: Blend) -> list[tuple[str, int]]:
        """Ids of documents and their best passages, best first."""
        words, cosines = self.ask(text, kinds)
        passages = searching.fused(words if blend.words else {}, cosines if blend.vectors else {}, blend)
        found = searching.ranked(self.base, text, passages, Shown(kinds=kinds), blend)
        ids = {}
        for _, document, passage in found[:100]:
            ids[self.base.execute("SELECT id FROM documents WHERE n = ?", (document,)).fetchone()[0]] = passage
        return list(ids.items())


def ranks(opinions: Opinions, questions: Sequence[Question], blend: Blend) -> list[float]:
    """The rank of the right document for each question, infinite where it is not among the first 100."""
    found = []
    for question in questions:
        ids = [id for id, _ in opinions.ranked(question.text, question.kinds, blend)]
        places = [ids.index(right) + 1 for right in question.right if right in ids]
        found.append(float(min(places)) if places else float("inf"))
    return found


def near_duplicate(opinions: Opinions, question: Question) -> bool:
    """Whether the index holds a passage all but equal to the question (cosine of MiniLM 0.9 or more)."""
    _, cosines = opinions.ask(question.text, question.kinds)
    return max(cosines.values(), default=0.0) >= _NEAR


def figures(found: Sequence[float], groups: Sequence[str]) -> dict[str, Any]:
    """Recall and MRR with 95% intervals, drawn over groups (a group's questions are not independent)."""
    by_group: dict[str, list[float]] = {}
    for rank, group in zip(found, groups, strict=True):
        by_group.setdefault(group, []).append(rank)
    names = sorted(by_group)
    draw = np.random.default_rng(SEED)
    result: dict[str, Any] = {"questions": len(found), "groups": len(names)}
    measures: dict[str, Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]]] = {
        f"recall@{cut}": lambda rank, cut=cut: (rank <= cut).astype(np.float64) for cut in _CUTS
    } | {"mrr": lambda rank: 1 / rank}
    for name, measure in measures.items():
        sums = np.asarray([measure(np.asarray(by_group[each])).sum() for each in names])
        sizes = np.asarray([len(by_group[each]) for each in names])
        chosen = draw.integers(0, len(names), (DRAWS, len(names)))
        drawn = sums[chosen].sum(1) / sizes[chosen].sum(1)
        low, high = np.quantile(drawn, (0.025, 0.975))
        result[name] = {"mean": float(sums.sum() / sizes.sum()), "low": float(low), "high": float(high)}
    return result


def chosen_blend(opinions: Opinions, questions: Sequence[Question]) -> tuple[Blend, list[dict[str, Any]]]:
    """The weights with the best MRR on development questions: one at a time from the default, twice round."""
    grid = {
        "words": (0.2, 0.35, 0.5, 0.65, 0.8), "chorus": (0.0, 0.3, 0.6, 1.0), "witness": (0.0, 0.7, 0.9, 1.0),
        "mention": (0.0, 0.05, 0.15),
    }  # fmt: skip
    now: dict[str, float] = {"words": 0.5, "chorus": 0.3, "witness": 0.9, "mention": 0.15}
    tried: dict[tuple[float, ...], float] = {}
    for _ in range(2):
        for name, values in grid.items():
            scored = []
            for value in values:
                each = now | {name: value}
                key = tuple(each.values())
                if key not in tried:
                    blend = Blend(**{**each, "vectors": 1 - each["words"]})
                    tried[key] = float(np.mean([1 / rank for rank in ranks(opinions, questions, blend)]))
                scored.append((tried[key], value))
            now[name] = max(scored)[1]
    log = [dict(zip(now, key, strict=True)) | {"mrr": round(score, 4)} for key, score in tried.items()]
    return Blend(**{**now, "vectors": 1 - now["words"]}), log


def read(opinions: Opinions, questions: Sequence[Reading], blend: Blend) -> dict[str, float]:
    """Share of questions whose right option shares most words with the best passages, by idf; ties count in parts."""
    (documents,) = opinions.base.execute("SELECT count(*) FROM passages").fetchone()
    scores = []
    for each in questions:
        best = [passage for _, passage in opinions.ranked(each.text, (), blend)[:5] if passage]
        said: set[str] = set()
        for passage in best:
            said |= set(terms(opinions.base.execute("SELECT text FROM passages WHERE n = ?", (passage,)).fetchone()[0]))
        asked = set(terms(each.text))
        shares = []
        for option in each.options:
            words = set(terms(option)) - asked
            weights = {word: np.log(documents / (1 + _frequency(opinions, word))) for word in words}
            total = sum(weights.values())
            shares.append(sum(weight for word, weight in weights.items() if word in said) / total if total else 0.0)
        winners = [place for place, share in enumerate(shares) if share == max(shares)]
        scores.append((each.right in winners) / len(winners))
    drawn = np.random.default_rng(SEED).choice(np.asarray(scores), (DRAWS, len(scores)))
    low, high = np.quantile(drawn.mean(1), (0.025, 0.975))
    return {"questions": len(scores), "right": float(np.mean(scores)), "low": float(low), "high": float(high)}


def _frequency(opinions: Opinions, word: str) -> int:
    row = opinions.base.execute("SELECT doc FROM vocabulary WHERE term = ?", (word,)).fetchone()
    return int(row[0]) if row else 0


def indexed(data: Path, folder: Path, encoder: TextEncoder, keep: Callable[[Piece], bool]) -> dict[str, float]:
    """Build one index; passages a second of what had to be encoded, and of an unchanged second run."""
    began = time.perf_counter()
    built = build(folder, [str(data / "text" / file) for file in FILES], Settings(), encoder, keep=keep)
    seconds = time.perf_counter() - began
    return {"passages": built.passages, "encoded": built.encoded, "seconds": seconds}


def kept_pieces(data: Path) -> Callable[[Piece], bool]:
    """What the index holds: every technique in force, some procedures of actors that are not asked of, some of CWE."""
    _, _, procedures = procedure_questions(data, SEED)
    wanted = set(random.Random(SEED).sample(sorted(procedures), PROCEDURES_INDEXED))

    def keep(piece: Piece) -> bool:
        if not isinstance(piece, Document):
            return False
        if piece.kind == "procedure":
            return piece.id in wanted
        if piece.kind == "weakness":
            share = zlib.crc32(piece.id.encode()) % 963 < WEAKNESSES_INDEXED
            return share and not piece.facts.get("deprecated")
        return not piece.facts.get("deprecated")

    return keep


def speeds(texts: Sequence[str], ours: TextEncoder, theirs: TextEncoder) -> dict[str, float]:
    """Passages a second of both encoders on the same texts, in turns, and their ratio."""
    times: dict[str, list[float]] = {"ours": [], "minilm": []}
    for _ in range(3):
        for who, encoder in (("ours", ours), ("minilm", theirs)):
            began = time.perf_counter()
            encoder.vectors(texts)
            times[who].append(time.perf_counter() - began)
    best = {who: len(texts) / min(many) for who, many in times.items()}
    return {f"{who}_passages_a_second": value for who, value in best.items()} | {"ratio": best["ours"] / best["minilm"]}


def measured(data: Path, folder: Path) -> dict[str, Any]:
    """All figures."""
    keep = kept_pieces(data)
    ours, theirs = Backbone(bundled.BACKBONE, threads=1, remembered_bytes=0), MiniLM()
    found: dict[str, Any] = {"backbone": ours.version[:16], "index": {}}
    opinions = {}
    for who, encoder in (("ours", ours), ("minilm", theirs)):
        found["index"][who] = indexed(data, folder / who, encoder, keep)
        print(who, found["index"][who], flush=True)
        opinions[who] = Opinions(folder / who, encoder)
    dev, test, _ = procedure_questions(data, SEED)
    dev, test = dev[:DEV], test[:TEST]
    blend, found["development"] = chosen_blend(opinions["ours"], dev)
    found["blend"] = {name: getattr(blend, name) for name in ("words", "vectors", "chorus", "witness", "mention")}
    print(found["blend"], flush=True)
    rest = {"chorus": blend.chorus, "witness": blend.witness, "mention": blend.mention}
    bare = {"chorus": 0.0, "witness": 1.0, "mention": 0.0}
    systems = {
        "hybrid": ("ours", blend),
        "hybrid, plain (half and half)": ("ours", Blend(0.5, 0.5, **bare)),
        "BM25 alone": ("ours", Blend(1.0, 0.0, **bare)),
        "our backbone alone": ("ours", Blend(0.0, 1.0, **bare)),
        "MiniLM alone": ("minilm", Blend(0.0, 1.0, **bare)),
        "hybrid with MiniLM": ("minilm", Blend(blend.words, blend.vectors, **rest)),
    }
    asked = named_questions(data, opinions["ours"].base)
    reading = reading_questions(data, READ, SEED)
    for name, (who, each) in systems.items():
        found[name] = {"procedures": figures(ranks(opinions[who], test, each), [q.group for q in test])}
        fresh = [question for question in test if not near_duplicate(opinions["minilm"], question)]
        found[name]["procedures, no near-duplicates"] = figures(
            ranks(opinions[who], fresh, each), [q.group for q in fresh]
        )
        found[name]["named"] = figures(ranks(opinions[who], asked, each), [q.group for q in asked])
        found[name]["read"] = {part: read(opinions[who], many, each) for part, many in reading.items()}
        print(name, json.dumps(found[name]), flush=True)
    found["a question"] = {
        f"{who}, {part}": 1000 * many.seconds[part] / many.seconds["questions"]
        for who, many in opinions.items() for part in ("words", "vectors")
    }  # fmt: skip
    found["speed"] = speeds([q.text for q in test[:64]], ours, theirs)
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--keep", type=Path, required=True, help="folder for the indices, used again")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    options.keep.mkdir(parents=True, exist_ok=True)
    found = measured(options.data, options.keep)
    text = json.dumps(found, indent=2) + "\n"
    print(text)
    if options.json:
        options.json.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
