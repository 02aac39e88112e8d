"""The word lists that ship as bits (``experts.sensitive.lexicon``), from Faker's names and open technical prose."""

import importlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final

from watchfloor.experts.sensitive.lexicon import bits_of
from watchfloor.lab.examples import json_lines
from watchfloor.lab.sensitive_data import Tagged, own_templates
from watchfloor.lab.sensitive_names import lists, written

#: Texts that are read for ordinary words: file, field, how many.
_PROSE: Final = (
    ("cve/cve_unlabelled_desc.jsonl.zst", "desc", 8_000),
    ("jailbreak_llms/jailbreak_prompts_2023_05_07.jsonl.zst", "prompt", None),
)
_SMALL: Final = frozenset(("and", "of", "the", "for", "in"))
_STREETS: Final = (
    "street road avenue lane drive st rd ave blvd court way place square apt suite unit floor rue via calle strasse box"
)


def words_of(values: Iterable[str]) -> set[str]:
    """Lower-case words of listed values."""
    return {word for each in values for word in re.findall(r"[^\W\d_]+", each.lower()) if len(word) > 1}


def ordinary(data: Path) -> set[str]:
    """Words written small in technical prose (CVE texts), people's prompts, Faker's word list and our own templates."""
    counts: Counter[str] = Counter()
    for name, key, most in _PROSE:
        for record in islice(json_lines(data / "text" / name), most):
            counts.update(set(re.findall(r"\b[a-z]{2,}\b", str(record.get(key, "")))))
    found = {word for word, count in counts.items() if count >= 4}
    found |= {
        word for word in importlib.import_module("faker.providers.lorem.en_US").Provider.word_list if word.islower()
    }
    return found | {word for line in own_templates("en") for word in re.findall(r"(?<![\w{])[a-z]{2,}(?![\w}])", line)}


def met_in(examples: Iterable[Tagged], kind: str) -> set[str]:
    """Words of true spans of a type that stand in the texts of two families and more, so a third may have them too."""
    groups: dict[str, set[str]] = defaultdict(set)
    for each in examples:
        if each.source.startswith("presidio"):
            for word in words_of(each.text[span.start : span.end] for span in each.spans if span.type == kind):
                groups[word].add(each.group)
    return {word for word, seen in groups.items() if len(seen) > 1} - _SMALL


def lexicon_of(data: Path, examples: Sequence[Tagged] = ()) -> dict[str, Any]:
    """The bits of every list; names that training texts share join the lists of their types."""
    found = lists()
    plainly = ordinary(data)
    names = {
        name: {word for part in found[name] for word in words_of(part)} for name in ("first", "last", "city", "street")
    }
    return {
        "first": bits_of(names["first"]),
        "last": bits_of(names["last"]),
        "city": bits_of((names["city"] | met_in(examples, "LOCATION")) - plainly),
        "country": bits_of(words_of(found["country"][0]) - _SMALL),
        "people": bits_of(words_of(written("peoples")) | met_in(examples, "NRP")),
        "job": bits_of(words_of((*found["job"][0], *written("trades"))) - _SMALL | met_in(examples, "TITLE")),
        "street": bits_of(names["street"] | set(_STREETS.split())),
        "company": bits_of(
            words_of([*written("companies"), *written("firms"), *written("company_kinds")]) - _SMALL
            | met_in(examples, "ORGANIZATION")
        ),
        "ordinary": bits_of(plainly),
        "surname": bits_of(written("zh_surnames")[0]),
        "place": bits_of(char for each in (*written("zh_places"), *written("zh_districts")) for char in each),
    }
