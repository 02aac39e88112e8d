"""The investigator's tools: typed, read-only, bounded in calls, rows and seconds; each call stands in the transcript.

Both planners have these and no others. A result is plain data; text of a log in it is data too.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from watchfloor.agent.case import Knowledge
from watchfloor.agent.decoding import decode
from watchfloor.agent.growing import Growth
from watchfloor.agent.index import Index
from watchfloor.agent.intel import Intel
from watchfloor.base.errors import WatchfloorError
from watchfloor.store.lake import Lake, Limits

#: Rows one call answers, and characters of one value, at most.
MOST_ROWS: Final = 50
MOST_VALUE: Final = 400


class BudgetSpentError(WatchfloorError):
    """The case has used up its calls or its time."""


class ToolError(WatchfloorError):
    """A call that is none: an unknown tool, a wrong argument."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What one case may use: tool calls and seconds."""

    calls: int = 200
    seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool: its parameters by name with their types, what it answers; ``writes`` is False for all there are."""

    name: str
    meaning: str
    parameters: Mapping[str, type]
    run: Callable[..., Any]
    writes: bool = False


@dataclass(slots=True)
class Toolbox:
    """The tools over one recording, with the budget and transcript of one case."""

    index: Index
    growth: Growth
    intel: Intel | None = None
    assets: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    knowledge: Knowledge | None = None
    lake: Lake | None = None
    rules: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    budget: Budget = field(default_factory=Budget)
    transcript: list[dict[str, Any]] = field(default_factory=list)
    _began: float = field(default_factory=time.monotonic)

    def tools(self) -> dict[str, Tool]:
        """Every tool by name."""
        return {tool.name: tool for tool in _menu(self)}

    def call(self, name: str, **arguments: Any) -> Any:
        """Call a tool.

        Raises:
            ToolError: there is no such tool, or an argument is missing, unknown or of another type.
            BudgetSpentError: the case has no calls or time left.
        """
        tool = self.tools().get(name)
        if tool is None:
            raise ToolError(f"there is no tool {name[:40]!r}.")
        wrong = set(arguments) ^ set(tool.parameters)
        wrong |= {key for key, kind in tool.parameters.items() if not isinstance(arguments.get(key), kind)}
        if wrong:
            raise ToolError(f"{name} takes {', '.join(tool.parameters)}; wrong: {', '.join(sorted(wrong))[:80]}.")
        if len(self.transcript) >= self.budget.calls:
            raise BudgetSpentError(f"the budget of {self.budget.calls} calls is spent.")
        if time.monotonic() - self._began > self.budget.seconds:
            raise BudgetSpentError(f"the budget of {self.budget.seconds:g} seconds is spent.")
        began = time.monotonic()
        answer = tool.run(**arguments)
        rows = len(answer) if isinstance(answer, list) else 1
        self.transcript.append(
            {"step": len(self.transcript) + 1, "tool": name, "arguments": {k: _short(v) for k, v in arguments.items()},
             "rows": rows, "seconds": round(time.monotonic() - began, 4)}
        )  # fmt: skip
        return answer

    # the tools

    def _process(self, number: int) -> dict[str, Any]:
        actor = self.index.actors[number]
        rows = actor.rows[:1]
        return {"process": number, "host": actor.played.host, "pid": actor.played.pid, "image": actor.played.image,
                "command_line": actor.said[:MOST_VALUE], "user": actor.played.user, "start": actor.first,
                "event_ids": [self.index.id_of(row) for row in rows]}  # fmt: skip

    def _known(self, number: int) -> bool:
        return 0 <= number < len(self.index.actors)

    def _events(self, process: int) -> list[dict[str, Any]]:
        rows = self.index.actors[process].rows[:MOST_ROWS] if self._known(process) else []
        found = []
        for row in rows:
            event = self.index.event(row)
            kept = {k: str(v)[:MOST_VALUE] for k, v in event.items() if v is not None and k not in ("source", "record")}
            found.append({"event_id": self.index.id_of(row)} | kept)
        return found

    def _lineage(self, process: int) -> list[dict[str, Any]]:
        return [self._process(n) for n in self.index.ancestors(process)[:MOST_ROWS]] if self._known(process) else []

    def _effects(self, process: int) -> list[dict[str, Any]]:
        return (
            [self._process(n) for n in self.index.descendants(process)[1 : MOST_ROWS + 1]]
            if self._known(process)
            else []
        )

    def _touched(self, trace: str) -> list[dict[str, Any]]:
        return [self._process(n) for n in list(self.index.holders.get(trace, ()))[:MOST_ROWS]]

    def _rarity(self, trace: str) -> dict[str, Any]:
        holders = self.index.holders.get(trace, {})
        trees = {self.index.actors[n].tree for n in holders}
        hosts = {self.index.actors[n].played.host for n in holders}
        first = min(holders.values(), default=None)
        return {"trace": trace[:MOST_VALUE], "processes": len(holders), "trees": len(trees), "hosts": len(hosts),
                "first_seen": first}  # fmt: skip

    def _scope(self, process: int) -> list[dict[str, Any]]:
        if self._known(process):
            self.growth.seed([process])
            self.growth.run()
        return [self._process(n) for n in list(self.growth.members)[:MOST_ROWS]]

    def _decode(self, text: str) -> list[dict[str, Any]]:
        return [{"how": layer.how, "text": layer.text[:MOST_VALUE]} for layer in decode(text)]

    def _intel(self, value: str) -> list[dict[str, Any]]:
        known = self.intel.look_up(value) if self.intel is not None else None
        return [] if known is None else [{"value": known.value, "label": known.label, "source": known.source}]

    def _asset(self, host: str) -> dict[str, Any]:
        return dict(self.assets.get(host.lower(), {}))

    def _rule(self, rule_id: str) -> dict[str, Any]:
        return dict(self.rules.get(rule_id, {}))

    def _know(self, question: str) -> list[dict[str, str]]:
        return [] if self.knowledge is None else self.knowledge.look_up(question[:MOST_VALUE], 5)

    def _film(self, process: int) -> dict[str, Any]:
        if not self._known(process):
            return {}
        scene = self.index.actors[process].played.scene
        return {"scene": scene, "processes": [self._process(n) for n in self.index.scenes[scene][:MOST_ROWS]]}

    def _history(self, value: str) -> list[dict[str, Any]]:
        """Who had a value over the weeks the lake keeps, host by host, with the first and last time."""
        if self.lake is None:
            return []
        table = self.lake.query(_HISTORY, [value] * 6, limits=Limits(seconds=10, rows=MOST_ROWS))
        return [{k: str(v) for k, v in row.items()} for row in table.to_pylist()]


_HISTORY: Final = """SELECT "device.hostname" AS host, count(*) AS events, min(time) AS first, max(time) AS last
FROM events
WHERE "dst_endpoint.ip" = ? OR "src_endpoint.ip" = ? OR "file.path" = ? OR "process.file.path" = ?
OR "dst_endpoint.hostname" = ? OR "user.name" = ? GROUP BY 1 ORDER BY 2 DESC LIMIT 50"""


def _menu(box: Toolbox) -> list[Tool]:
    return [
        Tool("events", "what one process did, record by record", {"process": int}, box._events),
        Tool("lineage", "who started a process, back to the root", {"process": int}, box._lineage),
        Tool("effects", "what a process started, and what those started", {"process": int}, box._effects),
        Tool("touched", "who else left a trace: address:…, path:…, user:…, hash:…", {"trace": str}, box._touched),
        Tool("rarity", "how common a trace is here, and when it was first seen", {"trace": str}, box._rarity),
        Tool("history", "which hosts had a value over the weeks the lake keeps", {"value": str}, box._history),
        Tool("scope", "all tied to a process: back to its entry, forward to effects", {"process": int}, box._scope),
        Tool("decode", "what is hidden in a text", {"text": str}, box._decode),
        Tool("intel", "what the local threat intelligence says of a value", {"value": str}, box._intel),
        Tool("asset", "what is known of a host", {"host": str}, box._asset),
        Tool("rule", "what a shipped rule says it looks for", {"rule_id": str}, box._rule),
        Tool("knowledge", "passages of the knowledge base", {"question": str}, box._know),
        Tool("film", "the processes of the scene a process plays in", {"process": int}, box._film),
    ]  # fmt: skip


def _short(value: Any) -> Any:
    return value[:MOST_VALUE] if isinstance(value, str) else value
