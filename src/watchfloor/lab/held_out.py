"""Labelled texts to measure an expert on that it was not made from: the sketch in its pack tells those it was."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from watchfloor.base.errors import RefusedError, UsageError
from watchfloor.experts.packs import Plugged
from watchfloor.experts.shelf import Shelf
from watchfloor.lab.examples import Example
from watchfloor.lab.finetune_checks import LEAST_TEST
from watchfloor.lab.finetune_data import Read, read
from watchfloor.lab.near_duplicates import normalised
from watchfloor.lab.sketch import sketch_of, stood_in
from watchfloor.store.packs import MANIFEST


@dataclass(slots=True)
class HeldOut:
    """Distinct texts that none of the experts was made from; ``facts`` counts what was left out and why."""

    examples: list[Example]
    facts: dict[str, Any] = field(default_factory=dict)


def pack_of(name: str, shelf: Shelf) -> Path:
    """The folder of an expert: a pack's, or that of an expert by its name.

    Raises:
        UsageError: there is no such pack or expert, or it is a model behind an endpoint.
    """
    folder = Path(name)
    if (folder / MANIFEST).is_file():
        return folder
    places = shelf.places()
    if name not in places:
        there = ", ".join(sorted(places)) or "none"
        raise UsageError(f"there is no pack and no expert {name!r}.", hint=f"Experts: {there}.")
    if places[name].endpoint:
        raise UsageError(f"expert {name} is a model behind an endpoint; packs are measured here.")
    return places[name].folder


def held_out(path: Path, columns: dict[str, str], experts: Sequence[Plugged]) -> HeldOut:
    """Texts of a file's test part (of all of it where it has no split) that no expert was made from.

    Raises:
        InputError: the file cannot be used.
        RefusedError: too few texts are left to say anything.
    """
    taken = read(path, columns, experts[0].card.kind)
    found = HeldOut([], {"records": taken.account.records_read, "rejected records": taken.account.rejected_records})
    examples = _distinct(taken, found)
    for expert in experts:
        known = sketch_of(expert.folder)
        if known is None:
            found.facts[f"training texts of {expert.folder.name}"] = "not known: its pack has no sketch of them"
            continue
        stood, untold = stood_in([each.text for each in examples], known)
        examples = [each for each, out in zip(examples, stood.tolist(), strict=True) if not out]
        found.facts[f"texts {expert.folder.name} was made from, left out"] = int(np.sum(stood))
        if untold:
            found.facts[f"texts of which {expert.folder.name} cannot tell"] = untold
    labels = set(experts[0].card.labels)
    strange = [each for each in examples if not set(each.labels) <= labels]
    found.facts["texts with a label it does not know, counted as wrong"] = len(strange)
    found.facts["texts to measure on"] = len(examples)
    found.examples = examples
    _enough(found, path, len(strange))
    return found


def _distinct(taken: Read, found: HeldOut) -> list[Example]:
    lines = taken.lines
    if any(line.part for line in lines):
        lines = [line for line in lines if line.part == "test"]
        found.facts["records of other parts than test, left out"] = len(taken.lines) - len(lines)
    said: dict[str, set[tuple[str, ...]]] = {}
    for line in lines:
        said.setdefault(normalised(line.text), set()).add(line.labels)
    kept: dict[str, Example] = {}
    for line in lines:
        text = normalised(line.text)
        if len(said[text]) == 1:
            kept.setdefault(text, line.example(line.group or text[:200]))
    found.facts["texts with contradicting labels, left out"] = sum(len(each) > 1 for each in said.values())
    found.facts["repeated texts, counted once"] = len(lines) - len(said)
    return list(kept.values())


def _enough(found: HeldOut, path: Path, strange: int) -> None:
    if len(found.examples) < LEAST_TEST:
        left = ", ".join(
            f"{name}: {count:,}" for name, count in found.facts.items() if count and isinstance(count, int)
        )
        raise RefusedError(
            f"{len(found.examples):,} texts of {path} are left to measure on, and {LEAST_TEST} are needed ({left}).",
            hint="Give texts that the expert was not made from.",
        )
    if strange > len(found.examples) / 2:
        unknown = sorted({label for each in found.examples for label in each.labels})[:8]
        raise RefusedError(
            f"most texts of {path} have labels the expert does not know: {strange:,} of {len(found.examples):,}.",
            hint=f"Labels in the file: {', '.join(unknown)}. Is it another task, or another --label column?",
        )
