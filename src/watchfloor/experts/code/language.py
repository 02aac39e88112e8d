"""Which language a text is written in, by what its lines look like; only those this expert reads are told apart."""

import re
from typing import Final

_LOOK: Final = 20_000
_SIGNS: Final = {
    "python": re.compile(r"^\s*(?:def \w+\(.*|class \w+.*:\s*$|import \w[\w.]*(?: as \w+)?\s*$|from [\w.]+ import |elif .*:"  # noqa: E501
                         r"|except.*:|async def |with .*:\s*$|if .*:\s*$|for \w+ in .*:|print\(|@\w[\w.]*\(|\w+ = [^;{]*$"  # noqa: E501
                         r"|return [^;{]*$|\w[\w.]*\([^;{]*\)\s*$)", re.MULTILINE),
    "java": re.compile(r"^\s*(?:import (?:static )?[\w.]+(?:\.\*)?;|package [\w.]+;|(?:public|private|protected)\s+(?:static |"  # noqa: E501
                       r"final |abstract )*(?:class|interface|enum|void|[\w<>\[\]]+)\s+\w+|@Override|[A-Z]\w*(?:<.*>)?"
                       r" \w+ = .*;)|\bnew [A-Z]\w*\(|\bSystem\.\w+|\bString\s+\w+", re.MULTILINE),
    "c": re.compile(r"^\s*(?:#\s*(?:include|define|if|endif|ifdef)\b|(?:static |const |unsigned |struct |extern |inline )*"  # noqa: E501
                    r"(?:int|char|void|size_t|float|double|long|wchar_t|struct \w+|\w+_t)\s*\**\s*\w+\s*[\[(;=,])|->\w+|"  # noqa: E501
                    r"\b(?:sizeof|malloc|memcpy|printf|strlen|strcpy|free|NULL)\b", re.MULTILINE),
    "other": re.compile(r"<\?php|\$\w+\s*=|^\s*(?:const|let|var) \w+ =|=>\s*\{|\bfunction\s*\w*\(|^\s*fn \w+|^\s*func \w+|"  # noqa: E501
                        r"\busing System|console\.log|\brequire\(|^resource \"|^\s*end\s*$|<html|\bstd::|^\s*use \w+::",
                        re.MULTILINE | re.IGNORECASE),
}  # fmt: skip


def language(text: str) -> str:
    """``python``, ``java``, ``c``, ``other``, or ``unknown`` where nothing looks like code."""
    look = text[:_LOOK]
    counts = {name: len(pattern.findall(look)) for name, pattern in _SIGNS.items()}
    if re.search(r"^\s*(?:def \w+\(.*\).*:|import \w+$|from [\w.]+ import )", look, re.MULTILINE) and ";\n" not in look:
        counts["python"] += 3
    if "std::" in look and counts["c"]:
        counts["c"] += counts["other"]
        counts["other"] = 0
    best = max(counts, key=lambda name: counts[name])
    return best if counts[best] else "unknown"
