"""``watchfloor experts``: which experts there are, and putting them in and out."""

from types import ModuleType

from watchfloor.cli import experts_add, experts_list, experts_remove, experts_show

NAME = "experts"
SUMMARY = "list, show, add and remove experts"
DESCRIPTION = """Experts are small models on one frozen base, or models behind an endpoint. They ship with Watchfloor or
are added to the site's folder (WATCHFLOOR_EXPERTS_DIR), checked by sha256 and by signature.

examples:
  watchfloor experts list
  watchfloor experts show command
  watchfloor experts add tickets.expert
  watchfloor experts remove tickets"""

COMMANDS: tuple[ModuleType, ...] = (experts_list, experts_show, experts_add, experts_remove)
