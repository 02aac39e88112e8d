"""Look-alike characters made plain without moving anything: every offset in the folded text is one in the original.

Full-width and other Unicode digits, full-width letters and signs, the many dashes and spaces become their ASCII
counterparts, one character for one, so that a card number written in full-width digits is found where it stands.
"""

import sys
import unicodedata
from typing import Final

#: What invisible characters become: no text has it, and digit groups may hold it.
INVISIBLE: Final = "\x01"
_HIDDEN: Final = (0x00AD, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF, 0x180E, 0x200E, 0x200F)
_DASHES: Final = (0x2010, 0x2011, 0x2012, 0x2013, 0x2014, 0x2015, 0x2212, 0xFE58, 0xFE63)
_QUOTES: Final = {0x2018: "'", 0x2019: "'", 0x201C: '"', 0x201D: '"', 0x2032: "'"}


def _table() -> dict[int, str]:
    table = {
        code: str(unicodedata.digit(chr(code)))
        for code in range(128, sys.maxunicode + 1)
        if unicodedata.category(chr(code)) == "Nd"
    }
    table |= {0xFF01 + place: chr(0x21 + place) for place in range(0x5E)}
    table |= {code: " " for code in range(128, 0x3001) if unicodedata.category(chr(code)) == "Zs"}
    table |= dict.fromkeys(_DASHES, "-") | _QUOTES | dict.fromkeys(_HIDDEN, INVISIBLE)
    return table


_TABLE: Final = _table()


def fold(text: str) -> str:
    """The text with look-alikes made plain; as long as the text it is made from, whatever is in it."""
    return text if text.isascii() else text.translate(_TABLE)


def plain(folded: str) -> bytes:
    """Folded text as ASCII bytes, one a character, ``?`` for what is none: what the patterns run over."""
    return folded.encode("ascii", "replace")
