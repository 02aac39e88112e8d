"""Trains the tagger of ``experts.sensitive`` and writes its pack.

    python -m watchfloor.lab.sensitive_train ../shared/data FOLDER [--seed 0] [--epochs 12] [--held all|dev|test]

Needs Faker for names (``lab.sensitive_values``); what ships is weights and bits of lists.
"""

import argparse
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from watchfloor.experts.sensitive.features import Sights, columns_of, hash_of
from watchfloor.experts.sensitive.folding import fold, plain
from watchfloor.experts.sensitive.lexicon import LISTS, Lexicon, bits_of
from watchfloor.experts.sensitive.patterns import Find, find
from watchfloor.experts.sensitive.spans import Span
from watchfloor.experts.sensitive.tagger import Model
from watchfloor.experts.sensitive.tokens import Token, cut, stretches
from watchfloor.lab.examples import json_lines
from watchfloor.lab.sensitive_chain import Learned, Stretch, learn
from watchfloor.lab.sensitive_data import Tagged, close_to, filled, own, own_templates, presidio, recased, templates
from watchfloor.lab.sensitive_values import Values, lists

BUCKETS: Final = 1 << 15
#: Types that the tagger names; others are settled by patterns.
TYPES: Final = ("PERSON", "LOCATION", "ORGANIZATION", "STREET_ADDRESS", "DATE_TIME", "TITLE", "NRP", "AGE", "ZIP_CODE", "PHONE_NUMBER",
                "CREDIT_CARD", "US_SSN", "US_DRIVER_LICENSE")  # fmt: skip
#: How often no list knows a word in training: so that the tagger does not lean on lists alone.
BLIND: Final = 0.35


def words_of(values: Iterable[str]) -> set[str]:
    """Lower-case words of listed values."""
    return {word for each in values for word in re.findall(r"[^\W\d_]+", each.lower()) if len(word) > 1}


def ordinary(data: Path) -> set[str]:
    """Words that are written small in technical prose (CVE texts) and in our own templates."""
    counts: Counter[str] = Counter()
    for name, field in (("cve/cve_unlabelled_desc.jsonl.zst", ""), ("cwe/cwe_v4.9_weaknesses.jsonl.zst", "")):
        for number, record in enumerate(json_lines(data / "text" / name)):
            if number >= 20_000:
                break
            text = " ".join(str(each) for each in record.values() if isinstance(each, str) and len(each) > 40) if not field else ""
            counts.update(set(re.findall(r"(?<![\w.])[a-z]{2,}(?![\w.])", text)))
    found = {word for word, count in counts.items() if count >= 6}
    return found | {word for line in own_templates("en") for word in re.findall(r"(?<![\w{])[a-z]{2,}(?![\w}])", line)}


def lexicon_of(data: Path) -> dict[str, "np.ndarray[tuple[int], np.dtype[np.uint8]]"]:
    """The bits of every list."""
    from watchfloor.lab import sensitive_values as made

    found = lists()
    plainly = ordinary(data)
    names = {name: Counter(word for part in found[name] for word in words_of(part)) for name in ("first", "last", "city", "street")}
    return {
        "first": bits_of(names["first"]), "last": bits_of(names["last"]), "city": bits_of(set(names["city"]) - plainly),
        "country": bits_of(words_of(found["country"][0]) - {"and", "of", "the"}), "people": bits_of(words_of(made._NRP)),
        "job": bits_of(words_of(found["job"][0]) - {"and", "of", "the", "for", "in"}),
        "street": bits_of(set(names["street"]) | words_of(["street road avenue lane drive st rd ave blvd court way place square apt suite unit rue via calle"])),
        "company": bits_of(words_of(made._KNOWN) | words_of(made._KIND) - {"and", "of", "the"}), "ordinary": bits_of(plainly),
        "surname": bits_of(made._ZSURNAMES), "place": bits_of(word for each in (*made._ZCITIES, *made._ZDISTRICTS) for word in each),
    }  # fmt: skip


def refilled(examples: Sequence[Tagged], seed: int, times: int) -> list[Tagged]:
    """Training texts with other values where their spans are, of the same sort as far as one can see."""
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
    slot = {"ORGANIZATION": "org", "NRP": "nrp", "PHONE_NUMBER": "phone", "EMAIL_ADDRESS": "email", "CREDIT_CARD": "card", "IBAN_CODE": "iban",
            "US_SSN": "ssn", "US_DRIVER_LICENSE": "dl", "AGE": "age", "ZIP_CODE": "zip", "URL": "url"}.get(kind, "")  # fmt: skip
    if kind == "PERSON":
        slot = "person" if " " in value else draw.choice(("first", "last"))
    elif kind == "LOCATION":
        slot = "state" if len(value) == 2 else draw.choice(("city", "country"))
    elif kind == "STREET_ADDRESS":
        slot = "hn" if value.isdigit() else "unit" if len(value) < 12 and re.match(r"(?i)apt|suite|unit", value) else "address" if (
            "\n" in value or "," in value) else "street" if len(value) < 22 else "address"  # fmt: skip
    elif kind == "DATE_TIME":
        slot = "year" if re.fullmatch(r"\d{4}", value) else "weekday" if value.isalpha() else "date"
    elif kind == "TITLE":
        slot = "title" if len(value) < 5 else "job"
    return values.of(slot) if slot else value


def prepared(example: Tagged) -> tuple[str, list[Find], list[Token]]:
    """Folded text, finds and tokens, as the expert sees them."""
    folded = fold(example.text)
    finds = find(plain(folded))
    return folded, finds, cut(folded, finds)


def truths(tokens: Sequence[Token], spans: Sequence[Span]) -> list[str]:
    """Labels of tokens: a token belongs to the span that covers most of it."""
    labels = ["O"] * len(tokens)
    for span in spans:
        if span.type not in TYPES:
            continue
        inside = [at for at, (start, end, _) in enumerate(tokens) if min(end, span.end) - max(start, span.start) > (end - start) / 2]
        for at in inside:
            labels[at] = ("B-" if at == inside[0] else "I-") + span.type
    return labels


def known_words(examples: Sequence[Tagged]) -> frozenset[int]:
    """Words that stand outside spans in several groups: context, not values."""
    groups: dict[str, set[str]] = defaultdict(set)
    for each in examples:
        _, _, tokens = prepared(each)
        labels = truths(tokens, each.spans)
        for (_, _, text), label in zip(tokens, labels, strict=True):
            if label == "O" and text[:1] != "\0":
                groups[text[:48].lower()].add(each.group)
    return frozenset(hash_of(word) for word, seen in groups.items() if len(seen) >= 2)


def taught(examples: Sequence[Tagged], lexicon: Lexicon, known: frozenset[int], labels: Sequence[str], seed: int) -> list[Stretch]:
    """Feature numbers and labels of all stretches of all texts."""
    draw = random.Random(seed)
    sights = (Sights(lexicon, known), Sights(lexicon, known, blind=True))
    number = {label: place for place, label in enumerate(labels)}
    out = []
    for each in examples:
        folded, _, tokens = prepared(each)
        truth = truths(tokens, each.spans)
        eyes, start = sights[draw.random() < BLIND], 0
        for part in stretches(tokens):
            seen = eyes.of([token[2] for token in part])
            columns = columns_of([seen], [folded == folded.lower()], BUCKETS)
            out.append(Stretch(columns, np.array([number[label] for label in truth[start : start + len(part)]], np.intp)))
            start += len(part)
    return out


def packed(learned: Learned, labels: Sequence[str], known: frozenset[int], lexicon: dict[str, "np.ndarray[tuple[int], np.dtype[np.uint8]]"],
           *, least: float = 0.6) -> dict[str, "np.ndarray[tuple[int, ...], np.dtype[np.generic]]"]:  # fmt: skip
    """What the pack holds: weights as bytes, those under ``least`` steps left out."""
    scales = np.full(len(labels), np.percentile(np.abs(learned.weights), 99.9) / 31, np.float32)
    steps = learned.weights / scales
    weights = np.where(np.abs(steps) < least, 0, np.clip(np.rint(steps), -127, 127)).astype(np.int8)
    held = {"labels": np.array(labels), "weights": weights, "scales": scales, "between": learned.between.astype(np.float16),
            "begin": learned.begin.astype(np.float16), "known": np.array(sorted(known), np.uint32)}  # fmt: skip
    return held | {f"list_{name}": lexicon[name] for name in LISTS}


def model_of(held: dict[str, "np.ndarray[tuple[int, ...], np.dtype[np.generic]]"], lexicon: Lexicon) -> Model:
    """The model that a pack would give, without a file."""
    return Model(tuple(str(each) for each in held["labels"]), held["weights"].astype(np.int8), held["scales"].astype(np.float32),
                 held["between"].astype(np.float32), held["begin"].astype(np.float32), frozenset(int(each) for each in held["known"]),
                 lexicon)  # fmt: skip


def trained(examples: Sequence[Tagged], bits: dict[str, "np.ndarray[tuple[int], np.dtype[np.uint8]]"], *, epochs: int, seed: int
            ) -> dict[str, "np.ndarray[tuple[int, ...], np.dtype[np.generic]]"]:  # fmt: skip
    """Learn from Presidio's training texts, the same refilled, and our own."""
    real = [each for each in examples if each.source.startswith("presidio")]
    mine = [each for each in examples if not each.source.startswith("presidio")]
    everything = [*real, *mine, *refilled(real, seed + 1, 1)]
    known = known_words([*real, *mine])
    labels = ["O", *(f"{way}-{kind}" for kind in TYPES for way in "BI")]
    lexicon = Lexicon(bits)
    learned = learn(taught(everything, lexicon, known, labels, seed), labels, BUCKETS, epochs=epochs, seed=seed)
    return packed(learned, labels, known, bits)
