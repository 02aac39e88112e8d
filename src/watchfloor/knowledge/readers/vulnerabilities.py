"""CVE records (NVD's JSON 2.0, CVE JSON 5, rows) and CISA's known exploited vulnerabilities (JSON, CSV)."""

import csv
import re
from collections.abc import Iterator
from typing import Any

from watchfloor.knowledge.documents import Edge, Piece, document, plain

_CVE = re.compile(r"CVE-\d{4}-\d{4,8}")
_CWE = re.compile(r"CWE-\d+")


def _checked(id: Any) -> str:
    if not isinstance(id, str) or not _CVE.fullmatch(id):
        raise ValueError(f"{str(id)[:40]!r} is no CVE id")
    return id


def _record(id: str, text: str, weaknesses: list[str], facts: dict[str, Any]) -> Iterator[Piece]:
    yield document("vulnerability", id, id, plain(text), facts=facts)
    for weakness in dict.fromkeys(weaknesses):
        if _CWE.fullmatch(weakness):
            yield Edge(id, "has-weakness", weakness)


def row(row: dict[str, Any]) -> Iterator[Piece]:
    """A row of CVEs: id, desc, cwe (one or a list), cvss3, score, pub."""
    weaknesses = row.get("cwe") or []
    facts = {"cvss": row.get("cvss3"), "score": row.get("score"), "published": row.get("pub")}
    many = [weaknesses] if isinstance(weaknesses, str) else list(weaknesses)
    yield from _record(_checked(row["id"]), row["desc"], many, facts)


def nvd(cve: dict[str, Any]) -> Iterator[Piece]:
    """One ``cve`` of NVD's JSON 2.0."""
    text = next((each["value"] for each in cve["descriptions"] if each.get("lang") == "en"), "")
    weaknesses = [said["value"] for each in cve.get("weaknesses") or () for said in each.get("description") or ()]
    facts: dict[str, Any] = {
        "published": str(cve.get("published", ""))[:10],
        "rejected": cve.get("vulnStatus") == "Rejected",
    }
    for name in ("cvssMetricV31", "cvssMetricV30"):
        for metric in (cve.get("metrics") or {}).get(name) or ():
            facts |= {"cvss": metric["cvssData"]["vectorString"], "score": metric["cvssData"]["baseScore"]}
            break
    yield from _record(_checked(cve["id"]), text, weaknesses, facts)


def cve5(raw: dict[str, Any]) -> Iterator[Piece]:
    """One record of the CVE list, JSON 5."""
    id = _checked(raw["cveMetadata"]["cveId"])
    parts = [raw["containers"]["cna"], *(raw["containers"].get("adp") or ())]
    if raw["cveMetadata"].get("state") == "REJECTED":
        yield from _record(id, "Rejected.", [], {"rejected": True})
        return
    told = [each["value"] for each in parts[0].get("descriptions") or () if str(each.get("lang", "")).startswith("en")]
    weaknesses: list[str] = []
    facts: dict[str, Any] = {"published": str(raw["cveMetadata"].get("datePublished", ""))[:10]}
    for part in parts:
        for problem in part.get("problemTypes") or ():
            weaknesses += [str(said.get("cweId", "")) for said in problem.get("descriptions") or ()]
        for metric in part.get("metrics") or ():
            for name in ("cvssV3_1", "cvssV3_0"):
                if name in metric and "cvss" not in facts:
                    facts |= {"cvss": metric[name]["vectorString"], "score": metric[name]["baseScore"]}
    yield from _record(id, "\n".join(told), weaknesses, facts)


def exploited(row: dict[str, Any]) -> Iterator[Piece]:
    """One entry of the catalogue of known exploited vulnerabilities."""
    id = _checked(row["cveID"])
    text = "\n".join(
        filter(None, (plain(row.get("shortDescription")), f"Required action: {plain(row.get('requiredAction'))}"))
    )
    facts = {
        "vendor": row.get("vendorProject"),
        "product": row.get("product"),
        "added": row.get("dateAdded"),
        "due": row.get("dueDate"),
        "ransomware": row.get("knownRansomwareCampaignUse"),
    }
    yield document("exploited", id, str(row["vulnerabilityName"]), text, facts=facts)
    weaknesses = row.get("cwes") or []
    for weakness in _CWE.findall(weaknesses if isinstance(weaknesses, str) else " ".join(weaknesses)):
        yield Edge(id, "has-weakness", weakness)


def table(text: str) -> Iterator[dict[str, Any]]:
    """The rows of a CSV with a header."""
    yield from csv.DictReader(text.lstrip("\ufeff").splitlines(keepends=True))
