"""Prompts filled into templates of our own: harmless ones in the words of attacks, and attacks, each template a group.

A guard learns triggers ("ignore", "system prompt", "bypass") from attacks and then defends too much (Li & Liu,
arXiv 2410.22770); the cure is harmless texts in which the same words do everyday work. Of a template all fillings are
in one part of a split, so what is measured are sentences nobody learned from.
"""

import random
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from watchfloor.lab.examples import Example

PATH: Final = Path(__file__).resolve().parent / "written" / "prompt_templates.txt"
#: Log lines, mails, pages and tables that a text can stand in.
CARRIERS: Final = PATH.with_name("carriers.txt")
#: Fillings of one template.
FILLINGS: Final = 6
_HEADING: Final = re.compile(r"\[([^\]{}]+)\]")
_SLOT: Final = re.compile(r"\{(\w+)\}")


def templates(path: Path = PATH) -> dict[str, list[str]]:
    """Lists by name: values of slots, and templates under names that begin with ``harmless`` or ``injection``."""
    found: dict[str, list[str]] = defaultdict(list)
    name = ""
    for line in path.read_text("utf-8").splitlines():
        if heading := _HEADING.fullmatch(line):
            name = heading[1]
        elif line and name:
            found[name].append(line.replace("\\n", "\n"))
    return dict(found)


def filled(attack: bool, source: str, weight: float = 1.0, path: Path = PATH) -> Iterator[Example]:
    """Every template of one label, filled ``FILLINGS`` times; values that have slots are filled too."""
    lists = templates(path)
    label, kind = ("injection", "injection") if attack else ("benign", "harmless")
    for name, many in lists.items():
        if name.split()[0] != kind:
            continue
        for template in many:
            draw = random.Random(template)
            for text in dict.fromkeys(_fill(template, lists, draw) for _ in range(FILLINGS)):
                yield Example(text[:1].upper() + text[1:], (label,), f"template {template}", source, weight)


def carried(text: str) -> str:
    """The text on one line of a log, a mail, a page, a table or code, which is drawn from the text."""
    draw = random.Random(text)
    lists = templates(CARRIERS)
    place = draw.choice(lists["line"])
    values = {"w": draw.choice(lists["word"]), "n": str(draw.randrange(2, 250)), "m": str(draw.randrange(10, 60)),
              "d": str(draw.randrange(1, 10)), "text": " ".join(text.split())}  # fmt: skip
    return _SLOT.sub(lambda found: values[found[1]], place)


def _fill(template: str, lists: dict[str, list[str]], draw: random.Random) -> str:
    def value(found: re.Match[str]) -> str:
        return _fill(draw.choice(lists[found[1]]), lists, draw) if found[1] in lists else found[0]

    return _SLOT.sub(value, template)
