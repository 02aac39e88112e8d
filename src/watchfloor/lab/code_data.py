"""Labelled code for the expert ``code``, with whatever gives a benchmark away masked.

The OWASP benchmark names its category and case in routes, file names and functions; users called ``SafeTheo`` give the
answer away. ``masked`` takes that out of the text before anything of ours sees it, in training as in measuring.
"""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from watchfloor.lab.examples import json_lines

#: Of a hundred groups, how many are the last look at BenchmarkPython, and how many the one along the way. A text whose
#: ``examples.part`` is test or dev is never in the training part of this split either.
TEST: Final = 34
DEV: Final = 50

_GIVEAWAYS: Final = (
    (re.compile(r"/benchmark/[\w-]+/"), "/page/"),
    (re.compile(r"web/[\w-]+/"), "web/page/"),
    (re.compile(r"BenchmarkTest\d+"), "Handler"),
    (re.compile(r"\b(key[AB]-|section|map|string|conf)\d+"), r"\1"),
    (re.compile(r"\bSafe(?=[A-Z][a-z])"), ""),
    (re.compile(r"#[^\n'\"]*$", re.MULTILINE), ""),
)


@dataclass(frozen=True, slots=True)
class Case:
    """One labelled file: its masked text, whether it is vulnerable, its CWE, category, name and part of the split."""

    name: str
    text: str
    vulnerable: bool
    cwe: str
    category: str
    part: str


def masked(text: str) -> str:
    """The text without names, routes, numbers and comments that say what the case is."""
    for pattern, instead in _GIVEAWAYS:
        text = pattern.sub(instead, text)
    return text


def third(group: str) -> str:
    """``test``, ``dev`` or ``train`` by the same draw as ``examples.part``, with a larger test."""
    drawn = int.from_bytes(hashlib.sha256(group.encode()).digest()[:8], "big") % 100
    return "test" if drawn < TEST else "dev" if drawn < DEV else "train"


def benchmark(data: Path) -> Iterator[Case]:
    """The half of OWASP BenchmarkPython 0.1 that is not sealed; the group is the masked text."""
    for row in json_lines(data / "text" / "owasp_benchmark" / "benchmark_python_0.1.jsonl.zst"):
        bare = re.sub(r"BenchmarkTest\d+|/benchmark/[^']*", "X", row["code"])
        group = hashlib.sha256(bare.encode()).hexdigest()
        yield Case(row["name"], masked(row["code"]), bool(row["vulnerable"]), f"CWE-{row['cwe']}", row["category"],
                   third(group))  # fmt: skip
