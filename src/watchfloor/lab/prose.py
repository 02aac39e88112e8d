"""Security text without labels, for the backbone to read: descriptions, reports, rules, commands, English and Chinese.

No text of a test or development part, and none of the public benchmarks.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from watchfloor.lab.examples import json_lines, part
from watchfloor.lab.tasks import TASKS
from watchfloor.lab.tasks_technique import barred_objects, plain
from watchfloor.lab.tasks_vulnerability import held_back

#: File below ``text`` and the fields that are prose.
_FIELDS: Final = (
    ("cwe/cwe_v4.9_weaknesses", ("description",)),
    ("capec/capec_attack_patterns", ("description",)),
    ("d3fend/d3fend_terms", ("definition",)),
    ("attack/enterprise_objects", ("description",)),
    ("attack/mobile_techniques", ("description",)),
    ("attack/ics_techniques", ("description",)),
    ("attack/ics_relations", ("text",)),
    ("attack/mobile_relations", ("text",)),
    ("nuclei/templates_info", ("description",)),
    ("splunk_content/stories", ("description", "narrative")),
    ("sevenllm/test_all", ("input", "output")),
    ("secrl/alerts", ("Description",)),
    ("semgrep_rules/rules", ("message",)),
)
#: A text is read up to here, in characters.
LONGEST: Final = 600


def prose(data: Path) -> Iterator[str]:
    """Every text once, as it comes."""
    text = data / "text"
    seen: set[str] = set()
    for found in (_tasks(data), _descriptions(text), _fields(text)):
        for each in found:
            short = " ".join(each.split())[:LONGEST]
            if len(short) > 20 and short not in seen:
                seen.add(short)
                yield short


def _tasks(data: Path) -> Iterator[str]:
    for name in sorted(TASKS):
        for example in TASKS[name](data):
            if example.part == "train":
                yield example.text


def _descriptions(text: Path) -> Iterator[str]:
    barred = held_back(text)
    for record in json_lines(text / "cve" / "cve_unlabelled_desc.jsonl.zst"):
        if record["id"] not in barred and part(record["id"]) == "train":
            yield record["desc"] or ""


def _fields(text: Path) -> Iterator[str]:
    barred = barred_objects(text)
    for name, fields in _FIELDS:
        for record in json_lines(text / f"{name}.jsonl.zst"):
            if record.get("id") in barred or record.get("src") in barred:
                continue
            for field in fields:
                value = record.get(field)
                if isinstance(value, str):
                    # Long texts, Chinese ones above all, are worth more than their beginning.
                    clean = plain(value)
                    for start in range(0, min(len(clean), 4 * LONGEST), LONGEST):
                        yield clean[start : start + LONGEST]
