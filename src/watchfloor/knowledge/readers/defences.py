"""D3FEND (rows of terms, the JSON-LD ontology, its table of mappings) and published mappings to ATT&CK techniques."""

import re
from collections.abc import Iterator
from typing import Any, Final

from watchfloor.base import attack
from watchfloor.knowledge.documents import Edge, Piece, document, plain

_CVE = re.compile(r"CVE-\d{4}-\d{4,8}")
_TECHNIQUE = re.compile(r"T\d{4}(?:\.\d{3})?")
_D3FEND = re.compile(r"D3-[A-Z0-9]+")

#: Which D3FEND techniques carry out an ATT&CK mitigation. Written for Watchfloor from both vocabularies' definitions:
#: the released terms hold no such edge, and without one no way leads from an attack to D3FEND offline.
CARRIED_OUT_BY: Final[dict[str, str]] = {
    "M1015": "D3-DTP D3-UAP", "M1016": "D3-AVE D3-NVA", "M1018": "D3-UAP D3-LFP", "M1020": "D3-NTA D3-FA",
    "M1021": "D3-DNSAL D3-DNSDL D3-UA", "M1022": "D3-LFP", "M1024": "D3-SCP", "M1025": "D3-BA D3-DLIC D3-PSEP",
    "M1026": "D3-UAP D3-LAM", "M1027": "D3-SPP D3-PR", "M1028": "D3-PH D3-ACH", "M1030": "D3-NI D3-BDI D3-ITF",
    "M1031": "D3-NTA D3-ITF D3-OTF", "M1033": "D3-EAL D3-EDL", "M1034": "D3-IOPR", "M1035": "D3-NI D3-ITF",
    "M1036": "D3-AL D3-ANET", "M1037": "D3-NTF D3-ITF D3-OTF", "M1038": "D3-EAL D3-EDL D3-DLIC",
    "M1040": "D3-PA D3-SCA", "M1041": "D3-DENCR D3-FE D3-MENCR", "M1042": "D3-ACH D3-EDL", "M1043": "D3-CTS",
    "M1044": "D3-TL", "M1045": "D3-EAL D3-SBV D3-DLIC", "M1046": "D3-TBI D3-BA", "M1047": "D3-SFA D3-LAM",
    "M1048": "D3-EI D3-SCF D3-DA", "M1049": "D3-FA D3-FH D3-DA", "M1050": "D3-PSEP D3-SAOR D3-EHPV D3-SSC",
    "M1051": "D3-SU", "M1052": "D3-SCP D3-UAP", "M1053": "D3-RF", "M1054": "D3-ACH D3-CP",
}  # fmt: skip


def term_row(row: dict[str, Any]) -> Iterator[Piece]:
    """A row of D3FEND's terms; only defensive techniques (those with an id of their own) are documents."""
    id = row.get("d3fend_id")
    if not id or not _D3FEND.fullmatch(id):
        return
    parents = [each for each in row.get("parents") or () if each != "Restriction"]
    yield document("countermeasure", id, row["label"], plain(row["definition"]), facts={"parents": parents})
    yield from carried_out(id)


def carried_out(id: str) -> Iterator[Edge]:
    """The mitigations that one countermeasure carries out, by our own table."""
    for mitigation, many in CARRIED_OUT_BY.items():
        if id in many.split():
            yield Edge(id, "carries-out", mitigation, "by both vocabularies' definitions", "watchfloor")


def ontology(raw: dict[str, Any]) -> Iterator[Piece]:
    """D3FEND's ontology as JSON-LD (``d3fend.json``)."""
    by_iri = {each["@id"]: each for each in raw["@graph"] if isinstance(each, dict) and "@id" in each}
    ids = {iri: _value(each.get("d3f:d3fend-id")) for iri, each in by_iri.items()}
    for iri, each in by_iri.items():
        id = ids[iri]
        if not _D3FEND.fullmatch(id):
            continue
        yield document("countermeasure", id, _value(each.get("rdfs:label")), plain(_value(each.get("d3f:definition"))))
        yield from carried_out(id)
        above = each.get("rdfs:subClassOf") or ()
        for parent in above if isinstance(above, list) else [above]:
            other = ids.get(parent.get("@id", "")) if isinstance(parent, dict) else None
            if other:
                yield Edge(id, "child-of", other)


def _value(raw: Any) -> str:
    if isinstance(raw, list):
        raw = raw[0] if raw else ""
    if isinstance(raw, dict):
        raw = raw.get("@value", "")
    return raw if isinstance(raw, str) else ""


def inferred_row(row: dict[str, Any]) -> Iterator[Piece]:
    """A row of D3FEND's full mappings (``d3fend-full-mappings.csv``)."""
    technique = row["off_tech_id"]
    id = row.get("def_tech_id") or ""
    if _D3FEND.fullmatch(id) and _TECHNIQUE.fullmatch(technique):
        said = f"{row.get('def_artifact_rel_label', '')} {row.get('def_artifact_label', '')}".strip()
        yield Edge(id, "counters", attack.normalise(technique) or technique, said)


def mapping_row(row: dict[str, Any]) -> Iterator[Piece]:
    """A mapping of the Center for Threat-Informed Defense: a CVE or a control to an ATT&CK technique."""
    if "capability_id" not in row:  # a technique that nothing is mapped to
        return
    id, technique = row["capability_id"], str(row["attack_object_id"])
    end = attack.normalise(technique) or technique
    kind = row.get("mapping_type") or "maps-to"
    if _CVE.fullmatch(id):
        yield Edge(id, kind.replace("_", "-"), end, plain(row.get("comments"))[:300])
        return
    facts = {"family": row.get("capability_group")}
    yield document("control", id, row["capability_description"], row["capability_description"], facts=facts)
    yield Edge(id, kind, end, plain(row.get("comments"))[:300])


def impact_row(row: dict[str, Any]) -> Iterator[Piece]:
    """A row of the older table of CVEs to techniques, whose columns say how it is exploited and what follows."""
    id = row["CVE ID"].strip()
    if not _CVE.fullmatch(id):
        raise ValueError("no CVE id")
    for column in ("Exploitation Technique", "Primary Impact", "Secondary Impact"):
        for technique in _TECHNIQUE.findall(row.get(column) or ""):
            yield Edge(id, column.lower().replace(" ", "-"), attack.normalise(technique) or technique)
