"""``watchfloor knowledge``: what is publicly known of attacks and defences, and own documents, in one place to ask."""

from types import ModuleType

from watchfloor.cli import knowledge_add, knowledge_build, knowledge_path, knowledge_search

NAME = "knowledge"
SUMMARY = "ask ATT&CK, CWE, CVE, rules and your own documents"
DESCRIPTION = """Keep ATT&CK, CWE, CAPEC, D3FEND, CVE, KEV, Sigma, LOLBAS, GTFOBins and documents of your own in one
folder, ask it questions by words and by meaning, and follow the graph from attack to defence. Answers
name their source.

examples:
  watchfloor knowledge build
  watchfloor knowledge build --from feeds/
  watchfloor knowledge add wiki/ playbooks.pdf
  watchfloor knowledge search 'dump LSASS memory' --kind technique
  watchfloor knowledge path CVE-2021-44228 d3fend --html path.html"""

COMMANDS: tuple[ModuleType, ...] = (knowledge_build, knowledge_add, knowledge_search, knowledge_path)
