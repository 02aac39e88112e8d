"""Small public sources in the formats their owners publish, and an encoder that only counts words."""

import gzip
import io
import json
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt


class WordCounter:
    """Texts to counts of hashed words: near enough to meaning for a test. Counts what it was asked."""

    def __init__(self, version: str = "words-1") -> None:
        self.version = version
        self.texts = 0

    def vectors(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        self.texts += len(texts)
        found = np.zeros((len(texts), 64), dtype=np.float32)
        for row, text in enumerate(texts):
            for word in text.lower().split():
                found[row, zlib.crc32(word.strip(".,:").encode()) % 64] += 1
            found[row] += 1e-3
        return np.asarray(found / np.linalg.norm(found, axis=1, keepdims=True), dtype=np.float32)


def _reference(id: str) -> dict[str, Any]:
    return {"external_references": [{"source_name": "mitre-attack", "external_id": id}]}


LSASS = "Adversaries may dump the memory of the LSASS process to steal credentials.(Citation: Some Blog)"


def bundle(version: str = "18.1", lsass: str = LSASS, *, without: str = "") -> dict[str, Any]:
    """A STIX bundle as mitre/cti has it."""
    objects: list[dict[str, Any]] = [
        {"type": "x-mitre-collection", "id": "x-mitre-collection--1", "x_mitre_version": version},
        {"type": "attack-pattern", "id": "attack-pattern--1", "name": "LSASS Memory", "description": lsass,
         "kill_chain_phases": [{"phase_name": "credential-access"}], **_reference("T1003.001")},
        {"type": "attack-pattern", "id": "attack-pattern--2", "name": "PowerShell",
         "description": "Adversaries may abuse [PowerShell](https://attack.mitre.org/x) commands and scripts.",
         **_reference("T1059.001")},
        {"type": "attack-pattern", "id": "attack-pattern--3", "name": "PowerShell", "description": "Old.",
         "revoked": True, **_reference("T1086")},
        {"type": "attack-pattern", "id": "attack-pattern--4", "name": "Exploit Public-Facing Application",
         "description": "Adversaries may attempt to exploit a weakness in an Internet-facing host.",
         **_reference("T1190")},
        {"type": "malware", "id": "malware--1", "name": "Grabber", "x_mitre_aliases": ["Grabber", "HashThief"],
         "description": "Grabber is malware written for tests.", **_reference("S9001")},
        {"type": "intrusion-set", "id": "intrusion-set--1", "name": "Test Panda", "aliases": ["Test Panda", "APT-T"],
         "description": "Test Panda is a group that does not exist.", **_reference("G9001")},
        {"type": "course-of-action", "id": "course-of-action--1", "name": "Credential Access Protection",
         "description": "Use capabilities to prevent successful credential access.", **_reference("M1043")},
        {"type": "relationship", "id": "r1", "relationship_type": "uses", "source_ref": "malware--1",
         "target_ref": "attack-pattern--1",
         "description": "Grabber reads hashes with procdump out of a running service."},
        {"type": "relationship", "id": "r2", "relationship_type": "uses", "source_ref": "intrusion-set--1",
         "target_ref": "malware--1", "description": "(Citation: X)"},
        {"type": "relationship", "id": "r3", "relationship_type": "mitigates", "source_ref": "course-of-action--1",
         "target_ref": "attack-pattern--1", "description": "Credential Guard helps."},
        {"type": "relationship", "id": "r4", "relationship_type": "revoked-by", "source_ref": "attack-pattern--3",
         "target_ref": "attack-pattern--2"},
        {"type": "relationship", "id": "r5", "relationship_type": "uses", "source_ref": "intrusion-set--1",
         "target_ref": "attack-pattern--4", "description": "Test Panda exploited CVE-2021-44228 in front-end servers."},
    ]  # fmt: skip
    return {"type": "bundle", "id": "bundle--1", "objects": [each for each in objects if each["id"] != without]}


CWE = """<?xml version="1.0"?><Weakness_Catalog xmlns="http://cwe.mitre.org/cwe-7" Name="CWE" Version="4.18">
<Weaknesses>
<Weakness ID="502" Name="Deserialization of Untrusted Data" Abstraction="Base" Status="Draft">
<Description>The product deserializes untrusted data.</Description>
<Extended_Description><p>It is <b>bad</b>.</p></Extended_Description>
<Related_Weaknesses><Related_Weakness Nature="ChildOf" CWE_ID="913" View_ID="1000"/></Related_Weaknesses>
<Potential_Mitigations>
<Mitigation><Description>Do not deserialize what strangers send.</Description></Mitigation></Potential_Mitigations>
<Observed_Examples>
<Observed_Example><Reference>CVE-2019-12799</Reference><Description>x</Description></Observed_Example></Observed_Examples>
<Related_Attack_Patterns><Related_Attack_Pattern CAPEC_ID="586"/></Related_Attack_Patterns>
</Weakness></Weaknesses></Weakness_Catalog>"""
CAPEC = """<Attack_Pattern_Catalog xmlns="http://capec.mitre.org/capec-3" Version="3.9"><Attack_Patterns>
<Attack_Pattern ID="586" Name="Object Injection" Abstraction="Meta" Status="Draft">
<Description>An adversary injects objects.</Description>
<Related_Weaknesses><Related_Weakness CWE_ID="502"/></Related_Weaknesses>
<Taxonomy_Mappings>
<Taxonomy_Mapping Taxonomy_Name="ATTACK"><Entry_ID>1190</Entry_ID></Taxonomy_Mapping></Taxonomy_Mappings>
</Attack_Pattern></Attack_Patterns></Attack_Pattern_Catalog>"""
KEV = {"title": "CISA Catalog", "catalogVersion": "2026.11.01", "vulnerabilities": [
    {"cveID": "CVE-2021-44228", "vendorProject": "Apache", "product": "Log4j2",
     "vulnerabilityName": "Apache Log4j2 RCE",
     "dateAdded": "2021-12-10", "shortDescription": "Log4j2 allows remote code execution through JNDI.",
     "requiredAction": "Apply updates.", "dueDate": "2021-12-24", "knownRansomwareCampaignUse": "Known",
     "cwes": ["CWE-502"]}]}  # fmt: skip
NVD = {"format": "NVD_CVE", "version": "2.0", "timestamp": "2026-11-01", "vulnerabilities": [
    {"cve": {"id": "CVE-2021-44228", "published": "2021-12-10T10:15Z", "vulnStatus": "Analyzed",
             "descriptions": [{"lang": "en",
                               "value": "Apache Log4j2 JNDI features do not protect against LDAP endpoints."}],
             "metrics": {"cvssMetricV31": [{"cvssData": {"vectorString": "CVSS:3.1/AV:N", "baseScore": 10.0}}]},
             "weaknesses": [{"description": [{"lang": "en", "value": "CWE-502"}]}]}},
    {"cve": {"id": "CVE-2001-0001",
             "descriptions": [{"lang": "en", "value": "Quiet flaw in an old calendar."}]}}]}  # fmt: skip
SIGMA = """title: LSASS Dump Seen in Tests
id: AAAAAAAA-0000-4000-8000-000000000001
status: test
description: Detects dumping of lsass in a test
logsource: {product: windows, category: process_creation}
detection:
    selection:
        CommandLine|contains: procdump
    condition: selection
tags: [attack.credential-access, attack.t1003.001, attack.s9001, cve.2021-44228]
level: high
"""
LOLBAS = """Name: Certutil.exe
Description: Windows binary used for handling certificates
Commands:
  - Command: certutil.exe -urlcache -f {REMOTEURL} {PATH}
    Description: Download and save an executable to disk.
    Category: Download
    MitreID: T1105
"""
GTFOBINS = """---
functions:
  shell:
    - code: vim -c ':!/bin/sh'
  file-read:
    - code: vim file
---
"""
MAPPINGS = {"metadata": {}, "mapping_objects": [
    {"capability_id": "CVE-2021-44228", "capability_description": "Log4j", "mapping_type": "exploitation_technique",
     "attack_object_id": "T1190", "attack_object_name": "Exploit Public-Facing Application",
     "comments": "By a crafted string."}]}  # fmt: skip
D3FEND = {"@graph": [
    {"@id": "d3f:CredentialTransmissionScoping", "rdfs:label": "Credential Transmission Scoping",
     "d3f:d3fend-id": "D3-CTS",
     "d3f:definition": "Limiting the transmission of a credential.",
     "rdfs:subClassOf": {"@id": "d3f:CredentialHardening"}},
    {"@id": "d3f:File", "rdfs:label": "File"}]}  # fmt: skip


def zipped(files: dict[str, bytes | str]) -> bytes:
    """A zip of these files."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


def feeds(folder: Path) -> Path:
    """A folder of all of them."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "enterprise-attack.json").write_text(json.dumps(bundle()))
    (folder / "cwec.xml.zip").write_bytes(zipped({"cwec_v4.18.xml": CWE}))
    (folder / "capec.xml").write_text(CAPEC)
    (folder / "kev.json").write_text(json.dumps(KEV))
    (folder / "nvd.json.gz").write_bytes(gzip.compress(json.dumps(NVD).encode()))
    (folder / "sigma.zip").write_bytes(zipped({"sigma/rules/a.yml": SIGMA, "sigma/README.md": "# rules"}))
    (folder / "mappings.json").write_text(json.dumps(MAPPINGS))
    (folder / "d3fend.json").write_text(json.dumps(D3FEND))
    (folder / "lolbas.zip").write_bytes(zipped({"LOLBAS/yml/Certutil.yml": LOLBAS}))
    (folder / "_gtfobins").mkdir(exist_ok=True)
    (folder / "_gtfobins" / "vim.md").write_text(GTFOBINS)
    return folder
