"""What names ATT&CK techniques: procedure examples, reports, detections, tests; and sentences that name none."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from watchfloor.base import attack
from watchfloor.lab.examples import Example, json_lines

#: The label of a sentence without a technique.
NONE: Final = "none"
_LINK = re.compile(r"\[([^\]]+)\]\([^)]*\)")
_CITATION = re.compile(r"\(Citation:[^)]*\)")
_SPACE = re.compile(r"\s+")


def plain(text: str) -> str:
    """ATT&CK's Markdown without links, citations and code tags."""
    text = _CITATION.sub("", _LINK.sub(r"\1", text)).replace("<code>", "").replace("</code>", "")
    return _SPACE.sub(" ", text).strip()


def technique(data: Path) -> Iterator[Example]:
    """Texts with one technique, or none; groups are documents, programs and rules."""
    text = data / "text"
    for found in (_procedures(text), _tram(text), _tests(text), _detections(text), _definitions(text)):
        yield from found


def _named(identifier: str) -> tuple[str, ...]:
    present = attack.normalise(identifier)
    return (present,) if present else ()


def barred_objects(text: Path) -> set[str]:
    """ATT&CK objects whose texts a public benchmark tests on."""
    return set(json.loads((text / "ctibench" / "ate_attack_object_ids_EXCLUDE.json").read_text("utf-8")))


def _procedures(text: Path) -> Iterator[Example]:
    barred = barred_objects(text)
    for record in json_lines(text / "attack" / "enterprise_relations.jsonl.zst"):
        if record["rel"] != "uses" or record["dst_type"] != "attack-pattern" or record["src"] in barred:
            continue
        labels = _named(record["dst"])
        if labels and len(record["text"] or "") > 20:
            yield Example(plain(record["text"]), labels, f"attack {record['src']}", "attack")


def _tram(text: Path) -> Iterator[Example]:
    for record in json_lines(text / "tram" / "single_label.jsonl.zst"):
        if labels := _named(record["label"]):
            yield Example(record["text"], labels, f"tram {record['doc_title']}", "tram")
    for number, record in enumerate(json_lines(text / "tram" / "negative_data.jsonl.zst")):
        # Sentences come in the order of their reports: a run of forty is kept together.
        if len(record["text"]) > 25:
            yield Example(record["text"], (NONE,), f"tram negative {number // 40}", "tram_negative")


def _tests(text: Path) -> Iterator[Example]:
    for record in json_lines(text / "atomic_red_team" / "atomics.jsonl.zst"):
        labels = _named(record["technique"])
        if not labels:
            continue
        group = f"atomic {record['guid']}"
        yield Example(f"{record['name']}. {plain(record['description'] or '')}"[:600], labels, group, "atomic")
        if len(record["command"] or "") > 8:
            yield Example(record["command"][:400], labels, group, "atomic_command")
    for record in json_lines(text / "lolbas" / "lolbas_commands.jsonl.zst"):
        if labels := _named(record["mitre"] or ""):
            yield Example(record["command"], labels, f"lolbas {record['name']}", "lolbas")


def _detections(text: Path) -> Iterator[Example]:
    for record in json_lines(text / "sigma" / "sigma_rules.jsonl.zst"):
        yield from _single(record, record["techniques"], f"{record['title']}. {record['description'] or ''}", "sigma")
    for record in json_lines(text / "splunk_content" / "detections.jsonl.zst"):
        yield from _single(record, record["mitre"], f"{record['name']}. {record['description'] or ''}", "splunk")


def _single(record: dict[str, Any], techniques: list[str], told: str, source: str) -> Iterator[Example]:
    """Only a detection of a single technique: of several, none is the answer."""
    if len(techniques or ()) == 1 and (labels := _named(techniques[0].upper())):
        yield Example(plain(told)[:600], labels, f"{source} {record['id']}", source)


def _definitions(text: Path) -> Iterator[Example]:
    """The techniques' own descriptions, sentence by sentence; the name of their group draws the training part."""
    for record in json_lines(text / "attack" / "enterprise_techniques.jsonl.zst"):
        labels = _named(record["id"])
        if not labels or record["deprecated"]:
            continue
        sentences = re.split(r"(?<=[.!?])\s+", plain(record["description"]))
        for sentence in [record["name"], *sentences[:8]]:
            if len(sentence) > 12:
                yield Example(sentence, labels, "definitions of attack", "definition")
