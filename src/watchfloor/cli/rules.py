"""``watchfloor rules``: Sigma rules over logs, and what keeps a set of them in order."""

from types import ModuleType

from watchfloor.cli import rules_check, rules_explain, rules_fetch, rules_match

NAME = "rules"
SUMMARY = "run Sigma rules over logs, explain and check them"
DESCRIPTION = """Run Sigma rules over logs: each record a rule holds for is a match, with its address. RULES are files,
folders or archives of Sigma YAML (SigmaHQ's for instance: `watchfloor rules fetch`).

examples:
  watchfloor rules match logs/ --rules sigma/
  watchfloor rules explain 'Whoami Utility' 'Security.evtx#4711' --rules sigma/
  watchfloor rules check sigma/
  watchfloor rules fetch sigma/"""

COMMANDS: tuple[ModuleType, ...] = (rules_match, rules_explain, rules_check, rules_fetch)
