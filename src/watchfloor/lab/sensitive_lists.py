"""The word lists that ship as bits (``experts.sensitive.lexicon``), from Faker's names and open technical prose."""

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from watchfloor.experts.sensitive.lexicon import bits_of
from watchfloor.lab.examples import json_lines
from watchfloor.lab.sensitive_data import own_templates
from watchfloor.lab.sensitive_names import lists, written

#: CVE texts that are read for ordinary words.
_TEXTS: Final = 8_000
_SMALL: Final = frozenset(("and", "of", "the", "for", "in"))
_STREETS: Final = (
    "street road avenue lane drive st rd ave blvd court way place square apt suite unit floor rue via calle strasse box"
)


def words_of(values: Iterable[str]) -> set[str]:
    """Lower-case words of listed values."""
    return {word for each in values for word in re.findall(r"[^\W\d_]+", each.lower()) if len(word) > 1}


def ordinary(data: Path) -> set[str]:
    """Words that are written small in technical prose (CVE texts) and in our own templates."""
    counts: Counter[str] = Counter()
    for number, record in enumerate(json_lines(data / "text/cve/cve_unlabelled_desc.jsonl.zst")):
        if number >= _TEXTS:
            break
        text = " ".join(each for each in record.values() if isinstance(each, str) and len(each) > 40)
        counts.update(set(re.findall(r"\b[a-z]{2,}\b", text)))
    found = {word for word, count in counts.items() if count >= 4}
    return found | {word for line in own_templates("en") for word in re.findall(r"(?<![\w{])[a-z]{2,}(?![\w}])", line)}


def lexicon_of(data: Path) -> dict[str, Any]:
    """The bits of every list."""
    found = lists()
    plainly = ordinary(data)
    names = {
        name: {word for part in found[name] for word in words_of(part)} for name in ("first", "last", "city", "street")
    }
    return {
        "first": bits_of(names["first"]),
        "last": bits_of(names["last"]),
        "city": bits_of(names["city"] - plainly),
        "country": bits_of(words_of(found["country"][0]) - _SMALL),
        "people": bits_of(words_of(written("peoples"))),
        "job": bits_of(words_of(found["job"][0]) - _SMALL),
        "street": bits_of(names["street"] | set(_STREETS.split())),
        "company": bits_of(words_of([*written("companies"), *written("company_kinds")]) - _SMALL),
        "ordinary": bits_of(plainly),
        "surname": bits_of(written("zh_surnames")[0]),
        "place": bits_of(char for each in (*written("zh_places"), *written("zh_districts")) for char in each),
    }
