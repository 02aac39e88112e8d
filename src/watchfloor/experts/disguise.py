"""What a text says under a disguise: look-alike letters, invisible marks, spaced or split words, encodings.

A guard that reads only what is written misses ``1gn0r3`` and base64; a model that obeys it does not. Each view is one
more reading of the same text, judged like the text itself. Knows nothing of attacks: it undoes disguises, whatever is
under them. The list of evasions follows Hackett et al., "Bypassing Prompt Injection and Jailbreak Detection in LLM
Guardrails" (arXiv 2504.11168); confusable letters are those of Unicode's UTS 39 that look like basic Latin.
"""

import base64
import binascii
import codecs
import html
import re
import unicodedata
from collections.abc import Callable, Collection, Iterator
from typing import Final
from urllib.parse import unquote

#: Views of a text at most, and characters of it that are looked at: what is longer is seldom disguised as a whole.
MOST_VIEWS: Final = 3
READ: Final = 20_000
#: Cyrillic, Greek and Armenian letters that pass for Latin ones.
_ALIKE: Final = str.maketrans(
    "аеорсухіјѕԁһԛԝвкмнтАВЕКМНОРСТХУІЈЅԌԚԜαονικρτυχγηωΑΒΕΖΗΙΚΜΝΟΡΤΥΧօոսցհ",
    "aeopcyxijsdhqwbkmhtABEKMHOPCTXYIJSGQWaovikptuxynwABEZHIKMNOPTYXonugh",
)
_LEET: Final = str.maketrans("01345789@$!|€", "oieastbgasile")
#: Tags (U+E0000) are invisible copies of ASCII, and variation selectors hide nothing but themselves.
_TAGS: Final = {0xE0000 + code: code for code in range(0x20, 0x7F)}
_UNSEEN: Final = re.compile(r"[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f"
                            r"\ufe00-\ufe0f\ufeff\U000e0000-\U000e007f\U000e0100-\U000e01ef]")  # fmt: skip
_SPACED: Final = re.compile(r"(?<!\w)(?:[^\W_]([ .\-_*·|]{1,3}))(?:[^\W_][ .\-_*·|]{1,3}){3,}[^\W_](?!\w)")
_LETTERS: Final = re.compile(r"\w")
_LITERALS: Final = re.compile(r"""(["'])([^"'\n]{1,80})\1(?:\s*[+,&.]\s*|\s+)(?=["'])""")
_BROKEN: Final = re.compile(r"\b([A-Za-z]{2,})(?:[-_*~]|\s?[|/\\]\s?)([A-Za-z]{2,})\b")
_BASE64: Final = re.compile(r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{16,}={0,2}(?![A-Za-z0-9+/_=-])")
_HEX: Final = re.compile(r"(?<![0-9A-Fa-f])(?:(?:0x|\\x)?[0-9A-Fa-f]{2}[ ,:]?){10,}(?![0-9A-Fa-f])")
_ESCAPES: Final = re.compile(r"\\u([0-9a-fA-F]{4})|\\x([0-9a-fA-F]{2})")
_WORD: Final = re.compile(r"[^\W\d_]{3,}")
#: Letters without spaces are cut into words up to this long, in runs up to that.
_LONGEST_WORD: Final = 18
_LONGEST_RUN: Final = 400


def views(text: str, words: Collection[str]) -> list[str]:
    """Other readings of a text, none of them equal to it. ``words``: known words in lower case."""
    text = text[:READ]
    found: list[str] = []
    plain = _undone(text, words)
    for each in (plain, *_decoded(plain, words)):
        # Letters that only differ in form are the same to the tokenizer: not a view of its own.
        if each != text and each not in found and _folded(each) != _folded(text):
            found.append(each)
    return found[:MOST_VIEWS]


def _undone(text: str, words: Collection[str]) -> str:
    """The text without what is invisible, look-alikes as letters, spaced and broken words joined."""
    text = unicodedata.normalize("NFKC", _UNSEEN.sub("", text.translate(_TAGS)))
    text = " ".join(_latin(word) for word in text.split(" "))
    text = _SPACED.sub(lambda found: _joined(found, words), text)
    text = _LITERALS.sub(lambda found: found[1] + found[2] + "\0", text) if '"' in text or "'" in text else text
    text = re.sub(r"\0[\"']", "", text).replace("\0", "")
    text = _BROKEN.sub(lambda found: _whole(found, words), text)
    return " ".join(_unleet(word, words) for word in text.split(" "))


def _latin(word: str) -> str:
    """A word that mixes Latin with letters that look like it, in Latin; others are another language's."""
    if word.isascii():
        return word
    changed = word.translate(_ALIKE)
    mixed = any(c.isascii() and c.isalpha() for c in word)
    return changed if mixed and all(c.isascii() or not c.isalpha() for c in changed) else word


def _joined(found: re.Match[str], words: Collection[str]) -> str:
    """Letters that stand apart as words: wider gaps are spaces, else known words are looked for."""
    run, gap = found[0], found[1]
    parts = [part for part in re.split(rf"(?:{re.escape(gap)}){{2,}}|\s{{2,}}", run) if part]
    letters = ["".join(_LETTERS.findall(part)) for part in parts]
    return " ".join(_cut(each, words) for each in letters)


def _cut(letters: str, words: Collection[str]) -> str:
    """Known words in a run of letters, the fewest that fill it; the run itself where none do."""
    low, size = letters.lower(), len(letters)
    if size > _LONGEST_RUN:
        return letters
    cost: list[float] = [0.0] + [float("inf")] * size
    start = [0] * (size + 1)
    for end in range(1, size + 1):
        for begin in range(max(0, end - _LONGEST_WORD), end):
            here = cost[begin] + (1.0 if end - begin > 2 else 2.5)
            if here < cost[end] and (low[begin:end] in words):
                cost[end], start[end] = here, begin
    if cost[size] == float("inf"):
        return letters
    found, end = [], size
    while end:
        found.append(letters[start[end] : end])
        end = start[end]
    return " ".join(reversed(found))


def _whole(found: re.Match[str], words: Collection[str]) -> str:
    """``ig-nore`` is one word; ``well-known`` is left alone."""
    joined, parts = found[1] + found[2], (found[1].lower(), found[2].lower())
    return joined if joined.lower() in words and not all(part in words for part in parts) else found[0]


def _unleet(word: str, words: Collection[str]) -> str:
    """``1gn0r3`` as ``ignore``, where that is a word."""
    bare = word.strip(".,;:?()[]\"'")
    if not any(c.isalpha() for c in bare) or not (set(bare) & set("01345789@$!|€")):
        return word
    changed = bare.translate(_LEET)
    return word.replace(bare, changed) if changed.lower() in words and bare.lower() not in words else word


def _decoded(text: str, words: Collection[str]) -> Iterator[str]:
    """The text with its encoded parts as what they stand for, and read backwards or rotated where that makes words."""
    changed = _ESCAPES.sub(lambda found: chr(int(found[1] or found[2], 16)), text)
    if "%" in changed:
        changed = unquote(changed)
    if "&" in changed:
        changed = html.unescape(changed)
    changed = _BASE64.sub(lambda found: _printable(found[0], _from_base64), changed)
    changed = _HEX.sub(lambda found: _printable(found[0], _from_hex), changed)
    yield changed
    known = _known(text, words)
    for other in (codecs.encode(text, "rot13"), text[::-1]):
        if _known(other, words) > known + 0.4:
            yield other


def _known(text: str, words: Collection[str]) -> float:
    """Share of a text's Latin words that are known; 1 where there are too few to tell."""
    found = [word for word in _WORD.findall(text[:2_000].lower()) if word.isascii()]
    return sum(word in words for word in found) / len(found) if len(found) >= 4 else 1.0


def _printable(run: str, decode: Callable[[str], bytes]) -> str:
    """What a run decodes to where that is text, else the run itself."""
    try:
        found = decode(run).decode("utf-8")
    except (binascii.Error, ValueError):
        return run
    shown = sum(c.isprintable() or c.isspace() for c in found)
    return found if len(found) >= 8 and shown >= 0.95 * len(found) and sum(c.isalpha() for c in found) >= 6 else run


def _from_base64(run: str) -> bytes:
    run = run.rstrip("=").replace("-", "+").replace("_", "/")
    return base64.b64decode(run + "=" * (-len(run) % 4), validate=True)


def _from_hex(run: str) -> bytes:
    return bytes.fromhex(re.sub(r"0x|\\x|[ ,:]", "", run))


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())
