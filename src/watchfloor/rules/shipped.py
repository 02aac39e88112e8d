"""Where the rules shipped with Watchfloor stand."""

from importlib.resources import files
from pathlib import Path

OWN_RULES = Path(str(files("watchfloor") / "bundled" / "rules"))
