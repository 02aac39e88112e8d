"""What a storyline and a host are, in data: everything else in the range works with these."""

from __future__ import annotations

import importlib
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from intruder import Intruder

HERE = Path(__file__).resolve().parent
SPLITS = ("train", "test")
LOGS = ("enriched", "raw")


@dataclass(frozen=True)
class Visit:
    """An ordinary request that strangers and colleagues make again and again."""

    port: int
    every: float = 30
    method: str = "GET"
    path: str = "/"
    body: str = ""


@dataclass(frozen=True)
class Storyline:
    """One way of breaking in: what must be weak, and how it is played."""

    name: str
    split: str
    words: str
    weaken: str
    play: Callable[[Intruder], None]
    second_weaken: str = ""
    two_hosts: bool = False
    services: tuple[str, ...] = ()
    second_services: tuple[str, ...] = ()
    visits: tuple[Visit, ...] = ()
    second_visits: tuple[Visit, ...] = ()
    variants: int = 3
    hosts: tuple[str, ...] = ()  # where it may begin; empty: any host of its split
    second_hosts: tuple[str, ...] = ()
    minutes: float = 12  # about how long it takes at pace 1, so that the plan leaves room


@dataclass(frozen=True)
class Person:
    """Somebody who works on a host from a workstation of their own."""

    name: str
    uid: int
    password: str
    workstation: str
    groups: tuple[str, ...] = ()
    pace: float = 0.7


@dataclass(frozen=True)
class Trust:
    """A key pair: `source` (user@host) may log on as `target` (user@host)."""

    source: str
    target: str


@dataclass(frozen=True)
class HostSpec:
    """A host as its folder describes it."""

    name: str
    suite: str
    split: str
    address: str
    folder: Path
    log: str = "enriched"
    packages: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    people: tuple[Person, ...] = ()
    visits: tuple[Visit, ...] = ()
    trust: tuple[Trust, ...] = ()

    def view(self) -> HostView:
        admins = tuple(person.name for person in self.people if "sudo" in person.groups)
        return HostView(self.name, self.address, self.suite, tuple(person.name for person in self.people), admins)


@dataclass(frozen=True)
class HostView:
    """What a storyline knows of a host."""

    name: str
    address: str
    suite: str = "bookworm"
    people: tuple[str, ...] = ()
    admins: tuple[str, ...] = field(default=())


class Mistake(Exception):  # noqa: N818
    """A host or storyline is not written as the contract says."""


def _known(table: dict[str, Any], known: set[str], where: str) -> dict[str, Any]:
    if table.keys() - known:
        raise Mistake(f"{where}: unknown {', '.join(sorted(table.keys() - known))}")
    return {key: tuple(value) if isinstance(value, list) else value for key, value in table.items()}


def read_host(folder: Path) -> HostSpec:
    """Read and check `host.toml` in `folder`."""
    where = folder / "host.toml"
    table = tomllib.loads(where.read_text(encoding="utf-8"))
    plain = _known(table, HostSpec.__dataclass_fields__.keys() - {"folder"}, str(where))
    people = [Person(**_known(p, set(Person.__dataclass_fields__), f"{where} people")) for p in table.get("people", [])]
    visits = [Visit(**_known(v, set(Visit.__dataclass_fields__), f"{where} visits")) for v in table.get("visits", [])]
    trust = [Trust(line["from"], line["to"]) for line in table.get("trust", [])]
    plain |= {"people": tuple(people), "visits": tuple(visits), "trust": tuple(trust), "folder": folder}
    spec = HostSpec(**plain)
    if spec.name != folder.name or spec.split not in SPLITS or spec.log not in LOGS:
        raise Mistake(f"{where}: name, split or log is not right")
    for service in spec.services:
        if ": " not in service:
            raise Mistake(f"{where}: a service is 'user: command', not {service!r}")
    for person in spec.people:
        if not (folder / "people" / f"{person.name}.txt").is_file():
            raise Mistake(f"{where}: {person.name} has no tasks in people/")
    return spec


def all_hosts() -> dict[str, HostSpec]:
    """Every host that has a folder, by name; one that cannot be read is left out with a warning."""
    found = {}
    for toml in sorted((HERE / "hosts").glob("*/host.toml")):
        try:
            spec = read_host(toml.parent)
        except (Mistake, TypeError, KeyError, tomllib.TOMLDecodeError) as wrong:
            print(f"left out: {toml.parent.name}: {wrong}")
            continue
        found[spec.name] = spec
    return found


def load(name: str) -> Storyline:
    """The storyline of `storylines/NAME.py`; dashes and underscores are the same."""
    story = importlib.import_module("storylines." + name.replace("-", "_")).STORYLINE
    assert isinstance(story, Storyline)
    if story.split not in SPLITS:
        raise Mistake(f"{story.name}: split must be one of {SPLITS}")
    return story


def all_storylines() -> dict[str, Storyline]:
    names = sorted(path.stem for path in (HERE / "storylines").glob("*.py") if not path.stem.startswith("_"))
    return {story.name: story for story in map(load, names)}
