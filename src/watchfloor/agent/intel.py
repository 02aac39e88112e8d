"""A local threat-intelligence store: STIX 2.1 bundles, MISP events, CSV lists. Read from files, never fetched."""

import csv
import io
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from watchfloor.base.errors import InputError

#: Bytes of one file and indicators of one store, at most.
MOST_BYTES: Final = 256 << 20
MOST_INDICATORS: Final = 2_000_000
_STIX = re.compile(r"(?:ipv4-addr|ipv6-addr|domain-name|url|file|email-addr)\s*:\s*[\w.'\-]+\s*=\s*'((?:[^'\\]|\\.)*)'")
_COLUMNS: Final = ("indicator", "value", "ioc", "ip", "domain", "url", "hash", "sha256", "md5")


@dataclass(frozen=True, slots=True)
class Known:
    """One indicator: its value in lower case, what is said of it, and the file that says so."""

    value: str
    label: str
    source: str


class Intel:
    """Indicators by value."""

    def __init__(self) -> None:
        self._known: dict[str, Known] = {}
        #: Files or parts of them that could not be used, with why.
        self.faults: list[str] = []

    def __len__(self) -> int:
        return len(self._known)

    def look_up(self, value: str) -> Known | None:
        """What is known of an address, name or hash, exactly as written (case aside)."""
        return self._known.get(value.strip().lower())

    def add(self, value: str, label: str, source: str) -> None:
        """Keep one indicator; the first word on a value stays."""
        value = value.strip().lower()
        if value and len(value) < 2_048 and len(self._known) < MOST_INDICATORS:
            self._known.setdefault(value, Known(value, label[:200], source))


def load(path: Path) -> Intel:
    """Indicators of a file, or of the files of a folder.

    A damaged file is named in ``faults`` and the rest is used.

    Raises:
        InputError: there is nothing at the path, or not one file of it could be read.
    """
    found = Intel()
    files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
    read = 0
    for file in files:
        try:
            if file.stat().st_size > MOST_BYTES:
                raise ValueError("it is too large")
            _read(found, file.read_text("utf-8-sig", "replace"), file.name)
            read += 1
        except (OSError, ValueError, RecursionError) as error:
            found.faults.append(f"{file.name}: {error}")
    if not read:
        why = "; ".join(found.faults[:3]) or "no file"
        raise InputError(
            f"no threat intelligence could be read from {path}: {why}.",
            hint="A STIX 2.1 bundle, a MISP event or a CSV with a column 'indicator' is read.",
        )
    return found


def _read(found: Intel, text: str, name: str) -> None:
    if text.lstrip()[:1] in "{[" and text.strip():
        document = json.loads(text)
        for one in document if isinstance(document, list) else [document]:
            _object(found, one, name)
        return
    rows = csv.DictReader(io.StringIO(text))
    column = next((c for c in rows.fieldnames or () if c and c.strip().lower() in _COLUMNS), None)
    if column is None:
        raise ValueError("no JSON, and no CSV with a column 'indicator'")
    for row in rows:
        said = [str(v) for k, v in row.items() if k and k != column and v]
        found.add(str(row[column] or ""), " · ".join(said), name)


def _object(found: Intel, one: Any, name: str) -> None:
    if not isinstance(one, dict):
        raise ValueError("its JSON is no bundle or event")
    if one.get("type") == "bundle":
        for item in one.get("objects") or ():
            if isinstance(item, dict) and item.get("type") == "indicator":
                for value in _STIX.findall(str(item.get("pattern") or "")):
                    found.add(re.sub(r"\\(.)", r"\1", value), str(item.get("name") or "indicator"), name)
        return
    _misp(found, one.get("Event", one), name)


def _misp(found: Intel, event: Any, name: str) -> None:
    if not isinstance(event, dict) or not isinstance(event.get("Attribute", event.get("Object")), list):
        raise ValueError("its JSON is neither a STIX bundle nor a MISP event")
    listed = list(event.get("Attribute") or ())
    for group in event.get("Object") or ():
        listed += group.get("Attribute") or () if isinstance(group, dict) else ()
    for item in listed:
        if isinstance(item, dict):
            for value in str(item.get("value") or "").split("|"):
                found.add(value, str(event.get("info") or item.get("category") or "MISP"), name)
