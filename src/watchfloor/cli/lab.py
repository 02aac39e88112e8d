"""``watchfloor lab``: the screen made to fit one's own recordings."""

from types import ModuleType

from watchfloor.cli import lab_film

NAME = "lab"
SUMMARY = "adapt the screen to your own labelled recordings"
DESCRIPTION = """Adapt the screen to labelled recordings of your own. Needs `pip install 'watchfloor[lab]'`.

examples:
  watchfloor watch logs/ --json scenes.jsonl --all-scenes
  watchfloor lab film --recordings logs/ --labels labels.csv --out my-screen --report adapted.html"""

COMMANDS: tuple[ModuleType, ...] = (lab_film,)
