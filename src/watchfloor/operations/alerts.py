"""An Alert: one finding of ours or of another product, reduced to what correlation needs.

Readers make Alerts; `operations.floor` judges them. An alert keeps the address of its record, so that every
incident can be traced back to the lines it rests on.
"""

import re
from typing import NamedTuple

#: A longer name or host is cut: no product writes one, and hostile ones must not fill memory.
LONGEST_NAME = 400
LONGEST_HOST = 200

_SPACES = re.compile(r"\s+")
#: What varies between alerts of one template: quoted text, addresses, ids, numbers of three digits and more.
_VARIABLE = re.compile(
    r"'[^']{1,200}'"
    r'|"[^"]{1,200}"'
    r"|\b[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}\b"
    r"|\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b"
    r"|\b0x[0-9a-fA-F]+\b"
    r"|\b(?=[0-9a-f]*\d)[0-9a-f]{12,}\b"
    r"|(?<![A-Za-z0-9.])\d{4,}(?![A-Za-z0-9])"
)


class Alert(NamedTuple):
    """One alert.

    ``time`` is seconds since 1970 UTC; ``line`` counts records or lines of the source from 1; ``host`` is the
    asset the alert is about, ``entity`` another address or user in it (may be empty); ``severity`` is 0 (none
    given) to 4 (critical); ``tactics`` are ATT&CK tactic ids the product itself named.
    """

    time: float
    name: str
    host: str
    line: int
    entity: str = ""
    severity: int = 0
    tactics: tuple[str, ...] = ()


def template(name: str) -> str:
    """The name with what varies between alerts of one kind replaced by ``<*>`` (as log template miners do).

    ``failed login of 'bob' from 10.1.2.3`` → ``failed login of <*> from <*>``. Bounded in length.
    """
    if any(c.isdigit() or c in "'\"" for c in name):
        name = _VARIABLE.sub("<*>", name)
    return name


def clean(text: str, longest: int) -> str:
    """White space folded and length bounded; the text is never interpreted."""
    if len(text) > longest:
        text = text[:longest]
    return _SPACES.sub(" ", text).strip()
