"""Labelled texts in three parts that share nothing: as the file says, else by group, else by near-duplicate cluster.

Which group is held out is drawn from its name alone (``lab.examples.part``), so the same data is always split alike.
Texts of held-out parts that are near-duplicates of texts learned from are set aside, and both figures are given.
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from watchfloor.lab import finetune_checks as checks
from watchfloor.lab.examples import Example, part
from watchfloor.lab.finetune_checks import Refusal
from watchfloor.lab.finetune_data import Line, Read
from watchfloor.lab.near_duplicates import Alike, alike, normalised

#: With fewer texts or groups a draw by hash alone is too uneven: groups are dealt in the order of their hashes.
_MANY_TEXTS, _MANY_GROUPS = 2_000, 200
#: Share of each label's texts that is dealt to each held-out part then.
_DEALT: Final = 0.2


@dataclass(slots=True)
class Parts:
    """What is learned from, chosen by and measured on. ``twins`` are test texts like texts learned from.

    ``facts`` are the counts for a report, ``refusals`` why no expert should be made of this.
    """

    train: list[Example] = field(default_factory=list)
    dev: list[Example] = field(default_factory=list)
    test: list[Example] = field(default_factory=list)
    twins: list[Example] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)

    @property
    def labels(self) -> Counter[str]:
        """Texts of each label in all parts."""
        return checks.counted([each.labels for each in (*self.train, *self.dev, *self.test, *self.twins)])


def split(read: Read, *, leave_out_rare: bool = False, keep_contradictions: bool = False) -> Parts:
    """Check, clean and split; what speaks against it all is in ``refusals``, all of it at once."""
    parts = Parts(facts={"records": read.account.records_read, "rejected records": read.account.rejected_records})
    given = "split" in read.columns
    lines, doubtful, seen = _distinct(read.lines, by_part=given)
    if not keep_contradictions:
        lines = [line for line in lines if normalised(line.text) not in doubtful]
    parts.facts["repeated texts, counted once"] = len(read.lines) - seen
    parts.facts["texts with contradicting labels" + ("" if keep_contradictions else ", left out")] = len(doubtful)
    parts.refusals += checks.contradictory(list(doubtful.values()), seen, keep_contradictions)
    id_like = checks.id_like([line.labels for line in lines], read.columns["label"])
    if id_like:
        parts.refusals += id_like
        return parts
    if leave_out_rare:
        lines = _without_rare(lines, parts)
    labels = [line.labels for line in lines]
    one_sided = checks.one_sided(labels, read.kind)
    parts.refusals += one_sided + checks.too_small(labels)
    if one_sided or not lines:
        return parts
    if given:
        _as_given(lines, parts)
    else:
        _drawn(lines, "group" in read.columns, parts)
    if not parts.refusals:
        if leave_out_rare:
            _without_unlearned(parts)
        parts.refusals += checks.unmeasurable(parts.train, parts.test, len(parts.twins), parts.labels)
    for name in ("train", "dev", "test"):
        parts.facts[f"texts in {name}"] = len(getattr(parts, name))
    return parts


def _distinct(lines: Sequence[Line], *, by_part: bool) -> tuple[list[Line], dict[str, list[Line]], int]:
    """One line a text (and given part), the lines of texts with several labels there, and how many are distinct."""
    found: dict[tuple[str, str], Line] = {}
    said: dict[tuple[str, str], dict[tuple[str, ...], Line]] = defaultdict(dict)
    for line in lines:
        # The same text in two given parts is a leak, whatever its labels: that is another question.
        place = (normalised(line.text), line.part if by_part else "")
        said[place].setdefault(line.labels, line)
        found.setdefault(place, line)
    doubtful = {text: list(each.values()) for (text, _), each in said.items() if len(each) > 1}
    return list(found.values()), doubtful, len(found)


def _without_rare(lines: list[Line], parts: Parts) -> list[Line]:
    counts = checks.counted([line.labels for line in lines])
    rare = {label for label, count in counts.items() if count < checks.LEAST_A_LABEL}
    kept = [line for line in lines if not rare & set(line.labels)]
    parts.facts["rare labels, left out"] = len(rare)
    parts.facts["texts of rare labels, left out"] = len(lines) - len(kept)
    return kept


def _without_unlearned(parts: Parts) -> None:
    """Leave out labels that the split leaves too little to learn from."""
    learned = checks.counted([each.labels for each in parts.train])
    few = {label for label in parts.labels if learned[label] < checks.LEAST_LEARNED}
    before = 0
    for name in ("train", "dev", "test", "twins"):
        mine = getattr(parts, name)
        kept = [each for each in mine if not few & set(each.labels)]
        before += len(mine) - len(kept)
        setattr(parts, name, kept)
    parts.facts["rare labels, left out"] += len(few)
    parts.facts["texts of rare labels, left out"] += before


def _as_given(lines: list[Line], parts: Parts) -> None:
    """The split column's parts; a development part is drawn from training where none is given."""
    where = [line.part for line in lines]
    parts.facts["split"] = "as the file's split column says"
    parts.refusals += checks.missing_parts(where)
    if parts.refusals:
        return
    same = alike([line.text for line in lines])
    held = np.flatnonzero([name != "train" for name in where])
    found = same.near(held, np.flatnonzero([name == "train" for name in where]))
    twins = [(lines[a], lines[b]) for a, b in zip(held.tolist(), found.tolist(), strict=True) if b >= 0]
    parts.refusals += checks.leaking(twins, len(held))
    if "dev" not in where:
        learned = [place for place, name in enumerate(where) if name == "train"]
        keys = _cluster_keys([lines[place].text for place in learned], same.clusters()[learned].tolist())
        dealt = _dealt(keys, [lines[place].labels[0] for place in learned], ("dev",))
        for place, name in zip(learned, dealt, strict=True):
            where[place] = name
        parts.facts["split"] += "; the development part is drawn from training"
    examples = [line.example(line.group or f"line {line.number}") for line in lines]
    _set_aside(examples, where, same, parts)


def _drawn(lines: list[Line], grouped: bool, parts: Parts) -> None:
    """By group where there are some, else by near-duplicate cluster."""
    texts = [line.text for line in lines]
    same = alike(texts)
    if grouped and len({line.group for line in lines if line.group}) >= 2:
        keys = [line.group or f"text {normalised(line.text)}" for line in lines]
        parts.facts["split"] = f"by group: none of {len(set(keys)):,} groups is in two parts"
    else:
        keys = _cluster_keys(texts, same.clusters().tolist())
        parts.facts["split"] = f"by near-duplicate cluster: none of {len(set(keys)):,} clusters is in two parts"
    if len(lines) >= _MANY_TEXTS and len(set(keys)) >= _MANY_GROUPS:
        where = [part(key) for key in keys]
    else:
        where = _dealt(keys, [line.labels[0] for line in lines], ("test", "dev"))
    _set_aside([line.example(key) for line, key in zip(lines, keys, strict=True)], where, same, parts)


def _cluster_keys(texts: Sequence[str], numbers: Sequence[int]) -> list[str]:
    """A name a text that its whole cluster shares, and that does not depend on the order of the file."""
    first: dict[int, str] = {}
    flat = [normalised(text)[:2_000] for text in texts]
    for text, number in zip(flat, numbers, strict=True):
        first[number] = min(first.get(number, text), text)
    return [f"text {first[number]}" for number in numbers]


def _dealt(keys: Sequence[str], labels: Sequence[str], held: Sequence[str]) -> list[str]:
    """Parts of few texts: of each label's groups, in the order of their hashes, as many as make its share."""
    sizes: Counter[str] = Counter(keys)
    most = defaultdict[str, Counter[str]](Counter)
    for key, label in zip(keys, labels, strict=True):
        most[key][label] += 1
    by_label: dict[str, list[str]] = defaultdict(list)
    for key in sorted(sizes, key=lambda each: hashlib.sha256(each.encode("utf-8", "replace")).digest()):
        by_label[most[key].most_common(1)[0][0]].append(key)
    where: dict[str, str] = {}
    for mine in by_label.values():
        goal = _DEALT * sum(sizes[key] for key in mine)
        for name in held:
            taken = 0
            for key in mine:
                # One group that is half of all would leave nothing to learn from.
                if taken >= goal or key in where or sizes[key] > 2 * goal:
                    continue
                where[key] = name
                taken += sizes[key]
    return [where.get(key, "train") for key in keys]


def _set_aside(examples: list[Example], where: Sequence[str], same: Alike, parts: Parts) -> None:
    """No text of development is like one of training, no test text like one of either; the rest is set aside."""
    train, dev, test = (np.flatnonzero([each == name for each in where]) for name in ("train", "dev", "test"))
    alone = same.near(dev, train) < 0
    known = np.concatenate([train, dev[alone]])
    clean = same.near(test, known) < 0
    parts.train, parts.dev = [examples[place] for place in train], [examples[place] for place in dev[alone]]
    parts.test, parts.twins = [examples[place] for place in test[clean]], [examples[place] for place in test[~clean]]
    parts.facts["held-out texts like training texts, set aside"] = int((~alone).sum()) + len(parts.twins)


def described(parts: Parts) -> dict[str, dict[str, Any]]:
    """For each label its texts in each part, and where they come from."""
    found: dict[str, dict[str, Any]] = {}
    sources: dict[str, Counter[str]] = defaultdict(Counter)
    for name in ("train", "dev", "test"):
        for each in getattr(parts, name):
            for label in each.labels:
                row = found.setdefault(label, {"train": 0, "dev": 0, "test": 0})
                row[name] += 1
                if each.source:
                    sources[label][each.source] += 1
    for label, row in found.items():
        row["sources"] = dict(sources[label].most_common(8))
    return dict(sorted(found.items(), key=lambda item: (-sum(item[1][n] for n in ("train", "dev", "test")), item[0])))
