"""Sigma rules, LOLBAS and GTFOBins: YAML, Markdown with a YAML front, and rows."""

import re
from collections.abc import Iterator
from typing import Any, Final

from watchfloor.base import attack
from watchfloor.knowledge.documents import Edge, Piece, document, plain

_TAG = re.compile(r"attack\.(t\d{4}(?:\.\d{3})?|[sgm]\d{4})", re.IGNORECASE)
_CVE_TAG = re.compile(r"cve[.-](\d{4})[.-](\d{4,8})", re.IGNORECASE)
_DETECTION = re.compile(r"(?ms)^detection:\s*\n(.*?)(?=^\S|\Z)")
_WORDS: Final = 4_000


def sigma(rule: dict[str, Any], detection: str) -> Iterator[Piece]:
    """A Sigma rule; ``detection`` is its logic as text. What it names in its tags it detects."""
    id, title = rule.get("id"), rule.get("title")
    if not isinstance(id, str) or not isinstance(title, str):
        raise ValueError("a rule without id or title")
    logsource = rule.get("logsource")
    where = " ".join(str(value) for value in logsource.values()) if isinstance(logsource, dict) else ""
    false = rule.get("falsepositives")
    notes = "; ".join(map(str, false)) if isinstance(false, list) else str(false or "")
    text = [plain(rule.get("description")), f"Log source: {where}." if where else ""]
    text += [f"False positives: {plain(notes)}." if notes else "", detection[:_WORDS]]
    facts = {"level": rule.get("level"), "status": rule.get("status"), "path": rule.get("path")}
    facts = {name: value for name, value in facts.items() if isinstance(value, str)}
    yield document("rule", id.lower(), title, "\n".join(filter(None, text)), facts=facts)
    tags = rule.get("tags")
    for tag in map(str, tags if isinstance(tags, list) else ()):
        if match := _TAG.fullmatch(tag):
            named = match[1].upper()
            yield Edge(id.lower(), "detects", attack.normalise(named) or named)
        elif match := _CVE_TAG.fullmatch(tag):
            yield Edge(id.lower(), "detects", f"CVE-{match[1]}-{match[2]}")


def sigma_row(row: dict[str, Any]) -> Iterator[Piece]:
    """A row of Sigma rules, whose detection is an object."""
    yield from sigma(row, flat(row.get("detection")))


def sigma_text(rule: dict[str, Any], text: str) -> Iterator[Piece]:
    """A Sigma rule with the YAML it stood in; its logic is taken as it is written, so that no alias multiplies it."""
    found = _DETECTION.search(text)
    yield from sigma(rule, found[1] if found else "")


def flat(value: Any, depth: int = 0) -> str:
    """The words of nested data, up to a length."""
    if depth > 8:
        return ""
    if isinstance(value, dict):
        return "\n".join(f"{key}: {flat(each, depth + 1)}" for key, each in list(value.items())[:200])[:_WORDS]
    if isinstance(value, list):
        return ", ".join(flat(each, depth + 1) for each in value[:200])[:_WORDS]
    return str(value)[:500]


def _binary(
    system: str, name: str, uses: list[tuple[str, str, str]], said: str = "", technique_ids: tuple[str, ...] = ()
) -> Iterator[Piece]:
    """A program attackers live off: (what for, what it says, command) for each use."""
    id = f"{system}/{name}"
    text = "\n".join([said, *(f"{use}: {told} {command}".strip() for use, told, command in uses)])
    yield document("binary", id, name, text, names=(id,), facts={"functions": sorted({use for use, _, _ in uses})})
    for named in dict.fromkeys(technique_ids):
        yield Edge(id, "can-be-used-for", attack.normalise(named) or named)


def lolbas(raw: dict[str, Any]) -> Iterator[Piece]:
    """A LOLBAS entry (YAML)."""
    commands = [each for each in raw["Commands"] or () if isinstance(each, dict)]
    uses = [
        (str(each.get("Category", "")), plain(each.get("Description")), str(each.get("Command", "")))
        for each in commands
    ]
    ids = tuple(str(each["MitreID"]) for each in commands if each.get("MitreID"))
    yield from _binary("lolbas", str(raw["Name"]), uses, plain(raw.get("Description")), ids)


def lolbas_rows(rows: list[dict[str, Any]]) -> Iterator[Piece]:
    """Rows of LOLBAS commands, a binary's together."""
    for name, many in _together(rows, "name"):
        uses = [(str(each.get("category", "")), plain(each.get("use")), str(each["command"])) for each in many]
        ids = tuple(str(each["mitre"]) for each in many if each.get("mitre"))
        yield from _binary("lolbas", name, uses, plain(many[0].get("desc")), ids)


def gtfobins(name: str, front: dict[str, Any]) -> Iterator[Piece]:
    """A GTFOBins page's front matter."""
    uses = []
    for function, many in front["functions"].items():
        for each in many if isinstance(many, list) else ():
            if isinstance(each, dict):
                told = each.get("description") or each.get("comment")
                uses.append((str(function), plain(told), str(each.get("code", ""))))
    yield from _binary("gtfobins", name, uses)


def gtfobins_rows(rows: list[dict[str, Any]]) -> Iterator[Piece]:
    """Rows of GTFOBins code, a binary's together."""
    for name, many in _together(rows, "binary"):
        uses = [(str(each["function"]), plain(each.get("description")), str(each.get("code", ""))) for each in many]
        yield from _binary("gtfobins", name, uses)


def _together(rows: list[dict[str, Any]], key: str) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for each in rows:
        found.setdefault(str(each[key]), []).append(each)
    yield from found.items()
