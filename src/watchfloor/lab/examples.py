"""Labelled texts: what an expert learns from, and which of them it may never see.

A text belongs to a group (a document, a binary, a CVE): a group is never cut by a split, and every trainer of the lab
draws the same split, so that what one expert is tested on was in no other part of the product's training either.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import zstandard

#: Of a hundred groups, how many are kept for the final test and for choosing along the way.
TEST: Final = 10
DEV: Final = 10


@dataclass(frozen=True, slots=True)
class Example:
    """One text with its labels; ``group`` stays in one part of every split, ``source`` says where it is from.

    ``weight`` is what it counts in learning, beside others of one.
    """

    text: str
    labels: tuple[str, ...]
    group: str
    source: str
    weight: float = 1.0

    @property
    def part(self) -> str:
        """``train``, ``dev`` or ``test``, drawn from the group alone."""
        return part(self.group)


def part(group: str) -> str:
    """Which part of every split a group is in: the same on every machine, for every expert."""
    drawn = int.from_bytes(hashlib.sha256(group.encode()).digest()[:8], "big") % 100
    return "test" if drawn < TEST else "dev" if drawn < TEST + DEV else "train"


def json_lines(path: Path) -> Iterator[dict[str, Any]]:
    """Records of a JSON-lines file packed with zstandard."""
    with zstandard.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def write(path: Path, examples: Iterable[Example]) -> int:
    """Write examples as ``watchfloor lab finetune`` reads them; says how many."""
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for each in examples:
            labels: str | list[str] = each.labels[0] if len(each.labels) == 1 else list(each.labels)
            record: dict[str, Any] = {"text": each.text, "label": labels, "group": each.group, "source": each.source}
            if each.weight != 1:
                record["weight"] = each.weight
            file.write(json.dumps(record, ensure_ascii=False) + "\n")
            count += 1
    return count
