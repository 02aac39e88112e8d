"""Trains the tagger and the secret model of ``experts.sensitive`` and writes their pack.

    python -m watchfloor.lab.sensitive_train ../shared/data FOLDER [--seed 0] [--epochs 6] [--held-out]

Needs Faker for names (``lab.sensitive_values``); what ships is weights and bits of lists, learned from all of
Presidio's templates and Nosey Parker's rules. What it is worth is measured on twins that were not shown all of them
(``lab.sensitive_folds``).
"""

import argparse
import random
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from watchfloor.experts.sensitive import clusters
from watchfloor.experts.sensitive.clusters import Clusters
from watchfloor.experts.sensitive.expert import FORMAT, NAME
from watchfloor.experts.sensitive.features import Hashes, Sights, columns_of, hash_of
from watchfloor.experts.sensitive.folding import fold, plain
from watchfloor.experts.sensitive.lexicon import LISTS, Lexicon
from watchfloor.experts.sensitive.patterns import find
from watchfloor.experts.sensitive.spans import Span
from watchfloor.experts.sensitive.tokens import Token, cut, stretches
from watchfloor.lab import sensitive_secrets
from watchfloor.lab.sensitive_chain import Learned, Stretch, learn
from watchfloor.lab.sensitive_clusters import clusters_of
from watchfloor.lab.sensitive_data import Tagged, families, group_of, own, presidio, templates
from watchfloor.lab.sensitive_lists import lexicon_of
from watchfloor.lab.sensitive_refill import refilled
from watchfloor.store.packs import write_pack

BUCKETS: Final = 1 << 15
#: Types that the tagger names; others are settled by patterns.
TYPES: Final = (
    "PERSON",
    "LOCATION",
    "ORGANIZATION",
    "STREET_ADDRESS",
    "DATE_TIME",
    "TITLE",
    "NRP",
    "AGE",
    "ZIP_CODE",
    "PHONE_NUMBER",
    "CREDIT_CARD",
    "US_SSN",
    "US_DRIVER_LICENSE",
)
LABELS: Final = ("O", *(f"{way}-{kind}" for kind in TYPES for way in "BI"))
#: Share of features that a step of learning does not see; chosen on the dev part.
DROP: Final = 0.5
#: How often no list knows a word in training, so that the tagger does not lean on lists alone.
BLIND: Final = 0.35
EPOCHS: Final = 6
#: Learners whose weights are averaged, and how far apart the seeds of their values are.
MEMBERS: Final = 3
_APART: Final = 100
#: How often each of our own templates is filled, English and Chinese.
OWN_TIMES: Final = 5
OWN_TIMES_ZH: Final = 8
#: Texts whose features are made together.
_AT_ONCE: Final = 256
Arrays = dict[str, Any]


def tokens_of(text: str) -> tuple[list[Token], bool]:
    """Tokens as the expert sees them, and whether the text has no capitals."""
    folded = fold(text)
    return cut(folded, find(plain(folded))), folded == folded.lower()


def truths(tokens: Sequence[Token], spans: Sequence[Span]) -> list[str]:
    """Labels of tokens: a token belongs to the span that covers most of it."""
    labels = ["O"] * len(tokens)
    for span in spans:
        if span.type not in TYPES:
            continue
        inside = [
            at
            for at, (start, end, _) in enumerate(tokens)
            if min(end, span.end) - max(start, span.start) > (end - start) / 2
        ]
        for at in inside:
            labels[at] = ("B-" if at == inside[0] else "I-") + span.type
    return labels


def known_words(cuts: Sequence[tuple[Tagged, list[Token], list[str], bool]]) -> frozenset[int]:
    """Words that stand outside spans in several groups: context, not values."""
    groups: dict[str, set[str]] = defaultdict(set)
    for each, tokens, labels, _ in cuts:
        for (_, _, text), label in zip(tokens, labels, strict=True):
            if label == "O" and text[:1] != "\0":
                groups[text[:48].lower()].add(each.group)
    return frozenset(hash_of(word) for word, seen in groups.items() if len(seen) >= 2)


def taught(
    cuts: Sequence[tuple[Tagged, list[Token], list[str], bool]],
    lexicon: Lexicon,
    known: frozenset[int],
    alike: Clusters,
    seed: int,
) -> list[Stretch]:
    """Feature numbers and labels of all stretches of all texts."""
    draw = random.Random(seed)
    eyes = tuple(Sights(lexicon, known, alike, blind=blind) for blind in (False, True))
    number = {label: place for place, label in enumerate(LABELS)}
    out: list[Stretch] = []
    for first in range(0, len(cuts), _AT_ONCE):
        seen: list[Hashes] = []
        lower: list[bool] = []
        truth: list[Any] = []
        for _, tokens, labels, small in cuts[first : first + _AT_ONCE]:
            look, start = eyes[draw.random() < BLIND], 0
            for part in stretches(tokens):
                seen.append(look.of([token[2] for token in part]))
                lower.append(small)
                truth.append(np.array([number[label] for label in labels[start : start + len(part)]], np.intp))
                start += len(part)
        if seen:
            columns = np.split(columns_of(seen, lower, BUCKETS), np.cumsum([len(each) for each in seen])[:-1])
            out += [Stretch(*each) for each in zip(columns, truth, strict=True)]
    return out


def packed(learned: Learned, known: frozenset[int], lists: Arrays, *, least: float = 1.2) -> Arrays:
    """What the pack holds: weights as bytes, those under ``least`` steps left out."""
    scale = np.percentile(np.abs(learned.weights[learned.weights != 0]), 99.5) / 24
    steps = learned.weights / scale
    weights = np.where(np.abs(steps) < least, 0, np.clip(np.rint(steps), -127, 127)).astype(np.int8)
    held = {
        "labels": np.array(LABELS),
        "weights": weights,
        "scales": np.full(len(LABELS), scale, np.float32),
        "between": learned.between.astype(np.float16),
        "begin": learned.begin.astype(np.float16),
        "known": np.array(sorted(known), np.uint32),
    }
    return held | {f"list_{name}": lists[name] for name in LISTS}


def trained(members: Sequence[Sequence[Tagged]], lists: Arrays, *, epochs: int, seed: int) -> Arrays:
    """The mean of several learners, each of Presidio's training texts, the same with other values, and ours.

    ``members`` are their texts, with values drawn anew for each: weights of linear learners can be averaged, and what
    one has by chance the others have not (model soups, Wortsman et al., ICML 2022).
    """
    alike, known, found = clusters_of(), frozenset[int](), list[Learned]()
    for place, examples in enumerate(members):
        real = [each for each in examples if each.source.startswith("presidio")]
        cuts = []
        for each in [*examples, *refilled(real, seed + 1 + _APART * place, 1)]:
            tokens, small = tokens_of(each.text)
            cuts.append((each, tokens, truths(tokens, each.spans), small))
        known = known or known_words(cuts[: len(examples)])
        data = taught(cuts, Lexicon(lists), known, clusters.read(alike), seed + place)
        found.append(learn(data, LABELS, BUCKETS, epochs=epochs, seed=seed + place, drop=DROP))
    return packed(averaged(found), known, lists) | alike


def averaged(found: Sequence[Learned]) -> Learned:
    """The mean of what several have learned."""
    return Learned(
        np.mean([each.weights for each in found], axis=0, dtype=np.float32),
        np.mean([each.between for each in found], axis=0, dtype=np.float32),
        np.mean([each.begin for each in found], axis=0, dtype=np.float32),
    )


def write(folder: Path, held: Arrays, seed: int, epochs: int) -> None:
    """Write the pack."""
    folder.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(folder / "tagger.npz", **held)
    manifest = {
        "name": NAME,
        "format": FORMAT,
        "seed": seed,
        "epochs": epochs,
        "licence": "Apache-2.0",
        "card": "docs/cards/sensitive.md",
    }
    write_pack(folder, manifest, ("tagger.npz",))


def examples_of(data: Path, seed: int, held: frozenset[str] = frozenset()) -> list[Tagged]:
    """What is learned from: Presidio's texts but for families ``held`` back, and ours that are not close to those."""
    apart = [
        template for template, family in zip(templates(data), families(data), strict=True) if group_of(family) in held
    ]
    return [
        *(each for each in presidio(data) if each.group not in held),
        *own("en", OWN_TIMES, seed + 5, apart),
        *own("zh", OWN_TIMES_ZH, seed + 6),
    ]


def made(
    data: Path, *, seed: int, epochs: int, held: frozenset[str] = frozenset(), rules: frozenset[str] = frozenset()
) -> Arrays:
    """What a pack holds, learned without the families and rules that are held back."""
    members = [examples_of(data, seed + _APART * place, held) for place in range(MEMBERS)]
    arrays = trained(members, lexicon_of(data, members[0]), epochs=epochs, seed=seed)
    arrays["secrets"] = sensitive_secrets.trained(data, seed=seed, held=rules)
    return arrays


def main() -> None:
    """Train, and write the pack."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--held-out", action="store_true", help="leave out what is in the dev and test parts")
    given = parser.parse_args()
    held, rules = frozenset[str](), frozenset[str]()
    if given.held_out:
        held = frozenset(each.group for each in presidio(given.data) if each.part != "train")
        rules = frozenset(each.rule for each in sensitive_secrets.noseyparker(given.data) if each.part != "train")
    arrays = made(given.data, seed=given.seed, epochs=given.epochs, held=held, rules=rules)
    write(given.folder, arrays, given.seed, given.epochs)
    print(sum(path.stat().st_size for path in given.folder.iterdir()), "bytes")


if __name__ == "__main__":
    main()
