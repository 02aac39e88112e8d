"""Cuts the recorded host's own events out of the raw log and says of each whether it belongs to the intrusion.

An event belongs to the host if its process descends from the host's first process. It belongs to the intrusion
if its process, or one of its ancestors, was started to serve the intruder: a server process whose connection is
held at the other end by the intruder's machine or by a process already known as intrusion, or the cron job the
intruder put in place. No rule looks at programs, arguments, users or file names in the audit log.
"""

from __future__ import annotations

import bisect
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import story

RECORD = re.compile(r"(?:node=\S+ )?type=(\S+) msg=audit\((\d+\.\d+):(\d+)\): ?(.*)", re.DOTALL)
PID = re.compile(r"(?<![a-z_-])pid=(\d+)")
SLACK = 0.02  # audit stamps come from the kernel's coarse clock and may be a few milliseconds early


@dataclass
class Process:
    """One life of a pid."""

    pid: int
    born: float
    parent: Process | None
    inside: bool = False
    outside_intruder: bool = False
    root: str = ""  # why this process begins a piece of the intrusion

    def cause(self) -> Process | None:
        """The nearest process, itself included, that begins a piece of the intrusion."""
        at: Process | None = self
        while at and not at.root:
            at = at.parent
        return at


@dataclass
class Tree:
    """Every process of the recording, found again by pid and time."""

    lives: dict[int, list[Process]] = field(default_factory=dict)

    def at(self, pid: int, when: float) -> Process | None:
        lives = self.lives.get(pid, [])
        place = bisect.bisect_right(lives, when + SLACK, key=lambda life: life.born)
        return lives[place - 1] if place else None


def read_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def grow(forks: Path, host_pid: int, intruder_pid: int) -> Tree:
    tree = Tree()
    with forks.open() as lines:
        for line in lines:
            born, parent_pid, pid = line.split(",")
            known = tree.lives.get(int(parent_pid))
            parent = known[-1] if known else None
            life = Process(int(pid), float(born), parent)
            life.inside = life.pid == host_pid or bool(parent and parent.inside)
            life.outside_intruder = life.pid == intruder_pid or bool(parent and parent.outside_intruder)
            tree.lives.setdefault(life.pid, []).append(life)
    return tree


def mark_jobs(tree: Tree, messages: list[dict[str, Any]], command: str) -> int:
    """Cron jobs of the intruder: from the pid that says CMD up to the child of the daemon."""
    count = 0
    daemons = {note["pid"] for note in messages if "(CRON) STARTUP" in note["text"]}
    for note in messages:
        if note["text"].endswith(f" CMD ({command})"):
            life = tree.at(note["pid"], note["time"])
            while life and life.parent and life.parent.pid not in daemons:
                life = life.parent
            if life:
                life.root = "cron"
                count += 1
    return count


def mark_connections(tree: Tree, links: list[dict[str, Any]]) -> Counter[str]:
    """Server processes with the intruder at the other end; runs until nothing new is found."""
    counts: Counter[str] = Counter()
    counts.update(
        "intruder not found" if story.INTRUDER in link["from"] else "client not found"
        for link in links
        if link["client"] is None
    )
    found = True
    while found:
        found = False
        for link in links:
            client = tree.at(link["client"], link["time"]) if link["client"] else None
            server = tree.at(link["server"], link["time"])
            if client is None or server is None or server.root or server.cause():
                continue
            if client.outside_intruder or client.cause():
                server.root = "connection"
                counts["connection"] += 1
                found = True
    return counts


def events(raw: Path) -> Iterator[tuple[str, float, str, str]]:
    """(event id, time, record type, line) of each line that is a record."""
    with raw.open(encoding="utf-8", errors="surrogateescape", newline="\n") as lines:
        for line in lines:
            found = RECORD.match(line)
            if found:
                yield f"{found[2]}:{found[3]}", float(found[2]), found[1], line


class Steps:
    """Which act of the intruder was going on at a moment."""

    def __init__(self, acts: list[dict[str, Any]]) -> None:
        self.acts = sorted(acts, key=lambda act: act["start"])
        self.starts = [act["start"] for act in self.acts]

    def of(self, life: Process, when: float) -> tuple[int, str]:
        cause = life.cause()
        if cause is not None and cause.root == "cron":
            deep = bool(life is not cause and life.parent is not cause)
            return len(story.MAIN) + 1, story.FIRED_TECHNIQUE["beacon" if deep else "cron"]
        place = max(0, bisect.bisect_right(self.starts, when + SLACK) - 1)
        return self.acts[place]["step"], self.acts[place]["technique"]


@dataclass
class Result:
    rows: list[tuple[str, int, str, str, str, str]]
    steps: list[dict[str, Any]]
    facts: dict[str, Any]


def cut(work: Path, out_log: Path, host_pid: int, begin: float, end: float) -> Result:
    """Write the host's log to `out_log` and give the truth of each of its events."""
    journal = read_lines(work / "journal.jsonl")
    acts = [note for note in journal if "step" in note]
    tree = grow(work / "forks.csv", host_pid, journal[0]["intruder"])
    jobs = mark_jobs(tree, read_lines(work / "syslog.jsonl"), journal[0]["cron"])
    roots = Counter(cron=jobs) + mark_connections(tree, read_lines(work / "links.jsonl"))
    steps = Steps(acts)

    owner: dict[str, int] = {}
    for event, _when, _kind, line in events(work / "audit.log"):
        pid = PID.search(line)
        if event not in owner and pid:
            owner[event] = int(pid[1])

    truth: dict[str, tuple[str, int, str, str, str, str]] = {}
    kinds: Counter[str] = Counter()
    dropped: Counter[str] = Counter()
    syscalls: Counter[str] = Counter()
    with out_log.open("w", encoding="utf-8", errors="surrogateescape", newline="\n") as out:
        for event, when, kind, line in events(work / "audit.log"):
            life = tree.at(owner[event], when) if event in owner else None
            if life is None or not life.inside or not begin <= when <= end:
                dropped["foreign" if event in owner and life else "no known process"] += 1
                continue
            out.write(line)
            kinds[kind] += 1
            if kind == "SYSCALL":
                syscalls[line.rpartition(" SYSCALL=")[2].split()[0]] += 1
            if event not in truth:
                if life.cause():
                    step, technique = steps.of(life, when)
                    truth[event] = (event, life.pid, "intrusion", str(step), technique, story.TACTICS[technique])
                else:
                    truth[event] = (event, life.pid, "benign", "", "", "")
    rows = list(truth.values())
    facts = {
        "records": dict(kinds.most_common()),
        "syscalls": dict(syscalls.most_common()),
        "roots": dict(roots),
        "records_left_out": dict(dropped),
    }
    return Result(rows, storyline(acts, rows), facts)


def storyline(acts: list[dict[str, Any]], rows: list[tuple[str, int, str, str, str, str]]) -> list[dict[str, Any]]:
    """The steps in words, with the times, pids and commands that go with them."""
    told = []
    for number, step in enumerate(story.NUMBERED, 1):
        mine = [row for row in rows if row[3] == str(number)]
        if not mine:
            continue
        times = [float(row[0].split(":")[0]) for row in mine]
        told.append(
            {
                "step": number,
                "name": step.name,
                "words": step.words,
                "tactic": step.tactic,
                "techniques": sorted({row[4] for row in mine}),
                "start": min(times),
                "end": max(times),
                "events": len(mine),
                "pids": sorted({row[1] for row in mine}),
                "acts": [
                    {key: act[key] for key in ("start", "end", "how", "command", "technique")}
                    for act in acts
                    if act["step"] == number
                ],
            }
        )
    return told
