"""What the tagger sees of a token: hashed features of it and its neighbours, as arrays.

A distinct token is looked at once (``Sights``); its neighbours come in by shifting and mixing whole columns of hashes,
so that a token costs a look-up and some array work, not a loop over features. The features are the usual ones of
named-entity taggers (Ratinov and Roth, CoNLL 2009): word, affixes, shape, word lists, and all of them around it.
"""

import zlib
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from watchfloor.experts.sensitive.clusters import Clusters
from watchfloor.experts.sensitive.lexicon import LISTS, Lexicon

Hashes = npt.NDArray[np.uint32]
#: What is kept of a token, in columns.
WORD, PREFIX, SUFFIX3, SUFFIX2, SHAPE, LISTED, KIND, CLASS, SHORT, ALIKE, SORT = range(11)
COLUMNS: Final = 11
#: What is seen of a token's line and stretch, in further columns: where in a line of which length it stands, how the
#: line begins and ends, what the line before is like, how much prose and how many lines are around, whether a quotation
#: is open.
LINE, HEAD, TAIL, ABOVE, FORM, QUOTED = range(COLUMNS, COLUMNS + 6)
ALL_COLUMNS: Final = COLUMNS + 6
#: Neighbours that are looked at on either side.
AROUND: Final = 4
#: Each feature: columns at offsets that are mixed into one hash.
FEATURES: Final[tuple[tuple[tuple[int, int], ...], ...]] = (
    *(((column, 0),) for column in range(COLUMNS)),
    *(((CLASS, at),) for at in (-4, -3, -2, -1, 1, 2, 3, 4)),
    *(((SHAPE, at),) for at in (-2, -1, 1, 2)),
    *(((LISTED, at),) for at in (-2, -1, 1, 2)),
    *(((KIND, at),) for at in (-2, -1, 1, 2)),
    ((SUFFIX3, -1),), ((SUFFIX3, 1),), ((WORD, -1),), ((WORD, 1),),
    ((CLASS, -1), (CLASS, 0)), ((CLASS, 0), (CLASS, 1)), ((CLASS, -2), (CLASS, -1)), ((CLASS, 1), (CLASS, 2)),
    ((CLASS, -1), (CLASS, 1)), ((CLASS, -3), (CLASS, -2)), ((CLASS, 2), (CLASS, 3)),
    ((CLASS, -1), (SHAPE, 0)), ((CLASS, 1), (SHAPE, 0)), ((CLASS, -1), (LISTED, 0)), ((CLASS, 1), (LISTED, 0)),
    ((CLASS, -2), (LISTED, 0)), ((CLASS, -2), (SHAPE, 0)), ((CLASS, 2), (LISTED, 0)),
    ((LISTED, -1), (LISTED, 0)), ((LISTED, 0), (LISTED, 1)), ((LISTED, -1), (LISTED, 0), (LISTED, 1)),
    ((SHAPE, -1), (SHAPE, 0)), ((SHAPE, 0), (SHAPE, 1)), ((SHAPE, -1), (SHAPE, 0), (SHAPE, 1)),
    ((SHORT, -2), (SHORT, -1), (SHORT, 0), (SHORT, 1), (SHORT, 2)),
    ((CLASS, -3), (CLASS, -2), (CLASS, -1)), ((CLASS, -2), (CLASS, -1), (SHORT, 0)),
    ((CLASS, -1), (SHORT, 0), (CLASS, 1)),
    ((KIND, 0), (CLASS, -1)), ((KIND, 0), (CLASS, -2)), ((KIND, 0), (CLASS, -3)), ((KIND, 0), (CLASS, 1)),
    ((KIND, 0), (KIND, -1), (KIND, 1)), ((SHORT, 0), (CLASS, 1), (CLASS, 2)), ((LISTED, 0), (SUFFIX2, 0)),
    ((LINE, 0), (SHORT, 0)), ((LINE, 0), (LISTED, 0)), ((HEAD, 0), (SHORT, 0)), ((TAIL, 0), (SHORT, 0)),
    ((ABOVE, 0), (LINE, 0)), ((ABOVE, 0), (LINE, 0), (SHORT, 0)), ((FORM, 0), (SHORT, 0)), ((FORM, 0), (LISTED, 0)),
    ((FORM, 0), (LINE, 0), (SHORT, 0)), ((FORM, 0), (KIND, 0), (CLASS, -1)), ((FORM, 0), (ABOVE, 0), (LINE, 0)),
    ((QUOTED, 0), (SHORT, 0)),
    *(((ALIKE, at),) for at in (-3, -2, -1, 1, 2)),
    ((ALIKE, 0), (SHORT, 0)), ((ALIKE, -1), (SHORT, 0)), ((ALIKE, 1), (SHORT, 0)),
    ((SORT, -1), (SORT, 0)), ((SORT, 0), (SORT, 1)), ((SORT, -2), (SORT, -1), (SHORT, 0)),
    ((SORT, 1), (SORT, 2), (SHORT, 0)), ((SORT, -1), (SHORT, 0), (SORT, 1)), ((SORT, -1), (SORT, 0), (SORT, 1)),
)  # fmt: skip
_MIX: Final = np.uint32(0x9E3779B1)
_SEEDS: Final = [np.uint32(zlib.crc32(b"feature %d" % place)) for place in range(len(FEATURES))]
_MOST_REMEMBERED: Final = 200_000
_ORDINARY: Final = 1 << LISTS.index("ordinary")
#: Words that make prose of a line.
_PROSE: Final = (
    *("the", "a", "an", "is", "are", "was", "were", "to", "and", "at", "on", "my", "i", "you", "for", "it", "that"),
    *("with", "please", "this", "be", "can", "we", "he", "she", "has", "have", "had", "will", "not"),
)


class Sights:
    """What is kept of each distinct token, remembered.

    ``known`` are words that stand for themselves as neighbours; any other is seen as its shape and its lists.
    """

    def __init__(self, lexicon: Lexicon, known: frozenset[int], clusters: Clusters, *, blind: bool = False) -> None:
        self._lexicon = lexicon
        self._clusters = clusters
        self._known = known
        self._blind = blind  # as if no list knew the word: a training-time habit
        self._seen: dict[str, Hashes] = {}

    def of(self, texts: Sequence[str]) -> Hashes:
        """Hashes of tokens. Shape (tokens, ``COLUMNS``)."""
        seen = self._seen
        if len(seen) > _MOST_REMEMBERED:
            seen.clear()
        rows = []
        for text in texts:
            row = seen.get(text)
            if row is None:
                row = self._look(text)
                if len(text) <= 40:
                    seen[text] = row
            rows.append(row)
        return np.array(rows, np.uint32).reshape(-1, COLUMNS)

    def _look(self, text: str) -> Hashes:
        if text[:1] == "\0":
            return _hashes(text, text, text, text, text, "find", text, text, "find", text, "find")
        word = text[:48].lower()
        listed = 0 if text.isdigit() else self._lexicon.of(word)
        if self._blind:
            listed &= _ORDINARY
        shape, short = _shape(text[:48])
        digits = sum(each.isdigit() for each in text[:48])
        kind = "word" if not digits else f"digits{len(text)}" if digits == len(text) else "mixed"
        if kind == "word" and not text[:1].isalnum():
            kind = text
        if len(text) == 4 and text.isdigit() and text[:2] in ("18", "19", "20"):
            kind, shape = "year", "year"
        itself = hash_of(word) in self._known and not (digits and len(text) > 1)
        alike = self._clusters.of(word) if kind == "word" and (itself or not self._blind) else None
        fine, sort = (f"{short}|{listed}|{kind}", f"{short}|{kind}") if alike is None else map(str, alike)
        whole = word if not digits or len(word) < 3 else f"{shape}{len(word)}"
        return _hashes(whole, word[:3], word[-3:], word[-2:], shape,
                       str(listed), kind, word if itself else f"{shape}|{listed}", short, fine, sort)  # fmt: skip


def _hashes(*values: str) -> Hashes:
    return np.array(
        [zlib.crc32(value.encode("utf-8", "replace"), place) for place, value in enumerate(values)], np.uint32
    )


def hash_of(word: str) -> int:
    """The hash by which a known word is known."""
    return zlib.crc32(word.encode("utf-8", "replace"))


_BREAK: Final = zlib.crc32(b"\n", WORD)
_MARK: Final = zlib.crc32(b'"', WORD)
_PROSE_WORDS: Final = np.array([zlib.crc32(word.encode(), WORD) for word in _PROSE], np.uint32)
_DIGITS: Final = np.array([zlib.crc32(short, SHORT) for short in (b"d", b"find")], np.uint32)
#: Lengths of lines in classes.
_SIZES: Final = np.array([0, 1, 2, 3, 4, 4, 5, 5, 5, 6, 6, 6, 7], np.intp)


def _shape(text: str) -> tuple[str, str]:
    """How a token is written, in full up to repetition, and in one letter."""
    signs: list[str] = []
    for each in text:
        sign = "d" if each.isdigit() else "c" if "\u3400" <= each <= "\u9fff" else "X" if each.isupper() else (
            "x" if each.isalpha() else each)  # fmt: skip
        if len(signs) < 2 or signs[-1] != sign or signs[-2] != sign:
            signs.append(sign)
    shape = "".join(signs)
    return shape[:12], ("X" if text.isupper() else "Xx") if text[:1].isupper() else shape[:1]


def _lines(padded: Hashes, ends: npt.NDArray[np.intp], rows: npt.NDArray[np.intp]) -> None:
    """Fill the columns of lines and stretches.

    ``rows``, shape (tokens,), are the places of tokens, ``ends``, shape (stretches + 1,), where stretches end in them.
    """
    tokens = padded[:COLUMNS, rows]
    count = tokens.shape[1]
    if not count:
        return
    place = np.arange(count)
    stretch = np.repeat(np.arange(len(ends) - 1), np.diff(ends))
    breaks = tokens[WORD] == _BREAK
    begins = np.zeros(count, bool)
    begins[ends[:-1][np.diff(ends) > 0]] = True
    opens = begins | np.concatenate(([False], breaks[:-1]))
    line = np.cumsum(opens) - 1
    first = np.flatnonzero(opens)
    last = np.append(first[1:], count) - 1
    size = np.minimum(last - first + 1 - breaks[last], 12)
    prose = np.isin(tokens[WORD], _PROSE_WORDS)
    digits = np.isin(tokens[SHORT], _DIGITS)
    said = np.minimum(np.add.reduceat(prose, first, dtype=np.intp), 2)
    numbers = np.add.reduceat(digits, first, dtype=np.intp) > 0
    kind = (_SIZES[size] * 3 + said) * 2 + numbers + 1
    above = np.where(begins[first], 0, np.concatenate(([0], kind[:-1])))
    whole = np.bincount(stretch, prose, len(ends) - 1).astype(np.intp)
    lines = np.bincount(stretch, opens, len(ends) - 1).astype(np.intp)
    form = np.minimum(whole, 3) * 4 + np.minimum(lines // 2, 3)
    marks = np.cumsum(tokens[WORD] == _MARK)
    before = np.concatenate(([0], marks))[ends[:-1]]
    padded[LINE, rows] = _SIZES[size][line] * 4 + np.minimum(place - first[line], 3)
    padded[HEAD, rows] = tokens[CLASS][first][line]
    padded[TAIL, rows] = tokens[KIND][np.maximum(last - breaks[last], first)][line]
    padded[ABOVE, rows] = above[line]
    padded[FORM, rows] = form[stretch]
    padded[QUOTED, rows] = (marks - before[stretch]) % 2


def columns_of(stretches: Sequence[Hashes], lower: Sequence[bool], buckets: int) -> npt.NDArray[np.int32]:
    """Feature numbers of all tokens of some stretches, which do not see each other.

    Each stretch has shape (tokens, ``COLUMNS``); ``lower`` says of each whether its text has no capitals. Shape of the
    result: (tokens of all, features), each below ``buckets``, a power of two.
    """
    sizes = [len(each) for each in stretches]
    total = sum(sizes) + AROUND * (len(sizes) + 1)
    padded = np.full((ALL_COLUMNS, total + 2 * AROUND), 17, np.uint32)
    case = np.zeros(total + 2 * AROUND, np.uint32)
    inside = np.zeros(total + 2 * AROUND, bool)
    start = AROUND
    for each, small in zip(stretches, lower, strict=True):
        end = start + len(each)
        padded[:COLUMNS, start:end] = each.T
        case[start:end] = 0x5BD1E995 if small else 0x1B873593
        inside[start:end] = True
        start = end + AROUND
    rows = np.flatnonzero(inside)
    _lines(padded, np.cumsum([0, *sizes]), rows)
    out = np.empty((len(rows), len(FEATURES) + 2), np.int32)
    mask = np.uint32(buckets - 1)
    for place, parts in enumerate(FEATURES):
        mixed = np.full(len(rows), _SEEDS[place], np.uint32)
        for column, at in parts:
            mixed = (mixed ^ padded[column][rows + at]) * _MIX
            mixed ^= mixed >> np.uint32(15)
        out[:, place] = mixed & mask
    for place, column in ((len(FEATURES), LISTED), (len(FEATURES) + 1, SHAPE)):
        mixed = (padded[column][rows] ^ case[rows]) * _MIX
        out[:, place] = (mixed ^ mixed >> np.uint32(15)) & mask
    return out
