"""Where the rules shipped with Watchfloor stand, and what they say."""

import re
from importlib.resources import files
from pathlib import Path
from typing import Final

OWN_RULES = Path(str(files("watchfloor") / "bundled" / "rules"))

_DOCUMENTS = re.compile(r"^---\s*$", re.MULTILINE)
_ID = re.compile(r"^id: (\S+)$", re.MULTILINE)
_TITLE = re.compile(r"^title: (.+)$", re.MULTILINE)
#: Characters of a rule's text that are told.
_MOST_TEXT: Final = 4_000


def texts() -> dict[str, dict[str, str]]:
    """Title and text of each rule that ships, by its id."""
    found = {}
    for path in sorted(OWN_RULES.rglob("*.yml")):
        for text in _DOCUMENTS.split(path.read_text("utf-8")):
            named, titled = _ID.search(text), _TITLE.search(text)
            if named and titled:
                found[named[1]] = {"title": titled[1], "text": text[:_MOST_TEXT]}
    return found
