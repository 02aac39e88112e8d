"""Which processes belong to which intrusion, from lineage alone; no rule looks at programs, users or file names.

A process begins a piece of an intrusion when it serves a connection that the intruder, or a process already known
as intrusion, holds at the other end; when it executes a file the intruder planted; or when an ordinary person was
lured into starting it. Its descendants belong to the same intrusion.
"""

from __future__ import annotations

import bisect
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SLACK = 0.02  # audit stamps come from the kernel's coarse clock and may be a few milliseconds early

Note = dict[str, Any]


@dataclass(eq=False)
class Process:
    """One life of a pid."""

    pid: int
    born: float
    parent: Process | None
    host: str = ""
    outside: str = ""  # the intrusion whose intruder this process is
    root: str = ""  # why this process begins a piece of an intrusion
    intrusion: str = ""
    since: float = 0.0
    via: Process | None = None  # the process at the other end of the connection it serves
    session: int = 0  # the intruder's shell that this process is
    note: Note = field(default_factory=dict)  # the plant or lure that made it a root

    def line(self, when: float) -> Iterator[tuple[Process, float]]:
        """This process and its ancestors, each with the time at which it matters."""
        at: Process | None = self
        while at:
            yield at, when
            when, at = at.born, at.parent

    def cause(self, when: float) -> Process | None:
        """The nearest process, itself included, that had begun a piece of an intrusion by then."""
        return next((at for at, then in self.line(when) if at.root and then >= at.since - SLACK), None)

    def intruder(self) -> str:
        return next((at.outside for at, _ in self.line(self.born) if at.outside), "")


@dataclass
class Tree:
    """Every process of the recording, found again by pid and time."""

    lives: dict[int, list[Process]] = field(default_factory=dict)

    def add(self, pid: int, born: float, parent: Process | None, host: str = "") -> Process:
        life = Process(pid, born, parent, host or (parent.host if parent else ""))
        self.lives.setdefault(pid, []).append(life)
        return life

    def at(self, pid: int | None, when: float) -> Process | None:
        lives = self.lives.get(pid or 0, [])
        place = bisect.bisect_right(lives, when + SLACK, key=lambda life: life.born)
        return lives[place - 1] if place else None

    def born_between(self, begin: float, end: float) -> list[Process]:
        return [life for lives in self.lives.values() for life in lives if begin <= life.born <= end]


def read_lines(path: Path) -> list[Note]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def grow(forks: Iterable[str], hosts: dict[int, str]) -> Tree:
    """The tree from lines "time,parent,child"; `hosts` gives the first process of each host."""
    tree = Tree()
    for pid, name in hosts.items():
        tree.add(pid, 0.0, None, name)
    for line in forks:
        born, parent, pid = line.split(",")
        known = tree.lives.get(int(parent))
        tree.add(int(pid), float(born), known[-1] if known else None)
    return tree


class Story:
    """The journal of one intrusion."""

    def __init__(self, notes: list[Note]) -> None:
        self.notes = notes
        self.id: str = notes[0]["id"]
        self.steps = [note for note in notes if "words" in note]
        self.acts = sorted((note for note in notes if "act" in note), key=lambda act: float(act["start"]))
        self.lures = [act for act in self.acts if act["act"] == "lure" and "port" in act]
        self.broken = [note for note in notes if "broken" in note]
        self._by_session: dict[int, list[Note]] = {}
        for act in self.acts:
            if act["act"] not in ("lure", "plant"):
                self._by_session.setdefault(int(act["session"]), []).append(act)

    def act_at(self, session: int, when: float) -> Note | None:
        """The act going on, or last done, in a session (0: outside any)."""
        every = [act for act in self.acts if act["act"] != "plant"]
        for acts in (self._by_session.get(session, []), every):
            before = [act for act in acts if act["start"] <= when + SLACK]
            if before:
                return before[-1]
        return self.acts[0] if self.acts else None

    def detached(self, session: int, born: float) -> Note | None:
        """The act in which something that stays was started at this moment."""
        acts = self._by_session.get(session, [])
        return next((act for act in acts if act["detached"] and act["start"] <= born + SLACK <= act["end"] + 0.3), None)


class Truth:
    """The tree with every root marked; tells of an event what it belongs to."""

    def __init__(self, tree: Tree, stories: list[Story], links: list[Note], plants: list[Note]) -> None:
        self.tree = tree
        self.stories = {story.id: story for story in stories}
        self.counts: Counter[str] = Counter()
        self.lost: list[Note] = []
        self._ports: dict[tuple[str, int], list[tuple[float, str]]] = {}
        self._lured: dict[tuple[str, int], list[Note]] = {}
        for story in stories:
            self._read(story)
        found = True
        while found:
            found = self._connections(links) + self._plants(plants) + self._lures(links) > 0
        self._sessions(links)
        self.counts["client not found"] = sum(
            1 for link in links if link["client"] is None and not self._intruder_of(link)
        )

    def _read(self, story: Story) -> None:
        first = self.tree.at(story.notes[0]["intruder"], story.notes[0]["begin"])
        if first:
            first.outside = story.id
        for note in story.notes:
            if "person" in note:
                self._lured.setdefault((note["address"], note["port"]), []).append(note)
            elif note.get("port") and "start" in note:
                key = (story.notes[0].get("address", ""), int(note["port"]))
                self._ports.setdefault(key, []).append((note["start"], story.id))

    def _intruder_of(self, link: Note) -> str:
        """The intrusion whose machine is at the other end, from the owner of the port or the journal."""
        key = (link["address"], link["port"])
        if key in self._lured:
            return ""
        client = self.tree.at(link["client"], link["time"])
        if client and client.intruder():
            return client.intruder()
        near = [name for when, name in self._ports.get(key, []) if -1 <= link["time"] - when <= 60]
        return near[-1] if near else ""

    def _mark(self, life: Process, root: str, intrusion: str, since: float, **more: Any) -> None:
        life.root, life.intrusion, life.since = root, intrusion, since
        life.via, life.note = more.get("via"), more.get("note", {})
        self.counts[root] += 1

    def _connections(self, links: list[Note]) -> int:
        found = 0
        for link in links:
            server = self.tree.at(link["server"], link["time"])
            if server is None or not server.host or server.root or server.cause(link["time"]):
                continue
            client = self.tree.at(link["client"], link["time"])
            name, cause = self._intruder_of(link), client.cause(link["time"]) if client else None
            if not name and not cause:
                continue
            # what a server process did before it took this connection is not the intruder's
            since = min(link["time"], server.born) if _serves_one(server) else link["time"] - 0.1
            self._mark(server, "connection", name or (cause.intrusion if cause else ""), since, via=client)
            found += 1
        return found

    def _plants(self, plants: list[Note]) -> int:
        found = 0
        for plant in plants:
            life = self.tree.at(plant["pid"], plant["time"])
            if life is None or life.cause(plant["time"]):
                continue
            chain = [at for at, _ in life.line(plant["time"])]
            jobs = [at for at in chain if at.parent and at.parent.pid in plant["daemons"]]
            root = jobs[-1] if jobs else life
            self._mark(root, "plant", plant["intrusion"], root.born if jobs else plant["time"] - 0.05, note=plant)
            found += 1
        return found

    def _lures(self, links: list[Note]) -> int:
        found = 0
        for story in self.stories.values():
            for act in story.lures:
                near = [link for link in links if (link["address"], link["port"]) == (act["address"], act["port"])]
                near = [link for link in near if 0 <= act["start"] - link["time"] <= 900]
                session = self.tree.at(near[-1]["server"], near[-1]["time"]) if near else None
                if session is None:
                    self.lost += [act] if act not in self.lost else []
                    continue
                for life in self.tree.born_between(act["start"], act["end"]):
                    above = [at for at, _ in life.line(life.born)]
                    if session in above and life is not session and not life.cause(life.born):
                        self._mark(life, "lure", story.id, life.born, note=act)
                        found += 1
        return found

    def _sessions(self, links: list[Note]) -> None:
        """Which processes are the shells that the intruders type into."""
        for story in self.stories.values():
            for act in story.acts:
                if act["act"] == "catch":
                    life = self.tree.at(act.get("pid"), act["end"])
                elif act["act"] == "login" and act.get("port"):
                    near = [link for link in links if link["port"] == act["port"] and link["host"] == act["host"]]
                    near = [link for link in near if act["start"] - 1 <= link["time"] <= act["end"] + 1]
                    life = self.tree.at(near[-1]["server"], near[-1]["time"]) if near else None
                else:
                    continue
                if life:
                    life.session = int(act["session"])

    def cause(self, pid: int, when: float) -> tuple[Process | None, Process | None]:
        """(process, root of the piece of intrusion it belongs to)."""
        life = self.tree.at(pid, when)
        return life, life.cause(when) if life else None

    def act_of(self, life: Process, when: float, cause: Process) -> Note | None:
        """The act that an event of the intrusion comes from: what started it for good, or what was going on."""
        story = self.stories[cause.intrusion]
        between: list[Process] = []
        session, at, then = 0, life, when
        while True:  # up to the shell that was typed into, also through connections to further hosts
            if at.session:
                session = at.session
                break
            if at.root in ("plant", "lure") and then >= at.since - SLACK:
                return self._lasting(story, 0, between) or at.note
            between.append(at)
            if at.root == "connection" and at.via and not at.via.intruder():
                at, then = at.via, at.since
            elif at.parent and not at.root:
                at, then = at.parent, at.born
            else:
                break
        return self._lasting(story, session, between) or story.act_at(session, when)

    @staticmethod
    def _lasting(story: Story, session: int, between: list[Process]) -> Note | None:
        found = [story.detached(session, at.born) for at in between]
        return next((act for act in reversed(found) if act), None)


def _serves_one(server: Process) -> bool:
    """Forked for this connection: its parent is not the host's first process."""
    return bool(server.parent and server.parent.parent)
