"""The expert ``code``: is this code vulnerable, which weakness is it, on which lines.

CodeExpert(model.load()).ask(["import os, flask\\nos.system(flask.request.args['x'])"])[0].facts["cwe"]  # "CWE-78"
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from watchfloor.base.judgements import Judgement, Label
from watchfloor.experts.code import model, python, statements
from watchfloor.experts.code.findings import Finding
from watchfloor.experts.code.language import language
from watchfloor.experts.code.parsing import MOST_CHARACTERS

#: How many CWEs and lines an answer names.
MOST_NAMED: Final = 4
MOST_LINES: Final = 12


@dataclass(frozen=True, slots=True)
class Reading:
    """What is said of one text: its language, the probability, all findings weightiest first, and any doubt."""

    language: str
    probability: float
    findings: tuple[Finding, ...]
    doubt: str = ""


class CodeExpert:
    """Judges code by analysis and a small calibrated layer over it; executes nothing, needs no backbone."""

    def __init__(self, learned: model.Model) -> None:
        self._model = learned

    @property
    def name(self) -> str:
        """``code``."""
        return model.NAME

    @property
    def version(self) -> str:
        """The sha256 of the manifest of its pack."""
        return self._model.version

    def ask(self, texts: Sequence[str]) -> list[Judgement]:
        """One judgement a text, labels ``vulnerable`` and ``safe``; facts ``cwe``, ``lines``, ``why``, ``language``."""
        return [self._judge(self.read(text)) for text in texts]

    def read(self, text: str) -> Reading:
        """All findings of one text, and how likely it is vulnerable. Never raises."""
        spoken = language(text)
        analysis = python.analyse(text, repair=spoken == "python")
        if analysis.parsed and (spoken == "python" or analysis.findings or analysis.busy):
            return self._reading("python", analysis.findings, analysis.trouble)
        if spoken == "python":
            return Reading(spoken, 0.5, (), f"it cannot be read as Python: {analysis.trouble}")
        if len(text) > MOST_CHARACTERS:
            return Reading(spoken, 0.5, (), f"it is longer than {MOST_CHARACTERS:,} characters")
        if spoken == "java":
            return self._reading(spoken, statements.java(text))
        if spoken == "c":
            return self._reading(spoken, statements.c(text))
        return Reading(spoken, 0.5, (), "it is not Python, Java or C" if text.strip() else "there is nothing to read")

    def chance(self, spoken: str, finding: Finding) -> float:
        """How likely a text whose weightiest finding this is is vulnerable, 0 to 1."""
        return self._model.probability(spoken, finding)

    def _reading(self, spoken: str, found: Sequence[Finding], trouble: str = "") -> Reading:
        ordered = tuple(sorted(found, key=model.weight))
        likely = self._model.probability(spoken, ordered[0] if ordered else None)
        return Reading(spoken, likely, ordered, "" if ordered else trouble)

    def _judge(self, reading: Reading) -> Judgement:
        likely = Label("vulnerable", reading.probability), Label("safe", 1.0 - reading.probability)
        labels = tuple(sorted(likely, key=lambda each: -each.score))
        facts: dict[str, Any] = {"language": reading.language}
        if reading.findings and labels[0].name == "vulnerable":
            names = list(dict.fromkeys(each.cwe for each in reading.findings))[:MOST_NAMED]
            facts |= {"cwe": names[0] if len(names) == 1 else names, "lines": reading.findings[0].lines[:MOST_LINES],
                      "why": reading.findings[0].why}  # fmt: skip
            others = [f"{each.cwe} on line {each.line}" for each in reading.findings[1:MOST_NAMED]]
            if others:
                facts["also"] = others
        return Judgement(model.NAME, labels, self.version, reading.doubt, facts)
