"""Cuts each host's own events out of the machine's raw log and writes them as that host would have."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from truth import Note, Truth

RECORD = re.compile(r"(?:node=\S+ )?type=(\S+) msg=audit\((\d+\.\d+):(\d+)\): ?(.*)", re.DOTALL)
PID = re.compile(r"(?<![a-z_-])pid=(\d+)")
NODE = re.compile(r"^node=\S+ ")
NAMES = re.compile(r"\b([A-Z]*[UG]?ID)=(\"[^\"]*\")")
GROUPS = ("GID", "EGID", "SGID", "FSGID", "OGID", "NEW_GID")
UNSET = "4294967295"
ATTACK = Path(__file__).resolve().parent.parent / "src/watchfloor/bundled/attack.json"


@dataclass
class Accounts:
    """Names of a host's users and groups, as they were at any time of the recording."""

    users: dict[str, str] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)

    def learn(self, etc: Path) -> None:
        """Read passwd and group; what was known before and is gone stays known."""
        for table, name in ((self.users, "passwd"), (self.groups, "group")):
            try:
                lines = (etc / name).read_text(encoding="utf-8", errors="replace").splitlines()
            except OSError:
                continue
            fresh = {}
            for line in lines:
                fields = line.split(":")
                if len(fields) > 2:
                    fresh.setdefault(fields[2], fields[0])
            table.update(fresh)

    def name(self, key: str, value: str) -> str:
        if value == UNSET:
            return "unset"
        table = self.groups if key in GROUPS else self.users
        return table.get(value, f"unknown({value})")


def as_host(line: str, host: str, accounts: Accounts, raw: bool) -> str:
    """A raw line as the host itself would have logged it."""
    line = NODE.sub("", line).rstrip("\n")
    plain, mark, names = line.partition("\x1d")
    if mark and not raw:

        def rename(found: re.Match[str]) -> str:
            key = found[1]
            number = re.search(rf"(?<![a-z_]){key.lower()}=(\d+)", plain)
            return f'{key}="{accounts.name(key, number[1])}"' if number else found[0]

        plain = f"{plain}\x1d{NAMES.sub(rename, names)}"
    return f"node={host} {plain}\n"


def events(raw: Path) -> Iterator[tuple[str, float, str, str]]:
    """(event id, time, record type, line) of each line that is a record."""
    with raw.open(encoding="utf-8", errors="surrogateescape", newline="\n") as lines:
        for line in lines:
            found = RECORD.match(line)
            if found:
                yield f"{found[2]}:{found[3]}", float(found[2]), found[1], line


@dataclass(frozen=True)
class Row:
    """The truth of one event."""

    event: str
    pid: int
    intrusion: str = ""
    step: int = 0
    technique: str = ""
    tactic: str = ""

    def cells(self) -> tuple[str, ...]:
        step = str(self.step) if self.intrusion else ""
        label = "intrusion" if self.intrusion else "benign"
        return self.event, str(self.pid), label, self.intrusion, step, self.technique, self.tactic


@dataclass
class Part:
    """What came out for one host."""

    rows: dict[str, Row] = field(default_factory=dict)
    records: Counter[str] = field(default_factory=Counter)
    syscalls: Counter[str] = field(default_factory=Counter)


class Cutter:
    """One walk through the raw log for all hosts."""

    def __init__(self, truth: Truth, run: dict[str, Any]) -> None:
        self.truth, self.run = truth, run
        self.tactics: dict[str, Any] = json.loads(ATTACK.read_text(encoding="utf-8"))["techniques"]
        self.accounts = {name: Accounts(**known["accounts"]) for name, known in run["hosts"].items()}
        self.parts = {name: Part() for name in run["hosts"]}
        self.left_out: Counter[str] = Counter()

    def tactic(self, story: str, act: Note) -> str:
        known = self.tactics.get(act["technique"], ["", []])[1]
        steps = self.truth.stories[story].steps
        step = next((step for step in steps if step["step"] == act["step"]), None)
        if step and step["tactic"] in known:
            return str(step["tactic"])
        return known[0] if known else (step["tactic"] if step else "")

    def row(self, event: str, when: float, pid: int) -> tuple[str, Row] | None:
        """(host, truth) of an event; None when it is not of a host."""
        life, cause = self.truth.cause(pid, when)
        if life is None or life.host not in self.parts or not self.run["begin"] <= when <= self.run["end"]:
            return None
        if cause is None:
            return life.host, Row(event, pid)
        act = self.truth.act_of(life, when, cause)
        if act is None:
            return life.host, Row(event, pid, cause.intrusion)
        tactic = self.tactic(cause.intrusion, act)
        return life.host, Row(event, pid, cause.intrusion, act["step"], act["technique"], tactic)

    def cut(self, raw: Path, out: Path) -> dict[str, Path]:
        """Write one log a host below `out`; returns their paths."""
        owner: dict[str, tuple[str, Row] | None] = {}
        for event, when, _kind, line in events(raw):
            if event not in owner:
                pid = PID.search(line)
                if pid:
                    owner[event] = self.row(event, when, int(pid[1]))
        paths = {name: out / f"{name}.audit.log" for name in self.parts}
        with ExitStack() as stack:
            files = {
                name: stack.enter_context(path.open("w", encoding="utf-8", errors="surrogateescape", newline="\n"))
                for name, path in paths.items()
            }
            for event, _when, kind, line in events(raw):
                found = owner.get(event)
                if found is None:
                    self.left_out["foreign" if event in owner else "no known process"] += 1
                    continue
                host, row = found
                part = self.parts[host]
                raw_log = self.run["hosts"][host]["log"] == "raw"
                files[host].write(as_host(line, host, self.accounts[host], raw_log))
                part.records[kind] += 1
                part.rows[event] = row
                if kind == "SYSCALL":
                    name = line.rpartition(" SYSCALL=")[2].split(" ", 1)[0].strip()
                    part.syscalls[name] += 1
        return paths
