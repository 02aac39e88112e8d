"""Scene rules: who really caused a process that an operating-system service started for somebody.

Each rule of ``RULES`` looks at one kind of causing Event and says which command or image it will start;
a later launch by that service, on the same host, joins the causing process's scene. Add a rule here.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from watchfloor.film.cast import Cast, Owner
from watchfloor.film.lexicon import INSTALLERS, LAUNCHERS
from watchfloor.film.words import base_name

_EXECUTABLE = re.compile(r"[\w.%~:\\/+-]+\.(?:exe|dll|ps1|bat|cmd|vbs|js|hta|com|scr|sh|py|elf|bin)\b", re.IGNORECASE)
_NIX_PATH = re.compile(r"(?:/[\w.+-]+){2,}")
_SHELLS: Final = frozenset(("cmd.exe", "powershell.exe", "pwsh.exe", "sh", "bash", "dash", "python", "python3", "perl"))


@dataclass(frozen=True, slots=True)
class Rule:
    """One way to start a process through a service.

    ``actions`` are the causing Events' actions; ``mentions`` must stand in the causing command line for a
    ``process.launch`` to count; ``parents`` are the images that will do the starting.
    """

    name: str
    actions: tuple[str, ...]
    mentions: re.Pattern[str] | None
    parents: frozenset[str]
    within: timedelta


RULES: Final[tuple[Rule, ...]] = (
    Rule(
        "service",
        ("process.launch", "service.install", "service.change", "registry.value", "script.run"),
        re.compile(
            r"\bsc(?:\.exe)?[\"']?\s.*\b(?:create|config|start)\b|new-service|binpath|\\services\\.*\\imagepath|systemctl",
            re.I,
        ),
        frozenset(("services.exe", "systemd")),
        timedelta(hours=12),
    ),
    Rule(
        "scheduled task",
        ("process.launch", "task.create", "task.change", "script.run", "file.create", "file.modify"),
        re.compile(r"schtasks|register-scheduledtask|\bat(?:\.exe)?\s+\d|crontab|/etc/cron|/var/spool/cron", re.I),
        frozenset(("svchost.exe", "taskeng.exe", "taskhostw.exe", "cron", "crond", "atd", "anacron")),
        timedelta(days=2),
    ),
    Rule(
        "WMI",
        ("process.launch", "wmi.activity", "wmi.persist", "script.run"),
        re.compile(r"wmic.*\bcreate\b|win32_process|invoke-wmimethod|invoke-cimmethod|commandlineeventconsumer", re.I),
        frozenset(("wmiprvse.exe", "scrcons.exe")),
        timedelta(hours=12),
    ),
)

#: Columns that say what a causing Event will start.
_SAYS: Final = ("process.cmd_line", "script.content", "reg_value.data", "reg_key.path", "file.path")


@dataclass(frozen=True, slots=True)
class _Cause:
    owner: int
    rule: Rule
    time_us: int | None
    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class Link:
    """Two owners that belong to one story, and why."""

    cause: int
    effect: int
    why: str


class Linker:
    """Watches batches for causes and injections, then finds the launches they explain."""

    def __init__(self) -> None:
        self._causes: dict[tuple[str, str], list[_Cause]] = {}
        self._injected: set[tuple[int, str]] = set()
        self._dropped: dict[tuple[str, str], tuple[int, int | None]] = {}

    def observe(self, batch: pa.RecordBatch, owners: list[int]) -> None:
        """Remember what this batch's Events will start. ``owners`` as ``Cast.assign`` gave them."""
        action = batch.column("action")
        for rule in RULES:
            mask = pc.is_in(action, pa.array(rule.actions))
            for row in self._rows(batch, mask, rule):
                self._cause(batch, row, rule, owners[row])
        for row in _where(pc.equal(action, "process.inject")):
            target = batch.column("process.uid")[row].as_py()
            if target:
                self._injected.add((owners[row], target))
        self._observe_drops(batch, owners)

    def _rows(self, batch: pa.RecordBatch, mask: pa.Array, rule: Rule) -> Iterator[int]:
        if rule.mentions is None:
            yield from _where(mask)
            return
        rows = _where(mask)
        if not rows:
            return
        text = pc.binary_join_element_wise(*(batch.column(c).take(rows).fill_null("") for c in _SAYS), " ")
        coded = text.dictionary_encode()
        hits = [bool(rule.mentions.search(t[:8192])) for t in coded.dictionary.to_pylist()]
        for row, code in zip(rows, coded.indices.to_pylist(), strict=True):
            if hits[code] or batch.column("action")[row].as_py().startswith(("service.", "task.", "wmi.")):
                yield row

    def _cause(self, batch: pa.RecordBatch, row: int, rule: Rule, owner: int) -> None:
        said = " ".join(batch.column(c)[row].as_py() or "" for c in _SAYS)[:8192]
        names = frozenset(base_name(m) for m in (*_EXECUTABLE.findall(said), *_NIX_PATH.findall(said)))
        names -= {base_name(batch.column("process.file.path")[row].as_py() or "")}
        names -= {"schtasks.exe", "sc.exe", "wmic.exe", "reg.exe", "crontab"}
        if not names:
            return
        time = batch.column("time")[row].value
        host = batch.column("device.hostname")[row].as_py() or ""
        for parent in rule.parents:
            self._causes.setdefault((host, parent), []).append(_Cause(owner, rule, time, names))

    def _observe_drops(self, batch: pa.RecordBatch, owners: list[int]) -> None:
        wrote = pc.and_(
            pc.is_in(batch.column("action"), pa.array(("file.create", "file.modify", "file.rename"))),
            pc.match_substring_regex(
                batch.column("file.path"),
                r"(?i)\.(exe|dll|ps1|bat|cmd|vbs|js|hta|scr|sh|py)$|^/(tmp|dev/shm|var/tmp|home|root)/",
            ),
        )
        for row in _where(wrote):
            path = batch.column("file.path")[row].as_py().lower()
            writer = base_name(batch.column("actor.process.file.path")[row].as_py() or "")
            if writer in INSTALLERS or writer in LAUNCHERS:
                continue
            host = batch.column("device.hostname")[row].as_py() or ""
            self._dropped[(host, path)] = (owners[row], batch.column("time")[row].value)

    def links(self, cast: Cast) -> Iterator[Link]:
        """Every link found, causes before effects."""
        for cause, target in sorted(self._injected):
            effect = cast.number_of(target)
            if effect is not None and effect != cause and base_name(cast.owners[effect].image) not in LAUNCHERS:
                yield Link(cause, effect, "code injected")
        for number, owner in enumerate(cast.owners):
            if owner.kind != "process":
                continue
            yield from self._explained(cast, number, owner)
            dropped = self._dropped.get((owner.host, owner.image.lower()))
            if dropped and dropped[0] != number and _before(dropped[1], owner):
                yield Link(dropped[0], number, "ran a dropped file")

    def _explained(self, cast: Cast, number: int, owner: Owner) -> Iterator[Link]:
        parent_number = cast.number_of(owner.parent_uid)
        if parent_number is None:
            return
        parent = base_name(cast.owners[parent_number].image)
        causes = self._causes.get((owner.host, parent))
        if not causes:
            return
        names = {
            base_name(m) for m in (*_EXECUTABLE.findall(owner.command_line), *_NIX_PATH.findall(owner.command_line))
        }
        names.add(base_name(owner.image))
        started = _micros(owner)
        best: _Cause | None = None
        for cause in causes:
            if cause.owner == number or cause.owner == parent_number:
                continue
            shared = cause.names & names
            if not shared or (shared <= _SHELLS and not cause.names <= _SHELLS):
                continue
            if started is not None and cause.time_us is not None:
                gap = started - cause.time_us
                if gap < -2_000_000 or gap > cause.rule.within / timedelta(microseconds=1):
                    continue
            best = cause
        if best is not None:
            yield Link(best.owner, number, f"started by {best.rule.name}")


def _where(mask: pa.Array) -> list[int]:
    return list(pc.indices_nonzero(pc.fill_null(mask, False)).to_pylist())


def _micros(owner: Owner) -> int | None:
    return None if owner.start is None else int(owner.start.timestamp() * 1_000_000)


def _before(time_us: int | None, owner: Owner) -> bool:
    started = _micros(owner)
    return time_us is None or started is None or time_us <= started + 2_000_000
