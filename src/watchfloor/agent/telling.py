"""From the processes of a case to sentences with records: root cause, entry, timeline, indicators, graph."""

from collections import defaultdict
from datetime import UTC, datetime
from typing import Any, Final

from watchfloor.agent.case import Claim, Moment
from watchfloor.agent.checking import quoted
from watchfloor.agent.growing import Growth
from watchfloor.agent.signs import Sign, of_command, of_written
from watchfloor.base.actions import WRITES
from watchfloor.base.scenes import iso
from watchfloor.film.lexicon import JOB_DAEMONS
from watchfloor.film.words import base_name

#: Lines of a timeline, nodes of a graph, ids one sentence cites, at most.
MOST_MOMENTS: Final = 160
MOST_NODES: Final = 90
MOST_CITED: Final = 12
#: Seconds from a process's first record to the launch that is its own: a later one is of a pid that came round.
LAUNCHED_WITHIN: Final = 5.0


class Telling:
    """What a grown case says of itself."""

    def __init__(self, growth: Growth) -> None:
        self.growth = growth
        self.index = growth.index
        actors = self.index.actors
        self._indicators: list[dict[str, Any]] | None = None
        self._source_column: list[str | None] = self.index.column("src_endpoint.ip")
        self.members = sorted((m for m in growth.members if actors[m].rows), key=lambda m: (actors[m].first, m))

    def operations(self) -> list[str]:
        """Ids of all Events of the case, in time order."""
        rows = sorted((self.index.times[r], r) for m in self.members for r in self.index.actors[m].rows)
        return [self.index.id_of(row) for _, row in rows]

    def root(self) -> int | None:
        """The process the case begins with: of all that brought the alert about the earliest, and what started that.

        What the case led to or met on its way may be older: another intrusion that used the same file, say.
        """
        told = ("trace", "same visitor", "log-in")
        origins = self.growth.origins()
        within = {m for m in self.members if m in origins} or set(self.members)
        served = self.index.visitors.address
        ran = [m for m in within if self.index.actors[m].commands or m in served or self.growth.members[m].step in told]
        if not ran:
            return min(within, key=lambda m: (self.index.actors[m].first, m), default=None)
        first = min(ran, key=lambda m: (self.index.launched(m), m))
        return [first, *(p for p in self.index.ancestors(first) if p in within)][-1]

    def cite(self, number: int, most: int = 1) -> tuple[str, ...]:
        """The first records of a process: its launch first, where it began with one."""
        rows = self.index.actors[number].rows
        began = self.index.actors[number].first
        launches = [r for r in rows if self.index.actions[r] == "process.launch"]
        first = launches if launches and self.index.times[launches[0]] - began <= LAUNCHED_WITHIN else rows
        return tuple(self.index.id_of(row) for row in first[:most])

    def root_claim(self, number: int) -> Claim:
        """The root cause in a sentence."""
        actor = self.index.actors[number]
        ids = self.cite(number)
        name = actor.played.image or actor.said or actor.played.user  # a log-on session has no program
        told = f" with {quoted(name)}" if name else ""
        return Claim(f"It began on {quoted(actor.played.host)}{told}.", ids, "root cause")

    def entry(self, number: int) -> Claim | None:
        """How the attacker came in: log-in, request, job, or a command of a user's own session."""
        index = self.index
        login = self.index.sessions.server(number)
        if login is not None:
            address = index.sessions.address(login)
            for member in (login, *index.descendants(login)):
                row = next((r for r in index.actors[member].rows if self._source_column[r] == address), None)
                if row is not None:
                    return Claim(
                        f"They came in by a log-in over ssh from {quoted(address)}.", (index.id_of(row),), "entry"
                    )
        actor = index.actors[number]
        parent = index.actors[actor.parent] if actor.parent != -1 else None
        ids = self.cite(number)
        if parent is not None and base_name(parent.played.image) in JOB_DAEMONS:
            return Claim(f"It came in through a scheduled job that runs {quoted(actor.said)}.", ids, "entry")
        if (
            not self.windows(number)
            and actor.said
            and not actor.played.session
            and actor.played.user not in ("", "root")
        ):
            text = f"A service that runs as {quoted(actor.played.user)} was made to run {quoted(actor.said)}."
            return Claim(text, ids, "entry")
        name = actor.said or actor.played.user
        return Claim(f"The first command that belongs to it is {quoted(name)}.", ids, "entry") if name else None

    def windows(self, number: int) -> bool:
        """Whether a process runs on Windows, where a process without a session is no service."""
        rows = self.index.actors[number].rows
        return bool(rows) and self.index.column("device.os")[rows[0]] == "windows"

    def signs(self) -> dict[str, list[tuple[Sign, int]]]:
        """Signs of the case by name, each with the rows that show it."""
        found: dict[str, list[tuple[Sign, int]]] = defaultdict(list)
        commands, paths = self.index.column("process.cmd_line"), self.index.column("file.path")
        for number in self.members:
            for row in self.index.actors[number].rows:
                action = self.index.actions[row]
                if action == "process.launch" and commands[row]:
                    for sign in of_command(commands[row]):
                        found[sign.name].append((sign, row))
                elif action in WRITES and paths[row]:
                    for sign in of_written(paths[row]):
                        found[sign.name].append((sign, row))
        return dict(found)

    def timeline(self) -> list[Moment]:
        """What happened, command by command; what repeats is told once, with how often."""
        index = self.index
        commands = index.column("process.cmd_line")
        told: dict[tuple[str, str], list[int]] = {}
        for number in self.members:
            for row in index.actors[number].rows:
                if index.actions[row] == "process.launch" and commands[row]:
                    told.setdefault((index.actors[number].played.host, commands[row]), []).append(row)
        ranked = sorted(told, key=lambda k: -max((s.weight for s in of_command(k[1])), default=0.0))[:MOST_MOMENTS]
        moments = []
        for host, command in sorted(ranked, key=lambda k: index.times[told[k][0]]):
            rows = told[host, command]
            best = max(of_command(command), key=lambda s: s.weight, default=None)
            user = index.actors[index.owners[rows[0]]].played.user
            who = f"{quoted(user)} " if user else ""
            does = f" ({best.name})" if best else ""
            often = f", {len(rows)} times" if len(rows) > 1 else ""
            claim = Claim(f"{who}ran {quoted(command)}{does}{often}.", tuple(index.id_of(r) for r in rows[:MOST_CITED]))
            when = iso(datetime.fromtimestamp(index.times[rows[0]], UTC))
            moments.append(
                Moment(when, claim, best.technique if best else "", best.tactic if best else "", host, len(rows))
            )
        return moments

    def indicators(self) -> list[dict[str, Any]]:
        """Addresses, files and hashes that tie the case together or that it left behind, rarest first."""
        if self._indicators is None:
            self._indicators = self._indicate()
        return self._indicators

    def _indicate(self) -> list[dict[str, Any]]:
        found: dict[str, list[int]] = defaultdict(list)
        for number in self.members:
            for trace in self.index.actors[number].traces:
                kind, _, name = trace.partition(":")
                written = kind == "path" and any(w in self.growth.members for _, w in self.index.writes.get(name, ()))
                ran = kind == "path" and name in self.index.actors[number].ran
                if kind in ("address", "hash") or (
                    (written or ran) and not name.startswith(("/etc/", "/usr/lib", "/proc"))
                ):
                    found[trace].append(number)
        listed: list[dict[str, Any]] = []
        for trace, numbers in found.items():
            outside = len(self.index.holders[trace]) - sum(h in self.growth.members for h in self.index.holders[trace])
            if outside <= max(2, len(numbers)):
                kind, _, name = trace.partition(":")
                row = next((r for n in numbers for r in self._rows_with(n, name)), None)
                if row is not None:
                    listed.append({"type": kind, "value": name, "seen": len(numbers), "elsewhere": outside,
                                   "event_ids": [self.index.id_of(row)]})  # fmt: skip
        return sorted(listed, key=lambda i: (i["elsewhere"], -i["seen"]))[:40]

    def _rows_with(self, number: int, name: str) -> list[int]:
        columns = [
            self.index.column(c) for c in ("process.cmd_line", "file.path", "dst_endpoint.ip", "src_endpoint.ip")
        ]
        return [r for r in self.index.actors[number].rows if any(c[r] and name in c[r] for c in columns)][:1]

    def assets(self) -> list[dict[str, Any]]:
        """Hosts and accounts the case touched, each with a record."""
        seen: dict[tuple[str, str], tuple[str, ...]] = {}
        for number in self.members:
            played = self.index.actors[number].played
            seen.setdefault(("host", played.host), self.cite(number))
            if played.user:
                seen.setdefault(("account", f"{played.user}@{played.host}"), self.cite(number))
        return [{"type": kind, "name": name, "event_ids": list(ids)} for (kind, name), ids in seen.items()]

    def graph(self) -> dict[str, Any]:
        """Processes, files and addresses of the case as nodes and edges, the most telling MOST_NODES."""
        weight = {
            m: max((s.weight for c in self.index.actors[m].commands for s in of_command(c)), default=0.05)
            for m in self.members
        }
        kept = set(sorted(self.members, key=lambda m: -weight[m])[: MOST_NODES * 2 // 3])
        for number in list(kept):
            kept.update(p for p in self.index.ancestors(number)[:3] if p in self.growth.members)
        nodes = [{"id": f"p{m}", "kind": "process", "label": base_name(self.index.actors[m].said.split(" ")[0] or "?"),
                  "detail": self.index.actors[m].said[:300], "host": self.index.actors[m].played.host,
                  "time": self.index.actors[m].first, "weight": weight[m], "event_ids": list(self.cite(m))}
                 for m in sorted(kept, key=lambda m: self.index.actors[m].first)]  # fmt: skip
        edges = [
            {"from": f"p{p}", "to": f"p{m}", "why": "started"}
            for m in kept
            if (p := self.index.actors[m].parent) in kept
        ]
        for m in kept:
            reason = self.growth.members[m]
            if (
                reason.step not in ("lineage", "alert")
                and reason.source in kept
                and reason.source != self.index.actors[m].parent
            ):
                edges.append(
                    {"from": f"p{reason.source}", "to": f"p{m}", "why": f"{reason.step} {reason.trace}".strip()}
                )
        for place, one in enumerate(self.indicators()[: MOST_NODES // 4]):
            trace = f"{one['type']}:{one['value']}"
            holders = [h for h in self.index.holders[trace] if h in kept][:6]
            if holders:
                nodes.append({"id": f"i{place}", "kind": one["type"], "label": one["value"][-40:],
                              "detail": one["value"],
                              "host": "", "time": self.index.actors[holders[0]].first, "weight": 0.5,
                              "event_ids": one["event_ids"]})  # fmt: skip
                edges += [{"from": f"p{h}", "to": f"i{place}", "why": one["type"]} for h in holders]
        return {"nodes": nodes, "edges": edges, "left_out": max(0, len(self.members) - len(kept))}
