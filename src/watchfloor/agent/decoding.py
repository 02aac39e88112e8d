"""Decode what attackers hide in text: PowerShell -enc, base64, hex, gzip and zlib, single-byte XOR.

Bounded in size and depth; what comes out is shown and never run.
"""

import base64
import binascii
import re
import zlib
from dataclasses import dataclass
from typing import Final

#: Bytes one step may unpack to, layers that are peeled, and characters of input that are read.
MOST_BYTES: Final = 65_536
MOST_LAYERS: Final = 4
MOST_INPUT: Final = 262_144

_BASE64 = re.compile(r"(?<![A-Za-z0-9+/_-])[A-Za-z0-9+/_-]{16,}={0,2}")
_HEX = re.compile(r"(?<![0-9A-Za-z])(?:0x)?(?:[0-9A-Fa-f]{2}){8,}(?![0-9A-Za-z])|(?:\\x[0-9A-Fa-f]{2}){6,}")
_WORDS = re.compile(
    rb"https?://|/bin/|\bcmd\b|powershell|import |\becho\b|\bcurl\b|\bwget\b|\bexec\b|This program|\bset-", re.I
)


_PRINTS: Final = bytes((9, 10, 13, *range(32, 127)))
#: What every byte becomes under each key.
_XOR: Final = tuple(bytes(byte ^ key for byte in range(256)) for key in range(256))


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer that was peeled: how, and the text under it."""

    how: str
    text: str


def decode(text: str) -> list[Layer]:
    """Layers under a text, outermost first; none where nothing readable is under it. Never raises on hostile input."""
    found: list[Layer] = []
    at = text[:MOST_INPUT]
    for _ in range(MOST_LAYERS):
        layer = _peel(at)
        if layer is None or any(layer.text == known.text for known in found):
            break
        found.append(layer)
        at = layer.text
    return found


def _peel(text: str) -> Layer | None:
    for match in _BASE64.finditer(text):
        word = match[0].replace("-", "+").replace("_", "/").rstrip("=")
        try:
            raw = base64.b64decode(word + "=" * (-len(word) % 4), validate=True)
        except (binascii.Error, ValueError):
            continue
        layer = _readable("base64", raw)
        if layer is not None:
            return layer
    for match in _HEX.finditer(text):
        digits = match[0].replace("\\x", "").removeprefix("0x")
        layer = _readable("hex", bytes.fromhex(digits[: len(digits) // 2 * 2]))
        if layer is not None:
            return layer
    return None


def _readable(how: str, raw: bytes) -> Layer | None:
    raw = raw[:MOST_INPUT]
    if raw[:2] in (b"\x1f\x8b", b"\x78\x9c", b"\x78\xda", b"\x78\x01"):
        try:
            raw = zlib.decompressobj(47).decompress(raw, MOST_BYTES)
            how += " + gzip"
        except zlib.error:
            return None
    if len(raw) >= 4 and raw[1::2].count(0) > len(raw) * 0.4:
        text = raw.decode("utf-16-le", "replace")
        return Layer(f"{how} + UTF-16 (PowerShell)", text[:MOST_BYTES]) if _printable(text.encode()) else None
    plainly = Layer(how, raw[:MOST_BYTES].decode("utf-8", "replace")) if _printable(raw) else None
    if plainly is not None and _WORDS.search(raw[:2048]):
        return plainly
    head = raw[:2048]
    for key in range(1, 256):
        tried = head.translate(_XOR[key])
        if _printable(tried) and _WORDS.search(tried):
            plain = raw[:MOST_BYTES].translate(_XOR[key])
            return Layer(f"{how} + XOR 0x{key:02x}", plain.decode("utf-8", "replace"))
    return plainly


def _printable(raw: bytes) -> bool:
    if len(raw) < 4:
        return False
    head = raw[:2048]
    return len(head) - len(head.translate(None, _PRINTS)) >= 0.95 * len(head)
