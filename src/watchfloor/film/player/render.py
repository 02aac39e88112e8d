"""Put the document, the style and the scripts into one HTML page that needs no network.

The page's own policy allows exactly the scripts and the style hashed here and nothing else: no request,
no inline handler, no second script. Log content travels as base64 of gzip, so no text in it can end the
element that holds it, and the scripts put it on the page as text nodes only.
"""

import base64
import gzip
import hashlib
import json
import math
import re
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from watchfloor.base.actions import ACTIONS
from watchfloor.film.player.paper import boot, paper
from watchfloor.film.story import visible

STYLES = ("palette.css", "layout.css", "scenes.css", "screen.css", "side.css", "rules.css", "print.css")
SCRIPTS = (
    "words.js",
    "text.js",
    "icons.js",
    "film.js",
    "matches.js",
    "reel.js",
    "virtual.js",
    "heat.js",
    "timeline.js",
    "stage.js",
    "strip.js",
    "story.js",
    "tree.js",
    "scenes.js",
    "table.js",
    "transport.js",
    "keys.js",
    "main.js",
)
_SLOT = re.compile(r"\{\{(\w+)\}\}")


def render(document: Mapping[str, Any]) -> str:
    """Return the report as HTML; ``document`` is summary, ATT&CK names, scenes and the columnar film."""
    early = _asset("early.js")
    script = "\n".join(["(() => {", '"use strict";', *(_asset(name) for name in SCRIPTS), "})();"])
    style = "\n".join(_asset(name) for name in STYLES)
    slots = {
        "policy": _policy(scripts=(early, script), style=style),
        "title": _text(visible(str(document.get("title") or "Watchfloor"))),
        "style": style,
        "early": early,
        "boot": boot(document),
        "paper": paper(document),
        "data": pack(document),
        "script": script,
    }
    return _SLOT.sub(lambda slot: slots[slot[1]], _asset("page.html"))


def pack(document: Mapping[str, Any]) -> str:
    """The document with the actions' verbs beside it, as base64 of gzip of ASCII JSON."""
    whole = {**document, "verbs": {a.name: [a.verb, a.verb_zh] for a in ACTIONS.values()}}
    try:
        text = json.dumps(whole, allow_nan=False, separators=(",", ":"), default=_plain)
    except ValueError:  # a NaN or infinity has no JSON; it becomes null
        text = json.dumps(_finite(whole), allow_nan=False, separators=(",", ":"), default=_plain)
    return base64.b64encode(gzip.compress(text.encode("ascii"), 6, mtime=0)).decode("ascii")


def _plain(value: Any) -> Any:
    """Arrays and numbers of numpy or Arrow as Python's own."""
    for method in ("tolist", "to_pylist"):
        if hasattr(value, method):
            return _finite(getattr(value, method)())
    raise TypeError(f"{type(value).__name__} has no place in a report")


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return value


def _policy(scripts: tuple[str, ...], style: str) -> str:
    hashes = " ".join(_hash(script) for script in scripts)
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {hashes}",
            f"style-src {_hash(style)}",
            "img-src data:",
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode('utf-8')).digest()).decode('ascii')}'"


def _asset(name: str) -> str:
    text = files(__package__).joinpath(name).read_text(encoding="utf-8").replace("\r\n", "\n")
    if "</script" in text.lower() and name != "page.html":
        raise ValueError(f"{name} must not hold a closing script tag")
    return text


def _text(value: str) -> str:
    return value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
