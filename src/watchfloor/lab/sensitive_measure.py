"""Measures the expert ``sensitive``: spans on templates it never saw, secrets by rule, speed; with intervals.

    python -m watchfloor.lab.sensitive_measure ../shared/data --folds 5 [--json FILE]
    python -m watchfloor.lab.sensitive_measure ../shared/data [--pack FOLDER] [--part test|dev|train] [--json FILE]

The first makes a twin of the pack a fold and measures what each has not seen: the figures of record. The second
measures one pack on one part: the pack that ships has seen all three, one of ``sensitive_train --held-out`` only train.

Intervals are of a bootstrap over groups (families of templates, rules): 2,000 draws, seed 0, 95%.
"""

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from watchfloor.experts.sensitive import BUNDLED
from watchfloor.experts.sensitive.expert import Sensitive
from watchfloor.experts.sensitive.folding import fold, plain
from watchfloor.experts.sensitive.patterns import find
from watchfloor.experts.sensitive.secret_shapes import INFRASTRUCTURE, SHAPES, shaped
from watchfloor.experts.sensitive.spans import Span
from watchfloor.lab.sensitive_data import Tagged, own, presidio
from watchfloor.lab.sensitive_folds import cross_validated, reports
from watchfloor.lab.sensitive_scores import measured, secret_figures, worst
from watchfloor.lab.sensitive_secrets import noseyparker
from watchfloor.lab.sensitive_train import EPOCHS

#: What a pattern's find is called where no tagger is asked: the baseline.
_BARE: Final = {"date": "DATE_TIME", "ssn": "US_SSN", "no-ssn": "US_SSN", "cn-mobile": "PHONE_NUMBER"}


def patterns_alone(text: str) -> list[Span]:
    """The baseline: what patterns and checksums say without a tagger; a long number is a telephone's."""
    found = []
    for each in find(plain(fold(text))):
        kind = each.kind if each.sure or each.kind == "CREDIT_CARD" else _BARE.get(each.kind, "PHONE_NUMBER")
        found.append(Span(each.start, each.end, kind, 1.0))
    return found


def secrets_measured(expert: Sensitive, data: Path, parts: Sequence[str], *, disputed: bool) -> dict[str, Any]:
    """Recall and precision of Nosey Parker's examples: does the expert report a secret or a site detail in the text?

    ``disputed`` keeps negatives that another rule calls positive.
    """
    examples = [each for each in noseyparker(data) if each.part in parts and (disputed or not each.disputed)]
    return secret_figures(examples, reports(expert, [each.text for each in examples]))


def shapes_measured(data: Path, parts: Sequence[str]) -> dict[str, Any]:
    """The same of the baseline: vendors' shapes, without the model that judges other values."""
    examples = [each for each in noseyparker(data) if each.part in parts and not each.disputed]
    said = [any(shaped(plain(fold(each.text)), SHAPES + INFRASTRUCTURE)) for each in examples]
    return secret_figures(examples, said)


def speed(expert: Sensitive, texts: Sequence[str]) -> dict[str, float]:
    """Texts, characters and words a second of processor time, one thread, after one round to warm up."""
    expert.spans(texts[:200])
    start = time.process_time()
    expert.spans(texts)
    took = max(time.process_time() - start, 1e-9)
    return {
        "texts_per_second": round(len(texts) / took, 1),
        "characters_per_second": round(sum(map(len, texts)) / took),
        "words_per_second": round(sum(len(each.split()) for each in texts) / took),
    }


def report(data: Path, pack: Path, part: str) -> dict[str, Any]:
    """All figures of one pack."""
    expert = Sensitive(pack)
    examples = [each for each in presidio(data) if each.part == part]
    texts = [each.text for each in examples]
    said = expert.spans(texts)
    chinese = list(own("zh", 5, 99))
    return {
        "pack": expert.version,
        "part": part,
        "spans": measured(examples, said),
        "spans_addresses_joined": measured(examples, said, join=True),
        "synth_dataset_v2": measured(*_only(examples, said, "presidio-synth")),
        "generated_large": measured(*_only(examples, said, "presidio-large")),
        "patterns_alone": measured(examples, [patterns_alone(text) for text in texts]),
        "chinese_templates_seen": measured(chinese, expert.spans([each.text for each in chinese])),
        "secrets": {
            name: secrets_measured(expert, data, parts, disputed=keep)
            for name, parts, keep in (
                (f"rules of the {part} part", (part,), False),
                (f"rules of the {part} part, disputed kept", (part,), True),
                ("all rules", ("train", "dev", "test"), False),
                ("all rules, disputed kept", ("train", "dev", "test"), True),
            )
        },
        "secrets_shapes_alone": {
            "this part": shapes_measured(data, (part,)),
            "all rules": shapes_measured(data, ("train", "dev", "test")),
        },
        "speed": speed(expert, texts),
        "worst": worst(examples, said),
    }


def _only(
    examples: Sequence[Tagged], said: Sequence[Sequence[Span]], source: str
) -> tuple[list[Tagged], list[Sequence[Span]]]:
    kept = [place for place, each in enumerate(examples) if each.source == source]
    return [examples[place] for place in kept], [said[place] for place in kept]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--pack", type=Path, default=BUNDLED)
    parser.add_argument("--part", default="test", choices=("test", "dev", "train"))
    parser.add_argument("--folds", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    found = (
        cross_validated(given.data, given.folds, seed=given.seed, epochs=given.epochs)
        if given.folds
        else report(given.data, given.pack, given.part)
    )
    text = json.dumps(found, indent=1, ensure_ascii=False)
    if given.json:
        given.json.write_text(text + "\n", "utf-8")
    print(text)


if __name__ == "__main__":
    main()
