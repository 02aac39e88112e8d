"""Make ``bundled/attack.json`` from MITRE's open ATT&CK data.

    python -m watchfloor.lab.attack_vocabulary FOLDER [OUT]

FOLDER holds ``enterprise_techniques.jsonl.zst``, ``enterprise_relations.jsonl.zst`` and
``enterprise_objects.jsonl.zst``: the objects of mitre/cti's ``enterprise-attack.json``, one a line.
Only facts are taken: ids, names, tactics and which id replaced which; no descriptions.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import zstandard

from watchfloor.base.attack import TACTICS
from watchfloor.base.errors import InputError, UsageError

#: The release the data was taken from; the objects themselves do not say.
VERSION = "18.1"

NOTICE = (
    "ATT&CK® is a registered trademark of The MITRE Corporation. © 2025 The MITRE Corporation. "
    "This work is reproduced and distributed with the permission of The MITRE Corporation. "
    "Terms: https://attack.mitre.org/resources/legal-and-branding/terms-of-use/"
)

#: Deprecated without a successor in the data; MITRE's own text on the object names this one instead.
NAMED_IN_TEXT = {
    "T1034": "T1574",  # Path Interception: three sub-techniques of it
    "T1053.004": "T1053",  # Launchd
    "T1061": "T1021",  # Graphical User Interface
    "T1064": "T1059",  # Scripting
    "T1153": "T1059.004",  # Source: a built-in of Unix shells
    "T1175": "T1559.001",  # COM and DCOM: its execution half; the other half is T1021.003
}

#: Ids of version 19, which split Defense Evasion, and what they are called in this one.
FROM_VERSION_19 = {
    "T1684.001": "T1656",
    "T1684.002": "T1672",
    "T1685": "T1562.001",
    "T1685.001": "T1562.002",
    "T1685.002": "T1562.008",
    "T1685.003": "T1562.011",
    "T1685.004": "T1562.012",
    "T1685.005": "T1070.001",
    "T1685.006": "T1070.002",
    "T1686": "T1562.004",
    "T1686.001": "T1562.007",
    "T1686.002": "T1562.013",
    "T1686.003": "T1562.004",
    "T1688": "T1562.009",
    "T1689": "T1562.010",
    "T1690": "T1562.003",
}


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of one packed JSON-lines file.

    Raises:
        InputError: the file is not there.
    """
    if not path.is_file():
        raise InputError(f"{path} is not there.", hint="Name the folder with the ATT&CK data.")
    data = zstandard.ZstdDecompressor().stream_reader(path.read_bytes()).read()
    for line in data.splitlines():
        yield orjson.loads(line)


def in_force(technique: str, replaced: dict[str, str]) -> str:
    """Follow replacements to their end: T1073 → T1574.002 → T1574.001."""
    seen = {technique}
    while technique in replaced:
        technique = replaced[technique]
        if technique in seen:
            raise InputError(f"ATT&CK data replaces {technique} by itself.")
        seen.add(technique)
    return technique


def build(folder: Path) -> dict[str, Any]:
    """The bundled file's content.

    Raises:
        InputError: the data names a tactic this project has no name for, or a replacement that is
            itself not in force.
    """
    tactic_ids = {tactic.shortname: tactic.id for tactic in TACTICS}
    order = {tactic.id: place for place, tactic in enumerate(TACTICS)}
    found = {row["id"] for row in read_lines(folder / "enterprise_objects.jsonl.zst") if _is_tactic(row)}
    if found != set(tactic_ids.values()):
        raise InputError(f"The data's tactics differ from base.attack.TACTICS: {sorted(found ^ set(order))}.")
    techniques = {
        row["id"]: [row["name"], sorted((tactic_ids[name] for name in row["tactics"]), key=order.__getitem__)]
        for row in read_lines(folder / "enterprise_techniques.jsonl.zst")
        if not row["deprecated"]
    }
    revoked = {
        row["src"]: row["dst"]
        for row in read_lines(folder / "enterprise_relations.jsonl.zst")
        if row["rel"] == "revoked-by" and row["src"].startswith("T")
    }
    step = FROM_VERSION_19 | NAMED_IN_TEXT | revoked
    replaced = {old: in_force(old, step) for old in step if old not in techniques}
    lost = {old: new for old, new in replaced.items() if new not in techniques}
    if lost:
        raise InputError(f"Replacements that are not in force themselves: {lost}.")
    return {
        "version": VERSION,
        "notice": NOTICE,
        "techniques": dict(sorted(techniques.items())),
        "replaced": dict(sorted(replaced.items())),
    }


def _is_tactic(row: dict[str, Any]) -> bool:
    return row["type"] == "x-mitre-tactic" and not row["deprecated"]


def main(arguments: list[str]) -> None:
    """Write the file; the second argument is where, by default the package's own."""
    if not 1 <= len(arguments) <= 2:
        raise UsageError("usage: python -m watchfloor.lab.attack_vocabulary FOLDER [OUT]")
    default = Path(__file__).parent.parent / "bundled" / "attack.json"
    out = Path(arguments[1]) if len(arguments) == 2 else default
    content = build(Path(arguments[0]))
    # One technique a line keeps a new ATT&CK version's diff readable.
    lines = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    for section in ("notice", "techniques", "replaced"):
        lines = lines.replace(f',"{section}":', f',\n"{section}":')
    lines = lines.replace('],"T', '],\n"T')
    out.write_text(lines + "\n", encoding="utf-8")
    print(f"{out}: {len(content['techniques'])} techniques, {len(content['replaced'])} replaced ids")


if __name__ == "__main__":
    main(sys.argv[1:])
