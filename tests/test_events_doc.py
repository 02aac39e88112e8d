"""docs/events.md and the schema in base say the same."""

import re
from pathlib import Path

from watchfloor.base.actions import ACTIONS
from watchfloor.base.events import FIELDS

_ROW = re.compile(r"^\| `([^`]+)` \| (.+) \|$", re.MULTILINE)
_TYPES = {"string": "text", "int64": "integer", "timestamp[us, tz=UTC]": "time"}


def rows(root: Path, section: str) -> dict[str, list[str]]:
    text = (root / "docs" / "events.md").read_text(encoding="utf-8")
    body = text.split(f"\n## {section}\n", 1)[1].split("\n## ", 1)[0]
    return {name: re.split(r"(?<!\\) \| ", rest) for name, rest in _ROW.findall(body)}


def test_every_column_stands_in_the_document_and_no_other(root: Path) -> None:
    table = rows(root, "Columns")
    assert list(table) == [field.name for field in FIELDS]
    for field in FIELDS:
        cells = table[field.name]
        assert cells[0] == _TYPES[str(field.type)], field.name
        assert cells[1].replace("\\|", "|").replace("\\*", "*") == field.meaning, field.name
        assert len(cells) == 8, f"{field.name}: one cell a format"


def test_every_action_stands_in_the_document_and_no_other(root: Path) -> None:
    table = rows(root, "Actions")
    assert list(table) == list(ACTIONS)
    for action in ACTIONS.values():
        cells = table[action.name]
        assert cells[0] == f"{action.class_uid}/{action.activity_id}", action.name
        assert cells[1] == f"`{action.object_column}`", action.name
        assert cells[2] == action.verb, action.name
        assert len(cells) == 6
