"""Verify a recording: logs and truth name the same events, the storylines fit, nothing foreign is inside.

python range/check.py DIR [--forbid WORD ...]
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

EVENT = re.compile(r"^node=(\S+) type=(\S+) msg=audit\((\d+\.\d+:\d+)\):")
HEX = re.compile(r"=([0-9A-F]{8,})(?![0-9A-Za-z])")
# traces of the machine that recorded, which must not be in a recording; name your own with --forbid
FORBIDDEN = (
    "/var/tmp/range-",
    ".pyenv",
    "nsenter --net",
    "debootstrap --",
    "range-init",
    "10.255.255.53",
    "build-ca.crt",
)
MOST = 40  # faults of one kind that are told


def unpack(path: Path) -> str:
    words = ["zstd", "-dc", "--long=27", str(path)]
    return subprocess.run(words, check=True, capture_output=True).stdout.decode("utf-8", "replace")


def clear(line: str) -> str:
    """The line with its hexadecimal values also in plain text, so that words cannot hide in them."""
    plain = [bytes.fromhex(found[: len(found) & ~1]).decode("latin-1") for found in HEX.findall(line)]
    return " ".join([line, *plain]).lower()


def check_host(folder: Path, log: str, forbidden: tuple[str, ...]) -> tuple[list[str], list[dict[str, str]]]:
    """Faults of one host, and its rows of truth."""
    faults: list[str] = []
    name = folder.name
    logged: set[str] = set()
    # not splitlines: that would also cut at the \x1d of enriched records
    lines = unpack(folder / f"{name}.audit.log.zst").removesuffix("\n").split("\n")
    for number, line in enumerate(lines, 1):
        found = EVENT.match(line)
        if not found:
            faults.append(f"{name}: line {number} is no audit record")
            continue
        logged.add(found[3])
        if found[1] != name:
            faults.append(f"{name}: line {number} is of node {found[1]}")
        if log == "raw" and "\x1d" in line:
            faults.append(f"{name}: line {number} of a raw log is enriched")
        plain = clear(line)
        faults += [f"{name}: line {number} holds the forbidden {word!r}" for word in forbidden if word in plain]
    rows = list(csv.DictReader(unpack(folder / "truth.csv.zst").splitlines()))
    named = {row["event_id"] for row in rows}
    if len(named) != len(rows):
        faults.append(f"{name}: {len(rows) - len(named)} events have two rows of truth")
    faults += [f"{name}: event {event} has no truth" for event in sorted(logged - named)]
    faults += [f"{name}: truth names {event}, the log does not" for event in sorted(named - logged)]
    faults += [f"{name}: {row['event_id']}: label, intrusion and technique do not agree" for row in rows if odd(row)]
    return faults, rows


def odd(row: dict[str, str]) -> bool:
    """A label without an intrusion, or the other way round, or an event of an intrusion without a technique."""
    return (row["label"] == "intrusion") != bool(row["intrusion"]) or bool(row["intrusion"]) != bool(row["technique"])


def check_stories(told: dict[str, Any], rows: dict[str, list[dict[str, str]]]) -> list[str]:
    """Every intrusion has events, on its own hosts only, and as many as the story says."""
    faults = []
    known = {story["id"]: story for story in told["intrusions"]}
    counts: Counter[tuple[str, str]] = Counter()
    for host, mine in rows.items():
        bad = [row for row in mine if row["intrusion"]]
        counts.update((row["intrusion"], row["step"]) for row in bad)
        strange = {row["intrusion"] for row in bad if host not in known.get(row["intrusion"], {"hosts": []})["hosts"]}
        faults += [f"{host} has events of {name}, which is not played there" for name in sorted(strange)]
    for story in known.values():
        if not story["events"]:
            faults.append(f"{story['id']}: no event")
        if story["broken"]:
            faults.append(f"{story['id']}: broken off: {'; '.join(story['broken'])}")
        for step in story["steps"]:
            if counts[story["id"], str(step["step"])] != step["events"]:
                faults.append(f"{story['id']} step {step['step']}: the story and the tables do not agree")
    return faults


def check(folder: Path, forbidden: tuple[str, ...]) -> list[str]:
    words = ["zstd", "-dc", str(folder / "storylines.json.zst")]
    text = subprocess.run(words, check=True, capture_output=True, encoding="utf-8").stdout
    told = json.loads(text)
    faults, rows = [], {}
    for name in told["hosts"]:
        log = "raw" if "raw records" in (folder / name / "DATASHEET.md").read_text(encoding="utf-8") else "enriched"
        wrong, rows[name] = check_host(folder / name, log, forbidden)
        faults += wrong[:MOST]
        labels = Counter(row["label"] for row in rows[name])
        print(f"{name}: {len(rows[name])} events, {labels['intrusion']} of intrusions, {len(wrong)} faults")
    faults += check_stories(told, rows)
    faults += [f"the storylines hold the forbidden {word!r}" for word in forbidden if word in text.lower()]
    print(
        f"{len(told['intrusions'])} intrusions, {(told['end'] - told['begin']) / 60:.1f} minutes, {len(faults)} faults"
    )
    return faults


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--forbid", nargs="*", default=[], help="further words that must not occur")
    args = parser.parse_args()
    faults = check(args.folder, (*FORBIDDEN, *(word.lower() for word in args.forbid)))
    for fault in faults[:200]:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
