"""What a value looks like that may be a secret, as numbers: for the small model that decides whether it is one.

Candidates are values of names such as ``password`` or ``api_key``, and long mixed strings standing alone.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from watchfloor.experts.sensitive.patterns import compiled

Floats = npt.NDArray[np.float32]
#: A name that may be followed by a secret, what stands between, and the value: in quotes or bare.
_NAMED: Final = compiled(
    r"(?i)(passw(?:or)?d|passphrase|passcode|pwd|pass|secret|token|api[_.\- ]?key|access[_.\- ]?key|"
    r"private[_.\- ]?key|credentials?|"
    r"auth[_\-]?key|(?:account|licen[sc]e|admin|insert|query|deploy|encryption|signing|"
    r"master|shared|consumer|client|app|io|stream|user)[_.\- ]?key|[a-z]{2,20}_key|"
    r"connectkey|oauth|sonar\.login|[a-z]{3,20}_(?:api|id|pat)|\.key)"
    r"([\w.\-]{0,32}[\"'\x60\]\\]{0,4}(?:\s{1,3}(?:for (?:the )?user \S{1,40} )?is(?: set to)?[ :]|"
    r"\s{0,12}(?:\|\||:=|===?|!==?|=>|->|[=:,(]|value=))\s{0,12}(?:value=)?)"
    r"(\"[^\"\n]{3,200}\"|'[^'\n]{3,200}'|\\\"[^\"\n]{3,200}\\\"|\x60[^\x60\n]{3,200}\x60|[^\s\"'\x60,;)<>&|]{4,200})"
)
_LONG: Final = compiled(r"[A-Za-z0-9_\-+/=.~]{18,200}")
_CHINESE: Final = re.compile(
    r"(密码|口令|密钥|令牌|验证码)(\s{0,3}(?:[:=是为]|改成|重置为)\s{0,3}[:=]?\s{0,3})([\x21-\x7e]{4,64})"
)
_UUID: Final = re.compile(r"(?i)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_STAND_IN: Final = re.compile(
    r"(?i)example|change.?me|your|xxx|placeholder|insert|todo|redact|"
    r"\*\*\*|###|dummy|sample|none|null|undefined|true$|false$|not.?set|here$|<|&lt;|\.\.\."
)
_COMPUTED: Final = re.compile(
    r"[(){}\[\]]|^\$|\$[A-Z{]|->|::|^[@%#./&]|env|process\.|getpass|config|request|self\.|this\.|args|params|input|\bnew\b|%s|%d|\+"
)
_NAMES_OF: Final = re.compile(
    r"(?i)hash|sha\d|sha-|md5|commit|integrity|checksum|digest|etag|revision|version|public|"
    r"tgz|blob|fingerprint|uuid|guid|image|tree|parent|font|css|class="
)
_CUES: Final = re.compile(r"(?i)passw|pwd|secret|token|key|auth|bearer|credential|login|api|access|sonar|oauth|private")
_SERVICES: Final = re.compile(
    r"(?i)twilio|aws|azure|slack|github|gitlab|facebook|twitter|linkedin|mail|okta|sauce|nasa|"
    r"sonar|heroku|travis|netlify|segment|particle|blynk|postmark|"
    r"jenkins|coveralls|codecov|climate|datadog|relic|google|firebase|algolia|zendesk|"
    r"gitalk|squarespace|bitly|trello|mapbox|stripe|dropbox|asana|sentry"
)
_WORDS: Final = re.compile(r"[A-Za-z][a-z]{2,}")
_ATTRIBUTE: Final = re.compile(
    r"(?i)(?:id|name|url|uri|path|file|type|length|field|label|hint|policy|"
    r"size|count|prefix|regex|expire\w*|form|input|error|message|reset)[\"'\]\s]*[=:>-]*\s*$"
)
_DOTTED: Final = re.compile(r"[A-Za-z_]+(?:\.[A-Za-z_]+)+")
_IDENTIFIER: Final = re.compile(r"[A-Za-z]+(?:[_.\-][A-Za-z]+)+|[a-z]+(?:[A-Z][a-z]+)+")
_LENGTHS: Final[dict[str, float]] = {
    "length<6": 6,
    "length<8": 8,
    "length<12": 12,
    "length<20": 20,
    "length<32": 32,
    "length<48": 48,
    "longer": math.inf,
}
_ENTROPIES: Final[dict[str, float]] = {
    "entropy<2.5": 2.5,
    "entropy<3": 3,
    "entropy<3.5": 3.5,
    "entropy<4": 4,
    "entropy 4+": math.inf,
}
#: What each number of a candidate says.
SIGNS: Final = (
    "always",
    "named",
    "length<6",
    "length<8",
    "length<12",
    "length<20",
    "length<32",
    "length<48",
    "longer",
    "quoted",
    "digits only",
    "hexadecimal",
    "hex 32/40/64",
    "small letters only",
    "letters only",
    "capitals only",
    "letters and digits",
    "with signs",
    "base64 signs",
    "many digits",
    "entropy<2.5",
    "entropy<3",
    "entropy<3.5",
    "entropy<4",
    "entropy 4+",
    "case turns",
    "words",
    "few characters",
    "stand-in",
    "computed",
    "says its name",
    "blanks",
    "address",
    "path",
    "uuid",
    "name of a password",
    "name of a secret",
    "name of a token",
    "name of a key",
    "other name",
    "named by an attribute",
    "beside a hash",
    "beside a cue",
    "beside a service",
    "by is",
    "by comma",
    "dotted words",
    "identifier",
    "called",
    "compared",
    "bare and named",
    "bare words",
    "named, quoted words",
    "alone and no cue",
    "cue and mixed",
    "hex and cue",
    "hex and no cue",
    "uuid and cue",
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A value that may be a secret: where it is, the name before it, and what stands around."""

    start: int
    end: int
    value: str
    name: str
    between: str
    before: str
    after: str
    quoted: bool


def candidates(data: bytes, folded: str) -> Iterator[Candidate]:
    """Named values first, then long strings that stand alone and mix letters and digits."""
    taken: list[tuple[int, int]] = []
    for hit in _NAMED.finditer(data):
        start, end = hit.span(3)
        text = data[start:end]
        cut = 2 if text[:2] == b'\\"' else 1 if text[:1] in b"\"'`" else 0
        start, end = start + cut, end - cut
        taken.append((start, end))
        line = data.rfind(b"\n", max(0, hit.start() - 60), hit.start()) + 1 or max(0, hit.start() - 60)
        left = hit.start()
        while left > line and (data[left - 1 : left].isalnum() or data[left - 1 : left] in b"_-."):
            left -= 1
        name = (data[left : hit.start()] + hit.group(1) + hit.group(2)).decode("ascii")
        yield Candidate(
            start,
            end,
            folded[start:end],
            name,
            hit.group(2).decode("ascii"),
            folded[line : hit.start()],
            folded[end + cut : end + cut + 12],
            bool(cut),
        )
    for hit in _CHINESE.finditer(folded):
        taken.append(hit.span(3))
        yield Candidate(
            hit.start(3),
            hit.end(3),
            hit[3],
            "password",
            hit[2],
            folded[max(0, hit.start() - 40) : hit.start()],
            "",
            True,
        )
    done = {start for start, _ in taken}
    for hit in _LONG.finditer(data):
        start, end = hit.span()
        text = data[start:end]
        if not (any(48 <= byte < 58 for byte in text) and any(byte > 64 for byte in text)) or start in done:
            continue
        equal = text.rstrip(b"=").rfind(b"=")  # NAME=value
        start += equal + 1
        if start in done or end - start < 16:
            continue
        line = max(data.rfind(b"\n", max(0, start - 80), start) + 1, start - 80, 0)
        yield Candidate(start, end, folded[start:end], "", "", folded[line:start], folded[end : end + 12], False)


def signs(each: Candidate) -> Floats:
    """The numbers of one candidate. Shape (len(``SIGNS``),)."""
    found = _of_value(each.value)
    found |= _of_name(each.name.lower())
    found |= _of_place(each, found)
    return np.array([found[sign] for sign in SIGNS], np.float32)


def _of_value(value: str) -> dict[str, bool]:
    """What the value alone says."""
    size = len(value)
    digits, letters = sum(map(str.isdigit, value)), sum(map(str.isalpha, value))
    turns = sum(one.islower() != two.islower() for one, two in pairwise(value) if one.isalpha() and two.isalpha())
    wordy = sum(len(word) for word in _WORDS.findall(value) if re.search(r"[aeiou]", word)) / max(letters, 1)
    hexadecimal = digits > 0 and all(char in "0123456789abcdefABCDEF" for char in value)
    words = wordy > 0.75 and digits <= 2
    return {
        "always": True,
        "digits only": digits == size,
        "hexadecimal": hexadecimal,
        "hex 32/40/64": hexadecimal and size in (32, 40, 64),
        "small letters only": value.isalpha() and value.islower(),
        "letters only": value.isalpha(),
        "capitals only": value.isupper() and letters == size,
        "letters and digits": digits > 0 and letters > 0 and digits + letters == size,
        "with signs": digits + letters < size,
        "base64 signs": any(char in "+/=" for char in value),
        "many digits": digits > 0.15 * size,
        "case turns": turns > 0.25 * size,
        "words": words,
        "few characters": len(set(value)) <= 4,
        "stand-in": bool(_STAND_IN.search(value)),
        "computed": bool(_COMPUTED.search(value)),
        "blanks": " " in value.strip(),
        "address": "://" in value,
        "path": value.count("/") > 1 and words,
        "uuid": bool(_UUID.fullmatch(value)),
        "dotted words": bool(_DOTTED.fullmatch(value)),
        "identifier": bool(_IDENTIFIER.fullmatch(value)),
        **_bands(_LENGTHS, size),
        **_bands(_ENTROPIES, _entropy(value)),
    }


def _of_name(name: str) -> dict[str, bool]:
    """What the name before it says, in small letters."""
    kinds = {
        "name of a password": "pass" in name or "pwd" in name,
        "name of a secret": "secret" in name,
        "name of a token": "token" in name,
        "name of a key": "key" in name,
        "other name": True,
    }
    first = next(kind for kind, holds in kinds.items() if holds)
    return {
        "named": bool(name),
        "named by an attribute": bool(_ATTRIBUTE.search(name.strip())),
        **{kind: bool(name) and kind == first for kind in kinds},
    }


def _of_place(each: Candidate, known: dict[str, bool]) -> dict[str, bool]:
    """What stands around it says, with what is ``known`` of value and name."""
    name = each.name.lower()
    named = known["named"]
    cue = named or bool(_CUES.search(each.before))
    has_digits = any(map(str.isdigit, each.value))
    mixed = has_digits and any(map(str.isalpha, each.value)) and _entropy(each.value) > 3
    return {
        "quoted": each.quoted,
        "says its name": bool(each.value) and each.value.lower().strip(":_-") in name,
        "beside a hash": bool(_NAMES_OF.search(each.before[-40:] + name)),
        "beside a cue": cue,
        "beside a service": bool(_SERVICES.search(each.before + name)),
        "by is": " is" in each.between,
        "by comma": "," in each.between or "(" in each.between,
        "called": each.after.startswith("("),
        "compared": "!=" in each.between or "==" in each.between,
        "bare and named": named and not each.quoted,
        "bare words": named and not each.quoted and known["words"],
        "named, quoted words": named and each.quoted and known["words"],
        "alone and no cue": not cue,
        "cue and mixed": cue and mixed,
        "hex and cue": known["hexadecimal"] and cue,
        "hex and no cue": known["hexadecimal"] and not cue,
        "uuid and cue": known["uuid"] and cue,
    }


def _entropy(value: str) -> float:
    """Bits a character, from how often each stands in the value."""
    size = len(value)
    return -sum(count / size * math.log2(count / size) for count in Counter(value).values()) if size else 0.0


def _bands(limits: dict[str, float], number: float) -> dict[str, bool]:
    """Which band a number lies in: the first whose limit is above it."""
    first = next(band for band, limit in limits.items() if number < limit)
    return {band: band == first for band in limits}
