"""The one table of what operations ask: which mind answers, how sure it must be, what it may cost, who comes next.

Fast is an expert's intuition, slow an agent with tools and evidence (after Kahneman; 360's Security LLM works so).
A subtask without a fast mind is slow from the start, and where the slow one is not sure either, a person decides.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

Mind = Literal["fast", "slow", "person"]


@dataclass(frozen=True, slots=True)
class Subtask:
    """One row. ``fast`` and ``slow`` name who answers, empty for nobody; ``floor`` 0 to 1 is the confidence from which

    an answer stands; ``budget_s`` are seconds the slow mind may take; ``reason`` says why it is so.
    """

    name: str
    question: str
    fast: str
    slow: str
    floor: float
    budget_s: float
    reason: str


_ROWS: Final = (
    Subtask("verdict", "is this an attack", "screen", "investigator", 0.90, 10.0,
            "the screen is calibrated; between its sure answers only context tells"),
    Subtask("severity", "how bad is it", "screen and rules", "investigator", 0.60, 10.0,
            "the worst level anybody gives; with no level, what the attack did"),
    Subtask("technique tagging", "which ATT&CK techniques", "screen, rules and technique expert", "investigator", 0.50,
            10.0, "a tag of a rule or two skills that agree stand; else what each operation did"),
    Subtask("command reading", "is a command line malicious", "command expert", "decoder and command expert", 0.85, 2.0,
            "what is encoded is decoded and asked about again"),
    Subtask("indicator extraction", "which addresses, hashes, domains", "patterns", "investigator", 0.95, 10.0,
            "patterns are exact on what is in plain sight; the attack's effects hold the rest"),
    Subtask("asset criticality", "how much does this host matter", "asset list", "", 0.80, 0.0,
            "a list the customer keeps is right; without one only a person knows"),
    Subtask("root cause", "where did it begin", "", "investigator", 0.50, 10.0,
            "needs lineage, log-ins and hand-overs"),
    Subtask("scope", "what else did it touch", "", "investigator", 0.50, 10.0, "needs every effect followed"),
    Subtask("timeline", "what happened in which order", "", "investigator", 0.50, 10.0, "needs every operation"),
    Subtask("hypothesis test", "attack or administrator", "", "investigator", 0.50, 10.0, "needs evidence both ways"),
    Subtask("response choice", "what should be done", "", "", 1.01, 0.0, "a person approves what changes a machine"),
)  # fmt: skip
#: The table by name, in the order the subtasks are worked.
TABLE: Final[Mapping[str, Subtask]] = {row.name: row for row in _ROWS}
