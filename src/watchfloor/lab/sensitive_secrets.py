"""Teaches the small model that decides whether a value is a secret: from lines of our own and Nosey Parker's examples.

Our lines (``written/secret_lines.txt``) say where the secret is. Nosey Parker's examples (Apache-2.0) only say whether
a text holds one its rule means: in a text that does, the likeliest candidate is taken for it, in turns
(multiple-instance learning).
"""

import random
import re
import string
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from watchfloor.experts.sensitive.folding import fold, plain
from watchfloor.experts.sensitive.secret_shapes import INFRASTRUCTURE, shaped
from watchfloor.experts.sensitive.secret_signs import SIGNS, candidates, signs
from watchfloor.lab.examples import json_lines, part
from watchfloor.lab.sensitive_data import WRITTEN
from watchfloor.lab.sensitive_names import written

Floats = npt.NDArray[np.float32]
_ALPHABETS: Final = {
    "hex": "0123456789abcdef",
    "b": string.ascii_letters + string.digits,
    "pw": string.ascii_letters + string.digits + "!@#%^*_-?",
}
_SLOT: Final = re.compile(r"\{(pwlong|pw|weak|standin|uuid|hex\d+|b64|b\d+)\}")


@dataclass(frozen=True, slots=True)
class Example:
    """One text of Nosey Parker's: ``secret`` says whether it holds what ``rule`` means."""

    text: str
    rule: str
    secret: bool
    disputed: bool

    @property
    def part(self) -> str:
        """``train``, ``dev`` or ``test``, by rule."""
        return part(f"noseyparker-{self.rule}")


def noseyparker(data: Path) -> list[Example]:
    """All examples. A negative is disputed where the same text is another rule's positive, or shows a known token.

    Raises:
        OSError: the data is not there.
    """
    records = list(json_lines(data / "text/secrets/noseyparker_examples.jsonl.zst"))
    held = {each["text"] for each in records if int(each["label"]) == 1}
    return [
        Example(each["text"], each["rule"], int(each["label"]) == 1, int(each["label"]) == 0 and each["text"] in held)
        for each in records
    ]


def lines(times: int, seed: int) -> Iterator[tuple[str, list[tuple[int, int]]]]:
    """Our lines with values in their slots, and where the secrets are."""
    draw = random.Random(seed)
    kinds = [
        line
        for line in (WRITTEN / "secret_lines.txt").read_text("utf-8").splitlines()
        if line and not line.startswith("#")
    ]
    for kind in kinds:
        for _ in range(times):
            text = _SLOT.sub(lambda hit: _value(hit[1], draw), kind.replace("\\n", "\n"))
            marks, bare = [], ""
            for piece in re.split(r"([«»])", text):
                if piece == "«":
                    marks.append((len(bare), -1))
                elif piece == "»":
                    marks[-1] = (marks[-1][0], len(bare))
                else:
                    bare += piece
            yield bare, marks


def _value(slot: str, draw: random.Random) -> str:
    if slot == "weak":
        return draw.choice(written("weak_passwords"))
    if slot == "standin":
        return draw.choice(written("stand_ins"))
    if slot == "uuid":
        return "-".join("".join(draw.choice("0123456789abcdef") for _ in range(size)) for size in (8, 4, 4, 4, 12))
    if slot in ("pw", "pwlong"):
        size = draw.randrange(8, 17) if slot == "pw" else 50
        made = "".join(draw.choice(_ALPHABETS["pw"]) for _ in range(size))
        return (
            made
            if draw.random() < 0.6
            else draw.choice(written("weak_passwords")).title() + str(draw.randrange(10, 9999)) + draw.choice("!@#?")
        )
    if slot == "b64":
        return "".join(draw.choice(_ALPHABETS["b"] + "+/") for _ in range(draw.randrange(60, 140))) + draw.choice(
            ("", "=", "==")
        )
    name = slot.rstrip(string.digits)
    made = "".join(draw.choice(_ALPHABETS[name]) for _ in range(int(slot.removeprefix(name))))
    return made.upper() if name == "hex" and draw.random() < 0.05 else made


def rows_of(text: str, marks: Sequence[tuple[int, int]]) -> Iterator[tuple[Floats, bool]]:
    """Signs of the candidates of one text, and whether each lies on a mark; those a shape settles are left out."""
    folded = fold(text)
    data = plain(folded)
    settled = [(each.start, each.end) for each in shaped(data)]
    for each in candidates(data, folded):
        if not any(start <= each.start < end for start, end in settled):
            yield signs(each), any(each.start < end and start < each.end for start, end in marks)


def fitted(rows: Floats, truth: Floats, weight: Floats, *, shrink: float = 0.3, steps: int = 25) -> Floats:
    """Logistic regression by Newton's method; ``shrink`` is the L2. Shape of the result: (signs,)."""
    found = np.zeros(rows.shape[1], np.float64)
    wide = rows.astype(np.float64)
    for _ in range(steps):
        believed = 1 / (1 + np.exp(-np.clip(wide @ found, -30, 30)))
        slope = wide.T @ (weight * (believed - truth)) + shrink * found
        curve = (wide * (weight * believed * (1 - believed))[:, None]).T @ wide + shrink * np.eye(len(found))
        move = np.linalg.solve(curve, slope)
        found -= move
        if float(np.abs(move).max()) < 1e-4:
            break
    return found.astype(np.float32)


def trained(data: Path, *, seed: int, times: int = 6, rounds: int = 4, held: frozenset[str] = frozenset()) -> Floats:
    """The weights of the signs, learned without the examples of the rules that are ``held`` back."""
    rows, truth, weight = [], [], []
    for text, marks in lines(times, seed):
        for row, marked in rows_of(text, marks):
            rows.append(row)
            truth.append(float(marked))
            weight.append(1.0 / times * 2)
    bags = [
        (each, np.array([row for row, _ in rows_of(each.text, [])]).reshape(-1, len(SIGNS)))
        for each in noseyparker(data)
        if each.rule not in held
        and not each.disputed
        and not list(shaped(plain(fold(each.text))))
        and not list(shaped(plain(fold(each.text)), INFRASTRUCTURE))
    ]
    bags = [(each, seen) for each, seen in bags if len(seen)]
    found = fitted(np.array(rows), np.array(truth), np.array(weight))
    for _ in range(rounds):
        more, theirs = [], []
        for each, seen in bags:
            chosen = seen[[int((seen @ found).argmax())]] if each.secret else seen
            more.append(chosen)
            theirs += [float(each.secret)] * len(chosen)
        found = fitted(
            np.concatenate([np.array(rows), *more]),
            np.array([*truth, *theirs]),
            np.array([*weight, *([1.0] * len(theirs))]),
        )
    return found
