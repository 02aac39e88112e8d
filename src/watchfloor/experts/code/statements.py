"""Java, C and texts no parser takes: statements cut lexically, and one pass of who assigns what to whom.

A reader of tokens, not a parser: it knows no types, no scopes and no branches. It is honest about that by its score,
which is calibrated on texts it was not made from.
"""

import re
from collections.abc import Iterator
from typing import Final

from watchfloor.experts.code.findings import Finding
from watchfloor.experts.code.sources import cleans

#: Names that hold hostile text: where it is from, on which line, how sure that is.
_Hostile = dict[str, tuple[str, int, str]]
#: Statements of one text that are looked at.
MOST_STATEMENTS: Final = 20_000
_NOISE: Final = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_STRING: Final = re.compile(r"\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'")
_ASSIGNED: Final = re.compile(r"(?:^|[\s(])(?:[\w<>\[\].,?]+\s+)?(\w+)\s*\+?=(?!=)\s*(.*)$", re.DOTALL)
_WORD: Final = re.compile(r"[A-Za-z_]\w*")
_CALLED: Final = re.compile(r"([A-Za-z_][\w.]*)\s*\(")

_JAVA_SOURCE: Final = re.compile(
    r"getParameter(?:Values|Map|Names)?\s*\(|getHeaders?\s*\(|getHeaderNames|getCookies\s*\(|getQueryString\s*\(|"
    r"getRequestURI\s*\(|getRequestURL\s*\(|getReader\s*\(|getInputStream\s*\(|readLine\s*\(|getTheParameter|"
    r"System\.getenv|nextLine\s*\(|getPathInfo|getServletPath"
)
_JAVA_PARAMETER: Final = re.compile(r"@(?:RequestParam|PathVariable|RequestBody|RequestHeader|CookieValue|QueryParam|"
                                    r"PathParam|FormParam|HeaderParam|Param)\b[^,)]*?\b(\w+)\s*[,)]")  # fmt: skip
_JAVA_METHOD: Final = re.compile(r"\b(?:public|protected|private)\b[^;{}=]*\(([^(){};]*)\)[^;{}]*$")
_JAVA_SINKS: Final = (
    (
        "sql",
        re.compile(
            r"(?:execute(?:Query|Update|LargeUpdate)?|addBatch|prepareStatement|prepareCall|createQuery|"
            r"createNativeQuery|createSQLQuery|queryFor\w+|batchUpdate|newQuery|nativeSQL)\s*\((.*)",
            re.DOTALL,
        ),
    ),
    ("command", re.compile(r"(?:\.exec|new\s+ProcessBuilder|\.command)\s*\((.*)", re.DOTALL)),
    (
        "path",
        re.compile(
            r"new\s+(?:java\.io\.)?(?:File|FileInputStream|FileOutputStream|FileReader|FileWriter|"
            r"RandomAccessFile)\s*\((.*)|(?:Paths\.get|Path\.of)\s*\((.*)",
            re.DOTALL,
        ),
    ),
    (
        "html",
        re.compile(
            r"(?:getWriter\s*\(\s*\)|\bout|writer)\s*\.\s*(?:print|println|write|format|printf|append)"
            r"\s*\((.*)",
            re.DOTALL,
        ),
    ),
    ("ldap", re.compile(r"(?:[cC]tx|[cC]ontext|dirContext|idc)\w*\.search\s*\((.*)|\.lookup\s*\((.*)", re.DOTALL)),
    ("xpath", re.compile(r"(?:\.evaluate|\.compile)\s*\((.*)", re.DOTALL)),
    ("redirect", re.compile(r"(?:sendRedirect|RedirectView|setHeader\s*\(\s*\"Location\"\s*,)\s*\(?(.*)", re.DOTALL)),
    ("trust", re.compile(r"getSession\s*\(\s*\w*\s*\)\s*\.\s*(?:setAttribute|putValue)\s*\((.*)", re.DOTALL)),
    ("fetch", re.compile(r"new\s+URL\s*\((.*)|URI\.create\s*\((.*)|HttpGet\s*\((.*)", re.DOTALL)),
    (
        "unpickle",
        re.compile(r"new\s+(?:\w+\.)*ObjectInputStream\s*\((.*)|\.fromXML\s*\((.*)|XMLDecoder\s*\((.*)", re.DOTALL),
    ),
    ("code", re.compile(r"(?:engine|scriptEngine|ScriptEngine\w*)\.eval\s*\((.*)|parseExpression\s*\((.*)", re.DOTALL)),
)
_JAVA_FACTS: Final = (
    (
        "hash",
        re.compile(
            r"MessageDigest\.getInstance\s*\(\s*\"(?:MD2|MD4|MD5|SHA-?1|SHA)\"|DigestUtils\.(?:md5|sha1?)\w*\s*\("
            r"|getMd5Digest|getSha1?Digest|Hashing\.(?:md5|sha1)\b"
        ),
    ),
    (
        "cipher",
        re.compile(
            r"(?:Cipher|KeyGenerator)\.getInstance\s*\(\s*\"(?:DES|DESede|RC2|RC4|ARCFOUR|Blowfish|AES/ECB|AES\"|"
            r"DES/|RSA/(?:ECB|None)/NoPadding)|NullCipher|SSLContext\.getInstance\s*\(\s*\"(?:SSL|TLSv?1(?:\.[01])?)\""
        ),
    ),
    ("random", re.compile(r"new\s+(?:java\.util\.)?Random\s*\(|Math\.random\s*\(|RandomStringUtils\.random")),
    ("cookie", re.compile(r"\.setSecure\s*\(\s*false|\.setHttpOnly\s*\(\s*false")),
    (
        "tls",
        re.compile(
            r"ALLOW_ALL_HOSTNAME_VERIFIER|NoopHostnameVerifier|AllowAllHostnameVerifier|TrustAllStrategy|"
            r"setHostnameVerifier\s*\(\s*\("
        ),
    ),
    ("signature", re.compile(r"Algorithm\.none\s*\(|\.parse\s*\(\s*jwt")),
)
_C_FACTS: Final = (
    ("memory", re.compile(r"\b(?:gets|strcpy|strcat|wcscpy|wcscat|lstrcpy|lstrcat|StrCpy|_mbscpy|stpcpy)\s*\(")),
    ("memory", re.compile(r"\b(?:sprintf|vsprintf|swprintf)\s*\([^;]*%s")),
    ("memory", re.compile(r"\b[fs]?scanf\s*\([^;]*%s")),
    ("memory", re.compile(r"\b(?:strncpy|memcpy|memmove|strncat)\s*\([^;]*\bstrlen\s*\(")),
    (
        "format",
        re.compile(
            r"\b(?:printf|vprintf|syslog)\s*\(\s*[A-Za-z_]\w*\s*\)|\b(?:fprintf|snprintf)\s*\(\s*\w+\s*,\s*"
            r"[A-Za-z_]\w*\s*\)"
        ),
    ),
    (
        "command",
        re.compile(r"\b(?:system|popen|execlp?|execvp?|_popen|ShellExecute\w*|WinExec)\s*\(\s*(?!\")[A-Za-z_]"),
    ),
    (
        "overflow",
        re.compile(
            r"\b(?:malloc|alloca|realloc|xmalloc|g_malloc|kmalloc)\s*\([^;]*[A-Za-z_)\]]\s*\*\s*"
            r"(?:[A-Za-z_(]|sizeof)"
        ),
    ),
    ("random", re.compile(r"\b(?:rand|random|drand48|lrand48|srand)\s*\(")),
    ("temporary", re.compile(r"\b(?:mktemp|tmpnam|tempnam)\s*\(")),
    ("hash", re.compile(r"\b(?:MD5|MD4|SHA1|MD5_Init|SHA1_Init|EVP_md5|EVP_sha1)\s*\(")),
    ("cipher", re.compile(r"\b(?:DES_\w+|RC4|EVP_des_\w+|EVP_rc4)\s*\(")),
)


def java(text: str) -> list[Finding]:
    """Weaknesses of a Java text."""
    found: dict[tuple[str, int], Finding] = {}
    hostile: _Hostile = {}
    for line, statement in statements(text):
        _enter(statement, line, hostile)
        for each in (*_facts(statement, line), *_flows(statement, line, hostile)):
            found.setdefault((each.kind, line), each)
        _assign(statement, line, hostile)
    return sorted(found.values(), key=lambda each: each.line)


def _enter(statement: str, line: int, hostile: _Hostile) -> None:
    """Parameters: those a web framework fills, and texts a caller hands to a method."""
    for parameter in _JAVA_PARAMETER.findall(statement):
        hostile[parameter] = (parameter, line, "request")
    method = _JAVA_METHOD.search(statement)
    for each in method[1].split(",") if method else ():
        words = _WORD.findall(each)
        if len(words) > 1 and "String" in words and words[-1] not in hostile:
            hostile[words[-1]] = (words[-1], line, "parameter")


def _facts(statement: str, line: int) -> Iterator[Finding]:
    for kind, pattern in _JAVA_FACTS:
        if match := pattern.search(statement):
            yield Finding(kind, line, _shown(match[0]), "fact")


def _flows(statement: str, line: int, hostile: _Hostile) -> Iterator[Finding]:
    for kind, pattern in _JAVA_SINKS:
        match = pattern.search(statement)
        origin = _hostile(next((each for each in match.groups() if each), ""), hostile, line) if match else None
        if match and origin and not (kind == "sql" and _bound(statement)):
            name, began, strength = origin
            yield Finding(kind, line, _shown(match[0]), strength, name, (began,))


def _assign(statement: str, line: int, hostile: _Hostile) -> None:
    assigned = _ASSIGNED.search(statement)
    if not assigned:
        return
    origin = _hostile(assigned[2], hostile, line)
    names = _CALLED.findall(assigned[2])
    if origin and not any(cleans(name) or name.startswith(("Integer.", "Long.", "UUID.")) for name in names):
        hostile[assigned[1]] = origin
    elif "+=" not in statement:
        hostile.pop(assigned[1], None)


def c(text: str) -> list[Finding]:
    """Calls in a C or C++ text that are easily wrong."""
    found: dict[tuple[str, int], Finding] = {}
    for number, line in enumerate(_NOISE.sub(_blank, text).split("\n"), 1):
        for kind, pattern in _C_FACTS:
            if match := pattern.search(line[:2000]):
                found.setdefault((kind, number), Finding(kind, number, _shown(match[0]), "fact"))
    return list(found.values())


def statements(text: str) -> Iterator[tuple[int, str]]:
    """Statements with the line each begins on; comments are gone, strings still there."""
    piece: list[str] = []
    line, begun, count = 1, 1, 0
    for token in re.finditer(
        r"\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'|[;{}]|\n|[^;{}\n\"']+|[\"']", _NOISE.sub(_blank, text)
    ):
        word = token[0]
        if word in (";", "{", "}"):
            yield begun, "".join(piece)
            piece, count = [], count + 1
            if count > MOST_STATEMENTS:
                return
        elif word == "\n":
            line += 1
            piece.append(" ")
        else:
            if not "".join(piece).strip():
                begun, piece = line, []
            piece.append(word)
    if piece:
        yield begun, "".join(piece)


def _blank(match: re.Match[str]) -> str:
    return "\n" * match[0].count("\n")


def _shown(text: str) -> str:
    return _WORD.findall(text.split("(")[0])[-1] if _WORD.search(text.split("(")[0]) else text[:30]


def _bound(statement: str) -> bool:
    """A statement prepared with places for its values, and nothing added to it."""
    return "?" in statement and "+" not in _STRING.sub("", statement)


def _hostile(text: str, hostile: _Hostile, line: int) -> tuple[str, int, str] | None:
    bare = _STRING.sub("", text)
    if source := _JAVA_SOURCE.search(bare):
        return source[0].strip(" ("), line, "request"
    found = [hostile[word] for word in _WORD.findall(bare) if word in hostile]
    return min(found, key=lambda each: each[2] != "request") if found else None
