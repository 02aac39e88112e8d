"""Windows command lines and PowerShell scripts written otherwise with the same effect."""

import base64
import binascii
import re
from collections.abc import Callable
from random import Random
from typing import Final

from watchfloor.lab.evade_names import listed
from watchfloor.lab.evade_shell import decimal

_PARTS: Final = re.compile(r'^(\s*(?:"[^"]*"|\S+))(.*)$', re.DOTALL)
_TOKEN: Final = re.compile(r'\s*("[^"]*"|\S+)')
_CMD: Final = re.compile(r"^(.*?\s/[ckr]\s*)(.+)$", re.IGNORECASE | re.DOTALL)
_BARE: Final = re.compile(r"%[^%\s]*%|[A-Za-z]{3,}")
_QUOTED: Final = re.compile(r'("[^"]*"?)')
#: Programs that read their arguments as C's runtime does and know no case.
_TOOLS: Final = frozenset(
    listed(
        "net net1 sc reg schtasks whoami certutil wevtutil vssadmin bcdedit nltest ipconfig tasklist taskkill "
        "bitsadmin netsh systeminfo quser qwinsta query arp icacls attrib wbadmin fsutil cipher dsquery auditpol "
        "cmdkey nslookup netstat takeown"
    )
)
#: Programs that read their command line themselves: only the case of switches is free.
_READERS: Final = frozenset(listed("rundll32 regsvr32 mshta wmic msiexec cscript wscript msbuild installutil forfiles"))
#: PowerShell's switches, in full, with other spellings; those in the second table take a value.
_SWITCHES: Final = {
    "noprofile": ("-nop", "-nopr", "-noprof"),
    "noninteractive": ("-noni", "-nonint"),
    "nologo": ("-nol", "-nolo"),
    "noexit": ("-noe", "-noex"),
    "sta": ("-st", "-sta"),
    "mta": ("-mta",),
}
_VALUED: Final = {
    "executionpolicy": ("-ep", "-ex", "-exec", "-executionp"),
    "windowstyle": ("-w", "-wi", "-win", "-windowst"),
    "version": ("-v", "-ver"),
    "inputformat": ("-inp", "-inputf"),
    "outputformat": ("-o", "-outputf"),
}
_ENCODED: Final = ("-e", "-ec", "-en", "-enc", "-enco", "-encodedc")
_HIDDEN: Final = ("1", "h", "hid", "hidd")
_CMDLET: Final = re.compile(r"(?<![\w`$.'\"\\/-])[A-Z][a-z]+-[A-Za-z]{3,}(?![\w`.])|\b(?:iex|iwr)\b", re.IGNORECASE)
_ESCAPES: Final = frozenset("0abefnrtuvx")
_WORDS: Final = listed("monthly inventory of printers and licences for the service desk, approved by operations")
MOST_TEXT: Final = 8_000


def program(text: str) -> tuple[str, str, str]:
    """The program as written, its name without folder and extension, and the rest."""
    match = _PARTS.match(text)
    if match is None:
        return text, "", ""
    name = re.split(r"[\\/]", match[1].strip().strip('"').lower())[-1]
    return match[1], name.removesuffix(".exe"), match[2]


def cased(text: str, rng: Random) -> str:
    """The text in odd case."""
    return "".join(c.upper() if rng.random() < 0.5 else c.lower() for c in text)


def encoded(text: str, rng: Random) -> str:
    """A command line written otherwise, as its program allows; others are left alone."""
    head, name, rest = program(text)
    if not rest.strip() or len(text) > MOST_TEXT:
        return text
    if name in ("powershell", "pwsh"):
        return head + _powershell(rest, rng)
    if name == "cmd":
        match = _CMD.match(text)
        return match[1] + _carets(decimal(match[2]), rng) if match else text
    if name in _TOOLS:
        return head + _outside(decimal(rest), lambda part: _arguments(part, rng))
    if name in _READERS:
        return head + re.sub(r"(?<=\s)[-/][A-Za-z]{2,}\b", lambda m: cased(m[0], rng), rest)
    if re.search(r"\\windows\\|\\program files", head, re.IGNORECASE) or "\\" not in head:
        return text
    return head + _outside(
        decimal(rest), lambda part: re.sub(r"(?<=\s)[\w:.-]{4,}", lambda m: _paired(m[0], rng), part)
    )


def _outside(text: str, change: Callable[[str], str]) -> str:
    """Change what stands outside quotes."""
    return "".join(part if i % 2 else change(part) for i, part in enumerate(_QUOTED.split(text)))


def _arguments(part: str, rng: Random) -> str:
    part = re.sub(r"(?<![\w.:\\/%=-])[-/]?[A-Za-z]{3,}(?![\w.:\\/%=-])", lambda m: cased(m[0], rng), part)
    return re.sub(r"(?<![\w.:\\/%=-])[A-Za-z]{4,}(?![\w.:\\/%=-])", lambda m: _paired(m[0], rng), part)


def _paired(word: str, rng: Random) -> str:
    at = rng.randrange(1, len(word))
    return f'{word[:at]}""{word[at:]}'


def _carets(payload: str, rng: Random) -> str:
    inner = payload.strip()
    if inner[:1] == '"' == inner[-1:] and inner.count('"') == 2 and len(inner) > 2:
        payload = inner[1:-1]
    elif inner[:1] == '"':
        return payload  # cmd has rules of its own for these
    return _outside(payload, lambda part: _BARE.sub(lambda m: _caret(m[0], rng), part))


def _caret(word: str, rng: Random) -> str:
    if word[0] == "%":
        return word
    return "".join(c + ("^" if rng.random() < 0.4 else "") for c in word[:-1]) + word[-1]


def _powershell(rest: str, rng: Random) -> str:
    """The arguments of PowerShell: switches spelled otherwise, the command encoded, or its encoding hidden."""
    said: list[str] = []
    at = 0
    while match := _TOKEN.match(rest, at):
        word, low = match[1], match[1].lstrip("-/").lower()
        if word[0] not in "-/" or not low:
            return _said(said, _command(rest[match.start(1) :], rng)) if word[0] not in "-/" else rest
        at = match.end()
        if "command".startswith(low):
            return _said(said, _command(rest[at:], rng))
        if "encodedcommand".startswith(low) or low == "ec":
            return _said(said, _reencoded(rest[at:], rng))
        if "file".startswith(low):
            return _said(said, f"{cased('-file', rng)}{rest[at:]}")
        value = _spelled(low, _VALUED)
        if value is None:
            said.append(cased(rng.choice(_SWITCHES.get(_spelled(low, _SWITCHES) or "", (word,))), rng))
            continue
        following = _TOKEN.match(rest, at)
        at = following.end() if following else at
        setting = following[1] if following else ""
        if setting.lower() == "hidden":
            setting = rng.choice(_HIDDEN)
        said.append(f"{cased(rng.choice(_VALUED[value]), rng)} {cased(setting, rng)}")
    return _said(said, "")


def _said(said: list[str], last: str) -> str:
    return " " + " ".join([*said, last]).strip()


def _spelled(low: str, table: dict[str, tuple[str, ...]]) -> str | None:
    """The switch in full that an abbreviation means."""
    if low == "ep":
        return "executionpolicy" if "executionpolicy" in table else None
    return next((full for full in table if full.startswith(low)), None)


def _command(payload: str, rng: Random) -> str:
    payload = payload.strip()
    if payload[:1] == '"' == payload[-1:] and len(payload) > 1:
        payload = payload[1:-1].replace('\\"', '"')
    if not payload or payload == "-" or len(payload) > MOST_TEXT // 3:
        return f"-c {payload}"
    told = base64.b64encode(decimal(payload).encode("utf-16-le", "surrogatepass")).decode()
    return f"{cased(rng.choice(_ENCODED), rng)} {told}"


def _reencoded(value: str, rng: Random) -> str:
    """An encoded command under another spelling, or decoded by PowerShell itself."""
    token = value.strip().strip('"')
    try:
        base64.b64decode(token, validate=True)
    except (binascii.Error, ValueError):
        return f"{cased(rng.choice(_ENCODED), rng)} {value.strip()}"
    if rng.random() < 0.5:
        return f"{cased(rng.choice(_ENCODED), rng)} {token}"
    inner = f"[Text.Encoding]::Unicode.GetString([Convert]::FromBase64String('{token}'))"
    return f'{cased("-command", rng)} "{cased("iex", rng)}({inner})"'


def script(text: str, rng: Random) -> str:
    """A PowerShell script whose cmdlets are spelled in odd case with backticks."""
    return _CMDLET.sub(lambda m: _ticked(cased(m[0], rng), rng), text)


def _ticked(word: str, rng: Random) -> str:
    free = [i for i in range(1, len(word)) if word[i].isalpha() and word[i].lower() not in _ESCAPES]
    if not free:
        return word
    at = rng.choice(free)
    return f"{word[:at]}`{word[at:]}"


def padded(text: str, rng: Random) -> str:
    """A command line with a remark, or spaces, that change nothing."""
    head, name, rest = program(text)
    words = " ".join(rng.sample(_WORDS, 6))
    if name == "cmd" and _CMD.match(text) and not text.rstrip().endswith('"'):
        return f"{text} & rem {words}"
    if name in ("powershell", "pwsh") and re.search(r"\s-c(?:ommand)?\s[^\"]*$", rest, re.IGNORECASE):
        return f"{text} <# {words} #>"
    return f"{head}{' ' * rng.randrange(2, 12)}{rest.lstrip()}{' ' * rng.randrange(2, 24)}" if rest.strip() else text


def remarked(text: str, rng: Random) -> str:
    """A PowerShell script with remarks before and after it."""
    return f"# {' '.join(rng.sample(_WORDS, 8))}\n{text}\n# {' '.join(rng.sample(_WORDS, 8))}"
