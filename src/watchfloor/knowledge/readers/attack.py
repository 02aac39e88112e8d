"""MITRE ATT&CK (and CAPEC) as STIX 2 bundles, and as rows of objects, techniques and relations."""

import re
from collections.abc import Iterator
from typing import Any, Final

from watchfloor.base import attack
from watchfloor.knowledge.documents import Edge, Piece, document, plain

KIND_OF: Final = {
    "attack-pattern": "technique",
    "course-of-action": "mitigation",
    "intrusion-set": "group",
    "malware": "software",
    "tool": "software",
    "campaign": "campaign",
    "x-mitre-tactic": "tactic",
    "x-mitre-data-component": "detection",
    "x-mitre-data-source": "detection",
    "x-mitre-detection-strategy": "detection",
    "x-mitre-analytic": "detection",
    "x-mitre-asset": "asset",
}
_SOURCES: Final = {"mitre-attack", "mitre-mobile-attack", "mitre-ics-attack", "capec"}
_CVE = re.compile(r"\bCVE-\d{4}-\d{4,8}\b", re.IGNORECASE)
_WEAKNESS = re.compile(r"CWE-\d+")
_SAID: Final = 300


def _own_id(kind: str, id: str) -> str:
    """Mitigations of 2018 and before bear the id of the technique they are for."""
    return f"{id}/mitigation" if kind == "mitigation" and id.startswith("T") else id


def technique_row(row: dict[str, Any]) -> Iterator[Piece]:
    """A row of techniques: id, name, description, tactics, platforms."""
    id = str(row["id"])
    facts = {name: row.get(name) for name in ("tactics", "platforms", "deprecated")}
    yield document("technique", id, row["name"], plain(row["description"]), facts=facts)
    yield from _tactics(id, row.get("tactics") or ())


def object_row(row: dict[str, Any]) -> Iterator[Piece]:
    """A row of the other objects: type, id, name, description, aliases."""
    kind = KIND_OF[row["type"]]
    id = _own_id(kind, str(row["id"]))
    facts = {"platforms": row.get("platforms"), "deprecated": row.get("deprecated")}
    names = tuple(str(name) for name in row.get("aliases") or () if name != row["name"])
    yield document(kind, id, row["name"], plain(row.get("description")), names=names, facts=facts)
    for analytic in row.get("analytic_refs") or ():
        yield Edge(id, "has-analytic", str(analytic))


def relation_row(row: dict[str, Any]) -> Iterator[Piece]:
    """A row of relations; what was revoked keeps only the way to its successor."""
    if row["dead"] and row["rel"] != "revoked-by":
        return
    kinds = KIND_OF[row["src_type"]], KIND_OF[row["dst_type"]]
    yield from relation(row["rel"], row["src"], row["src_name"], row["dst"], row["dst_name"], kinds, plain(row["text"]))


def relation(
    kind: str, start: str, start_name: str, end: str, end_name: str, kinds: tuple[str, str], said: str
) -> Iterator[Piece]:
    """An edge, and the procedure that its text tells."""
    yield Edge(start, kind, end, said[:_SAID])
    if kind == "uses" and kinds[1] == "technique" and len(said) > 20:
        title = f"{start_name} uses {end_name}"
        yield document("procedure", f"{start}>{end}", title, said, about=end, facts={"by": start})
    for named in dict.fromkeys(found.upper() for found in _CVE.findall(said)):
        if kinds[0] in ("group", "campaign", "software"):
            yield Edge(start, "exploits", named, said[:_SAID])
            yield Edge(named, "exploited-by-way-of", end, said[:_SAID])


def _tactics(id: str, tactics: Any) -> Iterator[Edge]:
    """Tactics have the same short names in three matrices; only the enterprise one is told apart here."""
    if id in attack.vocabulary().techniques:
        for tactic in tactics:
            if (known := attack.normalise_tactic(str(tactic))) is not None:
                yield Edge(id, "serves", known)


def bundle(raw: dict[str, Any]) -> Iterator[Piece]:
    """A STIX bundle of mitre/cti: enterprise, mobile or ICS ATT&CK, or CAPEC. Unknown types are passed over."""
    known: dict[str, tuple[str, str, str]] = {}
    objects = [each for each in raw["objects"] if isinstance(each, dict)]
    for each in objects:
        if (found := _identity(each)) is not None:
            known[each["id"]] = found
    for each in objects:
        if each.get("type") == "relationship":
            yield from _relationship(each, known)
        elif each.get("id") in known:
            yield from _object(each, known)


def version_of(raw: dict[str, Any]) -> str:
    """The version a bundle says it is, where it does."""
    for each in raw["objects"]:
        if isinstance(each, dict) and each.get("type") == "x-mitre-collection":
            return str(each.get("x_mitre_version", ""))
    return ""


def _identity(each: dict[str, Any]) -> tuple[str, str, str] | None:
    """Kind, id and name of an object of ours."""
    kind = KIND_OF.get(str(each.get("type")))
    for reference in each.get("external_references") or ():
        if kind and reference.get("source_name") in _SOURCES and reference.get("external_id"):
            kind = "pattern" if reference["source_name"] == "capec" and kind == "technique" else kind
            return kind, _own_id(kind, str(reference["external_id"])), str(each.get("name", ""))
    return None


def _object(each: dict[str, Any], known: dict[str, tuple[str, str, str]]) -> Iterator[Piece]:
    kind, id, name = known[each["id"]]
    tactics = [phase["phase_name"] for phase in each.get("kill_chain_phases") or ()]
    dead = bool(each.get("revoked") or each.get("x_mitre_deprecated") or each.get("x_capec_status") == "Deprecated")
    facts = {"platforms": each.get("x_mitre_platforms"), "tactics": tactics, "deprecated": dead}
    aliases = each.get("aliases") or each.get("x_mitre_aliases") or ()
    names = tuple(str(alias) for alias in aliases if alias != name)
    yield document(kind, id, name, plain(each.get("description")), names=names, facts=facts)
    if kind == "technique":
        yield from _tactics(id, tactics)
    for reference in each.get("x_mitre_analytic_refs") or ():
        if reference in known:
            yield Edge(id, "has-analytic", known[reference][1])
    if kind == "pattern" and not dead:
        yield from _pattern_edges(id, each)


def _pattern_edges(id: str, each: dict[str, Any]) -> Iterator[Edge]:
    for reference in each.get("external_references") or ():
        other = str(reference.get("external_id", ""))
        if _WEAKNESS.fullmatch(other):
            yield Edge(id, "exploits-weakness", other)
        elif reference.get("source_name") == "ATTACK":
            yield Edge(id, "maps-to", attack.normalise(other) or other)


def _relationship(each: dict[str, Any], known: dict[str, tuple[str, str, str]]) -> Iterator[Piece]:
    start, end = known.get(each.get("source_ref", "")), known.get(each.get("target_ref", ""))
    kind = str(each.get("relationship_type", ""))
    dead = bool(each.get("revoked") or each.get("x_mitre_deprecated"))
    if start is None or end is None or (dead and kind != "revoked-by"):
        return
    yield from relation(kind, start[1], start[2], end[1], end[2], (start[0], end[0]), plain(each.get("description")))


def pattern_row(row: dict[str, Any]) -> Iterator[Piece]:
    """A row of CAPEC: id, name, description, cwe, attack, severity, likelihood, example."""
    dead = row.get("status") == "Deprecated"
    text = "\n".join([plain(row["description"]), *map(plain, row.get("example") or ())])
    facts = {"severity": row.get("severity"), "likelihood": row.get("likelihood"), "deprecated": dead}
    yield document("pattern", row["id"], row["name"], text, facts=facts)
    for weakness in row.get("cwe") or ():
        yield Edge(row["id"], "exploits-weakness", weakness)
    for technique in row.get("attack") or ():
        yield Edge(row["id"], "maps-to", attack.normalise(technique) or technique)


def as_test(row: dict[str, Any]) -> Iterator[Piece]:
    """A row of Atomic Red Team: technique, name, description, command."""
    technique = attack.normalise(row["technique"]) or str(row["technique"])
    id = f"{technique}#{row['name']}"
    text = "\n".join(filter(None, (plain(row.get("description")), str(row.get("command") or ""))))
    yield document("test", id, row["name"], text, about=technique, facts={"platforms": row.get("platforms")})
