"""Scene rules: who really caused a process that an operating-system service started for somebody.

Each rule of ``RULES`` looks at one kind of causing Event and says which command or image it will start;
a later launch by that service, on the same host, joins the causing process's scene. Add a rule here.
"""

import re
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from watchfloor.base.actions import WRITES
from watchfloor.film.cast import Cast, Owner
from watchfloor.film.lexicon import INSTALLERS, LAUNCHERS, SHELLS, WRAPPERS
from watchfloor.film.words import base_name

# A match begins where a word begins: from every letter of a long word it would cost the square of its length.
_EXECUTABLE = re.compile(
    r"(?<![\w.%~:\\/+-])[\w.%~:\\/+-]+\.(?:exe|dll|ps1|bat|cmd|vbs|js|hta|com|scr|sh|py|elf|bin)\b", re.IGNORECASE
)
_SWITCH = re.compile(r"/{1,2}[a-zA-Z]{1,2}")
_NIX_PATH = re.compile(r"(?:/[\w.+-]+){2,}")


@dataclass(frozen=True, slots=True)
class Rule:
    """One way to start a process through a service.

    ``causes`` names the causing Events' actions, each with the pattern that the Event must mention to count
    (None: it always counts); ``parents`` are the images that will do the starting.
    """

    name: str
    causes: Mapping[str, re.Pattern[str] | None]
    parents: frozenset[str]
    within: timedelta


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE)


_SERVICE: Final = _pattern(r"\bsc(?:\.exe)?[\"']?\s.{0,200}?\b(?:create|config|start)\b|new-service|binpath|systemctl")
_TASK: Final = _pattern(r"schtasks|register-scheduledtask|\bat(?:\.exe)?\s+\d|(?<!/etc/)\bcrontab\s+\S*/")
_CRON: Final = _pattern(r"/etc/cron|/var/spool/cron")
_WMI: Final = _pattern(
    r"wmic.{0,400}?\bcreate\b|win32_process|invoke-wmimethod|invoke-cimmethod|commandlineeventconsumer"
)

RULES: Final[tuple[Rule, ...]] = (
    Rule(
        "service",
        {
            "process.launch": _SERVICE,
            "script.run": _SERVICE,
            "service.install": None,
            "service.change": None,
            "registry.value": _pattern(r"\\services\\.*\\imagepath"),
        },
        frozenset(("services.exe", "systemd")),
        timedelta(hours=12),
    ),
    Rule(
        "scheduled task",
        {
            "process.launch": _TASK,
            "script.run": _TASK,
            "task.create": None,
            "task.change": None,
            "file.create": _CRON,
            "file.modify": _CRON,
        },
        frozenset(("svchost.exe", "taskeng.exe", "taskhostw.exe", "cron", "crond", "atd", "anacron")),
        timedelta(days=2),
    ),
    Rule(
        "WMI",
        {"process.launch": _WMI, "script.run": _WMI, "wmi.activity": None, "wmi.persist": None},
        frozenset(("wmiprvse.exe", "scrcons.exe")),
        timedelta(hours=12),
    ),
)

#: Characters of a text that are searched: what will be started is said early, and hostile texts are long.
_MOST_TEXT: Final = 2_048
#: Causes remembered for one name on one host: the latest explain a launch.
_MOST_CAUSES: Final = 256
#: Of what a cause started or a drop ran, this many belong to its story; what runs again and again is the host's own.
_MOST_EFFECTS: Final = 3
_RUNNERS: Final = SHELLS | WRAPPERS

#: Columns that say what a causing Event will start.
_SAYS: Final = ("process.cmd_line", "script.content", "reg_value.data", "reg_key.path", "file.path")


@dataclass(frozen=True, slots=True)
class _Cause:
    owner: int
    rule: Rule
    time_us: int | None
    says: str
    order: int


@dataclass(frozen=True, slots=True)
class Link:
    """Two owners that belong to one story, and why."""

    cause: int
    effect: int
    why: str


class Linker:
    """Watches batches for causes and injections, then finds the launches they explain."""

    def __init__(self) -> None:
        self._causes: dict[tuple[str, str, str], deque[_Cause]] = {}
        self._met = 0
        self._injected: set[tuple[int, str]] = set()
        self._dropped: dict[tuple[str, str], tuple[int, int | None]] = {}
        self._ran: dict[int, list[tuple[str, str]]] = {}

    def observe(self, batch: pa.RecordBatch, owners: list[int]) -> None:
        """Remember what this batch's Events will start. ``owners`` as ``Cast.assign`` gave them."""
        action = batch.column("action")
        told: dict[str, _Told] = {}
        for rule in RULES:
            for name, mentioned in rule.causes.items():
                if name not in told:
                    told[name] = _Told(batch, _where(pc.equal(action, pa.scalar(name))))
                for row in told[name].mentioning(mentioned):
                    self._cause(batch, row, rule, owners[row])
        for row in _where(pc.equal(action, pa.scalar("process.inject"))):
            target = batch.column("process.uid")[row].as_py()
            if target:
                self._injected.add((owners[row], target))
        self._observe_drops(batch, owners)
        launch = pc.equal(action, pa.scalar("process.launch")).fill_null(False)
        images = batch.column("process.file.path").filter(launch).to_pylist()
        commands = batch.column("process.cmd_line").filter(launch).to_pylist()
        for row, image, command in zip(_where(launch), images, commands, strict=True):
            # one process may become several programs: a Unix exec keeps the pid
            self._ran.setdefault(owners[row], []).append((image or "", command or ""))

    def _cause(self, batch: pa.RecordBatch, row: int, rule: Rule, owner: int) -> None:
        said = " ".join(batch.column(c)[row].as_py() or "" for c in _SAYS)[:_MOST_TEXT]
        names = _named(said)
        names -= {base_name(batch.column("process.file.path")[row].as_py() or "")}
        names -= {"schtasks.exe", "sc.exe", "wmic.exe", "reg.exe", "crontab"}
        time = batch.column("time")[row].value
        host = batch.column("device.hostname")[row].as_py() or ""
        cause = _Cause(owner, rule, time, said.lower(), self._met)
        self._met += 1
        for parent in rule.parents:
            for name in names:
                self._causes.setdefault((host, parent, name), deque(maxlen=_MOST_CAUSES)).append(cause)

    def _observe_drops(self, batch: pa.RecordBatch, owners: list[int]) -> None:
        wrote = pc.and_(
            pc.is_in(batch.column("action"), pa.array(WRITES)),
            pc.match_substring_regex(
                batch.column("file.path"),
                r"(?i)\.(exe|dll|ps1|bat|cmd|vbs|js|hta|scr|sh|py)$|^/(tmp|dev/shm|var/tmp|home|root|usr/local|opt|srv)/",
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
        met: Counter[tuple[str, ...]] = Counter()
        for number in sorted(range(len(cast.owners)), key=lambda n: _micros(cast.owners[n]) or 0):
            owner = cast.owners[number]
            if owner.kind == "process":
                yield from self._explained(cast, number, owner, met)
                yield from self._ran_a_drop(number, owner, met)

    def _ran_a_drop(self, number: int, owner: Owner, met: Counter[tuple[str, ...]]) -> Iterator[Link]:
        """The image itself, or the script an interpreter was told to run, was written by another owner."""
        for path in self._programs(number, owner):
            dropped = self._dropped.get((owner.host, path.lower()))
            if dropped and dropped[0] != number and _before(dropped[1], owner):
                yield from _few(met, (owner.host, "drop", path.lower()), Link(dropped[0], number, "ran a dropped file"))
                return

    def _programs(self, number: int, owner: Owner) -> Iterator[str]:
        """Paths of what an owner ran: its images and the scripts it handed to interpreters."""
        for image, command in self._ran.get(number, [(owner.image, owner.command_line)])[:8]:
            yield image
            if base_name(image) not in _RUNNERS:
                continue  # a path handed to ls or tar is read, not run
            yield from _handed(command)

    def _explained(self, cast: Cast, number: int, owner: Owner, met: Counter[tuple[str, ...]]) -> Iterator[Link]:
        parent_number = cast.number_of(owner.parent_uid)
        if parent_number is None:
            return
        parent = base_name(cast.owners[parent_number].image)
        names = _named(owner.command_line) | {base_name(owner.image)}
        found = ((self._latest((owner.host, parent, n), owner, {number, parent_number}), n) for n in sorted(names))
        best, name = max(((c, n) for c, n in found if c is not None), key=lambda c: c[0].order, default=(None, ""))
        if best is not None:
            link = Link(best.owner, number, f"started by {best.rule.name}")
            yield from _few(met, (owner.host, best.rule.name, name), link)

    def _latest(self, key: tuple[str, str, str], owner: Owner, itself: set[int]) -> _Cause | None:
        """The latest cause that named this program early enough; a shell's name alone explains nothing."""
        started = _micros(owner)
        for cause in reversed(self._causes.get(key, ())):
            if cause.owner in itself or (key[2] in SHELLS and not _repeats(cause.says, owner.command_line)):
                continue
            if started is None or cause.time_us is None:
                return cause
            if -2_000_000 <= started - cause.time_us <= cause.rule.within / timedelta(microseconds=1):
                return cause
        return None


def _handed(command: str) -> Iterator[str]:
    """Paths of what an interpreter or wrapper was told to run: up to the first program; its own arguments are read."""
    value = False
    for word in [w.strip("\"'") for w in command[:_MOST_TEXT].split()[1:9]]:
        if word.startswith("-") or _SWITCH.fullmatch(word):
            value = True
            continue
        if word.startswith("/") or "\\" in word:
            yield word
        elif value or "=" in word or word.isdecimal():
            value = False
            continue
        if base_name(word) not in _RUNNERS:
            return


def _few(met: Counter[tuple[str, ...]], key: tuple[str, ...], link: Link) -> Iterator[Link]:
    """The link, unless this story has had its effects."""
    met[key] += 1
    if met[key] <= _MOST_EFFECTS:
        yield link


def _named(text: str) -> set[str]:
    """Names of the programs and paths a text mentions."""
    cut = text[:_MOST_TEXT]
    return {base_name(m) for m in (*_EXECUTABLE.findall(cut), *_NIX_PATH.findall(cut))}


class _Told:
    """Rows of a batch with what they say, put together once for all patterns and only where one asks."""

    def __init__(self, batch: pa.RecordBatch, rows: list[int]) -> None:
        self._batch = batch
        self.rows = rows
        self._coded: tuple[list[str], list[int]] | None = None

    def mentioning(self, pattern: re.Pattern[str] | None) -> list[int]:
        """Those of the rows whose texts hold the pattern; each distinct text is searched once."""
        if pattern is None or not self.rows:
            return self.rows
        if self._coded is None:
            self._coded = self._texts()
        texts, codes = self._coded
        hits = [bool(pattern.search(text)) for text in texts]
        return [row for row, code in zip(self.rows, codes, strict=True) if hits[code]]

    def _texts(self) -> tuple[list[str], list[int]]:
        # typed scalars and arrays: to guess the type of Python's own objects Arrow looks for modules each time
        rows, empty = pa.array(self.rows, pa.int64()), pa.scalar("")
        texts = (self._batch.column(name).take(rows).fill_null(empty) for name in _SAYS)
        coded = pc.binary_join_element_wise(*texts, pa.scalar(" ")).dictionary_encode()
        return [text[:_MOST_TEXT] for text in coded.dictionary.to_pylist()], coded.indices.to_pylist()


def _repeats(said: str, command: str) -> bool:
    """Whether a shell runs something the cause spelled out: a word that is no path of a shell stands in both."""
    words = (w.strip("\"'") for w in command[:_MOST_TEXT].lower().split()[1:])
    return any(len(w) >= 6 and base_name(w) not in SHELLS and w in said for w in words)


def _where(mask: pa.Array) -> list[int]:
    return list(pc.indices_nonzero(pc.fill_null(mask, pa.scalar(False))).to_pylist())


def _micros(owner: Owner) -> int | None:
    return None if owner.start is None else int(owner.start.timestamp() * 1_000_000)


def _before(time_us: int | None, owner: Owner) -> bool:
    started = _micros(owner)
    return time_us is None or started is None or time_us <= started + 2_000_000
