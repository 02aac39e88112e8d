"""Unix command lines written otherwise with the same effect.

A program's recorded arguments are what the shell made of the text, so splitting ``wh''oami`` shows only where a shell
is handed text: ``sh -c``. Interpreters are handed code. ``as_text`` goes further and writes any command as a log would
that keeps what was typed; a log of the kernel's never does.
"""

import base64
import re
import shlex
from random import Random
from typing import Final

from watchfloor.lab.evade_names import listed

SHELLS: Final = frozenset(("sh", "bash", "dash", "zsh", "ksh", "ash"))
#: Interpreters: the option that hands them code, and how that code can be wrapped, of its base64 and its hex.
_WRAPPED: Final = {
    "python": ("-c", "import base64;exec(base64.b64decode('{0}'))"),
    "perl": ("-e", "eval pack q(H*),q({1})"),
    "ruby": ("-e", "eval(['{1}'].pack('H*'))"),
    "node": ("-e", "eval(Buffer.from('{0}','base64').toString())"),
    "php": ("-r", "eval(base64_decode('{0}'));"),
}
_PLAIN: Final = re.compile(r"[\w./:@%+ -]+")
_WORD: Final = re.compile(r"(?<![\w$./=-])[a-z][\w./-]{3,}(?![\w(=])")
_FETCHERS: Final = frozenset(("curl", "wget", "aria2c", "lynx"))
_HTTP: Final = re.compile(r"(?<=http://)(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?![\w.])")
_HARMLESS: Final = {
    "curl": ["-A", "Debian APT-HTTP/1.3 (2.6.1)"],
    "wget": ["--user-agent=Debian APT-HTTP/1.3 (2.6.1)"],
    "ssh": ["-o", "LogLevel=ERROR"],
    "scp": ["-o", "LogLevel=ERROR"],
    "find": ["-O1"],
    "nmap": ["--reason"],
    "rsync": ["--no-motd"],
}
_WORDS: Final = listed("weekly report for finance team, see ticket; backup of the shared calendar is done")


def arguments(text: str) -> list[str] | None:
    """The arguments of a command line, None where its quotes do not match."""
    try:
        return shlex.split(text)
    except ValueError:
        return None


def program(argument: str) -> str:
    """Name of a program without its folder and version."""
    return argument.rpartition("/")[2].lstrip("-").rstrip("0123456789.")


def decimal(text: str) -> str:
    """Addresses in http URLs as one number, which every resolver takes."""
    return _HTTP.sub(_number, text)


def _number(match: re.Match[str]) -> str:
    parts = [int(part) for part in match.groups()]
    return str(int.from_bytes(bytes(parts), "big")) if max(parts) < 256 else match[0]


def encoded(text: str, rng: Random) -> str:
    """A command line written otherwise where its program is handed text or an address."""
    argv = arguments(text)
    if not argv:
        return text
    name = program(argv[0])
    place = _handed(argv, name)
    if place is None:
        return " ".join(shlex.quote(decimal(a)) for a in argv) if name in _FETCHERS and _HTTP.search(text) else text
    payload = decimal(argv[place])
    if name in SHELLS:
        payload = script(payload, rng)
    else:
        raw = payload.encode("utf-8", "surrogatepass")
        payload = _WRAPPED[name][1].format(base64.b64encode(raw).decode(), raw.hex())
    return shlex.join([*argv[:place], payload, *argv[place + 1 :]])


def script(text: str, rng: Random) -> str:
    """A shell script that does the same and reads otherwise."""
    forms = [_base64, _printf, _split]
    if _PLAIN.fullmatch(text) and "=" not in text and " " in text.strip():
        forms.append(_separated)
    return rng.choice(forms)(text, rng)


def _base64(text: str, rng: Random) -> str:
    told = base64.b64encode(text.encode("utf-8", "surrogatepass")).decode()
    return rng.choice(
        ('eval "$(echo {0} | base64 -d)"', 'eval "$(printf %s {0} | base64 -d)"', "echo {0}|base64 -d|sh")
    ).format(told)


def _printf(text: str, rng: Random) -> str:
    raw = text.encode("utf-8", "surrogatepass")
    form = rng.choice(("\\x{:02x}", "\\{:03o}"))
    return "eval \"$(printf '" + "".join(form.format(byte) for byte in raw) + "')\""


def _split(text: str, rng: Random) -> str:
    """Pairs of quotes inside words that stand outside quotes."""
    parts = re.split(r"('[^']*'|\"(?:\\.|[^\"\\])*\"|\\.|\$[({][^)}]*[)}]|#.*|<<.*)", text, flags=re.DOTALL)
    return "".join(p if i % 2 else _WORD.sub(lambda m: _pair(m[0], rng), p) for i, p in enumerate(parts))


def _pair(word: str, rng: Random) -> str:
    if word in ("then", "else", "elif", "done", "while", "until", "case", "esac", "function", "select", "time"):
        return word
    at = rng.randrange(1, len(word))
    return word[:at] + rng.choice(("''", '""')) + word[at:]


def _separated(text: str, rng: Random) -> str:
    return rng.choice(("${IFS}", "$IFS$9")).join(text.split())


def as_text(text: str, rng: Random) -> str:
    """Any command line as somebody may have typed it: encoded, split by quotes or by IFS."""
    argv = arguments(text)
    if not argv or program(argv[0]) in SHELLS:
        return encoded(text, rng)
    typed = shlex.join(argv)
    return rng.choice((shlex.join(["sh", "-c", _base64(typed, rng)]), _split(typed, rng), _separated_text(typed, rng)))


def _separated_text(typed: str, rng: Random) -> str:
    return _separated(typed, rng) if _PLAIN.fullmatch(typed) and " " in typed else _split(typed, rng)


def padded(text: str, rng: Random) -> str:
    """A command line with arguments, or a comment, that change nothing."""
    argv = arguments(text)
    if not argv:
        return text
    name = program(argv[0])
    place = _handed(argv, name)
    words = " ".join(rng.sample(_WORDS, 6)).replace(";", "")
    if place is not None:
        comment = {"node": "//", "php": "//"}.get(name, "#")
        argv[place] = f"{argv[place]}\n{comment} {words}"
    elif name == "tar":
        argv.append("--totals")
    elif name in _HARMLESS:
        argv[1:1] = _HARMLESS[name]
    else:
        return text
    return shlex.join(argv)


def _handed(argv: list[str], name: str) -> int | None:
    """Place of the text or code a shell or interpreter is handed."""
    if name in SHELLS:
        for place, word in enumerate(argv[1:4], 1):
            if re.fullmatch(r"-[a-z]*c", word):
                place += 2 if argv[place + 1 : place + 2] == ["--"] else 1
                return place if place < len(argv) else None
        return None
    option = _WRAPPED.get(name, ("", ""))[0]
    place = argv.index(option) + 1 if option and option in argv[:4] else len(argv)
    return place if place < len(argv) else None
