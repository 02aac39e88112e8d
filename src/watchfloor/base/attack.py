"""The ATT&CK vocabulary: ids, names, tactics and their order. Knows facts, not descriptions.

The facts stand in ``bundled/attack.json``, made by ``python -m watchfloor.lab.attack_vocabulary``
from MITRE's open data and read at the first question. ATT&CK® is a registered trademark of The MITRE
Corporation; the notice travels in that file.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

_ID = re.compile(r"^T\d{4}(?:\.\d{3})?$")


@dataclass(frozen=True, slots=True)
class Tactic:
    """One column of the matrix: its id, its short name as data writes it, and its name for people."""

    id: str
    shortname: str
    name: str
    name_zh: str


#: The enterprise tactics in the matrix's order, which is roughly the order of an intrusion.
TACTICS: tuple[Tactic, ...] = (
    Tactic("TA0043", "reconnaissance", "Reconnaissance", "侦察"),
    Tactic("TA0042", "resource-development", "Resource Development", "资源开发"),
    Tactic("TA0001", "initial-access", "Initial Access", "初始访问"),
    Tactic("TA0002", "execution", "Execution", "执行"),
    Tactic("TA0003", "persistence", "Persistence", "持久化"),
    Tactic("TA0004", "privilege-escalation", "Privilege Escalation", "权限提升"),
    Tactic("TA0005", "defense-evasion", "Defense Evasion", "防御规避"),
    Tactic("TA0006", "credential-access", "Credential Access", "凭据访问"),
    Tactic("TA0007", "discovery", "Discovery", "发现"),
    Tactic("TA0008", "lateral-movement", "Lateral Movement", "横向移动"),
    Tactic("TA0009", "collection", "Collection", "收集"),
    Tactic("TA0011", "command-and-control", "Command and Control", "命令与控制"),
    Tactic("TA0010", "exfiltration", "Exfiltration", "数据渗出"),
    Tactic("TA0040", "impact", "Impact", "影响"),
)

_BY_ID = {tactic.id: tactic for tactic in TACTICS}
#: Version 19 split Defense Evasion into Stealth (which kept the id) and Defense Impairment.
_TACTIC_IDS = {tactic.shortname: tactic.id for tactic in TACTICS} | {
    "TA0112": "TA0005",
    "stealth": "TA0005",
    "defense-impairment": "TA0005",
}


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What the bundled file holds: ATT&CK version, techniques in force, and ids of other versions."""

    version: str
    techniques: dict[str, tuple[str, tuple[str, ...]]]
    replaced: dict[str, str]


@cache
def vocabulary() -> Vocabulary:
    """Read the bundled file, once."""
    text = (files("watchfloor") / "bundled" / "attack.json").read_text(encoding="utf-8")
    raw = json.loads(text)
    techniques = {key: (name, tuple(tactics)) for key, (name, tactics) in raw["techniques"].items()}
    return Vocabulary(raw["version"], techniques, raw["replaced"])


def normalise(technique: str) -> str | None:
    """The id in force for an id of any version, or None where ATT&CK dropped it or never had it.

    A sub-technique this version lacks becomes its parent: later versions add sub-techniques. Examples:
    ``T1086`` → ``T1059.001``, ``attack.t1003.001`` → ``T1003.001``, ``T1043`` → None.
    """
    wanted = technique.strip().upper().removeprefix("ATTACK.")
    if not _ID.match(wanted):
        return None
    known = vocabulary()
    for candidate in (wanted, wanted.partition(".")[0]):
        candidate = known.replaced.get(candidate, candidate)
        if candidate in known.techniques:
            return candidate
    return None


def normalise_tactic(tactic: str) -> str | None:
    """The tactic id for an id or short name of any version: ``stealth`` → ``TA0005``."""
    wanted = tactic.strip().removeprefix("attack.").replace("_", "-")
    if wanted.upper() in _BY_ID:
        return wanted.upper()
    return _TACTIC_IDS.get(wanted.upper()) or _TACTIC_IDS.get(wanted.lower())


def parent(technique: str) -> str | None:
    """The technique a sub-technique belongs to: ``T1059.001`` → ``T1059``; None for a technique."""
    head, dot, _ = technique.partition(".")
    return head if dot else None


def closed(techniques: Iterable[str]) -> set[str]:
    """Techniques with their parents and their tactics."""
    found: set[str] = set()
    for technique in techniques:
        above = parent(technique)
        found |= {technique, *tactics_of(technique), *([above] if above else [])}
    return found


def technique_name(technique: str) -> str:
    """A technique's own name, or the id itself where this version has none: never empty."""
    found = vocabulary().techniques.get(normalise(technique) or "")
    return found[0] if found else technique


def full_name(technique: str) -> str:
    """A sub-technique's name under its parent's: ``OS Credential Dumping: LSASS Memory``."""
    present = normalise(technique)
    above = parent(present) if present else None
    name = technique_name(technique)
    return f"{technique_name(above)}: {name}" if above else name


def tactics_of(technique: str) -> tuple[str, ...]:
    """Ids of the tactics a technique serves, in the matrix's order; empty for an unknown id."""
    found = vocabulary().techniques.get(normalise(technique) or "")
    return found[1] if found else ()


def tactic_name(tactic: str, lang: str = "en") -> str:
    """A tactic's name in English or Chinese (``zh``), or what was asked for where there is none."""
    found = _BY_ID.get(normalise_tactic(tactic) or "")
    if found is None:
        return tactic
    return found.name_zh if lang == "zh" else found.name
