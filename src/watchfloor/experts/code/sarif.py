"""SARIF 2.1.0 (OASIS): our findings as a log that other tools show, and other tools' findings judged by ours.

A finding is put aside only when the file could be read whole, the rule speaks of weaknesses this expert looks for,
and it finds none of them there. It stays in the log, marked ``suppressions``: nothing is deleted.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, unquote

from watchfloor.base.errors import InputError
from watchfloor.experts.code.expert import Reading
from watchfloor.experts.code.findings import Finding
from watchfloor.experts.code.kinds import KINDS

VERSION: Final = "2.1.0"
SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
_ERROR: Final = 0.8
_WARNING: Final = 0.5
_XML: Final = ("B405", "B406", "B407", "B408", "B409", "B410", *(f"B3{number}" for number in range(13, 21)))
#: What Bandit's rules speak of, in our kinds; its CWE tags are too coarse (all XML rules are CWE-20).
BANDIT: Final[dict[str, frozenset[str]]] = {
    **{rule: frozenset({"xml"}) for rule in _XML},
    **{rule: frozenset({"command"}) for rule in ("B404", "B602", "B603", "B604", "B605", "B606", "B607", "B609")},
    **{rule: frozenset({"unpickle"}) for rule in ("B301", "B302", "B403", "B506", "B614")},
    **{rule: frozenset({"code"}) for rule in ("B102", "B307")},
    **{rule: frozenset({"sql"}) for rule in ("B608", "B610", "B611")},
    **{rule: frozenset({"hash"}) for rule in ("B303", "B324")},
    **{rule: frozenset({"cipher"}) for rule in ("B304", "B305", "B502", "B503", "B504")},
    **{rule: frozenset({"html", "escaping"}) for rule in ("B308", "B701", "B702", "B703", "B704")},
    "B306": frozenset({"temporary"}), "B310": frozenset({"fetch"}), "B311": frozenset({"random"}),
    "B103": frozenset({"permission"}), "B201": frozenset({"debug"}), "B202": frozenset({"extract"}),
    "B501": frozenset({"tls"}), "B507": frozenset({"tls"}), "B323": frozenset({"tls"}),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Triage:
    """A judged log and how many of its findings were confirmed, put aside, or left as they were."""

    log: dict[str, Any]
    counts: Counter[str]


def written(
    files: Iterable[tuple[str, Reading]], *, version: str, chance: Callable[[str, Finding], float]
) -> dict[str, Any]:
    """A SARIF log of findings; ``chance`` says how likely one is right, and becomes its ``rank`` (0 to 100)."""
    results: list[dict[str, Any]] = []
    used: list[str] = []
    for name, reading in files:
        for each in reading.findings:
            if each.kind not in used:
                used.append(each.kind)
            likely = chance(reading.language, each)
            results.append(_result(name, each, used.index(each.kind), likely))
    driver = {"name": "Watchfloor code", "version": version[:16], "informationUri": "https://cwe.mitre.org/",
              "rules": [_rule(kind) for kind in used]}  # fmt: skip
    return {"version": VERSION, "$schema": SCHEMA,
            "runs": [{"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}]}  # fmt: skip


def _rule(kind: str) -> dict[str, Any]:
    row = KINDS[kind]
    return {"id": f"code/{kind}", "name": kind, "shortDescription": {"text": f"What {row.words}."},
            "helpUri": f"https://cwe.mitre.org/data/definitions/{row.cwe}.html",
            "properties": {"tags": ["security", f"external/cwe/cwe-{row.cwe}"]}}  # fmt: skip


def _result(name: str, found: Finding, rule: int, likely: float) -> dict[str, Any]:
    level = "error" if likely >= _ERROR else "warning" if likely >= _WARNING else "note"
    result: dict[str, Any] = {"ruleId": f"code/{found.kind}", "ruleIndex": rule, "level": level,
                              "message": {"text": found.why}, "rank": round(100 * likely, 1),
                              "locations": [_location(name, found.line)]}  # fmt: skip
    if found.path:
        steps = [{"location": _location(name, line)} for line in (*found.path, found.line)]
        result["codeFlows"] = [{"threadFlows": [{"locations": steps}]}]
    return result


def _location(name: str, line: int) -> dict[str, Any]:
    return {"physicalLocation": {"artifactLocation": {"uri": quote(name.replace("\\", "/"), errors="replace")},
                                 "region": {"startLine": max(1, line)}}}  # fmt: skip


def read(data: bytes, name: str) -> dict[str, Any]:
    """A SARIF log out of a file.

    Raises:
        InputError: it is no SARIF 2.1.0.
    """
    try:
        log: dict[str, Any] = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{name} is no JSON: {error}.") from None
    runs = log.get("runs") if isinstance(log, dict) else None
    if not isinstance(runs, list) or not str(log.get("version", "")).startswith("2.1"):
        raise InputError(f"{name} is no SARIF 2.1.0.", hint="Bandit writes one with `bandit -f sarif`.")
    return log


def triage(log: dict[str, Any], reading: Callable[[str], Reading | None]) -> Triage:
    """Judge each finding of a log; ``reading`` gives what we say of a file by its URI. ``log`` is changed."""
    counts: Counter[str] = Counter()
    for run in log["runs"]:
        if not isinstance(run, dict):
            continue
        rules = _rules(run)
        for result in run.get("results") or []:
            if isinstance(result, dict):
                counts[_judge(result, rules, reading)] += 1
    return Triage(log, counts)


def _judge(result: dict[str, Any], rules: dict[str, frozenset[str]], reading: Callable[[str], Reading | None]) -> str:
    rule = str(result.get("ruleId", ""))
    kinds = BANDIT.get(rule) or rules.get(rule) or frozenset()
    place = _place(result)
    said = reading(place[0]) if place and kinds else None
    if said is None or said.doubt:
        return _mark(result, "unknown", "")
    fitting = [each for each in said.findings if each.kind in kinds and each.strength != "unknown"]
    if fitting:
        best = min(fitting, key=lambda each: abs(each.line - (place[1] if place else 0)))
        return _mark(result, "confirmed", best.why)
    return _mark(result, "aside", "No hostile text reaches it in this file, as far as this analysis sees.")


def _mark(result: dict[str, Any], verdict: str, why: str) -> str:
    properties = result.setdefault("properties", {})
    if isinstance(properties, dict):
        properties["watchfloor"] = {"triage": verdict} | ({"why": why} if why else {})
    if verdict == "aside":
        result["suppressions"] = [*(result.get("suppressions") or []),
                                  {"kind": "external", "status": "underReview", "justification": why}]  # fmt: skip
    return verdict


def _rules(run: dict[str, Any]) -> dict[str, frozenset[str]]:
    """Our kinds for a tool's rules, by the CWEs in their tags."""
    found = {}
    driver = (run.get("tool") or {}).get("driver") if isinstance(run.get("tool"), dict) else None
    for rule in (driver or {}).get("rules") or [] if isinstance(driver, dict) else []:
        if isinstance(rule, dict):
            numbers = {
                int(each) for each in re.findall(r"cwe[-/_]?(\d{1,5})", json.dumps(rule.get("properties", "")), re.I)
            }
            found[str(rule.get("id", ""))] = frozenset(
                name for name, row in KINDS.items() if numbers & {row.cwe, *row.also})  # fmt: skip
    return found


def _place(result: dict[str, Any]) -> tuple[str, int] | None:
    """The URI and the first line of a result."""
    try:
        physical = result["locations"][0]["physicalLocation"]
        line = (physical.get("region") or {}).get("startLine", 0)
        return unquote(str(physical["artifactLocation"]["uri"])).removeprefix("file://"), int(line)
    except (LookupError, TypeError, AttributeError, ValueError):
        return None
