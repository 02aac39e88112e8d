"""Words and figures that go with a recording."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent


def table(heads: tuple[str, ...], rows: list[tuple[Any, ...]]) -> str:
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    return "\n".join(lines + ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]) + "\n"


def text(facts: dict[str, Any], rows: list[tuple[str, int, str, str, str, str]], steps: list[dict[str, Any]]) -> str:
    labels = Counter(row[2] for row in rows)
    techniques = Counter((row[4], row[5]) for row in rows if row[4])
    lines = (HERE / "audit.rules").read_text(encoding="utf-8").splitlines(keepends=True)
    rules = "".join(line for line in lines if line.startswith("-a"))
    stamp = time.strftime("%Y-%m-%d", time.gmtime(facts["begin"]))

    def minute(when: float) -> str:
        return f"{(when - facts['begin']) / 60:.1f}"

    story = table(
        ("step", "what", "minutes after start", "events", "techniques"),
        [
            (
                step["step"],
                step["name"],
                f"{minute(step['start'])} to {minute(step['end'])}",
                step["events"],
                " ".join(step["techniques"]),
            )
            for step in steps
        ],
    )
    return (
        (HERE / "datasheet.template.md")
        .read_text(encoding="utf-8")
        .format(
            date=stamp,
            minutes=f"{facts['minutes']:g}",
            seed=facts["seed"],
            lost=facts["lost"],
            events=len(rows),
            records=sum(facts["records"].values()),
            execve=facts["syscalls"].get("execve", 0),
            intrusion=labels["intrusion"],
            benign=labels["benign"],
            techniques=len({key[0] for key in techniques}),
            intrusion_pids=len({row[1] for row in rows if row[2] == "intrusion"}),
            pids=len({row[1] for row in rows}),
            plain=facts["plain_bytes"],
            zst=facts["zst_bytes"],
            overruns=facts["forks"]["overruns"],
            left_out=sum(facts["records_left_out"].values()),
            unknown=facts["records_left_out"].get("no known process", 0),
            unfollowed=facts["roots"].get("client not found", 0),
            story=story,
            rules=rules,
            record_table=table(("record", "lines"), list(facts["records"].items())),
            syscall_table=table(("system call", "events"), list(facts["syscalls"].items())),
            technique_table=table(
                ("technique", "tactic", "events"), [(*key, count) for key, count in techniques.most_common()]
            ),
        )
    )
