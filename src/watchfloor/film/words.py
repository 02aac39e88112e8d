"""Strings of an Event turned into words that mean the same in every lab.

Users, hosts, addresses, identifiers and numbers are masked by class; base64 in a command line is decoded
and its words are added. Knows nothing of hashes or frames.
"""

import base64
import binascii
import math
import re
from collections import Counter
from functools import lru_cache
from itertools import pairwise
from typing import Final

from watchfloor.film.lexicon import SALIENT, folder_class

#: Longer texts are cut: what matters in a script is said within this many characters.
MAX_TEXT: Final = 8_192

_SPLIT = re.compile(r"(?:[\s\"'`,;|&<>()\[\]{}^]|::)+")
_GUID = re.compile(r"\{?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\}?")
_IP = re.compile(r"(?<![\w.])(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?![\w.])")
_URL = re.compile(r"^(https?|ftp|ldap|file)://", re.IGNORECASE)
_B64 = re.compile(r"^[A-Za-z0-9+/_-]{24,}={0,2}$")
_HEX = re.compile(r"^(?:0x)?[0-9a-f]{8,}$")
_SID = re.compile(r"s-1-5-21[-\d]+")
_DIGITS = re.compile(r"\d+")
_SPECIAL = re.compile(r"[\^`+$%{}~!@#]")
_SCRIPT_WORD = re.compile(r"[a-z_$-][\w$:.-]{1,38}", re.IGNORECASE)
_TAIL = re.compile(r"[\\/]")


@lru_cache(maxsize=65_536)
def base_name(path: str) -> str:
    """Last part of a path, lower case, digits masked, versioned and random parts shortened."""
    name = _TAIL.split(path.strip().strip('"').lower())[-1]
    if _GUID.search(name):
        name = _GUID.sub("<guid>", name)
    return _DIGITS.sub("0", name)[:48]


def path_words(path: str) -> list[str]:
    """``[name, folder class, extension]`` of a path; empty strings where there is none."""
    low = path[:1024].strip('"').lower()
    name = base_name(low)
    stem, dot, extension = name.rpartition(".")
    if not dot or len(extension) > 8:
        extension = ""
    double = ".." if extension and "." in stem and len(stem.rpartition(".")[2]) in (3, 4) else ""
    return [name, folder_class(low), double + extension]


def ip_class(address: str) -> str:
    """``loop``, ``private``, ``link``, ``multicast``, ``any`` or ``public``."""
    if ":" in address:
        low = address.lower()
        if low.startswith("::ffff:"):
            return ip_class(low[7:])
        if low == "::1":
            return "loop"
        if low.startswith(("fe80", "fc", "fd")):
            return "private"
        return "multicast" if low.startswith("ff") else "public"
    if address.startswith("127."):
        return "loop"
    if address.startswith(
        ("10.", "192.168.", "172.16.", "172.17.", "172.18.", "172.19.", "172.2", "172.30.", "172.31.")
    ):
        return "private"
    if address.startswith("169.254."):
        return "link"
    if address.startswith(("0.", "255.")):
        return "any"
    first = address.partition(".")[0]
    return "multicast" if first.isdecimal() and 224 <= int(first) < 240 else "public"


def entropy(text: str) -> float:
    """Shannon entropy in bits a character."""
    counts = Counter(text)
    total = len(text)
    return -sum(n / total * math.log2(n / total) for n in counts.values()) if total else 0.0


def _decoded(token: str) -> str:
    """Text hidden in a base64 token, or an empty string."""
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4))
    except (binascii.Error, ValueError):
        return ""
    wide = len(raw) >= 8 and raw[1:16:2].count(0) >= 4
    text = raw.decode("utf-16-le", "replace") if wide else raw.decode("latin-1")
    printable = sum(31 < ord(c) < 127 or c in "\r\n\t" for c in text)
    return text if printable >= 0.9 * len(text) else ""


def _word(token: str) -> list[str]:
    """Words of one token of a command line."""
    token = token.strip(":.") or token
    low = token.lower()
    if low in SALIENT:
        return [low]
    if _GUID.search(low):
        return ["<guid>"]
    if _URL.match(low):
        host = low.split("/", 3)[2] if low.count("/") >= 2 else ""
        match = _IP.search(host)
        kind = f"<url:{ip_class(match.group(0))}>" if match else "<url:name>"
        tail = path_words(low.partition("://")[2])[2]
        return [kind, f"<url>.{tail}"] if tail else [kind]
    match = _IP.search(low)
    if match:
        return [f"<ip:{ip_class(match.group(0))}>"]
    if _HEX.match(low):
        return [f"<hex:{min(len(low) // 16, 8)}>"]
    if len(token) >= 24 and _B64.match(token) and "/" not in token[:3]:
        inner = _decoded(token)
        return ["<b64>", *(f"b64:{w}" for w in script_words(inner)[:24])] if inner else ["<blob>"]
    if "\\" in low or low.count("/") >= 2:
        name, folder, extension = path_words(low)
        return [w for w in (name, f"@{folder}" if folder else "", f".{extension}" if extension else "") if w]
    return [_DIGITS.sub("0", low)[:40]]


def shape_words(text: str) -> list[str]:
    """Length, entropy and odd characters of a text, in coarse classes."""
    cut = text[:2048]
    specials = len(_SPECIAL.findall(cut))
    letters = [c for c in cut[:512] if c.isalpha()]
    flips = sum(a.islower() != b.islower() for a, b in pairwise(letters))
    odd = bool(letters) and flips > 0.35 * len(letters)
    return [
        f"len:{int(math.log2(len(text) + 1))}",
        f"ent:{int(2 * entropy(cut)) if len(cut) > 40 else 0}",
        f"spec:{min(int(math.log2(specials + 1)), 6)}{'!' if specials * 6 > len(cut) > 40 else ''}",
        "case:odd" if odd and len(letters) > 12 else "",
    ]


def command_words(text: str, limit: int) -> list[str]:
    """Distinct words of a command line after its program, salient ones first, at most ``limit``."""
    words: list[str] = []
    for index, token in enumerate(_SPLIT.split(text[:MAX_TEXT])):
        if not token:
            continue
        if index <= 1 and ("\\" in token or "/" in token[:1] or token.lower().endswith(".exe")):
            continue  # the program itself has channels of its own
        if "=" in token and len(token) < 80 and not token.endswith("="):
            left, _, right = token.partition("=")
            words.extend(_word(left + "="))
            words.extend(_word(right))
        else:
            words.extend(_word(token))
        if len(words) > 400:
            break
    return _first(words, limit)


def script_words(text: str) -> list[str]:
    """Words of a script, query or pipeline, in order, masked."""
    cut = text[:MAX_TEXT]
    words = [w.rstrip(".-:") for w in _SCRIPT_WORD.findall(_DIGITS.sub("0", cut.lower()))]
    words.extend("<blob>" for token in _SPLIT.split(cut) if len(token) >= 40 and _B64.match(token))
    return words


def text_words(text: str, limit: int) -> list[str]:
    """Distinct script words, salient ones first, at most ``limit``."""
    return _first(script_words(text), limit)


def registry_words(path: str, limit: int) -> list[str]:
    """Parts of a registry path from its end, hive and identifiers masked."""
    low = path[:1024].lower()
    if "-" in low:
        low = _SID.sub("<sid>", _GUID.sub("<guid>", low))
    parts = [p[:40] for p in _DIGITS.sub("0", low).split("\\") if p]
    tail = parts[-4:]
    pairs = ["\\".join(tail[-2:]), "\\".join(tail[-3:])]
    return _first([f"hive:{parts[0]}" if parts else "", *reversed(tail), *pairs], limit)


def host_words(name: str) -> list[str]:
    """Depth, top-level domain and shape of a host name; never the name itself."""
    low = name.lower().rstrip(".")
    if not low:
        return []
    if _IP.fullmatch(low) or ":" in low:
        return [f"<ip:{ip_class(low)}>"]
    labels = low.split(".")
    longest = max(labels, key=len)
    return [
        f"tld:{labels[-1][:12]}" if len(labels) > 1 else "single",
        f"depth:{min(len(labels), 6)}",
        f"label:{min(len(longest) // 8, 6)}",
        f"ent:{int(2 * entropy(longest))}",
    ]


def user_class(name: str) -> str:
    """``system``, ``service``, ``machine``, ``root``, ``admin`` or ``user``."""
    low = name.lower()
    short = low.rpartition("\\")[2]
    if short in ("system", "local system", "s-1-5-18"):
        return "system"
    if (
        "service" in short
        or low.startswith("s-1-5-19")
        or low.startswith("s-1-5-20")
        or short in ("www-data", "nobody")
    ):
        return "service"
    if short.endswith("$"):
        return "machine"
    if short in ("root", "uid:0"):
        return "root"
    return "admin" if short.startswith("admin") else ("anonymous" if short.startswith("anonymous") else "user")


def _first(words: list[str], limit: int) -> list[str]:
    distinct = dict.fromkeys(w for w in words if w)
    if len(distinct) <= limit:
        return list(distinct)
    salient = [w for w in distinct if w in SALIENT or w[0] == "<" or w.startswith("b64:")]
    chosen = dict.fromkeys(salient[:limit])
    for word in distinct:
        if len(chosen) >= limit:
            break
        chosen[word] = None
    return list(chosen)
