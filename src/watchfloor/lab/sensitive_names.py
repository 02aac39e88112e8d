"""Names that made-up values are drawn from: people, places and jobs of Faker's lists (MIT), companies coined here."""

import importlib
import unicodedata
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

_WRITTEN: Final = Path(__file__).parent / "written" / "sensitive_names.txt"
#: Locales of Faker whose names are turned into Latin letters.
_TURNED: Final = ("ru_RU", "el_GR", "uk_UA", "bg_BG", "ar_PS", "mk_MK")
_LETTERS: Final = dict(
    pair.split(":")
    for pair in (
        *(
            "а:a",
            "б:b",
            "в:v",
            "г:g",
            "д:d",
            "е:e",
            "ж:zh",
            "з:z",
            "и:i",
            "й:y",
            "к:k",
            "л:l",
            "м:m",
            "н:n",
            "о:o",
            "п:p",
        ),
        *(
            "р:r",
            "с:s",
            "т:t",
            "у:u",
            "ф:f",
            "х:kh",
            "ц:ts",
            "ч:ch",
            "ш:sh",
            "щ:shch",
            "ъ:",
            "ы:y",
            "ь:",
            "э:e",
            "ю:yu",
        ),
        *("я:ya", "і:i", "ї:yi", "є:ye", "ґ:g", "α:a", "β:v", "γ:g", "δ:d", "ε:e", "ζ:z", "η:i", "θ:th", "ι:i", "κ:k"),
        *("λ:l", "μ:m", "ν:n", "ξ:x", "ο:o", "π:p", "ρ:r", "σ:s", "τ:t", "υ:y", "φ:f", "χ:ch", "ψ:ps", "ω:o", "ς:s"),
        *("ά:a", "έ:e", "ή:i", "ί:i", "ό:o", "ύ:y", "ώ:o"),
    )
)


@cache
def written(name: str) -> tuple[str, ...]:
    """One list of ``written/sensitive_names.txt``.

    Raises:
        KeyError: there is no such list.
    """
    found: dict[str, list[str]] = {}
    for line in _WRITTEN.read_text("utf-8").splitlines():
        if line.startswith("[") and line.endswith("]") and line[1:-1].replace("_", "").isalpha() and line.islower():
            current = found.setdefault(line[1:-1], [])
        elif line and not line.startswith("# "):
            current.append(line)
    return tuple(found[name])


def _values(found: Any) -> Iterator[str]:
    """Strings of a Faker list, whatever it is made of."""
    for each in found if isinstance(found, list | tuple | dict | set) else ():
        if isinstance(each, str):
            yield each
        elif isinstance(each, tuple) and each and isinstance(each[0], str):
            yield each[0]


def _provider(part: str, locale: str) -> Any:
    try:
        return importlib.import_module(f"faker.providers.{part}.{locale}").Provider
    except ModuleNotFoundError:
        return None


def turned(text: str) -> str:
    """Cyrillic and Greek in Latin letters, roughly."""
    out = "".join(_LETTERS.get(each, each) for each in text.lower())
    return out.title() if text[:1].isupper() else out


def _mostly_latin(text: str) -> bool:
    return bool(text) and all("LATIN" in unicodedata.name(each, "") or not each.isalpha() for each in text)


@cache
def lists() -> dict[str, tuple[tuple[str, ...], ...]]:
    """First names, last names, cities and streets of each locale of Faker, countries and jobs in one."""
    found: dict[str, list[tuple[str, ...]]] = {"first": [], "last": [], "city": [], "street": []}
    wanted = {
        "first": ("person", ("first_names", "first_names_female", "first_names_male")),
        "last": ("person", ("last_names", "last_names_female", "last_names_male")),
        "city": ("address", ("cities", "city_names", "municipalities", "towns", "villages", "communities")),
        "street": ("address", ("streets", "street_names", "street_prefixes", "street_suffixes")),
    }
    for name, (part, attributes) in wanted.items():
        for locale in (*written("latin_locales"), *_TURNED):
            provider = _provider(part, locale)
            values = {
                each
                for attribute in attributes
                for each in _values(vars(provider).get(attribute, ()) if provider else ())
            }
            values = {turned(each) if locale in _TURNED else each for each in values}
            kept = tuple(
                sorted(each for each in values if _mostly_latin(each) and 1 < len(each) < 40 and "{" not in each)
            )
            if len(kept) > 8:
                found[name].append(kept)
    country = tuple(_values(vars(_provider("address", "en") or object).get("countries", ()))) or tuple(
        _values(importlib.import_module("faker.providers.address").Provider.countries)
    )
    jobs = tuple(each for each in _values(importlib.import_module("faker.providers.job").Provider.jobs))
    suffixes = tuple(_values(importlib.import_module("faker.providers.address.en_US").Provider.street_suffixes))
    named = {name: tuple(each) for name, each in found.items()}
    return named | {"country": (country,), "job": (jobs,), "suffix": (suffixes,)}


@cache
def ordinary_words() -> tuple[str, ...]:
    """Common English words written small, of Faker's list."""
    words = importlib.import_module("faker.providers.lorem.en_US").Provider.word_list
    return tuple(word for word in words if word.islower() and len(word) > 2)
