"""Write a recording from its raw material: a folder for each host, and the storylines.

`record.py` calls this at its end. With `record.py --keep FOLDER` the raw material stays and

    python range/publish.py FOLDER --out DIR

writes the files again, for instance after a change of the truth's rules.
"""

from __future__ import annotations

import argparse
import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import datasheet
from cut import Cutter, Part, Row
from truth import Story, Truth, grow, read_lines

HEAD = "event_id,pid,label,intrusion,step,technique,tactic\n"


def read_truth(work: Path, run: dict[str, Any]) -> Truth:
    """Everything known of who started and served whom."""
    stories = []
    for path in sorted(work.glob("journal-*.jsonl")):
        notes = read_lines(path)
        if notes:
            notes[0]["address"] = run["jobs"][notes[0]["id"]]["address"]
            stories.append(Story(notes))
    with (work / "forks.csv").open() as forks:
        tree = grow(forks, {known["pid"]: name for name, known in run["hosts"].items()})
    return Truth(tree, stories, read_lines(work / "links.jsonl"), read_lines(work / "plants.jsonl"))


def told(truth: Truth, run: dict[str, Any], parts: dict[str, Part]) -> list[dict[str, Any]]:
    """Every intrusion in words: steps with times, techniques, pids and what was done."""
    every: dict[tuple[str, int], list[tuple[str, Row]]] = {}
    for host, part in parts.items():
        for row in part.rows.values():
            if row.intrusion:
                every.setdefault((row.intrusion, row.step), []).append((host, row))
    found = []
    for name, job in run["jobs"].items():
        story = truth.stories.get(name)
        steps = [step_told(step, story, every.get((name, step["step"]), [])) for step in story.steps] if story else []
        facts = {key: job[key] for key in ("storyline", "split", "variant", "hosts", "words", "address")}
        events = sum(step["events"] for step in steps)
        broken = [note["broken"] for note in story.broken] if story else ["it did not begin"]
        found.append({"id": name, **facts, "events": events, "broken": broken, "steps": steps})
    return found


def step_told(step: dict[str, Any], story: Story, rows: list[tuple[str, Row]]) -> dict[str, Any]:
    acts = [act for act in story.acts if act["step"] == step["step"]]
    times = [float(row.event.split(":")[0]) for _, row in rows]
    times += [moment for act in acts for moment in (act["start"], act["end"])] or [step["time"]]
    keys = ("start", "end", "act", "host", "command", "technique")
    return {
        "step": step["step"],
        "name": step["name"],
        "words": step["words"],
        "tactic": step["tactic"],
        "techniques": sorted({row.technique for _, row in rows} | {act["technique"] for act in acts}),
        "start": min(times),
        "end": max(times),
        "events": len(rows),
        "pids": {host: sorted({row.pid for at, row in rows if at == host}) for host in {at for at, _ in rows}},
        "acts": [{key: act[key] for key in keys} | {"failed": bool(act.get("failed"))} for act in acts],
    }


def pack(path: Path, target: Path) -> int:
    """Compress; returns the size."""
    subprocess.run(["zstd", "-19", "--long=27", "-T1", "-q", "-f", str(path), "-o", str(target)], check=True)
    return target.stat().st_size


def write_host(name: str, log: Path, part: Part, out: Path) -> dict[str, int]:
    """The log, compressed, and the table of truth beside it."""
    out.mkdir(parents=True, exist_ok=True)
    table = log.with_name(f"{name}.truth.csv")
    with table.open("w", encoding="utf-8") as lines:
        lines.write(HEAD)
        lines.writelines(",".join(row.cells()) + "\n" for row in part.rows.values())
    sizes = {"plain_bytes": log.stat().st_size, "zst_bytes": pack(log, out / f"{name}.audit.log.zst")}
    pack(table, out / "truth.csv.zst")
    return sizes


def write(work: Path, out: Path) -> dict[str, Any]:
    """Cut, label, describe and compress; returns the figures of the datasheet."""
    run: dict[str, Any] = json.loads((work / "run.json").read_text(encoding="utf-8"))
    truth = read_truth(work, run)
    cutter = Cutter(truth, run)
    logs = cutter.cut(work / "audit.log", work)
    out.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(2) as pool:
        sizes = list(pool.map(lambda name: write_host(name, logs[name], cutter.parts[name], out / name), logs))
    stories = told(truth, run, cutter.parts)
    facts = {
        "begin": run["begin"],
        "end": run["end"],
        "minutes": run["minutes"],
        "seed": run["seed"],
        "lost": run["lost"],
        "kernel": run["kernel"],
        "lineage": json.loads((work / "lineage.json").read_text(encoding="utf-8")),
        "roots": dict(truth.counts),
        "lures_not_found": len(truth.lost),
        "records_left_out": dict(cutter.left_out),
        "hosts": {},
    }
    for name, size in zip(logs, sizes, strict=True):
        part, known = cutter.parts[name], run["hosts"][name]
        bad = sum(1 for row in part.rows.values() if row.intrusion)
        described = {key: known[key] for key in ("suite", "split", "address", "log", "people")}
        facts["hosts"][name] = described | size | {"events": len(part.rows), "intrusion": bad}
        text = datasheet.of_host(name, facts, part, stories, known["rules"])
        (out / name / "DATASHEET.md").write_text(text, encoding="utf-8")
    told_file = {"begin": run["begin"], "end": run["end"], "hosts": sorted(run["hosts"]), "intrusions": stories}
    words = ["zstd", "-19", "-q", "-f", "-o", str(out / "storylines.json.zst")]
    subprocess.run(words, check=True, input=(json.dumps(told_file, separators=(",", ":")) + "\n").encode())
    (out / "DATASHEET.md").write_text(datasheet.of_all(facts, cutter.parts, stories), encoding="utf-8")
    return facts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("work", type=Path, help="folder that record.py --keep wrote")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    print(json.dumps(write(args.work, args.out), indent=1))


if __name__ == "__main__":
    main()


def stories_of(out: Path) -> bytes:
    """The intrusions in words that ``publish`` wrote into ``out``, as JSON."""
    return subprocess.run(["zstd", "-dc", str(out / "storylines.json.zst")], check=True, capture_output=True).stdout
