"""Write a recording's four files from its raw material.

`record.py` calls this at its end. With `record.py --keep FOLDER` the raw material stays and

    python range/publish.py FOLDER --out DIR

writes the files again, for instance after a change of the truth's rules.
"""

from __future__ import annotations

import argparse
import json
import subprocess
from pathlib import Path
from typing import Any

import datasheet
import story
import truth


def write(work: Path, out: Path) -> dict[str, Any]:
    """Cut, label, describe and compress; returns the figures of the datasheet."""
    run = json.loads((work / "run.json").read_text(encoding="utf-8"))
    out.mkdir(parents=True, exist_ok=True)
    plain = work / "linux-host.audit.log"
    result = truth.cut(work, plain, run["host_pid"], run["begin"], run["end"])
    table = work / "truth.csv"
    with table.open("w", encoding="utf-8") as lines:
        lines.write("event_id,pid,label,step,technique,tactic\n")
        lines.writelines(",".join(str(value) for value in row) + "\n" for row in result.rows)
    packed = {path: out / (path.name + ".zst") for path in (plain, table)}
    for path, target in packed.items():
        subprocess.run(["zstd", "-19", "-q", "-f", str(path), "-o", str(target)], check=True)
    facts: dict[str, Any] = (
        result.facts
        | run
        | {
            "forks": json.loads((work / "lineage.json").read_text(encoding="utf-8")),
            "plain_bytes": plain.stat().st_size,
            "zst_bytes": packed[plain].stat().st_size,
        }
    )
    told = {
        "host": run["host"],
        "account": story.ACCOUNT,
        "begin": run["begin"],
        "end": run["end"],
        "steps": result.steps,
    }
    (out / "storyline.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    (out / "DATASHEET.md").write_text(datasheet.text(facts, result.rows, result.steps), encoding="utf-8")
    return facts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path, help="folder that record.py --keep wrote")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    print(json.dumps(write(args.work, args.out), indent=1))


if __name__ == "__main__":
    main()
