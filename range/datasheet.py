"""Words and figures that go with a recording."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cut import Part

HERE = Path(__file__).resolve().parent


def table(heads: tuple[str, ...], rows: list[tuple[Any, ...]]) -> str:
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    return "\n".join(lines + ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]) + "\n"


def minute(facts: dict[str, Any], when: float) -> str:
    return f"{(when - facts['begin']) / 60:.1f}"


def counted(part: Part) -> Counter[tuple[str, str]]:
    return Counter((row.technique, row.tactic) for row in part.rows.values() if row.technique)


def of_host(name: str, facts: dict[str, Any], part: Part, stories: list[dict[str, Any]], rules: list[str]) -> str:
    """The sheet of one host."""
    known = facts["hosts"][name]
    log = {"enriched": "enriched records", "raw": "raw records"}[known["log"]]
    rows = []
    for story in stories:
        if name not in story["hosts"]:
            continue
        mine = [row for row in part.rows.values() if row.intrusion == story["id"]]
        techniques = " ".join(sorted({row.technique for row in mine if row.technique}))
        if mine:
            first, last = (float(row.event.split(":")[0]) for row in (mine[0], mine[-1]))
            rows.append((story["id"], f"{minute(facts, first)} to {minute(facts, last)}", len(mine), techniques))
    return "\n".join(
        [
            f"# {name}\n",
            f"{facts['minutes']:g} minutes of one Debian host ({known['suite']}, {known['address']}, {known['split']} "
            f"split), {log}; people: {', '.join(known['people'])}. How it was made, and what it cannot tell: the "
            "datasheet of the whole recording, one folder up.\n",
            "## Figures\n",
            table(
                ("what", "how many"),
                [
                    ("records", sum(part.records.values())),
                    ("events", known["events"]),
                    ("of them execve", part.syscalls.get("execve", 0)),
                    ("of intrusions", known["intrusion"]),
                    ("processes with events", len({row.pid for row in part.rows.values()})),
                    ("bytes plain / compressed", f"{known['plain_bytes']} / {known['zst_bytes']}"),
                ],
            ),
            "## Intrusions\n",
            table(("intrusion", "minutes after start", "events here", "techniques"), rows),
            table(("technique", "tactic", "events"), [(*key, n) for key, n in counted(part).most_common()]),
            "## Contents\n",
            table(("record", "lines"), list(part.records.most_common())),
            table(("system call", "events"), list(part.syscalls.most_common())),
            "## Rules for its folders\n",
            "```\n" + "\n".join(rules) + "\n```\n",
        ]
    )


def of_all(facts: dict[str, Any], parts: dict[str, Part], stories: list[dict[str, Any]]) -> str:
    """The sheet of the whole recording."""
    hosts = [
        (name, known["suite"], known["split"], known["log"], known["events"], known["intrusion"], known["zst_bytes"])
        for name, known in facts["hosts"].items()
    ]
    techniques: Counter[tuple[str, str]] = sum((counted(part) for part in parts.values()), Counter())
    told = [
        (story["id"], ", ".join(story["hosts"]), len(story["steps"]), story["events"], "; ".join(story["broken"]) or "")
        for story in stories
    ]
    words = {story["storyline"]: (story["split"], story["words"]) for story in stories}
    lines = (HERE / "audit.rules").read_text(encoding="utf-8").splitlines(keepends=True)
    return (
        (HERE / "datasheet.template.md")
        .read_text(encoding="utf-8")
        .format(
            date=time.strftime("%Y-%m-%d", time.gmtime(facts["begin"])),
            minutes=f"{facts['minutes']:g}",
            seed=facts["seed"],
            kernel=facts["kernel"],
            hosts=len(hosts),
            hours=f"{len(hosts) * facts['minutes'] / 60:.1f}",
            intrusions=len(stories),
            storylines=len(words),
            events=sum(known["events"] for known in facts["hosts"].values()),
            records=sum(sum(part.records.values()) for part in parts.values()),
            execve=sum(part.syscalls.get("execve", 0) for part in parts.values()),
            bad=sum(known["intrusion"] for known in facts["hosts"].values()),
            techniques=len({key[0] for key in techniques}),
            lost=facts["lost"],
            overruns=facts["lineage"]["overruns"],
            unfollowed=facts["roots"].get("client not found", 0),
            left_out=sum(facts["records_left_out"].values()),
            host_table=table(("host", "suite", "split", "log", "events", "of intrusions", "bytes zst"), hosts),
            words_table=table(("storyline", "split", "what happens"), [(name, *told) for name, told in words.items()]),
            intrusion_table=table(("intrusion", "hosts", "steps", "events", "broken off"), told),
            technique_table=table(
                ("technique", "tactic", "events"), [(*key, count) for key, count in techniques.most_common()]
            ),
            rules="".join(line for line in lines if line.startswith("-a")),
        )
    )
