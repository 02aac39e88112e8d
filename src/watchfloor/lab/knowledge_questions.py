"""Questions the knowledge base is measured with, each with what answers it: ATT&CK procedures, SecEval, SecBench."""

import random
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from watchfloor.base import attack
from watchfloor.knowledge.documents import plain
from watchfloor.lab.examples import json_lines, part

_SOURCES: Final = ("attck", "cwe", "d3fend")
_LETTERS: Final = "ABCDEFGH"


@dataclass(frozen=True, slots=True)
class Question:
    """A text, the ids that answer it, the kinds it is asked of, and the group its bootstrap is drawn over."""

    text: str
    right: tuple[str, ...]
    kinds: tuple[str, ...]
    group: str


@dataclass(frozen=True, slots=True)
class Reading:
    """A question with options, of which ``right`` is the place of the right one."""

    text: str
    options: tuple[str, ...]
    right: int


def procedure_questions(data: Path, seed: int) -> tuple[list[Question], list[Question], list[str]]:
    """Development and test questions, and ids of procedures the index may hold; split by software, group, campaign.

    The split is the lab's own (``lab.examples``): the backbone learned from labelled procedures of its training part.
    """
    parts: dict[str, list[Question]] = {"dev": [], "test": []}
    free = []
    for row in json_lines(data / "text" / "attack" / "enterprise_relations.jsonl.zst"):
        text = plain(row["text"])
        if row["rel"] != "uses" or row["dst_type"] != "attack-pattern" or row["dead"] or len(text) <= 20:
            continue
        group = part(f"attack {row['src']}")
        if group == "train":
            free.append(f"{row['src']}>{row['dst']}")
        elif row["dst"] in attack.vocabulary().techniques:
            parts[group].append(Question(text, (row["dst"],), ("technique",), row["src"]))
    for many in parts.values():
        random.Random(seed).shuffle(many)
    return parts["dev"], parts["test"], list(dict.fromkeys(free))


def named_questions(data: Path, base: sqlite3.Connection) -> list[Question]:
    """SecEval questions whose right option names a document of the index that the question does not name."""
    kinds = ("technique", "weakness", "countermeasure")
    titles: dict[str, list[str]] = {}
    for id, title in base.execute(f"SELECT id, title FROM documents WHERE kind IN ({','.join('?' * 3)})", kinds):
        if len(title) >= 6:
            titles.setdefault(title.casefold(), []).append(id)
    found = []
    for row in json_lines(data / "text" / "seceval" / "questions.jsonl.zst"):
        if row["source"] not in _SOURCES:
            continue
        question = f" {row['question'].casefold()} "
        right = " ".join(choice for choice in row["choices"] if choice[:1] in row["answer"]).casefold()
        ids = [id for title, many in titles.items() if title in right and title not in question for id in many]
        if ids:
            found.append(Question(row["question"], tuple(ids), kinds, row["id"]))
    return found


def reading_questions(data: Path, most: int, seed: int) -> dict[str, list[Reading]]:
    """Questions of one right answer: SecEval from ATT&CK, CWE and D3FEND; SecBench in English. A sample of each."""
    seceval = [
        Reading(row["question"], tuple(choice[2:].strip() for choice in row["choices"]), _LETTERS.index(row["answer"]))
        for row in json_lines(data / "text" / "seceval" / "questions.jsonl.zst")
        if row["source"] in _SOURCES and len(row["answer"]) == 1
    ]
    secbench = [
        Reading(row["question"], tuple(map(str, row["answers"])), _LETTERS.index(row["label"]))
        for row in json_lines(data / "text" / "secbench" / "MCQs_2730.jsonl.zst")
        if row["language"] == "English" and len(row["label"]) == 1
    ]
    parts = {"seceval": seceval, "secbench": secbench}
    return {name: random.Random(seed).sample(many, min(most, len(many))) for name, many in parts.items()}
