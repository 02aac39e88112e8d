"""Cross-validation of the expert ``sensitive``: each family of templates and each rule is left to a twin that lacks it.

    python -m watchfloor.lab.sensitive_measure ../shared/data --folds 5

The pack that ships has learned from all of them. A twin is made by the same recipe without the families and the rules
of one fold, and without those of our own templates that are close to one of the fold.
"""

import random
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from watchfloor.experts.sensitive.expert import Sensitive
from watchfloor.experts.sensitive.secret_shapes import is_infrastructure
from watchfloor.experts.sensitive.spans import Span
from watchfloor.lab.sensitive_data import Tagged, presidio
from watchfloor.lab.sensitive_scores import measured, secret_figures, worst
from watchfloor.lab.sensitive_secrets import Example, noseyparker
from watchfloor.lab.sensitive_train import made, write

#: Seed of the order in which families and rules are dealt out.
DEAL: Final = 7


def dealt(names: Sequence[str], folds: int) -> list[frozenset[str]]:
    """Names in folds of about the same size, shuffled once."""
    order = sorted(set(names))
    random.Random(DEAL).shuffle(order)
    return [frozenset(order[place::folds]) for place in range(folds)]


@dataclass(frozen=True, slots=True)
class Judged:
    """What the twin of one fold said of the fold's texts."""

    examples: list[Tagged]
    said: list[list[Span]]
    secrets: list[Example]
    reported: list[bool]


def judged(data: Path, folds: int, *, seed: int, epochs: int) -> Iterator[Judged]:
    """A twin each fold, at work on what it has not seen."""
    texts, rules = presidio(data), [each for each in noseyparker(data) if not each.disputed]
    parts = zip(dealt([each.group for each in texts], folds), dealt([each.rule for each in rules], folds), strict=True)
    for families, apart in parts:
        arrays = made(data, seed=seed, epochs=epochs, held=families, rules=apart)
        with tempfile.TemporaryDirectory() as folder:
            write(Path(folder), arrays, seed, epochs)
            twin = Sensitive(Path(folder))
        held = [each for each in texts if each.group in families]
        unseen = [each for each in rules if each.rule in apart]
        yield Judged(
            held, twin.spans([each.text for each in held]), unseen, reports(twin, [each.text for each in unseen])
        )


def reports(expert: Sensitive, texts: Sequence[str]) -> list[bool]:
    """Of each text, whether a secret or a site detail is reported in it: those are named in small letters."""
    return [any(span.type.islower() or is_infrastructure(span.type) for span in spans) for spans in expert.spans(texts)]


def cross_validated(data: Path, folds: int, *, seed: int, epochs: int) -> dict[str, Any]:
    """Figures over all families and all rules."""
    found = list(judged(data, folds, seed=seed, epochs=epochs))
    examples = [each for fold in found for each in fold.examples]
    said = [each for fold in found for each in fold.said]
    former = [place for place, each in enumerate(examples) if each.part == "test"]
    return {
        "folds": [
            {name: figure for name, figure in measured(fold.examples, fold.said).items() if name != "types"}
            for fold in found
        ],
        "spans": measured(examples, said),
        "spans_addresses_joined": measured(examples, said, join=True),
        "former_test_part": measured([examples[at] for at in former], [said[at] for at in former]),
        "secrets": secret_figures(
            [each for fold in found for each in fold.secrets], [each for fold in found for each in fold.reported]
        ),
        "worst": worst(examples, said),
    }
