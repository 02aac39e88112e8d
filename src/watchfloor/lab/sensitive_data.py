"""Texts with spans for the tagger: Presidio's research data split by template, and sentences of our own.

A template of the test part is never trained on, nor is one that resembles it: templates whose fixed words are nearly
the same count as one (``family``). Both files of Presidio's data share templates, and are split together.
"""

import random
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import zstandard

from watchfloor.experts.sensitive.spans import Span
from watchfloor.lab.examples import json_lines, part
from watchfloor.lab.sensitive_values import TYPES, Values

WRITTEN: Final = Path(__file__).parent / "written"
_FILES: Final = {"synth": "synth_dataset_v2.jsonl.zst", "large": "generated_large.jsonl.zst"}
#: Types of Presidio's data in our words; ``GPE`` is what its recogniser calls a location.
_NAMES: Final = {"GPE": "LOCATION", "ADDRESS": "STREET_ADDRESS", "PREFIX": "TITLE", "DOMAIN_NAME": "URL"}
#: Slots that the older file fills but does not annotate: its records of such templates are left out.
_UNTOLD: Final = re.compile(r"\{\{(?:nation\w*|year|age)\}\}")
_TITLES: Final = frozenset(("mr.", "mrs.", "ms.", "dr.", "miss", "mr", "mrs", "ms", "dr"))
_SLOT: Final = re.compile(r"\{([a-z]+)\}")


@dataclass(frozen=True, slots=True)
class Tagged:
    """One text with its true spans; ``group`` stays in one part of every split."""

    text: str
    spans: tuple[Span, ...]
    group: str
    source: str

    @property
    def part(self) -> str:
        """``train``, ``dev`` or ``test``."""
        return part(self.group)


def templates(data: Path) -> list[str]:
    """Presidio's templates, in order of their numbers."""
    with zstandard.open(data / "text/pii_presidio/templates.txt.zst", "rt", encoding="utf-8") as file:
        return str(file.read()).split("\n")


def fixed_words(template: str) -> tuple[str, ...]:
    """Words of a template without its slots."""
    return tuple(re.findall(r"[a-z0-9]+", re.sub(r"\{+\w*\}+|\\n", " ", template).lower()))


@cache
def families(data: Path) -> tuple[int, ...]:
    """For each template the number of the first that it resembles in half and more of its fixed word pairs."""
    found: list[int] = []
    pairs: list[frozenset[tuple[str, str]]] = []
    slots: list[tuple[str, ...]] = []
    for number, template in enumerate(templates(data)):
        words = fixed_words(template)
        mine = frozenset(zip(("^", *words), (*words, "$"), strict=True))
        kinds = tuple(re.findall(r"\{+(\w*)\}+", template)) if len(words) < 3 else ()
        same = next(
            (
                place
                for place, each in enumerate(pairs)
                if (len(words) < 3 and slots[place] == kinds and kinds)
                or (len(words) >= 3 and len(mine & each) >= 0.5 * len(mine | each))
            ),
            number,
        )
        found.append(found[same] if same < number else number)
        pairs.append(mine)
        slots.append(kinds)
    return tuple(found)


def group_of(family: int) -> str:
    """The name of a family of templates, by which texts are split."""
    return f"presidio-template-{family}"


def presidio(data: Path) -> list[Tagged]:
    """Presidio's texts in our types; ``group`` is the family of the template."""
    found = []
    kinds = templates(data)
    family = families(data)
    for source, name in _FILES.items():
        for record in json_lines(data / "text/pii_presidio" / name):
            number = int(record["template"])
            template = kinds[number] if number < len(kinds) else ""
            if source == "large" and _UNTOLD.search(template):
                continue
            spans = [_span(kind, start, end, value, template) for kind, start, end, value in record["spans"]]
            found.append(Tagged(record["text"], tuple(sorted(spans)), group_of(family[number]), f"presidio-{source}"))
    return found


def _span(kind: str, start: int, end: int, value: str, template: str) -> Span:
    kind = _NAMES.get(kind, kind)
    if kind == "PERSON" and value.lower() in _TITLES:
        kind = "TITLE"
    if (
        kind == "STREET_ADDRESS"
        and "zip" in template.lower()
        and re.fullmatch(r"[\d -]+", value)
        and "building" not in template
    ):
        kind = "ZIP_CODE"
    return Span(start, end, kind, 1.0)


def own_templates(language: str) -> list[str]:
    """Our own templates: ``en`` or ``zh``."""
    names = {
        "en": ("sensitive_templates.txt", "sensitive_templates_more.txt", "sensitive_templates_works.txt"),
        "zh": ("sensitive_templates_zh.txt",),
    }
    lines = [line for name in names[language] for line in (WRITTEN / name).read_text("utf-8").splitlines()]
    return [line.replace("\\n", "\n") for line in lines if line.strip() and not line.startswith("#")]


def close_to(template: str, others: Iterable[str], size: int = 4) -> bool:
    """Whether a template of ours shares ``size`` fixed words in a row with one of others, or differs in slots alone."""
    words, slots = fixed_words(template), template.count("{")
    mine = {words[at : at + size] for at in range(len(words) - size + 1)}
    for each in others:
        theirs = fixed_words(each)
        if mine & {theirs[at : at + size] for at in range(len(theirs) - size + 1)}:
            return True
        if words == theirs and slots == len(re.findall(r"\{+", each)):
            return True
    return False


def filled(template: str, values: Values) -> tuple[str, tuple[Span, ...]]:
    """A template with values in its slots, and where they are."""
    text, spans, start = "", [], 0
    for hit in _SLOT.finditer(template):
        text += template[start : hit.start()]
        value = values.of(hit[1])
        if hit[1] in TYPES:
            spans.append(Span(len(text), len(text) + len(value), TYPES[hit[1]], 1.0))
        text, start = text + value, hit.end()
    return text + template[start:], tuple(spans)


def own(language: str, times: int, seed: int, apart: Sequence[str] = ()) -> Iterator[Tagged]:
    """Every template of ours filled a number of times, sometimes two in a row, in other casing, or among signs.

    One that is close to a template in ``apart`` is left out.
    """
    values, draw = Values(seed), random.Random(seed)
    kinds = [template for template in own_templates(language) if not close_to(template, apart)]
    for number, template in enumerate(kinds):
        for _ in range(times):
            text, spans = filled(template, values)
            if draw.random() < 0.15 and language == "en":
                more, theirs = filled(draw.choice(kinds), values)
                between = draw.choice((" ", "\n", "\n\n"))
                spans += tuple(
                    each._replace(start=each.start + len(text) + len(between), end=each.end + len(text) + len(between))
                    for each in theirs
                )
                text += between + more
            yield Tagged(recased(text, draw), spans, f"own-{language}-{number}", f"own-{language}")


def recased(text: str, draw: random.Random) -> str:
    """The text as it is, or, one time in eight, in small letters or capitals, where that moves nothing."""
    chance = draw.random()
    other = text.lower() if chance < 0.1 else text.upper() if chance < 0.125 else text
    return other if len(other) == len(text) else text
