"""What the knowledge base holds: documents, passages, edges, and where each is from. Knows of no file format."""

import hashlib
import json
import re
from dataclasses import dataclass, field
from typing import Any, Final

#: Every kind of document, what it is, and the words people use for it on a command line.
KINDS: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "technique": ("ATT&CK techniques", ("attack", "techniques")),
    "tactic": ("ATT&CK tactics", ()),
    "group": ("ATT&CK groups", ("groups", "actor")),
    "campaign": ("ATT&CK campaigns", ()),
    "software": ("ATT&CK software: malware and tools", ("malware", "tool")),
    "mitigation": ("ATT&CK mitigations", ("mitigations",)),
    "detection": ("ATT&CK detection strategies, analytics and data components", ("analytic",)),
    "asset": ("ATT&CK assets of industrial control", ()),
    "procedure": ("how a group, campaign or software used a technique", ("procedures",)),
    "weakness": ("CWE weaknesses", ("cwe",)),
    "pattern": ("CAPEC attack patterns", ("capec",)),
    "countermeasure": ("D3FEND countermeasures", ("d3fend", "defence", "defense")),
    "vulnerability": ("CVE records", ("cve",)),
    "exploited": ("CISA's known exploited vulnerabilities", ("kev",)),
    "rule": ("Sigma rules", ("sigma", "rules")),
    "binary": ("LOLBAS and GTFOBins: programs attackers live off", ("lolbas", "gtfobins", "lolbin")),
    "test": ("Atomic Red Team tests", ("atomic",)),
    "control": ("NIST SP 800-53 controls", ("nist",)),
    "note": ("documents of your own", ("notes", "own")),
}  # fmt: skip

#: Kinds whose texts speak for another document rather than for themselves: a search shows that one instead.
WITNESSES: Final = frozenset({"procedure", "test"})

#: Characters of a passage: about the words one look of the encoder holds.
PASSAGE: Final = 700
#: Passages of one document at most.
MOST_PASSAGES: Final = 4_000


def kind_named(word: str) -> str | None:
    """The kind a person's word means, or None."""
    wanted = word.strip().lower()
    if wanted in KINDS:
        return wanted
    return next((kind for kind, (_, words) in KINDS.items() if wanted in words), None)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where documents are from. ``collection`` names what a later reading of the same source replaces."""

    collection: str
    repository: str = ""
    version: str = ""
    licence: str = ""
    address: str = ""

    def record(self) -> dict[str, str]:
        """Plain data for JSON; what is unknown is left out."""
        facts = {
            "source": self.repository or self.collection,
            "version": self.version,
            "licence": self.licence,
            "address": self.address,
        }
        return {name: value for name, value in facts.items() if value}


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a document that is searched and shown; ``place`` says where it stands (heading, page or line)."""

    text: str
    place: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """One thing known. ``names`` are what it is also called; ``about`` is the id of what a witness speaks for."""

    kind: str
    id: str
    title: str
    passages: tuple[Passage, ...]
    names: tuple[str, ...] = ()
    about: str = ""
    facts: dict[str, Any] = field(default_factory=dict)

    def digest(self) -> bytes:
        """A sha256 of all that is said; equal for equal documents."""
        said: list[Any] = [self.kind, self.id, self.title, self.about, list(self.names), self.facts]
        said.append([[each.place, each.text] for each in self.passages])
        return hashlib.sha256(json.dumps(said, sort_keys=True, ensure_ascii=True).encode()).digest()


@dataclass(frozen=True, slots=True)
class Edge:
    """``start`` stands in ``relation`` to ``end`` (ids); ``said`` is what the source says of it.

    ``source`` names who says so where it is not the collection the edge came with.
    """

    start: str
    relation: str
    end: str
    said: str = ""
    source: str = ""


#: What a reader yields.
Piece = Document | Edge

_CITATION = re.compile(r"\(Citation: [^)]*\)")
_LINK = re.compile(r"\[([^\]]*)\]\(https?://[^)\s]*\)")
_TAG = re.compile(r"</?[A-Za-z][A-Za-z0-9:]*(?:\s[^<>]*)?/?>")
_BLANKS = re.compile(r"[ \t\r\f\v]+")
_SENTENCE = re.compile(r"(?<=[.!?])\s+|(?<=[。！？；])|\n+")


def plain(text: Any) -> str:
    """A description without citations, link targets and tags; empty for what is no text."""
    if not isinstance(text, str):
        return ""
    bare = _TAG.sub(" ", _LINK.sub(r"\1", _CITATION.sub("", text)))
    return "\n".join(line.strip() for line in _BLANKS.sub(" ", bare).split("\n") if line.strip())


def passages_of(text: str, place: str = "", *, size: int = PASSAGE) -> tuple[Passage, ...]:
    """A text cut at ends of sentences into passages of about ``size`` characters; nothing is left out."""
    found: list[str] = []
    for sentence in filter(None, (part.strip() for part in _SENTENCE.split(text))):
        # A "sentence" may be a table, a key or hostile: it is cut where it stands.
        for start in range(0, len(sentence), size):
            part = sentence[start : start + size]
            if found and len(found[-1]) + len(part) < size:
                found[-1] += " " + part
            else:
                found.append(part)
    return tuple(Passage(each, place) for each in found)


def document(
    kind: str,
    id: str,
    title: str,
    text: str,
    *,
    names: tuple[str, ...] = (),
    about: str = "",
    facts: dict[str, Any] | None = None,
) -> Document:
    """A document of one text, cut into passages; facts without a value are left out."""
    kept = {name: value for name, value in (facts or {}).items() if value not in (None, "", [], {}, False)}
    passages = passages_of(text)[:MOST_PASSAGES] or (Passage(title),)
    return Document(kind, id, title or id, passages, names, about, kept)
