"""The minds behind the table of subtasks for one scene: experts and patterns at once, the investigator in steps.

A scene is investigated once however many of its subtasks are slow, and one that lies in an earlier scene's case not
again; what an investigation cost is counted with the first subtask that needed it.
"""

import ipaddress
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from watchfloor.agent.case import Investigation
from watchfloor.agent.casebook import Casebook
from watchfloor.agent.decoding import decode
from watchfloor.agent.investigating import Investigator, scene_alert
from watchfloor.base.errors import WatchfloorError
from watchfloor.base.findings import LEVELS, Finding
from watchfloor.base.judgements import Judgement
from watchfloor.base.scenes import Scene
from watchfloor.operations.dispatch import Answer, Dispatcher

#: How an expert is asked.
Asking = Callable[[Sequence[str]], list[Judgement]]
#: Command lines of one scene that an expert reads, and indicators that are named.
MOST_LINES, MOST_NAMED = 24, 40
#: What a scene's verdict is as a level where no rule gives one.
_LEVEL_OF: Final = {"malicious": "high", "suspicious": "medium", "unsure": "low", "benign": "informational"}
#: Tactics that make an attack critical, and those that make it high (ATT&CK).
_CRITICAL, _HIGH = frozenset({"TA0040", "TA0010"}), frozenset({"TA0006", "TA0008", "TA0011", "TA0003"})
_INDICATOR: Final = re.compile(
    r"(?P<url>\bhttps?://[^\s\"'<>|;)]{4,200})|(?P<address>(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.]))|"
    r"(?P<hash>\b(?:[0-9a-f]{64}|[0-9a-f]{40}|[0-9a-f]{32})\b)", re.IGNORECASE,
)  # fmt: skip


@dataclass(slots=True)
class Question:
    """One scene with the rule findings on its records; ``investigation`` is kept once it is made."""

    scene: Scene
    findings: Sequence[Finding] = ()
    investigation: Investigation | None = None

    @property
    def lines(self) -> list[str]:
        """Its distinct command lines, those of the likeliest processes first."""
        ranked = sorted(self.scene.processes, key=lambda each: -each.score)
        return list(dict.fromkeys(each.command_line for each in ranked if each.command_line))[:MOST_LINES]

    @property
    def event_ids(self) -> tuple[str, ...]:
        """The records of its key frames."""
        return tuple(frame.event_id for frame in self.scene.key_frames)


@dataclass(slots=True)
class Minds:
    """Who answers. ``investigator`` works one recording; ``experts`` by name; ``assets``: facts by lower-case host.

    ``most_cases``: scenes that are investigated at most; a person is told that the rest was not.
    """

    investigator: Investigator | None = None
    experts: Mapping[str, Asking] = field(default_factory=dict)
    assets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    most_cases: int = 60
    _book: Casebook | None = None
    _read: dict[str, Judgement] = field(default_factory=dict)

    def dispatcher(self) -> Dispatcher[Question]:
        """A dispatcher over these minds; without an investigator nothing is slow."""
        fast = {"verdict": self.screen, "severity": self.severity, "technique tagging": self.techniques,
                "command reading": self.commands, "indicator extraction": self.indicators,
                "asset criticality": self.criticality}  # fmt: skip
        if self.investigator is None:
            return Dispatcher(fast, {})
        told = {name: lambda q, s, name=name: self._investigated(name, q) for name in (
            "verdict", "severity", "technique tagging", "indicator extraction", "root cause", "scope", "timeline",
            "hypothesis test")}  # fmt: skip
        return Dispatcher(fast, told | {"command reading": self.decoded})

    def screen(self, question: Question) -> Answer:
        """The screen's verdict: sure where its calibrated probability is."""
        scene = question.scene
        sure = max(scene.score, 1 - scene.score)
        attack = scene.flagged
        if scene.verdict not in ("malicious", "benign"):
            sure = min(sure, 0.5)
        return Answer("malicious" if attack else "benign", sure, "screen", question.event_ids)

    def severity(self, question: Question) -> Answer:
        """The worst level of a rule, or the verdict's."""
        levels = [finding.level for finding in question.findings if finding.level in LEVELS]
        if levels:
            worst = max(levels, key=LEVELS.index)
            ids = next(finding.event_ids for finding in question.findings if finding.level == worst)
            return Answer(worst, 0.8, "rules", ids)
        scene = question.scene
        sure = 0.7 if scene.verdict in ("malicious", "benign") else 0.4
        return Answer(_LEVEL_OF[scene.verdict], sure, "screen", question.event_ids)

    def techniques(self, question: Question) -> Answer | None:
        """What rules tag; else what the screen names, surer where the technique expert agrees."""
        tagged = sorted({technique for finding in question.findings for technique in finding.techniques})
        if tagged:
            ids = tuple(
                dict.fromkeys(i for finding in question.findings if finding.techniques for i in finding.event_ids)
            )
            return Answer(tagged, 0.8, "rules", ids)
        named = {each.id: each.score for each in question.scene.techniques[:5]}
        for judged in self._ask("technique", question.lines[:6]):
            if judged.best:
                named[judged.best.name] = named.get(judged.best.name, 0.0) + judged.best.score
        if not named:
            return None
        first = max(named, key=lambda each: named[each])
        return Answer([first], min(named[first], 0.99), "screen and technique expert", question.event_ids)

    def commands(self, question: Question) -> Answer | None:
        """The worst command line; as sure as the expert is of the one it is least sure of."""
        return self._worst(question.lines, "command expert", question.event_ids)

    def decoded(self, question: Question, _: float) -> Answer | None:
        """The same over what is under encodings; nothing where nothing is encoded."""
        under = [layer.text[:2_000] for line in question.lines for layer in decode(line)]
        return self._worst(under[:MOST_LINES], "decoder and command expert", question.event_ids) if under else None

    def indicators(self, question: Question) -> Answer:
        """Addresses, URLs and hashes in plain sight. None is no proof that there are none."""
        texts = [*question.lines, *(frame.object for frame in question.scene.key_frames)]
        found = sorted({value for text in texts for value in indicators_in(text)})[:MOST_NAMED]
        return Answer(found, 0.95 if found or not question.scene.flagged else 0.5, "patterns", question.event_ids)

    def criticality(self, question: Question) -> Answer | None:
        """What the customer's list says of the host."""
        facts = self.assets.get(question.scene.host.lower(), {})
        known = facts.get("criticality")
        return Answer(str(known), 1.0, "asset list") if known is not None else None

    def _worst(self, lines: Sequence[str], by: str, ids: tuple[str, ...]) -> Answer | None:
        scores = [next((label.score for label in each.labels if label.name == "malicious"), 0.0)
                  for each in self._ask("command", lines) if not each.abstained]  # fmt: skip
        if not scores:
            return None
        worst = max(scores)
        sure = worst if worst >= 0.5 else min(1 - each for each in scores)
        return Answer("malicious" if worst >= 0.5 else "benign", sure, by, ids)

    def _ask(self, name: str, lines: Sequence[str]) -> list[Judgement]:
        """An expert's judgements, each line asked about once in a run; none where the expert is not there."""
        expert = self.experts.get(name)
        if expert is None:
            return []
        new = [line for line in dict.fromkeys(lines) if f"{name} {line}" not in self._read]
        for line, judged in zip(new, expert(new) if new else [], strict=True):
            self._read[f"{name} {line}"] = judged
        return [self._read[f"{name} {line}"] for line in lines]

    def _investigated(self, name: str, question: Question) -> Answer | None:
        if question.investigation is None:
            assert self.investigator is not None
            if self._book is None:
                self._book = Casebook(self.investigator, self.most_cases)
            question.investigation = self._book.work(scene_alert(question.scene))
        if question.investigation is None:
            raise WatchfloorError(f"the {self.most_cases} investigations of this run are used up.")
        return answer_of(name, question.investigation)


def indicators_in(text: str) -> list[str]:
    """URLs, public-looking addresses and hashes of a text; loopback and unspecified addresses are none."""
    found = []
    for match in _INDICATOR.finditer(text[:20_000]):
        value = match[0]
        if match["address"]:
            try:
                parsed = ipaddress.ip_address(value)
            except ValueError:
                continue
            if parsed.is_loopback or parsed.is_unspecified:
                continue
        found.append(value)
    return found


def answer_of(name: str, found: Investigation) -> Answer | None:
    """What an investigation says to one subtask; None where it says nothing."""
    sure, by, ids = found.confidence, "investigator", tuple(found.operations[:20])
    attack = found.verdict == "malicious"
    match name:
        case "verdict":
            return Answer("benign" if found.verdict == "benign" else "malicious", sure, by, ids)
        case "severity":
            tactics = {str(each.get("tactic", "")) for each in found.techniques} | {m.tactic for m in found.timeline}
            level = "critical" if tactics & _CRITICAL else "high" if tactics & _HIGH else "medium"
            return Answer(level if attack else "low", sure, by, ids)
        case "technique tagging":
            named = [str(each["id"]) for each in found.techniques][:MOST_NAMED]
            return Answer(named, sure, by, ids) if named else None
        case "indicator extraction":
            return Answer([str(each.get("value", "")) for each in found.indicators][:MOST_NAMED], sure, by, ids)
        case "root cause":
            claim = found.root_cause
            return Answer(claim.text, sure, by, claim.event_ids) if claim else None
        case "scope":
            return Answer({"operations": len(found.operations), "assets": found.assets[:MOST_NAMED]}, sure, by, ids)
        case "timeline":
            return Answer([moment.to_json() for moment in found.timeline][:MOST_NAMED], sure, by, ids)
        case "hypothesis test":
            return Answer({test.hypothesis: test.holds for test in found.tests}, sure, by, ids)
    return None
