"""Survey what the reader makes of a data folder: per file the format, records, kept, rejected and why.

    python benchmarks/intake_survey.py ../shared/data/edr --output docs/results/intake.md

Writes the second half of ``docs/results/intake.md`` (below its SURVEY marker); with an ``index.csv`` in
the folder, compares the records met with its ``n_events`` column and lists every difference.
"""

import argparse
import csv
import re
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from watchfloor.base.account import Account
from watchfloor.base.settings import Settings
from watchfloor.intake.reader import Reader

MARKER = "<!-- SURVEY: everything below is written by benchmarks/intake_survey.py -->"


@dataclass
class Found:
    """What was made of one input file."""

    path: str
    account: Account
    kept: Counter[str] = field(default_factory=Counter)  # by source
    actions: Counter[str] = field(default_factory=Counter)
    other: Counter[tuple[str, str]] = field(default_factory=Counter)
    untimed: int = 0


def read(path: Path, root: Path) -> Found:
    reader = Reader([str(path)], Settings())
    found = Found(str(path.relative_to(root)), reader.account)
    for batch in reader.batches():
        found.kept[batch.column("source")[0].as_py()] += batch.num_rows
        found.actions.update(batch.column("action").to_pylist())
        for action, log, code in zip(
            batch.column("action").to_pylist(),
            batch.column("metadata.log_name").to_pylist(),
            batch.column("metadata.event_code").to_pylist(),
            strict=True,
        ):
            if action == "other":
                found.other[(log or "", code or "")] += 1
    return found


def general(why: str) -> str:
    """A reason without the details that make each occurrence its own."""
    why = re.sub(r"0x[0-9a-fA-F]+|`[^`]*`|\[[^\]]*\]|\b\d[\d,.]*\b", "…", why)
    return why.replace("|", "\\|")[:110]


def reasons(account: Account) -> str:
    grouped: Counter[str] = Counter()
    for (_, why), count in account.reasons.items():
        grouped[general(why)] += count
    return "; ".join(f"{count} × {why}" for why, count in grouped.most_common(6))


def index_of(root: Path) -> dict[str, int]:
    """n_events per path of the folder's index, summed per input file as well."""
    index = root / "index.csv"
    if not index.exists():
        return {}
    expected: dict[str, int] = {}
    with index.open(newline="", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            if row["n_events"].isdigit():
                expected[row["path"]] = int(row["n_events"])
    return expected


def mismatches(found: list[Found], expected: dict[str, int], root: Path) -> list[tuple[str, int, int, int]]:
    met: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for item in found:
        counts: Counter[str] = Counter(item.kept)
        rejected: Counter[str] = Counter(
            r.source for r in item.account.rejections if r.where.split(".")[0].replace(":", "").isdigit()
        )
        for source in set(counts) | set(rejected) | {str(root / item.path)}:
            name = source.removeprefix(str(root) + "/")
            for key in {name, name.split("::")[0]}:
                met[key][0] += counts[source]
                met[key][1] += rejected[source]
    return [
        (path, n, met[path][0], met[path][1])
        for path, n in expected.items()
        if path in met and met[path][0] + met[path][1] != n
    ]


def table(found: list[Found]) -> list[str]:
    lines = ["| input | sources | kept | rejected records | reasons |", "|---|--:|--:|--:|---|"]
    groups: dict[str, list[Found]] = defaultdict(list)
    for item in found:
        groups[item.path].append(item)
    for path, items in groups.items():
        kept = sum(i.account.kept for i in items)
        rejected = sum(i.account.rejected_records for i in items)
        sources = sum(len(i.kept) for i in items)
        lines.append(f"| {path} | {sources} | {kept} | {rejected} | {reasons(items[0].account)} |")
    return lines


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    root = options.folder
    found = []
    for path in sorted(p for p in root.rglob("*") if p.is_file() and p.name != "index.csv"):
        found.append(read(path, root))
        print(f"{found[-1].account.kept:>9} {found[-1].account.rejected_records:>7} {path}", file=sys.stderr)
    total = Account()
    actions: Counter[str] = Counter()
    other: Counter[tuple[str, str]] = Counter()
    for item in found:
        total.add(item.account)
        actions.update(item.actions)
        other.update(item.other)
    expected = index_of(root)
    wrong = mismatches(found, expected, root)
    text = [
        MARKER,
        "",
        "## Survey",
        "",
        f"{len(found)} files: {total.kept} events kept, {total.rejected_records} records rejected, "
        f"{total.missing_times} without a time, {total.out_of_order} earlier than the one before.",
        "",
        *table(found),
        "",
        "### Against the index",
        "",
        f"{len(expected)} rows of the index name a number of events; {len(wrong)} differ:",
        "",
        "| path | index | kept | rejected |",
        "|---|--:|--:|--:|",
        *(f"| {path} | {n} | {kept} | {rejected} |" for path, n, kept, rejected in wrong),
        "",
        "### Actions",
        "",
        "| action | events |",
        "|---|--:|",
        *(f"| {action} | {count} |" for action, count in actions.most_common()),
        "",
        "The most frequent events without a meaning (`other`): "
        + ", ".join(f"{log} {code} ({count})" for (log, code), count in other.most_common(30))
        + ".",
        "",
    ]
    if options.output:
        before = options.output.read_text(encoding="utf-8").split(MARKER)[0] if options.output.exists() else ""
        options.output.write_text(before + "\n".join(text), encoding="utf-8")
    else:
        print("\n".join(text))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
