"""Questions that need several experts: what each says alone, as numbers, and what the answer should have been.

Each case has a row a member: a score by which that member alone would answer. Members are experts, or what a recording
or a tool says beside them. Texts are of test and development parts that no expert learned from.
"""

import csv
import io
import json
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import zstandard

from watchfloor.base.judgements import Judgement
from watchfloor.experts.artefacts import recognise
from watchfloor.experts.code import model, sarif
from watchfloor.experts.code.expert import CodeExpert, Reading
from watchfloor.experts.code.kinds import KINDS
from watchfloor.experts.floor import ExpertFloor
from watchfloor.lab.code_data import benchmark
from watchfloor.lab.examples import Example
from watchfloor.lab.tasks import TASKS
from watchfloor.lab.tasks_command import WRITTEN

Floats = npt.NDArray[np.float64]
#: CVEs that nobody is known to exploit, a part; mails a part.
UNEXPLOITED, MAILS = 700, 240
_LEAST: Final = 1e-3


@dataclass(frozen=True, slots=True)
class Cases:
    """Cases of one part: ``scores`` ``(cases, members)`` as log odds, and whether each is what is looked for."""

    members: tuple[str, ...]
    scores: Floats
    truth: npt.NDArray[np.bool_]


def odds(share: float) -> float:
    """Log odds of a probability, bounded."""
    kept = min(max(share, _LEAST), 1 - _LEAST)
    return float(np.log(kept / (1 - kept)))


def _alarm(judged: Judgement, label: str) -> float:
    return next((each.score for each in judged.labels if each.name == label), 0.0)


class Advisories:
    """Which advisories get exploited (CISA's KEV), told from the text: severity, weakness and technique together."""

    members = ("cvss", "cwe", "technique")

    def __init__(self, floor: ExpertFloor, data: Path) -> None:
        self._floor = floor
        with zstandard.open(data / "text" / "kev" / "known_exploited_vulnerabilities.csv.zst", "rb") as file:
            kept = csv.DictReader(io.TextIOWrapper(file, "utf-8"))
            self._kev = {record["cveID"] for record in kept}
        self._texts: dict[str, Example] = {}
        for task in ("cvss", "cwe"):
            self._texts |= {each.group: each for each in TASKS[task](data)}
        learned = [each for each in TASKS["cwe"](data) if each.part == "train"]
        self._weakness = _rates((each.labels[0], each.group in self._kev) for each in learned)
        self._base = float(np.mean([each.group in self._kev for each in learned]))
        self._technique: dict[str, float] = {}

    def cases(self, name: str) -> Cases:
        """Exploited CVEs of one part, and as many others as ``UNEXPLOITED``."""
        here = sorted(each.group for each in self._texts.values() if each.part == name)
        others = [each for each in here if each not in self._kev]
        random.Random(0).shuffle(others)
        chosen = [each for each in here if each in self._kev] + others[:UNEXPLOITED]
        truth = np.asarray([each in self._kev for each in chosen])
        judged = self._floor.ask_all(self.members, [self._texts[each].text for each in chosen])
        if name == "dev":
            told = zip(judged["technique"], truth, strict=True)
            self._technique = _rates((_first(said), bool(exploited)) for said, exploited in told)
        rows = [[float(severity.facts.get("value", 0.0)), self._mean(weakness, self._weakness),
                 self._mean(technique, self._technique)]
                for severity, weakness, technique in zip(*(judged[m] for m in self.members), strict=True)]  # fmt: skip
        return Cases(self.members, np.asarray(rows), truth)

    def _mean(self, judged: Judgement, rates: dict[str, float]) -> float:
        """Log odds of being exploited, over the labels as likely as they are."""
        held = [(each.score, rates.get(each.name, self._base)) for each in judged.labels]
        rest = max(1 - sum(score for score, _ in held), 0.0)
        return odds(sum(score * rate for score, rate in held) + rest * self._base)


def _first(judged: Judgement) -> str:
    return judged.labels[0].name if judged.labels else ""


def _rates(told: Iterator[tuple[str, bool]]) -> dict[str, float]:
    """Share of true among each label's cases, drawn to the whole where there are few."""
    seen, true = Counter[str](), Counter[str]()
    for label, yes in told:
        seen[label] += 1
        true[label] += yes
    base = sum(true.values()) / max(sum(seen.values()), 1)
    return {label: (true[label] + 20 * base) / (count + 20) for label, count in seen.items()}


class Mails:
    """Which mails are dangerous: some carry a bad command, some a planted instruction, all a person's data."""

    members = ("guard", "command", "sensitive")

    def __init__(self, floor: ExpertFloor, data: Path) -> None:
        self._floor = floor
        lines = (WRITTEN / "sensitive_templates.txt").read_text("utf-8").splitlines()
        self._bodies = [line.replace("\\n", "\n") for line in lines if len(line) > 80 and not line.startswith("#")]
        self._commands = [each for each in TASKS["command"](data) if each.part != "train" and len(each.text) < 200]
        self._prompts = [each for each in TASKS["guard"](data) if each.part != "train" and len(each.text) < 300]

    def cases(self, name: str) -> Cases:
        """Mails put together from texts of one part; a third of each kind of attachment is an attack."""
        draw = random.Random(name)
        pools = {
            (kind, bad): [each.text for each in texts if each.part == name and (each.labels[0] == alarm) == bad]
            for kind, texts, alarm in (
                ("command", self._commands, "malicious"),
                ("prompt", self._prompts, "injection"),
            )
            for bad in (False, True)
        }
        texts, truth = [], []
        for _ in range(MAILS):
            bad_command, bad_prompt = draw.random() < 0.3, draw.random() < 0.3
            body = draw.choice(self._bodies).replace("{", "").replace("}", "")
            command, prompt = draw.choice(pools["command", bad_command]), draw.choice(pools["prompt", bad_prompt])
            texts.append(f"{body}\n\n{prompt}\n\nSub AutoOpen()\n{command}\nEnd Sub")
            truth.append(bad_command or bad_prompt)
        guard = self._floor.ask("guard", texts)
        sensitive = self._floor.ask("sensitive", texts)
        commands = [recognise(text).commands or (text.splitlines()[-2],) for text in texts]
        flat = [line for lines in commands for line in lines]
        said = dict(zip(flat, self._floor.ask("command", flat), strict=True))
        worst = [max(_alarm(said[line], "malicious") for line in lines) for lines in commands]
        rows = [[odds(_alarm(g, "injection")), odds(c), float(len(s.facts.get("spans", [])))]
                for g, c, s in zip(guard, worst, sensitive, strict=True)]  # fmt: skip
        return Cases(self.members, np.asarray(rows), np.asarray(truth))


class Reports:
    """Which findings of Bandit are true: its own word, what its text means (cwe) and what the code does (code)."""

    members = ("Bandit", "cwe", "code")
    _LEVELS: Final = {"note": 0.2, "warning": 0.5, "error": 0.8}

    def __init__(self, floor: ExpertFloor, data: Path) -> None:
        self._floor, self._expert = floor, CodeExpert(model.load())
        self._cases = {each.name: each for each in benchmark(data)}
        with zstandard.open(data / "text" / "owasp_benchmark" / "bandit_on_python.sarif.json.zst", "rb") as file:
            log: dict[str, Any] = json.loads(file.read())
        self._found = [(Path(each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]).stem, each)
                       for each in log["runs"][0]["results"]]  # fmt: skip

    def cases(self, name: str) -> Cases:
        """Findings in files of one part, true where the file is vulnerable by a weakness the rule means."""
        held = [(self._cases[stem], each) for stem, each in self._found
                if stem in self._cases and self._cases[stem].part == name]  # fmt: skip
        texts = [each["message"]["text"] for _, each in held]
        weakness = self._floor.ask("cwe", texts)
        rows, truth = [], []
        for (case, result), said in zip(held, weakness, strict=True):
            meant = {f"CWE-{KINDS[kind].cwe}" for kind in sarif.BANDIT.get(result["ruleId"], frozenset())}
            reading = self._expert.read(case.text)
            truth.append(case.vulnerable and case.cwe in meant)
            rows.append([odds(self._LEVELS.get(result.get("level", "warning"), 0.5)),
                         odds(self._of(reading, {each.name: each.score for each in said.labels})),
                         odds(reading.probability)])  # fmt: skip
        return Cases(self.members, np.asarray(rows), np.asarray(truth, dtype=np.bool_))

    def _of(self, reading: Reading, meant: dict[str, float]) -> float:
        """How likely the weakness that the finding's words mean is among those the code shows."""
        shown = {f"CWE-{KINDS[each.kind].cwe}" for each in reading.findings}
        return sum(score for name, score in meant.items() if name in shown)
