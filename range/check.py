"""Verify a recording folder: log and truth name the same events, the story fits, nothing foreign is inside.

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

EVENT = re.compile(r"msg=audit\((\d+\.\d+:\d+)\):")
KIND = re.compile(r" ?type=(\S+) ")
HEX = re.compile(r"=([0-9A-F]{8,})(?![0-9A-Za-z])")
# traces of the machine that recorded, which must not be in a recording; name your own with --forbid
FORBIDDEN = ("/var/tmp/range-", ".pyenv", "nsenter", "unshare --", "debootstrap --", "linux-host.audit")


def unpack(path: Path) -> str:
    return subprocess.run(["zstd", "-dc", str(path)], check=True, capture_output=True).stdout.decode("utf-8", "replace")


def clear(line: str) -> str:
    """The line with its hexadecimal values also in plain text, so that words cannot hide in them."""
    plain = [bytes.fromhex(found[: len(found) & ~1]).decode("latin-1") for found in HEX.findall(line)]
    return " ".join([line, *plain]).lower()


def check(folder: Path, forbidden: tuple[str, ...]) -> list[str]:
    faults: list[str] = []
    # not splitlines: that would also cut at the \x1d of enriched records
    lines = unpack(folder / "linux-host.audit.log.zst").removesuffix("\n").split("\n")
    logged: dict[str, set[str]] = {}
    kinds: Counter[str] = Counter()
    for number, line in enumerate(lines, 1):
        found, kind = EVENT.search(line), KIND.search(line)
        if not found or not kind:
            faults.append(f"line {number} is no audit record")
            continue
        logged.setdefault(found[1], set()).add(kind[1])
        kinds[kind[1]] += 1
        plain = clear(line)
        faults += [f"line {number} holds the forbidden {word!r}" for word in forbidden if word in plain]
    rows = list(csv.DictReader(unpack(folder / "truth.csv.zst").splitlines()))
    named = {row["event_id"] for row in rows}
    if len(named) != len(rows):
        faults.append(f"{len(rows) - len(named)} events have two rows of truth")
    faults += [f"event {event} has no truth" for event in sorted(logged.keys() - named)]
    faults += [f"truth names {event}, the log does not" for event in sorted(named - logged.keys())]
    told = json.loads((folder / "storyline.json").read_text(encoding="utf-8"))
    for row in rows:
        if (row["label"] == "intrusion") != bool(row["step"] and row["technique"] and row["tactic"]):
            faults.append(f"event {row['event_id']}: label and step do not agree")
    for step in told["steps"]:
        mine = [row for row in rows if row["step"] == str(step["step"])]
        if len(mine) != step["events"] or {int(row["pid"]) for row in mine} != set(step["pids"]):
            faults.append(f"step {step['step']}: the story and the table do not agree")
    words = (folder / "storyline.json").read_text(encoding="utf-8").lower()
    faults += [f"the story holds the forbidden {word!r}" for word in forbidden if word in words]
    print(
        json.dumps(
            {
                "records": len(lines),
                "events": len(logged),
                "kinds": dict(kinds.most_common()),
                "labels": Counter(row["label"] for row in rows),
                "steps": Counter(row["step"] for row in rows if row["step"]),
                "techniques": Counter(row["technique"] for row in rows if row["technique"]),
                "minutes": round((told["end"] - told["begin"]) / 60, 2),
                "faults": len(faults),
            },
            indent=1,
        )
    )
    return faults


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--forbid", nargs="*", default=[], help="further words that must not occur")
    args = parser.parse_args()
    faults = check(args.folder, (*FORBIDDEN, *(word.lower() for word in args.forbid)))
    for fault in faults[:40]:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
