"""Where the backbone and the experts that ship with Watchfloor lie."""

from pathlib import Path
from typing import Final

_HERE: Final = Path(__file__).resolve().parent.parent / "bundled"
BACKBONE: Final = _HERE / "backbone"
EXPERTS: Final = _HERE / "experts"


def experts() -> list[Path]:
    """The folders of all bundled experts, by name."""
    return sorted(path.parent for path in EXPERTS.glob("*/pack.json"))
