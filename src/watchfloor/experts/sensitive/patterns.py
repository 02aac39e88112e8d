"""Identifiers that a pattern and a checksum find: addresses of the net, cards, account and identity numbers.

All patterns are RE2's, linear in the text, over bytes of one character each (``folding.plain``). A find is ``sure``
where pattern and checksum settle its type; else the tagger decides in context what, if anything, the number is.
"""

import ipaddress
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import re2

from watchfloor.experts.sensitive import checks

_OPTIONS: Final = re2.Options()
_OPTIONS.encoding = re2.Options.Encoding.LATIN1
_OPTIONS.log_errors = False
_OPTIONS.never_nl = False


def compiled(pattern: str) -> Any:
    """An RE2 pattern over bytes.

    Raises:
        re2.error: it is none.
    """
    return re2.compile(pattern.encode("ascii"), _OPTIONS)


_URL = compiled(r"(?i)\b(?:https?|ftps?|wss?)://[^\s\"'<>{}|\\^\x60\x00-\x20]+")
_EMAIL = compiled(r"[A-Za-z0-9._%+\-]{1,64}@(?:[A-Za-z0-9\-]{1,63}\.){1,8}[A-Za-z]{2,24}\b")
_DOMAIN = compiled(
    r"(?i)\b(?:[a-z0-9](?:[a-z0-9\-]{0,61}[a-z0-9])?\.){1,8}(?:com|net|org|edu|gov|mil|int|info|biz|io|dev|app|cloud|"
    r"ru|cn|de|fr|uk|jp|br|it|es|nl|pl|se|ch|at|be|dk|fi|no|cz|hu|gr|pt|ro|si|eu|ca|au|nz|in|kr|tw|hk|sg|mx|ar|cl|za|tr|"
    r"ua|ie|is|us|tv|co|xyz|top|online|site)\b"
)
_IPV4 = compiled(r"\b(?:\d{1,3}\.){3}\d{1,3}\b")
_IPV6 = compiled(r"(?i)(?:[0-9a-f]{0,4}:){2,7}(?:\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}|[0-9a-f]{0,4})")
_MAC = compiled(r"(?i)\b[0-9a-f]{2}(?:[:\-][0-9a-f]{2}){5}\b")
#: How an IBAN begins; its country says where it ends.
_IBAN = compiled(r"\b[A-Za-z]{2}\d{2} ?[A-Za-z0-9]{4}")
_RESIDENT = compiled(r"\d{17}[\dXx]")
_DATE = compiled(
    r"\b\d{4}[\-/.][01]?\d[\-/.][0-3]?\d"
    r"(?:[T ]{1,2}\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?(?:Z|[+\-]\d{2}:?\d{2})?)?\b"
    r"|\b[0-3]?\d[/.\-][0-3]?\d[/.\-](?:\d{4}|\d{2})\b"
    r"|\b[0-3]?\d[/\- ](?i:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}[/\- ]\d{4}"
    r"(?::\d{2}:\d{2}:\d{2}(?: [+\-]\d{4})?)?\b"
)
#: Digits in groups, as people write numbers; what it is depends on the words around it.
_NUMBER = compiled(r"(?:\+|\(\+?)?\d+(?:(?:[ .\-/\x01]|\)[ \-]?| ?\(| - )\d+){0,9}(?: ?(?:x|ext\.?) ?\d{1,6})?")
_HEX = frozenset(b"0123456789abcdefABCDEF")


@dataclass(frozen=True, slots=True)
class Find:
    """What a pattern found: ``kind`` is its type where ``sure``, else what the tagger hears of it."""

    start: int
    end: int
    kind: str
    sure: bool = False


def find(data: bytes) -> list[Find]:
    """All finds in one text, in order, none over another; earlier kinds in the list of patterns win.

    ``data`` is the folded text, a byte a character.
    """
    taken = bytearray(len(data))
    found: list[Find] = []
    for each in _all(data):
        if each.start < each.end and not any(taken[each.start : each.end]):
            taken[each.start : each.end] = b"\1" * (each.end - each.start)
            found.append(each)
    return sorted(found, key=lambda each: each.start)


#: What settles a type by itself or with a check: a byte the text must hold, the pattern, the type, the check.
_SURE: Final[tuple[tuple[bytes, Any, str, Callable[[bytes, int, int], bool]], ...]] = (
    (b"@", _EMAIL, "EMAIL_ADDRESS", lambda data, start, end: True),
    (b".", _IPV4, "IP_ADDRESS", lambda data, start, end: _is_ipv4(data, start, end)),
    (b":", _IPV6, "IP_ADDRESS", lambda data, start, end: _is_ipv6(data, start, end)),
    (b"", _MAC, "MAC_ADDRESS", lambda data, start, end: True),
    (b"", _RESIDENT, "CN_RESIDENT_ID",
     lambda data, start, end: checks.resident_id(data[start:end].decode("ascii")) and _alone(data, start, end)),
)  # fmt: skip


def _sure(data: bytes) -> Iterator[Find]:
    for byte, pattern, kind, holds in _SURE:
        if byte in data:
            for hit in pattern.finditer(data):
                if holds(data, hit.start(), hit.end()):
                    yield Find(hit.start(), hit.end(), kind, True)


def _all(data: bytes) -> Iterator[Find]:
    if b"://" in data:
        yield from map(_url, _URL.finditer(data))
    yield from _sure(data)
    for hit in _IBAN.finditer(data):
        if end := _iban_end(data, hit.start()):
            yield Find(hit.start(), end, "IBAN_CODE", True)
    for hit in _DATE.finditer(data):
        if not _goes_on(data, hit.start(), hit.end()):
            yield Find(hit.start(), hit.end(), "date")
    if b"." in data:
        for hit in _DOMAIN.finditer(data):
            yield Find(hit.start(), hit.end(), "DOMAIN_NAME", True)
    for hit in _NUMBER.finditer(data):
        yield from _number(data, hit.start(), hit.end())


def _url(hit: Any) -> Find:
    text: bytes = hit.group()
    while text and text[-1:] in b".,;:!?)]*_":
        if text[-1:] == b")" and b"(" in text:
            break
        text = text[:-1]
    rest = text.split(b"://", 1)[1]
    # Presidio's data calls the address of a whole site a domain name.
    bare = b"/" not in rest.rstrip(b"/") and b"?" not in rest and b"#" not in rest and b"@" not in rest
    return Find(hit.start(), hit.start() + len(text), "DOMAIN_NAME" if bare else "URL", bool(rest))


def _iban_end(data: bytes, start: int) -> int:
    """Where the IBAN that begins here ends; 0 where none does."""
    left, end = checks.iban_length(data[start : start + 2].decode("ascii")), start
    while left and end < len(data) and (data[end : end + 1].isalnum() or data[end : end + 1] == b" "):
        left -= data[end : end + 1] != b" "
        end += 1
    if left or data[end : end + 1].isalnum() or not checks.iban(data[start:end].decode("ascii")):
        return 0
    return end


def _goes_on(data: bytes, start: int, end: int) -> bool:
    """Whether what looks like a date is part of a longer row of numbers, such as a telephone's."""
    before, after = data[max(start - 2, 0) : start], data[end : end + 2]
    return (before[-1:] in b"-./" and before[:1].isdigit()) or (after[:1] in b"-./" and after[1:].isdigit())


def _is_ipv4(data: bytes, start: int, end: int) -> bool:
    if any(int(part) > 255 for part in data[start:end].split(b".")):
        return False
    after = data[end : end + 2]
    return data[start - 1 : start] not in (b".", b"v", b"V") and not (after[:1] == b"." and after[1:].isdigit())


def _is_ipv6(data: bytes, start: int, end: int) -> bool:
    text = data[start:end]
    if sum(byte in _HEX for byte in text) < 4 or data[start - 1 : start].isalnum() or data[end : end + 1].isalnum():
        return False
    try:
        ipaddress.IPv6Address(text.decode("ascii"))
    except ValueError:
        return False
    return True


def _alone(data: bytes, start: int, end: int) -> bool:
    """No digit or Latin letter touches it; a Chinese character may."""
    return not data[max(start - 1, 0) : start].isalnum() and not data[end : end + 1].isalnum()


def _number(data: bytes, start: int, end: int) -> Iterator[Find]:
    """A number of six digits and more, with what its digits say about it."""
    if not _alone(data, start, end):
        return
    text = data[start:end].decode("ascii")
    if text.startswith("(") and ")" not in text:
        start, text = start + 1, text[1:]
    bare, _, _ = text.partition("x")
    digits = "".join(each for each in bare if each.isdigit())
    if len(digits) < 6:
        return
    if checks.card(digits):
        yield Find(start, end, "CREDIT_CARD", len(digits) >= 15)
    elif len(digits) == 11 and digits.isdigit() and text == digits and digits[0] == "1" and digits[1] in "3456789":
        yield Find(start, end, "cn-mobile")
    elif len(text) == 11 and len(digits) == 9 and text[3] == text[6] == "-":
        yield Find(start, end, "ssn" if checks.us_ssn(text) else "no-ssn")
    else:
        parts = len(text.replace(".", " ").replace("-", " ").split())
        way = "+" if "+" in text else "(" if "(" in text else "x" if "x" in text else "-" if "-" in text else ""
        lead = "0" if digits[0] == "0" else ""
        yield Find(
            start,
            end,
            f"number{min(len(digits), 20)}{'luhn' if checks.luhn(digits) else ''}/{min(parts, 6)}{way}{lead}",
        )
