"""What makes labelled texts unfit to learn from or to measure on, each with its numbers and what to do next."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from watchfloor.lab.examples import Example
from watchfloor.lab.finetune_data import Line
from watchfloor.lab.measure_recording import wilson

#: Distinct texts needed in all and of each label, and of each label in training.
LEAST_TEXTS, LEAST_A_LABEL, LEAST_LEARNED = 200, 10, 5
#: Texts of a test part: with fewer, an accuracy of 0.9 has an interval wider than 0.2.
LEAST_TEST: Final = 40
#: Share of the texts that may contradict each other, and of held-out texts that may stand in training as well.
CONTRADICTING, LEAKING = 0.05, 0.02
#: With more labels than this share of the texts, the label column looks like an id.
ID_LIKE: Final = 0.5
#: A label with at least this share of all texts must be in the test part.
COMMON: Final = 0.05
_LISTED: Final = 4
_CHARACTERS: Final = 90


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why no expert is made of these texts, what to do next, and texts that show it."""

    what: str
    then: str
    shown: tuple[str, ...] = ()

    def record(self) -> dict[str, object]:
        """As JSON has it."""
        return {"what": self.what, "then": self.then, "examples": list(self.shown)}


def listed(names: Sequence[str]) -> str:
    """A few names, and how many more there are."""
    more = f" and {len(names) - _LISTED:,} more" if len(names) > _LISTED else ""
    return ", ".join(repr(name[:40]) for name in names[:_LISTED]) + more


def quoted(text: str) -> str:
    """A text in one short line."""
    flat = " ".join(text[: 4 * _CHARACTERS].split())
    return f"“{flat[:_CHARACTERS]}{'…' if len(flat) > _CHARACTERS else ''}”"


def counted(labels: Sequence[tuple[str, ...]]) -> Counter[str]:
    """Texts of each label."""
    return Counter(label for each in labels for label in each)


def id_like(labels: Sequence[tuple[str, ...]], column: str) -> list[Refusal]:
    """Nearly every text has a label of its own."""
    many = len(counted(labels))
    if len(labels) < 20 or many <= ID_LIKE * len(labels):
        return []
    return [Refusal(
        f"column {column!r} looks like an id, not a label: {many:,} different values in {len(labels):,} texts",
        "Name the right one: --label COLUMN.",
    )]  # fmt: skip


def one_sided(labels: Sequence[tuple[str, ...]], kind: str) -> list[Refusal]:
    """There is only one label (or one value of a facet): nothing to tell apart."""
    found = counted(labels)
    if kind == "choice" and len(found) == 1:
        return [Refusal(f"the texts are one-sided: all {len(labels):,} are labelled {next(iter(found))!r}",
                        "Add texts of what else it will meet; ordinary ones at random are best.")]  # fmt: skip
    sides = Counter(label.partition(":")[0] for label in found)
    flat = [facet for facet, values in sides.items() if values == 1] if kind == "facets" else []
    if flat:
        return [Refusal(f"the texts are one-sided: facet {listed(flat)} has one value in all of them",
                        "Leave it out of the labels, or add texts with another value.")]  # fmt: skip
    return []


def too_small(labels: Sequence[tuple[str, ...]]) -> list[Refusal]:
    """Too few distinct texts in all, or of a label."""
    found = []
    counts = counted(labels)
    if len(labels) < LEAST_TEXTS:
        found.append(Refusal(
            f"too little data: {len(labels):,} distinct texts, and {LEAST_TEXTS} are needed to learn and to measure",
            f"Label {LEAST_TEXTS - len(labels):,} more.",
        ))  # fmt: skip
    few = [label for label in sorted(counts, key=lambda each: (counts[each], each)) if counts[label] < LEAST_A_LABEL]
    if few:
        named = ", ".join(f"{label[:40]!r} {counts[label]}" for label in few[:_LISTED])
        more = f" and {len(few) - _LISTED:,} more" if len(few) > _LISTED else ""
        found.append(Refusal(
            f"too few texts of {len(few):,} of {len(counts):,} labels: {named}{more}; {LEAST_A_LABEL} distinct texts a "
            "label are needed",
            "Add texts, merge small labels into one, or leave them out with --leave-out-rare.",
        ))  # fmt: skip
    return found


def contradictory(kinds: Sequence[Sequence[Line]], texts: int, keep: bool) -> list[Refusal]:
    """Identical texts with different labels; ``kinds`` holds the lines of each such text."""
    if keep or len(kinds) <= CONTRADICTING * texts or len(kinds) < 2:
        return []
    shown = tuple(
        f"{quoted(lines[0].text)}: " + ", ".join(f"{'/'.join(line.labels)} in line {line.number}" for line in lines[:3])
        for lines in kinds[:2]
    )
    return [Refusal(
        f"labels contradict each other: {len(kinds):,} of {texts:,} distinct texts bear more than one label "
        f"({len(kinds) / texts:.1%}; at most {CONTRADICTING:.0%} may)",
        "Settle them, or say --keep-contradictions where one text may rightly bear several labels.", shown,
    )]  # fmt: skip


def leaking(pairs: Sequence[tuple[Line, Line]], held: int) -> list[Refusal]:
    """Held-out texts that stand in training too; ``pairs`` are held-out line and training line."""
    if len(pairs) <= max(LEAKING * held, 2):
        return []
    differ = sum(a.labels != b.labels for a, b in pairs)
    shown = tuple(f"line {a.number} ({a.part}) {quoted(a.text)} and line {b.number} ({b.part}) {quoted(b.text)}"
                  for a, b in pairs[:2])  # fmt: skip
    return [Refusal(
        f"the split leaks: {len(pairs):,} of {held:,} held-out texts are the same or nearly the same as training texts "
        f"({differ:,} of them under another label); what is remembered would be measured, not what is learned",
        "Take them out of one part, or let the lab draw the split: --split none.", shown,
    )]  # fmt: skip


def missing_parts(where: Sequence[str]) -> list[Refusal]:
    """A given split without training or test texts."""
    lacks = [part for part in ("train", "test") if part not in where]
    if not lacks:
        return []
    return [Refusal(f"the split column gives no text to {' and '.join(lacks)}",
                    "Fill it in, or let the lab draw the split: --split none.")]  # fmt: skip


def unmeasurable(train: Sequence[Example], test: Sequence[Example], aside: int, every: Counter[str]) -> list[Refusal]:
    """A test part too small for its interval to mean anything, or without a label that matters."""
    found = []
    if len(test) < LEAST_TEST:
        low, high = wilson(round(0.9 * len(test)), len(test))
        interval = f"an accuracy of 0.9 on it could be anything from {low:.2f} to {high:.2f}" if test else "it is empty"
        left = f"; {aside:,} texts that are nearly the same as training texts do not count" if aside else ""
        found.append(Refusal(
            f"the test part is too small: {len(test):,} texts{left}; {interval}",
            f"{LEAST_TEST} texts are needed: add more, or more different ones; few large groups cannot be held out.",
        ))  # fmt: skip
    learned, tested = counted([each.labels for each in train]), counted([each.labels for each in test])
    few = [label for label in sorted(every) if learned[label] < LEAST_LEARNED]
    if few:
        found.append(Refusal(
            f"nothing to learn {len(few):,} labels from: {listed(few)} have fewer than {LEAST_LEARNED} training texts, "
            "the rest stand in groups or parts that are held out",
            "Add texts from other groups, or leave those labels out with --leave-out-rare.",
        ))  # fmt: skip
    total = max(len(train) + len(test), 1)
    unseen = [label for label, count in sorted(every.items()) if count >= COMMON * total and not tested[label]]
    if unseen and len(test) >= LEAST_TEST:
        found.append(Refusal(
            f"the test part holds no text of {listed(unseen)}",
            "Its texts stand in too few groups to hold one out: add texts from other groups.",
        ))  # fmt: skip
    return found
