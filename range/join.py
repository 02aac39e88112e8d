"""Put a later recording of other hosts beside one that is kept: folders, storylines, and what the datasheet tells.

python range/join.py LATER INTO
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from publish import stories_of

TITLE = re.compile(r"# Datasheet: (\d+) Linux hosts, kernel auditing\n")
ROW = re.compile(r"^\| [a-z]+-\d\d \| (?:bookworm|trixie) \|.*$", re.MULTILINE)
# parts of a later sheet that say nothing which the first one does not say
SHARED = ("How it was made", "Rules", "Licence")


def stories(kept: dict[str, Any], later: dict[str, Any]) -> dict[str, Any]:
    """Both recordings' intrusions, the kept ones first; `begin` and `end` stay those of the kept recording."""
    if twice := set(kept["hosts"]) & set(later["hosts"]):
        raise ValueError(f"recorded twice: {', '.join(sorted(twice))}")
    span = {key: later[key] for key in ("begin", "end", "hosts")}
    return kept | {
        "hosts": sorted(kept["hosts"] + later["hosts"]),
        "later": [*kept.get("later", []), span],
        "intrusions": kept["intrusions"] + later["intrusions"],
    }


def sheet(kept: str, later: str, hosts: list[str]) -> str:
    """The kept datasheet with a line that names every host, and the later one, shortened, at its end."""
    names = sorted({row.split(" | ")[0].removeprefix("| ") for row in ROW.findall(kept)} | set(hosts))
    head = (
        f"{len(names)} hosts in all: {', '.join(names)}. The first part tells of the hosts that were recorded first. "
    )
    head += f"{' and '.join(sorted(hosts))} were recorded on their own, later: see [Recorded later](#recorded-later)."
    body = TITLE.sub("", later, count=1)
    parts = re.split(r"^(?=## )", body, flags=re.MULTILINE)
    shown = [part for part in parts[1:] if not part.removeprefix("## ").startswith(SHARED)]
    opening, _, _ = parts[0].lstrip("\n").partition("\n\n|")
    first = TITLE.sub(f"# Datasheet: {len(names)} Linux hosts, kernel auditing\n\n{head}\n", kept, count=1)
    text = first.rstrip("\n") + "\n\n# Recorded later\n\n" + opening.strip() + " Made in the same way, with the same "
    return text + "rules.\n\n" + "".join(re.sub(r"^#", "##", part) for part in shown).rstrip("\n") + "\n"


def join(later: Path, into: Path) -> None:
    """Copy and merge; refuses, before anything is written, when a host is in both."""
    new = json.loads(stories_of(later))
    both = stories(json.loads(stories_of(into)), new)
    text = sheet(
        (into / "DATASHEET.md").read_text(encoding="utf-8"),
        (later / "DATASHEET.md").read_text(encoding="utf-8"),
        new["hosts"],
    )
    for host in new["hosts"]:
        shutil.copytree(later / host, into / host)
    words = ["zstd", "-19", "-q", "-f", "-o", str(into / "storylines.json.zst")]
    subprocess.run(words, check=True, input=(json.dumps(both, separators=(",", ":")) + "\n").encode())
    (into / "DATASHEET.md").write_text(text, encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("later", type=Path)
    parser.add_argument("into", type=Path)
    args = parser.parse_args()
    join(args.later, args.into)
    return 0


if __name__ == "__main__":
    sys.exit(main())
