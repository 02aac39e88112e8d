"""What can go wrong, as a table: a row a kind of weakness, with its CWEs and its words.

The numbers are MITRE's CWE; ``also`` are the siblings other tools report for the same mistake.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of weakness: the CWE reported, siblings, what hostile text does there, whether it needs hostile text."""

    name: str
    cwe: int
    also: tuple[int, ...]
    words: str
    flows: bool = True


_ROWS: Final = (
    Kind("command", 78, (77, 88), "is run as a command of the operating system"),
    Kind("code", 94, (95,), "is run as Python code"),
    Kind("template", 1336, (94,), "is compiled as a template"),
    Kind("import", 470, (94,), "chooses which module or attribute is loaded"),
    Kind("path", 22, (23, 36, 73), "names a file"),
    Kind("html", 79, (80,), "reaches the page unescaped"),
    Kind("sql", 89, (564,), "becomes part of an SQL statement"),
    Kind("ldap", 90, (), "becomes part of an LDAP filter"),
    Kind("xpath", 643, (91,), "becomes part of an XPath expression"),
    Kind("xml", 611, (776,), "is parsed as XML by a parser that follows external entities"),
    Kind("unpickle", 502, (), "is deserialised by a loader that can run code"),
    Kind("redirect", 601, (), "chooses where the browser is sent"),
    Kind("fetch", 918, (), "chooses which address the server asks"),
    Kind("trust", 501, (), "is kept in the session as if it were trusted"),
    Kind("regex", 1333, (730, 400), "is compiled as a regular expression"),
    Kind("extract", 22, (29,), "unpacks an archive whose members choose their own paths"),
    Kind("hash", 328, (327,), "is a broken hash", flows=False),
    Kind("cipher", 327, (326,), "is a broken cipher, mode or protocol", flows=False),
    Kind("random", 330, (338,), "is predictable, no source of secrets", flows=False),
    Kind("cookie", 614, (1004,), "sets a cookie that is also sent without TLS", flows=False),
    Kind("tls", 295, (297,), "takes any certificate or host key", flows=False),
    Kind("debug", 489, (94, 215), "runs the web server with its debugger on", flows=False),
    Kind("temporary", 377, (379,), "names a temporary file that somebody else can make first", flows=False),
    Kind("permission", 732, (276,), "gives everybody access to a file", flows=False),
    Kind("password", 798, (259, 321), "is a secret written into the code", flows=False),
    Kind("signature", 347, (), "takes a token without checking its signature", flows=False),
    Kind("escaping", 79, (116,), "makes templates that do not escape", flows=False),
    Kind("clear", 319, (), "speaks a protocol without encryption", flows=False),
    Kind("memory", 119, (120, 121, 787), "can write past the end of a buffer", flows=False),
    Kind("format", 134, (), "takes a format that is no literal", flows=False),
    Kind("overflow", 190, (680,), "multiplies sizes that may overflow", flows=False),
)

#: All kinds by name.
KINDS: Final = {each.name: each for each in _ROWS}
#: Every kind of sink hostile text can reach: what a value that can be nothing but a number is harmless for.
EVERYWHERE: Final = frozenset(each.name for each in _ROWS if each.flows)


def cwe(kind: str) -> str:
    """``CWE-89`` for ``sql``."""
    return f"CWE-{KINDS[kind].cwe}"
