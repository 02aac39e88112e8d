"""``watchfloor code``: weaknesses in source code, and other scanners' findings judged."""

from types import ModuleType

from watchfloor.cli import code_scan

NAME = "code"
SUMMARY = "find weaknesses in source code; triage a scanner's findings"
DESCRIPTION = """Find weaknesses in Python (by following the data), Java and C (by statements). Nothing is executed.

examples:
  watchfloor code scan src/
  watchfloor code scan src/ --sarif ours.sarif
  watchfloor code scan src/ --triage bandit.sarif --sarif judged.sarif"""

COMMANDS: tuple[ModuleType, ...] = (code_scan,)
