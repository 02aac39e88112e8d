"""Training texts with other values in their spans, so that the tagger learns places in sentences and not the values."""

import random
import re
from collections.abc import Sequence

from watchfloor.experts.sensitive.spans import Span
from watchfloor.lab.sensitive_data import Tagged, recased
from watchfloor.lab.sensitive_values import Values

_SLOTS = {
    "ORGANIZATION": "org",
    "NRP": "nrp",
    "PHONE_NUMBER": "phone",
    "EMAIL_ADDRESS": "email",
    "CREDIT_CARD": "card",
    "IBAN_CODE": "iban",
    "US_SSN": "ssn",
    "US_DRIVER_LICENSE": "dl",
    "AGE": "age",
    "ZIP_CODE": "zip",
    "URL": "url",
}


def refilled(examples: Sequence[Tagged], seed: int, times: int) -> list[Tagged]:
    """Every text a number of times, each span's value replaced by one of the same sort as far as one can see."""
    values, draw, out = Values(seed), random.Random(seed), []
    for each in examples:
        for _ in range(times):
            text, spans, start = "", [], 0
            for span in sorted(each.spans):
                if span.start < start:
                    break
                text += each.text[start : span.start]
                value = _another(span.type, each.text[span.start : span.end], values, draw)
                spans.append(Span(len(text), len(text) + len(value), span.type, 1.0))
                text, start = text + value, span.end
            text = recased(text + each.text[start:], draw)
            out.append(Tagged(text, tuple(spans), each.group, "refilled"))
    return out


def _another(kind: str, value: str, values: Values, draw: random.Random) -> str:
    """Another value of a type that is written much like this one."""
    if kind == "PERSON":
        return values.of("person" if " " in value else draw.choice(("first", "last")))
    if kind == "LOCATION":
        return values.of("state" if len(value) == 2 else draw.choice(("city", "country")))
    if kind == "STREET_ADDRESS":
        return values.of(_address_slot(value))
    if kind == "DATE_TIME":
        return values.of("year" if re.fullmatch(r"\d{4}", value) else "weekday" if value.isalpha() else "date")
    if kind == "TITLE":
        return values.of("title" if len(value) < 5 else "job")
    return values.of(_SLOTS[kind]) if kind in _SLOTS else value


def _address_slot(value: str) -> str:
    if value.isdigit():
        return "hn"
    if len(value) < 12 and re.match(r"(?i)apt|suite|unit", value):
        return "unit"
    return "address" if "\n" in value or "," in value or len(value) > 22 else "street"
