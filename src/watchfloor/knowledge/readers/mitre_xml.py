"""CWE and CAPEC as MITRE publishes them, in XML, and rows of CWE's table."""

import re
from collections.abc import Iterator
from typing import Any, Final
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException

from watchfloor.base import attack
from watchfloor.knowledge.documents import Edge, Piece, document, plain

_BLANKS = re.compile(r"\s+")
#: Of the tables in CWE's CSV: ``::KEY:value:KEY:value::``.
_CHILD = re.compile(r"NATURE:ChildOf:CWE ID:(\d+):VIEW ID:1000\b")
_OBSERVED = re.compile(r"CVE-\d{4}-\d{4,8}")
_MITIGATION = re.compile(r"DESCRIPTION:(.*?)(?=:EFFECTIVENESS|:PHASE|::|$)", re.DOTALL)
_EXAMPLES: Final = 60


def parsed(content: bytes) -> Element:
    """The root of a catalogue.

    Raises:
        ValueError: it is no XML, or XML that must not be expanded.
    """
    from defusedxml.ElementTree import fromstring

    try:
        root: Element = fromstring(content)
    except (ParseError, DefusedXmlException, RecursionError, LookupError) as error:
        raise ValueError(f"is no XML that can be read: {error or type(error).__name__}") from error
    return root


def catalogue(root: Element) -> Iterator[Piece]:
    """The weaknesses or attack patterns of a catalogue."""
    for each in root.iter():
        tag = _tag(each)
        if tag == "Weakness" and each.get("ID"):
            yield from _weakness(each)
        elif tag == "Attack_Pattern" and each.get("ID"):
            yield from _pattern(each)


def _tag(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]


def _text(parent: Element, *tags: str) -> str:
    """All text below the children of these names, a line each."""
    found = [_BLANKS.sub(" ", " ".join(child.itertext())).strip() for child in parent if _tag(child) in tags]
    return "\n".join(filter(None, found))


def _below(parent: Element, tag: str) -> Iterator[Element]:
    return (each for each in parent.iter() if _tag(each) == tag)


def _dead(each: Element) -> bool:
    return each.get("Status", "").lower() in ("deprecated", "obsolete")


def _weakness(each: Element) -> Iterator[Piece]:
    id = f"CWE-{each.get('ID')}"
    mitigations = [_text(each_one, "Description") for each_one in _below(each, "Mitigation")]
    text = [_text(each, "Description", "Extended_Description")]
    text += [f"Mitigation: {said}" for said in mitigations if said]
    facts = {"abstraction": each.get("Abstraction"), "deprecated": _dead(each)}
    names = tuple(filter(None, (_text(term, "Term") for term in _below(each, "Alternate_Term"))))
    yield document("weakness", id, each.get("Name") or id, "\n".join(text), names=names, facts=facts)
    for related in _below(each, "Related_Weakness"):
        if related.get("Nature") == "ChildOf" and related.get("View_ID") == "1000":
            yield Edge(id, "child-of", f"CWE-{related.get('CWE_ID')}")
    for pattern in _below(each, "Related_Attack_Pattern"):
        yield Edge(f"CAPEC-{pattern.get('CAPEC_ID')}", "exploits-weakness", id)
    for example in list(_below(each, "Observed_Example"))[:_EXAMPLES]:
        named = _text(example, "Reference")
        if _OBSERVED.fullmatch(named):
            yield Edge(named, "has-weakness", id, _text(example, "Description"))


def _pattern(each: Element) -> Iterator[Piece]:
    id = f"CAPEC-{each.get('ID')}"
    text = _text(each, "Description", "Extended_Description", "Prerequisites", "Mitigations", "Example_Instances")
    facts = {
        "severity": _text(each, "Typical_Severity"),
        "likelihood": _text(each, "Likelihood_Of_Attack"),
        "deprecated": _dead(each),
    }
    yield document("pattern", id, each.get("Name") or id, text, facts=facts)
    for weakness in _below(each, "Related_Weakness"):
        yield Edge(id, "exploits-weakness", f"CWE-{weakness.get('CWE_ID')}")
    for pattern in _below(each, "Related_Attack_Pattern"):
        if pattern.get("Nature") == "ChildOf":
            yield Edge(id, "child-of", f"CAPEC-{pattern.get('CAPEC_ID')}")
    for mapping in _below(each, "Taxonomy_Mapping"):
        entry = _text(mapping, "Entry_ID")
        if mapping.get("Taxonomy_Name") == "ATTACK" and entry:
            technique = entry if entry.startswith("T") else f"T{entry}"
            yield Edge(id, "maps-to", attack.normalise(technique) or technique)


def weakness_row(row: dict[str, Any]) -> Iterator[Piece]:
    """A row of CWE's table, columns named as MITRE's CSV names them."""
    id = f"CWE-{row['CWE-ID']}"
    text = [plain(row.get("Description")), plain(row.get("Extended Description"))]
    text += [f"Mitigation: {plain(said)}" for said in _MITIGATION.findall(row.get("Potential Mitigations") or "")]
    facts = {
        "abstraction": row.get("Weakness Abstraction"),
        "deprecated": row.get("Status") in ("Deprecated", "Obsolete"),
    }
    yield document("weakness", id, row["Name"], "\n".join(filter(None, text)), facts=facts)
    for above in dict.fromkeys(_CHILD.findall(row.get("Related Weaknesses") or "")):
        yield Edge(id, "child-of", f"CWE-{above}")
    for named in list(dict.fromkeys(_OBSERVED.findall(row.get("Observed Examples") or "")))[:_EXAMPLES]:
        yield Edge(named, "has-weakness", id, "an observed example of CWE")
